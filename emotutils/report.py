"""What an `Analysis` writes: tables, JSON, a picture, a page that opens offline, and the film with boxes drawn in.

The words are chosen with care: a network says what a face looks like and a voice sounds like to the people who
labelled its training data, not what anybody feels. Taught in notebooks/13_fusion and notebooks/15_responsible_use.
"""

import json
import math
import os
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

import cv2
import jinja2
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from tqdm.auto import tqdm

from . import media, plots
from .analysis import Analysis
from .emotions import EMOTIONS
from .errors import EmotutilsError
from .evaluation import Score
from .files import replacing
from .filmwriter import FilmWriter
from .plots import COLORS, LANES, clock

SCHEMA, SCHEMA_VERSION = "emotutils.analysis", 1

#: Moments shown in the page; a longer film is thinned to this many (the CSV keeps them all).
SHOWN = 600

LABELS_NOTE = (
    "The face networks learned from pictures that people had sorted into seven words, the voice networks from actors "
    "told to sound a certain way. A result therefore says which word such people would most likely have chosen for "
    "this face or this voice. It does not say what anybody feels, and it is wrong more often for faces, languages and "
    "recordings unlike those it learned from."
)
LAW_NOTE = (
    "In the European Union the AI Act (Regulation (EU) 2024/1689) forbids inferring people's emotions at work and in "
    "education, with exceptions for medical and safety reasons (Article 5(1)(f)), and sets duties for other uses; this "
    "sentence is no legal advice."
)


