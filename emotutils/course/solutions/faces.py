"""The exercises of notebooks/07_conv2d."""

import numpy as np
from scipy.signal import correlate2d

from .registry import exercise


def _judge_chain(answer) -> None:
    same, pool = (3, 1, 1), (2, 2, 0)
    cases = [
        (48, [(5, 1, 0)], 44),
        (44, [pool], 22),
        (48, [same, pool, same, pool], 12),
        (47, [pool, (3, 2, 1)], 12),
    ]
    for size, steps, expected in cases:
        got = answer(size, steps)
        assert got is not None, "the function returns nothing yet"
        assert got == expected, f"{size} wide through {steps} leaves {expected}, not {got}"


@exercise("07.1", _judge_chain)
def chain(size: int, steps: list[tuple[int, int, int]]) -> int:
    """The width after convolutions and poolings, each given as (kernel, stride, padding)."""
    for kernel, stride, padding in steps:
        size = (size + 2 * padding - kernel) // stride + 1
    return size


def _judge_parameters(answer) -> None:
    # As Keras counts them in the thesis's network (320 and 18,496), in ours (13,824), and with 1×1
    # filters.
    for case, expected in (((3, 1, 32, True), 320), ((3, 32, 64, True), 18496), ((3, 32, 48, False), 13824),
                           ((1, 256, 7, True), 1799)):  # fmt: skip
        got = answer(*case)
        assert got is not None, "the function returns nothing yet"
        assert got == expected, (
            f"kernel, channels, filters, bias = {case} has {expected} parameters, not {got}"
        )


@exercise("07.2", _judge_parameters)
def parameters(kernel: int, channels: int, filters: int, bias: bool) -> int:
    """The number of parameters of a Conv2D layer with square filters."""
    return filters * (kernel * kernel * channels + bias)


def _judge_convolve(answer) -> None:
    rng = np.random.default_rng(0)
    for height, width, k in ((6, 6, 3), (7, 9, 2)):
        picture, kernel = (
            rng.integers(0, 256, (height, width)).astype(float),
            rng.normal(size=(k, k)),
        )
        got = answer(picture, kernel)
        assert got is not None, "the function returns nothing yet"
        expected = correlate2d(picture, kernel, mode="valid")
        assert np.shape(got) == expected.shape, (
            f"{k}×{k} on {height}×{width}: {expected.shape}, not {np.shape(got)}"
        )
        turned = np.allclose(got, correlate2d(picture, kernel[::-1, ::-1], mode="valid"))
        assert not turned, (
            "the kernel is turned upside down: right for mathematicians, but networks leave it as it is"
        )
        assert np.allclose(got, expected), (
            "multiply each patch with the kernel, number by number, and add up"
        )


@exercise("07.3", _judge_convolve)
def convolve(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The answer of a filter at every place where it fits whole."""
    h, w = kernel.shape
    out = np.empty((picture.shape[0] - h + 1, picture.shape[1] - w + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (picture[i : i + h, j : j + w] * kernel).sum()
    return out
