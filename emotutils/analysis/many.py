"""Many films at once: a folder of results for each, and an overview of all. Taught in
notebooks/13_fusion.
"""

import hashlib
import inspect
import json
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import av
import joblib
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from .. import config, report
from ..errors import DataError, EmotutilsError, LocatedError
from ..findings import AUTO
from ..networks import DEFAULTS, Network, fingerprint
from ..report import exports, overview
from ..report.reading import read_result, read_timeline
from ..support.files import check_writable
from ..support.machine import limit_threads
from ..support.quiet import only_our_warnings
from ..words import files_beside
from . import Analysis, analyze, check_settings
from .combining import JOINT
from .gathering import Listed, gather
from .words import NONE

#: A film is known again by its size and so many pieces of it, spread from its start to its end.
PIECES = 16
PIECE = 1 << 16
#: These belong to one film.
OF_ONE_FILM = ("streams", "openface", "fuse_openface", "person")
#: Each has a network of its own.
STREAMS = ("face", "voice", "words")
BAR = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f} of {total:.0f} s of film, {remaining} left"


@dataclass(frozen=True)
class Task:
    """One of several films, ready to be analysed in any process.

    Attributes
    ----------
    film : where it lies.
    folder : where its results go.
    settings, saving : for ``analyze`` and for ``report.save``.
    request : what is asked for and of what, to be kept with the results.
    """

    film: Path
    folder: Path
    settings: dict
    saving: dict
    request: dict

    def is_done(self) -> bool:
        """Whether the results of just this request lie in the folder."""
        try:
            found = read_result(self.folder)
            read_timeline(self.folder, overview.TIMELINE)
        except DataError:
            return False
        return found.get("request") == self.request


def analyze_many(
    films: str | os.PathLike | Iterable[str | os.PathLike],
    out: str | os.PathLike,
    *,
    jobs: int = 1,
    resume: bool = False,
    progress: bool = True,
    **settings,
) -> pd.DataFrame:
    """Analyse many films: a folder of results for each, a table, and a page that shows them all.

    Parameters
    ----------
    films : paths of films, and of folders: every file in a folder and its sub-folders whose name
        ends like that of a film or recording (``gathering.FILM_SUFFIXES``), in order of names.
        Hidden files, folders behind links, ``out`` and an earlier ``annotated.mp4`` are passed
        over. A film that is named twice is analysed once.
    out : where ``films.csv``, ``index.html`` and the films' folders go; made if need be.
    jobs : films at a time, each in a process of its own; -1 for one a core. The results are the
        same. It goes through joblib, so that ``joblib.parallel_config(backend="dask")`` uses the
        machines of a cluster; they must see the same folders, under the same names.
    resume : skip films of which ``out`` has the results of just this request: the same film (its
        size, and 16 pieces of it), the same networks (their files), settings and version.
    progress : whether a bar over all films is drawn; it moves when a film is done.
    **settings : of ``analyze`` and ``Analysis.save``, such as ``fps=10`` or ``annotate=True``.
        Pictures are taken of films only. What belongs to one film is refused: ``streams``,
        ``openface``, stretches of a ``baseline``, a file of ``subtitles``. Subtitles beside a film
        are found.

    Returns
    -------
    The table, a row a film: ``film``, ``status`` (done, kept, failed), ``seconds`` of film,
    ``streams`` that had something to say, for the whole film ``label``, ``p`` and ``sure`` of all
    together and ``NAME_label``, ``NAME_p`` of each stream, the share of ``unsure`` moments,
    ``warnings``, ``error``, ``folder``.

    Raises
    ------
    EmotutilsError : settings that cannot be, no films, or a folder that cannot be written; before
        anything is done. What is wrong with one film stands in its row, and the others are done.
        After Ctrl-C table and page hold the films that were finished.

    Notes
    -----
    What was registered in this process (networks, detectors, fusion rules) other processes do not
    know, unless an installed package announces it. ``resume`` does not see changes to such code.
    """
    if jobs == 0 or jobs != int(jobs):
        raise EmotutilsError(
            f"jobs={jobs}: give the number of films at a time, or -1 for all cores"
        )
    if isinstance(films, str | os.PathLike):
        films = [films]
    out = Path(out).absolute()
    settings, saving = _divided(settings)
    _check(settings)
    exports.check_formats(saving["export"])
    listed = gather(films, out)
    check_writable(out)
    request = _request(settings, saving)
    tasks = [_task(film, out, settings, saving, request) for film in listed]
    statuses = {}
    if resume:
        statuses = {k: (overview.KEPT, "") for k, task in enumerate(tasks) if task.is_done()}
    todo = {k: task for k, task in enumerate(tasks) if k not in statuses}
    try:
        for k, error in _run(todo, jobs, progress):
            statuses[k] = (overview.FAILED if error else overview.DONE, error)
    except BrokenProcessPool as error:
        raise EmotutilsError(
            "a process was ended from outside, perhaps for want of memory; what is finished is "
            "kept: go on with fewer jobs and resume"
        ) from error
    finally:
        entries = []
        for k, film in enumerate(listed):
            if k in statuses:
                entries.append(overview.Entry(film.name, film.folder, *statuses[k]))
        table = overview.write_overview(entries, out, len(listed))
    return table


