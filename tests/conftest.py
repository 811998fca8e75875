"""Shared by all tests: where the real corpora lie, if they do."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real corpora as published; tests that use it are marked ``real``."""
    root = os.environ.get("EMOTUTILS_DATA")
    if not root or not (Path(root) / "fer2013" / "fer2013.csv").is_file():
        pytest.skip("no real corpora: set EMOTUTILS_DATA to the folder that holds fer2013/, ravdess/ and tess/")
    return Path(root)
