"""An analysis in words, for the terminal and the page alike. Taught in notebooks/13_fusion.

They are chosen with care: a network says what a face looks like and a voice sounds like to the
people who labelled its training data, not what anybody feels.
"""

from ..analysis import Analysis
from ..emotions import EMOTIONS
from ..evaluation import Score
from ..plots import LANES, clock

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
SOURCES = {"face+voice": "face and voice", "face": "face alone", "voice": "voice alone"}


def summary_text(analysis: Analysis) -> str:
    """The summary for a terminal: the film, the three lanes, where they disagree, and what was
    used.
    """
    summary, info = analysis.summary, analysis.info
    lines = [f"{info.path.name}  ({'; '.join(facts(analysis))})", "", verdict(analysis), ""]
    for name, (_, title) in LANES.items():
        whole = film_level(summary, name)
        doubt = "not sure: " if whole["sure"] is False else ""
        lines.append(f"  {title:22} {doubt}{_top(whole['probabilities']) or '–'}")
    lines.append("")
    if summary["agreement"] is not None:
        lines.append(f"  agreement of face and voice: {summary['agreement']:.2f} of 1")
        stretches = [
            f"{stretch(d)} {d['face']} / {d['voice']} (agreement {d['agreement']:.2f})"
            for d in summary["disagreements"]
        ]
        lines.append("  disagreement (face / voice):" + ("" if stretches else " none for long"))
        lines += [f"    {words}" for words in stretches]
    times = sorted(((s, e) for e, s in summary["seconds"].items() if s), reverse=True)
    lines.append(
        f"  seconds: {', '.join(f'{e} {s:.1f}' for s, e in times) or 'none with an answer'}"
    )
    if summary["unsure"] is not None:
        lines.append(f"  {unsure_share(analysis)}")
    lines.append("")
    for stream, card in analysis.networks.items():
        found = ", ".join(f"{k} {v}" for k, v in scores(card)) or "no test score on its card"
        lines.append(f"  {stream} network: {card['name']} ({card['data']}); test: {found}")
        lines.append(f"      licence: {card['licence']}")
    lines += [f"  warning: {warning}" for warning in analysis.warnings]
    return "\n".join(lines)


def verdict(analysis: Analysis) -> str:
    """One careful sentence about the whole film."""
    summary, parts = analysis.summary, []
    doubt = "not sure: " if summary["sure"] is False else ""
    for name, verb in (("face", "looks"), ("voice", "sounds")):
        if label := summary[name]["label"]:
            # One doubt about everything is enough.
            unsure = summary[name]["sure"] is False and not doubt
            parts.append(f"the {name} {verb} most like {label}{' (not sure)' if unsure else ''}")
    if not parts:
        return "There was no face and no voice to go by."
    if len(parts) == 2:
        parts[-1] += f"; both together: {summary['label']}"
    sentence = doubt + ", ".join(parts) + "."
    return sentence[0].upper() + sentence[1:]


def film_level(summary: dict, name: str) -> dict:
    """What is said of the whole film by a lane in ``LANES``."""
    return summary if name == "both" else summary[name]


def facts(analysis: Analysis) -> list[str]:
    """How long the film is and how much of it could be judged."""
    summary, info = analysis.summary, analysis.info
    face, voice = summary["face"], summary["voice"]
    found = [f"{clock(info.duration)} long"]
    if face["frames"]:
        found.append(f"{face['frames']} frames sampled, a face in {100 * face['found']:.0f} %")
    if voice["windows"]:
        found.append(
            f"{voice['windows']} windows of sound, speech in {100 * voice['voiced']:.0f} %"
        )
    return found


def gap(analysis: Analysis, name: str) -> str:
    """Why a lane has nothing somewhere."""
    if name == "both":
        return "nothing to go by"
    there = {"face": analysis.info.has_video, "voice": analysis.info.has_audio}[name]
    if not there:
        return {"face": "no picture", "voice": "no sound track"}[name]
    if name not in analysis.networks:
        return {"face": "the face was left out", "voice": "the voice was left out"}[name]
    return {"face": "no face in view", "voice": "nobody speaking"}[name]


