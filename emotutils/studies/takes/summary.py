"""What the study of real pairs found, as its record has it: tables need not fit everything
again.
"""

from ...evaluation import Comparison, Report
from ...fusion import RULES
from ..fitting import METHODS
from .crossing import BOTH_WRONG, Crossing, cross
from .outcomes import TREATMENTS, Outcome, gain


def summarise(outcome: Outcome) -> dict:
    """Scores of all, the nested choices, and what pairs made of the same answers would give.

    Parameters
    ----------
    outcome : the study.

    Returns
    -------
    ``scores`` by treatment, classifier and method; ``nested`` by treatment: what each fold picked
    on the others, its score, and how much that is over the voice alone; ``rules`` likewise for each
    classifier of ``raw``, when only the rule is chosen; ``crossing`` by classifier and rule.
    """
    scores = {}
    nested = {}
    for treatment in TREATMENTS:
        scores[treatment] = {}
        for name in outcome.classifiers(treatment):
            found = {}
            for method in METHODS:
                found[method] = _scores(outcome.report(name, treatment, method))
            scores[treatment][name] = found
        nested[treatment] = _nested(outcome, treatment)
    rules = {}
    crossing = {}
    for name in outcome.classifiers("raw"):
        rules[name] = _nested(outcome, "raw", [name])
        crossing[name] = {}
        for method in ("weighted", "mean", "product", BOTH_WRONG):
            crossing[name][method] = _crossing(cross(outcome, name, "raw", method))
    return {"scores": scores, "nested": nested, "rules": rules, "crossing": crossing}


def _nested(outcome: Outcome, treatment: str, classifiers: list[str] | None = None) -> dict:
    choice = outcome.choose(treatment, classifiers, tuple(RULES))
    first = choice.picked[0][0]
    voice = outcome.answers(first, treatment, "voice")
    return {
        "picked": [list(pick) for pick in choice.picked],
        **_scores(choice.report()),
        "over_voice": _gain(gain(choice.answers, voice)),
    }


def _scores(report: Report) -> dict:
    return {"accuracy": report.accuracy.to_dict(), "uar": report.uar.to_dict()}


def _gain(found: Comparison) -> dict:
    return {"n": found.n, **found.accuracy.to_dict()}


def _crossing(found: Crossing) -> dict:
    return {
        "pairs": list(found.n),
        "real": found.real.to_dict(),
        "crossed": found.crossed.to_dict(),
        "difference": found.difference.to_dict(),
    }
