"""The Korean README says what the English one says: the same headings, blocks and commands."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def parts(name: str) -> tuple[list[str], list[str], list[str]]:
    """(levels of the headings, commands, files linked to), without what differs by language."""
    text = (ROOT / name).read_text(encoding="utf-8")
    levels = [level for level in re.findall(r"^(#+) ", text, flags=re.MULTILINE)]
    commands = [
        re.sub(r"\s+#.*|\"[^\"]*\"|--lang \w+", "", line).strip()
        for line in re.findall(r"^\$ (.*)$|^(?:make|export) .*$", text, flags=re.MULTILINE)
    ]
    links = [link.replace(".ko.md", ".md") for link in re.findall(r"\]\((?!http)([^)]+)\)", text)]
    return levels, commands, sorted(links)


def test_both_readmes_have_the_same_parts() -> None:
    assert parts("README.md") == parts("README.ko.md")


def test_every_file_that_a_readme_links_to_is_there() -> None:
    for name in ("README.md", "README.ko.md"):
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8")):
            assert (ROOT / link).exists(), link
