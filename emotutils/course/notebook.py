"""What the notebooks share: one set-up, data by profile, the package's code shown, guesses,
interactive figures.

Taught in notebooks/00_setup; used in all of them.
"""

import ast
import inspect
import os
import platform
import random
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import seaborn as sns
from IPython import get_ipython
from IPython.display import Markdown, display
from matplotlib import pyplot as plt

from .. import config, datasets
from ..errors import DataError
from ..evaluation.curves import history_table
from ..support.files import replacing
from ..support.quiet import hushed
from ..training import records

if TYPE_CHECKING:
    from ..datasets import PairSet

SYNTHETIC = "synthetic data: shows that the code works, not how well"
#: For each profile: epochs of a live training (None: the recipe's own).
EPOCHS = {"sample": 2, "live": 10, "full": None}


@dataclass(frozen=True)
class Setup:
    """What ``setup_notebook`` found.

    Attributes
    ----------
    profile : ``"sample"``, ``"live"`` or ``"full"``; see ``config.PROFILES``.
    seed : for everything random in the notebook.
    epochs : how many a live training may take (``None``: as many as its recipe says).
    """

    profile: str
    seed: int
    epochs: int | None

    def load(self, name: str, *, optional: bool = False, **options) -> datasets.Dataset:
        """A data set by its plain name (``"fer2013"``): the synthetic one in ``sample``, the real
        one otherwise.

        A real set that is not there is replaced by the synthetic one, with a line that says so.

        Parameters
        ----------
        optional : also in ``full``, where a missing set is an error otherwise: few people can have
            this one.
        **options : for ``datasets.load``.

        Raises
        ------
        DataError : an unknown name; in ``full``, a set that is not there.
        """
        if self.profile != "sample":
            try:
                return datasets.load(name, **options)
            except DataError as error:
                self._stand_in(name, error, optional)
        dataset = datasets.load(f"sample-{name}", **options)
        print(f"sample-{name}: {SYNTHETIC}")
        return dataset

    def pairs(self, name: str = "paired-fer2013+ravdess") -> "PairSet":
        """Pairs of a face and a voice (``datasets.load_pairs``): real or synthetic, by the rules of
        `load`.

        Raises
        ------
        DataError : in ``full``, a set that is not there.
        """
        from ..datasets import load_pairs

        if self.profile != "sample":
            try:
                return load_pairs(name)
            except DataError as error:
                if self.profile == "full":
                    raise
                print(f"{error}\nUntil then the sample sets stand in.")
        made_up = datasets.sample_of(name)
        print(f"{made_up}: {SYNTHETIC}")
        return load_pairs(made_up)

    def root(self, name: str, *, optional: bool = False) -> Path:
        """The data root that holds this set: the real one, or the folder of the sample sets, by the
        rules of `load`.
        """
        from .. import samples  # draws faces and voices: not needed by those who read real ones

        real = config.data_root()
        if self.profile != "sample":
            if (real / name).is_dir():
                return real
            missing = DataError(real, f"{name} not found", "see data/README.md")
            self._stand_in(name, missing, optional)
        print(f"sample-{name}: {SYNTHETIC}")
        return samples.ensure()

    def _stand_in(self, name: str, error: DataError, optional: bool) -> None:
        needed = self.profile == "full" and not optional
        if needed or name not in datasets.SAMPLES:
            raise error
        print(f"{error}\nUntil then the sample set stands in.")


def setup_notebook(profile: str | None = None, *, seed: int = 0, keras: bool = False) -> Setup:
    """Prepare a notebook: seeds, the look of figures, and a line on versions, device and profile.

    Parameters
    ----------
    profile : ``"sample"``, ``"live"`` or ``"full"``; by default what ``config.profile`` says.
    seed : for Python, NumPy and, with ``keras``, for Keras and its backend.
    keras : the notebook trains or asks a network: Keras is imported (seconds) and the device named.

    Raises
    ------
    EmotutilsError : an unknown profile.

    Examples
    --------
    >>> cfg = setup_notebook("sample")
    Python 3..., emotutils ..., profile sample
    >>> cfg.seed, cfg.epochs
    (0, 2)
    """
    name = config.profile(profile)
    random.seed(seed)
    np.random.seed(seed)
    sns.set_theme(context="notebook", style="ticks", palette="colorblind")
    plt.rcParams["figure.dpi"] = 100
    plt.rcParams["figure.figsize"] = (7, 3.6)
    plt.rcParams["figure.constrained_layout.use"] = True
    found = f"Python {platform.python_version()}, emotutils {version('emotutils')}"
    if keras:
        found += _backend(seed)
    print(f"{found}, profile {name}")
    return Setup(name, seed, EPOCHS[name])


