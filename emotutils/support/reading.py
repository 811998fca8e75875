"""Files that somebody may have damaged: read as their schema says, or refused in one line."""

import os
import re
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from ..errors import DataError, FieldError

#: What msgspec calls a kind of value, and what people do.
_WORDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "null": "nothing",
    "array": "a list",
    "object": "names with values",
}


def read_json(path: str | os.PathLike, schema: object, remedy: str) -> dict:
    """What a JSON file says, if it is what its schema asks for.

    Parameters
    ----------
    path : of the file.
    schema : a ``TypedDict`` or any other type that msgspec knows. What it does not name is read as
        it is: a later version may have written more.
    remedy : what to do where the file is damaged.

    Raises
    ------
    DataError : a file that cannot be opened, is no JSON, lacks a field or holds another value than
        it should; it names the field.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror})", remedy) from None
    try:
        _decoder(schema).decode(content)
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise DataError(path, _told(error), remedy) from None


@cache
def _decoder(schema: object) -> msgspec.json.Decoder:
    return msgspec.json.Decoder(schema)


def check(values: object, schema: object, where: object, remedy: str) -> None:
    """Raise DataError where plain values, such as those of a JSON file, are not what a schema asks
    for.
    """
    try:
        msgspec.convert(values, schema)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise DataError(where, _told(error), remedy) from None


def check_fields(cls: type, values: Mapping) -> None:
    """Raise ValueError for keys of a card that a dataclass has no field for."""
    known = {field.name for field in fields(cls)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"unknown fields of {cls.__name__}: {', '.join(unknown)}")


def _told(error: Exception) -> str:
    """What msgspec says, the field first: ``temperature: expected a number, got text``."""
    if isinstance(error, RecursionError):
        return "is nested too deep"
    what, _, place = str(error).partition(" - at ")
    if not isinstance(error, msgspec.ValidationError):
        return f"is not valid JSON ({what})"
    what = re.sub("`([^`]+)`", _in_words, what)
    what = what[0].lower() + what[1:]
    field = place.strip("`").removeprefix("$").lstrip(".")
    if not field:
        return what
    return f"{field}: {what}"


def _in_words(kinds: re.Match) -> str:
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds[1].split(" | "))


class Arrays(dict[str, np.ndarray]):
    """What `read_arrays` found; asking for an array that is not there is a FieldError."""

    def __init__(self, path: str | os.PathLike, arrays: dict[str, np.ndarray], remedy: str):
        super().__init__(arrays)
        self.path = path
        self.remedy = remedy

    def __missing__(self, name: str) -> np.ndarray:
        raise FieldError(self.path, f"holds no {name!r}", self.remedy)


def read_arrays(path: str | os.PathLike, remedy: str) -> Arrays:
    """The arrays of an ``.npz`` file by name; files that could run code are refused.

    Raises
    ------
    DataError : a file that cannot be opened or is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return Arrays(path, {name: file[name] for name in file.files}, remedy)
    except OSError as error:
        reason = error.strerror or "damaged"
    except Exception as error:  # zipfile, zlib, numpy and the parser of heads: a damaged file may
        # raise anything
        reason = f"damaged, {type(error).__name__}"
    raise DataError(path, f"cannot be read ({reason})", remedy)
