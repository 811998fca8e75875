"""The exercises of notebooks/09_resnet50."""

import numpy as np

from .registry import exercise


def _check_bottleneck(answer) -> None:
    # As keras.applications counts the convolutions of ResNet50 (batch normalisation left out).
    cases = {
        (256, 64, False): 70016,
        (64, 64, True): 74368,
        (2048, 512, False): 4459520,
        (1024, 512, True): 6034432,
    }
    for case, expected in cases.items():
        got = answer(*case)
        assert got is not None, "the function returns nothing yet"
        hint = f"before, width, project = {case} makes {expected:,} parameters, not {got:,}"
        assert got == expected, hint


@exercise("09.1", _check_bottleneck)
def bottleneck(before: int, width: int, project: bool) -> int:
    """The parameters of a bottleneck's convolutions, each with a bias: 1×1, 3×3, 1×1 and, if asked,
    the shortcut's.
    """
    narrow = width * (before + 1)
    look = width * (3 * 3 * width + 1)
    widen = 4 * width * (width + 1)
    total = narrow + look + widen
    if project:
        total += 4 * width * (before + 1)
    return total


def _check_early_stopping(answer) -> None:
    rising = [0.3, 0.4, 0.5]
    late = [0.3, 0.5, 0.4, 0.45, 0.49, 0.6]
    flat = [0.4, 0.4, 0.4]
    cases = (
        (rising, 1, (3, 3)),
        (late, 3, (2, 5)),
        (late, 4, (6, 6)),
        (late, 1, (2, 3)),
        (flat, 2, (1, 3)),
    )
    for scores, patience, expected in cases:
        got = answer(scores, patience)
        assert got is not None, "the function returns nothing yet"
        hint = f"{scores} with patience {patience}: (kept, stopped) is {expected}, not {got}"
        assert tuple(got) == expected, hint


@exercise("09.2", _check_early_stopping)
def early_stopping(scores: list[float], patience: int) -> tuple[int, int]:
    """The epoch whose weights are kept, and the last epoch that is trained, both counted from 1."""
    best = 0
    for epoch, score in enumerate(scores):
        if score > scores[best]:
            best = epoch
        if epoch - best == patience:
            break
    return best + 1, epoch + 1


def _check_padded(answer) -> None:
    cases = {2: 20 / 36, 1: 8 / 9, 3: 32 / 81, 48: 572 / 20736}
    for size, expected in cases.items():
        got = answer(size)
        assert got is not None, "the function returns nothing yet"
        right = np.isclose(got, expected)
        assert right, f"on {size}×{size} it is {expected:.4f}, not {got:.4f}"


@exercise("09.3", _check_padded)
def padded(size: int) -> float:
    """The share of a padded 3×3 convolution's products, on size×size places, that fall on the
    border of zeros.
    """
    # In each direction the three taps of every place hit 3 · size positions, and the two outermost
    # lie outside.
    taps = 3 * size
    inside = (taps - 2) / taps
    return 1 - inside**2
