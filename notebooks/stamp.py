"""Write the repository's address, which stands only in pyproject.toml, into every notebook: `make stamp`."""

import re
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent


def stamped(text: str, address: str) -> str:
    """The notebook's text with owner/name of ``address`` in its badge and its bootstrap cell."""
    owner_and_name = "/".join(address.rstrip("/").split("/")[-2:])
    text = re.sub(r"(?<=research\.google\.com/github/)[\w.-]+/[\w.-]+(?=/blob/)", owner_and_name, text)
    return re.sub(r"(?<=git clone -q https://github\.com/)[\w.-]+/[\w.-]+", owner_and_name, text)


if __name__ == "__main__":
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for path in HERE.glob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        path.write_text(stamped(text, project["urls"]["Repository"]), encoding="utf-8")
