"""Drawings of ideas, in grey: what a neuron does, how a filter moves, how rows are divided. Taught
in notebooks/00_setup, notebooks/01_background, notebooks/02_state_of_the_art,
notebooks/04_film_data, notebooks/06_hyperparameter_search, notebooks/07_conv2d,
notebooks/08_vgg16, notebooks/09_resnet50 and notebooks/15_words.

They draw what the code of those notebooks calculates; the numbers in them are arguments.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .diagrams import (
    LINE,
    MIDDLE,
    PALE,
    SMALL,
    Box,
    draw_arrow,
    draw_box,
    draw_chain,
    draw_circle,
    draw_words,
    new_diagram,
)


def draw_fields(ax: Axes | None = None) -> Axes:
    """Deep learning inside machine learning inside artificial intelligence, as three boxes.

    Taught in notebooks/01_background.
    """
    ax = new_diagram(6.4, 2.3, ax)
    fields = (
        ("artificial intelligence: programs that do what seemed to need a mind", "white", 2.1),
        ("machine learning: rules are found from examples", PALE, 1.4),
        ("deep learning: networks of many layers", MIDDLE, 0.7),
    )
    middle = 3.2
    width = 6.2
    for text, fill, height in fields:
        y = 0.1 + height / 2
        draw_box(ax, "", middle, y, width, height, fill=fill)
        draw_words(ax, text, middle, height - 0.2)
        width -= 1
    return ax


def draw_neuron(
    inputs: Sequence[float] = (0.5, -1.0, 2.0),
    weights: Sequence[float] = (1.0, 0.5, 0.8),
    bias: float = -0.6,
    ax: Axes | None = None,
) -> Axes:
    """A neuron: inputs times weights, added up with the bias, sent through an activation.

    Taught in notebooks/01_background.

    Parameters
    ----------
    inputs, weights : as many of the one as of the other.
    bias : is added to the sum.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> ax = draw_neuron([1.0, 2.0], [0.5, 0.25], bias=-1.0)
    >>> [text.get_text() for text in ax.texts if "sum" in text.get_text()]
    ['sum\\n0.00']
    """
    n = len(inputs)
    height = max(0.7 * n, 1.7)
    ax = new_diagram(7.4, height, ax)
    middle = height / 2
    weighted = np.dot(inputs, weights)
    z = float(weighted + bias)
    total = draw_circle(ax, f"sum\n{z:.2f}", 3.4, middle, 0.42, fill=MIDDLE)
    heights = np.linspace(height - 0.35, 0.35, n)
    given = zip(inputs, weights, heights, strict=True)
    for k, (value, weight, y) in enumerate(given, start=1):
        words = f"input {k}\n{_plain(value)}"
        one = draw_box(ax, words, 0.7, y, 1.1, 0.5)
        label = f"× {_signed(weight)}"
        draw_arrow(ax, one.right, total.left, label)
    extra = draw_box(ax, f"bias {_plain(bias)}", 3.4, 0.2, 1.0, 0.34)
    draw_arrow(ax, extra.top, total.bottom)
    bent = draw_box(ax, "activation", 5.2, middle, 1.2, 0.6)
    draw_arrow(ax, total.right, bent.left, "$z$")
    end = (6.6, middle)
    draw_arrow(ax, bent.right, end)
    draw_words(ax, "output\n$f(z)$", 6.95, middle)
    return ax


def draw_network(sizes: Sequence[int] = (2, 8, 1), ax: Axes | None = None) -> Axes:
    """Layers of neurons, each connected with all of the layer before.

    Taught in notebooks/01_background.

    Parameters
    ----------
    sizes : how many neurons each layer has, the inputs first; at most 12 in one.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Raises
    ------
    ValueError : fewer than two layers, or one with more than 12 neurons or none.

    Examples
    --------
    >>> ax = draw_network((2, 3, 1))
    >>> len(ax.lines)  # connections
    9
    """
    if len(sizes) < 2 or min(sizes) < 1 or max(sizes) > 12:
        raise ValueError(f"two or more layers of 1 to 12 neurons can be drawn, not {sizes}")
    step = 0.3
    height = step * max(sizes) + 0.55
    width = 1.9 * len(sizes)
    ax = new_diagram(width, height, ax)
    middle = (height + 0.45) / 2
    last = len(sizes) - 1
    before: list[Box] = []
    for k, size in enumerate(sizes):
        x = 0.95 + 1.9 * k
        layer = []
        for neuron in range(size):
            from_middle = (size - 1) / 2 - neuron
            y = middle + step * from_middle
            circle = draw_circle(ax, "", x, y, 0.1, fill=MIDDLE)
            layer.append(circle)
        for one in before:
            for other in layer:
                _connect(ax, one, other)
        draw_words(ax, _layer_name(k, last, size), x, 0.22)
        before = layer
    return ax


def _connect(ax: Axes, one: Box, other: Box) -> None:
    across = (one.right[0], other.left[0])
    along = (one.y, other.y)
    ax.plot(across, along, color=LINE, linewidth=0.5)


def _layer_name(k: int, last: int, size: int) -> str:
    if k == 0:
        return f"{size} inputs"
    if k == last:
        return f"output layer\n{size}"
    return f"hidden layer\n{size}"


def draw_convolution(
    picture: np.ndarray, kernel: np.ndarray, place: tuple[int, int] = (0, 0), ax: Axes | None = None
) -> Axes:
    """A filter on one place of a picture, and all the sums that it gives.

    Taught in notebooks/01_background.

    Parameters
    ----------
    picture : (rows, columns) numbers.
    kernel : (k, k) weights, no larger than the picture.
    place : row and column of the filter's upper left weight.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Raises
    ------
    ValueError : a place where the filter does not fit.

    Examples
    --------
    >>> ax = draw_convolution(np.eye(4, dtype=int), np.ones((2, 2), int), place=(0, 0))
    >>> [text.get_text() for text in ax.texts if "= 2" in text.get_text()]
    ['1·1 + 1·0 + 1·0 + 1·1 = 2']
    """
    k = len(kernel)
    row, column = place
    window = picture[row : row + k, column : column + k]
    if row < 0 or column < 0 or window.shape != kernel.shape:
        raise ValueError(f"a filter of {k}×{k} does not fit at {place} of {picture.shape}")
    windows = np.lib.stride_tricks.sliding_window_view(picture, kernel.shape)
    sums = (windows * kernel).sum(axis=(2, 3))
    side = 0.38
    height = side * len(picture) + 1.0
    columns = picture.shape[1] + k + sums.shape[1]
    ax = new_diagram(side * columns + 1.9, height, ax)
    middle = height / 2 + 0.2
    here = (row, column, k)
    left = _draw_grid(ax, picture, 0.2, side, "input", here)
    draw_words(ax, "∗", left + 0.37, middle, size=16)
    title = f"filter, {k}×{k} weights"
    whole = (0, 0, k)
    weights = _draw_grid(ax, kernel, left + 0.75, side, title, whole)
    draw_words(ax, "=", weights + 0.37, middle, size=16)
    one = (row, column, 1)
    _draw_grid(ax, sums, weights + 0.75, side, "one sum a place", one)
    words = _written_out(kernel, window)
    draw_words(ax, words, 0.2, 0.2, ha="left")
    return ax


def _written_out(kernel: np.ndarray, window: np.ndarray) -> str:
    """The products of weights and numbers, and their sum."""
    terms = []
    for weight, value in zip(kernel.ravel(), window.ravel(), strict=True):
        term = f"{_signed(weight)}·{_signed(value)}"
        terms.append(term)
    total = (kernel * window).sum()
    left = " + ".join(terms)
    return f"{left} = {_plain(total)}"


def _plain(number: float) -> str:
    """A number as it is printed, with a real minus."""
    return f"{number:g}".replace("-", "−")


def _signed(number: float) -> str:
    """A number in a sum: in brackets if it is below 0."""
    if number < 0:
        return f"({_plain(number)})"
    return _plain(number)


def _draw_grid(
    ax: Axes,
    numbers: np.ndarray,
    x: float,
    side: float,
    title: str,
    marked: tuple[int, int, int],
) -> float:
    """Numbers in squares, from ``x`` on, in the middle of the diagram's height; where they end.

    ``marked``: row, column and size of the square that is grey.
    """
    rows, columns = numbers.shape
    _, height = ax.get_ylim()
    top = height / 2 + 0.2 + side * rows / 2
    row, column, size = marked
    inside = np.zeros(numbers.shape, bool)
    inside[row : row + size, column : column + size] = True
    for (r, c), value in np.ndenumerate(numbers):
        fill = "white"
        if inside[r, c]:
            fill = MIDDLE
        left = x + c * side
        bottom = top - (r + 1) * side
        _draw_square(ax, left, bottom, side, side, facecolor=fill)
        words = _plain(value)
        draw_words(ax, words, left + side / 2, bottom + side / 2)
    right = x + columns * side
    draw_words(ax, title, (x + right) / 2, top + 0.12)
    return right


def _draw_square(ax: Axes, x: float, y: float, width: float, height: float, **look) -> None:
    corner = (x, y)
    square = Rectangle(corner, width, height, edgecolor=LINE, linewidth=0.7, **look)
    ax.add_patch(square)


def draw_shapes(
    names: Sequence[str], shapes: Sequence[tuple[int, ...]], ax: Axes | None = None
) -> Axes:
    """What becomes of a picture on its way through a network: one drawing a layer, with its shape.

    Taught in notebooks/07_conv2d, notebooks/08_vgg16 and notebooks/09_resnet50.

    Parameters
    ----------
    names : of the layers, such as those of their classes; the picture first.
    shapes : what each gives: (height, width, channels) is drawn as a square to scale, with others
        behind it if there are several channels; (n,) as a bar.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> ax = draw_shapes(["face", "MaxPooling2D", "Flatten"], [(8, 8, 1), (4, 4, 2), (32,)])
    >>> [text.get_text() for text in ax.texts if "×" in text.get_text()]
    ['8×8, 1', '4×4, 2']
    """
    step = 1.12
    ax = new_diagram(step * len(names) + 0.1, 2.1, ax)
    largest = max(shape[0] for shape in shapes if len(shape) == 3)
    x = 0.6
    for name, shape in zip(names, shapes, strict=True):
        title = re.sub("(?<=[a-z])(?=[A-Z])", "\n", name)
        draw_words(ax, title, x, 2.0, va="top", size=SMALL - 1)
        side = 0.95
        if len(shape) == 3:
            side = max(0.06, 0.95 * shape[0] / largest)
        _draw_maps(ax, shape, x, 0.86, side)
        x += step
    return ax


def _draw_maps(ax: Axes, shape: tuple[int, ...], x: float, y: float, side: float) -> None:
    """The squares or the bar of one layer, its middle at (x, y), and its shape in words."""
    if len(shape) == 1:
        words = f"{shape[0]:,}"
        _draw_square(ax, x - 0.06, y - side / 2, 0.12, side, facecolor=MIDDLE)
    else:
        height, width, channels = shape
        words = f"{height}×{width}, {channels}"
        behind = min(channels, 3) - 1
        for k in range(behind, -1, -1):
            away = 0.05 * k
            left = x - side / 2 + away
            _draw_square(ax, left, y - side / 2 + away, side, side, facecolor=PALE)
    draw_words(ax, words, x, 0.18, size=SMALL - 1)


def draw_shortcut(steps: Sequence[str], ax: Axes | None = None) -> Axes:
    """Layers with a way round them: what goes in is added to what comes out.

    Taught in notebooks/09_resnet50.

    Parameters
    ----------
    steps : the words of each layer on the long way.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.
    """
    width = 1.45 * len(steps) + 4.0
    ax = new_diagram(width, 1.7, ax)
    start = draw_box(ax, "$x$", 0.4, 0.5, 0.5, 0.5, fill="white")
    chain = draw_chain(ax, steps, 0.5, x=1.0, width=1.1)
    draw_arrow(ax, start.right, chain[0].left)
    plus = draw_circle(ax, "+", width - 2.1, 0.5, 0.2, fill=MIDDLE)
    draw_arrow(ax, chain[-1].right, plus.left)
    end = draw_box(ax, "ReLU", width - 0.75, 0.5, 1.1, 0.6)
    draw_arrow(ax, plus.right, end.left)
    ax.plot([0.4, 0.4, plus.x], [start.top[1], 1.3, 1.3], color=LINE, linewidth=1)
    draw_arrow(ax, (plus.x, 1.3), plus.top)
    draw_words(ax, "shortcut: $x$ as it is", width / 2 - 0.8, 1.42)
    draw_words(ax, "$F(x)$: the change", width / 2 - 0.8, 0.07)
    return ax


def draw_transfer(ax: Axes | None = None) -> Axes:
    """A trained network, cut before its last layer, and used for another task in two ways.

    Taught in notebooks/08_vgg16.
    """
    ax = new_diagram(8.4, 2.7, ax)
    ways = (
        ("trained", "photographs", "all layers learn", "old labels", PALE, None),
        ("frozen", "few new faces", "weights are kept", "new head learns", MIDDLE, "///"),
        ("fine-tuned", "few new faces", "weights move a little", "new head learns", PALE, None),
    )
    y = 2.3
    for name, rows, trunk, head, fill, hatch in ways:
        draw_words(ax, name, 0.1, y, ha="left", weight="bold")
        given = draw_box(ax, rows, 2.0, y, 1.4, 0.5, fill="white")
        kept = draw_box(ax, "", 4.6, y, 2.4, 0.5, fill=fill, hatch=hatch)
        draw_words(ax, trunk, 4.6, y, backgroundcolor=fill)
        answer = draw_box(ax, head, 7.4, y, 1.6, 0.5)
        draw_arrow(ax, given.right, kept.left)
        draw_arrow(ax, kept.right, answer.left)
        y -= 0.85
    draw_arrow(ax, (4.6, 2.05), (4.6, 1.7), dashed=True)
    draw_arrow(ax, (4.6, 1.2), (4.6, 0.85), dashed=True)
    return ax


def draw_outcomes(ax: Axes | None = None) -> Axes:
    """The four outcomes of a yes/no question, and the four ratios that are made of them.

    Taught in notebooks/01_background.
    """
    ax = new_diagram(8.2, 2.5, ax)
    draw_words(ax, "the answer is yes", 2.05, 2.3)
    draw_words(ax, "the answer is no", 3.75, 2.3)
    draw_words(ax, "it is so", 0.6, 1.7)
    draw_words(ax, "it is not so", 0.6, 0.75)
    draw_box(ax, "true positive\nTP", 2.05, 1.7, 1.6, 0.85, fill=MIDDLE)
    draw_box(ax, "false negative\nFN: missed", 3.75, 1.7, 1.6, 0.85, fill="white")
    draw_box(ax, "false positive\nFP: false alarm", 2.05, 0.75, 1.6, 0.85, fill="white")
    draw_box(ax, "true negative\nTN", 3.75, 0.75, 1.6, 0.85, fill=MIDDLE)
    ratios = (
        (r"recall $= \dfrac{TP}{TP + FN}$", "of the upper row"),
        (r"specificity $= \dfrac{TN}{TN + FP}$", "of the lower row"),
        (r"precision $= \dfrac{TP}{TP + FP}$", "of the left column"),
        (r"accuracy $= \dfrac{TP + TN}{all}$", "both grey boxes"),
    )
    y = 2.15
    for ratio, where in ratios:
        draw_words(ax, ratio, 4.85, y, ha="left", size=SMALL + 2)
        draw_words(ax, where, 8.15, y, ha="right", size=SMALL - 1)
        y -= 0.62
    return ax


def draw_division(
    people: int = 6,
    each: int = 5,
    seed: int = 0,
    of: tuple[str, str, str] = ("person", "people", "nobody"),
    ax: Axes | None = None,
) -> Axes:
    """Recordings divided at random, and divided by person: white trains, hatched grey tests.

    Taught in notebooks/02_state_of_the_art and notebooks/04_film_data.

    Parameters
    ----------
    people : how many; a third of them is tested in the division by person.
    each : recordings of each person.
    seed : of the random division.
    of : what must not be on both sides, in words: one of them, several, none.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> ax = draw_division(people=3, each=4)
    >>> [text.get_text() for text in ax.texts][:2]
    ['divided at random: 3 of 3 people are on both sides', 'divided by person: nobody is']
    """
    tested = max(1, people // 3)
    by_person = np.zeros((people, each), bool)
    by_person[-tested:] = True
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(by_person.ravel())
    at_random = shuffled.reshape(people, each)
    mixed = at_random.any(axis=1) & ~at_random.all(axis=1)
    height = 0.28 * people + 0.85
    ax = new_diagram(8.2, height, ax)
    one, several, none = of
    title = f"divided at random: {mixed.sum()} of {people} {several} are on both sides"
    draw_words(ax, title, 2.3, height - 0.15)
    draw_words(ax, f"divided by {one}: {none} is", 6.3, height - 0.15)
    _draw_rows(ax, one, at_random, 1.3, height - 0.35)
    _draw_rows(ax, one, by_person, 5.3, height - 0.35)
    draw_words(ax, "white: training      hatched: test", 4.1, 0.15)
    return ax


def _draw_rows(ax: Axes, one: str, is_test: np.ndarray, x: float, top: float) -> None:
    """One row of squares a person (or film), from the corner (x, top) to the right and down."""
    y = top
    for number, row in enumerate(is_test, start=1):
        y -= 0.28
        name = f"{one} {number}"
        draw_words(ax, name, x - 0.1, y + 0.11, ha="right")
        for recording, tested in enumerate(row):
            look = {"facecolor": "white"}
            if tested:
                look = {"facecolor": MIDDLE, "hatch": "////"}
            left = x + 0.4 * recording
            _draw_square(ax, left, y, 0.34, 0.22, **look)


def draw_system(ax: Axes | None = None) -> Axes:
    """The way of a film through the tool: streams, a network for each, one timeline.

    Taught in notebooks/00_setup.
    """
    ax = new_diagram(9.6, 2.5, ax)
    rows = (
        ("picture", "faces, 5 a second", "face network"),
        ("sound", "windows of 3 s", "voice network"),
        ("subtitles", "lines of text", "network for words"),
    )
    film = draw_box(ax, "film", 0.65, 1.25, 0.9, 0.6)
    fusion = draw_box(ax, "fusion", 7.45, 1.25, 0.9, 0.6, fill=MIDDLE)
    end = draw_box(ax, "timeline,\nreport", 8.95, 1.25, 1.1, 0.6)
    y = 2.15
    for steps in rows:
        first, *_, last = draw_chain(ax, steps, y, x=1.55, width=1.4, height=0.5)
        draw_arrow(ax, film.right, first.left)
        optional = steps[0] == "subtitles"
        draw_arrow(ax, last.right, fusion.left, dashed=optional)
        y -= 0.9
    draw_arrow(ax, fusion.right, end.left)
    return ax


def draw_folds(folds: int = 3, inner: int = 0, ax: Axes | None = None) -> Axes:
    """Cross-validation: in each round another fold is tested. Hatched: test; white: training.

    Taught in notebooks/06_hyperparameter_search.

    Parameters
    ----------
    folds : how many there are.
    inner : with it, nested: the training rows of each round are divided once more, into so many.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> ax = draw_folds(3)
    >>> [text.get_text() for text in ax.texts if "test" in text.get_text()]
    ['tests fold 1', 'tests fold 2', 'tests fold 3']
    """
    height = 0.5 * folds + 0.4
    width = 1.2
    ax = new_diagram(width * folds + 4.4, height, ax)
    y = height - 0.45
    for k in range(folds):
        draw_words(ax, f"round {k + 1}", 0.1, y + 0.18, ha="left")
        for fold in range(folds):
            look = {"facecolor": "white"}
            if fold == k:
                look = {"facecolor": MIDDLE, "hatch": "////"}
            left = 0.9 + width * fold
            _draw_square(ax, left, y, width - 0.06, 0.36, **look)
        words = f"tests fold {k + 1}"
        if inner:
            words = f"{inner} inner folds of the white rows choose;\nfold {k + 1} judges the choice"
        draw_words(ax, words, 1.0 + width * folds, y + 0.18, ha="left")
        y -= 0.5
    return ax


def draw_rounds(plan: Sequence[tuple[int, int]], ax: Axes | None = None) -> Axes:
    """Successive halving: in each round fewer points, each with more epochs.

    Taught in notebooks/06_hyperparameter_search.

    Parameters
    ----------
    plan : (points, epochs) of each round, as ``search.rounds`` gives it; at most 30 points.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> ax = draw_rounds([(3, 1), (1, 3)])
    >>> [text.get_text() for text in ax.texts][0]
    '3 points, 1 epoch each'
    """
    height = 0.75 * len(plan) + 0.1
    ax = new_diagram(8.2, height, ax)
    y = height - 0.7
    most = max(epochs for _, epochs in plan)
    for points, epochs in plan:
        words = f"{points} points, {epochs} epochs each"
        draw_words(ax, words.replace(" 1 epochs", " 1 epoch"), 0.1, y + 0.12, ha="left")
        tall = max(0.6 * epochs / most, 0.07)
        for point in range(points):
            left = 2.3 + 0.19 * point
            _draw_square(ax, left, y, 0.15, tall, facecolor=MIDDLE)
        y -= 0.75
    return ax


def draw_drawn(people: int = 4, each: int = 6, seed: int = 1, ax: Axes | None = None) -> Axes:
    """A bootstrap over recordings beside one over people: how often each recording was drawn.

    Taught in notebooks/11_evaluation.

    Parameters
    ----------
    people : how many. each : recordings of each person.
    seed : of both draws.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> ax = draw_drawn(people=3, each=4)
    >>> [text.get_text() for text in ax.texts][:2]
    ['12 recordings drawn from 12', '3 people drawn from 3, with all they said']
    """
    n = people * each
    rng = np.random.default_rng(seed)
    rows = rng.integers(n, size=n)
    persons = rng.integers(people, size=people)
    counts = np.bincount(rows, minlength=n)
    of_rows = counts.reshape(people, each)
    counts = np.bincount(persons, minlength=people)
    of_people = np.tile(counts, (each, 1)).T
    height = 0.28 * people + 0.85
    head = height - 0.15
    top = height - 0.35
    ax = new_diagram(8.2, height, ax)
    title = f"{n} recordings drawn from {n}"
    draw_words(ax, title, 2.3, head)
    title = f"{people} people drawn from {people}, with all they said"
    draw_words(ax, title, 6.3, head)
    _draw_counts(ax, of_rows, 1.1, top)
    _draw_counts(ax, of_people, 5.1, top)
    legend = "number: how often this recording counts; grey: it does"
    draw_words(ax, legend, 4.1, 0.15)
    return ax


def _draw_counts(ax: Axes, counts: np.ndarray, x: float, top: float) -> None:
    """One row of squares a person, each with a number, from the corner (x, top)."""
    y = top
    for person, row in enumerate(counts, start=1):
        y -= 0.28
        middle = y + 0.11
        name = f"person {person}"
        draw_words(ax, name, x - 0.1, middle, ha="right")
        left = x
        for count in row:
            fill = "white"
            if count:
                fill = MIDDLE
            _draw_square(ax, left, y, 0.34, 0.22, facecolor=fill)
            number = f"{count}"
            draw_words(ax, number, left + 0.17, middle)
            left += 0.4


def draw_known(known: int, people: int = 3, each: int = 60, ax: Axes | None = None) -> Axes:
    """A tested person's recordings: half are asked, ``known`` of the others are in training.

    Taught in notebooks/12_leakage.

    Parameters
    ----------
    known : how many of the tested person's recordings the training has, 0 to half of ``each``.
    people : how many, the last one is tested.
    each : recordings of each person.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Raises
    ------
    ValueError : more known than there are.

    Examples
    --------
    >>> ax = draw_known(2, people=2, each=8)
    >>> sum(bool(patch.get_hatch()) for patch in ax.patches)
    4
    """
    if not 0 <= known <= each // 2:
        raise ValueError(f"{known} of {each // 2} recordings cannot be known")
    height = 0.28 * people + 0.6
    ax = new_diagram(8.2, height, ax)
    step = 7 / each
    width = 0.8 * step
    y = height - 0.1
    for person in range(1, people + 1):
        y -= 0.28
        name = f"person {person}"
        draw_words(ax, name, 0.95, y + 0.11, ha="right")
        left = 1.1
        for place in range(each):
            look = {"facecolor": MIDDLE}
            if person == people:
                look = _look_of_tested(place, known, each)
            _draw_square(ax, left, y, width, 0.22, **look)
            left += step
    legend = "grey: training      white: left out      hatched: test"
    draw_words(ax, legend, 4.6, 0.15)
    return ax


def _look_of_tested(place: int, known: int, each: int) -> dict:
    """Of a tested person's recordings the first are known, the second half is asked."""
    if place < known:
        return {"facecolor": MIDDLE}
    if place < each // 2:
        return {"facecolor": "white"}
    return {"facecolor": "white", "hatch": "////"}


