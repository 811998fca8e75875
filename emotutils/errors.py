"""The errors a user meets: one line that says what, where and what to do. Shown in
notebooks/00_setup.
"""


class EmotutilsError(Exception):
    """Something the user can mend. The command line prints its one line and exits 2."""


class LocatedError(EmotutilsError):
    """Something that is wrong at one place; as text, ``where: what; remedy``.

    Whoever catches it reads the fields, never the text: a file's name may hold a colon.

    Parameters
    ----------
    where : the file, folder, data set or argument.
    what : what is wrong with it.
    remedy : what the user can do.

    Examples
    --------
    >>> error = DataError("Act 2: the park.txt", "is empty", "copy it again")
    >>> error.where
    'Act 2: the park.txt'
    >>> print(error)
    Act 2: the park.txt: is empty; copy it again
    """

    def __init__(self, where: object, what: object, remedy: object):
        self.where = str(where)
        self.what = str(what)
        self.remedy = str(remedy)
        # All three as arguments: so the error can be sent from a process to another.
        super().__init__(self.where, self.what, self.remedy)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"


class MediaError(LocatedError):
    """A film or recording that cannot be read or written."""


class DataError(LocatedError):
    """A data set that is missing, incomplete or not in its published layout."""


class FieldError(DataError, KeyError):
    """Something that a file should hold and does not; a KeyError, which mappings look for."""


class WriteError(LocatedError):
    """A file that cannot be written: no room, no permission."""


class NetworkError(EmotutilsError):
    """A network that is unknown, or whose files do not fit together."""


class SearchError(EmotutilsError, ValueError):
    """A search or an estimator asked for what cannot be; a ValueError, because scikit-learn looks
    for that.
    """
