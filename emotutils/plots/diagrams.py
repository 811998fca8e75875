"""Boxes, arrows and words: what the drawings of ``schemata`` are made of, such as those of
notebooks 01 and 02.

One unit of a diagram is one inch of print. Grey levels, dashes and hatching tell things apart, so
that a drawing can be printed without colour. Used in notebooks/03_face_data and
notebooks/05_voice_data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch

from .common import new_axes

LINE = "#222"
PALE = "#f2f2f2"
MIDDLE = "#d0d0d0"
SMALL = 9

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """Where a box or a circle lies; its sides are points for arrows."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> Point:
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> Point:
        return self.x + self.width / 2, self.y

    @property
    def top(self) -> Point:
        return self.x, self.y + self.height / 2

    @property
    def bottom(self) -> Point:
        return self.x, self.y - self.height / 2


def new_diagram(width: float, height: float, ax: Axes | None = None) -> Axes:
    """Empty Axes without a frame: x from 0 to ``width``, y from 0 (below) to ``height``.

    Parameters
    ----------
    width, height : in inches, if a new figure is made.
    ax : used in place of a new figure.

    Examples
    --------
    >>> ax = new_diagram(4, 1)
    >>> face = draw_box(ax, "face", 0.8, 0.5)
    >>> answer = draw_box(ax, "answer", 3.2, 0.5)
    >>> draw_arrow(ax, face.right, answer.left, "network")
    >>> [text.get_text() for text in ax.texts]
    ['face', 'answer', '', 'network']
    """
    ax = new_axes(ax, (width, height))
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.set_axis_off()
    return ax


def draw_box(
    ax: Axes,
    text: str,
    x: float,
    y: float,
    width: float = 1.3,
    height: float = 0.6,
    *,
    fill: str = PALE,
    hatch: str | None = None,
    size: float = SMALL,
) -> Box:
    """A box with words in it.

    Parameters
    ----------
    ax : as ``new_diagram`` gives it.
    text : the words, a line break between lines.
    x, y : its middle.
    width, height : of the box, in inches.
    fill : its ground. hatch : as matplotlib's, such as ``"///"``. size : of the words, in points.

    Returns
    -------
    The box, for arrows that begin or end at it.
    """
    box = Box(x, y, width, height)
    corner = (x - width / 2, y - height / 2)
    rounded = "round,pad=0,rounding_size=0.06"
    patch = FancyBboxPatch(
        corner,
        width,
        height,
        boxstyle=rounded,
        facecolor=fill,
        edgecolor=LINE,
        hatch=hatch,
    )
    ax.add_patch(patch)
    draw_words(ax, text, x, y, size=size)
    return box


def draw_circle(
    ax: Axes, text: str, x: float, y: float, radius: float = 0.25, *, fill: str = PALE
) -> Box:
    """A circle with words in it; as `draw_box`."""
    ax.add_patch(Circle((x, y), radius, facecolor=fill, edgecolor=LINE))
    draw_words(ax, text, x, y)
    return Box(x, y, 2 * radius, 2 * radius)


def draw_words(ax: Axes, text: str, x: float, y: float, **options) -> None:
    """Words at a place, centred unless ``options`` (for ``Axes.text``) say otherwise."""
    centred = {"ha": "center", "va": "center", "size": SMALL, "color": LINE}
    ax.text(x, y, text, **(centred | options))


def draw_arrow(
    ax: Axes,
    start: Point,
    end: Point,
    text: str = "",
    *,
    dashed: bool = False,
    bend: float = 0.0,
) -> None:
    """An arrow from point to point, with words above its middle.

    Parameters
    ----------
    ax : as ``new_diagram`` gives it.
    start, end : such as ``one.right`` and ``other.left`` of two boxes.
    text : its label; none by default.
    dashed : for what is optional, or goes backwards.
    bend : how far it curves, as a share of its length.
    """
    line = "solid"
    if dashed:
        line = "dashed"
    style = {
        "arrowstyle": "-|>",
        "color": LINE,
        "linestyle": line,
        "shrinkA": 0,
        "shrinkB": 0,
        "connectionstyle": f"arc3,rad={bend}",
    }
    ax.annotate("", end, start, arrowprops=style)
    if text:
        x = (start[0] + end[0]) / 2
        y = (start[1] + end[1]) / 2
        draw_words(ax, text, x, y + 0.05, va="bottom")


def draw_chain(
    ax: Axes,
    texts: Sequence[str],
    y: float,
    *,
    x: float = 0.1,
    width: float = 1.3,
    height: float = 0.6,
    gap: float = 0.35,
    below: Sequence[str] = (),
) -> list[Box]:
    """Boxes in a row, each with an arrow to the next: the layers of a network, the steps of a way.

    Parameters
    ----------
    ax : drawn into.
    texts : the words of each box.
    y : the height of their middles.
    x : where the first begins.
    width, height, gap : of a box, and between two, in inches.
    below : small words under each box, such as the shape of what a layer gives.

    Returns
    -------
    The boxes, in order.
    """
    boxes = []
    for k, text in enumerate(texts):
        middle = x + width / 2 + k * (width + gap)
        box = draw_box(ax, text, middle, y, width, height)
        if boxes:
            draw_arrow(ax, boxes[-1].right, box.left)
        boxes.append(box)
    for box, words in zip(boxes, below, strict=False):
        under = box.bottom[1] - 0.05
        draw_words(ax, words, box.x, under, va="top", size=SMALL - 1)
    return boxes
