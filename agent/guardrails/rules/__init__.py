"""The rules themselves: small pure functions of a case and their parameters. Packs name them in YAML.

To add one: write the function, add an entry to a pack, add its boundary table to `packs/boundaries`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from agent.guardrails.cases import Breach
from agent.guardrails.rules import (
    brand,
    clock,
    consent,
    contact,
    envelope,
    facts,
    lines,
    money,
    offer,
    person,
    sender,
    text,
)

Rule = Callable[[Any, Any], Breach | None]
MODULES = (brand, clock, consent, contact, envelope, facts, lines, money, offer, person, sender, text)


def rules_of(module: ModuleType) -> dict[str, Rule]:
    """The rules that a module defines: its public functions."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and callable(value)
        and getattr(value, "__module__", "") == module.__name__
        and not isinstance(value, type)
    }


RULES: Mapping[str, Rule] = {name: rule for module in MODULES for name, rule in rules_of(module).items()}
