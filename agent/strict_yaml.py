"""YAML files read strictly: unknown fields, missing fields and wrong types are refused with file, line and field."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BOOL = "tag:yaml.org,2002:bool"


class _Loader(_BASE):  # type: ignore[misc]
    """Booleans as in YAML 1.2: only true and false. `NO` is a country, `on` a preposition."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in _BASE.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


class YamlFault(Exception):
    """What is wrong and where: `line` counts from 1, `field` is a dotted path ('' for the whole file)."""

    def __init__(self, line: int, field: str, what: str) -> None:
        super().__init__(f"line {line}: {field + ': ' if field else ''}{what}")
        self.line = line
        self.field = field
        self.what = what


class Document:
    """A parsed file whose parts can be checked one by one, each fault with its line."""

    def __init__(self, text: str) -> None:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                raise YamlFault(1, "", "the file is empty")
            _refuse_duplicates(root, "")
            self._data = loader.construct_document(root)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            raise YamlFault(line, "", str(getattr(error, "problem", error))) from error
        self._root = root

    def check(self, shape: type[T], *at: str | int) -> T:
        """The part at `at` (the whole by default) as `shape`. Raises YamlFault."""
        data = self._data
        for step in at:
            data = data[step]
        try:
            return cast(T, _adapter(cast(Hashable, shape)).validate_python(data))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = (*at, *first["loc"])
            raise YamlFault(
                self.line(*where), ".".join(map(str, where)), first["msg"].removeprefix("Value error, ")
            ) from error

    def line(self, *at: str | int) -> int:
        """The line of the deepest part that `at` still names."""
        return _line_of(self._root, at)


def parse(text: str, shape: type[T]) -> T:
    """The text as `shape` (a dataclass or any type pydantic can check). Raises YamlFault."""
    return Document(text).check(shape)


def read(path: Path, shape: type[T]) -> T:
    """Like `parse`, for a file. Raises OSError and YamlFault; a file that is not UTF-8 is a YamlFault."""
    try:
        return parse(path.read_text(encoding="utf-8"), shape)
    except UnicodeDecodeError as error:
        raise YamlFault(1, "", "the file is not UTF-8 text") from error


@cache
def _adapter(shape: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, shape))


def _refuse_duplicates(node: yaml.Node, path: str) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                raise YamlFault(key.start_mark.line + 1, f"{path}{name}", "the key stands twice")
            seen.add(name)
            _refuse_duplicates(value, f"{path}{name}.")
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _refuse_duplicates(value, f"{path}{index}.")


def _line_of(node: yaml.Node, loc: Sequence[str | int]) -> int:
    """The line of the deepest node that the location still names."""
    line = node.start_mark.line + 1
    for part in loc:
        child = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if str(key.value) == str(part):
                    child, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            child = node.value[part]
            line = child.start_mark.line + 1
        if child is None:
            break
        node = child
    return line
