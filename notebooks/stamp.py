"""Write the first cells of all notebooks, from the repository's address in pyproject.toml: `make
stamp`.

The address stands in the badge and in the cell that makes a Colab machine ready. That cell's text
is here alone; what differs between notebooks are the data sets that one can choose, because each
uses others. INSTALL.md and CITATION.cff name the address as well.
"""

import json
import re
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent

#: What can be chosen as DATA: the sets that a notebook reads; the others work on samples and
#: records.
CHOICES = {
    "00": ["ravdess", "ravdess+tess", "fer2013"],
    "01": ["ravdess", "ravdess+fer2013"],
    "03": ["fer2013"],
    "04": ["fer2013", "ravdess+ravdess-tracking", "affwild2"],
    "05": ["ravdess", "ravdess+tess"],
    "06": ["fer2013"],
    "07": ["fer2013"],
    "08": ["fer2013"],
    "10": ["ravdess"],
    "12": ["ravdess"],
    "14": ["ravdess+fer2013"],
}
BOOTSTRAP = """\
import sys
{data}
DRIVE = False  # @param {{type:"boolean"}}

if "google.colab" in sys.modules:  # Colab alone needs this, see 00
    ADDRESS = "{address}"
    ![ ! -f /content/course.zip ] || python -m zipfile -e /content/course.zip /content
    ![ -d /content/course ] || git clone -q {{ADDRESS}} /content/course
    %cd -q /content/course/notebooks
    %pip install -q "..[colab]"
    from emotutils.course import colab

    colab.prepare({arguments}drive=DRIVE)"""


def bootstrap(number: str, address: str) -> str:
    """The first code cell of the notebook with this number."""
    choices = CHOICES.get(number)
    data = f'\nDATA = ""  # @param {json.dumps(["", *choices])}' if choices else ""
    arguments = "DATA, " if choices else ""
    return BOOTSTRAP.format(data=data, address=address, arguments=arguments)


def stamped(text: str, address: str) -> str:
    """The notebook's text with ``address`` in its badge, if it has one, and its first code cell as
    it should be, if it is Colab's.
    """
    address = address.rstrip("/")
    owner_and_name = "/".join(address.split("/")[-2:])
    text = re.sub(
        r"(?<=research\.google\.com/github/)[\w.-]+/[\w.-]+(?=/blob/)", owner_and_name, text
    )
    badge = re.search(r"/blob/main/notebooks/(\w\w)_", text)
    notebook = json.loads(text)
    first = next((cell for cell in notebook["cells"] if cell["cell_type"] == "code"), None)
    if first and "google.colab" in "".join(first["source"]):
        number = badge[1] if badge else ""
        first["source"] = bootstrap(number, address).splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def readdressed(text: str, old: str, new: str) -> str:
    """A document's text with ``new`` for the address ``old``, and for the folder that git makes of
    it.
    """
    old_name, new_name = (address.rstrip("/").split("/")[-1] for address in (old, new))
    return text.replace(old, new.rstrip("/")).replace(f"\ncd {old_name}\n", f"\ncd {new_name}\n")


if __name__ == "__main__":
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    others = ("docs/template.ipynb", "emotutils/course/app.ipynb")
    for path in (*sorted(HERE.glob("[0-9][0-9]_*.ipynb")), *map(HERE.parent.joinpath, others)):
        text = path.read_text(encoding="utf-8")
        if (new := stamped(text, project["urls"]["Repository"])) != text:
            path.write_text(new, encoding="utf-8")
    before = re.search(
        r'repository-code: "(.+)"', (HERE.parent / "CITATION.cff").read_text(encoding="utf-8")
    )[1]
    for path in (HERE.parent / "INSTALL.md", HERE.parent / "CITATION.cff"):
        text = readdressed(path.read_text(encoding="utf-8"), before, project["urls"]["Repository"])
        path.write_text(text, encoding="utf-8")
