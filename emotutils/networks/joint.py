"""One network that sees and hears: two trunks, joined behind their last hidden layers (thesis 6.2).

Its trunks are the course's own networks without their last layer. Joining by attention over time
would need faces and voices of one film; embeddings that are averaged over frames do not. Taught in
notebooks/14_one_network.
"""

from collections.abc import Mapping

import keras
from keras import layers, ops

from .layers import Gate, ModalityDropout, Present
from .registry import build_network
from .store import load_network

#: Without others: two faces and three seconds of sound.
SHAPES = {
    "face": (2, 48, 48, 1),
    "voice": (188, 64),
}


def build(
    variant: str = "best",
    *,
    n_labels: int = 7,
    input_shape: Mapping[str, tuple[int, ...]] | None = None,
    join: str = "concat",
    weights: str | None = None,
    units: int = 128,
    dropout: float = 0.4,
    modality_dropout: float = 0.5,
) -> keras.Model:
    """Build the network; nothing in it is trained, but for the trunks where ``weights`` says so.

    Parameters
    ----------
    variant : only ``"best"``: the thesis wishes for such a network and does not describe one.
    n_labels : length of the softmax.
    input_shape : ``"face"``: (K, 48, 48, 1), K faces of one person, grey values 0..255, on the
        trunk of ``conv2d``; or (frames, action units), on that of ``aus``. ``"voice"``: (frames,
        n_mels) in dB, on that of ``crnn``. Without it, two faces and three seconds of sound.
    join : ``"concat"``: the embeddings side by side, with the presences; ``"gate"``: weighed number
        by number.
    weights : ``"shipped"``: conv2d's and crnn's trunks begin with the weights that ship (``aus``
        has none); ``None``: all at random.
    units : of the layer behind the join.
    dropout : share dropped before and behind it.
    modality_dropout : share of the training rows from which the face or the voice is hidden.

    Returns
    -------
    keras.Model of three models, ``face_trunk``, ``voice_trunk`` and ``head``: {"face": (batch, …),
    "voice": (batch, …), "present": (batch, 2)} → (batch, n_labels) probabilities. ``present`` is 1
    or 0 for face and voice.

    Raises
    ------
    ValueError : an unknown variant or option, or shapes that no trunk takes.
    NetworkError : weights that do not fit the shapes.
    """
    if variant != "best":
        raise ValueError(
            f"joint has no variant {variant!r}: the thesis does not describe such a network"
        )
    if join not in ("concat", "gate") or weights not in (None, "shipped"):
        raise ValueError(
            f"join={join!r}, weights={weights!r}: choose concat or gate, and shipped or None"
        )
    shapes = _shapes(input_shape or SHAPES)
    inputs = {
        "face": keras.Input(shapes["face"], name="face"),
        "voice": keras.Input(shapes["voice"], name="voice"),
        "present": keras.Input((2,), name="present"),
    }
    is_picture = len(shapes["face"]) == 4
    if is_picture:
        face_trunk = _trunk("conv2d", "face", shapes["face"][1:], weights)
    else:
        face_trunk = _trunk("aus", "face", shapes["face"], weights=None)
    voice_trunk = _trunk("crnn", "voice", shapes["voice"], weights)
    if is_picture:
        face = _mean_over_faces(face_trunk, inputs["face"])
    else:
        face = face_trunk(inputs["face"])
    present = ModalityDropout(modality_dropout)(inputs["present"])
    voice = voice_trunk(inputs["voice"])
    head = _head(face.shape[-1], voice.shape[-1], n_labels, join, units, dropout)
    outputs = head(
        {
            "face": face,
            "voice": voice,
            "present": present,
        }
    )
    return keras.Model(inputs, outputs, name="joint")


def _shapes(given: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    shapes = {name: tuple(shape) for name, shape in given.items()}
    ranks = {name: len(shape) for name, shape in shapes.items()}
    if ranks not in ({"face": 4, "voice": 2}, {"face": 2, "voice": 2}):
        raise ValueError(
            f"input shapes {shapes}: a face (K, 48, 48, 1) or (frames, units), "
            "a voice (frames, bands)"
        )
    return shapes


def _mean_over_faces(trunk: keras.Model, faces):
    """(batch, K, 48, 48, 1) → (batch, d): each face by itself, then their mean.

    So the order and the number of faces do not matter to the answer.
    """
    _, k, *shape = faces.shape
    embedded = trunk(ops.reshape(faces, (-1, *shape)))
    by_row = ops.reshape(embedded, (-1, k, trunk.output_shape[-1]))
    return ops.mean(by_row, axis=1)


def _trunk(
    network: str,
    stream: str,
    shape: tuple[int, ...],
    weights: str | None,
) -> keras.Model:
    """A network of the course without its softmax."""
    if weights:
        model = load_network(network).model
        trained_on = tuple(model.input_shape[1:])
        if trained_on != shape:
            raise ValueError(f"the shipped {network} takes {trained_on}, not {shape}")
    else:
        model = build_network(network, input_shape=shape)
    before_softmax = model.layers[-1].input
    return keras.Model(model.input, before_softmax, name=f"{stream}_trunk")


def _head(
    n_face: int,
    n_voice: int,
    n_labels: int,
    join: str,
    units: int,
    dropout: float,
) -> keras.Model:
    """{"face": (batch, n_face), "voice": (batch, n_voice), "present": (batch, 2)} → (batch,
    n_labels).
    """
    inputs = {
        "face": keras.Input((n_face,), name="face"),
        "voice": keras.Input((n_voice,), name="voice"),
        "present": keras.Input((2,), name="present"),
    }
    present = inputs["present"]
    face = Present(0, name="face_present")([inputs["face"], present])
    voice = Present(1, name="voice_present")([inputs["voice"], present])
    if join == "gate":
        x = Gate(units)([face, voice, present])
    else:
        x = layers.Concatenate()([face, voice, present])
        x = layers.Dropout(dropout)(x)
        x = layers.Dense(units, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(n_labels, activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, outputs, name="head")
