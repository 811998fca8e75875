"""An analysis in words, for the terminal and the page alike. Taught in notebooks/13_fusion.

They are chosen with care: a network says what a face looks like and a voice sounds like to the
people who labelled its training data, not what anybody feels.
"""

from collections.abc import Sequence

from ..emotions import EMOTIONS
from ..evaluation import Score
from ..findings import (
    TOGETHER,
    Findings,
    baseline_words,
    clock,
    fused_names,
    joined,
    title,
    verdict_words,
)

LABELS_NOTE = (
    "The face networks learned from pictures that people had sorted into seven words, the voice "
    "networks from actors told to sound a certain way. A result therefore says which word such "
    "people would most likely have chosen for this face or this voice. It does not say what "
    "anybody feels, and it is wrong more often for faces, languages and recordings unlike those "
    "it learned from."
)
LAW_NOTE = (
    "In the European Union the AI Act (Regulation (EU) 2024/1689) forbids inferring people's "
    "emotions at work and in education, with exceptions for medical and safety reasons "
    "(Article 5(1)(f)), and sets duties for other uses; this sentence is no legal advice."
)
#: The test scores on a card, by their names in print.
SCORE_NAMES = {"accuracy": "accuracy", "uar": "UAR", "macro_f1": "macro-F1"}
#: So many stretches stand in the headline with their times.
HEADLINE_STRETCHES = 5


def source_words(source: str) -> str:
    """A source of the timeline, such as ``face+voice``, in words."""
    names = source.split("+")
    if len(names) == 1:
        return f"{source} alone"
    return joined(names)


def summary_text(findings: Findings) -> str:
    """The summary for a terminal: the film, its lanes, where they disagree, and what was used."""
    about = "; ".join(facts(findings))
    lines = [f"{findings.info.path.name}  ({about})", "", *verdict_sentences(findings), ""]
    lines += _lane_lines(findings)
    lines.append("")
    lines += _agreement_lines(findings.summary)
    lines.append(f"  seconds: {_seconds(findings.summary)}")
    if findings.summary["unsure"] is not None:
        lines.append(f"  {unsure_share(findings)}")
    if origin := fitted_on(findings):
        lines.append(f"  thresholds of several streams: {origin}")
    lines.append("")
    lines += _network_lines(findings)
    lines += [f"  warning: {warning}" for warning in findings.warnings]
    return "\n".join(lines)


def _lane_lines(findings: Findings) -> list[str]:
    lines = []
    fused = fused_names(findings.timeline)
    titles = {name: title(name, fused) for name in [*findings.streams, TOGETHER]}
    width = max(map(len, titles.values()))
    for name, words_before in titles.items():
        whole = film_level(findings.summary, name)
        words = _likeliest(whole["probabilities"]) or "–"
        if whole["sure"] is False:
            words = f"not sure: {words}"
        lines.append(f"  {words_before:{width}}  {words}")
    return lines


def _agreement_lines(summary: dict) -> list[str]:
    lines = []
    for pair, mean in summary["agreement"].items():
        a, b = pair.split("+")
        stretches = [s for s in summary["disagreements"] if a in s and b in s]
        lines.append(f"  agreement of {a} and {b}: {mean:.2f} of 1")
        if stretches:
            lines.append(f"  disagreement ({a} / {b}):")
        else:
            lines.append(f"  disagreement ({a} / {b}): none for long")
        for found in stretches:
            labels = f"{found[a]} / {found[b]}"
            lines.append(f"    {stretch(found)} {labels} (agreement {found['agreement']:.2f})")
    return lines


def _seconds(summary: dict) -> str:
    times = sorted(summary["seconds"].items(), key=lambda item: -item[1])
    words = [f"{emotion} {seconds:.1f}" for emotion, seconds in times if seconds]
    return ", ".join(words) or "none with an answer"


def _network_lines(findings: Findings) -> list[str]:
    lines = []
    for stream, card in findings.networks.items():
        found = [f"{name} {score}" for name, score in scores(card)]
        test = ", ".join(found) or "no test score on its card"
        lines.append(f"  {stream} network: {card['name']} ({card['data']}); test: {test}")
        lines.append(f"      licence: {card['licence']}")
    return lines


def verdict(findings: Findings) -> str:
    """What happens in the film, where more than one thing does, and one careful sentence about
    the whole of it.
    """
    return " ".join(verdict_sentences(findings))


def verdict_sentences(findings: Findings) -> list[str]:
    """The verdict's one or two sentences, the most important first."""
    happening = headline(findings)
    whole = _whole_film(findings)
    if not happening:
        return [whole]
    return [happening, f"Averaged over the film, {whole[0].lower()}{whole[1:]}"]


