"""The trained joint network, asked in two steps: embed faces and voices, then join them moment by
moment.

Taught in notebooks/14_one_network.
"""

from functools import cached_property

import numpy as np

from ..errors import NetworkError
from ..evaluation import soften
from .lite import JOINT_PARTS
from .network import LEAST, Network, check_numbers, compile_for, in_batches

#: The streams that are joined, in the order of the network's ``present``.
STREAMS = ("face", "voice")

#: Moments joined in one compiled call.
MOMENTS = 1024


class JointNetwork(Network):
    """A joint network with its card. ``features`` are those of its voice trunk; on LiteRT its
    ``model`` is a dictionary of its parts.
    """

    @property
    def input_shape(self) -> dict[str, tuple[int, ...]]:
        """``"face"``: (K, 48, 48, 1) or (action units,); ``"voice"``: (frames, bands)."""
        shapes = {}
        for name, shape in self.card["input_shape"].items():
            shapes[name] = tuple(shape)
        return shapes

    @cached_property
    def _models(self) -> dict:
        if self.runtime == "litert":
            return self.model
        models = {}
        for name in JOINT_PARTS:
            models[name] = self.model.get_layer(name)
            compile_for(models[name])
        return models

    def _trunk(self, stream: str):
        return self._models[f"{stream}_trunk"]

    def embed(self, stream: str, batch: np.ndarray) -> np.ndarray:
        """What the network makes of faces or of windows of sound, one by one.

        Parameters
        ----------
        stream : ``"face"`` or ``"voice"``.
        batch : faces (n, 48, 48, 1) in 0..255, or action units (n, units) where it was
            trained on them; for voices what ``features`` gives, (n, frames, bands).

        Returns
        -------
        float32 (n, d). Embeddings of several faces of one person may be averaged: the network did
        so in training.

        Raises
        ------
        NetworkError : another stream, or an input of another shape.
        """
        if stream not in STREAMS:
            raise NetworkError(f"network {self.name!r} takes a face or a voice, not {stream!r}")
        trunk = self._trunk(stream)
        batch = np.asarray(batch, np.float32)
        wanted = tuple(trunk.input_shape[1:])
        if batch.shape[1:] != wanted:
            raise NetworkError(
                f"network {self.name!r} takes a {stream} of shape {wanted}, not {batch.shape[1:]}"
            )
        embeddings = in_batches(trunk, batch)
        check_numbers(self.name, batch, embeddings)
        return embeddings

    def join(self, face: np.ndarray | None, voice: np.ndarray | None) -> np.ndarray:
        """Probabilities of each moment from its embedded face and voice, at the network's
        temperature.

        Parameters
        ----------
        face, voice : (m, d) embeddings as ``embed`` gives them; a row with NaN, or ``None`` for all
            rows, is missing. With one missing the other alone decides.

        Returns
        -------
        float64 (m, len(labels)), each row summing to 1, or NaN where both are missing.

        Raises
        ------
        NetworkError : neither given, different numbers of rows, or embeddings of another length.
        """
        if face is None and voice is None:
            raise NetworkError(f"network {self.name!r}: neither face nor voice given")
        given = voice
        if voice is None:
            given = face
        m = len(given)
        inputs = {
            "face": self._embeddings("face", face, m),
            "voice": self._embeddings("voice", voice, m),
        }
        present = np.zeros((m, 2), np.float32)
        for k, stream in enumerate(STREAMS):
            embeddings = inputs[stream]
            missing = np.isnan(embeddings).any(axis=1)
            present[:, k] = ~missing
            inputs[stream] = np.nan_to_num(embeddings)
        inputs["present"] = present
        head = self._models["head"]
        known = np.flatnonzero(present.any(axis=1))
        proba = np.full((m, len(self.labels)), np.nan)
        for start in range(0, len(known), MOMENTS):
            rows = known[start : start + MOMENTS]
            part = {name: values[rows] for name, values in inputs.items()}
            proba[rows] = head.predict_on_batch(part)
        check_numbers(self.name, present, proba[known])
        temperatures = self._temperatures(present)
        return soften(proba, temperatures, least=LEAST)

    def _embeddings(
        self,
        stream: str,
        values: np.ndarray | None,
        m: int,
    ) -> np.ndarray:
        """As given, in float32; all NaN where there are none."""
        shape = (m, self._trunk(stream).output_shape[-1])
        if values is None:
            return np.full(shape, np.nan, np.float32)
        values = np.asarray(values, np.float32)
        if values.shape != shape:
            raise NetworkError(
                f"network {self.name!r}: {stream} embeddings {values.shape}, expected {shape}"
            )
        return values

    def _temperatures(self, present: np.ndarray) -> np.ndarray:
        """Each row's, (m,), by what it stands on: with less to go on, another one fits."""
        calibration = self.card.get("calibration", {})
        fitted = calibration.get("temperatures", {})
        face = fitted.get("face", self.temperature)
        voice = fitted.get("voice", self.temperature)
        both = fitted.get("face+voice", self.temperature)
        has_face, has_voice = present.T > 0
        has_both = has_face & has_voice
        return np.select(
            [has_both, has_voice],
            [both, voice],
            default=face,
        )

    def predict_proba(
        self,
        batch: dict[str, np.ndarray],
        factor: float | np.ndarray = 1.0,
    ) -> np.ndarray:
        """Probabilities of pairs, as ``datasets.Pairs.x`` has them.

        Parameters
        ----------
        batch : ``"face"`` (n, K, 48, 48, 1) with any K, or (n, units); ``"voice"`` (n,
            frames, bands); ``"present"`` (n, 2), 1 or 0 for face and voice.
        factor : on the temperature, as in ``Network.predict_proba``.

        Returns
        -------
        float64 (n, len(labels)), as ``join``.

        Raises
        ------
        NetworkError : no such dictionary, or inputs of another shape.
        """
        if not isinstance(batch, dict) or set(batch) != {"face", "voice", "present"}:
            raise NetworkError(
                f"network {self.name!r} takes a face, a voice and their presence, by name"
            )
        present = np.asarray(batch["present"], np.float32)
        has_face, has_voice = present.T > 0.5
        face = self._embed_faces(np.asarray(batch["face"]))
        voice = self.embed("voice", batch["voice"])
        face[~has_face] = np.nan
        voice[~has_voice] = np.nan
        proba = self.join(face, voice)
        return soften(proba, factor, least=LEAST)

    def _embed_faces(self, face: np.ndarray) -> np.ndarray:
        """Several faces of one person: the mean of theirs. Action units: as they are."""
        if face.ndim != 5:
            return self.embed("face", face)
        n, k, *shape = face.shape
        one_by_one = self.embed("face", face.reshape(-1, *shape))
        by_row = one_by_one.reshape(n, k, one_by_one.shape[-1])
        return by_row.mean(axis=1)
