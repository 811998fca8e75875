"""From published sets to training arrays, step by step (thesis 4.7).

Taught in notebooks/03_face_data, notebooks/04_film_data and notebooks/05_voice_data.
"""

from .parts import Part, face_part, part, voice_part

__all__ = ["Part", "face_part", "part", "voice_part"]
