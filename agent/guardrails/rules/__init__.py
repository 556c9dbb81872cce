"""The rules themselves: small pure functions of a case and their parameters. Packs name them in YAML.

To add one: write the function, add an entry to a pack, add its boundary table to the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from agent.guardrails.cases import Breach
from agent.guardrails.rules import clock, consent, contact, money, person, text

Rule = Callable[[Any, Any], Breach | None]


def _rules_of(module: ModuleType) -> dict[str, Rule]:
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and callable(value)
        and getattr(value, "__module__", "") == module.__name__
        and not isinstance(value, type)
    }


RULES: Mapping[str, Rule] = {
    name: rule for module in (clock, consent, contact, money, person, text) for name, rule in _rules_of(module).items()
}