def _divided(settings: dict) -> tuple[dict, dict]:
    """All settings of ``analyze`` and of ``Analysis.save``, those not named as they are there."""
    of_save = inspect.signature(Analysis.save).parameters.keys() - {"self", "directory"}
    saving = {name: value for name, value in settings.items() if name in of_save}
    named = {name: value for name, value in settings.items() if name not in of_save}
    found = []
    for function, values in ((analyze, named), (Analysis.save, saving)):
        bound = inspect.signature(function).bind_partial(**values)
        bound.apply_defaults()
        found.append(bound.arguments)
    for_analyze, for_save = found
    for_analyze.pop("progress")
    for name, value in for_analyze.items():
        if name.endswith("_network") and str(value).endswith(".keras"):
            for_analyze[name] = Path(value).absolute()  # a worker may stand in another folder
    model = for_analyze["whisper_model"]
    if model is not None and Path(model).is_dir():
        for_analyze["whisper_model"] = str(Path(model).absolute())
    return for_analyze, for_save


def _check(settings: dict) -> None:
    """Refuse what belongs to one film, and what no film could be analysed with."""
    for name in OF_ONE_FILM:
        if settings[name]:
            raise EmotutilsError(f"{name}: belongs to one film; analyse that film alone")
    if settings["subtitles"] not in (None, NONE):
        raise EmotutilsError(
            "subtitles: belong to one film; analyse that film alone, or give 'none' (what lies "
            "beside a film is found)"
        )
    baseline = settings["baseline"]
    wanted = baseline.values() if isinstance(baseline, dict) else [baseline]
    if any(one not in (None, AUTO) for one in wanted):
        raise EmotutilsError(
            "baseline: stretches belong to one film; analyse that film alone, or give 'auto'"
        )
    for stream in STREAMS:
        if isinstance(settings[f"{stream}_network"], Network):
            raise EmotutilsError(
                f"{stream}_network: every process opens it anew; give its name, or its file's path"
            )
    check_settings(**settings)


def _network_names(settings: dict) -> dict[str, str | os.PathLike]:
    """Of each stream that is read the network's name or path."""
    names = {}
    for stream in STREAMS:
        name = settings[f"{stream}_network"] or DEFAULTS.get(stream)
        if name and settings["only"] in (None, stream):
            names[stream] = name
    return names


