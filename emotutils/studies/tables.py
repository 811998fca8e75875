"""The tables of the README: the shipped networks, read from their cards, and the thesis's rows
beside ours.

Taught in notebooks/11_evaluation.
"""

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np
import pandas as pd

from .. import evaluation, search
from ..evaluation import Score
from ..networks import DEFAULTS, shipped_cards
from ..training import records
from ..training.recipes import recipe_for
from ..training.records import Record
from . import baseline, elsewhere, leakage, paired, people, takes, texts
from .fitting import METHODS

NOT_TRAINED = "Not trained yet: no network is shipped."
HEADER = (
    "network",
    "stream",
    "trained on",
    "protocol",
    "parameters",
    "accuracy",
    "UAR",
    "macro-F1",
)
METRICS = ("accuracy", "uar", "macro_f1")
#: The record of ``tests/benchmarks/analyze.py``.
SPEED = "bench-analyze"

#: Of which kinds of input the shipped networks are listed.
IN_RESULTS = ("face", "voice", "text")

#: What each protocol's name stands for; the names are those of the run records.
PROTOCOLS = {
    "official": (
        "the set's own split: trained on its training part, epoch chosen on its validation part "
        "(of FER2013: PublicTest), its test part (PrivateTest) scored once, one crop a face"
    ),
    "actors-16-4-4": (
        "RAVDESS speech by actor: trained on actors 1–16 (and on any second corpus named in the "
        "table), epoch chosen on 17–20 (a `thesis` network takes its last), scored once on 21–24, "
        "who were never heard before, in windows of 3 s"
    ),
}


@dataclass(frozen=True)
class Training:
    """What the runs of one training have in common, whatever their seed and length."""

    protocol: str
    data: str
    network: str
    variant: str

    def runs(self) -> list[Record]:
        """The records of all seeds; where none has its recipe's length, those of another."""
        found = records.find(**vars(self))
        whole = [record for record in found if record["options"]["epochs"] == _wanted(record)]
        return whole or found


@dataclass(frozen=True)
class ThesisRow:
    """A configuration of the thesis beside ours.

    Attributes
    ----------
    figure : of the thesis, with digits, or its words for the accuracy.
    same : our training by its protocol.
    best : our best on a split that keeps people or the official test part apart.
    """

    configuration: str
    figure: str
    same: Training
    best: Training


def _logged(network: str) -> Training:
    """A network of the thesis on FER2013, divided as its logs say."""
    return Training("thesis-fer2013-logs", "fer2013", network, "thesis")


def _official(network: str) -> Training:
    """Our training of a network on FER2013's own split."""
    return Training("official", "fer2013", network, "best")


THESIS = (
    ThesisRow("Conv2D, FER2013", "5.6", _logged("conv2d"), _official("conv2d")),
    ThesisRow("ResNet50, FER2013", "5.2", _logged("resnet50"), _official("resnet50")),
    ThesisRow("VGG16, FER2013", "80 % (no digits)", _logged("vgg16"), _official("vgg16")),
    ThesisRow(
        "Conv1D, RAVDESS + TESS",
        "5.7",
        Training("thesis-audio-third", "ravdess+ravdess-song+tess", "conv1d", "thesis"),
        Training("folds-5", "ravdess", "crnn", "best"),
    ),
)


@dataclass(frozen=True)
class SearchRow:
    """A recorded search: what was searched, and the thesis's figure of the same search."""

    what: str
    figure: str | None = None


#: By the name of their record.
SEARCHES = {
    "search-epochs-and-batch-fer2013-conv2d": SearchRow("epochs and batch", "4.2"),
    "search-activation-fer2013-conv2d": SearchRow("activation", "4.3"),
    "search-optimizer-fer2013-conv2d": SearchRow("optimizer", "4.4"),
    "search-random-fer2013-conv2d": SearchRow("random"),
    "search-halving-fer2013-conv2d": SearchRow("halving"),
}

#: What the rows of the fusion table are called.
METHOD_NAMES = {
    "face": "face alone (`conv2d`)",
    "voice": "voice alone (`crnn`)",
    "weighted": "weighted mean",
    "product": "product of experts (default)",
    "stacking": "stacking (logistic regression)",
    "joint": "one network (`joint`)",
}

#: Likewise in the table of real pairs.
REAL_NAMES = {"face": "face alone (action units)"}

#: Runs that are shown in detail, and what their rows are called.
FACES = tuple(
    _official(network) for network in ("conv2d", "efficientnet_lite0", "vgg16", "resnet50")
)
VOICES = {
    "`crnn`": Training("folds-5", "ravdess", "crnn", "best"),
    "`conv1d`, our training": Training("folds-5", "ravdess", "conv1d", "best"),
    "`conv1d`, the thesis's training": Training("folds-5", "ravdess", "conv1d", "thesis"),
}
ACTIONS = {
    "five folds by actor, all 24": Training("folds-5", "ravdess-units", "actions", "best"),
    "actors 21–24": Training("actors-16-4-4", "ravdess-units", "actions", "best"),
}
TESS = Training("folds-2", "tess", "crnn", "best")


def thesis_table() -> str:
    """The thesis's test accuracies, our runs of the same protocol, and our best, in Markdown, as
    the README shows them.

    Figures come from ``data/runs``; a run that is not there is "not run yet". Voices are counted by
    recording.
    """
    quoted = records.read("quoted-thesis")["figures"]
    rows = []
    for row in THESIS:
        accuracy = row.figure
        if row.figure in quoted:
            accuracy = f"{100 * quoted[row.figure]['test']['accuracy']:.1f} %"
        rows.append((row.configuration, accuracy, _accuracy(row.same), _accuracy(row.best)))
    note = (
        "Accuracy. In brackets: 95 % intervals, or the lowest and highest of several seeds. The "
        "thesis divides at random: its test part has twins and known voices in training. Our "
        "best on faces is the official PrivateTest; on voices it is `crnn` on RAVDESS, five "
        "folds by actor."
    )
    runs = [run for row in THESIS for part in (row.same, row.best) for run in part.runs()]
    if any(is_cut_short(run) for run in runs):
        note += (
            " Runs of fewer epochs than their recipe's were cut short, as there was no graphics "
            "card, and do not judge their networks; `data/queue.toml` lists the whole ones."
        )
    note += _short_numbers()
    return _markdown(
        ("configuration", "thesis", "its protocol, run by us", "our best, honestly divided"),
        rows,
        note,
    )


