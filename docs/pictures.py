"""The pictures of background.md, drawn by the package: `python docs/pictures.py`."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from emotutils import plots

FOLDER = Path(__file__).resolve().parent / "pictures"
DRAWINGS = {
    "fields": plots.draw_fields,
    "network": plots.draw_network,
    "neuron": plots.draw_neuron,
    "outcomes": plots.draw_outcomes,
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, draw in DRAWINGS.items():
        figure = draw().figure
        figure.savefig(FOLDER / f"{name}.png", dpi=100, metadata={"Software": None})
