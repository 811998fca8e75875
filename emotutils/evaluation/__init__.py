"""How good a network is, and how sure of that we can be. Taught in notebooks/11_evaluation (thesis
2.2.5, 4.8).

``score`` scores one network's answers, ``compare`` two networks' answers to the same rows;
``reliability`` and ``risk_coverage`` ask whether its probabilities can be believed,
``parting_epoch`` when a training began to overfit. ``Calibration`` makes probabilities worth
believing, for fusion (notebooks/13_fusion).

Names are loaded on first use: ``analyze`` needs the calibration alone.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "answers",
        "calibration",
        "comparison",
        "curves",
        "figures",
        "metrics",
        "reports",
        "temperature",
    ],
    submod_attrs={
        "answers": ["Answers", "by_recording", "concatenate"],
        "calibration": ["ece", "reliability", "risk_coverage"],
        "comparison": ["Comparison", "compare", "difference"],
        "curves": ["parting_epoch"],
        "figures": ["Score"],
        "reports": ["Report", "score"],
        "temperature": [
            "Calibration",
            "fit_temperature",
            "logs",
            "soften",
            "thinned",
            "threshold_for",
        ],
    },
)
