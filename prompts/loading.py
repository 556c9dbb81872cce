"""The words the product is given: message templates, system prompts and the starter brands, loaded strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Len

from agent import strict_yaml

ROOT = Path(__file__).parent
LOCALES = ("ko", "en")
_SLOT = re.compile(r"\{\{\s*([a-z_.]+)[^}]*\}\}")
STARTER = ROOT / "brand" / "starter"


class MissingWords(Exception):
    """No template or prompt for this; a fault of the product's own files, named by path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One message on one channel. `subject` is an e-mail's subject or a push's title; `short` says the same in less,
    for where the law's lines leave little room."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    body: Annotated[str, Len(2, 1200)]
    subject: Annotated[str, Len(0, 80)] = ""
    short: Annotated[str, Len(0, 600)] = ""


@cache
def _file(locale: str, action: str) -> Mapping[str, Mapping[str, Template]]:
    path = ROOT / "messages" / locale / f"{action}.yaml"
    try:
        return strict_yaml.read(path, dict[str, dict[str, Template]])
    except (OSError, strict_yaml.YamlFault) as fault:
        raise MissingWords(f"prompts/messages/{locale}/{action}.yaml: {fault}") from fault


def template(locale: str, action: str, variant: str, channel: str) -> Template:
    """The template of an action for why it is done (`variant`) and where. Raises MissingWords."""
    try:
        return _file(locale, action)[variant][channel]
    except KeyError as missing:
        raise MissingWords(f"prompts/messages/{locale}/{action}.yaml: no {variant}/{channel}") from missing


Key = tuple[str, str, str, str]
"""Locale, action, variant (why it is done), channel."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A brand's own templates before the shipped ones."""

    own: Mapping[Key, Template]

    def rows(self) -> list[list[str]]:
        """The own templates as plain lists, in a constant order: they are kept with the decisions they worded."""
        return [[*key, own.subject, own.body, own.short] for key, own in sorted(self.own.items())]

    @staticmethod
    def of_rows(rows: Sequence[Sequence[str]]) -> Wording:
        return Wording(
            {
                (locale, action, variant, channel): Template(subject=subject, body=body, short=short)
                for locale, action, variant, channel, subject, body, short in rows
            }
        )

    def template(self, locale: str, action: str, variant: str, channel: str) -> Template:
        """Raises MissingWords."""
        found = self.own.get((locale, action, variant, channel))
        return found or template(locale, action, variant, channel)

    def all(self) -> list[tuple[str, str, str, str, Template]]:
        """Every template in force, as (locale, action, variant, channel, template)."""
        return [
            (locale, action, variant, channel, self.own.get((locale, action, variant, channel), found))
            for locale, action, variant, channel, found in templates()
        ]


SHIPPED = Wording({})


def read_wording(folder: Path) -> Wording:
    """A brand's `messages/LOCALE/ACTION.yaml`. Each template stands for a shipped one, and uses no other facts.

    Raises strict_yaml.YamlFault with the file's name before what is wrong.
    """
    own: dict[Key, Template] = {}
    shipped = {(locale, *rest): found for locale, *rest, found in templates()}
    for path in sorted(folder.glob("*/*.yaml")):
        name = f"{path.parent.name}/{path.name}"
        try:
            document = strict_yaml.Document(path.read_text(encoding="utf-8"))
            for variant, channels in document.check(dict[str, dict[str, Template]]).items():
                for channel, found in channels.items():
                    key = (path.parent.name, path.stem, variant, channel)
                    _check_own(key, found, shipped, document.line(variant, channel))
                    own[key] = found
        except strict_yaml.YamlFault as fault:
            raise strict_yaml.YamlFault(fault.line, f"{name}: {fault.field}", fault.what) from fault
        except UnicodeDecodeError as error:
            raise strict_yaml.YamlFault(1, name, "the file is not UTF-8 text") from error
    return Wording(own)


def _check_own(key: Key, found: Template, shipped: Mapping[tuple[str, ...], Template], line: int) -> None:
    where = f"{key[2]}.{key[3]}"
    if key not in shipped:
        raise strict_yaml.YamlFault(line, where, "no message of this action, reason and channel exists")
    allowed, used = slots_of(shipped[key]), slots_of(found)
    if used - allowed:
        can = ", ".join(sorted(allowed))
        raise strict_yaml.YamlFault(line, where, f"{{{{{min(used - allowed)}}}}} is not known here; known: {can}")


def slots_of(found: Template) -> set[str]:
    """The names of the slots that a template uses."""
    return set(_SLOT.findall(f"{found.subject}\n{found.body}\n{found.short}"))


def templates() -> list[tuple[str, str, str, str, Template]]:
    """Every template as (locale, action, variant, channel, template)."""
    return [
        (locale, path.stem, variant, channel, found)
        for locale in LOCALES
        for path in sorted((ROOT / "messages" / locale).glob("*.yaml"))
        for variant, channels in _file(locale, path.stem).items()
        for channel, found in channels.items()
    ]


@cache
def words(name: str, locale: str) -> Mapping[str, str]:
    """The words of one page or draft, by what they stand for. Raises MissingWords."""
    path = ROOT / "words" / f"{name}.{locale}.yaml"
    try:
        return strict_yaml.read(path, dict[str, str])
    except (OSError, strict_yaml.YamlFault) as fault:
        raise MissingWords(f"prompts/words/{name}.{locale}.yaml: {fault}") from fault


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt and the hash of its source, which stands on the record."""

    text: str
    hash: str


_DECLARED = {
    "decide": frozenset({"brand"}),
    "situation": frozenset({"lines", "findings", "passages", "fixed", "shorter_by"}),
}


def prompt(name: str, locale: str, **variables: object) -> Prompt:
    """A system prompt with exactly its declared variables. Raises MissingWords for one missing or unknown."""
    from jinja2 import Environment, StrictUndefined, TemplateError  # lazily: only a model needs it

    declared = _DECLARED.get(name)
    if declared is None or set(variables) != declared:
        raise MissingWords(f"prompt {name}: wants exactly {sorted(declared or ())}, got {sorted(variables)}")
    source = _source(name, locale)
    try:
        environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
        text = environment.from_string(source).render(**variables)
    except TemplateError as error:
        raise MissingWords(f"prompts/system/{name}.{locale}.md: {error}") from error
    return Prompt(text=text, hash=blake2b(source.encode(), digest_size=6).hexdigest())


@cache
def _source(name: str, locale: str) -> str:
    path = ROOT / "system" / f"{name}.{locale}.md"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise MissingWords(f"prompts/system/{name}.{locale}.md is missing") from error
