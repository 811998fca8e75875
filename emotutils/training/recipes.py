"""How each network is trained: the thesis's way, where it says one, and ours.

Taught in notebooks/07_conv2d and notebooks/10_conv1d.
"""

import json
from dataclasses import asdict, dataclass, field, replace

from ..errors import NetworkError
from ..networks import kind_of
from ..texts import Tokens
from ..voices import Features


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    variant : how the network is built, see ``build_network``.
    epochs, batch_size : how often all rows are shown, and how many at a time.
    optimizer, learning_rate : Keras' name of it, and its rate (with ``cosine`` the highest).
    cosine : the rate rises over the first twentieth of the steps, then falls to 0 along a cosine.
    weight_decay : pulls all weights towards 0 in each step.
    label_smoothing : how much less than certainty is asked for, 0..1.
    ema : how much of the averaged weights each step keeps, 0..1; 0: none are averaged.
    balanced : rare labels count more, so that all labels weigh the same.
    augment : how training rows are varied, a key of ``AUGMENTATIONS``; None: they are not.
    speeds : at which a voice is also learned.
    monitor : what chooses the epoch, such as ``"val_accuracy"``; None takes the last one, as the
        thesis does.
    features : what a voice network takes of a sound, or a text network of a text.
    options : further arguments of the network's builder.
    assumed : the values that the thesis does not state.
    """

    variant: str = "best"
    epochs: int = 30
    batch_size: int = 64
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    cosine: bool = True
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    ema: float = 0.0
    balanced: bool = False
    augment: str | None = None
    speeds: tuple[float, ...] = (1.0,)
    monitor: str | None = "val_accuracy"
    features: Features | Tokens | None = None
    options: dict = field(default_factory=dict)
    assumed: tuple[str, ...] = ()

    def to_dict(self) -> dict:
        """Every field as JSON has it (lists for tuples), for a run's plan and record."""
        return json.loads(json.dumps(asdict(self)))

    def replace(self, **changes) -> "Recipe":
        """The same recipe with some values changed.

        Examples
        --------
        >>> Recipe(epochs=30).replace(epochs=5, learning_rate=1e-4).epochs
        5
        """
        return replace(self, **changes)

    def differences(self, other: "Recipe") -> dict:
        """The values of this recipe that are others in the other one, by name.

        Examples
        --------
        >>> Recipe(epochs=30, batch_size=10).differences(Recipe(epochs=30))
        {'batch_size': 10}
        """
        own = self.to_dict()
        others = other.to_dict()
        return {name: value for name, value in own.items() if value != others[name]}


