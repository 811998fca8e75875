"""What a sound looks like over time. Taught in notebooks/05_voice_data."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from .common import new_axes

#: Hz, written at the axis where there is room.
OCTAVES = (125, 250, 500, 1000, 2000, 4000, 8000)


def plot_spectrogram(
    values: np.ndarray,
    step: float,
    ax: Axes | None = None,
    *,
    hz: np.ndarray | None = None,
    first: int = 0,
    unit: str = "dB",
    limits: tuple[float, float] | None = None,
    cmap: str = "cividis",
) -> Axes:
    """A column a frame, from left to right; the bar beside it says what the colours mean.

    Parameters
    ----------
    values : (rows, frames): a spectrogram, mel bands or coefficients.
    step : seconds from one frame to the next.
    ax : drawn into; a new figure by default.
    hz : (rows,) the frequency of each row, for the axis; rows are numbered by default.
    first : the number of the lowest row.
    unit : of the values.
    limits : values of the first and last colour; the smallest and largest by default.
    cmap : of matplotlib; one with a middle for values around 0.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> ax = plot_spectrogram(np.zeros((3, 10)), 0.01, hz=np.array([500, 1000, 2000]))
    >>> ax.get_ylabel(), [text.get_text() for text in ax.get_yticklabels()]
    ('Hz', ['500', '1,000', '2,000'])
    """
    ax = new_axes(ax, (7, 3))
    rows, frames = values.shape
    low, high = limits or (values.min(), values.max())
    image = ax.imshow(
        values,
        aspect="auto",
        origin="lower",
        extent=(0, frames * step, first - 0.5, first + rows - 0.5),
        vmin=low,
        vmax=high,
        cmap=cmap,
        interpolation="nearest",
    )
    plt.colorbar(image, ax=ax, label=unit, pad=0.02)
    ax.set(xlabel="seconds", ylabel="number")
    if hz is not None:
        at = np.interp(OCTAVES, hz, first + np.arange(rows), left=np.nan, right=np.nan)
        shown = [k for k in range(len(OCTAVES)) if _has_room(at, k, rows)]
        ax.set_yticks(at[shown], [f"{OCTAVES[k]:,}" for k in shown])
        ax.set_ylabel("Hz")
    return ax


def _has_room(at: np.ndarray, k: int, rows: int) -> bool:
    """Whether octave k is in the figure, and far enough below the next."""
    if np.isnan(at[k]):
        return False
    above = at[k + 1 :]
    next_one = above[np.isfinite(above)]
    return next_one.size == 0 or next_one[0] - at[k] > 0.09 * rows
