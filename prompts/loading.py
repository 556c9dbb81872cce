"""The words the product is given: message templates, system prompts and the starter brands, loaded strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Len

from agent import strict_yaml

ROOT = Path(__file__).parent
LOCALES = ("ko", "en")
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
