"""How well a network does on worse pictures and worse sound than it was tested on. Taught in notebooks/11_evaluation.

Each damage comes in strengths: faces darker, brighter, blurred, partly covered, tilted, squeezed by JPEG; voices in
noise, over a telephone, squeezed by MP3. `robustness` scores a trained network on test rows that went through each of
them, `table` gives what there is to draw. Rows, labels and drawn places are the same at every strength, so that two
strengths differ by nothing else.
"""

import io
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
from scipy import signal
from tqdm.auto import tqdm

from . import datasets, records, splits
from .errors import DataError, EmotutilsError
from .evaluation import compare, evaluate
from .networks import Network, load_network
from .preparation import window_features
from .speech import FRAME, SAMPLE_RATE, voice_activity

# --- faces: numbers (n, 48, 48, 1) in 0..255 → float32 of the same shape and range ------------------------------------


def brightness(x: np.ndarray, levels: float) -> np.ndarray:
    """Faces with so many grey levels added (below 0: darker). What would leave 0..255 is cut off, and lost."""
    return np.clip(x.astype(np.float32) + np.float32(levels), 0, 255)


def blur(x: np.ndarray, sigma: float) -> np.ndarray:
    """Faces out of focus: a Gaussian of ``sigma`` pixels (of 48), mirrored at the edges. 0 changes nothing."""
    return x.astype(np.float32) if sigma == 0 else _each(x, lambda face: cv2.GaussianBlur(face, (0, 0), sigma))