def _short_numbers() -> str:
    """Which of those runs computed with 16-bit numbers, and what is known of that."""
    where = []
    for row in THESIS:
        for training, column in ((row.same, "its protocol"), (row.best, "our best")):
            precisions = {run.get("precision", "float32") for run in training.runs()}
            if precisions - {"float32"}:
                where.append(f"{row.configuration} ({column})")
    if not where:
        return ""
    found = records.read("precision-fer2013-vgg16")
    scores = {name: sorted(run["accuracy"] for run in runs) for name, runs in found["runs"].items()}
    full, short = (f"{100 * s[0]:.1f}–{100 * s[-1]:.1f} %" for s in scores.values())
    return (
        f" Trained with 16-bit numbers, which is faster: {'; '.join(where)}. In a short training "
        f"of `{found['network']}`, {len(found['seeds'])} seeds each, {short} were right with "
        f"these, {full} with 32 bits."
    )


def faces_table() -> str:
    """Our runs on FER2013's PrivateTest: one crop, with the mirror image, by other rows and by
    other labels.
    """
    rows = []
    for training in FACES:
        for record in training.runs():
            test = record["test"]
            rows.append(
                (
                    f"{record['network']}{_cut_short(record)}",
                    _score(test["accuracy"]),
                    _score(test["flip"]["accuracy"]),
                    _score(test["without_duplicates"]["accuracy"]),
                    _score(test["ferplus"]["accuracy"]),
                    _score(test["macro_f1"]),
                )
            )
    note = (
        "Accuracy on PrivateTest: one crop a face; the mean of its answer and its mirror "
        "image's; only the pictures that no training row has, pixel by pixel; against what six "
        "of ten people said (FER+), not FER2013's label. `efficientnet_lite0` began with weights "
        "from ImageNet, the others at random."
    )
    head = (
        "network",
        "one crop",
        "with mirror image",
        "without duplicates",
        "FER+ majority",
        "macro-F1, one crop",
    )
    return _markdown(head, rows, note)


def voices_table() -> str:
    """Networks and floors on RAVDESS, five folds by actor; the network across TESS's two women."""
    floors = records.read("folds-5-ravdess-floors")
    rows = []
    for name, training in VOICES.items():
        if tests := [record["test"] for record in training.runs()]:
            rows.append((name, *_by_seed(tests)))
    for name, method in floors["methods"].items():
        rows.append((f"{name} on 40 MFCCs", "", _score(method["uar"])))
    rows += _features_rows()
    for seeds in zip(*(record["folds"] for record in TESS.runs()), strict=True):
        split = seeds[0]["split"]
        (trained,) = split["train"]["groups"]
        (tested,) = split["test"]["groups"]
        women = f"the {_woman(trained)} woman heard, the {_woman(tested)} tested"
        rows.append((f"`crnn` on TESS: {women}", *_by_seed([fold["test"] for fold in seeds])))
    note = (
        "UAR. RAVDESS speech, eight labels: five networks, each tested on the actors that it "
        "never heard, 24 in all; intervals by bootstrap over actors. TESS has seven labels; its "
        "intervals are over one woman's recordings. Where a network was trained several times, "
        "the interval is the first seed's, and behind it stands the range of all. How the layers "
        "and the recipe of `crnn` were found, and on which actors, is not recorded. By speaker: "
        "scaled by the mean and deviation of all of the speaker's recordings, also where the "
        "speaker is tested; they are balanced over the labels, so this is a leak of a kind. "
        "+ crnn: the plain mean of both probabilities. Whisper learned to write down speech and "
        "is not trained on here."
    )
    return _markdown(("five folds by actor", "windows of 3 s", "whole recordings"), rows, note)


def _features_rows() -> list[tuple[str, str, str]]:
    """Features that others designed or learned, with logistic regression."""
    record = records.read("folds-5-ravdess-features")
    if record is None:
        return []
    rows = []
    for name, method in record["methods"].items():
        if name != "crnn":
            rows.append((f"logistic regression: {name}", "", _score(method["uar"])))
    return rows


def actions_table() -> str:
    """The network ``actions`` on the action units of RAVDESS's films."""
    rows = []
    for name, training in ACTIONS.items():
        if tests := [record["test"] for record in training.runs()]:
            by_film, _ = _by_seed(tests)
            rows.append((name, str(tests[0]["n"]), by_film))
    note = (
        "UAR of `actions` on RAVDESS's speech films, eight labels: 35 action units each, means "
        "over the film's frames (OpenFace's static models), no picture. Actors 21–24 are those of "
        "the network that ships; four actors are few, and the interval over them is wide and "
        "uncertain. The interval is the first seed's, resampled by actor; behind it stands the "
        "range of all."
    )
    return _markdown(("tested on", "films", "UAR"), rows, note)


def texts_table() -> str:
    """The network ``textcnn`` and its floors on GoEmotions and MELD, and from one to the other."""
    rows = []
    for source, tested in texts.WAYS:
        for name, tests in texts.tests_of(source, tested).items():
            rows.append((name, source, tested, *_of_text(tests)))
    head = ("method", "trained on", "tested on", "rows", "accuracy", "UAR", "macro-F1")
    return _markdown(head, rows, " ".join(_about_texts()))


def _of_text(tests: Sequence[dict]) -> list[str]:
    """Rows, accuracy, UAR and macro-F1 of the first seed; of UAR also the range of all."""
    if not tests:
        return ["", "not run yet", "", ""]
    first = tests[0]
    uar = _score(first["uar"])
    values = sorted(100 * test["uar"]["value"] for test in tests)
    if len(values) > 1:
        uar += f"; {values[0]:.1f}–{values[-1]:.1f} over {len(values)} seeds"
    return [f"{first['n']:,}", _score(first["accuracy"]), uar, _score(first["macro_f1"])]


