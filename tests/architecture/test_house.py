"""What keeps the house in shape beyond the floors that import-linter holds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from agent.domain import errors
from agent.store.schema import REVISION

ROOT = Path(__file__).parents[2]
PACKAGES = ("agent", "tools", "prompts", "evals")


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_only_the_clock_adapter_reads_the_wall_clock() -> None:
    wall = re.compile(r"^(datetime|date)\.(now|today|utcnow)$|^time\.(time|time_ns|localtime|gmtime)$")
    found = {path.relative_to(ROOT).as_posix() for path, tree in sources() for call in calls(tree) if wall.match(call)}
    assert found == {"agent/bootstrap.py"}


def test_nothing_draws_from_a_global_generator() -> None:
    for path, tree in sources():
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert "random" not in names or path.parts[-2] == "benchmarks", path
        assert "secrets" not in names, path


@pytest.mark.parametrize("word", ["utils", "common", "helpers", "manager", "handler"])
def test_no_room_is_called_after_nothing(word: str) -> None:
    assert [p for package in PACKAGES for p in (ROOT / package).rglob(f"*{word}*.py")] == []


def test_files_can_be_held_in_the_head() -> None:
    long = {
        path.name: count for path, _ in sources() if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_functions_fit_a_screen() -> None:
    long = [
        f"{path.name}:{node.name}"
        for path, tree in sources()
        if "migrations" not in path.parts
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno > 60
    ]
    assert long == []


def test_the_package_re_exports_nothing() -> None:
    assert (ROOT / "agent" / "__init__.py").read_text(encoding="utf-8").strip() == ""


def test_the_error_tree_is_drawn_whole() -> None:
    drawn = set(re.findall(r"(?:-- |^    )(\w+) ", errors.__doc__ or "", re.M))
    defined = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert drawn == defined


def test_the_code_works_with_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "agent" / "store" / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_the_constraints_name_versions_and_no_index() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 50
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+", line) for line in lines)


def test_the_picture_of_the_graph_in_the_docs_is_the_graph() -> None:
    from evals.picture import mermaid

    text = (ROOT / "docs" / "graph.md").read_text(encoding="utf-8")
    assert mermaid().strip() in text
