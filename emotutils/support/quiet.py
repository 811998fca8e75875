"""Keeps the notes of libraries off the screen: they are no errors, but look like it."""

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def no_hints() -> None:
    """Hold back for good what libraries log from Python below errors: TensorFlow's hints on tracing
    and converting, for its own developers; where matplotlib keeps its list of fonts.
    """
    for name in ("tensorflow", "absl", "matplotlib"):
        logging.getLogger(name).setLevel(logging.ERROR)


def only_our_warnings() -> None:
    """Hold back what libraries warn of, such as NumPy of a division by 0. For the command line:
    whoever writes code wants to see them, and gets them there, too, by Python's ``-W``.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
        warnings.filterwarnings("default", category=UserWarning, module="emotutils")


@contextmanager
def hushed() -> Iterator[None]:
    """Hold back what native code writes to standard error; if the block fails, it is shown after
    all.

    TensorFlow and LiteRT write such notes past Python's ``sys.stderr``, and no setting silences all
    of them.
    """
    no_hints()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