def _about_texts() -> list[str]:
    """What must be known of the table of texts."""
    notes = [
        "Sentences with one of our seven labels (GoEmotions: its 28 grouped as its authors do; "
        "sentences with labels of several of the seven are left out). Epochs are chosen on the "
        "sets' own validation parts, the test parts are scored once. `majority`: always the most "
        "frequent label; `words`: logistic regression on counts of words and pairs of words "
        "(TF-IDF), every label weighing the same; `words and letters`: also of runs of three to "
        "five letters. `textcnn` learned from nothing but these training parts. `meld-context`: "
        "behind each line stands the one before it, as one text: no method here can tell whose "
        "words are whose, and none gains by it. Intervals by bootstrap, for MELD over dialogues; "
        "the first seed's, behind it the range of all."
    ]
    facts = records.read("data-meld")
    if facts:
        known = {row["kind"]: row for row in facts["audit"] if row["parts"] == "train–test"}
        speakers = known["same speaker"]
        notes.append(
            f"MELD's test part is no part of strangers: of its {facts['splits']['test']:,} lines "
            f"{speakers['rows']:,} are said by {speakers['things']} people who speak in training "
            f"too, {known['same episode']['rows']:,} in an episode that is there too, and "
            f"{known['same text']['rows']:,} are there word for word."
        )
    record = records.read(texts.TRUST_RECORD)
    if record:
        notes.append(_about_trust(record))
    record = records.read(texts.RAVDESS_RECORD)
    if record:
        notes.append(_about_two_sentences(record))
    return notes


def _about_trust(record: Record) -> str:
    """By what the rule ``"weighted"`` counts the words."""
    shares = [f"{label} {100 * f1:.0f}" for label, f1 in record["f1"].items()]
    return (
        f"Where words are fused by the weighted mean, each label weighs its F1 on the "
        f"{record['validation']['n']:,} lines of MELD's validation part, of our sets the one "
        f"nearest to films ({record['network']}, trained on GoEmotions), in %: "
        f"{', '.join(shares)}."
    )


def _about_two_sentences(record: Record) -> str:
    """That words gain nothing where all say the same."""
    gains = []
    for rule, found in record["rules"].items():
        gains.append(f"{rule} {_points(found['gain'])}")
    return (
        "RAVDESS's actors say two sentences with every emotion, so words must gain nothing there. "
        "Out of fold on 24 actors (face: action units, voice: `crnn`), accuracy with the words "
        f"less accuracy without, in points: {', '.join(gains)}; the words alone name "
        f"{_score(record['alone']['accuracy'])}, which is the share of neutral and calm."
    )


def _woman(speaker: str) -> str:
    """``older`` or ``younger``, of TESS's ``tess-older`` and ``tess-younger``."""
    return speaker.removeprefix("tess-")


def searches_table() -> str:
    """The recorded hyperparameter searches: the winner here and in the thesis, and how many
    differences are real.
    """
    quoted = records.read("quoted-thesis")["figures"]
    rows = []
    for name, row in SEARCHES.items():
        found = records.read(name)
        if found is None:
            continue
        table = search.table(found)
        pairs = search.compare(found)
        best = table["mean"].idxmax()
        # Few folds reach far: beyond 0 and 1.
        score = Score(*table.loc[best, ["mean", "low", "high"]].clip(0, 1))
        in_the_thesis = ""
        if row.figure:
            accuracy, setting = max(quoted[row.figure]["scores"])
            parameters = ast.literal_eval(f"{{{setting}}}")
            in_the_thesis = f"{search.name_of(parameters)}: {100 * accuracy:.1f} %"
        rows.append(
            (
                f"{found['network']}: {row.what}",
                f"{found['used']:,} of {found['of']:,}, {len(found['rows'])} folds",
                f"{search.name_of(found['points'][best]['parameters'])}: {score}",
                in_the_thesis,
                f"{pairs['real'].sum()} of {len(pairs)}",
            )
        )
    note = (
        "Accuracy by cross-validation on FER2013's Training part. The thesis searched on all "
        "28,709 faces with one seed; ours on a share of them, so its figures are lower. "
        "Intervals and tests allow for training rows that folds share (Nadeau and Bengio 2003), "
        "and for the number of pairs (Holm). Halving's points have unlike numbers of epochs. Of "
        "ResNet50 no search is made here: notebook 06 reads the thesis's."
    )
    return _markdown(
        ("search", "faces", "best here", "best in the thesis", "pairs that really differ"),
        rows,
        note,
    )


def leaks_table() -> str:
    """What each leak is worth: the same network, leaking and honestly divided, and the difference
    between the two.
    """
    rows = []
    for one in leakage.gaps().itertuples():
        rows.append((one.leak, str(one.leaking), str(one.honest), str(one.gap)))
    note = (
        "Accuracy, mean over the seeds; small networks, taken for the difference, not for the "
        "score. Differences are paired, with 95 % intervals by bootstrap over speakers or "
        "pictures. Notebook 12 tells them one by one."
    )
    return _markdown(("what leaks", "leaking", "honestly divided", "difference"), rows, note)


def film_table() -> str:
    """What films do to faces, and what that costs the default face network: on PublicTest, by which
    networks are chosen, and on PrivateTest, scored once.
    """
    network = DEFAULTS["face"]
    found = {}
    for part, split in (("PublicTest", "validation"), ("PrivateTest", "test")):
        record = records.read(f"film-{split}-fer2013-{network}")
        if record is not None:
            found[part] = record
    if not found:
        return "Faces as films show them: not run yet."
    damages = next(iter(found.values()))["damages"]
    rows = [("untouched", "", *[_percent(record["untouched"]) for record in found.values()])]
    for name, damage in damages.items():
        strengths = " / ".join(f"{point['strength']:g}" for point in damage["points"])
        cells = []
        for record in found.values():
            points = record["damages"][name]["points"]
            cells.append(" / ".join(_percent(point) for point in points))
        rows.append((name, f"{damage['axis']}: {strengths}", *cells))
    half = max(_half_width(record) for record in found.values())
    note = (
        f"Accuracy of `{network}` in %; each 95 % interval is within ± {half:.1f} points. The last "
        "row does all at once, drawn for each face with one seed; its ranges are assumed, not "
        f"measured on films. Half of the faces that `{network}` learned from were changed in much "
        "the same ways (size, place, contrast, blur, JPEG), so hardly one of these faults is new "
        "to it. All of this is done to FER2013's posed web pictures: how the face of a "
        "speaking person differs from a posed one is not in it."
    )
    return _markdown(("what happens to the face", "how much", *found), rows, note)