def _backend(seed: int) -> str:
    # TensorFlow's start-up notes are no errors, but look like it; whoever wants them sets the
    # variable.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with hushed():
        import keras

        from ..support.machine import has_gpu

    keras.utils.set_random_seed(seed)
    device = "no GPU"
    if has_gpu():
        device = "a GPU"
    return f", Keras {keras.__version__} on {keras.backend.backend()}, {device}"


def recorded(name: str) -> records.Record | None:
    """The shipped record of that name; None, and a line saying so, where it is missing.

    Examples
    --------
    >>> run = recorded("official-fer2013-conv2d-best-s0")
    >>> run["network"], len(run["history"])
    ('conv2d', 80)
    >>> recorded("a-run-of-tomorrow")
    a-run-of-tomorrow: not run yet
    """
    record = records.read(name)
    if record is None:
        print(f"{name}: not run yet")
    return record


def stops(history, n: int | None = None) -> dict[str, int | float | str]:
    """At which epoch one might stop, by several rules.

    Parameters
    ----------
    history : one dict an epoch, with ``accuracy``, ``val_accuracy`` and ``val_loss``.
    n : the number of validation rows; with it, also how far chance moves the best accuracy, and
        the first epoch that is as good as the best one but for that.

    Examples
    --------
    >>> epochs = [
    ...     {"accuracy": 0.3, "val_accuracy": 0.4, "val_loss": 1.7},
    ...     {"accuracy": 0.6, "val_accuracy": 0.5, "val_loss": 1.5},
    ... ]
    >>> stops(epochs)["training ahead from"]
    2
    """
    table = history_table(history)
    loss = table["val_loss"]
    accuracy = table["val_accuracy"]
    highest = float(accuracy.max())
    last_loss = float(loss.iloc[-1])
    last_accuracy = float(accuracy.iloc[-1])
    found = {
        "training ahead from": _ahead_from(table),
        "lowest val. loss": int(loss.idxmin()),
        "val. loss at the end": round(last_loss, 3),
        "highest val. accuracy": int(accuracy.idxmax()),
        "there": round(highest, 3),
        "at the end": round(last_accuracy, 3),
    }
    if n is not None:
        variance = highest * (1 - highest) / n
        chance = float(1.96 * np.sqrt(variance))
        as_good = accuracy >= highest - chance
        first = table.index[as_good][0]
        found["± by chance"] = round(chance, 3)
        found["as good from"] = int(first)
    return found


def _ahead_from(table: pd.DataFrame) -> int | str:
    """From which epoch on training is always the better one."""
    behind = table["accuracy"] <= table["val_accuracy"]
    if behind.iloc[-1]:
        return "not yet"
    last_behind = np.flatnonzero(behind).max(initial=-1)
    epoch = table.index[last_behind + 1]
    return int(epoch)


def milliseconds(ways: dict[str, Callable], rounds: int = 6) -> pd.Series:
    """How long each of several calls takes, the median of some rounds.

    They take turns, because the speed of a shared machine changes from second to second; the first
    round, in which things are compiled, does not count.

    Parameters
    ----------
    ways : functions to call, by name.
    rounds : how many there are, the first included.

    Examples
    --------
    >>> times = milliseconds({"short": lambda: sum(range(10)), "long": lambda: sum(range(100_000))})
    >>> bool(times["short"] < times["long"])
    True
    """
    spans = []
    for _ in range(rounds):
        one_round = {}
        for name, call in ways.items():
            one_round[name] = _milliseconds(call)
        spans.append(one_round)
    counted = pd.DataFrame(spans[1:])
    return counted.median()


def _milliseconds(call: Callable) -> float:
    start = time.perf_counter()
    call()
    end = time.perf_counter()
    return 1000 * (end - start)


def show_source(obj: Callable, *, docstring: bool = False) -> None:
    """Show the code of a function or class as it stands in the package, so that text and code
    cannot drift apart.

    Parameters
    ----------
    obj : a function or class of the package, or of any other.
    docstring : show that too; left out by default, because the notebook's own text explains.

    Examples
    --------
    >>> from emotutils.emotions import to_seven
    >>> show_source(to_seven)
    <IPython.core.display.Markdown object>
    """
    source = inspect.getsource(obj)
    code = textwrap.dedent(source).strip()
    if not docstring and inspect.getdoc(obj):
        code = _without_docstring(code)
    path = obj.__module__.replace(".", "/")
    display(Markdown(f"`{path}.py`\n```python\n{code}\n```"))


