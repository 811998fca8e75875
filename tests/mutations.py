"""What anybody, or a damaged disk, may have made of a file of values: the same mutations each time."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path

DEEP = 500
#: In place of a value: of every kind, and beyond every sense. The last two are text for JSON.
VALUES = [
    None,
    True,
    0,
    -1,
    10**6,
    10**30,
    0.5,
    -1e308,
    "",
    "text",
    "../../other",
    "n" * 3000,
    [],
    [[]],
    [None],
    [0],
    {},
    {"value": None},
    "@NaN",
    "@Infinity",
    "@1e999",
    "@" + "[" * DEEP + "]" * DEEP,
]
MISSING = object()


def places(values: object, path: tuple = ()) -> Iterator[tuple]:
    """The keys that lead to each value in nested dicts and lists; of a list the first and the
    last.
    """
    if path:
        yield path
    if isinstance(values, dict):
        for key, value in values.items():
            yield from places(value, (*path, key))
    elif isinstance(values, list) and values:
        for k in sorted({0, len(values) - 1}):
            yield from places(values[k], (*path, k))


def changed(values: dict, path: tuple, value: object) -> str:
    """The values as JSON, another one at one place."""
    values = copy.deepcopy(values)
    inside = values
    for key in path[:-1]:
        inside = inside[key]
    if value is MISSING:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    text = json.dumps(values)
    if isinstance(value, str) and value.startswith("@"):
        text = text.replace(json.dumps(value), value[1:])
    return text


def mutations(values: dict, n: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """So many damaged versions, as (what was done, the text): every place at least once where n
    allows it, then damaged text.
    """
    draw = random.Random(seed)
    found = list(places(values))
    draw.shuffle(found)
    for k in range(n):
        path = found[k % len(found)]
        value = draw.choice([MISSING, *VALUES])
        what = "missing" if value is MISSING else repr(value)[:40]
        yield f"{'.'.join(map(str, path))}: {what}", changed(values, path, value)
    text = json.dumps(values)
    for _ in range(20):
        cut = draw.randrange(len(text))
        yield f"cut at {cut}", text[:cut]
        flipped = bytearray(text, "utf-8")
        flipped[cut] = draw.randrange(256)
        yield f"byte {cut}", flipped.decode("latin-1")
    for whole in ("", "null", "[]", "3", '"text"', "{}", "\x00" * 100, "[" * 100_000):
        yield f"whole: {whole[:9]!r}", whole


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="latin-1", errors="replace")
    return path