def framing_table() -> str:
    """How tightly a face is cut out, and what that costs the default face network."""
    record = records.read(f"framing-fer2013-{DEFAULTS['face']}")
    if record is None:
        return "Margins: not run yet."
    rows = []
    gains = []
    for name, found in record["conditions"].items():
        cells = [_percent(one) for one in found["one"]]
        first = found["several"][0]
        gain = Score(**first["gain"])
        cells.append(_percent(first))
        gains.append(f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}")
        rows.append((f"{name} ({found['found']} faces)", *cells))
    margins = [f"{one['margin']:g}" for one in found["one"]]
    several = ", ".join(f"{margin:g}" for margin in first["margins"])
    note = (
        "Accuracy in % over the margin of the crop, in sides of the detected box: of "
        f"{record['n']} PublicTest faces set into larger pictures, those that the detector found. "
        f"`analyze` cuts with {record['default']:g}. "
        f"The mean answer over {several} against that one alone: "
        f"{', '.join(gains)} points (95 %, row by row): where both ends are above 0 it gains "
        "a little, for three times the network's work. `analyze` takes one crop."
    )
    return _markdown(("face", *margins, f"mean of {several}"), rows, note)


def speech_table() -> str:
    """What each detector of speech misses, and what it takes for speech."""
    record = records.read("speech-detection")
    if record is None:
        return "Detectors of speech: not run yet."
    detectors = list(record["clean"])
    rows = [("clean", *_shares([record["clean"]], "missed", "false"))]
    for name, found in record["mixed"].items():
        conditions = [one["detectors"] for one in found]
        rows.append((f"with {name}", *_shares(conditions, "missed", "false")))
    for name, found in record["alone"].items():
        rows.append((f"only {name}", *_shares([found], "false")))
    first = next(iter(record["mixed"].values()))
    strengths = " / ".join(str(one["snr"]) for one in first)
    clips = sum(record["clips"].values())
    spoken = record["clean"]["Silero"]["missed"]["of"]
    note = (
        f"Windows of 3 s in %: *missed* of those with speech, then *false*, taken for speech, of "
        f"those without any. {clips} recordings (RAVDESS without actors 21–24, and TESS), each in "
        f"a longer sound: {spoken} windows with speech in each condition; behind the voice sounds "
        f"made by formula, {strengths} dB below it, or alone; last, two pieces of recorded music. "
        "Where speech is, the clean clip's energy says. Each detector has its own defaults; "
        f"nothing was tuned. {_about_costs(record)} Silero's decides which windows `analyze` "
        "answers: it takes no music for speech. Ours misses less where there is no music and "
        "little noise."
    )
    return _markdown(("sound", *detectors), rows, note)


def _shares(conditions: Sequence[dict], *errors: str) -> list[str]:
    """A cell for each detector: its errors in each condition, in %."""
    cells = []
    for detector in conditions[0]:
        parts = []
        for error in errors:
            shares = [100 * one[detector][error]["value"] for one in conditions]
            parts.append(f"{error} " + " / ".join(f"{share:.0f}" for share in shares))
        cells.append("; ".join(parts))
    return cells


def _about_costs(record: Record) -> str:
    spent = []
    for name, cost in record["costs"].items():
        spent.append(f"{name} {cost['ms']:.1f}")
    megabytes = record["costs"]["Silero"]["mb"]
    return (
        f"Processor time for a second of sound, much of it without speech, in ms: "
        f"{', '.join(spent)}. Silero's package takes {megabytes:.0f} MB and asks for no other."
    )


def hearing_table() -> str:
    """How many words each recogniser of speech gets wrong, and what Whisper makes up."""
    record = records.read("hearing")
    if record is None:
        return "Speech to text: not run yet."
    rows = []
    for data, found in record["sets"].items():
        measurements = {name: one for name, one in found.items() if isinstance(one, dict)}
        for name, measured in measurements.items():
            row = (data, name, str(found["clips"]), _error_rate(measured["error_rate"]))
            rows.append((*row, f"{measured['cpu_s_per_s']:.2f}"))
    made_up = []
    for name, counts in record["invented"].items():
        made_up.append(f"{name} {counts['ungated']} and {counts['gated']}")
    note = (
        "Word error rate: words that are wrong, missing or too many, for each word said; in "
        "brackets a 95 % interval by bootstrap over speakers, none for two. The sentences are "
        "known: two of RAVDESS, and TESS's *Say the word …*, whose last word no context helps to "
        "guess. Processor time in s for a second of sound; Whisper takes 30 s at once, so short "
        "clips cost more. Nothing was tuned. Words that Whisper "
        f"makes up in {record['alone_s']:g} s without speech, without the gate of voice activity "
        f"and with it: {', '.join(made_up)}."
    )
    header = ("clips of", "recogniser", "clips", "word error rate", "processor time")
    return _markdown(header, rows, note)


def _error_rate(rate: dict) -> str:
    found = f"{100 * rate['value']:.1f} %"
    if rate["low"] is None:
        return found
    return f"{found} ({100 * rate['low']:.1f}–{100 * rate['high']:.1f})"


