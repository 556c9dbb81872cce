"""Guideline files: Markdown with front matter, cut into passages at the headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le, Len

from agent import strict_yaml
from agent.domain.customer import Channel
from agent.domain.errors import GuidelineError
from agent.domain.guideline import Binding, Passage
from agent.domain.ids import PassageId, digest

GREATEST_FILE = 256_000
"""Bytes. A brand's guideline is read by people; anything longer is a mistake."""

_HEADING = re.compile(r"^(#{1,3})\s+(.+?)\s*#*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What the head of a guideline file may say. Empty lists mean everywhere."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    brand: Annotated[str, Len(1, 80)]
    locale: Literal["ko", "en"]
    topic: Annotated[str, Len(1, 40)]
    channels: tuple[Channel, ...] = ()
    actions: tuple[Annotated[str, Len(1, 40)], ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    priority: Annotated[int, Ge(-10), Le(10)] = 0
    binds: Binding | None = None


def read_folder(folder: Path) -> tuple[Passage, ...]:
    """All passages of the `*.md` files below the folder, by path. Raises GuidelineError."""
    passages: list[Passage] = []
    for path in sorted(folder.rglob("*.md")):
        passages += read_file(path, path.relative_to(folder).as_posix())
    return tuple(passages)


def read_file(path: Path, name: str) -> list[Passage]:
    """The passages of one file. `name` is its path inside the brand's folder and starts each passage's id."""
    if path.stat().st_size > GREATEST_FILE:
        raise GuidelineError(f"larger than {GREATEST_FILE:,} bytes", place=name, next_step="Split it by topic.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise GuidelineError("not UTF-8 text", place=name, next_step="Save the file as UTF-8.") from error
    return parse(text.replace("\r\n", "\n"), name)


def parse(text: str, name: str) -> list[Passage]:
    head, body = _split(text, name)
    if head.binds is not None and not body.strip("# \n"):
        raise GuidelineError(
            "binds, but holds no text", place=name, next_step="Say below the front matter why, or delete the file."
        )
    passages: list[Passage] = []
    seen: dict[str, int] = {}
    for title, section in _sections(body, name):
        slug = re.sub(r"[^\w]+", "-", title.lower()).strip("-") or "section"
        seen[slug] = seen.get(slug, 0) + 1
        suffix = f"-{seen[slug]}" if seen[slug] > 1 else ""
        passages.append(
            Passage(
                passage_id=PassageId(f"{name}#{slug}{suffix}"),
                path=name,
                brand=head.brand,
                locale=head.locale,
                topic=head.topic,
                title=title,
                text=section,
                channels=tuple(head.channels),
                actions=head.actions,
                valid_from=head.valid_from,
                valid_to=head.valid_to,
                priority=head.priority,
                binds=head.binds,
            )
        )
    return passages


def version_of(passages: tuple[Passage, ...]) -> str:
    """12 hex digits that change whenever any passage, or anything about it, changes."""
    return digest(*(repr(passage) for passage in passages), size=6)


def _split(text: str, name: str) -> tuple[FrontMatter, str]:
    if not text.startswith("---\n") or "\n---\n" not in text[4:]:
        raise GuidelineError(
            "no front matter",
            place=f"{name}:1",
            next_step="Begin the file with --- and the fields brand, locale and topic, then --- again.",
        )
    head, _, body = text[4:].partition("\n---\n")
    try:
        return strict_yaml.parse(head, FrontMatter), body
    except strict_yaml.YamlFault as fault:
        where = f"{name}:{fault.line + 1}"
        raise GuidelineError(f"{fault.field}: {fault.what}", place=where, next_step="Mend the front matter.") from fault


def _sections(body: str, name: str) -> list[tuple[str, str]]:
    """(heading, text) pairs. A heading without text is dropped; text before any heading keeps the file's name."""
    sections: list[tuple[str, list[str]]] = [(Path(name).stem, [])]
    for line in body.split("\n"):
        match = _HEADING.match(line)
        if match:
            sections.append((match.group(2), []))
        else:
            sections[-1][1].append(line)
    joined = [(title, "\n".join(lines).strip()) for title, lines in sections]
    return [(title, text) for title, text in joined if text]
