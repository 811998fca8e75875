"""The command line: parse, call, print. Taught in notebooks/00_setup."""

import argparse
import json
import os
import re
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from . import config
from .errors import EmotutilsError
from .support import console
from .support.extras import course_needed
from .support.files import check_writable, replacing
from .support.plugins import left_out
from .support.quiet import only_our_warnings

ROOT_HELP = "data root (default: $EMOTUTILS_DATA, else data/)"


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``emotutils``; every subcommand carries its function in ``run``."""
    parser = argparse.ArgumentParser(
        prog="emotutils",
        description="What faces look like and voices sound like in a film. It does not know what "
        "anybody feels; in the EU, inferring emotions at work or in education is forbidden "
        "(AI Act, Art. 5(1)(f)).",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_analyze(commands)
    _add_demo(commands)
    _add_compare(commands)
    _add_networks(commands)
    _add_data(commands)
    _add_train(commands)
    _add_evaluate(commands)
    _add_calibrate(commands)
    _add_convert(commands)
    _add_check(commands)
    _add_app(commands)
    _add_course(commands)
    return parser


class _HelpOnAnalysis(argparse.HelpFormatter):
    """Names what is registered in place of ``{rules}`` and ``{detectors}``: looked up when
    somebody asks for help, not at every start.
    """

    def _get_help_string(self, action: argparse.Action) -> str:
        if "{rules}" in action.help:
            from .fusion import rules

            names = ", ".join(rules.rule_names())
            return action.help.format(rules=names, default=rules.DEFAULT_RULE)
        if "{detectors}" in action.help:
            from .faces import detector_names

            return action.help.format(detectors=", ".join(detector_names()))
        return action.help


def _add_analyze(commands) -> None:
    p = commands.add_parser(
        "analyze",
        help="a film goes in, a timeline and a report come out; or many films, or a folder",
        formatter_class=_HelpOnAnalysis,
    )
    p.add_argument("films", metavar="FILM|FOLDER", type=Path, nargs="+")
    _analysis_options(p)
    _result_options(p)
    p.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="of several films, how many at a time (default: 1; -1: one a core)",
    )
    p.add_argument(
        "--resume",
        action="store_true",
        help="of several films, skip those whose results are there, with these settings",
    )
    p.set_defaults(run=_analyze_all)


def _add_demo(commands) -> None:
    p = commands.add_parser(
        "demo",
        help="analyze the bundled film",
        formatter_class=_HelpOnAnalysis,
    )
    _analysis_options(p)
    _result_options(p)
    p.set_defaults(run=_demo)


def _stream_options(p: argparse.ArgumentParser) -> None:
    """What a film is analysed with beside itself."""
    p.add_argument(
        "--stream",
        metavar="NAME=CSV",
        type=_stream,
        action="append",
        default=[],
        help="a further stream: times (t, or t0 and t1) and p_anger … p_neutral; again for more",
    )
    p.add_argument(
        "--baseline",
        metavar="A-B",
        type=_baseline,
        action="append",
        default=[],
        help="a stretch in which this person is neutral, as 0:03-0:08; again for more; auto: the "
        "median over the film; face=0:03-0:08: of the face alone",
    )
    p.add_argument(
        "--openface",
        metavar="CSV",
        type=Path,
        help="what OpenFace wrote of this film: a lane of its own, by the network actions",
    )
    p.add_argument(
        "--fuse-openface", action="store_true", help="let that lane take part in the fusion"
    )
    p.add_argument(
        "--subtitles",
        metavar="FILE",
        help="what is said: a .srt, .vtt or .json (default: what lies beside the film under its "
        "name, or inside it); none: no words",
    )
    p.add_argument(
        "--transcribe",
        action="store_true",
        help="let Whisper hear what is said, in place of subtitles (needs emotutils[words])",
    )
    p.add_argument(
        "--whisper-model",
        metavar="M",
        help="a model's name, or the folder that holds it (default: tiny.en, 75 MB)",
    )
    p.add_argument(
        "--fuse-words", action="store_true", help="let the words take part in the fusion"
    )


def _analysis_options(p: argparse.ArgumentParser) -> None:
    """How a film is analysed."""
    _stream_options(p)
    _track_options(p)
    p.add_argument("--only", choices=("face", "voice"), help="leave the other of the two out")
    p.add_argument(
        "--face-network",
        metavar="N",
        help="a name (see 'emotutils networks') or a .keras file",
    )
    p.add_argument("--voice-network", metavar="N", help="a name or a .keras file")
    p.add_argument("--words-network", metavar="N", help="a name or a .keras file")
    p.add_argument(
        "--fps",
        type=float,
        default=5.0,
        help="frames looked at per second (default: 5)",
    )
    p.add_argument(
        "--fusion",
        metavar="RULE",
        help="how the streams become one: {rules} or joint (default: {default})",
    )
    p.add_argument(
        "--weights",
        metavar="W",
        type=_weights,
        help="of the rule weighted, as face=0.7,voice=0.3",
    )
    p.add_argument(
        "--smoothing",
        type=float,
        default=1.5,
        metavar="S",
        help="seconds averaged over (default: 1.5)",
    )
    p.add_argument(
        "--error-rate",
        type=float,
        default=0.2,
        metavar="E",
        help="below what is wrong more often than this, it says 'not sure' (default: 0.2)",
    )
    p.add_argument(
        "--detector",
        metavar="D",
        default="blazeface",
        help="what finds the faces: {detectors} (default: blazeface)",
    )
    p.add_argument(
        "--person",
        type=_positive,
        metavar="N",
        help="only this person's face counts; the report of everybody has the numbers",
    )


def _track_options(p: argparse.ArgumentParser) -> None:
    for kind in ("picture", "sound"):
        p.add_argument(
            f"--{kind}-track",
            type=_positive,
            metavar="N",
            help=f"which {kind}, from 1, of a film that has several",
        )


def _result_options(p: argparse.ArgumentParser) -> None:
    """What comes out of an analysis, and where to."""
    p.add_argument(
        "--out", type=Path, help="folder for the results (default: runs/FILM or runs/FOLDER)"
    )
    p.add_argument(
        "--annotate",
        action="store_true",
        help="also write the film with what was found drawn into it",
    )
    p.add_argument(
        "--thumbnails",
        action="store_true",
        help="also put small pictures of the film into the report",
    )
    p.add_argument(
        "--export",
        metavar="F,F",
        type=_words,
        default=[],
        help="also write eaf (ELAN), textgrid (Praat), vtt, srt, labelstudio, csv (one row a "
        "moment and stream); several with commas",
    )
    p.add_argument("--open", action="store_true", help="open the report in a browser")
    p.add_argument("--json", action="store_true", help="print the summary as JSON, for scripts")


def _add_compare(commands) -> None:
    p = commands.add_parser(
        "compare", help="how far an analysis agrees with a person's annotation of the film"
    )
    p.add_argument("result", metavar="RESULT", type=Path, help="the folder that analyze wrote")
    p.add_argument(
        "annotation",
        metavar="ANNOTATION",
        type=Path,
        help="an ELAN .eaf, a Praat .TextGrid, or a .csv with t0, t1, label or t, label",
    )
    p.add_argument("--tier", metavar="T", help="default: the only one that has emotion words")
    p.add_argument("--json", action="store_true", help="print the comparison as JSON")
    p.add_argument(
        "--out",
        type=Path,
        help="also write comparison.json, confusion.csv, stretches.csv and comparison.png there",
    )
    p.set_defaults(run=_compare)


def _add_networks(commands) -> None:
    p = commands.add_parser("networks", help="the shipped networks with their test scores")
    p.add_argument(
        "--all",
        action="store_true",
        help="every table of results, as in docs/results.md",
    )
    p.set_defaults(run=_networks)


def _add_data(commands) -> None:
    p = commands.add_parser("data", help="the data sets: where they come from, which are here")
    data = p.add_subparsers(metavar="list|fetch|check|prepare|audit", required=True)
    _add_data_list(data)
    _add_data_fetch(data)
    _add_data_check(data)
    _add_data_prepare(data)
    _add_data_audit(data)
    for command in data.choices.values():
        command.add_argument("--root", type=Path, help=ROOT_HELP)


def _add_data_list(data) -> None:
    p = data.add_parser("list", help="the sets the course knows")
    p.set_defaults(run=_data_list)


def _add_data_fetch(data) -> None:
    p = data.add_parser("fetch", help="download a set, or say what you must do first")
    p.add_argument("name", metavar="NAME")
    p.set_defaults(run=_data_fetch)


def _add_data_check(data) -> None:
    p = data.add_parser(
        "check", help="read a set (or all) and say what is there, and what is missing"
    )
    p.add_argument("name", metavar="NAME", nargs="?")
    p.set_defaults(run=_data_check)


def _add_data_prepare(data) -> None:
    p = data.add_parser(
        "prepare", help="cut the faces out of Aff-Wild2's films, into seven balanced folders"
    )
    p.add_argument("name", metavar="NAME", choices=("affwild2",))
    p.add_argument(
        "--fps",
        type=float,
        default=5.0,
        help="frames looked at per second (default: 5)",
    )
    p.add_argument(
        "--openface",
        type=Path,
        help="folder with OpenFace's output, in place of our detector",
    )
    p.add_argument("--jobs", type=_positive, default=2, help="films at a time (default: 2)")
    p.set_defaults(run=_data_prepare)


def _add_data_audit(data) -> None:
    p = data.add_parser("audit", help="count a set, and say what its own split has on both sides")
    p.add_argument("name", metavar="NAME")
    p.add_argument("--publish", action="store_true", help="also write into data/runs")
    p.set_defaults(run=_data_audit)


def _add_train(commands) -> None:
    p = commands.add_parser("train", help="train a network and record the run")
    p.add_argument("network", metavar="NETWORK")
    p.add_argument(
        "--data",
        required=True,
        metavar="SET",
        help="fer2013, ravdess, tess, ravdess+tess, sample-…; for joint paired-fer2013+ravdess",
    )
    p.add_argument("--recipe", choices=("best", "thesis"), default="best")
    p.add_argument(
        "--protocol",
        metavar="P",
        help="thesis-NAME or folds-5 (default: the set's own split)",
    )
    p.add_argument("--epochs", type=_positive, help="instead of the recipe's")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16"),
        default="float32",
        help="mixed_bfloat16: up to twice as fast on processors that have it (efficientnet_lite0 "
        "is slower with it)",
    )
    p.add_argument("--root", type=Path, help=ROOT_HELP)
    p.add_argument("--out", type=Path, help="where the run goes (default: runs/)")
    p.add_argument("--resume", action="store_true", help="go on from the last finished epoch")
    p.add_argument("--overwrite", action="store_true", help="delete an earlier run of this name")
    p.add_argument(
        "--publish",
        action="store_true",
        help="also write into data/runs and data/weights",
    )
    p.set_defaults(run=_train)


def _add_evaluate(commands) -> None:
    p = commands.add_parser("evaluate", help="score a trained network on a data set")
    p.add_argument(
        "network",
        metavar="NETWORK",
        help="a shipped network's name or the path of a .keras file",
    )
    p.add_argument("--data", required=True, metavar="SET")
    p.add_argument(
        "--split",
        choices=("train", "validation", "test", "all"),
        default="test",
        help="all: of a set that the network never learned from",
    )
    p.add_argument("--root", type=Path, help=ROOT_HELP)
    p.add_argument("--json", action="store_true", help="print the report as JSON")
    p.add_argument(
        "--out",
        type=Path,
        help="also write report.json, labels.csv and report.png into this folder",
    )
    p.add_argument(
        "--flip",
        action="store_true",
        help="mean of each face's answer and its mirror image's",
    )
    p.set_defaults(run=_evaluate)


def _add_calibrate(commands) -> None:
    p = commands.add_parser(
        "calibrate", help="fit how sure a network may be, on its validation rows, into its card"
    )
    p.add_argument(
        "network",
        metavar="NETWORK",
        help="the path of a .keras file, or with --publish a shipped name",
    )
    p.add_argument("--root", type=Path, help=ROOT_HELP)
    p.add_argument("--publish", action="store_true", help="write the card of a shipped network")
    p.set_defaults(run=_calibrate)


def _add_convert(commands) -> None:
    p = commands.add_parser(
        "convert", help="make a network's .tflite, which runs without TensorFlow"
    )
    p.add_argument("path", type=Path, metavar="PATH", help="a .keras file, or a folder of them")
    p.set_defaults(run=_convert)


def _add_check(commands) -> None:
    p = commands.add_parser("check", help="is everything here that the course needs?")
    p.set_defaults(run=_check)


def _add_app(commands) -> None:
    p = commands.add_parser("app", help="a page in the browser, for those who do not type")
    p.add_argument("folder", metavar="FOLDER", type=Path, nargs="?", default=Path())
    p.add_argument("--port", type=_positive, help="(default: one that is free)")
    p.add_argument("--no-browser", action="store_true", help="only print the page's address")
    p.set_defaults(run=_app)


def _add_course(commands) -> None:
    p = commands.add_parser("course", help="for teachers: what a class has handed in")
    course = p.add_subparsers(metavar="marks", required=True)
    p = course.add_parser(
        "marks", help="the exercises of all notebooks in a folder, and what their checks said"
    )
    p.add_argument("folder", metavar="FOLDER", type=Path)
    p.add_argument(
        "--run",
        dest="run_again",
        action="store_true",
        help="run each notebook again first: other people's code, on this machine",
    )
    p.add_argument(
        "--cell-timeout",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="how long a cell may take with --run (default: 600)",
    )
    p.add_argument("--out", type=Path, metavar="FILE.csv", help="every verdict with its hint")
    p.set_defaults(run=_course_marks)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _weights(text: str) -> dict[str, float]:
    weights = {}
    for part in text.split(","):
        try:
            name, value = part.split("=")
            weights[name.strip()] = float(value)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r}: write face=0.7,voice=0.3") from None
    return weights


def _stream(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise argparse.ArgumentTypeError(f"{text!r}: write NAME=CSV, such as pose=pose.csv")
    return name.strip(), Path(path)


def _baseline(text: str) -> tuple[str, tuple[float, float] | str]:
    """A stream's name, "" for all of them, and its stretch (s) or ``auto``."""
    name, equals, times = text.rpartition("=")
    if times == "auto":
        return name, times
    start, dash, end = times.partition("-")
    if not dash or (equals and not name):
        raise argparse.ArgumentTypeError(f"{text!r}: write 0:03-0:08, face=0:03-0:08 or auto")
    return name, (_seconds(start), _seconds(end))


