"""The two installs: ``emotutils`` is the tool, ``emotutils[course]`` has what notebooks and
trainings need besides.
"""

from ..errors import EmotutilsError

REMEDY = 'pip install "emotutils[course]", or in the folder of the course: make install'
#: What the tool never imports, by the names under which it is imported.
COURSE = (
    "IPython",
    "distributed",
    "ipywidgets",
    "jupyterlab",
    "keras",
    "librosa",
    "nbclient",
    "nbformat",
    "seaborn",
    "tensorflow",
    "voila",
)


def course_needed(error: ModuleNotFoundError) -> EmotutilsError | None:
    """The one line about a package that only the course's install brings; None for any other.

    Examples
    --------
    >>> print(course_needed(ModuleNotFoundError(name="keras")))
    this needs keras: pip install "emotutils[course]", or in the folder of the course: make install
    >>> course_needed(ModuleNotFoundError(name="numpy"))
    """
    missing = (error.name or "").partition(".")[0]
    if missing not in COURSE:
        return None
    return EmotutilsError(f"this needs {missing}: {REMEDY}")
