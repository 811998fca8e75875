"""The errors a user meets: one line that says what, where and what to do. Shown in
notebooks/00_setup.
"""


class EmotutilsError(Exception):
    """Something the user can mend. The command line prints its one line and exits 2."""


class MediaError(EmotutilsError):
    """A film or recording that cannot be read or written."""


class DataError(EmotutilsError):
    """A data set that is missing, incomplete or not in its published layout."""


class NetworkError(EmotutilsError):
    """A network that is unknown, or whose files do not fit together."""


class SearchError(EmotutilsError, ValueError):
    """A search or an estimator asked for what cannot be; a ValueError, because scikit-learn looks
    for that.
    """
