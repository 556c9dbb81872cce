"""Inserting what is not there yet: the count is right for one row and for many, on both databases."""

from __future__ import annotations

from agent.store import schema as t
from agent.store.database import Database
from agent.store.rows import insert_new


def row(name: str) -> dict[str, object]:
    return {"tenant": "acme", "action": name, "channel": "email", "trials": 0, "successes": 0}


def test_it_counts_only_the_new_rows(database: Database) -> None:
    with database.writing() as connection:
        assert insert_new(connection, t.arms, []) == 0
        assert insert_new(connection, t.arms, [row("a")]) == 1
        assert insert_new(connection, t.arms, [row("a")]) == 0
        assert insert_new(connection, t.arms, [row(name) for name in "abc"]) == 2
        assert insert_new(connection, t.arms, [row(str(n)) for n in range(3000)]) == 3000
        assert insert_new(connection, t.arms, [row(str(n)) for n in range(2990, 3010)]) == 10
