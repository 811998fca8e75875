"""The page for people who do not type: choose a film, watch the bar, read the report.

``emotutils app`` serves it from this machine; on Colab its notebook is opened as any other.
"""

import base64
import html
import io
import mimetypes
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import ipywidgets
from IPython.display import display

from .. import config, report
from ..analysis import Analysis, analyze
from ..analysis.gathering import FILM_SUFFIXES
from ..errors import EmotutilsError
from .notebook import uploaded

#: Megabytes: what the page takes by upload, up to what it plays a film beside its report, and up
#: to what it hands results over.
UPLOAD = 200
PLAYED = 50
HANDED = 200

WIDE = {"width": "auto"}
STYLE = """<style>
.emotutils {overflow: visible; padding: 0}
.emotutils > * {margin-left: 0; margin-right: 0; flex-shrink: 0}
body[data-voila] .jp-Cell {max-width: 76rem; margin: 0 auto}
.emotutils iframe {box-sizing: border-box; width: 100%; height: 90vh}
.emotutils iframe {border: 1px solid #ccc; border-radius: 6px}
.emotutils .problem {color: #a01212; font-weight: 600; line-height: 1.5}
.emotutils .downloads a {margin-right: 0.4rem; color: #0b57a4; text-decoration: underline}
.emotutils .downloads span {margin-right: 1.6rem; color: #555}
</style>"""


class App:
    """The page: a path or a list to choose from, an upload, a button, and what comes of it.

    A film that is uploaded, and all results, lie in a temporary folder that is gone when the report
    is shown; results are kept where that is asked for.

    Parameters
    ----------
    folder : where the list of films begins; results are kept in ``runs`` there.
    """

    def __init__(self, folder: str | os.PathLike = "."):
        self.home = Path(folder).resolve()
        self._uploaded: tuple[str, bytes] | None = None
        self.path = ipywidgets.Text(
            description="film",
            placeholder="path of a film or of a folder",
            continuous_update=False,
            layout=WIDE,
        )
        self.list = ipywidgets.Select(rows=8, layout=WIDE)
        self.upload = ipywidgets.FileUpload(
            accept="video/*,audio/*",
            multiple=False,
            description=f"or upload one, up to {UPLOAD} MB",
            layout={"width": "fit-content"},
        )
        self.annotate = _box("also a film with everything drawn into it")
        self.keep = _box(f"keep the results on this machine, in {self.home / 'runs'}")
        self.button = ipywidgets.Button(
            description="Analyse", button_style="primary", disabled=True
        )
        self.bar = ipywidgets.Output()
        self.said = ipywidgets.HTML()
        self.downloads = ipywidgets.HTML()
        self.report = ipywidgets.HTML(layout=WIDE)
        self.path.observe(self._typed, "value")
        self.list.observe(self._picked, "value")
        self.upload.observe(self._received, "value")
        self.button.on_click(self._run)
        self._list(self.home)

    def show(self) -> None:
        """Put the page into the notebook."""
        parts = [
            ipywidgets.HTML(STYLE),
            self.path,
            self.list,
            self.upload,
            self.annotate,
            self.keep,
            self.button,
            self.bar,
            self.said,
            self.downloads,
            self.report,
        ]
        page = ipywidgets.VBox(parts)
        page.add_class("emotutils")
        display(page)

    def _list(self, folder: Path) -> None:
        """Offer the films and the folders in a folder."""
        choices = [("choose a film, or a folder to look into", None)]
        if folder != folder.parent:
            choices.append(("⬑ the folder above", folder.parent))
        folders = []
        films = []
        for path in sorted(folder.iterdir(), key=lambda one: one.name.casefold()):
            if path.name.startswith("."):
                continue
            if path.is_dir():
                folders.append((f"{path.name}/", path))
            elif path.suffix.lower() in FILM_SUFFIXES:
                films.append((path.name, path))
        self.list.options = [*choices, *films, *folders]
        self.list.value = None

    def _picked(self, change: Mapping) -> None:
        if change["new"] is not None:
            self.path.value = str(change["new"])

    def _typed(self, change: Mapping) -> None:
        """A film can be analysed, a folder is looked into, anything else is told."""
        self.said.value = ""
        self._uploaded = None
        path = Path(change["new"].strip()).expanduser()
        if not path.is_absolute():
            path = self.home / path
        self.button.disabled = not path.is_file()
        if path.is_file():
            return
        try:
            self._list(path)
        except OSError as error:
            self._complain(f"{path}: {error.strerror}; choose another film or folder")

    def _received(self, change: Mapping) -> None:
        sent = uploaded(change["new"])
        if sent is not None:
            self.path.value = str(self.home)
            self._uploaded = sent
            self.button.disabled = False
            name, content = sent
            self._say(f"Here: {name}, {_size(content)}. Press Analyse.")

    def _run(self, _) -> None:
        """Analyse what was chosen, and show it; all files are gone afterwards."""
        for part in (self.downloads, self.report):
            part.value = ""
        self.button.disabled = True
        self._say("At work …")
        try:
            with tempfile.TemporaryDirectory() as folder, self.bar:
                self._analyse(Path(folder))
        except EmotutilsError as error:
            self._complain(str(error))
        finally:
            self.bar.clear_output()
            self.button.disabled = False

    def _analyse(self, folder: Path) -> None:
        film = self._film(folder)
        analysis = analyze(film)
        out = folder / "results"
        if self.keep.value:
            out = self.home / config.output_root() / film.stem
        paths = analysis.save(out, annotate=self.annotate.value and analysis.info.has_video)
        kept = f"Kept in {out}." if self.keep.value else "Nothing is kept on this machine."
        self._say(f"{film.name}: done. {kept}")
        self.downloads.value = _links(film.stem, paths)
        self.report.value = _framed(analysis, film)

    def _film(self, folder: Path) -> Path:
        """Where the film lies; an uploaded one is put into the folder."""
        if self._uploaded is None:
            return self.home / Path(self.path.value.strip()).expanduser()
        name, content = self._uploaded
        film = folder / Path(name).name
        film.write_bytes(content)
        return film

    def _say(self, line: str) -> None:
        self.said.value = f"<p>{html.escape(line)}</p>"

    def _complain(self, line: str) -> None:
        self.said.value = f'<p class="problem" role="alert">{html.escape(line)}</p>'