def _request(settings: dict, saving: dict) -> dict:
    """What is asked for, as ``result.json`` keeps it: settings, and the networks' fingerprints."""
    networks = {stream: fingerprint(name) for stream, name in _network_names(settings).items()}
    if settings["fusion"] == JOINT:
        networks[JOINT] = fingerprint(JOINT)
    fitted = sorted((config.shipped_root() / "weights").glob("fusion-*.json"))
    networks["fusion"] = _hash(path.read_bytes() for path in fitted)
    asked = {k: v for k, v in settings.items() if k not in [f"{s}_network" for s in STREAMS]}
    request = {
        "emotutils": version("emotutils"),
        "settings": asked | saving,
        "networks": networks,
    }
    return json.loads(json.dumps(request, default=_listed))


def _listed(value: object) -> object:
    return np.asarray(value).tolist()


def _hash(pieces: Iterable[bytes]) -> str:
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def _task(film: Listed, out: Path, settings: dict, saving: dict, request: dict) -> Task:
    words = [_film_facts(path) for path in files_beside(film.path)]
    request = request | {"film": _film_facts(film.path), "subtitles": words}
    return Task(film.path, out / film.folder, settings, saving, request)


def _film_facts(path: Path) -> dict | None:
    """What tells one film from another; None where it cannot be read."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return {"size": size, "pieces": _hash(_pieces(file, size))}
    except OSError:
        return None


def _pieces(file, size: int) -> Iterator[bytes]:
    for start in np.linspace(0, max(0, size - PIECE), PIECES).astype(int):
        file.seek(start)
        yield file.read(PIECE)


def _run(todo: dict[int, Task], jobs: int, progress: bool) -> Iterator[tuple[int, str]]:
    """The place of each film as it is done, and why it failed, or ""."""
    seconds = {k: _declared_seconds(task.film) for k, task in todo.items()}
    threads = None
    together = joblib.effective_n_jobs(jobs)
    if together > 1:
        threads = max(1, joblib.cpu_count() // together)
    work = joblib.delayed(_analyze_one)
    calls = [work(k, task, threads) for k, task in todo.items()]
    done = joblib.Parallel(jobs, return_as="generator_unordered", batch_size=1)(calls)
    bar = tqdm(
        total=sum(seconds.values()),
        disable=not progress,
        desc=_words(0, len(todo)),
        bar_format=BAR,
    )
    with bar, closing(done):
        for count, (k, error) in enumerate(done, start=1):
            yield k, error
            bar.set_description(_words(count, len(todo)))
            bar.update(seconds[k])
        bar.update(bar.total - bar.n)  # sums of seconds need not be equal to the last digit


def _words(count: int, total: int) -> str:
    return f"{count} of {total} films"


def _declared_seconds(path: Path) -> float:
    """How long a film says it is: enough for a bar. 0 where it does not say."""
    try:
        with av.open(str(path)) as container:
            return (container.duration or 0) / av.time_base
    except (av.FFmpegError, OSError, UnicodeError):
        return 0.0


def _leave_stopping_to_the_first_process() -> None:
    """Ctrl-C reaches every process of a terminal. The first one stops the others; interrupted
    anywhere, they would tell of it.
    """
    if threading.current_thread() is threading.main_thread():  # on a cluster it may be another
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _analyze_one(k: int, task: Task, threads: int | None) -> tuple[int, str]:
    """Analyse one film and write its results; why that failed, or ""."""
    if threads is not None:  # in a process of its own
        limit_threads(threads)
        only_our_warnings()
        _leave_stopping_to_the_first_process()
    try:
        analysis = analyze(task.film, progress=False, **task.settings)
        saving = dict(task.saving)
        if not analysis.info.has_video:
            saving |= {"annotate": False, "thumbnails": False}
        report.save(analysis, task.folder, request=task.request, **saving)
    except LocatedError as error:
        if error.where == str(task.film):
            return k, f"{error.what}; {error.remedy}"
        return k, str(error)
    except EmotutilsError as error:
        return k, str(error)
    except Exception as error:  # a fault of ours must not cost the other films
        return k, f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
    return k, ""
