"""The tutorial, typed line by line as it stands on the page."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_cli import Shell

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def steps(page: str) -> Iterator[tuple[str, str, list[str]]]:
    """(file to write, its text, []) or (command, '', lines that its output holds), in their order."""
    for kind, name, body in FENCE.findall((DOCS / page).read_text(encoding="utf-8")):
        if name:
            yield name, body, []
        elif kind == "console":
            for block in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, *expected = block.splitlines()
                yield command, "", [line for line in expected if line]


@pytest.mark.parametrize("page", ["tutorial.md", "tutorial.ko.md"])
def test_every_line_of_the_tutorial_does_what_it_says(page: str, tmp_path: Path) -> None:
    folder = tmp_path
    commands = 0
    for step, text, expected in steps(page):
        if text:
            (folder / step).write_text(text, encoding="utf-8")
            continue
        if step.startswith("cd "):
            folder = folder / step[3:]
            continue
        words = shlex.split(step)
        env = dict(words.pop(0).split("=", 1) for word in list(words) if re.match(r"[A-Z_]+=", word))
        target = words[words.index(">") + 1] if ">" in words else ""
        assert words.pop(0) == "tactful", step
        done = Shell(folder)(*(words[: words.index(">")] if target else words), **env)
        assert done.returncode == 0, f"{step}: {done.stderr}{done.stdout[-500:]}"
        if target:
            (folder / target).write_text(done.stdout, encoding="utf-8")
        for line in expected:
            assert line.strip() in done.stdout, f"{step}: {line!r} in {done.stdout[:2000]}"
        commands += 1
    assert commands >= 18
    for name in ("check", "journey", "decision"):
        assert (folder / f"{name}.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_both_languages_have_the_same_steps() -> None:
    english, korean = (
        [re.sub(r"samples/\S+|\d{5}|\"[^\"]*\"|--lang \w+", "", step) for step, text, _ in steps(page)]
        for page in ("tutorial.md", "tutorial.ko.md")
    )
    assert english == korean
