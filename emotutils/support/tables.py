"""Tables as text that a spreadsheet opens without running anything."""

import pandas as pd
from pandas.api.types import is_numeric_dtype

#: A spreadsheet takes a cell that begins so for a formula, and may run what stands in it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(table: pd.DataFrame) -> str:
    """A table as CSV without its index; words and names that begin like a formula get an
    apostrophe before them.

    Examples
    --------
    >>> print(to_csv(pd.DataFrame({"film": ["=1+1.mp4"], "p": [-0.5]})))
    film,p
    '=1+1.mp4,-0.5
    <BLANKLINE>
    """
    safe = table.rename(columns=_without_formula)
    for position, name in enumerate(safe.columns):
        column = table.iloc[:, position]
        if not is_numeric_dtype(column):
            safe[name] = column.astype(object).map(_without_formula)
    return safe.to_csv(index=False)


def _without_formula(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.replace("\r", " ")  # pandas does not quote it, and readers begin a row there
    if not value.startswith(FORMULA) or _is_number(value):
        return text
    return f"'{text}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