def activity_table() -> str:
    """How a voice network answers when Silero's detector takes the place of ours."""
    record = records.read("speech-activity-ravdess-crnn")
    if record is None:
        return "Where speech is heard, and what the voice network makes of it: not run yet."
    rows = []
    for condition, found in record["conditions"].items():
        for way, one in found["ways"].items():
            uar = f"{100 * one['uar']['value']:.1f} %"
            error = f"{one['ece']:.3f}"
            answered = f"{one['answered']} of {record['n']}"
            rows.append((condition, way, answered, str(one["windows"]), uar, error))
    note = (
        f"`crnn`, trained with `voice_activity`, on {record['n']} recordings of RAVDESS's "
        f"validation actors, asked as `analyze` asks: UAR by recording, of those that are answered "
        "in all four ways; calibration error (ECE) of all windows answered. The *gate* says which "
        "windows are answered, the *activity* where they are trimmed and how far the voice stands "
        f"above the background. {len(record['speakers'])} actors: differences of a few points mean "
        "nothing. Taken is the third way, which changes no answer to a window that both hear as "
        "voiced and is at least as good as the others but for music: with music behind the voice "
        "the fourth answers far better, because nothing else trims the music away. Whether it "
        "replaces the third is decided when the networks are trained again."
    )
    head = ("sound", "who decides", "recordings answered", "windows", "UAR", "ECE")
    return _markdown(head, rows, note)


def identity_table() -> str:
    """How often the looks of faces put two people together, or one person apart."""
    record = records.read("identity")
    if record is None:
        return "Looks: not run yet."
    rows = []
    stand_ins = {
        "details": (record["people"], "FER2013 pictures as people"),
        "colours": (record["drawn"], "drawn people"),
    }
    for name, (counts, what) in stand_ins.items():
        for split, part in (("validation", "chosen on"), ("test", "reported on")):
            found = record[name][split]
            merges = f"{100 * found['false_merges']:.2f} % of {found['pairs_of_two']:,}"
            splits = f"{100 * found['false_splits']:.1f} % of {found['pairs_of_one']:,}"
            rows.append((f"{name}, {part} {counts[split]} {what}", merges, splits))
    pictured = record["films"]["fer2013"]
    drawn = record["films"]["drawn"]
    note = (
        "Pairs of shots. No set here shows real people several times with their names: one FER2013 "
        "picture stands for a person, moved, lit, blurred and made smaller from shot to shot, its "
        "expression always the same; drawn people act, but all have one head, and many share skin "
        "and hair. So this says what the measure is worth on such stand-ins, not on people. "
        f"Put together, in {pictured['films']} made-up films of {pictured['cast']} people with "
        f"{record['shots']} shots each: with pictures as people two of them share a number in "
        f"{100 * pictured['two_in_one']:.1f} % of the films, and {100 * pictured['whole']:.1f} % "
        f"of the people have one number; with drawn people {100 * drawn['two_in_one']:.1f} % and "
        f"{100 * drawn['whole']:.1f} %. `analyze` goes by both measures, never puts two faces of "
        "one picture together, and inside a shot goes by place and size as well."
    )
    head = ("limit", "two people taken for one", "one person taken for two")
    return _markdown(head, rows, note)


def _percent(point: dict) -> str:
    return f"{100 * point['accuracy']['value']:.1f}"


def _half_width(record: Record) -> float:
    """Half of the widest interval of a record's accuracies, in points."""
    widths = []
    for damage in record["damages"].values():
        for point in damage["points"]:
            accuracy = point["accuracy"]
            widths.append(accuracy["high"] - accuracy["low"])
    return 50 * max(widths)


def real_pairs_table(short: bool = False) -> str:
    """Face and voice of the same take, rule by rule, under each treatment of a person.

    Parameters
    ----------
    short : the rows and columns of the README.
    """
    record = records.read(takes.NAME)
    if record is None:
        return "Real pairs: not run yet."
    treatments = list(takes.TREATMENTS)
    methods = list(METHODS)
    if short:
        treatments = ["raw", "own 2", "z"]
        methods = ["face", "voice", "weighted", "product"]
    found = record["found"]
    rows = []
    for method in methods:
        cells = [_over_classifiers(found["scores"][name], method) for name in treatments]
        rows.append((REAL_NAMES.get(method, METHOD_NAMES.get(method, method)), *cells))
    if not short:
        rows += _of_network(found["scores"])
    nested = [found["nested"][name] for name in treatments]
    rows.append(
        (
            "**classifier and rule chosen on other actors**",
            *(f"**{_score(one['accuracy'])}**" for one in nested),
        )
    )
    rows.append(("its gain over the voice alone", *(_points(one["over_voice"]) for one in nested)))
    head = ("the same take", *(takes.TREATMENTS[name] for name in treatments))
    note = _about_real_pairs(record, short)
    return _markdown(head, rows, note)


def _of_network(scores: dict) -> list[tuple]:
    """The network's own rows: its face alone, and the product with the voice."""
    names = {"face": "of these faces, the network", "product": "of these products, the network's"}
    rows = []
    for method, name in names.items():
        cells = []
        for treatment in takes.TREATMENTS:
            one = scores[treatment][takes.NETWORK]
            cells.append(_score(one[method]["accuracy"]))
        rows.append((f"{name} (`{takes.NETWORK}`)", *cells))
    return rows


def _over_classifiers(scores: dict, method: str) -> str:
    """The voice has one score; whatever the face takes part in, one for each of its classifiers."""
    if method == "voice":
        return _score(next(iter(scores.values()))["voice"]["accuracy"])
    values = [100 * found[method]["accuracy"]["value"] for found in scores.values()]
    return f"{min(values):.1f}–{max(values):.1f} %"


def _about_real_pairs(record: Record, short: bool) -> str:
    found = record["found"]
    raw = list(found["scores"]["raw"])
    picks = Counter(
        pick for one in found["nested"].values() for _, pick in map(tuple, one["picked"])
    )
    words = (
        f"Accuracy over the seven labels on {record['takes']:,} takes of RAVDESS's "
        f"{record['actors']} actors, five folds by actor: the face is 35 action units of the film "
        "(OpenFace), the voice `crnn` on the recording. Intervals by bootstrap over actors; "
        f"without one, the lowest and highest of the classifiers ({', '.join(raw)}). "
        "A baseline is a few films in which the "
        "person is known to be neutral; "
        "these are not scored. Z-norming has seen all films of a person, each label equally often: "
        "**a leak of a kind**, no promise. Temperatures, weights, prior and stacking come from the "
        "other folds' actors; the networks behind those answers knew the actors tested."
    )
    if short:
        return (
            f"{words} [All rules](docs/results.md), [how it was done](notebooks/13_fusion.ipynb)."
        )
    rule, n = picks.most_common(1)[0]
    folds = sum(picks.values())
    chosen = f"Of {folds} choices, one a fold and column, {n} fell on {rule}."
    return f"{words} {chosen} {_flattery(record)}"


