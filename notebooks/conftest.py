"""Notebooks are tested on the bundled samples, with each interactive figure drawn once."""

import os

os.environ["EMOTUTILS_PROFILE"] = "sample"
os.environ["EMOTUTILS_STATIC"] = "1"
