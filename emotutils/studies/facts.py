"""What there is to know of a set before anything is learned from it."""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from ..datasets import Dataset, audit, duplicate_groups
from ..datasets.fer2013 import soft_labels
from ..datasets.openface import UNITS
from ..emotions import EMOTIONS
from ..training import records


def describe(dataset: Dataset) -> dict:
    """Count a set and audit its own split; with FER+ votes, say how often they agree with its
    labels.

    All pictures, recordings, action units or texts are compared with each other.

    Returns
    -------
    ``data``, ``rows``, ``groups``, ``splits`` and ``labels`` (rows of each), ``audit`` (rows of
    ``audit``), ``copies`` (ids that are one picture or recording, or nearly: a list for each
    such cluster; for pictures and texts only how many there are), ``twins`` (ids of test rows in
    one cluster with a row of train), ``rejects`` (how many), ``ferplus`` (`agreement`), ``source``
    of a set that has several and ``version``.
    """
    table = dataset.table
    found, cluster = _compared(dataset)
    copies = [ids for ids in table.groupby(cluster)["id"].agg(list) if len(ids) > 1]
    twins = (table["split"] == "test") & cluster.isin(cluster[table["split"] == "train"])
    facts = {
        "data": dataset.name,
        "rows": len(table),
        "groups": int(table["group"].nunique()),
        "splits": table["split"].value_counts().to_dict(),
        "labels": table["label"].value_counts().reindex(_in_order(dataset), fill_value=0).to_dict(),
        "audit": json.loads(
            found.drop(columns="examples").round(4).to_json(orient="records", force_ascii=False)
        ),
        "copies": len(copies) if dataset.modality in ("face", "text") else copies,
        "twins": table.loc[twins, "id"].tolist(),
        "rejects": len(dataset.rejects),
        "version": version("emotutils"),
    }
    if dataset.source:
        facts["source"] = dataset.source
    if "ferplus_label" in table:
        facts["ferplus"] = agreement(table)
    return facts


def agreement(table: pd.DataFrame) -> dict:
    """What ten people said of FER2013's pictures, beside the set's own labels: counts alone.

    Parameters
    ----------
    table : of FER2013 with FER+'s votes.

    Returns
    -------
    ``clear``, rows of which at least six of ten chose one of the seven words; ``agree``, the share
    of these whose label is that word; ``counts``, these rows by label (row) and word (column) in
    the order of ``EMOTIONS``; ``voted``, rows with any vote for one of the seven; of these
    ``unanimous``, all for one word, and ``divided``, no word with more than half.
    """
    clear = table[table["ferplus_label"] != ""]
    agree = float((clear["ferplus_label"] == clear["label"]).mean())
    counts = pd.crosstab(clear["label"], clear["ferplus_label"])
    counts = counts.reindex(index=EMOTIONS, columns=EMOTIONS, fill_value=0)
    largest = soft_labels(table).max(axis=1)
    return {
        "clear": len(clear),
        "agree": round(agree, 4),
        "counts": counts.to_numpy().tolist(),
        "voted": int(np.isfinite(largest).sum()),
        "unanimous": int((largest == 1).sum()),
        "divided": int((largest <= 0.5).sum()),
    }


def _compared(dataset: Dataset) -> tuple[pd.DataFrame, pd.Series]:
    """What ``audit`` finds, and for each row the number of its cluster of copies."""
    table = dataset.table
    if dataset.modality == "units":
        return audit(table), table.groupby(list(UNITS)).ngroup()
    if dataset.modality == "face":
        items = {"faces": dataset.faces()}
    elif dataset.modality == "text":
        items = {"texts": dataset.texts()}
    else:
        items = {"voices": dataset.voices()}
    cluster = duplicate_groups(**items)
    return audit(table, **items), pd.Series(cluster, index=table.index)


def _in_order(dataset: Dataset) -> list[str]:
    return [label for label in dataset.labels if (dataset.table["label"] == label).any()]


def publish(facts: dict) -> Path:
    """Put a set's facts where they ship, as the record ``data-NAME``, for notebooks to read."""
    return records.write(f"data-{facts['data']}", facts, publish=True)
