"""Which of many rows are alike: pairs found in blocks, and their correlation at the best shift."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import fft

BLOCK = 512  # rows compared at a time: bounds the memory


def close_pairs(n: int, close: Callable[[slice, slice], np.ndarray]) -> np.ndarray:
    """The pairs i < k of ``n`` rows that are alike: int64 (m, 2).

    Parameters
    ----------
    n : rows.
    close : says which of some rows and some others are alike: takes two slices of row numbers and
        gives bool (rows of the first, rows of the second).

    Examples
    --------
    >>> x = np.array([0, 10, 11, 1])
    >>> close_pairs(4, lambda rows, others: abs(x[rows, None] - x[others]) <= 1)
    array([[0, 3],
           [1, 2]])
    """
    found = [np.zeros((0, 2), np.int64)]
    for start in range(0, n, BLOCK):
        block = slice(start, start + BLOCK)
        later = slice(start, None)
        i, k = np.nonzero(close(block, later))
        pairs = np.stack([i, k], axis=1)
        found.append(start + pairs[i < k])
    return np.concatenate(found)


def best_correlation(
    a: np.ndarray,
    b: np.ndarray,
    pairs: np.ndarray,
    ys: Sequence[int],
    xs: Sequence[int],
) -> np.ndarray:
    """Correlation of ``a[i]`` and ``b[k]`` at the best of some shifts (edges wrap around).

    Parameters
    ----------
    a, b : float32 (n, height, width), each picture of unit length.
    pairs : int64 (m, 2), the i and k.
    ys, xs : shifts that are tried, in rows and in columns, each with each.

    Returns
    -------
    float32 (m,).
    """
    size = a.shape[1:]
    best = [np.zeros(0, np.float32)]
    for start in range(0, len(pairs), BLOCK):
        i, k = pairs[start : start + BLOCK].T
        product = fft.rfft2(a[i]).conj() * fft.rfft2(b[k])
        at_shift = fft.irfft2(product, size)[:, ys][:, :, xs]
        best.append(at_shift.max(axis=(1, 2)))
    return np.concatenate(best)
