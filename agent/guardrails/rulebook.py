"""The packs that hold for a tenant, as one book: clauses by place, made stricter where the playbook says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agent.domain.errors import PackError, PlaybookError
from agent.domain.ids import RuleId, digest
from agent.guardrails.lexicon import Lexicon
from agent.guardrails.pack import Clause, DutyEntry, Pack, read_pack
from agent.strict_yaml import YamlFault, parse

HERE = Path(__file__).parent
SHIPPED = HERE / "packs"
LEXICONS = HERE / "lexicons"
EVERYWHERE = "*"
ALWAYS = ("ethics", "transport")
"""Packs that no playbook can leave out."""
UNKNOWN = "unknown"
_LEXICON = "lexicon/"


class RuleBook:
    """The packs a playbook names. Immutable; `version` changes with every byte of them and of the lexicons."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """`texts` maps a pack's name (or lexicon/ko, lexicon/en) to its YAML. Raises PackError with file and line."""
        self.texts = dict(texts)
        self.version = digest(*(part for item in sorted(texts.items()) for part in item), size=6)
        lexicon = _lexicon({name: text for name, text in texts.items() if name.startswith(_LEXICON)})
        self.packs: tuple[Pack, ...] = ()
        clauses: list[Clause] = []
        for name, text in texts.items():
            if not name.startswith(_LEXICON):
                pack, found = read_pack(name, text, lexicon)
                self.packs += (pack,)
                clauses += found
        self.clauses = tuple(clauses)
        self.lexicon = lexicon
        self._covered = {place for pack in self.packs for place in pack.jurisdictions}
        self._by_place = _by_place(self.clauses)
        self._refuse_repeated()

    def covers(self, country: str) -> bool:
        return country in self._covered

    def packs_of(self, country: str | None) -> frozenset[str]:
        """The names of the packs made for this country."""
        return frozenset(pack.pack for pack in self.packs if country in pack.jurisdictions)

    def has_regions(self, country: str) -> bool:
        """True where the country's states have rules of their own, so that an unknown state is a state of affairs."""
        return f"{country}-{UNKNOWN}" in self._by_place

    def for_places(self, places: Iterable[str]) -> tuple[Clause, ...]:
        """The clauses for these places, in their order and each once, and those that hold everywhere."""
        found = {c.rule_id: c for place in (*places, EVERYWHERE) for c in self._by_place.get(place, ())}
        return tuple(found.values())

    def duties(self, places: Iterable[str]) -> tuple[DutyEntry, ...]:
        """The duties with a time limit that hold in one of these places."""
        wanted = {*places, EVERYWHERE}
        return tuple(duty for pack in self.packs if wanted & set(pack.jurisdictions) for duty in pack.duties)

    def tightened(self, stricter: Mapping[str, Mapping[str, Any]]) -> RuleBook:
        """The book with the playbook's stricter parameters.

        Raises PlaybookError for a rule that is not there, cannot be tuned, or would be loosened.
        """
        if not stricter:
            return self
        book = object.__new__(RuleBook)
        book.__dict__.update(self.__dict__)
        known = {clause.rule_id: clause for clause in self.clauses}
        for rule, changes in stricter.items():
            if rule not in known:
                raise _not_so(f"tighten.{rule}: no such rule in the playbook's packs", "See `tactful rules list`.")
            known[RuleId(rule)] = _stricter(known[RuleId(rule)], changes)
        book.clauses = tuple(known.values())
        book._by_place = _by_place(book.clauses)
        return book

    def _refuse_repeated(self) -> None:
        ids = [clause.rule_id for clause in self.clauses]
        twice = {rule for rule in ids if ids.count(rule) > 1}
        if twice:
            places = ", ".join(sorted(pack.pack for pack in self.packs))
            raise PackError(f"rule {min(twice)} stands twice", place=places, next_step="Keep one of them.")


def shipped_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yaml")))


@cache
def shipped(names: tuple[str, ...]) -> RuleBook:
    """The packs of these names that come with the product, and those that always hold.

    Raises PackError for a name that does not exist.
    """
    for name in names:
        if name not in shipped_names():
            raise PackError(
                f"no such pack: {name}",
                place="playbook.yaml: packs",
                next_step=f"Choose from: {', '.join(shipped_names())}.",
            )
    return RuleBook(shipped_texts(names))


def shipped_texts(names: tuple[str, ...]) -> dict[str, str]:
    """The YAML of these packs, of those that always hold, and of the lexicons."""
    wanted = dict.fromkeys((*names, *ALWAYS))
    texts = {name: (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8") for name in wanted}
    lexicons = {_LEXICON + path.stem: path.read_text(encoding="utf-8") for path in sorted(LEXICONS.glob("*.yaml"))}
    return texts | lexicons


def _lexicon(texts: Mapping[str, str]) -> Lexicon:
    families: dict[str, tuple[str, ...]] = {}
    for name, text in sorted(texts.items()):
        try:
            read = parse(text, dict[str, tuple[str, ...]])
        except YamlFault as fault:
            raise PackError(
                f"{fault.field}: {fault.what}",
                place=f"{name}.yaml:{fault.line}",
                next_step="Mend the lexicon. Until then no offer is made.",
            ) from fault
        for family, words in read.items():
            families[family] = families.get(family, ()) + words
    return families


def _by_place(clauses: Iterable[Clause]) -> dict[str, list[Clause]]:
    found: dict[str, list[Clause]] = {}
    for clause in clauses:
        for place in clause.jurisdictions:
            found.setdefault(place, []).append(clause)
    return found


def _stricter(clause: Clause, changes: Mapping[str, Any]) -> Clause:
    law, shape = clause.parameters, type(clause.parameters)
    tighter_than = getattr(law, "tighter_than", None)
    if tighter_than is None:
        raise _not_so(f"tighten.{clause.rule_id}: this rule has nothing to tune", "Remove it from `tighten`.")
    unknown = set(changes) - set(shape.__dataclass_fields__)
    if unknown:
        raise _not_so(f"tighten.{clause.rule_id}.{min(unknown)}: unknown parameter", "See `tactful rules show`.")
    try:
        mine = TypeAdapter(shape).validate_python({**clause.entry.parameters, **changes})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, ("tighten", clause.rule_id, *first["loc"])))
        raise _not_so(f"{where}: {first['msg']}", "See `tactful rules show`.") from error
    if not mine.tighter_than(law):
        raise _not_so(
            f"tighten.{clause.rule_id}: this would loosen the rule", "A playbook may only make rules stricter."
        )
    return replace(clause, parameters=mine, twin=f"{clause.entry.rule}{mine}")


def _not_so(what: str, next_step: str) -> PlaybookError:
    return PlaybookError(what, place="playbook.yaml", next_step=next_step)
