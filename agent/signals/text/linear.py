"""Small linear models over hashed n-grams: weights of the kept buckets, eight bits each, never a pickle."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.domain.errors import InputError
from agent.signals.keeping import pack, text, unpack
from agent.signals.text.features import BATCH, Floats, Spec, block, restrict

FORMAT = 1


@dataclass(frozen=True)
class Model:
    """Weights of the kept buckets and what is needed to read them. `kind`: binary, labels or intents."""

    kind: str
    names: tuple[str, ...]
    spec: Spec
    buckets: NDArray[np.int32]  # sorted
    weights: NDArray[np.float32]  # (buckets, classes)
    bias: NDArray[np.float32]
    thresholds: NDArray[np.float32]

    def scores(self, texts: Sequence[str]) -> Floats:
        """Calibrated log-odds (intents: logits of a softmax), one column per class."""
        out = np.tile(self.bias.astype(np.float64), (len(texts), 1))
        for at in range(0, len(texts), BATCH):
            part = restrict(block(texts[at : at + BATCH], self.spec), self.buckets)
            out[at : at + BATCH] += part @ self.weights
        return out

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """One probability per class: independent for binary and labels, adding up to 1 for intents."""
        scores = self.scores(texts)
        if self.kind != "intents":
            return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -50, 50))))
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def predict(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """The names that hold for each text: the likeliest intent, or every label at or above its threshold."""
        chances = self.probabilities(texts)
        if self.kind == "intents":
            return [(self.names[best],) for best in chances.argmax(axis=1)]
        return [
            tuple(name for name, holds in zip(self.names, row, strict=True) if holds)
            for row in chances >= self.thresholds
        ]


def save(model: Model, level: float = 0.0) -> bytes:
    """The model with its weights on 255 steps, finer near nought; those below `level` times the greatest are
    dropped."""
    top = np.maximum(np.abs(model.weights).max(axis=0, initial=0.0), 1e-12)
    share = model.weights / top
    share = np.where(np.abs(share) < level, 0.0, share)
    steps = np.round(127 * np.sign(share) * np.sqrt(np.abs(share))).astype(np.int8)
    kept = steps.any(axis=1)
    gaps = np.diff(model.buckets[kept].astype(np.int64), prepend=0)
    about = {"format": FORMAT, "kind": model.kind, "names": model.names, "spec": asdict(model.spec)}
    return pack(
        {
            "about": json.dumps(about, ensure_ascii=False),
            "gaps": gaps.astype(np.min_scalar_type(int(gaps.max(initial=0)))),
            "steps": np.ascontiguousarray(steps[kept].T),
            "top": top.astype(np.float32),
            "bias": model.bias,
            "thresholds": model.thresholds,
        }
    )


def load(body: bytes, place: str, expected: str) -> Model:
    """Reads what `save` wrote. Raises InputError where the bytes are not those with the SHA-256 `expected`."""
    parts: Any = unpack(body, place, expected)
    about = json.loads(text(parts["about"]))
    if about["format"] != FORMAT:
        raise InputError(f"text model format {about['format']} is not known", place=place, next_step="Train it anew.")
    share = parts["steps"].T.astype(np.float32) / 127
    spec: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in about["spec"].items()
    }
    return Model(
        kind=about["kind"],
        names=tuple(about["names"]),
        spec=Spec(**spec),
        buckets=np.cumsum(parts["gaps"], dtype=np.int64).astype(np.int32),
        weights=np.ascontiguousarray(share * np.abs(share) * parts["top"]),
        bias=parts["bias"],
        thresholds=parts["thresholds"],
    )