def _box(words: str) -> ipywidgets.Checkbox:
    return ipywidgets.Checkbox(description=words, indent=False, layout={"width": "auto"})


def _size(content: bytes) -> str:
    kilobytes = len(content) / 1e3
    return f"{kilobytes:.0f} KB" if kilobytes < 1000 else f"{kilobytes / 1000:.1f} MB"


def _address(content: bytes, name: str) -> str:
    """A file as an address that holds it, so that no file has to lie anywhere."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _framed(analysis: Analysis, film: Path) -> str:
    """The report as a page in the page, with the film in it where that is not too large."""
    played = None
    if film.stat().st_size <= PLAYED * 1e6:
        played = _address(film.read_bytes(), film.name)
    page = html.escape(report.page(analysis, film=played))
    return f'<iframe title="report" sandbox="allow-scripts" srcdoc="{page}"></iframe>'


def _links(name: str, paths: Mapping[str, Path]) -> str:
    """The results to take along: the report, the timeline, and everything in one archive."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, path in paths.items():
            archive.write(path, f"{name}/{file}")
    offered = {f"{name}.zip": whole.getvalue()}
    for file in ("report.html", "timeline.csv"):
        offered[f"{name}-{file}"] = paths[file].read_bytes()
    links = [_link(file, content) for file, content in offered.items()]
    return f'<p class="downloads">To take along: {" ".join(links)}</p>'


def _link(name: str, content: bytes) -> str:
    name = html.escape(name)
    if len(content) > HANDED * 1e6:
        return f"<span>{name} is too large to be handed over: keep it</span>"
    address = _address(content, name)
    return f'<a download="{name}" href="{address}">{name}</a><span>{_size(content)}</span>'
