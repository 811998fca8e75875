"""Run notebooks again on the samples, keep what comes out, and record how long that took: `make
notebooks`.

`python notebooks/run.py 03 07` runs only these. The times go into data/runs/notebooks.json, and
from there into the README's routes and the list of notebooks; `python notebooks/run.py --pages`
only counts the words and writes these two again.
"""

import json
import os
import re
import sys
import time
from pathlib import Path

import nbformat

HERE = Path(__file__).resolve().parent
RECORD = HERE.parent / "data" / "runs" / "notebooks.json"
ROUTES = {
    "fast lane, an afternoon": ("00", "05", "10", "12", "13"),
    "face lane": ("00", "03", "07", "11", "12"),
    "full course": tuple(f"{k:02}" for k in range(17)),
}


def paths(wanted: list[str]) -> list[Path]:
    """The notebooks whose numbers are wanted; without any, all of them."""
    return [
        p for p in sorted(HERE.glob("[0-9][0-9]_*.ipynb")) if not wanted or p.name[:2] in wanted
    ]


def count_words(path: Path) -> int:
    """How many words a reader finds between the code."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return sum(len("".join(c["source"]).split()) for c in cells if c["cell_type"] == "markdown")


def execute(path: Path) -> float:
    """Run a notebook from top to bottom in its own folder and keep the outputs; the seconds that it
    took.
    """
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    started = time.monotonic()
    client = NotebookClient(
        notebook, timeout=None, record_timing=False, resources={"metadata": {"path": str(HERE)}}
    )
    client.execute()
    seconds = time.monotonic() - started
    nbformat.write(notebook, path)
    return seconds


def keep(record: dict) -> None:
    """Write the record, with the words of all notebooks as they are now."""
    from emotutils.training import records

    record["seconds"] = dict(sorted(record["seconds"].items()))
    record["words"] = {path.stem: count_words(path) for path in paths([])}
    records.write("notebooks", record, publish=True)


def clock(seconds: float) -> str:
    """As ``40 s`` or ``3 min``: shared processors allow no finer word."""
    return f"{10 * max(1, round(seconds / 10))} s" if seconds < 95 else f"{round(seconds / 60)} min"


def routes(record: dict) -> str:
    """The README's table: what each route runs and reads."""
    lines = [
        "| route | notebooks | all cells run in | words to read |",
        "| --- | --- | --- | --- |",
    ]
    for name, numbers in ROUTES.items():
        on_it = paths(list(numbers))
        seconds, words = (sum(record[key][p.stem] for p in on_it) for key in ("seconds", "words"))
        links = " – ".join(f"[{p.name[:2]}](notebooks/{p.name})" for p in on_it)
        links = links if on_it != paths([]) else "all of them"
        lines.append(f"| {name} | {links} | {clock(seconds)} | {round(words, -2):,} |")
    return "\n".join([*lines, "", f"Times with the samples, measured on: {record['hardware']}."])


def times(record: dict, page: str) -> str:
    """The list of notebooks with the last cells of each row, time and words, written anew."""
    for stem, seconds in record["seconds"].items():
        measured = f"{clock(seconds)} | {record['words'][stem]:,}"
        page = re.sub(rf"(?m)^(\| \[{stem}\].*?\|.*?\|.*?\| ).*\|$", rf"\g<1>{measured} |", page)
    return page


def write_pages(record: dict) -> None:
    """The README's routes and the times in the list of notebooks, from the record."""
    if unknown := [p.stem for p in paths([]) if p.stem not in record["seconds"]]:
        print(f"README and list are left as they are: no time is known of {', '.join(unknown)}")
        return
    readme, plan = HERE.parent / "README.md", HERE / "README.md"
    block = re.compile(r"(?s)(?<=<!-- routes -->\n).*?(?=\n<!-- /routes -->)")
    readme.write_text(
        block.sub(lambda _: routes(record), readme.read_text("utf-8")), encoding="utf-8"
    )
    plan.write_text(times(record, plan.read_text("utf-8")), encoding="utf-8")


if __name__ == "__main__":
    os.environ |= {
        "EMOTUTILS_PROFILE": "sample",
        "EMOTUTILS_STATIC": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    record = (
        json.loads(RECORD.read_text("utf-8")) if RECORD.is_file() else {"seconds": {}, "words": {}}
    )
    if sys.argv[1:] != ["--pages"]:
        from emotutils import samples
        from emotutils.support import machine

        samples.ensure()  # made once, by whichever notebook comes first: not a part of that one's time
        record["hardware"] = machine.surroundings()["hardware"]
        for path in paths(sys.argv[1:]):
            record["seconds"][path.stem] = round(execute(path), 1)
            keep(record)
            print(f"{path.name}: {record['seconds'][path.stem]} s", flush=True)
    keep(record)
    write_pages(record)
