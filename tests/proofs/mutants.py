"""Mutants of the guard's predicates: each rule's source with one small fault, run in-process against the tables."""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from agent.guardrails import rules
from agent.guardrails.boundaries import check, table
from agent.guardrails.pack import Clause
from agent.guardrails.rulebook import shipped, shipped_names

CLAUSES = shipped(shipped_names()).clauses

CRITICAL = {
    "consent": ("consent",),
    "hours": ("clock",),
    "cap": ("contact",),
    "budget": ("money",),
    "age": ("person",),
    "tenant": ("envelope",),
}
"""What must never slip, and the modules whose predicates hold it."""

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


@dataclass(frozen=True)
class Mutant:
    """One fault: where it is and what was done."""

    module: str
    function: str
    line: int
    what: str
    tree: ast.Module

    def __str__(self) -> str:
        return f"{self.module}.{self.function}:{self.line} {self.what}"


def mutants(module: ModuleType) -> Iterator[Mutant]:
    """Every mutant of the module's functions; parameter classes and their checks at load are left alone."""
    source = ast.parse(inspect.getsource(module))
    for function in (node for node in source.body if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            for what, change in _changes(node):
                tree = copy.deepcopy(source)
                twin = _twin(source, tree, node)
                change(twin)
                name = module.__name__.rpartition(".")[2]
                yield Mutant(
                    name, function.name, getattr(node, "lineno", function.lineno), what, ast.fix_missing_locations(tree)
                )


def _changes(node: ast.AST) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            for other in _COMPARED[type(op)]:
                yield f"{type(op).__name__} -> {other.__name__}", _set_op(place, other())
    elif isinstance(node, ast.BoolOp):
        other_bool: ast.boolop = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield f"{type(node.op).__name__} -> {type(other_bool).__name__}", lambda twin: setattr(twin, "op", other_bool)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not dropped", lambda twin: twin.__dict__.update({"op": ast.UAdd(), "operand": _as_bool(twin.operand)})
    elif isinstance(node, ast.Return) and _breaks(node):
        yield "breach never returned", lambda twin: setattr(twin, "value", ast.Constant(value=None))
    elif isinstance(node, ast.If):
        yield "condition always false", lambda twin: setattr(twin, "test", ast.Constant(value=False))
        yield "condition always true", lambda twin: setattr(twin, "test", ast.Constant(value=True))
    elif (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("any", "all", "min", "max")
    ):
        swap = {"any": "all", "all": "any", "min": "max", "max": "min"}[node.func.id]
        yield f"{node.func.id} -> {swap}", lambda twin: setattr(twin.func, "id", swap)


def _as_bool(operand: ast.expr) -> ast.expr:
    return ast.Call(func=ast.Name(id="bool", ctx=ast.Load()), args=[operand], keywords=[])


def _set_op(place: int, op: ast.cmpop) -> Any:
    return lambda twin: twin.ops.__setitem__(place, op)


def _breaks(node: ast.Return) -> bool:
    return node.value is not None and any(isinstance(n, ast.Name) and n.id == "Breach" for n in ast.walk(node.value))


def _twin(source: ast.AST, tree: ast.AST, node: ast.AST) -> ast.AST:
    return next(b for a, b in zip(ast.walk(source), ast.walk(tree), strict=True) if a is node)


def survives(mutant: Mutant) -> bool:
    """True where no row of any table that the mutated module stands behind sees the fault."""
    module = next(m for m in rules.MODULES if m.__name__.rpartition(".")[2] == mutant.module)
    namespace = dict(vars(module))
    made = [n for n in mutant.tree.body if isinstance(n, ast.FunctionDef | ast.Assign | ast.AnnAssign)]
    exec(compile(ast.Module(body=list(made), type_ignores=[]), f"<{mutant}>", "exec"), namespace)
    return all(_holds(replace(clause, run=namespace[clause.entry.rule])) for clause in _behind(module))


def _behind(module: ModuleType) -> list[Clause]:
    mine = rules.rules_of(module)
    return [clause for clause in CLAUSES if clause.entry.rule in mine]


def _holds(clause: Clause) -> bool:
    return all(check(clause, row) == row.expect for row in table(clause.pack)[clause.rule_id])
