"""T18: a guard with a small fault is found out by the boundary tables."""

from __future__ import annotations

import ast
import inspect

from agent.guardrails import rules
from tests.proofs.mutants import CRITICAL, Mutant, mutants, survives

LEAST = 300
CRITICAL_MODULES = {module for modules in CRITICAL.values() for module in modules}


def every() -> list[Mutant]:
    return [mutant for module in rules.MODULES for mutant in mutants(module)]


def test_mutants_of_the_guard_are_killed() -> None:
    """All of them, at every run: 97 in 100, and every one about consent, hours, caps, budgets, age and tenants."""
    found = every()
    assert len(found) >= LEAST
    alive = [m for m in found if survives(m)]
    assert [str(m) for m in alive if m.module in CRITICAL_MODULES] == []
    assert len(alive) <= 0.03 * len(found), [str(m) for m in alive]


def test_the_rules_themselves_pass_so_that_a_kill_means_something() -> None:
    for module in rules.MODULES:
        first = next(mutants(module), None)
        assert first is not None
        whole = Mutant(first.module, "", 0, "unchanged", ast.parse(inspect.getsource(module)))
        assert survives(whole), module