def _without_docstring(code: str) -> str:
    """The code of a function or class whose first statement is its docstring."""
    definition = ast.parse(code).body[0]
    docstring = definition.body[0]
    lines = code.splitlines()
    del lines[docstring.lineno - 1 : docstring.end_lineno]
    return "\n".join(lines)


def show_words(frame: pd.DataFrame) -> None:
    """Show a table whose cells are sentences: left-aligned and wrapped, which a data frame's own
    display is not.

    Used in notebooks/02_state_of_the_art and notebooks/16_responsible_use.

    Parameters
    ----------
    frame : its index becomes the first column; a missing value an empty cell.

    Examples
    --------
    >>> show_words(pd.DataFrame({"what it says": ["how it looks"]}, index=["a face"]))
    <IPython.core.display.Markdown object>
    """
    cells = frame.reset_index().astype(object)
    cells = cells.where(cells.notna(), "")
    cells = cells.map(lambda value: str(value).replace("|", "\\|"))
    head = [frame.index.name or "", *frame.columns]
    rule = ["---"] * len(head)
    lines = []
    for row in (head, rule, *cells.to_numpy()):
        line = " | ".join(row)
        lines.append(f"| {line} |")
    display(Markdown("\n".join(lines)))


def interactive(draw: Callable, **controls) -> None:
    """Call ``draw`` whenever a slider or menu moves; without a front end, once with the controls'
    first values.

    Parameters
    ----------
    draw : draws a figure; takes the controls by name.
    **controls : ``(low, high, step, start)`` numbers for a slider, a list for a menu (the first is
        chosen).

    Examples
    --------
    >>> def show(size, side):
    ...     print(size, side)
    >>> interactive(show, size=(1, 9, 1, 3), side=["left", "right"])
    3 left
    """
    if not _front_end():
        values = {name: _first(control) for name, control in controls.items()}
        draw(**values)
        return
    import ipywidgets

    made = {}
    for name, control in controls.items():
        words = name.replace("_", " ")
        made[name] = _control(control, words)
    display(ipywidgets.interactive(draw, **made))


def _first(control: list | tuple):
    """What a control shows before anybody moves it."""
    if isinstance(control, list):
        return control[0]
    low, high, step, start = control
    return start


def _control(control: list | tuple, words: str):
    import ipywidgets

    if isinstance(control, list):
        return ipywidgets.Dropdown(options=control, description=words)
    low, high, step, start = control
    kind = ipywidgets.FloatSlider
    if all(isinstance(number, int) for number in control):
        kind = ipywidgets.IntSlider
    return kind(value=start, min=low, max=high, step=step, description=words)


def _front_end() -> bool:
    """Whether somebody could move a slider: a Jupyter kernel, a front end that answers, and nobody
    who asked for static figures.

    ``nbconvert``, ``nbclient`` and ``nbval`` run cells with nobody there; a widget's messages can
    then block both sides for ever. They say so with each cell: nobody can be asked for input.
    """
    if "ipykernel" not in sys.modules or config.static_figures():
        return False
    if "google.colab" in sys.modules:
        return True
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return False
    request = kernel.get_parent("shell")
    return request["content"].get("allow_stdin", True)


