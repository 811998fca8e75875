"""Every figure of the course. Each function takes ``ax=None``, draws into it or into a new figure,
and gives the Axes.

Colour is never the only cue: names, numbers, line styles or hatching say the same. Taught in
notebooks/03_face_data and notebooks/04_film_data (data), notebooks/11_evaluation (scores,
confusion, curves) and notebooks/13_fusion (timelines). ``plot_report`` alone makes a whole figure
and gives that.
"""

from .common import COLORS, ink
from .curves import plot_curves, plot_history
from .data import plot_balance, plot_faces, plot_removed
from .probabilities import plot_reliability, plot_report, plot_risk_coverage, plot_roc
from .scores import plot_confusion, plot_grid, plot_labels, plot_scores
from .timeline import (
    Lane,
    lanes,
    plot_ribbons,
    plot_timeline,
    ribbons_size,
    ticks,
    timeline_size,
)

__all__ = [
    "COLORS",
    "Lane",
    "ink",
    "lanes",
    "plot_balance",
    "plot_confusion",
    "plot_curves",
    "plot_faces",
    "plot_grid",
    "plot_history",
    "plot_labels",
    "plot_reliability",
    "plot_removed",
    "plot_report",
    "plot_ribbons",
    "plot_risk_coverage",
    "plot_roc",
    "plot_scores",
    "plot_timeline",
    "ribbons_size",
    "ticks",
    "timeline_size",
]