def _flattery(record: Record) -> str:
    """How much pairs that are made up of the same answers flatter."""
    name, crossing = next(iter(record["found"]["crossing"].items()))
    cells = []
    for rule in ("weighted", "product"):
        cells.append(f"{rule} {_points(crossing[rule]['difference'])}")
    wrong = crossing[takes.BOTH_WRONG]
    return (
        f"The same answers put together anew within a label (`{name}`, voices of other actors, "
        f"{crossing['weighted']['pairs'][1]:,} pairs) score higher by points: {', '.join(cells)}. "
        f"On one take both streams are wrong in {_score(wrong['real'])}, in such made-up pairs in "
        f"{_score(wrong['crossed'])}."
    )


def fusion_table() -> str:
    """Every fusion rule on made-up pairs: of all actors, and of four clean, with a stream missing,
    and with one degraded.
    """
    outcome = paired.read()
    if outcome is None:
        return "Fusion: not run yet."
    columns = {
        paired.ALL_ACTORS: "all 24 actors",
        "frame by frame": "four actors: one frame, one window",
        "clean": "whole clips",
        "no face": "no face",
        "no voice": "no voice",
        "blurred face": "blurred face",
        "noisy voice": "voice in noise",
    }
    found = outcome.table()[list(columns)]
    rows = [(METHOD_NAMES.get(method, method), *found.loc[method]) for method in found.index]
    facts = outcome.facts
    gain = outcome.gain(paired.ALL_ACTORS, "product", "voice")
    over = outcome.gain(paired.ALL_ACTORS, "product", "weighted")
    n = len(outcome.answers(paired.ALL_ACTORS, "face")) // len(facts["seeds"])
    noticed = outcome.contradictions().loc["product"]
    note = (
        f"Accuracy over the seven labels on `{facts['data']}`: FER2013's PrivateTest faces, "
        "without twins, beside voices of the same label; made-up pairs, which may flatter (above). "
        f"First column: all 24 actors, each heard by a network that had not "
        f"learned from them, {n:,} "
        f"pairs in each of {len(facts['seeds'])} draws; the product is {gain} over the voice "
        f"alone, {over} over the weighted mean. The others: actors 21–24. Intervals by bootstrap "
        "over actors and pictures, which are crossed; four actors make rough "
        "ones. The face has less "
        "here than on all of PrivateTest: its twins are out, and RAVDESS has each label equally "
        f"often, FER2013 many happy faces. Blur: σ = {facts['blur']:g} of 48 "
        f"pixels; noise: {facts['noise']:g} dB below the voice. `conv2d` learned from blurred "
        "faces too, `crnn` from no noisy voice. `joint` has the face trunk of an earlier, smaller "
        "`conv2d`, which blur hurt far more: its row and the others differ by more than by the "
        "way of joining. Where the two labels differ, "
        f"{100 * noticed['apart']:.0f} % of the pairs "
        f"are called a disagreement, of pairs of one label {100 * noticed['apart_alike']:.0f} %."
    )
    return _markdown(("face and voice", *columns.values()), rows, note)


def people_table() -> str:
    """What people choose from voice, face and both, and what our rules make of their votes."""
    found = records.read(people.NAME)
    if found is None:
        return "People: not run yet."
    names = {name: f"people: {name} alone" for name in ("voice", "face")}
    names["both"] = "people: both"
    gains = found["gains"]
    rows = []
    for source, score in found["scores"].items():
        rows.append(
            (
                names.get(source, f"rule: {METHOD_NAMES.get(source, source)}"),
                _score(score["accuracy"]),
                f"{100 * score['ties']:.1f} %",
                f"{100 * score['least']:.1f}–{100 * score['most']:.1f} %",
                _points(gains.get(f"{source} over face")),
                _points(gains.get(f"both over {source}")),
            )
        )
    head = (
        "who",
        "accuracy",
        "ties",
        "ties wrong–right",
        "over the face",
        "people with both over it",
    )
    return _markdown(head, rows, _about_people(found))


def _about_people(found: Record) -> str:
    smoothed = pd.DataFrame(found["smoothings"]).set_index("added")
    swing = (smoothed.max() - smoothed.min()).max()
    apart = found["apart"]
    return (
        f"Accuracy over six labels (no surprise) on {found['clips']:,} clips of CREMA-D, against "
        f"what the {found['actors']} actors were asked for; intervals by bootstrap over the "
        "actors. Labels that share the first place share it equally; the fourth column counts "
        "ties all wrong and all right. The rules see the shares of the votes, "
        f"{found['smoothing']:g} added to each count, which was fixed beforehand; with 0 to 2 in "
        f"its place no rule moves by more than {100 * swing:.1f} points. The weights are fitted "
        f"on the actors of the other {found['folds'] - 1} of {found['folds']} folds. Where the "
        f"majorities of face and voice differ ({apart['clips']:,} clips), people with both follow "
        f"the face in {_score(apart['face'])}, the voice in {_score(apart['voice'])}, neither in "
        f"{_score(apart['neither'])}."
    )


def elsewhere_table() -> str:
    """Networks on sets that they never learned from, made by other people in another place."""
    rows = []
    for row in elsewhere.rows():
        cells = ["", "not run yet", ""]
        if "uar" in row:
            size = f"{row['n']:,} of {row['n_groups']} people"
            cells = [size, str(row["uar"]), str(row["home"])]
        rows.append((f"`{row['network']}`", row["learned"], row["data"], *cells))
    note = (
        "UAR over the labels that the set has and the network knows; any other answer is wrong, "
        "and `calm` counts as neutral. All rows of a set are asked, of voices whole recordings; "
        "intervals by bootstrap over people, none for two. The last column: the same labels, on "
        "people held out of the network's own set (voices: RAVDESS in folds by actor, or TESS's "
        "other woman). `conv1d (thesis)`: the thesis's network on averaged MFCCs, mean of three "
        "seeds. EMO-DB (German voices) and CK+ (faces in a laboratory) were not at hand: "
        "`emotutils evaluate NAME --data SET --split all` asks them where they are."
    )
    head = ("network", "trained on", "tested on", "rows", "UAR there", "UAR at home")
    return _markdown(head, rows, note)