def save(
    analysis: Analysis, directory: str | os.PathLike, *, annotate: bool = False, film: str | os.PathLike | None = None
) -> dict[str, Path]:
    """Write everything an analysis found into a folder (made if need be) and give the paths by file name.

    ``frames.csv``, ``speech.csv``, ``timeline.csv``, ``result.json``, ``timeline.png``, ``report.html``, and
    ``annotated.mp4`` if wanted. Each file is there whole or not at all.

    Parameters
    ----------
    annotate : also decode the film once more and write it with boxes, words and its sound.
    film : where the film lies now, if it was moved since; for ``annotate``.

    Raises
    ------
    EmotutilsError : the folder cannot be written to; ``annotate`` for a recording without picture (the other files
        are written before).
    """
    directory = Path(directory)
    tables = {f"{name}.csv": getattr(analysis, name) for name in ("frames", "speech", "timeline")}
    texts = {name: table.round(5).to_csv(index=False) for name, table in tables.items()}
    texts["result.json"] = json.dumps(result(analysis), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    texts["report.html"] = page(analysis)
    paths = {name: directory / name for name in [*texts, "timeline.png"]}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with replacing(paths[name]) as temporary:
                temporary.write_text(text, encoding="utf-8")
        # Not through pyplot: saving must not touch the figures of a notebook.
        figure = Figure(figsize=(7, 6.2), layout="constrained")
        plots.plot_timeline(analysis, ax=figure.subplots())
        with replacing(paths["timeline.png"]) as temporary:
            figure.savefig(temporary, dpi=100)
    except OSError as error:
        raise EmotutilsError(f"{directory}: cannot be written ({error.strerror}); choose another folder") from error
    if annotate:
        paths["annotated.mp4"] = _annotate(analysis, Path(film or analysis.info.path), directory / "annotated.mp4")
    return paths


# --- result.json ---------------------------------------------------------------------------------------------------


def result(analysis: Analysis) -> dict:
    """The content of ``result.json``: plain values only, ``None`` where there is no number."""
    info = analysis.info
    picture = {"width": info.width, "height": info.height, "fps": info.fps, "codec": info.video_codec}
    sound = {"sample_rate": info.sample_rate, "codec": info.audio_codec}
    return _plain(
        {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "emotutils": version("emotutils"),
            "file": {
                "name": info.path.name,
                "size": info.size,
                "duration": info.duration,
                "container": info.container,
                "picture": picture | {"rotation": info.rotation} if info.has_video else None,
                "sound": sound if info.has_audio else None,
            },
            "networks": analysis.networks,
            "settings": analysis.settings,
            "summary": analysis.summary,
            "warnings": analysis.warnings,
        }
    )


def _plain(value):
    """Numpy scalars, paths and tuples as JSON knows them; NaN and infinity become ``None``."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return None if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)) else value


# --- words ---------------------------------------------------------------------------------------------------------


def summary_text(analysis: Analysis) -> str:
    """The summary for a terminal: the film, the three lanes, where they disagree, and what was used."""
    summary, info = analysis.summary, analysis.info
    lines = [f"{info.path.name}  ({'; '.join(_facts(analysis))})", "", verdict(analysis), ""]
    for name, (_, title) in LANES.items():
        lines.append(f"  {title:22} {_top(_film(summary, name)['probabilities']) or '–'}")
    lines.append("")
    if summary["agreement"] is not None:
        stretches = [f"{_stretch(d)} {d['face']} / {d['voice']}" for d in summary["disagreements"]]
        lines.append(f"  agreement of face and voice: {summary['agreement']:.2f} of 1")
        lines.append(f"  disagreement (face / voice): {', '.join(stretches) or 'none'}")
    times = sorted(((s, e) for e, s in summary["seconds"].items() if s), reverse=True)
    lines += [f"  seconds: {', '.join(f'{e} {s:.1f}' for s, e in times) or 'none with an answer'}", ""]
    for stream, card in analysis.networks.items():
        scores = ", ".join(f"{k} {v}" for k, v in _scores(card)) or "no test score on its card"
        lines.append(f"  {stream} network: {card['name']} ({card['data']}); test: {scores}")
        lines.append(f"      licence: {card['licence']}")
    lines += [f"  warning: {warning}" for warning in analysis.warnings]
    return "\n".join(lines)


def verdict(analysis: Analysis) -> str:
    """One careful sentence about the whole film."""
    parts, clear = [], False
    for name, verb in (("face", "looks"), ("voice", "sounds")):
        film = analysis.summary[name]
        if film["label"]:
            mostly = film["probabilities"][film["label"]] >= analysis.settings.get("unsure_below", 0)
            parts.append(f"the {name} {verb} {'mostly' if mostly else 'most'} like {film['label']}")
            clear |= mostly
    if not parts:
        return "There was no face and no voice to go by."
    if len(parts) == 2:
        parts[-1] += f"; both together: {analysis.summary['label']}"
    sentence = ("" if clear else "no word stands out: ") + ", ".join(parts) + "."
    return sentence[0].upper() + sentence[1:]


def _film(summary: dict, name: str) -> dict:
    return summary if name == "both" else summary[name]


def _facts(analysis: Analysis) -> list[str]:
    summary, info = analysis.summary, analysis.info
    face, voice = summary["face"], summary["voice"]
    facts = [f"{clock(info.duration)} long"]
    if face["frames"]:
        facts.append(f"{face['frames']} frames sampled, a face in {100 * face['found']:.0f} %")
    if voice["windows"]:
        facts.append(f"{voice['windows']} windows of sound, speech in {100 * voice['voiced']:.0f} %")
    return facts


def _top(probabilities: dict | None, n: int = 3) -> str:
    ordered = sorted((probabilities or {}).items(), key=lambda item: -item[1])[:n]
    return "   ".join(f"{emotion} {p:.2f}" for emotion, p in ordered)


def _stretch(disagreement: dict) -> str:
    return f"{clock(disagreement['t0'])}–{clock(disagreement['t1'])}"


def _scores(card: dict) -> list[tuple[str, Score]]:
    test, names = card.get("test") or {}, {"accuracy": "accuracy", "uar": "UAR", "macro_f1": "macro-F1"}
    bounds = ("value", "low", "high")
    return [(name, Score(*(test[key][k] for k in bounds))) for key, name in names.items() if key in test]


# --- report.html ---------------------------------------------------------------------------------------------------


def page(analysis: Analysis) -> str:
    """The report: one HTML page that needs no network, no other file, and no script to be read."""
    shown, step = _thinned(analysis.timeline)
    end = max(1e-9, step * len(shown))
    lanes = [_lane_view(analysis, shown, step, name) for name in LANES]
    agreement = shown["agreement"].to_numpy(float)
    moments = {
        "step": step,
        "emotions": EMOTIONS,
        "lanes": [{"title": v["title"], "gap": v["gap"], "p": v["percent"]} for v in lanes],
        "agreement": [None if np.isnan(a) else round(float(a), 2) for a in agreement],
    }
    return _template().render(
        analysis=analysis,
        info=analysis.info,
        summary=analysis.summary,
        verdict=verdict(analysis),
        facts=_facts(analysis),
        lanes=lanes,
        moments=moments,
        ticks=[(100 * t / end, clock(t)) for t in plots.ticks(analysis.info.duration)],
        agreement_path=_bars(agreement),
        agreement_gaps=[span for span in _spans(np.isnan(agreement)) if span[2]],
        disagreements=[
            (100 * d["t0"] / end, 100 * (d["t1"] - d["t0"]) / end) for d in analysis.summary["disagreements"]
        ],
        shown=len(shown),
        thinned=len(shown) < len(analysis.timeline),
        step=step,
        colors={e: (c, plots.ink(c)) for e, c in COLORS.items()},
        scores={stream: _scores(card) for stream, card in analysis.networks.items()},
        labels_note=LABELS_NOTE,
        law_note=LAW_NOTE,
        version=version("emotutils"),
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("emotutils"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"clock": clock, "stretch": _stretch}
    return environment.get_template("report.html.j2")


def _thinned(timeline: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """The timeline as shown, and its step in seconds: means over so many rows that at most ``SHOWN`` moments remain."""
    t = timeline["t"].to_numpy(float)
    hop = float(t[1] - t[0]) if len(t) > 1 else 1.0
    every = max(1, math.ceil(len(timeline) / SHOWN))
    if every == 1:
        return timeline, hop
    numbers = timeline.select_dtypes(["number", "bool"])
    shown = numbers.groupby(np.arange(len(timeline)) // every).mean()
    shown["t"] = t[::every]
    shown["unsure"] = shown["unsure"] >= 0.5
    for prefix, _ in LANES.values():
        p = shown[[f"{prefix}p_{e}" for e in EMOTIONS]].to_numpy(float)
        shown[f"{prefix}label"] = ["" if np.isnan(row[0]) else EMOTIONS[int(row.argmax())] for row in p]
    return shown, hop * every


def _lane_view(analysis: Analysis, shown: pd.DataFrame, step: float, name: str) -> dict:
    """What the page draws of one lane; positions in % of its width."""
    p, labels = plots.lane(shown, name)
    tops = np.cumsum(np.hstack([np.zeros((len(p), 1)), p]), axis=1)
    stretches, spans = list(plots.runs(labels)), _spans(labels)
    film = _film(analysis.summary, name)
    return {
        "name": name,
        "title": LANES[name][1],
        # From the top one down, each painted over the one before: one outline an emotion is enough.
        "areas": [(e, _bars(tops[:, k + 1])) for k, e in reversed(list(enumerate(EMOTIONS)))],
        "ribbon": [(e, _blocks((a, b) for a, b, x in stretches if x == e)) for e in EMOTIONS if e in labels],
        "words": [span for span in spans if span[2] and span[1] >= 0.6],
        "gaps": [span for span in spans if not span[2]],
        "unsure": [span for span in _spans(shown["unsure"]) if span[2]] if name == "both" else [],
        "said": _said(stretches, step, _gap(analysis, name)),
        "film": film["probabilities"],
        "top": film["label"],
        "gap": _gap(analysis, name),
        "percent": [None if np.isnan(row[0]) else [round(100 * v) for v in row] for row in p],
    }


def _spans(values: Sequence) -> list[tuple[float, float, object]]:
    """Stretches of equal values as (left, width) in % of all, and the value."""
    unit = 100 / max(1, len(values))
    return [(round(unit * a, 2), round(unit * (b - a), 2), value) for a, b, value in plots.runs(values)]


def _gap(analysis: Analysis, name: str) -> str:
    """Why a lane has nothing somewhere."""
    if name == "both":
        return "nothing to go by"
    there = {"face": analysis.info.has_video, "voice": analysis.info.has_audio}[name]
    if not there:
        return {"face": "no picture", "voice": "no sound track"}[name]
    if name not in analysis.networks:
        return {"face": "the face was left out", "voice": "the voice was left out"}[name]
    return {"face": "no face in view", "voice": "nobody speaking"}[name]


def _bars(height: np.ndarray) -> str:
    """An SVG path of bars one unit wide, from 0 up to ``height`` (0..1, drawn 0..100 downwards); none at NaN."""
    path = []
    for a, b, nothing in plots.runs(np.isnan(height)):
        if not nothing:
            levels = [round(100 * (1 - min(1.0, float(h)))) for h in height[a:b]]
            path.append(f"M{a} 100" + "".join(f"V{y}h{d - c}" for c, d, y in plots.runs(levels)) + "V100z")
    return "".join(path)


def _blocks(stretches: Iterable[tuple[int, int]]) -> str:
    return "".join(f"M{a} 0h{b - a}v1h-{b - a}z" for a, b in stretches)


def _said(stretches: list, step: float, gap: str) -> str:
    """A lane in words, for those who hear the page: its longest stretches in order of time."""
    longest = sorted(sorted(stretches, key=lambda s: s[0] - s[1])[:12])
    words = [f"{clock(a * step)} to {clock(b * step)} {label or gap}" for a, b, label in longest]
    return ("" if len(longest) == len(stretches) else "longest stretches: ") + ", ".join(words)


# --- annotated.mp4 -------------------------------------------------------------------------------------------------


def _annotate(analysis: Analysis, film: Path, path: Path) -> Path:
    info = analysis.info
    if not info.has_video:
        raise EmotutilsError(f"{film}: there is no picture to draw into; everything else is in {path.parent}")
    boxes = _Boxes(analysis.frames)
    times = analysis.timeline["t"].to_numpy(float)
    captions = [_captions(row, _gap(analysis, "voice")) for row in analysis.timeline.to_dict("records")]
    total = round(info.duration * info.fps) if info.fps else None
    quiet = {"warn": lambda message: None}  # damage is among the analysis's warnings already
    with FilmWriter(path, info.width, info.height, info.fps or 25, film, **quiet) as writer:
        frames = media.frames(film, None, **quiet)
        for frame in tqdm(frames, total=total, desc=path.name, unit=" frames", disable=None):
            image = np.ascontiguousarray(frame.image)
            for box, words in boxes.at(frame.t):
                _draw_box(image, box, words)
            _draw_captions(image, captions[max(0, int(np.searchsorted(times, frame.t, side="right")) - 1)])
            writer.write(image, frame.t)
    return path


class _Boxes:
    """The boxes of all tracks at any time: straight lines between sampled frames."""

    def __init__(self, frames: pd.DataFrame):
        found = frames[frames["found"].astype(bool)]
        moments = np.unique(frames["t"].to_numpy(float))
        # A box holds until the next sampled frame; one without the face ends it.
        self.hold = 1.5 * float(np.median(np.diff(moments))) if len(moments) > 1 else 0.5
        columns = ["x", "y", "w", "h"]
        self.tracks = {}
        for track, rows in found.groupby("track"):
            words = [_looks(row) for row in rows.to_dict("records")]
            self.tracks[int(track)] = (rows["t"].to_numpy(float), rows[columns].to_numpy(float), words)

    def at(self, t: float) -> list[tuple[np.ndarray, str]]:
        """(x, y, w, h) in pixels and words, for each track there at ``t`` (s)."""
        out = []
        for track, (times, boxes, words) in self.tracks.items():
            i = int(np.searchsorted(times, t + 1e-3, side="right")) - 1
            if i < 0 or t - times[i] > self.hold:
                continue
            box = boxes[i]
            if i + 1 < len(times) and times[i + 1] - times[i] <= self.hold:
                share = max(0.0, t - times[i]) / (times[i + 1] - times[i])
                box = (1 - share) * box + share * boxes[i + 1]
            out.append((box, f"#{track} {words[i]}"))
        return out


def _looks(row: dict, verb: str = "looks like", prefix: str = "") -> str:
    p = [row[f"{prefix}p_{e}"] for e in EMOTIONS]
    return f"{verb} {EMOTIONS[int(np.argmax(p))]} {max(p):.2f}"


def _captions(row: dict, silence: str) -> list[str]:
    voice = _looks(row, "the voice sounds like", "voice_") if row["voice_label"] else silence
    return [voice, _looks(row, "together:") if row["label"] else "together: nothing to go by"]


def _draw_box(image: np.ndarray, box: np.ndarray, words: str) -> None:
    line = max(1, round(min(image.shape[:2]) / 240))
    x, y, w, h = (round(float(v)) for v in box)
    for color, extra in (((0, 0, 0), 2), ((255, 255, 255), 0)):
        cv2.rectangle(image, (x, y), (x + w, y + h), color, line + extra, cv2.LINE_AA)
    _write(image, words, x, y - 2 * line)


def _draw_captions(image: np.ndarray, captions: list[str]) -> None:
    height = _text_height(image)
    for k, words in enumerate(reversed(captions)):
        _write(image, words, height // 2, image.shape[0] - round((0.5 + 1.7 * k) * height))


def _text_height(image: np.ndarray) -> int:
    return max(8, round(min(image.shape[:2]) / 26))


def _write(image: np.ndarray, words: str, x: int, y: int) -> None:
    """White words on black, their lower left corner at (x, y), moved and made small enough to lie in the picture."""
    font, height = cv2.FONT_HERSHEY_SIMPLEX, _text_height(image)
    scale = cv2.getFontScaleFromHeight(font, height)
    scale *= min(1.0, 0.94 * image.shape[1] / cv2.getTextSize(words, font, scale, 1)[0][0])
    thickness = max(1, round(height / 14))
    (w, h), _ = cv2.getTextSize(words, font, scale, thickness)
    pad = max(2, h // 3)
    x = int(np.clip(x, pad, max(pad, image.shape[1] - w - pad)))
    y = int(np.clip(y, h + pad, image.shape[0] - pad))
    cv2.rectangle(image, (x - pad, y - h - pad), (x + w + pad, y + pad), (0, 0, 0), cv2.FILLED)
    cv2.putText(image, words, (x, y), font, scale, (255, 255, 255), thickness, cv2.LINE_AA)
