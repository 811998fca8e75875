"""The tables of the README: the shipped networks, read from their cards, and the thesis's rows beside ours.

Taught in notebooks/11_evaluation.
"""

import json
from collections.abc import Sequence
from statistics import mean

import numpy as np

from . import config
from .evaluation import Score, evaluate
from .networks import DEFAULTS, shipped_cards

NOT_TRAINED = "Not trained yet: no network is shipped."
HEADER = ("network", "stream", "trained on", "protocol", "parameters", "accuracy", "UAR", "macro-F1")
METRICS = ("accuracy", "uar", "macro_f1")

#: What each protocol's name stands for; the names are those of the run records.
PROTOCOLS = {
    "official": "FER2013's own split: trained on Training, epoch chosen on PublicTest, PrivateTest scored once, "
    "one crop a face",
    "actors-16-4-4": "RAVDESS speech by actor: trained on actors 1–16 (and on any second corpus named in the table), "
    "epoch chosen on 17–20 (a `thesis` network takes its last), scored once on 21–24, who were never heard before, in "
    "windows of 3 s",
}


#: The thesis's rows: its configuration, its test accuracy (a figure with digits, or its words), the names of our run of
#: its protocol and of our best on a split that keeps people or the official test part apart.
THESIS = (
    ("Conv2D, FER2013", "5.6", "thesis-fer2013-logs-fer2013-conv2d-thesis", "official-fer2013-conv2d-best"),
    ("ResNet50, FER2013", "5.2", "thesis-fer2013-logs-fer2013-resnet50-thesis", "official-fer2013-resnet50-best"),
    ("VGG16, FER2013", "80 % (no digits)", "thesis-fer2013-logs-fer2013-vgg16-thesis", "official-fer2013-vgg16-best"),
    (
        "Conv1D, RAVDESS + TESS",
        "5.7",
        "thesis-audio-third-ravdess+ravdess-song+tess-conv1d-thesis",
        "actors-16-4-4-ravdess-crnn-best",
    ),
)


def thesis_table() -> str:
    """The thesis's test accuracies, our runs of the same protocol, and our best, in Markdown, as the README shows them.

    Figures come from ``data/runs``; a run that is not there is "not run yet". Voices are counted by recording.
    """
    quoted = json.loads((config.shipped_root() / "runs" / "quoted-thesis.json").read_text(encoding="utf-8"))["figures"]
    lines = ["| configuration | thesis | its protocol, run by us | our best, honestly divided |", "| --- " * 4 + "|"]
    for configuration, figure, same, best in THESIS:
        said = f"{100 * quoted[figure]['test']['accuracy']:.1f} %" if figure in quoted else figure
        lines.append(f"| {configuration} | {said} | {_accuracy(same)} | {_accuracy(best)} |")
    note = (
        "Accuracy. In brackets: 95 % intervals, or the lowest and highest of several seeds. The thesis divides at "
        "random: its test part has twins and known voices in training. Our best voice network is `crnn`, on RAVDESS."
    )
    return "\n".join(lines) + "\n\n" + note


def _accuracy(run: str) -> str:
    records = [json.loads(p.read_text("utf-8")) for p in (config.shipped_root() / "runs").glob(f"{run}-s*.json")]
    scores = [Score(**r["test"].get("clips", r["test"])["accuracy"]) for r in records]
    if len(scores) < 2:
        return str(scores[0]) if scores else "not run yet"
    values = [100 * s.value for s in scores]
    return f"{mean(values):.1f} % ({min(values):.1f}–{max(values):.1f}, {len(values)} seeds)"


def results_table(cards: Sequence[dict] | None = None) -> str:
    """The shipped networks and their test scores, in Markdown, as the README shows them.

    Parameters
    ----------
    cards : cards as ``networks.shipped_cards`` gives them (the default: those shipped).

    Returns
    -------
    A table with one row a network, each score with its 95 % interval, and below it a line for each protocol that
    occurs; or one sentence where no network is shipped.
    """
    cards = shipped_cards() if cards is None else cards
    if not cards:
        return NOT_TRAINED
    rows = [_row(card) for card in cards]
    lines = ["| " + " | ".join(row) + " |" for row in (HEADER, ["---"] * 4 + ["---:"] * 4, *rows)]
    return "\n".join(lines) + "\n\n" + "\n\n".join(_notes(cards))


def _row(card: dict) -> list[str]:
    scores = [str(Score(**card["test"][metric])) for metric in METRICS]
    name = f"{card['name']} ({card['variant']})"
    return [name, card["modality"], card["data"], card["protocol"], f"{card['parameters']:,}", *scores]


def _notes(cards: Sequence[dict]) -> list[str]:
    """What the protocols mean, how many rows were scored, and how the intervals were made."""
    notes = []
    for protocol in dict.fromkeys(card["protocol"] for card in cards):
        meaning = PROTOCOLS.get(protocol, "see the run records in data/runs")
        sizes = " or ".join(dict.fromkeys(_size(card) for card in cards if card["protocol"] == protocol))
        notes.append(f"`{protocol}`: {meaning} ({sizes}).")
    notes.append(
        "UAR is the mean of the labels' recalls. In brackets: 95 % intervals, Wilson's or by bootstrap over rows for "
        "faces, by bootstrap over speakers for voices (four speakers make a rough interval)."
    )
    notes += [note for card in cards for note in _without_twins(card)]
    used = " and ".join(f"`{name}` ({stream})" for stream, name in DEFAULTS.items())
    notes.append(f"`emotutils analyze` uses {used} unless told otherwise.")
    return notes


def _without_twins(card: dict) -> list[str]:
    """The accuracy on the test rows that nothing in training shows again, where the set was audited and has others."""
    runs = config.shipped_root() / "runs"
    facts, answers = runs / f"data-{card['data']}.json", runs / f"{card['run']}.npz"
    if not (facts.is_file() and answers.is_file()):
        return []
    with np.load(answers, allow_pickle=False) as a:
        twin = np.isin(a["test_id"], json.loads(facts.read_text("utf-8"))["twins"])
        y, proba = a["test_y"][~twin], a["test_proba"][~twin].astype(float)
    if not twin.any():
        return []
    accuracy = evaluate(y, proba, card["labels"]).accuracy
    return [
        f"{twin.sum():,} test rows of `{card['name']}` have a twin in training, the same picture or nearly "
        f"(`emotutils data audit {card['data']}`); its accuracy on the others is {accuracy}."
    ]


def _size(card: dict) -> str:
    """As ``3,589 rows, 7 labels``, with the speakers where rows are not independent of each other."""
    people = f" of {card['test']['n_groups']} speakers" if card["test"]["n_groups"] else ""
    return f"{card['test']['n']:,} rows{people}, {len(card['labels'])} labels"
