"""The trained joint network, asked in two steps: embed faces and voices, then join them moment by
moment.

Taught in notebooks/14_one_network.
"""

from functools import cached_property

import numpy as np

from ..errors import NetworkError
from .registry import BATCH, Network, compile_for

SOURCES = ("face", "voice", "face+voice")


class JointNetwork(Network):
    """A joint network with its card. ``features`` are those of its voice trunk."""

    @property
    def input_shape(self) -> dict[str, tuple[int, ...]]:
        """``"face"``: (K, 48, 48, 1) or (frames, action units); ``"voice"``: (frames, bands)."""
        return {name: tuple(shape) for name, shape in self.card["input_shape"].items()}

    @cached_property
    def _models(self) -> dict:
        models = {
            name: self.model.get_layer(name) for name in ("face_trunk", "voice_trunk", "head")
        }
        for model in models.values():
            compile_for(model)
        return models

    def embed(self, modality: str, batch: np.ndarray) -> np.ndarray:
        """What the network makes of faces or of windows of sound, one by one.

        Parameters
        ----------
        modality : ``"face"`` or ``"voice"``.
        batch : faces (n, 48, 48, 1) in 0..255, or action units (n, frames, units) where it was
            trained on them; for voices what ``features`` gives, (n, frames, bands).

        Returns
        -------
        float32 (n, d). Embeddings of several faces of one person may be averaged: the network did
        so in training.

        Raises
        ------
        NetworkError : another modality, or an input of another shape.
        """
        if modality not in ("face", "voice"):
            raise NetworkError(f"network {self.name!r} takes a face or a voice, not {modality!r}")
        trunk = self._models[f"{modality}_trunk"]
        batch = np.asarray(batch, np.float32)
        if batch.shape[1:] != tuple(trunk.input_shape[1:]):
            wanted = tuple(trunk.input_shape[1:])
            raise NetworkError(
                f"network {self.name!r} takes a {modality} of shape {wanted}, not {batch.shape[1:]}"
            )
        parts = [trunk.predict_on_batch(batch[i : i + BATCH]) for i in range(0, len(batch), BATCH)]
        return np.concatenate([np.empty((0, trunk.output_shape[-1]), np.float32), *parts])

    def join(self, face: np.ndarray | None, voice: np.ndarray | None) -> np.ndarray:
        """Probabilities of each moment from what was seen and heard in it, at the network's
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
        m = len(face if voice is None else voice)
        lengths = {
            name: self._models[f"{name}_trunk"].output_shape[-1] for name in ("face", "voice")
        }
        inputs, present = {}, np.zeros((m, 2), np.float32)
        for k, (name, values) in enumerate({"face": face, "voice": voice}.items()):
            values = (
                np.full((m, lengths[name]), np.nan)
                if values is None
                else np.asarray(values, np.float32)
            )
            if values.shape != (m, lengths[name]):
                raise NetworkError(
                    f"network {self.name!r}: {name} embeddings {values.shape}, expected {(m, lengths[name])}"
                )
            present[:, k] = ~np.isnan(values).any(axis=1)
            inputs[name] = np.nan_to_num(values.astype(np.float32))
        inputs["present"] = present
        out = np.full((m, len(self.labels)), np.nan)
        for i in range(0, m, 1024):
            rows = i + np.flatnonzero(present[i : i + 1024].any(axis=1))
            if len(rows):
                out[rows] = self._models["head"].predict_on_batch(
                    {name: x[rows] for name, x in inputs.items()}
                )
        return self._soften(out, present)

    def predict_proba(
        self, batch: dict[str, np.ndarray], factor: float | np.ndarray = 1.0
    ) -> np.ndarray:
        """Probabilities of pairs, as ``datasets.Pairs.x`` has them.

        Parameters
        ----------
        batch : ``"face"`` (n, K, 48, 48, 1) with any K, or (n, frames, units); ``"voice"`` (n,
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
        face, present = np.asarray(batch["face"]), np.asarray(batch["present"], np.float32)
        if face.ndim == 5:
            one_by_one = self.embed("face", face.reshape(-1, *face.shape[2:]))
            seen = one_by_one.reshape(*face.shape[:2], -1).mean(axis=1) if len(face) else one_by_one
        else:
            seen = self.embed("face", face)
        there = present > 0.5
        heard = np.where(there[:, 1:], self.embed("voice", batch["voice"]), np.nan)
        p = self.join(np.where(there[:, :1], seen, np.nan), heard) ** (
            1 / np.reshape(factor, (-1, 1))
        )
        return p / p.sum(axis=1, keepdims=True)

    def _soften(self, p: np.ndarray, present: np.ndarray) -> np.ndarray:
        """At the temperature of each row's source: with less to go on, another one fits."""
        known = self.card.get("calibration", {}).get("temperatures", {})
        by_source = np.array([known.get(source, self.temperature) for source in SOURCES])
        source = np.clip(present[:, 0] + 2 * present[:, 1] - 1, 0, 2).astype(int)
        p = np.clip(p, 1e-12, 1) ** (1 / by_source[source])[:, None]
        return p / p.sum(axis=1, keepdims=True)
