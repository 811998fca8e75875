"""What is in a data set. Taught in notebooks/03_face_data and notebooks/04_film_data."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from ..emotions import EMOTIONS
from .common import ABOVE, DARK, annotate, new_axes


def plot_faces(
    faces: np.ndarray,
    titles: Sequence[str] | None = None,
    columns: int = 7,
    ax: Axes | None = None,
) -> Axes:
    """Faces side by side, each under its title. Taught in notebooks/03_face_data.

    Parameters
    ----------
    faces : (n, 48, 48, 1) grey 0..255.
    titles : n words; none by default.
    columns : faces in a row.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Raises
    ------
    ValueError : no face at all, or an array of another shape.

    Examples
    --------
    >>> faces = np.zeros((3, 48, 48, 1))
    >>> ax = plot_faces(faces, titles=["anger", "fear", "anger"], columns=3)
    >>> [text.get_text() for text in ax.texts]
    ['anger', 'fear', 'anger']
    """
    faces = np.asarray(faces)
    if faces.ndim != 4 or len(faces) == 0:
        raise ValueError(f"plot_faces takes (n, height, width, 1), one face or more: {faces.shape}")
    size = faces.shape[1]
    rows = -(-len(faces) // columns)
    gap = 2 if titles is None else 14
    width = size + 2
    height = size + gap
    inches = max(1.0, 2.2 / columns)
    size_in_inches = (inches * columns, inches * rows * height / size)
    ax = new_axes(ax, size_in_inches)
    for k, face in enumerate(faces[..., 0]):
        row, column = divmod(k, columns)
        left = column * width
        top = row * height + gap
        extent = (left, left + size, top + size, top)
        ax.imshow(
            face,
            cmap="gray",
            vmin=0,
            vmax=255,
            extent=extent,
        )
        if titles is not None:
            middle = left + size / 2
            ax.text(
                middle,
                top - 3,
                titles[k],
                ha="center",
                va="bottom",
                fontsize=9,
            )
    ax.set_xlim(0, columns * width)
    ax.set_ylim(rows * height, 0)
    ax.axis("off")
    return ax


def plot_balance(table: pd.DataFrame, by: str = "split", ax: Axes | None = None) -> Axes:
    """How many rows each label has, in one bar a part. Taught in notebooks/03_face_data.

    Parameters
    ----------
    table : a data set's table, with the columns ``label`` and ``by``.
    by : a column whose values share a label's bars: ``split``, ``corpus`` …
    ax : drawn into; a new figure by default.
    """
    ax = new_axes(ax, (7, 3.6))
    there = set(table["label"])
    order = [label for label in (*EMOTIONS, "calm") if label in there]
    sns.countplot(
        table,
        x="label",
        hue=by,
        order=order,
        ax=ax,
        palette="colorblind",
        edgecolor="white",
    )
    hatches = ("", "///", "...", "xx")
    for bars, hatch in zip(ax.containers, hatches, strict=False):
        plt.setp(bars.patches, hatch=hatch)
        ax.bar_label(bars, fontsize=8)
    ax.set(xlabel="", ylabel="rows")
    sns.move_legend(ax, **ABOVE, ncols=4, title=None)
    sns.despine(ax=ax)
    return ax


def plot_removed(steps: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """What each step of a preparation took away, and what was left. Taught in
    notebooks/04_film_data.

    Parameters
    ----------
    steps : one row a step and reason, with columns ``step``, ``before``, ``removed``, ``after`` and
        ``reason``.
    ax : drawn into; a new figure by default.
    """
    ax = new_axes(ax, (7, 0.8 + 0.36 * len(steps)))
    at = range(len(steps))
    left = steps["after"]
    ax.barh(at, left, color=DARK, label="kept")
    ax.barh(
        at,
        steps["removed"],
        left=left,
        color="#fede6f",
        hatch="///",
        label="taken away",
    )
    names = []
    for k, row in enumerate(steps.itertuples()):
        name = row.step
        if row.reason:
            name = f"{row.step}: {row.reason}"
        names.append(name)
        if row.removed:
            end = (row.before, k)
            annotate(ax, f"−{row.removed}", end, (3, 0), va="center")
    ax.set_yticks(at, names)
    ax.set_xlabel("frames")
    ax.set_xlim(0, 1.12 * steps["before"].max())
    ax.invert_yaxis()
    ax.legend(**ABOVE, ncols=2)
    sns.despine(ax=ax)
    return ax
