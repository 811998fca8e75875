"""What a network said of which rows.

Taught in notebooks/11_evaluation.
"""

import numpy as np


def by_recording(proba: np.ndarray, code: np.ndarray) -> np.ndarray:
    """What is said of a recording: the mean over its windows.

    Parameters
    ----------
    proba : (windows, k) probabilities. code : int (windows,), the recording 0, 1, 2 … that each
        window is from.

    Returns
    -------
    float64 (recordings, k).
    """
    mean = np.zeros((code.max() + 1, proba.shape[1]))
    np.add.at(mean, code, proba)
    return mean / np.bincount(code)[:, None]
