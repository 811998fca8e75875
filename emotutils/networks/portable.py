"""A saved network without the options that only the newest Kerases know."""

import json
import os
import zipfile

#: Options that Keras 3.13 to 3.15 began to write. At these values they say nothing, and an older
#: Keras, such as Colab's, opens no file that names them.
NEWER = {
    "input_axes": None,
    "output_axes": None,
    "quantization_config": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
}


def make_portable(path: str | os.PathLike) -> None:
    """Take the options of `NEWER` out of a ``.keras`` file, where they have the values given there;
    weights stay.
    """
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    config = json.loads(parts["config.json"])
    parts["config.json"] = json.dumps(_plain(config)).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)


def _plain(node):
    """A configuration without the options of `NEWER`."""
    if isinstance(node, list):
        return [_plain(part) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for name, value in node.items():
        is_new = name in NEWER and value == NEWER[name]
        if not is_new:
            kept[name] = _plain(value)
    return kept