_FACE = Recipe(
    epochs=40,
    learning_rate=2e-3,
    weight_decay=0.01,
    label_smoothing=0.05,
    ema=0.999,
    augment="faces",
)
_THESIS = Recipe(variant="thesis", optimizer="adam", cosine=False, monitor=None)
_MFCC_MEAN = Features(
    kind="mfcc_mean", n_mels=128, n_fft=2048, hop_length=512, fmin=0.0, fmax=8000.0
)
RECIPES: dict[tuple[str, str], Recipe] = {
    # The face network of `analyze`: it learns clean faces and faces as they are in films.
    ("conv2d", "best"): replace(
        _FACE, epochs=80, label_smoothing=0.1, weight_decay=0.05, augment="mixed"
    ),
    # Thesis 4.5 selects batch 100; figure 5.6's log has 30 epochs.
    ("conv2d", "thesis"): replace(
        _THESIS,
        epochs=30,
        batch_size=100,
        assumed=("optimizer", "learning_rate", "layers", "filters", "dense units"),
    ),
    # VGG16 and ResNet50: as many epochs as the thesis's rows have, so that both can be compared.
    ("vgg16", "best"): replace(_FACE, epochs=20, learning_rate=1e-3, ema=0.99),
    # At Adam's own rate, 1e-3, it answered "happiness" to every face for as long as we watched (320
    # steps).
    ("vgg16", "thesis"): replace(
        _THESIS,
        epochs=20,
        learning_rate=1e-4,
        assumed=("optimizer", "learning_rate", "batch_size", "dense units", "weights"),
    ),
    ("resnet50", "best"): replace(_FACE, epochs=30, learning_rate=1e-3),
    # Figures 4.5 and 4.6: batch 64, 30 epochs, Nadam.
    ("resnet50", "thesis"): replace(
        _THESIS, epochs=30, optimizer="nadam", assumed=("learning_rate", "dense units", "weights")
    ),
    # It begins with what it learned from ImageNet; the rate rises slowly, so that this is not lost.
    ("efficientnet_lite0", "best"): replace(
        _FACE,
        epochs=12,
        learning_rate=1e-3,
        label_smoothing=0.1,
        options={"weights": "imagenet"},
    ),
    ("conv1d", "best"): replace(
        _FACE,
        epochs=60,
        ema=0.99,
        augment=None,
        monitor="val_uar",
        balanced=True,
        features=_MFCC_MEAN,
    ),
    ("conv1d", "thesis"): replace(
        _THESIS,
        epochs=30,
        features=_MFCC_MEAN,
        assumed=("optimizer", "learning_rate", "batch_size", "filters", "dense units"),
    ),
    ("crnn", "best"): Recipe(
        epochs=50,
        batch_size=32,
        weight_decay=0.02,
        label_smoothing=0.1,
        ema=0.99,
        balanced=True,
        augment="log_mel",
        speeds=(0.9, 1.0, 1.1),
        monitor="val_uar",
        features=Features(kind="log_mel", hop_length=256),
    ),
    ("actions", "best"): Recipe(
        epochs=60,
        batch_size=32,
        weight_decay=0.02,
        label_smoothing=0.1,
        ema=0.99,
        balanced=True,
        monitor="val_uar",
    ),
    ("textcnn", "best"): Recipe(
        epochs=4,
        batch_size=128,
        learning_rate=2e-3,
        weight_decay=0.02,
        label_smoothing=0.05,
        ema=0.99,
        balanced=True,
        monitor="val_uar",
        features=Tokens(),
    ),
    # Its trunks have learned already: fewer epochs, at half of the speed.
    ("joint", "best"): Recipe(
        epochs=8,
        batch_size=32,
        learning_rate=5e-4,
        weight_decay=0.02,
        label_smoothing=0.05,
        ema=0.99,
        balanced=True,
        augment="pairs",
        speeds=(0.9, 1.0, 1.1),
        monitor="val_uar",
        features=Features(kind="log_mel", hop_length=256),
        options={"weights": "shipped"},
    ),
}
_OURS = {
    "face": RECIPES["conv2d", "best"],
    "voice": RECIPES["crnn", "best"],
    "units": RECIPES["actions", "best"],
    "text": RECIPES["textcnn", "best"],
    "both": replace(RECIPES["joint", "best"], options={}),
}


def recipe_for(network: str, recipe: str, kind: str | None = None) -> Recipe:
    """The recipe of that name; a network registered from outside gets ours for its kind of input.

    Parameters
    ----------
    network : its name.
    recipe : ``"best"`` (ours) or ``"thesis"``.
    kind : the kind of input (``networks.KINDS``) of a network that is not registered.

    Raises
    ------
    NetworkError : an unknown network or recipe, or one that the thesis does not describe.

    Examples
    --------
    >>> recipe_for("conv2d", "thesis").batch_size
    100
    >>> recipe_for("conv2d", "best").replace(learning_rate=1e-4).learning_rate
    0.0001
    """
    if kind is None:
        kind = kind_of(network)
    if recipe not in ("thesis", "best"):
        raise NetworkError(f"unknown recipe {recipe!r}: choose thesis or best")
    if recipe == "thesis" and (network, recipe) not in RECIPES:
        raise NetworkError(f"the thesis describes no network {network!r}: choose --recipe best")
    return standard_recipe(network, recipe, kind)


def standard_recipe(network: str, variant: str, kind: str) -> Recipe:
    """The recipe from which one of that variant departs, if it was changed."""
    return RECIPES.get((network, variant), _OURS[kind])
