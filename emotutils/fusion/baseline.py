"""A person's own neutral as the zero: what a network says, relative to what it says of this
person's neutral moments.

Some faces look sad to a network, or angry, while they rest; a baseline takes that out.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

from ..evaluation import logs


def shift_to(own: np.ndarray, neutral: Sequence[float]) -> np.ndarray:
    """What to add to the logarithms of a person's probabilities, so that this person's neutral
    becomes an average one.

    Parameters
    ----------
    own : (n, 7) probabilities, what the network says of this person's neutral moments; rows of NaN
        are left out.
    neutral : (7,) what it says of an average neutral row: ``evaluation.Calibration.neutral``.

    Returns
    -------
    float64 (7,).

    Examples
    --------
    >>> own = np.array([[0.5, 0.5]])  # two labels instead of seven: anger, neutral
    >>> neutral = np.log([0.2, 0.8])
    >>> shift_to(own, neutral).round(2)
    array([-0.92,  0.47])
    """
    mean = np.nanmean(logs(own), axis=0)
    return np.asarray(neutral) - mean


def shifted(p: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Probabilities after a shift of their logarithms.

    Parameters
    ----------
    p : (n, 7) probabilities, or rows of NaN.
    shift : (7,), as `shift_to` gives it.

    Returns
    -------
    float64 (n, 7), rows summing to 1, or NaN where ``p`` is.

    Examples
    --------
    A face that looks half angry while it rests: at rest it becomes neutral, and anger is what goes
    beyond that.

    >>> shift = np.log([0.2, 0.8]) - np.log([0.5, 0.5])
    >>> shifted(np.array([[0.5, 0.5], [0.9, 0.1]]), shift).round(2)
    array([[0.2 , 0.8 ],
           [0.69, 0.31]])
    """
    return softmax(logs(p) + shift, axis=1)
