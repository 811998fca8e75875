"""The searches that were run on the real sets and recorded. Taught in
notebooks/06_hyperparameter_search.

The thesis searches on all 28,709 training faces, once. Two processor cores are given a stated share
of them here, and every point several folds, so that its mean has an interval.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from .. import datasets
from ..datasets import splits
from ..errors import SearchError
from ..networks import kind_of
from ..search import (
    halving_search,
    random_search,
    record,
    search_activation,
    search_epochs_and_batch,
    search_optimizer,
)
from ..training.recipes import recipe_for


@dataclass(frozen=True)
class Study:
    """A search on training rows of a data set.

    Attributes
    ----------
    search : one of this package's searches. network, data : what it searches, and on which set.
    options : for the search.
    rows : so many of the set's training rows, drawn by label (``None``: all). folds, repeats : of
        cross-validation, by ``splits.cross_validation``: twins and speakers stay on one side.
    """

    search: Callable
    network: str = "conv2d"
    data: str = "fer2013"
    rows: int | None = None
    folds: int = 3
    repeats: int = 1
    options: dict = field(default_factory=dict)


_FACES = Study(search_epochs_and_batch, rows=10_000)
_FEWER = replace(_FACES, rows=2400)
#: The recorded studies, by the name of their record in ``data/runs``.
STUDIES = {
    "search-epochs-and-batch-fer2013-conv2d": _FACES,
    # Ten epochs are too few for a softmax: it knows then how common each label is, and no more.
    "search-activation-fer2013-conv2d": replace(
        _FACES, search=search_activation, options={"epochs": 30}
    ),
    "search-optimizer-fer2013-conv2d": replace(_FACES, search=search_optimizer, repeats=2),
    # The same number of epochs each: 9 points of 9 epochs, or 27 of 1, 9 of 3 and 3 of 9.
    "search-random-fer2013-conv2d": replace(
        _FEWER, search=random_search, options={"n_iter": 9, "epochs": 9}
    ),
    "search-halving-fer2013-conv2d": replace(_FEWER, search=halving_search),
}


def study(which: str | Study, *, root=None, seed: int = 0, **options) -> dict:
    """Run a study on its data set and give its record.

    Parameters
    ----------
    which : a name in `STUDIES`, or a ``Study`` of your own.
    root : data root. seed : of the rows drawn, the folds and the networks.
    **options : for the search, on top of the study's: ``memory``, ``n_jobs``, ``progress`` …

    Raises
    ------
    SearchError : an unknown name; as the search.
    """
    if isinstance(which, str) and which not in STUDIES:
        raise SearchError(f"no study {which!r}: known are {', '.join(STUDIES)}")
    plan = STUDIES[which] if isinstance(which, str) else which
    dataset = datasets.load(plan.data, root)
    known = datasets.part(
        dataset, "train", kind_of(plan.network), recipe_for(plan.network, "best").features
    )
    chosen = np.arange(len(known))
    if plan.rows and plan.rows < len(chosen):
        chosen, _ = train_test_split(
            chosen, train_size=plan.rows, stratify=known.y, random_state=seed
        )
        chosen.sort()
    table = pd.DataFrame(
        {"id": chosen.astype(str), "label": known.y[chosen], "group": known.group[chosen]}
    )
    found = plan.search(
        known.x[chosen],
        known.y[chosen],
        network=plan.network,
        cv=splits.cross_validation(table, plan.folds, plan.repeats, seed=seed),
        refit=False,
        random_state=seed,
        **(plan.options | options),
    )
    return record(
        found,
        seed=seed,
        data=plan.data,
        of=len(known),
        used=len(chosen),
        folds=plan.folds,
        repeats=plan.repeats,
    )
