"""What is in a data set. Taught in notebooks/03_face_data and notebooks/04_film_data."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from ..emotions import EMOTIONS
from .common import new_axes


def plot_faces(
    faces: np.ndarray, titles: Sequence[str] | None = None, columns: int = 7, ax: Axes | None = None
) -> Axes:
    """Faces side by side, each under its title. Taught in notebooks/03_face_data.

    Parameters
    ----------
    faces : (n, 48, 48, 1) grey 0..255.
    titles : n words; none by default.
    columns : faces in a row.
    """
    n, size = len(faces), faces.shape[1]
    rows, gap = -(-n // columns), 14 if titles is not None else 2
    inches = max(1.0, 2.2 / columns)
    ax = new_axes(ax, (inches * columns, inches * rows * (size + gap) / size))
    for k, face in enumerate(faces[..., 0]):
        left, top = (k % columns) * (size + 2), (k // columns) * (size + gap) + gap
        ax.imshow(face, cmap="gray", vmin=0, vmax=255, extent=(left, left + size, top + size, top))
        if titles is not None:
            ax.text(left + size / 2, top - 3, titles[k], ha="center", va="bottom", fontsize=9)
    ax.set(xlim=(0, columns * (size + 2)), ylim=(rows * (size + gap), 0))
    ax.axis("off")
    return ax


def plot_balance(table: pd.DataFrame, by: str = "split", ax: Axes | None = None) -> Axes:
    """How many rows each label has, in one bar a part. Taught in notebooks/03_face_data.

    Parameters
    ----------
    table : a data set's table, with the columns ``label`` and ``by``.
    by : a column whose values share a label's bars: ``split``, ``corpus`` …
    """
    ax = new_axes(ax, (7, 3.6))
    order = [label for label in (*EMOTIONS, "calm") if (table["label"] == label).any()]
    sns.countplot(
        table, x="label", hue=by, order=order, ax=ax, palette="colorblind", edgecolor="white"
    )
    for bars, hatch in zip(ax.containers, ("", "///", "...", "xx"), strict=False):
        plt.setp(bars.patches, hatch=hatch)
        ax.bar_label(bars, fontsize=8)
    ax.set(xlabel="", ylabel="rows")
    sns.move_legend(
        ax, "lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, title=None, frameon=False
    )
    sns.despine(ax=ax)
    return ax


def plot_removed(steps: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """What each step of a preparation took away, and what was left. Taught in
    notebooks/04_film_data.

    Parameters
    ----------
    steps : one row a step and reason, with columns ``step``, ``before``, ``removed``, ``after`` and
        ``reason``.
    """
    ax = new_axes(ax, (7, 0.8 + 0.36 * len(steps)))
    names = [f"{row.step}: {row.reason}" if row.reason else row.step for row in steps.itertuples()]
    ax.barh(range(len(steps)), steps["after"], color="#074077", label="kept")
    ax.barh(
        range(len(steps)),
        steps["removed"],
        left=steps["after"],
        color="#fede6f",
        hatch="///",
        label="taken away",
    )
    for k, row in enumerate(steps.itertuples()):
        ax.annotate(
            f"−{row.removed}" if row.removed else "",
            (row.before, k),
            (3, 0),
            textcoords="offset points",
            va="center",
        )
    ax.set_yticks(range(len(steps)), names)
    ax.set(xlabel="frames", xlim=(0, 1.12 * steps["before"].max()))
    ax.invert_yaxis()
    ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    sns.despine(ax=ax)
    return ax