class Guesses:
    """A game before the network: look or listen, choose a label, and compare later with networks
    and other people.

    Parameters
    ----------
    ids : (n,) what is shown, in order, as in the data set's ``id``.
    y : (n,) the labels of the data set, indices into ``labels``.
    labels : the names to choose from.
    present : shows item k (draws a face, plays a voice).
    path : a csv that keeps the answers; other notebooks read it.
    """

    def __init__(
        self,
        ids: Sequence[str],
        y: np.ndarray,
        labels: Sequence[str],
        present: Callable,
        path: Path | str,
    ):
        self.ids = list(ids)
        self.labels = list(labels)
        self.present = present
        self.path = Path(path)
        self.truth = [self.labels[k] for k in y]
        self.answers: dict[str, str] = {}

    def play(self) -> None:
        """Show item after item with a button for each label; without a front end, the first item
        and the choices.
        """
        if not _front_end():
            self.present(0)
            print("Your choice:", ", ".join(self.labels))
            return
        import ipywidgets

        screen = ipywidgets.Output()
        buttons = [ipywidgets.Button(description=label) for label in self.labels]

        def show() -> None:
            screen.clear_output(wait=True)
            with screen:
                k = len(self.answers)
                n = len(self.ids)
                if k < n:
                    self.present(k)
                    print(f"{k + 1} of {n}")
                else:
                    agreement = self.agreement()
                    print(f"Done. Your answers agree with the data set's labels in {agreement}")

        def choose(button) -> None:
            if len(self.answers) < len(self.ids):
                self.answer(button.description)
                show()

        for button in buttons:
            button.on_click(choose)
        choices = ipywidgets.HBox(buttons, layout={"flex_flow": "wrap"})
        display(ipywidgets.VBox([screen, choices]))
        show()

    def answer(self, label: str) -> None:
        """Give the next answer; it is written to ``path`` at once. ValueError for a label that is
        not offered.
        """
        if label not in self.labels:
            raise ValueError(f"{label!r} is not one of {', '.join(self.labels)}")
        item = self.ids[len(self.answers)]
        self.answers[item] = label
        with replacing(self.path) as temporary:
            self.table().to_csv(temporary, index=False)

    def table(self) -> pd.DataFrame:
        """One row an answer so far: ``id``, ``label`` (the data set's), ``guess`` (yours)."""
        n = len(self.answers)
        columns = {
            "id": self.ids[:n],
            "label": self.truth[:n],
            "guess": list(self.answers.values()),
        }
        return pd.DataFrame(columns)

    def agreement(self) -> str:
        """As ``7 of 10``: how many answers agree with the data set's labels."""
        table = self.table()
        same = table["label"] == table["guess"]
        return f"{same.sum()} of {len(table)}"


class FilmPicker:
    """Choose a film of your own; it stays on the machine that runs the notebook, in a temporary
    folder or where it is.

    In Jupyter: a menu of the films in a folder (drop a file into JupyterLab's file browser,
    whatever its size) and a button for small ones. In Colab: Colab's own upload. Without a front
    end nothing can be picked.

    Parameters
    ----------
    folder : whose films the menu lists.
    """

    SUFFIXES = (".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".wav", ".mp3", ".flac")

    def __init__(self, folder: Path | str = "."):
        self.folder = Path(folder)
        self._menu = None
        self._button = None
        self._uploaded = None
        self._sent = None

    def show(self) -> None:
        """Show the menu and the button, or say that there is nobody to use them."""
        if not _front_end():
            print("Here you would pick a film; this run has nobody who could.")
            return
        if "google.colab" in sys.modules:
            from google.colab import files  # asks at once, and has no size limit

            for name in files.upload():
                self._uploaded = Path(name)
            return
        import ipywidgets

        choices = [("none", None)]
        for path in sorted(self.folder.iterdir()):
            if path.suffix.lower() in self.SUFFIXES and not path.name.startswith("."):
                choices.append((path.name, path))
        self._menu = ipywidgets.Dropdown(options=choices, description="film")
        self._button = ipywidgets.FileUpload(
            accept="video/*,audio/*",
            multiple=False,
            description="upload, up to 10 MB",
            layout={"width": "auto"},
        )
        display(ipywidgets.HBox([self._menu, self._button]))

    @property
    def path(self) -> Path | None:
        """The film that was picked: the uploaded one, else the menu's; None: nothing yet."""
        self._take_upload()
        if self._uploaded is not None:
            return self._uploaded
        if self._menu is not None:
            return self._menu.value
        return None

    def _take_upload(self) -> None:
        """Write a film that has come since the last look into a temporary folder."""
        if self._button is None:
            return
        if self._button.value is self._sent:
            return
        self._sent = self._button.value
        sent = uploaded(self._sent)
        if sent is None:
            return
        name, content = sent
        folder = Path(tempfile.mkdtemp())
        film = folder / Path(name).name
        film.write_bytes(content)
        self._uploaded = film


def uploaded(sent: Sequence | Mapping) -> tuple[str, bytes] | None:
    """The name and the content of the file that an upload button has taken; None: none yet.

    Parameters
    ----------
    sent : the value of an ``ipywidgets.FileUpload``.
    """
    if not sent:
        return None
    if isinstance(sent, Mapping):  # ipywidgets 7: Colab's, older Jupyter
        name, one = next(iter(sent.items()))
    else:  # a tuple in 8
        one = sent[0]
        name = one["name"]
    return name, bytes(one["content"])
