"""A Keras network becomes files for LiteRT."""

import keras
import numpy as np

from ..errors import NetworkError
from ..support.quiet import hushed
from .lite import JOINT_PARTS, LiteModel

#: Rows on which both are compared, and how far they may differ.
ROWS = 3
TOLERANCE = 1e-4


def convert(model: keras.Model) -> dict[str, bytes]:
    """What LiteRT runs, for one row at a time: recurrent layers take no other number than the one
    they were converted for.

    Parameters
    ----------
    model : of one input, or a joint network with its parts as layers.

    Returns
    -------
    The content of each part's file, by name; of one input a single part, ``""``.

    Raises
    ------
    NetworkError : Keras computes with something else than TensorFlow, LiteRT lacks something that
        the network needs, or it answers differently there.
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise NetworkError(
            f"{model.name} is not converted: Keras runs on {backend}, set KERAS_BACKEND=tensorflow"
        )
    parts = {"": model}
    if len(model.inputs) > 1:
        parts = _parts(model)
    return {name: _converted(part) for name, part in parts.items()}


def _parts(model: keras.Model) -> dict[str, keras.Model]:
    names = [layer.name for layer in model.layers]
    missing = [name for name in JOINT_PARTS if name not in names]
    if missing:
        raise NetworkError(
            f"{model.name} is not converted: several inputs, and no {', '.join(missing)}"
        )
    return {name: model.get_layer(name) for name in JOINT_PARTS}


def _converted(model: keras.Model) -> bytes:
    import tensorflow as tf

    # Outside of the try: what the converter writes to standard error shall not be seen either.
    reason = ""
    with hushed():
        try:
            function = _frozen(model)
            converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
            content = converter.convert()
        except Exception as error:
            reason = str(error).strip().splitlines()[0] or type(error).__name__
    if reason:
        raise NetworkError(f"{model.name} cannot be converted for LiteRT: {reason}")
    _check_answers(model.name, function, content)
    return content


def _frozen(model: keras.Model):
    """A TensorFlow function of one row in which the weights are constants: LiteRT has no variables
    inside a loop.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    names = [x.name for x in model.inputs]
    specs = [tf.TensorSpec((1, *x.shape[1:]), tf.float32, name=x.name) for x in model.inputs]

    def answer(*rows):
        given = rows[0]
        if len(names) > 1:
            given = dict(zip(names, rows, strict=True))
        return model(given, training=False)

    function = tf.function(answer).get_concrete_function(*specs)
    return convert_variables_to_constants_v2(function)


def _check_answers(name: str, function, content: bytes) -> None:
    """Both must say the same of some noise."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    lite = LiteModel(content)
    for _ in range(ROWS):
        rows = [rng.normal(0, 50, x.shape).astype(np.float32) for x in function.inputs]
        expected = function(*map(tf.constant, rows))[0].numpy()
        names = [x.name.partition(":")[0] for x in function.inputs]
        found = lite.predict_on_batch(dict(zip(names, rows, strict=True)))
        if not np.allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE):
            away = np.abs(found - expected).max()
            raise NetworkError(f"{name} answers differently on LiteRT, by {away:.2g}")
