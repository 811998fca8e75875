"""One sound → windows, voice activity, spectra, features; and what can be done to a sound.

``degradation`` (worse recordings) and ``fingerprints`` (near-duplicates) are modules of their own.
Taught in notebooks/05_voice_data.
"""

from .activity import FRAME, is_voiced, signal_to_noise, trim, trim_or_whole, voice_activity
from .augmentation import (
    add_noise,
    augment_log_mel,
    augment_sound,
    shift_pitch,
    shift_time,
    stretch_time,
)
from .features import LEVEL, MAX_MELS, PAD, Features, measured_windows, window_features
from .rumble import without_rumble
from .sound import SAMPLE_RATE, as_sound
from .spectra import AMIN, TOP_DB, delta, log_mel, mel_filters, mfcc
from .speech import LEAST_SPEECH, SpeechDetector
from .windows import HOP, WINDOW, iter_windows, voiced_windows, window_starts

__all__ = [
    "AMIN",
    "FRAME",
    "HOP",
    "LEAST_SPEECH",
    "LEVEL",
    "MAX_MELS",
    "PAD",
    "SAMPLE_RATE",
    "TOP_DB",
    "WINDOW",
    "Features",
    "SpeechDetector",
    "add_noise",
    "as_sound",
    "augment_log_mel",
    "augment_sound",
    "delta",
    "is_voiced",
    "iter_windows",
    "log_mel",
    "measured_windows",
    "mel_filters",
    "mfcc",
    "shift_pitch",
    "shift_time",
    "signal_to_noise",
    "stretch_time",
    "trim",
    "trim_or_whole",
    "voice_activity",
    "voiced_windows",
    "window_features",
    "window_starts",
    "without_rumble",
]