def _seconds(text: str) -> float:
    """Seconds of ``8``, ``8.5``, ``1:08.5`` or ``1:01:08``."""
    found = re.fullmatch(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)", text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write 8, 0:08.5 or 1:00:08")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


def _baselines(
    named: Sequence[tuple[str, tuple[float, float] | str]],
) -> dict[str, list] | list | str | None:
    """As ``analyze`` takes them: of all streams alike, or by stream."""
    found = {}
    for name, one in named:
        found.setdefault(name, []).append(one)
    if "" in found and len(found) > 1:
        raise EmotutilsError("--baseline: name the stream of all stretches, or of none")
    for name, stretches in found.items():
        if "auto" in stretches:
            if len(stretches) > 1:
                raise EmotutilsError("--baseline auto: takes no other stretch; leave one out")
            found[name] = "auto"
    return found.get("", found)


def _streams(named: Sequence[tuple[str, Path]]) -> dict[str, Path]:
    streams = {}
    for name, path in named:
        if name in streams:
            raise EmotutilsError(f"--stream {name}: named twice; give each its own name")
        streams[name] = path
    return streams


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when well, 1 where some of many films failed, 2 after an error the user
    can mend (one line on stderr), 130 after Ctrl-C.
    """
    # TensorFlow's start-up notes are no errors, but look like it; whoever wants them sets the
    # variable.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    console.make_ready()
    only_our_warnings()
    try:
        return _run(argv)
    except BrokenPipeError:
        console.output_works()
        return 141  # as a shell has it: whoever reads has read enough
    except OSError as error:
        if error.filename is None and not console.output_works():
            error.filename = "standard output"
        print(f"emotutils: {console.in_one_line(error)}", file=sys.stderr)
        return 2
    except EmotutilsError as error:
        print(f"emotutils: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        line = course_needed(error)
        if line is None:
            raise
        print(f"emotutils: {line}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("emotutils: stopped; nothing half-written is left", file=sys.stderr)
        return 130


def _run(argv: Sequence[str] | None) -> int:
    """Run one command and print all of it; help is printed while the words are read."""
    try:
        args = build_parser().parse_args(argv)
        return args.run(args) or 0
    finally:
        sys.stdout.flush()


def _ask_for_model(args) -> None:
    """Where speech to text needs a model that is not here, ask once whether to download it."""
    from . import words

    name = args.whisper_model or words.DEFAULT_MODEL
    if words.is_at_hand(name) or not words.can_be_fetched(name) or not sys.stdin.isatty():
        return  # what is missing is told by the analysis
    size = words.MEGABYTES.get(name, "several hundred")
    answer = input(f"Download the Whisper model {name} ({size} MB) from huggingface.co? [y/N] ")
    if answer.strip().lower() in ("y", "yes"):
        words.fetch_model(name)


def _analyze_all(args) -> int:
    if args.transcribe:
        _ask_for_model(args)
    one = len(args.films) == 1 and not args.films[0].is_dir()
    if one and args.jobs is None and not args.resume:
        _analyze(args, args.films[0])
        return 0
    if args.open:
        raise EmotutilsError("--open: opens the report of one film; several have index.html")
    return _analyze_many(args)


def _analyze_many(args) -> int:
    from .analysis.many import analyze_many

    out = args.out or config.output_root()
    if not args.out and len(args.films) == 1 and args.films[0].is_dir():
        out = out / args.films[0].resolve().name
    jobs = 1 if args.jobs is None else args.jobs
    table = analyze_many(
        args.films,
        out,
        jobs=jobs,
        resume=args.resume,
        progress=sys.stderr.isatty(),
        **_settings(args),
        **_saving(args),
    )
    failed = table[table["status"] == "failed"]
    if args.json:
        files = {name: str(out / name) for name in ("films.csv", "index.html")}
        films = json.loads(table.to_json(orient="records"))
        print(json.dumps({"films": films, "files": files}, indent=2))
    else:
        for film, error in zip(failed["film"], failed["error"], strict=True):
            print(f"failed: {film}: {error}")
        print(f"{len(table)} films, {len(failed)} failed: {out / 'films.csv'}")
        print(f"overview: {out / 'index.html'}")
    return 1 if len(failed) else 0


def _demo(args) -> None:
    if args.transcribe:
        _ask_for_model(args)
    _analyze(args, config.shipped_root() / "sample" / "demo.mp4", is_demo=True)


def _settings(args) -> dict:
    """How films are analysed, as ``analyze`` takes it."""
    return {
        "face_network": args.face_network,
        "voice_network": args.voice_network,
        "only": args.only,
        "streams": _streams(args.stream),
        "baseline": _baselines(args.baseline),
        "openface": args.openface,
        "fuse_openface": args.fuse_openface,
        "subtitles": args.subtitles,
        "transcribe": args.transcribe,
        "whisper_model": args.whisper_model,
        "words_network": args.words_network,
        "fuse_words": args.fuse_words,
        "fps": args.fps,
        "fusion": args.fusion,
        "weights": args.weights,
        "smoothing": args.smoothing,
        "error_rate": args.error_rate,
        "detector": args.detector,
        "person": args.person,
        "picture_track": args.picture_track,
        "sound_track": args.sound_track,
    }


def _saving(args) -> dict:
    """What is written of a film, as ``Analysis.save`` takes it."""
    return {"annotate": args.annotate, "thumbnails": args.thumbnails, "export": args.export}


def _analyze(args, film: Path, is_demo: bool = False) -> None:
    from . import report
    from .analysis import analyze
    from .analysis.gathering import own_folder

    out = args.out or config.output_root() / film.stem
    if not (args.out or is_demo):
        out = own_folder(film, config.output_root())
    check_writable(out)
    report.exports.check_formats(args.export)
    analysis = analyze(film, progress=sys.stderr.isatty(), **_settings(args))
    paths = analysis.save(out, **_saving(args))
    if args.json:
        files = {name: str(path) for name, path in paths.items()}
        print(json.dumps({**analysis.summary, "files": files}, indent=2))
    else:
        print(report.summary_text(analysis))
        if is_demo:
            _compare_with_script(analysis)
        print(f"\nreport: {paths['report.html']}")
    if args.open:
        webbrowser.open(paths["report.html"].resolve().as_uri())


def _compare(args) -> None:
    from .annotations import compare

    found = compare(args.result, args.annotation, args.tier)
    if args.out:
        found.save(args.out)
    if args.json:
        print(json.dumps(found.to_dict(), indent=2))
    else:
        print(found.text())


def _compare_with_script(analysis) -> None:
    from . import samples

    print("\n  the film is drawn, and its actor was cast so that earlier networks could read it:")
    print(
        "  it shows how the tool works, not how well. His words were written before they were read."
    )
    print("  demo.csv says what is acted; of seven emotions,")
    for stream, right in samples.named(analysis.timeline).items():
        print(f"  the {stream} network names {len(right)}: {', '.join(right) or 'none'}")


def _networks(args) -> None:
    from .networks import network_names
    from .studies import tables

    print(tables.results() if args.all else tables.readme())
    network_names()
    for line in left_out("networks"):
        _note(line)


def _data_list(args) -> None:
    from .datasets import download, loading

    print(download.overview(args.root))
    others = loading.names_from_outside()
    if others:
        print(f"\nfrom other packages: {', '.join(others)}")
    for line in left_out("datasets"):
        _note(line)


def _data_fetch(args) -> None:
    from .datasets import download

    download.fetch(args.name, args.root, progress=sys.stderr.isatty())


def _data_check(args) -> None:
    from .datasets import catalog, download

    names = [args.name] if args.name else list(catalog.CATALOG)
    for name in names:
        status = download.check(name, args.root)
        if args.name and not status.usable:
            raise EmotutilsError(status.line)
        print(status.line, flush=True)


def _data_prepare(args) -> None:
    from .datasets import prepare_films

    options = {
        "fps": args.fps,
        "openface": args.openface,
        "n_jobs": args.jobs,
        "progress": sys.stderr.isatty(),
    }
    done = prepare_films(args.root, on_error="report", **options)
    print(done.steps[done.steps["removed"] > 0].to_string(index=False))
    for where, what, remedy in done.rejects.itertuples(index=False):
        print(f"left out: {where}: {what}; {remedy}")
    print(f"{len(done.table):,} faces, in folders named after the emotions:", end=" ")
    print("emotutils data check affwild2")


def _data_audit(args) -> None:
    import pandas as pd

    from . import datasets
    from .studies import facts

    found = facts.describe(datasets.load(args.name, args.root))
    audit = pd.DataFrame(found["audit"])
    print(audit.to_string(index=False, formatters={"share": "{:.1%}".format}))
    if args.publish:
        print(f"record: {facts.publish(found)}")


def _train(args) -> None:
    from .evaluation import Score
    from .support.quiet import hushed

    with hushed():
        from .training import train

    run = train(
        args.network,
        args.data,
        recipe=args.recipe,
        protocol=args.protocol,
        root=args.root,
        out=args.out,
        seed=args.seed,
        precision=args.precision,
        epochs=args.epochs,
        resume=args.resume,
        overwrite=args.overwrite,
        publish=args.publish,
        progress=sys.stderr.isatty(),
    )
    test = run.record["test"]
    if run.network_path:
        print(f"best epoch {run.record['best_epoch']} of {len(run.record['history'])}")
    print(f"test, {test['n']} rows:")
    for key in ("accuracy", "uar", "macro_f1"):
        print(f"  {key:9} {Score(**test[key])}")
    print(f"record: {run.record_path}")
    print(f"network: {run.network_path or 'none: those of folds are not kept'}")


def _evaluate(args) -> None:
    from .training import evaluate

    if args.out:
        check_writable(args.out)
    options = {"flip": args.flip, "say": _note}
    report = evaluate(args.network, args.data, args.split, args.root, **options)
    if args.json:
        print(report.to_json())
    else:
        rows = f"{report.n} rows"
        if report.n_groups:
            rows += f" in {report.n_groups} groups"
        print(f"{args.network} on {args.data}, {args.split}, {rows}; in brackets 95 % intervals")
        print(report.summary())
        print(report.table().to_string(float_format="%.3f"))
    if args.out:
        _write_report(report, args.out)


def _note(line: str) -> None:
    """Beside what is printed: standard output may be JSON."""
    print(f"note: {line}", file=sys.stderr)


def _write_report(report, folder: Path) -> None:
    from .plots import plot_report
    from .support.tables import to_csv

    report.to_json(folder / "report.json")
    with replacing(folder / "labels.csv") as path:
        text = to_csv(report.table().reset_index())
        path.write_text(text, encoding="utf-8")
    with replacing(folder / "report.png") as path:
        plot_report(report).savefig(path, dpi=100)


def _calibrate(args) -> None:
    path = Path(args.network)
    if path.suffix != ".keras":
        if not args.publish:
            raise EmotutilsError(
                f"{args.network} is shipped: --publish writes its card, "
                "or give a .keras file's path"
            )
        path = config.shipped_root() / "weights" / f"{args.network}.keras"
    from .networks import save_card
    from .training.calibrating import calibrate

    network = calibrate(args.network, args.root, progress=sys.stderr.isatty())
    found = network.card["calibration"]
    before = found["ece_before"]
    after = found["ece_after"]
    print(f"temperature {network.temperature}, on {found['rows']}")
    print(f"expected calibration error there: {before} before, {after} after")
    print(f"card: {save_card(network.card, path)}")


def _convert(args) -> None:
    from .networks import convert_network

    paths = [args.path]
    if args.path.is_dir():
        paths = sorted(args.path.glob("*.keras"))
    if not paths:
        raise EmotutilsError(f"{args.path}: no .keras file there; give its path, or its folder's")
    failed = 0
    for path in paths:
        try:
            for file in convert_network(path):
                print(f"{file}  {file.stat().st_size / 1e6:.1f} MB")
        except EmotutilsError as error:
            if len(paths) == 1:
                raise
            failed += 1
            print(f"emotutils: {error}", file=sys.stderr)
    if failed:
        raise EmotutilsError(f"{failed} of {len(paths)} networks not converted, see above")


def _check(args) -> None:
    from .course.checks import check

    problems = check(print)
    if problems:
        raise EmotutilsError(f"{problems} thing(s) to mend, see above")
    print("OK: everything is here")


def _app(args) -> None:
    from .course.serving import serve

    serve(args.folder, port=args.port, browser=not args.no_browser)


def _course_marks(args) -> None:
    from .course import marks
    from .support.tables import to_csv

    if args.out is not None:
        check_writable(args.out.parent)
    progress = _note if args.run_again else None
    table = marks.mark_notebooks(
        args.folder, run=args.run_again, cell_timeout=args.cell_timeout, progress=progress
    )
    for name, row in marks.count_right(table).iterrows():
        print(f"{name}: {row['right']} of {row['of']} right")
        others = table[(table["notebook"] == name) & (table["verdict"] != "right")]
        for exercise, verdict, hint in others[["exercise", "verdict", "hint"]].to_numpy():
            print("   ", *filter(None, (exercise, verdict, hint)))
    if args.out is not None:
        with replacing(args.out) as path:
            path.write_text("\ufeff" + to_csv(table), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