def headline(findings: Findings) -> str:
    """What all streams together say over time, where they say more than one label for long; else
    empty. The label that has most of these seconds comes first, the others with their times.
    """
    there = findings.summary["stretches"]
    seconds = {}
    for one in there:
        seconds[one["label"]] = seconds.get(one["label"], 0.0) + one["t1"] - one["t0"]
    if len(seconds) < 2:
        return ""
    most = max(seconds, key=seconds.get)
    parts = []
    others = there
    if seconds[most] > sum(seconds.values()) / 2:
        parts.append(f"mostly {most}")
        others = [one for one in there if one["label"] != most]
    by_length = sorted(others, key=lambda one: one["t0"] - one["t1"])
    longest = sorted(by_length[:HEADLINE_STRETCHES], key=lambda one: one["t0"])
    parts += [f"{stretch(one)} {one['label']}" for one in longest]
    more = ""
    if len(longest) < len(others):
        more = f", and {len(others) - len(longest)} more"
    return f"{_of_whom(findings)}: {', '.join(parts)}{more}."


def _of_whom(findings: Findings) -> str:
    """Who says the headline: all together, or the one stream that there is."""
    names = fused_names(findings.timeline)
    words = title(names[0] if len(names) == 1 else TOGETHER, names)
    return words[0].upper() + words[1:]


def _whole_film(findings: Findings) -> str:
    summary = findings.summary
    doubt = ""
    if summary["sure"] is False:
        doubt = "not sure: "
    parts = []
    for name in findings.streams:
        label = summary[name]["label"]
        # One doubt about everything is enough.
        if label and summary[name]["sure"] is False and not doubt:
            label = f"{label} (not sure)"
        if label and "baseline" in summary[name]:
            label = f"{label} (relative to its baseline)"
        if label:
            parts.append(f"{verdict_words(name)} {label}")
    if not parts:
        missing = joined([f"no {name}" for name in findings.streams])
        return f"There was {missing} to go by."
    fused = fused_names(findings.timeline)
    if len(fused) > 1:
        parts[-1] += f"; {title(TOGETHER, fused)}: {summary['label']}"
    sentence = f"{doubt}{', '.join(parts)}."
    return sentence[0].upper() + sentence[1:]


def film_level(summary: dict, name: str) -> dict:
    """What is said of the whole film by a stream, or by all (``TOGETHER``)."""
    return summary[name] if name else summary


def facts(findings: Findings) -> list[str]:
    """How long the film is and how much of it there was to go by."""
    counted = [f"{clock(findings.info.duration)} long"]
    for name in findings.streams:
        counts = findings.summary[name]
        if counts.get("frames"):
            share = f"a face in {100 * counts['found']:.0f} %"
            counted.append(f"{counts['frames']} frames sampled, {share}")
        if len(counts.get("people", [])) > 1:
            counted.append(_people_words(counts["people"]))
        if counts.get("windows"):
            share = f"speech in {100 * counts['voiced']:.0f} %"
            counted.append(f"{counts['windows']} windows of sound, {share}")
        if counts.get("lines"):
            counted.append(f"{counts['lines']} lines of {name}")
        if counts.get("rows"):
            counted.append(f"{counts['rows']} rows of {name}")
    return counted


def _people_words(people: Sequence[dict]) -> str:
    """How many people were told apart, and how long those seen longest are in view."""
    longest = [f"person {one['person']} for {clock(one['seconds'])}" for one in people[:3]]
    return f"{len(people)} people told apart: {joined(longest)}"


def gap(findings: Findings, name: str) -> str:
    """Why a lane has nothing somewhere."""
    if name == TOGETHER:
        return "nothing to go by"
    return findings.streams[name].gap


def threshold_note(findings: Findings) -> str:
    """What "not sure" means here: the thresholds of the sources that the timeline rests on, and
    their origin.
    """
    thresholds = findings.settings["unsure_below"]
    used = _used_sources(findings)
    relative = [source for source in used if set(source.split("+")) & set(_shifted(findings))]
    known = {s: thresholds[s] for s in used if s in thresholds and s not in relative}
    unknown = [source_words(source) for source in used if source not in thresholds]
    rate = f"{100 * findings.settings['error_rate']:.3g} %"
    sentences = _limit_sentences(known, rate)
    origin = fitted_on(findings)
    if origin and any("+" in source for source in known):
        sentences.append(
            "What streams together have to reach, and from when on they disagree, was fitted on "
            f"{origin}; they never have to be less sure together than each alone."
        )
    if never := [source_words(source) for source, limit in known.items() if limit > 1]:
        sentences.append(
            f"From {', '.join(never)} no answer is sure: on validation data more than {rate} were "
            "wrong at any height."
        )
    if relative:
        sentences.append(
            f"From {', '.join(map(source_words, relative))} no answer is sure: no threshold was "
            "fitted for answers that are relative to a baseline."
        )
    if unknown:
        sentences.append(
            f"For {', '.join(unknown)} no threshold is known: nothing there is marked “not sure”."
        )
    return " ".join(sentences)