def draw_overlap(
    apart: Sequence[float] = (0.1, 0.3, 0.5), length: float = 0.5, ax: Axes | None = None
) -> Axes:
    """Two windows of sound, and what share of it is in both.

    Taught in notebooks/12_leakage.

    Parameters
    ----------
    apart : seconds from the beginning of one window to that of the other, one row each.
    length : of a window, in seconds.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> ax = draw_overlap([0.1, 0.5])
    >>> [text.get_text() for text in ax.texts if "same" in text.get_text()]
    ['80 % is the same sound', '0 % is the same sound']
    """
    y = 0.62 * len(apart) + 0.4
    ax = new_diagram(8.2, y + 0.1, ax)
    width = 4 * length
    tested = {"facecolor": "white", "hatch": "////"}
    for seconds in apart:
        y -= 0.6
        middle = y + 0.2
        shift = 4 * seconds
        words = f"{seconds} s apart"
        draw_words(ax, words, 1.0, middle, ha="right")
        _draw_square(ax, 1.2, middle, width, 0.2, **tested)
        _draw_square(ax, 1.2 + shift, y, width, 0.2, facecolor=MIDDLE)
        shared = 1 - seconds / length
        percent = 100 * max(shared, 0)
        words = f"{percent:.0f} % is the same sound"
        draw_words(ax, words, 5.6, middle, ha="left")
    legend = "hatched: the test window      grey: the nearest training window"
    draw_words(ax, legend, 4.1, 0.15)
    return ax