def _points(score: dict | None) -> str:
    """A difference of two shares, in points; empty where there is none."""
    if score is None:
        return ""
    value, low, high = (100 * score[key] for key in ("value", "low", "high"))
    return f"{value:+.1f} ({low:.1f} to {high:.1f})"


def baseline_table() -> str:
    """What a baseline of the person changes: named, named wrongly, and taken as the median."""
    found = records.read(baseline.NAME)
    if found is None:
        return "A baseline of the person: not run yet."
    rows = []
    for row in found["named"]:
        films = f"{row['takes']} neutral"
        if not row["true"]:
            films = f"{row['takes']} sad, named neutral"
        rows.append((row["stream"], f"named: {films}", *_before_and_after(row)))
    for row in found["auto"]:
        share = "a balanced film"
        if row["share"] is not None:
            share = f"{100 * row['share']:.3g} % of one emotion"
        rows.append((row["stream"], f"auto: {share}", *_before_and_after(row)))
    head = ("stream", "baseline", "neutral", "six others", "UAR gains")
    return _markdown(head, rows, _about_baselines(found))


def _about_baselines(found: Record) -> str:
    two = [_points(rows[1]["uar"]["gain"]) for rows in found["seeds"]["face"]]
    return (
        "Recall over the seven labels, of neutral (with calm) and on average of the six others, "
        "without → with the baseline; then what the mean over all seven (UAR) gains, with its "
        f"95 % interval by bootstrap over the 24 actors. Real pairs, RAVDESS's {found['n']:,} "
        "performances, out of fold: the face is `actions` (action units, means over each film), "
        "the voice `crnn`. *Named*: 1, 2 or 4 performances of the actor are the baseline and are "
        "not among the rows compared; with the seeds of the face's training, two of them gain "
        f"{', '.join(two)}. *Auto*: films put together from {found['film']} performances of one "
        "actor, one emotion in such a share and the rest neutral or calm, relative to their own "
        "median. What it shows: a named baseline gains this face a few points, mostly by finding "
        "neutral again, and not with every seed beyond doubt; the voice was not found to gain; a "
        "stretch that is wrongly named costs much; the median raises UAR in no mix, and a film of "
        "one emotion throughout becomes neutral. Film means say nothing of moments within a film; "
        "other networks may gain more or less."
    )


def speed_table(short: bool = False) -> str:
    """How fast films are analysed, beside the package ``fer`` on the same films.

    Parameters
    ----------
    short : the longest film of 640×480 alone, as the README shows it.
    """
    found = records.read(SPEED)
    if found is None:
        return "How fast films are analysed: not run yet."
    rows = {}
    for row in found["rows"]:
        rows.setdefault((row["film"], row["size"], row["fps"]), {})[row["contender"]] = row
    if short:
        longest = max(film for film, size, _ in rows if size == "640×480")
        rows = {key: row for key, row in rows.items() if key[:2] == (longest, "640×480")}
    lines = [_speed_row(*key, by_contender) for key, by_contender in rows.items()]
    head = ("film", "frames/s", "first answer", "face and voice", "face alone", "`fer`, face alone")
    head = (*head, "face alone, times `fer`", "memory")
    return _markdown(head, lines, _about_speed(found))


def _speed_row(film: int, size: str, fps: int, rows: dict[str, dict]) -> list[str]:
    whole = rows["emotutils"]
    face = rows["emotutils, face alone"]
    fer = rows.get("fer")
    cells = [
        f"{film} s, {size}",
        str(fps),
        f"{np.median(whole['stages']['first']):.1f} s",
        _pace(film, whole),
        _pace(film, face),
    ]
    if fer is None:
        cells += ["–", "–"]
    else:
        ratios = np.divide(fer["seconds"], face["seconds"])
        times = f"{np.median(ratios):.1f}"
        if len(ratios) > 1:
            times += f" ({min(ratios):.1f}–{max(ratios):.1f})"
        cells += [_pace(film, fer), times]
    return [*cells, f"{np.median(whole['memory']):.0f} MB"]


def _pace(film: int, row: dict) -> str:
    """Seconds of a whole process, and how many times faster than the film plays."""
    seconds = float(np.median(row["seconds"]))
    return f"{seconds:.1f} s ({film / seconds:.1f}×)"


def _about_speed(found: Record) -> str:
    peer = ""
    if found["fer"]:
        peer = (
            f" `fer` {found['fer']['fer']} as fast as it can be asked (no film or picture written)"
        )
        peer += ", at the same sampling; it knows no voice."
    return (
        "Whole processes, from their start to their end, everything written; in brackets times "
        f"real time. Median of {found['repeats']} runs that took turns (films longer than "
        f"{found['once_beyond']} s: one run); {found['hardware']}, no "
        f"graphics card, load {found['load'][0]} before and {found['load'][1]} after.{peer} The "
        "film is the bundled one, repeated: drawn, so that only the work is compared, not what is "
        "found. Memory: the peak of the process with face and voice."
    )


def _before_and_after(row: dict) -> tuple[str, str, str]:
    cells = []
    for name in ("neutral", "others"):
        cell = "–"
        if name in row:
            before = row[name]["before"]["value"]
            after = row[name]["after"]["value"]
            cell = f"{100 * before:.1f} → {100 * after:.1f}"
        cells.append(cell)
    gain = "–"
    if "uar" in row:
        gain = _points(row["uar"]["gain"])
    return cells[0], cells[1], gain


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]], note: str) -> str:
    lines = []
    for row in (head, ["---"] * len(head), *rows):
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n\n" + note


def _wanted(record: Record) -> int:
    """How many epochs a run's recipe asks for."""
    return recipe_for(record["network"], record["recipe"]).epochs


def is_cut_short(record: Record) -> bool:
    """Whether a run had fewer epochs than its recipe asks for."""
    return record["options"]["epochs"] < _wanted(record)


def _cut_short(record: Record) -> str:
    if not is_cut_short(record):
        return ""
    return f", {record['options']['epochs']} of {_wanted(record)} epochs"


