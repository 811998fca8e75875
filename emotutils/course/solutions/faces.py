"""The exercises of notebooks/07_conv2d."""

import numpy as np
from scipy.signal import correlate2d

from .registry import exercise


def _check_chain(answer) -> None:
    same = (3, 1, 1)
    pool = (2, 2, 0)
    cases = [
        (48, [(5, 1, 0)], 44),
        (44, [pool], 22),
        (48, [same, pool, same, pool], 12),
        (47, [pool, (3, 2, 1)], 12),
        (47, [pool], 23),
    ]
    for size, steps, expected in cases:
        got = answer(size, steps)
        assert got is not None, "the function returns nothing yet"
        assert got == expected, f"{size} wide through {steps} leaves {expected}, not {got}"


@exercise("07.1", _check_chain)
def chain(size: int, steps: list[tuple[int, int, int]]) -> int:
    """The width after convolutions and poolings, each given as (kernel, stride, padding)."""
    for kernel, stride, padding in steps:
        padded = size + 2 * padding
        size = (padded - kernel) // stride + 1
    return size


def _check_parameters(answer) -> None:
    # As Keras counts them in the thesis's network (320 and 18,496), in ours (13,824), and with 1×1
    # filters.
    cases = {
        (3, 1, 32, True): 320,
        (3, 32, 64, True): 18496,
        (3, 32, 48, False): 13824,
        (1, 256, 7, True): 1799,
    }
    for case, expected in cases.items():
        got = answer(*case)
        assert got is not None, "the function returns nothing yet"
        hint = f"kernel, channels, filters, bias = {case} has {expected} parameters, not {got}"
        assert got == expected, hint


@exercise("07.2", _check_parameters)
def parameters(kernel: int, channels: int, filters: int, bias: bool) -> int:
    """The number of parameters of a Conv2D layer with square filters."""
    weights = kernel * kernel * channels
    return filters * (weights + bias)


def _check_convolve(answer) -> None:
    rng = np.random.default_rng(0)
    called = getattr(getattr(answer, "__code__", None), "co_names", ())
    assert "correlate2d" not in called, "write the loops yourself: correlate2d is the yardstick"
    cases = (
        (6, 6, 3, 3),
        (7, 9, 2, 2),
        (8, 7, 2, 3),
    )
    for height, width, h, w in cases:
        picture = rng.integers(0, 256, (height, width), dtype=np.uint8)
        kernel = rng.normal(size=(h, w))
        got = answer(picture, kernel)
        assert got is not None, "the function returns nothing yet"
        expected = correlate2d(picture.astype(float), kernel, mode="valid")
        shape = np.shape(got)
        hint = f"{h}×{w} on {height}×{width}: {expected.shape}, not {shape}"
        assert shape == expected.shape, hint
        turned = kernel[::-1, ::-1]
        upside_down = correlate2d(picture, turned, mode="valid")
        same = np.allclose(got, upside_down)
        assert not same, (
            "the kernel is turned upside down: right for mathematicians, "
            "but networks leave it as it is"
        )
        right = np.allclose(got, expected)
        assert right, "multiply each patch with the kernel, number by number, and add up"


@exercise("07.3", _check_convolve)
def convolve(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The answer of a filter at every place where it fits whole."""
    h, w = kernel.shape
    height, width = picture.shape
    rows = height - h + 1
    columns = width - w + 1
    out = np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            patch = picture[i : i + h, j : j + w]
            out[i, j] = (patch * kernel).sum()
    return out
