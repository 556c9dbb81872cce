"""The text models that come with the program: loaded only where their bytes are those that were released."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from agent.domain.errors import InputError
from agent.signals.text.linear import Model, load
from agent.strict_yaml import parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """The card of one shipped model: what it does, what it learned from, how good it is, what it cannot do."""

    sha256: str
    bytes: int
    does: str
    data: str
    licence: str
    figures: dict[str, float]
    limits: str


@lru_cache
def cards() -> dict[str, Shipped]:
    """The card of each shipped model, by name."""
    return parse((files(__package__) / "artefacts" / "cards.yaml").read_text(encoding="utf-8"), dict[str, Shipped])


@lru_cache
def shipped(name: str) -> Model:
    """A shipped model. Raises InputError where there is none of this name, or its bytes are not those of its card."""
    card = cards().get(name)
    if card is None:
        raise InputError(f"no model {name} comes with the program", place=name, next_step=f"Choose of {list(cards())}.")
    return load((files(__package__) / "artefacts" / f"{name}.npz").read_bytes(), f"{name}.npz", card.sha256)