def occlusion(x: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Faces of which a mid-grey square (128) covers ``share`` (0..1, to the nearest whole side), at a place drawn."""
    out, side = x.astype(np.float32), round(x.shape[1] * np.sqrt(share))
    # Drawn as a part of the room there is: the same generator puts smaller and larger squares alike.
    places = (rng.random((len(x), 2)) * (x.shape[1] - side + 1)).astype(int)
    for face, (top, left) in zip(out, places, strict=True):
        face[top : top + side, left : left + side] = 128
    return out


def tilt(x: np.ndarray, degrees: float, rng: np.random.Generator) -> np.ndarray:
    """Faces turned by ``degrees`` about the middle, to the side that is drawn for each; corners repeat the edge."""
    middle = (x.shape[1] - 1) / 2

    def turned(face: np.ndarray) -> np.ndarray:
        matrix = cv2.getRotationMatrix2D((middle, middle), degrees * rng.choice((-1, 1)), 1)
        return cv2.warpAffine(face, matrix, face.shape, borderMode=cv2.BORDER_REPLICATE)

    return _each(x, turned)


def jpeg(x: np.ndarray, quality: int) -> np.ndarray:
    """Faces written as JPEG of ``quality`` 1..100 and read again (by OpenCV); grey levels become whole numbers."""

    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    files = [cv2.imencode(".jpg", face, options)[1] for face in np.rint(x).astype(np.uint8)]
    return np.stack([cv2.imdecode(file, cv2.IMREAD_GRAYSCALE) for file in files]).astype(np.float32)[..., None]


def _each(x: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """``change`` done to each face as float32 (48, 48); weights that do not quite add up to 1 may not leave 0..255."""
    return np.clip(np.stack([change(face) for face in x[..., 0].astype(np.float32)]), 0, 255)[..., None]


# --- voices: float32 (samples,) in −1..1 at sr Hz → the same length, nothing moved in time ---------------------------


def white_noise(x: np.ndarray, snr: float, sr: int, rng: np.random.Generator) -> np.ndarray:
    """A recording in white noise ``snr`` dB below the voice: as a float file, peaks may pass 1.

    The voice's level is its mean power where ``speech.voice_activity`` hears somebody, so that pauses and silence
    before and after do not count; of a recording without any voice it is that of the whole. Silence stays silence.
    """
    voiced = np.repeat(voice_activity(x, sr), round(FRAME * sr))[: len(x)]
    power = np.mean(np.square(x[voiced] if voiced.any() else x, dtype=np.float64))
    noise = rng.standard_normal(len(x))
    return (x + noise * np.sqrt(power / 10 ** (snr / 10) / np.mean(noise**2))).astype(np.float32)


def telephone(x: np.ndarray, high: float, sr: int) -> np.ndarray:
    """A recording as a telephone lets it through: 300 Hz to ``high`` (3400 on a good line), over 8000 samples a second.

    The edges are 6 dB down, the filter is symmetric and delays nothing. A line's own noise and coding are left out.
    """
    band = signal.firwin(401, [300, high], pass_zero=False, fs=8000)  # 50 ms
    heard = signal.fftconvolve(np.pad(signal.resample_poly(x, 8000, sr), 200), band, mode="valid")
    return signal.resample_poly(heard, sr, 8000)[: len(x)].astype(np.float32)


def mp3(x: np.ndarray, kbits: int, sr: int) -> np.ndarray:
    """A recording written as mono MP3 of ``kbits`` kbit/s (LAME, by PyAV) and read again.

    At 16 kHz there are 8, 16, 24, 32, 40, 48, 56, 64, 80 … 160 kbit/s; LAME takes the nearest. With few of them it
    leaves the top of the band out: what is above about 7.4 kHz at 64 and 32, 6.5 kHz at 24 and 16, 3.4 kHz at 8.
    The file says how many samples coder and decoder put in front, and the reader leaves them out: nothing moves.

    Raises
    ------
    EmotutilsError : PyAV without LAME; a rate of samples that MP3 does not have.
    """
    if "libmp3lame" not in av.codecs_available:
        raise EmotutilsError("this PyAV cannot write MP3 (no libmp3lame): install it with pip, or leave mp3 out")
    file = io.BytesIO()
    try:
        with av.open(file, "w", format="mp3") as written:
            stream = written.add_stream("libmp3lame", rate=sr, layout="mono")
            stream.bit_rate = kbits * 1000
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(x[None], np.float32), format="fltp", layout="mono")
            frame.sample_rate = sr
            written.mux([*stream.encode(frame), *stream.encode()])
        with av.open(io.BytesIO(file.getvalue())) as read:
            heard = np.concatenate([frame.to_ndarray()[0] for frame in read.decode(audio=0)])
    except (av.FFmpegError, ValueError) as error:
        raise EmotutilsError(f"no MP3 of {kbits} kbit/s from sound at {sr} Hz: {error}") from error
    return np.pad(heard, (0, max(0, len(x) - len(heard))))[: len(x)]


# --- what there is ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Damage:
    """One way to spoil faces or voices; call it on one batch of faces, or on one recording.

    Attributes
    ----------
    modality : ``"face"`` or ``"voice"``. function : see there. strengths : in ascending severity.
    axis : what the strength is, with its unit. untouched : the strength that changes nothing, ``None``: there is none.
    drawn : whether chance takes part.
    """

    modality: str
    function: Callable[..., np.ndarray]
    strengths: tuple[float, ...]
    axis: str
    untouched: float | None = None
    drawn: bool = False

    def __call__(self, x: np.ndarray, strength: float, *, seed: int | list[int] = 0, sr: int = SAMPLE_RATE):
        """Faces (n, 48, 48, 1) or a recording (samples,) at ``sr`` Hz, spoiled; the same for the same seed."""
        options = {"rng": np.random.default_rng(seed)} if self.drawn else {}
        return self.function(x, strength, **options, **({"sr": sr} if self.modality == "voice" else {}))


#: What `robustness` does, by name.
DAMAGES = {
    "darker": Damage("face", brightness, (-20, -40, -80, -120), "grey levels added", 0),
    "brighter": Damage("face", brightness, (20, 40, 80, 120), "grey levels added", 0),
    "blur": Damage("face", blur, (0.5, 1, 1.5, 2, 3), "Gaussian blur (σ in pixels of 48)", 0),
    "occlusion": Damage("face", occlusion, (0.05, 0.1, 0.2, 0.3, 0.5), "covered share of the face", 0, drawn=True),
    "tilt": Damage("face", tilt, (10, 20, 30, 45, 60, 90), "tilt to either side (degrees)", 0, drawn=True),
    "jpeg": Damage("face", jpeg, (50, 30, 20, 10, 5), "JPEG quality"),
    "noise": Damage("voice", white_noise, (30, 20, 10, 5, 0), "signal-to-noise ratio (dB)", drawn=True),
    "telephone": Damage("voice", telephone, (3400, 2500, 1700), "upper edge of the band from 300 Hz (Hz)"),
    "mp3": Damage("voice", mp3, (64, 32, 24, 16, 8), "MP3 (kbit/s at 16 kHz, mono)"),
}


def robustness(
    network: str | os.PathLike, data: str, split: str = "test", root=None, *, damages: Iterable[str] | None = None,
    rows: int | None = None, seed: int = 0, progress: bool = False,
) -> dict:  # fmt: skip
    """Score a trained network on rows it has not learned from, untouched and after each damage at each strength.

    Faces are spoiled as stored, already cropped: what a detector would do with the whole picture is not asked. Voices
    are spoiled before silence is trimmed and windows are cut, so that a network suffers with its voice activity.

    Parameters
    ----------
    network : a shipped network's name or the path of a ``.keras`` file.
    data, root : a data set's name and the data root, as in ``datasets.load``. A set that the network learned from is
        divided as it was then.
    damages : names in `DAMAGES`; by default all of the network's modality.
    rows : so many of the split's faces or recordings, drawn (``None``: all).
    seed : of the rows and of what the damages draw.
    progress : show a bar.

    Returns
    -------
    A record for `table`, `write` and JSON: network, data, split, ``n`` rows (faces, or recordings: the mean over a
    recording's windows is its answer), ``n_groups`` speakers by whom intervals are resampled (``None``: faces, or a
    single voice), labels, the ``untouched`` score, and under ``damages`` for each its ``axis`` and ``points``:
    ``strength``, ``accuracy`` and ``uar`` with their 95 % intervals, the ``drop`` of accuracy against untouched with
    its interval over pairs, the ``commonest`` answer with its share (a network
    that says one thing to everything has a share of 1) and the number of ``windows`` (voices).

    Raises
    ------
    EmotutilsError : an unknown damage, one of the other modality, a network that does not fit the set, or a set of
        which the network has learned other rows than this split leaves out.
    """
    began, judge = time.perf_counter(), load_network(network)
    known = [name for name, damage in DAMAGES.items() if damage.modality == judge.modality]
    names = known if damages is None else list(damages)
    if wrong := [name for name in names if name not in known]:
        raise EmotutilsError(f"no damage {wrong[0]!r} for {judge.modality}s: choose from {', '.join(known)}")
    dataset = unseen(judge, data, root)
    chosen = dataset.rows(split)
    if rows is not None and rows < len(chosen):
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, max(rows, 0), replace=False))
    if not len(chosen):
        raise DataError(f"{data} has no {split} rows, or none were asked for")
    lines = dataset.table.iloc[chosen]
    y = np.array([judge.labels.index(name) for name in lines["label"]])
    groups = lines["group"].to_numpy(str) if judge.modality == "voice" and lines["group"].nunique() > 1 else None
    material = dataset.faces(chosen) if judge.modality == "face" else dataset.voices(chosen, judge.features.sr)

    def score(damage: Damage | None = None, strength: float = 0) -> dict:
        proba, windows = _answers(judge, material, damage, strength, seed) if damage else untouched
        report, lost = evaluate(y, proba, judge.labels, groups), {}
        if damage:
            lost["drop"] = compare(y, untouched[0], proba, groups).accuracy.to_dict()
        said = report.confusion.sum(axis=0)
        commonest = {"label": judge.labels[said.argmax()], "share": round(float(said.max() / len(y)), 4)}
        counted = {"windows": windows} if judge.modality == "voice" else {}
        scores = {"accuracy": report.accuracy.to_dict(), "uar": report.uar.to_dict()}
        return {**scores, "commonest": commonest, **lost, **counted}

    untouched = _answers(judge, material, None, 0, seed)
    found = {name: {"axis": DAMAGES[name].axis, "untouched": DAMAGES[name].untouched, "points": []} for name in names}
    steps = [(name, strength) for name in names for strength in DAMAGES[name].strengths]
    for name, strength in tqdm(steps, unit="point", disable=not progress, dynamic_ncols=True):
        found[name]["points"].append({"strength": strength, **score(DAMAGES[name], strength)})
    facts = {"network": judge.name, "run": judge.card["run"], "modality": judge.modality, "data": data, "split": split,
             "n": len(y), "n_groups": None if groups is None else len(set(groups)), "labels": list(judge.labels),
             "seed": seed, "untouched": score(), "damages": found}  # fmt: skip
    return facts | {"wall_time_s": round(time.perf_counter() - began, 1), **records.surroundings()}


def write(record: dict, folder: Path | None = None) -> Path:
    """Put a record of `robustness` where records ship, or into ``folder``: ``robustness-<data>-<network>.json``."""
    return records.write_json(f"robustness-{record['data']}-{record['network']}", record, folder)


def table(record: dict, metric: str = "accuracy") -> pd.DataFrame:
    """What there is to draw of a record.

    Parameters
    ----------
    metric : ``"accuracy"`` or ``"uar"``.

    Returns
    -------
    DataFrame, one row a damage and strength in ascending severity: ``damage``, ``strength``, and ``value`` with its
    95 % interval ``low`` and ``high`` (0..1). Each damage begins with the untouched score; its strength is NaN where a
    damage knows no strength that changes nothing.
    """
    rows = []
    for name, found in record["damages"].items():
        begin = {"strength": found["untouched"], **record["untouched"]}
        rows += [{"damage": name, "strength": p["strength"], **p[metric]} for p in (begin, *found["points"])]
    return pd.DataFrame(rows, columns=["damage", "strength", "value", "low", "high"]).astype({"strength": float})


def unseen(judge: Network, data: str, root: str | os.PathLike | None = None) -> datasets.Dataset:
    """The set, divided so that its test rows are no rows that the network learned from.

    Raises
    ------
    DataError : a set of the other modality, or one that the network learned from, divided otherwise.
    """
    dataset, learned, protocol = datasets.load(data, root), judge.card["data"].split("+"), judge.card["protocol"]
    if dataset.modality != judge.modality:
        raise DataError(f"{judge.name} takes {judge.modality}s: {data} holds {dataset.modality}s")
    if missing := [name for name in dataset.labels if name not in judge.labels]:
        raise DataError(f"{judge.name} does not know all labels of {data}: {', '.join(missing)}")
    if data == judge.card["data"]:
        parts = splits.by_protocol(dataset.table, protocol, int(judge.card["run"].rpartition("-s")[2]))
        return replace(dataset, table=dataset.table.assign(split=parts))
    # Of sets learned together, the first alone keeps its own split (``datasets.merge``).
    if set(data.split("+")) & set(learned) and (data != learned[0] or protocol not in splits.OWN):
        raise DataError(f"{judge.name} learned from {data} divided otherwise: score it on {judge.card['data']}")
    return dataset


def _answers(judge: Network, material, damage: Damage | None, strength: float, seed: int) -> tuple[np.ndarray, int]:
    """Probabilities (rows, k) of spoiled faces or recordings, and how many inputs the network was given for them."""
    if judge.modality == "face":
        return judge.predict_proba(damage(material, strength, seed=seed) if damage else material), len(material)
    if damage:  # one seed a recording: no two get the same noise, and each gets its own at every strength
        sr = judge.features.sr
        material = [damage(sound, strength, seed=[seed, i], sr=sr) for i, sound in enumerate(material)]
    windows = [window_features(sound, judge.features) for sound in material]
    code = np.repeat(np.arange(len(windows)), [len(w) for w in windows])
    return records.by_recording(judge.predict_proba(np.concatenate(windows)), code), len(code)
