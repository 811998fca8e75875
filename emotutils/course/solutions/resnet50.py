"""The exercises of notebooks/09_resnet50."""

import numpy as np

from .registry import exercise


def _judge_bottleneck(answer) -> None:
    # As keras.applications counts the convolutions of ResNet50 (batch normalisation left out).
    for case, expected in (((256, 64, False), 70016), ((64, 64, True), 74368), ((2048, 512, False), 4459520),
                           ((1024, 512, True), 6034432)):  # fmt: skip
        got = answer(*case)
        assert got is not None, "the function returns nothing yet"
        assert got == expected, (
            f"before, width, project = {case} makes {expected:,} parameters, not {got:,}"
        )


@exercise("09.1", _judge_bottleneck)
def bottleneck(before: int, width: int, project: bool) -> int:
    """The parameters of a bottleneck's convolutions, each with a bias: 1×1, 3×3, 1×1 and, if asked,
    the shortcut's.
    """
    sizes = [(1, before, width), (3, width, width), (1, width, 4 * width)]
    if project:
        sizes.append((1, before, 4 * width))
    return sum(filters * (kernel * kernel * channels + 1) for kernel, channels, filters in sizes)


def _judge_early_stopping(answer) -> None:
    rising, late = [0.3, 0.4, 0.5], [0.3, 0.5, 0.4, 0.45, 0.49, 0.6]
    for scores, patience, expected in ((rising, 1, (3, 3)), (late, 3, (2, 5)), (late, 4, (6, 6)), (late, 1, (2, 3)),
                                       ([0.4, 0.4, 0.4], 2, (1, 3))):  # fmt: skip
        got = answer(scores, patience)
        assert got is not None, "the function returns nothing yet"
        assert tuple(got) == expected, (
            f"{scores} with patience {patience}: (kept, stopped) is {expected}, not {got}"
        )


@exercise("09.2", _judge_early_stopping)
def early_stopping(scores: list[float], patience: int) -> tuple[int, int]:
    """The epoch whose weights are kept, and the last epoch that is trained, both counted from 1."""
    best = 0
    for epoch, score in enumerate(scores):
        if score > scores[best]:
            best = epoch
        if epoch - best == patience:
            break
    return best + 1, epoch + 1


def _judge_padded(answer) -> None:
    for size, expected in ((2, 20 / 36), (1, 8 / 9), (3, 32 / 81), (48, 572 / 20736)):
        got = answer(size)
        assert got is not None, "the function returns nothing yet"
        assert np.isclose(got, expected), f"on {size}×{size} it is {expected:.4f}, not {got:.4f}"


@exercise("09.3", _judge_padded)
def padded(size: int) -> float:
    """The share of a padded 3×3 convolution's products, on size×size places, that fall on the
    border of zeros.
    """
    # In each direction the three taps of every place hit 3 · size positions, and the two outermost
    # lie outside.
    return 1 - ((3 * size - 2) / (3 * size)) ** 2