def threshold_note(analysis: Analysis) -> str:
    """What "not sure" means here: the thresholds of the sources that the timeline rests on, and
    their origin.
    """
    thresholds = analysis.settings["unsure_below"]
    used = [source for source in SOURCES if (analysis.timeline["source"] == source).any()]
    if not used:
        return ""
    known = {SOURCES[s]: thresholds[s] for s in used if s in thresholds}
    limits = ", ".join(f"{value:.2f} ({words})" for words, value in known.items() if 0 < value <= 1)
    always = ", ".join(words for words, value in known.items() if value <= 0)
    never = ", ".join(words for words, value in known.items() if value > 1)
    unknown = ", ".join(SOURCES[s] for s in used if s not in thresholds)
    rate = f"{100 * analysis.settings['error_rate']:.3g} %"
    sentences = []
    if limits:
        sentences.append(
            f"Not sure: the highest probability is below {limits}; chosen on validation data so that at most {rate} of "
            "the answers that reach it were wrong there."
        )
    if always:
        sentences.append(
            f"From {always} every answer counts as sure: on validation data at most {rate} of all answers were wrong."
        )
    both = SOURCES["face+voice"]
    if both in known:
        averaged = analysis.settings["fusion"] in ("weighted", "mean")  # other rules are no flatter
        if averaged and 0 < known[both] < min(
            (v for k, v in known.items() if k != both), default=0
        ):
            sentences.append("What two give together is flatter than each, so its limit is lower.")
        sentences.append(
            f"What is known of {both} comes from pairs of a face and a voice that were never one film."
        )
    if never:
        sentences.append(
            f"From {never} no answer is sure: on validation data more than {rate} were wrong at any height."
        )
    if unknown:
        sentences.append(
            f"For {unknown} no threshold is known: nothing there is marked “not sure”."
        )
    return " ".join(sentences)


def unsure_share(analysis: Analysis) -> str:
    """How many moments are marked; only where some answer was given."""
    return f"not sure in {100 * analysis.summary['unsure']:.0f} % of the moments with an answer"


def settings_rows(analysis: Analysis) -> list[tuple[str, str]]:
    """How it was done, as (name, value) for people; what was left at None is left out."""
    rows = []
    for key, value in analysis.settings.items():
        if key == "weights" and value:
            for stream, weights in value.items():
                pairs = zip(EMOTIONS, weights, strict=True)
                rows.append((f"weights, {stream}", ", ".join(f"{e} {w:.2f}" for e, w in pairs)))
        elif key == "unsure_below":
            limits = {words: value[s] for s, words in SOURCES.items() if s in value}
            told = {
                words: "never" if v <= 0 else f"{v:.2f}" if v <= 1 else "always"
                for words, v in limits.items()
            }
            known = [f"{limit} ({words})" for words, limit in told.items()]
            rows.append(("unsure below", ", ".join(known) or "no threshold known"))
        elif value is not None:
            rows.append((key.replace("_", " "), str(value)))
    return rows


def scores(card: dict) -> list[tuple[str, Score]]:
    """The test scores on a network's card, by their names in print."""
    test, names = (
        card.get("test") or {},
        {"accuracy": "accuracy", "uar": "UAR", "macro_f1": "macro-F1"},
    )
    bounds = ("value", "low", "high")
    return [
        (name, Score(*(test[key][k] for k in bounds))) for key, name in names.items() if key in test
    ]


def stretch(disagreement: dict) -> str:
    """From when to when."""
    return f"{clock(disagreement['t0'])}–{clock(disagreement['t1'])}"


def _top(probabilities: dict | None, n: int = 3) -> str:
    ordered = sorted((probabilities or {}).items(), key=lambda item: -item[1])[:n]
    return "   ".join(f"{emotion} {p:.2f}" for emotion, p in ordered)
