"""MELD: lines of a television series with the emotion in each (Poria et al. 2019).

Words as they are said in films, with times and speakers. The published parts are by dialogue: who
speaks in the test part mostly speaks in training as well, in the same episodes (``audit`` counts
it).
"""

import os
import re
from functools import partial
from pathlib import Path

import pandas as pd

from .. import config
from ..emotions import CODES, EMOTIONS
from ..errors import DataError
from .base import Dataset, Rejects, find_file, read_csv, usable_rows
from .catalog import CATALOG

CITATION = CATALOG["meld"].citation
LICENCE = CATALOG["meld"].licence
#: The published parts, and what we call them.
FILES = {
    "train_sent_emo.csv": "train",
    "dev_sent_emo.csv": "validation",
    "test_sent_emo.csv": "test",
}
COLUMNS = (
    "Utterance",
    "Speaker",
    "Emotion",
    "Dialogue_ID",
    "Utterance_ID",
    "Season",
    "Episode",
    "StartTime",
    "EndTime",
)
#: Stands between a line and the one before it.
BEFORE = " | "
_REMEDY = "take the published file again, or leave the row out"
_TIME = re.compile(r"(\d+):(\d\d):(\d\d)[,.](\d+)")


def load(
    root: str | os.PathLike | None = None, *, on_error: str = "raise", context: bool = False
) -> Dataset:
    """Read the three csv files under ``meld/``, in any depth.

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    on_error : ``"raise"``: the first row that cannot be used is an error. ``"report"``: it is left
        out and listed in ``rejects``.
    context : whether behind each text stands the line before it in its dialogue, after ``BEFORE``;
        the set is called ``meld-context`` then.

    Returns
    -------
    Dataset with ``text``, ``speaker``, ``dialogue``, ``utterance`` (its number in the dialogue),
    ``episode`` (s04e07) and ``t0``, ``t1`` (seconds in the episode); ``group`` is the dialogue.

    Raises
    ------
    DataError : a file is missing, no csv or lacks a column, or (``"raise"``) a row without text, an
        unknown emotion, a number or time that is none, a line that came before.
    """
    rejects = Rejects(on_error)
    folder = config.data_root(root) / "meld"
    rows = []
    for name, split in FILES.items():
        rows += _read(find_file(folder, name, "MELD"), split, rejects)
    if not rows:
        raise DataError(folder, "no row can be used", _REMEDY)
    table = pd.DataFrame(rows)
    name = "meld"
    if context:
        name = "meld-context"
        table["text"] = with_line_before(table)
    return Dataset(name, table, EMOTIONS, CITATION, LICENCE, rejects=rejects.table())


load_with_context = partial(load, context=True)


def with_line_before(table: pd.DataFrame) -> pd.Series:
    """Each text with the line before it in its dialogue behind it; a first line stays as it is.

    Behind, because a network that reads so many words reads the line itself first.
    """
    in_order = table.sort_values(["group", "utterance"])
    before = in_order.groupby("group")["text"].shift()
    before = before.reindex(table.index)
    joined = table["text"] + BEFORE + before
    return joined.where(before.notna(), table["text"])


def _read(path: Path, split: str, rejects: Rejects) -> list[dict]:
    """The rows of a file that can be used."""
    table = read_csv(path, COLUMNS, keep_default_na=False)
    lines = []
    for number, values in enumerate(table.to_dict("records"), 2):
        lines.append((f"{path}, row {number}", values))
    return usable_rows(lines, partial(_parse, split=split), rejects, _REMEDY)


def _parse(values: dict, split: str) -> dict:
    """A row of the csv in our words; ValueError where it is none."""
    text = str(values["Utterance"]).strip()
    if not text:
        raise ValueError("has no text")
    emotion = values["Emotion"]
    if emotion not in CODES["meld"]:
        raise ValueError(f"emotion {emotion!r} is none of {', '.join(CODES['meld'])}")
    label = CODES["meld"][emotion]
    dialogue = _number(values, "Dialogue_ID")
    utterance = _number(values, "Utterance_ID")
    season = _number(values, "Season")
    episode = _number(values, "Episode")
    return {
        "id": f"{split}-{dialogue}-{utterance}",
        "label": label,
        "y": EMOTIONS.index(label),
        "group": f"{split}-{dialogue}",
        "split": split,
        "text": text,
        "speaker": values["Speaker"],
        "dialogue": dialogue,
        "utterance": utterance,
        "episode": f"s{season:02}e{episode:02}",
        "t0": _seconds(values, "StartTime"),
        "t1": _seconds(values, "EndTime"),
    }


def _number(values: dict, column: str) -> int:
    if not str(values[column]).isdecimal():
        raise ValueError(f"{column} {values[column]!r} is no number")
    return int(values[column])


def _seconds(values: dict, column: str) -> float:
    match = _TIME.fullmatch(str(values[column]))
    if match is None:
        raise ValueError(f"{column} {values[column]!r} is no time such as 00:20:57,256")
    hours, minutes, seconds, fraction = match.groups()
    return 3600 * int(hours) + 60 * int(minutes) + int(seconds) + float(f"0.{fraction}")
