"""What all figures share: colours, and where they are drawn."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb

#: One colour an emotion, in figures and reports alike. Found by random search: every pair stays at
#: least 13 CIELAB units apart in normal, protan, deutan and tritan vision (Machado et al. 2009),
#: and every two at least 8 in lightness, so that they differ in a grey print too.
COLORS = {
    "anger": "#e03218",
    "disgust": "#30ab80",
    "fear": "#7d49a2",
    "happiness": "#fede6f",
    "sadness": "#074077",
    "surprise": "#4cb9ef",
    "neutral": "#cfc4ba",
}

#: Dashes and markers that tell lines apart without colour, in the order of use.
LINES = (
    ("-", "o"),
    ("--", "s"),
    ("-.", "^"),
    (":", "D"),
    ((0, (6, 2)), "v"),
    ((0, (4, 1, 1, 1, 1, 1)), "P"),
    ((0, (1, 1)), "X"),
    ((0, (8, 2, 2, 2)), "*"),
)
DARK = "#074077"
RUST = "#b3541e"
GREY = "#555"


#: A legend above the axes.
ABOVE = {
    "loc": "lower center",
    "bbox_to_anchor": (0.5, 1.0),
    "frameon": False,
}


def ink(color: str) -> str:
    """Black or white: whichever can be read better on ``color`` (WCAG contrast)."""
    if (_luminance(color) + 0.05) ** 2 > 0.05 * 1.05:
        return "#000"
    return "#fff"


def line_color(name: str) -> str:
    """An emotion's colour, darkened until a line of it stands out from white (3:1, WCAG); grey for
    other names.
    """
    color = COLORS.get(name, GREY)
    while 1.05 / (_luminance(color) + 0.05) < 3:
        color = to_hex(0.95 * np.array(to_rgb(color)))
    return color


def new_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """``ax`` itself, or that of a new figure of so many inches."""
    if ax is not None:
        return ax
    _, ax = plt.subplots(figsize=size, layout="constrained")
    return ax


def annotate(
    ax: Axes,
    text: str,
    point: tuple,
    shift: tuple[float, float],
    **options,
) -> None:
    """Write beside a point of the figure.

    Parameters
    ----------
    point : (x, y) of the axes.
    shift : from there, in points of print.
    **options : for ``Axes.annotate``.
    """
    ax.annotate(text, point, shift, textcoords="offset points", **options)


def _luminance(color: str) -> float:
    """Relative luminance, 0..1 (WCAG)."""
    rgb = np.array(to_rgb(color))
    dark = rgb / 12.92
    bright = ((rgb + 0.055) / 1.055) ** 2.4
    linear = np.where(rgb <= 0.04045, dark, bright)
    return linear @ [0.2126, 0.7152, 0.0722]
