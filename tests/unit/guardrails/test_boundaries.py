"""Every rule of every pack stands or falls by its boundary table: readable by a lawyer, run row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.domain.errors import PackError
from agent.domain.verdict import VerdictKind
from agent.guardrails import boundaries
from agent.guardrails.boundaries import check, results, table
from agent.guardrails.rulebook import SHIPPED, shipped, shipped_names

BOOK = shipped(shipped_names())
CLAUSES = {str(clause.rule_id): clause for clause in BOOK.clauses}


def rows() -> list[Any]:
    return [pytest.param(r, id=f"{r.rule}-{r.number}") for r in results()]


@pytest.mark.parametrize("result", rows())
def test_boundary(result: boundaries.Result) -> None:
    assert result.found == result.row.expect, result.row.note


@pytest.mark.parametrize("pack", shipped_names())
def test_every_rule_has_rows_on_both_sides_of_its_edge(pack: str) -> None:
    rules = {rule: clause for rule, clause in CLAUSES.items() if clause.pack == pack}
    assert set(table(pack)) == set(rules)
    for rule, clause in rules.items():
        said = {"allow" if row.expect == "allow" else "speaks" for row in table(pack)[rule]}
        always = clause.verdict is VerdictKind.AMEND or clause.entry.rule == "channel_banned"
        assert "speaks" in said, rule
        assert always or "allow" in said, rule


def test_a_table_row_that_says_something_unknown_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "boundaries").mkdir()
    (tmp_path / "boundaries" / "kr.yaml").write_text(
        "kr-under14:\n  - {age: minor, expect: deny}\n  - {agee: minor, expect: deny}\n", encoding="utf-8"
    )
    monkeypatch.setattr(boundaries, "SHIPPED", tmp_path)
    table.cache_clear()
    try:
        with pytest.raises(PackError, match=r"line 3: kr-under14\.1\.agee"):
            table("kr")
    finally:
        table.cache_clear()


def test_a_row_that_is_wrong_is_seen() -> None:
    """The tables can fail: every row, run with its expectation turned round, does."""
    for result in results(only="kr-night-block"):
        assert check(CLAUSES["kr-night-block"], result.row) != ("deny" if result.row.expect == "allow" else "allow")


def test_the_tables_lie_beside_the_packs() -> None:
    assert {path.stem for path in (SHIPPED / "boundaries").glob("*.yaml")} == set(shipped_names())