def draw_looks(ax: Axes | None = None) -> Axes:
    """One look at a test face, ten looks, and several networks: three ways to one answer.

    Taught in notebooks/02_state_of_the_art.
    """
    ax = new_diagram(8.2, 2.5, ax)
    ways = (
        ("one look", "the face", "network", "one answer"),
        (
            "ten crops",
            "shifted and mirrored\nten times",
            "network,\nten times",
            "mean",
            "one answer",
        ),
        ("ensemble", "the face", "seven\nnetworks", "mean", "one answer"),
    )
    y = 2.15
    for name, *steps in ways:
        draw_words(ax, name, 0.1, y, ha="left", weight="bold")
        draw_chain(ax, steps, y, x=1.1, width=1.5, height=0.55)
        y -= 0.83
    return ax


def draw_reading(
    words: Sequence[str],
    pieces: Mapping[str, int],
    proba: Mapping[str, float],
    ax: Axes | None = None,
) -> Axes:
    """The way of a sentence through a network that reads: words, pieces, hashing, embedding,
    pooling, softmax.

    Taught in notebooks/15_words.

    Parameters
    ----------
    words : of the sentence; the last one's pieces are drawn.
    pieces : of that word, each with its number.
    proba : the network's answer, by label.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> ax = draw_reading(["so", "glad"], {"glad": 7, "<gl": 2}, {"anger": 0.1, "joy": 0.9})
    >>> [text.get_text() for text in ax.texts if "0." in text.get_text()]
    ['0.10', '0.90']
    """
    rows = max(len(words), len(pieces), len(proba))
    height = 0.34 * rows + 0.75
    ax = new_diagram(9.6, height, ax)
    middle = (height - 0.4) / 2
    titles = ("words", "pieces", "hash", "embedding", "convolution", "pooling", "softmax")
    for title, x in zip(titles, (0.6, 1.9, 3.0, 4.2, 5.55, 6.85, 8.5), strict=True):
        draw_words(ax, title, x, height - 0.15, weight="bold")
    said = _draw_column(ax, words, 0.6, middle, 1.0)
    cut = _draw_column(ax, list(pieces), 1.9, middle, 0.9)
    numbers = [f"{number}" for number in pieces.values()]
    hashed = _draw_column(ax, numbers, 3.0, middle, 0.75)
    for one, other in zip(cut, hashed, strict=True):
        draw_arrow(ax, one.right, other.left)
    draw_arrow(ax, said[-1].right, (1.43, said[-1].y))
    vector = draw_box(ax, "a vector each,\nadded: one\na word", 4.2, middle, 1.05, 0.75)
    over = draw_box(ax, "three words\nat a time", 5.55, middle, 1.05, 0.75, fill=MIDDLE)
    pooled = draw_box(ax, "the strongest,\na weighted\nmean", 6.85, middle, 1.05, 0.75)
    for number in hashed:
        draw_arrow(ax, number.right, vector.left)
    draw_arrow(ax, vector.right, over.left)
    draw_arrow(ax, over.right, pooled.left)
    _draw_answer(ax, proba, pooled, middle)
    return ax


def _draw_column(
    ax: Axes, texts: Sequence[str], x: float, middle: float, width: float
) -> list[Box]:
    """Small boxes below each other, their middle at ``middle``."""
    y = middle + 0.17 * (len(texts) - 1)
    boxes = []
    for text in texts:
        box = draw_box(ax, text, x, y, width, 0.27)
        boxes.append(box)
        y -= 0.34
    return boxes


def _draw_answer(ax: Axes, proba: Mapping[str, float], pooled: Box, middle: float) -> None:
    """A bar for each label, and its probability."""
    draw_arrow(ax, pooled.right, (7.55, middle))
    y = middle + 0.17 * (len(proba) - 1)
    for label, p in proba.items():
        draw_words(ax, label, 8.37, y, ha="right")
        _draw_square(ax, 8.42, y - 0.09, 0.75 * p, 0.18, facecolor=MIDDLE)
        draw_words(ax, f"{p:.2f}", 9.55, y, ha="right")
        y -= 0.34
