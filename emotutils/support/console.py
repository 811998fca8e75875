"""Printing on any console: one without all letters, one that is closed, a disk that is full."""

import errno
import os
import sys

#: What a user can do about an error of the machine, by its number.
REMEDIES = {
    errno.ENOSPC: "make room, or choose a folder on another disk",
    errno.EDQUOT: "make room, or choose a folder on another disk",
    errno.EACCES: "check the rights, or choose another folder",
    errno.EPERM: "check the rights, or choose another folder",
    errno.EROFS: "choose a folder that can be written",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def make_ready() -> None:
    """From now on a letter that standard output cannot show becomes a ``?``, and what is printed
    where standard output or standard error is closed goes nowhere.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # It gets the lowest free number, this one; else the next file that is opened would.
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, "w", encoding="utf-8"))
    # Standard error writes such letters as numbers by itself.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")


def output_works() -> bool:
    """Whether standard output takes what is printed. If not, what is left of it is thrown away:
    Python would try once more when it ends.
    """
    try:
        print(flush=True)  # what was refused may not be in the buffer any more: ask with a new line
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return False
    return True


def in_one_line(error: OSError) -> str:
    """What, where and what to do of an error that the machine raised.

    Examples
    --------
    >>> in_one_line(OSError(errno.ENOSPC, "No space left on device", "runs/a.csv"))
    'runs/a.csv: No space left on device; make room, or choose a folder on another disk'
    """
    where = error.filename or "what was to be written or read"
    reason = error.strerror or " ".join(str(error).split())
    remedy = REMEDIES.get(error.errno, "check the disk, the name and the rights")
    return f"{where}: {reason}; {remedy}"