def _shifted(findings: Findings) -> list[str]:
    """The streams that are relative to a baseline."""
    return [name for name in findings.streams if "baseline" in findings.summary[name]]


def baseline_rows(findings: Findings) -> list[dict]:
    """What each track of each stream was shifted by, in words: ``name``, ``words`` and seven
    ``shift``; none where it was not shifted.
    """
    rows = []
    for name in _shifted(findings):
        wanted = baseline_words(findings.settings["baseline"][name])
        for track in findings.summary[name]["baseline"]:
            shift = track["shift"] or {}
            row = {
                "name": _track_words(name, track["track"]),
                "words": f"{wanted} ({track['rows']} rows)",
                "shift": [f"{value:+.1f}" for value in shift.values()],
            }
            rows.append(row)
    return rows


def _track_words(name: str, track: int | None) -> str:
    return name if track is None else f"{name}, track {track}"


def _used_sources(findings: Findings) -> list[str]:
    """The sources of the timeline, those of most streams first."""
    used = set(findings.timeline["source"]) - {""}
    order = list(findings.streams)

    def place(source: str) -> tuple[int, list[int]]:
        names = source.split("+")
        return -len(names), [order.index(name) for name in names]

    return sorted(used, key=place)


def _limit_sentences(known: dict[str, float], rate: str) -> list[str]:
    sentences = []
    limits = [f"{v:.2f} ({source_words(s)})" for s, v in known.items() if 0 < v <= 1]
    always = [source_words(source) for source, limit in known.items() if limit <= 0]
    if limits:
        sentences.append(
            f"Not sure: the highest probability is below {', '.join(limits)}; chosen on validation "
            f"data so that at most {rate} of the answers that reach it were wrong there."
        )
    if always:
        sentences.append(
            f"From {', '.join(always)} every answer counts as sure: on validation data at most "
            f"{rate} of all answers were wrong."
        )
    return sentences


def fitted_on(findings: Findings) -> str:
    """On what thresholds of several streams were fitted; empty where the film has one stream at a
    time, or nothing was fitted.
    """
    together = any("+" in source for source in _used_sources(findings))
    if not together:
        return ""
    return findings.settings.get("fitted_on") or ""


def unsure_share(findings: Findings) -> str:
    """How many moments are marked; only where some answer was given."""
    return f"not sure in {100 * findings.summary['unsure']:.0f} % of the moments with an answer"


def settings_rows(findings: Findings) -> list[tuple[str, str]]:
    """How it was done, as (name, value) for people; what was left at None is left out."""
    rows = []
    for key, value in findings.settings.items():
        name = key.replace("_", " ")
        if key == "weights" and value:
            rows += [(f"weights, {stream}", _by_label(w)) for stream, w in value.items()]
        elif key == "unsure_below":
            limits = [f"{_limit(v)} ({source_words(s)})" for s, v in value.items()]
            rows.append((name, ", ".join(limits) or "no threshold known"))
        elif key == "disagree_below":
            rows += _disagree_rows(findings, value)
        elif key == "baseline" and value:
            rows += [(f"baseline, {s}", baseline_words(wanted)) for s, wanted in value.items()]
        elif key == "streams":
            rows += [(f"stream {stream}", origin) for stream, origin in value.items()]
        elif value is not None:
            rows.append((name, str(value)))
    return rows


def _by_label(weights: Sequence[float]) -> str:
    pairs = zip(EMOTIONS, weights, strict=True)
    return ", ".join(f"{emotion} {weight:.2f}" for emotion, weight in pairs)


def _limit(value: float) -> str:
    if value <= 0:
        return "never"
    return f"{value:.2f}" if value <= 1 else "always"


def _disagree_rows(findings: Findings, below: dict[str, float]) -> list[tuple[str, str]]:
    """One row for each pair that meets in the film."""
    met = findings.summary["agreement"]
    return [("disagree below", f"{below[pair]} ({source_words(pair)})") for pair in met]


def scores(card: dict) -> list[tuple[str, Score]]:
    """The test scores on a network's card, by their names in print."""
    test = card.get("test") or {}
    found = []
    for key, name in SCORE_NAMES.items():
        if key in test:
            score = Score(test[key]["value"], test[key]["low"], test[key]["high"])
            found.append((name, score))
    return found


def stretch(disagreement: dict) -> str:
    """From when to when."""
    return f"{clock(disagreement['t0'])}–{clock(disagreement['t1'])}"


def _likeliest(probabilities: dict | None, n: int = 3) -> str:
    ordered = sorted((probabilities or {}).items(), key=lambda item: -item[1])[:n]
    return "   ".join(f"{emotion} {p:.2f}" for emotion, p in ordered)