def _by_seed(tests: Sequence[dict]) -> list[str]:
    """UAR by window and by recording: the first seed's with its interval, and the range of all
    seeds.
    """
    cells = []
    for scores in ([t["uar"] for t in tests], [t["clips"]["uar"] for t in tests]):
        values = sorted(100 * score["value"] for score in scores)
        cell = _score(scores[0])
        if len(values) > 1:
            cell += f"; {values[0]:.1f}–{values[-1]:.1f} over {len(values)} seeds"
        cells.append(cell)
    return cells


def _score(score: dict) -> str:
    return str(Score(**score))


def _accuracy(training: Training) -> str:
    runs = training.runs()
    if not runs:
        return "not run yet"
    scores = [Score(**run["test"].get("clips", run["test"])["accuracy"]) for run in runs]
    if len(scores) < 2:
        return f"{scores[0]}{_cut_short(runs[0])}"
    values = [100 * s.value for s in scores]
    return f"{mean(values):.1f} % ({min(values):.1f}–{max(values):.1f}, {len(values)} seeds)"


def readme() -> str:
    """The shipped networks, the thesis beside our figures, fusion on real pairs, speed: what the
    README shows.
    """
    found = (results_table(), thesis_table(), real_pairs_table(short=True), speed_table(short=True))
    return "\n\n".join(found)


def results() -> str:
    """Every table with a heading: what docs/results.md and ``emotutils networks --all`` show."""
    sections = {
        "The shipped networks": results_table,
        "The thesis and this course": thesis_table,
        "Faces": faces_table,
        "Faces as films show them": film_table,
        "Faces cut out with other margins": framing_table,
        "Who is who in a film": identity_table,
        "Voices": voices_table,
        "Who hears that somebody speaks": speech_table,
        "Speech heard by another detector": activity_table,
        "Speech to text": hearing_table,
        "Trained here, tested there": elsewhere_table,
        "Action units": actions_table,
        "Words": texts_table,
        "Face and voice of the same take": real_pairs_table,
        "Face and voice, made-up pairs": fusion_table,
        "What people choose": people_table,
        "A baseline of the person": baseline_table,
        "How fast": speed_table,
        "What leaks, and how much": leaks_table,
        "Hyperparameter searches": searches_table,
    }
    return "\n\n".join(f"## {heading}\n\n{table()}" for heading, table in sections.items())


def results_table(cards: Sequence[dict] | None = None) -> str:
    """The shipped networks and their test scores, in Markdown, as the README shows them.

    Parameters
    ----------
    cards : cards as ``networks.shipped_cards`` gives them (the default: those shipped).

    Returns
    -------
    A table with one row a network, each score with its 95 % interval, and below it a line for each
    protocol that occurs; or one sentence where no network is shipped.
    """
    if cards is None:
        cards = shipped_cards(IN_RESULTS)
    if not cards:
        return NOT_TRAINED
    rows = [_row(card) for card in cards]
    return _markdown(HEADER, rows, "\n\n".join(_notes(cards)))


def _row(card: dict) -> list[str]:
    scores = [_score(card["test"][metric]) for metric in METRICS]
    return [
        f"{card['name']} ({card['variant']})",
        card["modality"],
        card["data"],
        card["protocol"],
        f"{card['parameters']:,}",
        *scores,
    ]


def _notes(cards: Sequence[dict]) -> list[str]:
    """What the protocols mean, how many rows were scored, and how the intervals were made."""
    notes = []
    for protocol in dict.fromkeys(card["protocol"] for card in cards):
        meaning = PROTOCOLS.get(protocol, "see the run records in data/runs")
        sizes = [_size(card) for card in cards if card["protocol"] == protocol]
        notes.append(f"`{protocol}`: {meaning} ({' or '.join(dict.fromkeys(sizes))}).")
    notes.append(
        "UAR is the mean of the labels' recalls. In brackets: 95 % intervals, Wilson's or by "
        "bootstrap over rows for faces and texts, by bootstrap over speakers for voices (four "
        "speakers make a rough interval)."
    )
    for card in cards:
        notes += _other_seeds(card)
        notes += _without_twins(card)
    *others, last = [f"`{name}` ({stream})" for stream, name in DEFAULTS.items()]
    used = f"{', '.join(others)} and {last}"
    notes.append(
        f"`emotutils analyze` uses {used} unless told otherwise: the best of each kind on "
        "validation rows."
    )
    return notes


def _other_seeds(card: dict) -> list[str]:
    """How far the same training scores with other seeds, where it was run again."""
    run = records.read(card["run"])
    if run is None:
        return []
    same = ("protocol", "data", "network", "variant", "options")
    others = records.find(**{key: run[key] for key in same})
    values = sorted(100 * record["test"]["uar"]["value"] for record in others)
    if len(values) < 2:
        return []
    return [
        f"`{card['name']}` in {len(values)} seeds: UAR {values[0]:.1f}–{values[-1]:.1f} %; the "
        "first ships."
    ]


def _without_twins(card: dict) -> list[str]:
    """The accuracy on the test rows that nothing in training shows again, where the set was audited
    and has others.
    """
    facts = records.read(f"data-{card['data']}")
    run = records.read(card["run"])
    if facts is None or run is None:
        return []
    answers = run.answers("test")
    twin = np.isin(answers.id, facts["twins"])
    if not twin.any():
        return []
    others = answers.take(~twin)
    accuracy = evaluation.score(others.y, others.proba, others.labels).accuracy
    thing = "text" if card["modality"] == "text" else "picture"
    return [
        f"{twin.sum():,} test rows of `{card['name']}` have a twin in training, the same {thing} "
        f"or nearly (`emotutils data audit {card['data']}`); its accuracy on the others is "
        f"{accuracy}."
    ]


def _size(card: dict) -> str:
    """As ``3,589 rows, 7 labels``, with the speakers where rows are not independent."""
    test = card["test"]
    speakers = ""
    if test["n_groups"] and card["modality"] != "text":
        speakers = f" of {test['n_groups']} speakers"
    return f"{test['n']:,} rows{speakers}, {len(card['labels'])} labels"
