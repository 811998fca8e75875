"""One network for face and voice: two trunks, joined behind their last hidden layers (thesis 6.2).

Its trunks are the course's own networks without their last layer. Joining by attention over time
would need faces and voices of one film; embeddings that are averaged over frames do not. Taught in
notebooks/14_one_network.
"""

import os
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
    weights: str | Mapping[str, str | os.PathLike] | None = None,
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
        trunk of ``conv2d``; or (action units,), on that of ``actions``. ``"voice"``: (frames,
        n_mels) in dB, on that of ``crnn``. Without it, two faces and three seconds of sound.
    join : ``"concat"``: the embeddings side by side, with the presences; ``"gate"``: weighed number
        by number.
    weights : ``None``: all at random. ``{"face": …, "voice": …}``, one of them or both: that trunk
        begins with the weights of a shipped network (its name) or of a ``.keras`` file (its path).
        ``"shipped"``: conv2d's and crnn's that ship; not beside action units, where face and voice
        are of one film, and shipped weights know who is tested in other divisions.
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
    if join not in ("concat", "gate"):
        raise ValueError(f"join={join!r}: choose concat or gate")
    shapes = _shapes(input_shape or SHAPES)
    is_picture = len(shapes["face"]) == 4
    given = _given_weights(weights, is_picture)
    inputs = {
        "face": keras.Input(shapes["face"], name="face"),
        "voice": keras.Input(shapes["voice"], name="voice"),
        "present": keras.Input((2,), name="present"),
    }
    if is_picture:
        face_trunk = _trunk("conv2d", "face", shapes["face"][1:], given)
    else:
        face_trunk = _trunk("actions", "face", shapes["face"], given)
    voice_trunk = _trunk("crnn", "voice", shapes["voice"], given)
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
    if ranks not in ({"face": 4, "voice": 2}, {"face": 1, "voice": 2}):
        raise ValueError(
            f"input shapes {shapes}: a face (K, 48, 48, 1) or (units,), a voice (frames, bands)"
        )
    return shapes


def _given_weights(
    weights: str | Mapping[str, str | os.PathLike] | None, is_picture: bool
) -> Mapping[str, str | os.PathLike]:
    """By stream, the network whose weights its trunk begins with."""
    if weights is None:
        return {}
    if weights == "shipped":
        if not is_picture:
            raise ValueError(
                "weights='shipped' is for pictures: beside action units name them, by stream"
            )
        return {"face": "conv2d", "voice": "crnn"}
    if not isinstance(weights, Mapping) or not {"face", "voice"}.issuperset(weights):
        raise ValueError(f"weights={weights!r}: choose shipped, None or {{'face': …, 'voice': …}}")
    return weights


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
    given: Mapping[str, str | os.PathLike],
) -> keras.Model:
    """A network of the course without its softmax, with its weights where they are given."""
    if stream in given:
        trained = load_network(given[stream])
        if trained.card["builder"] != network or trained.input_shape != shape:
            raise ValueError(
                f"{given[stream]} is {trained.card['builder']} on {trained.input_shape}, "
                f"not {network} on {shape}"
            )
        model = trained.model
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
