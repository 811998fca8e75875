"""Drawings: boxes where they are wanted, numbers that are calculated, nothing that needs colour."""

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from emotutils import plots

matplotlib.use("Agg")

PICTURE = np.arange(25).reshape(5, 5)
EDGE = np.array([[1, 1], [-1, -1]])
ANSWER = {"anger": 0.1, "disgust": 0.0, "happiness": 0.9}
DRAWINGS = {
    "convolution": lambda ax=None: plots.draw_convolution(PICTURE, EDGE, (1, 2), ax=ax),
    "division": plots.draw_division,
    "drawn": plots.draw_drawn,
    "fields": plots.draw_fields,
    "folds": plots.draw_folds,
    "nested folds": lambda ax=None: plots.draw_folds(3, inner=2, ax=ax),
    "fusion": plots.draw_fusion,
    "joint": lambda ax=None: plots.draw_joint(256, 128, 7, ax=ax),
    "known": lambda ax=None: plots.draw_known(4, ax=ax),
    "looks": plots.draw_looks,
    "network": plots.draw_network,
    "neuron": plots.draw_neuron,
    "outcomes": plots.draw_outcomes,
    "questions": lambda ax=None: plots.draw_questions(
        [("at work?", "yes", "no", "tell people"), ("why?", "no", "yes", "perhaps")], "no", ax=ax
    ),
    "overlap": plots.draw_overlap,
    "reading": lambda ax=None: plots.draw_reading(
        ["so", "glad"], {"=glad": 2420, "<gl": 5622, "gla": 12755}, ANSWER, ax=ax
    ),
    "rounds": lambda ax=None: plots.draw_rounds([(27, 1), (9, 3), (3, 9)], ax=ax),
    "system": plots.draw_system,
    "shapes": lambda ax=None: plots.draw_shapes(
        ["face", "MaxPooling2D", "Flatten"], [(48, 48, 1), (24, 24, 32), (18432,)], ax=ax
    ),
    "shortcut": lambda ax=None: plots.draw_shortcut(["3×3", "ReLU", "3×3"], ax=ax),
    "transfer": plots.draw_transfer,
}
every = pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def words(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


@every
def test_drawn_into_the_axes_given_with_all_words_inside(draw):
    figure, ax = plt.subplots(figsize=(8.2, 2.5))
    assert draw(ax=ax) is ax
    own = draw()
    own.figure.canvas.draw()
    edge = own.figure.bbox
    for text in own.texts:
        box = text.get_window_extent()
        assert edge.x0 - 1 <= box.x0 and box.x1 <= edge.x1 + 1, text.get_text()
        assert edge.y0 - 1 <= box.y0 and box.y1 <= edge.y1 + 1, text.get_text()


@every
def test_grey_is_enough(draw):
    for patch in draw().patches:
        red, green, blue = to_rgb(patch.get_facecolor())
        assert red == green == blue


def test_boxes_give_points_for_arrows():
    ax = plots.new_diagram(6, 1)
    one, other = plots.draw_chain(ax, ["one", "other"], 0.5, x=1, width=2, gap=0.5, below=["7×7"])
    assert one.right == (3.0, 0.5) and other.left == (3.5, 0.5)
    assert one.top == (2.0, 0.8) and one.bottom == (2.0, 0.2)
    assert words(ax) == ["one", "other", "", "7×7"]


def test_a_neuron_adds_up():
    assert "sum\n1.00" in words(plots.draw_neuron())
    assert "× (−2)" in words(plots.draw_neuron([3], [-2], 0))
    with pytest.raises(ValueError):
        plots.draw_neuron([1, 2], [1], 0)


def test_a_network_has_a_line_for_each_weight():
    assert len(plots.draw_network((3, 4, 2)).lines) == 3 * 4 + 4 * 2
    for sizes in ((3,), (2, 0, 1), (2, 13)):
        with pytest.raises(ValueError, match="12"):
            plots.draw_network(sizes)


def test_a_convolution_gives_the_sums():
    ax = DRAWINGS["convolution"]()
    assert words(ax)[-1] == "1·7 + 1·8 + (−1)·12 + (−1)·13 = −10"
    assert words(ax).count("−10") == 16  # every place of this picture gives the same
    for place in ((4, 0), (0, 4), (-1, 0)):
        with pytest.raises(ValueError, match="does not fit"):
            plots.draw_convolution(PICTURE, EDGE, place)


def test_a_division_counts_the_people_on_both_sides():
    ax = plots.draw_division(people=4, each=6, seed=0)
    tested = [patch for patch in ax.patches if patch.get_hatch()]
    assert len(tested) == 2 * 6  # one person of four, as many recordings at random
    assert words(ax)[0].startswith("divided at random: 3 of 4 people")
    films = words(plots.draw_division(people=3, of=("film", "films", "none")))
    assert films[1] == "divided by film: none is" and "film 3" in films


def test_a_draw_of_people_takes_all_that_they_said():
    ax = plots.draw_drawn(people=4, each=6, seed=1)
    counts = [int(text) for text in words(ax) if text.isdigit()]
    rows = counts[:6], counts[24:30]
    assert sum(counts[:24]) == sum(counts[24:]) == 24
    assert len(set(rows[1])) == 1 < len(set(rows[0]))


def test_of_a_tested_person_half_is_asked():
    ax = plots.draw_known(4, people=2, each=20)
    grey = [p for p in ax.patches if not p.get_hatch() and to_rgb(p.get_facecolor()) != (1, 1, 1)]
    assert len(grey) == 20 + 4
    with pytest.raises(ValueError, match="of 10"):
        plots.draw_known(11, people=2, each=20)
