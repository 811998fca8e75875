"""Which of many rows are alike: pairs found in blocks, and their correlation at the best shift."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import fft

BLOCK = 512  # rows compared at a time: bounds the memory


def close_pairs(n: int, close: Callable[[slice, slice], np.ndarray]) -> np.ndarray:
    """The pairs i < k that ``close`` says yes to, asked for a block of rows against all later ones."""
    found = [np.zeros((0, 2), np.int64)]
    for start in range(0, n, BLOCK):
        i, k = np.nonzero(close(slice(start, start + BLOCK), slice(start, None)))
        found.append(start + np.stack([i, k], axis=1)[i < k])
    return np.concatenate(found)


def best_correlation(
    a: np.ndarray, b: np.ndarray, pairs: np.ndarray, ys: Sequence[int], xs: Sequence[int]
) -> np.ndarray:
    """Correlation of ``a[i]`` and ``b[k]`` at the best of these shifts (edges wrap around): float32
    (m,).
    """
    best = [np.zeros(0, np.float32)]
    for i, k in (pairs[n : n + BLOCK].T for n in range(0, len(pairs), BLOCK)):
        shifted = fft.irfft2(fft.rfft2(a[i]).conj() * fft.rfft2(b[k]), a.shape[1:])
        best.append(shifted[:, ys][:, :, xs].max(axis=(1, 2)))
    return np.concatenate(best)
