"""Pages as one self-contained file each: no script, no outside address, nothing that loads."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from prompts.loading import words

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, lang: str, **facts: Any) -> str:
    """The page in a language. Every text is escaped: what customers and models wrote is data here too."""
    said = words("page", lang)
    return _environment().get_template(f"{template}.html.j2").render(lang=lang, said=said, **facts)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
