"""Every figure of the course. Each function takes ``ax=None``, draws into it or into a new figure,
and gives the Axes.

Colour is never the only cue: names, numbers, line styles or hatching say the same. Taught in
notebooks/03_face_data and notebooks/04_film_data (data), notebooks/05_voice_data (sound),
notebooks/11_evaluation (scores, confusion, curves) and notebooks/13_fusion (timelines).
``plot_report`` alone makes a whole figure and gives that. Names are loaded on first use: a timeline
needs no seaborn.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "common": ["COLORS", "ink"],
        "curves": ["plot_curves", "plot_history"],
        "data": ["plot_balance", "plot_faces", "plot_removed"],
        "diagrams": [
            "Box",
            "draw_arrow",
            "draw_box",
            "draw_chain",
            "draw_circle",
            "draw_words",
            "new_diagram",
        ],
        "probabilities": ["plot_reliability", "plot_report", "plot_risk_coverage", "plot_roc"],
        "schemata": [
            "draw_convolution",
            "draw_division",
            "draw_drawn",
            "draw_fields",
            "draw_folds",
            "draw_known",
            "draw_looks",
            "draw_network",
            "draw_neuron",
            "draw_outcomes",
            "draw_overlap",
            "draw_reading",
            "draw_rounds",
            "draw_system",
            "draw_shapes",
            "draw_shortcut",
            "draw_transfer",
        ],
        "scores": ["plot_confusion", "plot_grid", "plot_labels", "plot_scores"],
        "sound": ["plot_spectrogram"],
        "timeline": [
            "Lane",
            "lanes",
            "plot_ribbons",
            "plot_timeline",
            "ribbons_size",
            "ticks",
            "timeline_size",
        ],
        "ways": ["draw_fusion", "draw_joint", "draw_questions"],
    },
)
