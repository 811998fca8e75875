"""A trained network that reads: texts in, probabilities out."""

from collections.abc import Sequence

import numpy as np

from ..errors import NetworkError
from .network import Network


class TextNetwork(Network):
    """A text network with its card; ``features`` (``texts.Tokens``) say how it wants its texts."""

    def predict_proba(
        self, batch: Sequence[str] | np.ndarray, factor: float | np.ndarray = 1.0
    ) -> np.ndarray:
        """Probabilities of the network's own labels, at its temperature.

        It knows the language that it learned from. Texts of another one are answered as well, by
        what little of them looks familiar.

        Parameters
        ----------
        batch : n texts, or what ``features`` gives of them: (n, words, pieces).
        factor : on the temperature, as for ``Network.predict_proba``.

        Returns
        -------
        float64 (n, len(labels)), each row summing to 1; NaN for a text without any word or sign.

        Raises
        ------
        NetworkError : a single text, something that is no text, an array of another shape.

        Examples
        --------
        >>> from emotutils.networks import load_network
        >>> network = load_network("textcnn", runtime="auto")
        >>> proba = network.predict_proba(["I am so happy for you!", ""])
        >>> network.labels[proba[0].argmax()], bool(np.isnan(proba[1]).all())
        ('happiness', True)
        """
        if not isinstance(batch, np.ndarray) or batch.dtype.kind not in "iuf":
            try:
                batch = self.features(batch)
            except TypeError as error:
                raise NetworkError(f"network {self.name!r}: {error}") from None
        proba = super().predict_proba(batch, factor)
        proba[~np.any(batch, axis=(1, 2))] = np.nan
        return proba
