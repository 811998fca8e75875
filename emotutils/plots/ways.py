"""Drawings of ways, in grey: where streams meet, a network that joins two, questions that lead to
an end. Taught in notebooks/13_fusion, notebooks/14_one_network and
notebooks/16_responsible_use.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes

from .diagrams import (
    MIDDLE,
    SMALL,
    draw_arrow,
    draw_box,
    draw_chain,
    draw_circle,
    draw_words,
    new_diagram,
)


def draw_fusion(ax: Axes | None = None) -> Axes:
    """Early, late and joint fusion: where face and voice meet (darker), and what learns.

    Taught in notebooks/13_fusion.
    """
    ax = new_diagram(8.2, 3.9, ax)
    early = (
        "early",
        "the classifier\nlearns",
        ["features"],
        ["side by side", "one classifier", "one answer"],
    )
    late = (
        "late",
        "each network\nlearns alone",
        ["network", "answer"],
        ["a rule", "one answer"],
    )
    joint = (
        "joint",
        "all of it learns\ntogether",
        ["trunk", "embedding"],
        ["layers", "one answer"],
    )
    y = 3.25
    for name, learns, alone, together in (early, late, joint):
        draw_words(ax, name, 0.1, y + 0.2, ha="left", weight="bold")
        draw_words(ax, learns, 0.1, y - 0.15, ha="left", size=SMALL - 1)
        _draw_meeting(ax, alone, together, y)
        y -= 1.3
    return ax


def _draw_meeting(ax: Axes, alone: Sequence[str], together: Sequence[str], middle: float) -> None:
    """Two chains above each other, face and voice, that run into one."""
    sizes = {
        "width": 1.08,
        "height": 0.42,
        "gap": 0.3,
    }
    step = sizes["width"] + sizes["gap"]
    start = 1.3
    heights = {
        "face": middle + 0.27,
        "voice": middle - 0.27,
    }
    ends = []
    for stream, y in heights.items():
        steps = [stream, *alone]
        boxes = draw_chain(ax, steps, y, x=start, **sizes)
        ends.append(boxes[-1])
    meets = start + step * len(steps)
    steps = ["", *together[1:]]
    here, *_ = draw_chain(ax, steps, middle, x=meets, **sizes)
    draw_box(
        ax,
        together[0],
        here.x,
        middle,
        here.width,
        0.96,
        fill=MIDDLE,
    )
    for end in ends:
        arrives = (here.left[0], end.y)
        draw_arrow(ax, end.right, arrives)


def draw_joint(face: int, voice: int, labels: int, ax: Axes | None = None) -> Axes:
    """The joint network: two trunks, a flag for each that closes its path, and one head.

    Taught in notebooks/14_one_network.

    Parameters
    ----------
    face, voice : numbers of each embedding.
    labels : of the answer.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> ax = draw_joint(256, 128, 7)
    >>> [text.get_text() for text in ax.texts if "numbers" in text.get_text()]
    ['256 numbers', '128 numbers']
    """
    ax = new_diagram(8.2, 2.5, ax)
    joined = draw_box(
        ax,
        "joined:\nside by side,\nor by a gate",
        5.3,
        1.3,
        1.25,
        1.9,
        fill=MIDDLE,
    )
    paths = (
        ("face", face, 1.85),
        ("voice", voice, 0.75),
    )
    for stream, numbers, y in paths:
        boxes = draw_chain(
            ax,
            [stream, f"{stream} trunk"],
            y,
            width=1.15,
            height=0.5,
            gap=0.4,
            below=["", f"{numbers} numbers"],
        )
        flag = draw_circle(ax, "×", 3.6, y, 0.2, fill="white")
        arrives = (joined.left[0], y)
        draw_arrow(ax, boxes[-1].right, flag.left)
        draw_arrow(ax, flag.right, arrives)
        draw_words(ax, f"{stream} there?\n1 or 0", 3.6, y + 0.42)
    head = draw_box(ax, "dense layers", 6.65, 1.3, 1.0, 0.5)
    answer = draw_box(ax, f"{labels}\nlabels", 7.75, 1.3, 0.7, 0.5)
    draw_arrow(ax, joined.right, head.left)
    draw_arrow(ax, head.right, answer.left)
    return ax


def draw_questions(
    steps: Sequence[tuple[str, str, str, str]],
    last: str,
    ax: Axes | None = None,
) -> Axes:
    """Questions in a row: one answer leads on, the other down to an end.

    Taught in notebooks/16_responsible_use.

    Parameters
    ----------
    steps : of each question its words, the answer that leads on, the other, and where that ends.
    last : where all the answers that lead on end.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> ax = draw_questions([("a test?", "yes", "no", "unknown")], "a score")
    >>> [text.get_text() for text in ax.texts if text.get_text()]
    ['a test?', 'a score', 'unknown', 'no', 'yes']
    """
    words = [question for question, *_ in steps]
    width = 2.1 * len(words) + 1.7
    ax = new_diagram(width, 2.0, ax)
    boxes = draw_chain(
        ax,
        [*words, last],
        1.55,
        width=1.5,
        height=0.6,
        gap=0.6,
    )
    for step, box in zip(steps, boxes, strict=False):
        _, on, aside, end = step
        below = draw_box(
            ax,
            end,
            box.x,
            0.4,
            box.width,
            box.height,
            fill="white",
        )
        draw_arrow(ax, box.bottom, below.top)
        draw_words(ax, aside, box.x + 0.08, 0.97, ha="left")
        draw_words(ax, on, box.right[0] + 0.3, 1.6, va="bottom")
    return ax
