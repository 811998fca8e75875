"""Keeps the start-up notes of native libraries off the screen: they are no errors, but look like
it.
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def no_hints() -> None:
    """Hold back for good what TensorFlow logs from Python below errors: hints on tracing and on
    converting, for its own developers.
    """
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)


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
