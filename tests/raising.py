"""What an error says, compared by what it names, never by its wording: a reworded error breaks no
test.
"""

from contextlib import contextmanager

import pytest


@contextmanager
def raises_error(kind: type[Exception], *things: object, where: object = None):
    """What is done inside ends in an error of this kind, of one line, that names these things.

    Parameters
    ----------
    kind : DataError, MediaError …
    things : what a user must see: a column, a value, an option, a file.
    where : the error's own field of that name, whole.
    """
    with pytest.raises(kind) as caught:
        yield caught
    said = str(caught.value)
    assert "\n" not in said
    if where is not None:
        assert caught.value.where == str(where)
    missing = [str(thing) for thing in things if str(thing) not in said]
    assert not missing, said
