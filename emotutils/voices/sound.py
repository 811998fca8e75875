"""What a sound is inside the package: one channel, floating point, in -1..1.

Taught in notebooks/05_voice_data.
"""

import numpy as np

SAMPLE_RATE = 16000  #: Hz, of every sound inside the package


def as_sound(x: np.ndarray, least: int = 0) -> np.ndarray:
    """The clip as a float array, or an error in one line that says what to do.

    Parameters
    ----------
    x : float (samples,), one channel, nominally in -1..1.
    least : samples that there must be.

    Returns
    -------
    float32 (samples,); float64 stays float64.

    Raises
    ------
    ValueError : stereo, integers, NaN or infinity, too few samples.

    Examples
    --------
    >>> as_sound(np.zeros(3, np.float32))
    array([0., 0., 0.], dtype=float32)
    >>> as_sound(np.zeros((2, 3)))
    Traceback (most recent call last):
    ...
    ValueError: sound of shape (2, 3): expected one channel, (samples,); average the channels first
    """
    x = np.asarray(x)
    if x.ndim != 1:
        raise ValueError(
            f"sound of shape {x.shape}: expected one channel, (samples,); "
            "average the channels first"
        )
    if x.dtype.kind != "f":
        raise ValueError(
            f"sound of type {x.dtype}: expected float in -1..1; divide 16-bit integers by 32768"
        )
    if len(x) < least:
        raise ValueError("sound without a sample")
    if not np.isfinite(x).all():
        raise ValueError("sound holds NaN or infinite samples: the recording is damaged")
    if x.dtype == np.float64:
        return x
    return x.astype(np.float32, copy=False)
