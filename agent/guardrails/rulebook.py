"""Packs: which rules apply where, with parameters and legal source. Read strictly, once."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_type_hints

from annotated_types import Len

from agent.domain.action import HoldReason, Kind, Stage
from agent.domain.customer import Channel
from agent.domain.errors import PackError
from agent.domain.ids import RuleId, digest
from agent.domain.verdict import VerdictKind
from agent.guardrails.cases import ActionCase, ChannelCase, CustomerCase, TextCase, TreatmentCase
from agent.guardrails.rules import RULES, Rule
from agent.strict_yaml import Document, YamlFault

SHIPPED = Path(__file__).parent / "packs"
EVERYWHERE = "*"

Grain = type[CustomerCase] | type[ChannelCase] | type[ActionCase] | type[TreatmentCase] | type[TextCase]
Verb = Literal["deny", "review", "defer", "amend"]
_STAGES = {stage.name.lower(): stage for stage in Stage}
_VERBS = {
    "deny": VerdictKind.DENY,
    "review": VerdictKind.REVIEW,
    "defer": VerdictKind.DEFER,
    "amend": VerdictKind.AMEND,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One rule of a pack, as written. `source` is the law, standard or page; `confidence` as in the catalogue."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    id: Annotated[str, Len(3, 60)]
    rule: str
    why: Mapping[Literal["ko", "en"], str]
    kinds: tuple[Kind, ...]
    channels: tuple[Channel, ...]
    stage: Literal["identity", "ban", "suppression", "class", "consent", "clock", "frequency", "guard"]
    verdict: Verb
    hold: HoldReason
    source: Annotated[str, Len(2, 300)]
    as_of: date
    confidence: Literal["H", "M", "L", "policy", "inference"]
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    pack: str
    jurisdictions: Annotated[tuple[str, ...], Len(1)]
    rules: Annotated[tuple[Entry, ...], Len(1)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clause:
    """An entry made ready to run. Compared by identity: it is read once and shared."""

    rule_id: RuleId
    pack: str
    run: Rule
    parameters: Any
    grain: Grain
    kinds: frozenset[Kind]
    channels: frozenset[Channel]
    stage: Stage
    verdict: VerdictKind
    hold: HoldReason
    entry: Entry


_MEANINGFUL: Mapping[Any, tuple[Verb, ...]] = {
    CustomerCase: ("deny", "review"),
    ChannelCase: ("deny", "review"),
    ActionCase: ("deny", "review"),
    TreatmentCase: ("deny", "defer"),
    TextCase: ("deny", "review", "amend"),
}
"""What a breach at each grain can lead to; anything else would be said and not done."""


class RuleBook:
    """The packs a playbook names. Immutable; `version` changes with every byte of them."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """`texts` maps a pack's name to its YAML. Raises PackError with file and line."""
        self.texts = dict(texts)
        self.version = digest(*(part for item in sorted(texts.items()) for part in item), size=6)
        self._clauses: dict[str, list[Clause]] = {}
        for name, text in texts.items():
            pack, clauses = _read(name, text)
            for place in pack.jurisdictions:
                self._clauses.setdefault(place, []).extend(clauses)
        ids = [clause.rule_id for clause in self.clauses]
        twice = {rule for rule in ids if ids.count(rule) > 1}
        if twice:
            raise PackError(
                f"rule {min(twice)} stands in two packs", place=", ".join(texts), next_step="Keep one of them."
            )

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """Every clause once, in the packs' order."""
        seen: dict[RuleId, Clause] = {}
        for clauses in self._clauses.values():
            seen.update({clause.rule_id: clause for clause in clauses})
        return tuple(seen.values())

    def covers(self, country: str) -> bool:
        return country in self._clauses

    def for_places(self, countries: frozenset[str]) -> tuple[Clause, ...]:
        """The clauses for these countries and those that hold everywhere."""
        return tuple(c for place in (*sorted(countries), EVERYWHERE) for c in self._clauses.get(place, ()))


@cache
def shipped(names: tuple[str, ...]) -> RuleBook:
    """The packs of these names that come with the product, and `ethics`, which no playbook can leave out.

    Raises PackError for a name that does not exist.
    """
    known = {path.stem: path for path in SHIPPED.glob("*.yaml")}
    for name in names:
        if name not in known:
            raise PackError(
                f"no such pack: {name}",
                place="playbook.yaml: packs",
                next_step=f"Choose from: {', '.join(sorted(known))}.",
            )
    wanted = dict.fromkeys((*names, "ethics"))
    return RuleBook({name: known[name].read_text(encoding="utf-8") for name in wanted})


def _read(name: str, text: str) -> tuple[Pack, list[Clause]]:
    try:
        document = Document(text)
        pack = document.check(Pack)
        return pack, [_clause(pack.pack, entry, index, document) for index, entry in enumerate(pack.rules)]
    except YamlFault as fault:
        raise PackError(
            f"{fault.field}: {fault.what}",
            place=f"{name}.yaml:{fault.line}",
            next_step="Mend the pack. Until then no offer is made.",
        ) from fault


def _clause(pack: str, entry: Entry, index: int, document: Document) -> Clause:
    at = ("rules", index, "rule")
    rule = RULES.get(entry.rule)
    if rule is None:
        raise YamlFault(
            document.line(*at),
            ".".join(map(str, at)),
            f"unknown rule {entry.rule!r}; known: {', '.join(sorted(RULES))}",
        )
    hints = get_type_hints(rule)
    case, parameters = list(inspect.signature(rule).parameters)
    if entry.verdict not in _MEANINGFUL[hints[case]]:
        raise YamlFault(
            document.line("rules", index, "verdict"),
            f"rules.{index}.verdict",
            f"{entry.rule} can only {' or '.join(_MEANINGFUL[hints[case]])}",
        )
    where: tuple[str | int, ...] = ("rules", index, "parameters") if entry.parameters else ("rules", index)
    if entry.parameters:
        _refuse_unknown(entry, hints[parameters], document, where)
        ready = document.check(hints[parameters], *where)
    else:
        try:
            ready = hints[parameters]()
        except TypeError as error:
            raise YamlFault(document.line(*where), f"rules.{index}.parameters", f"missing: {error}") from error
    return Clause(
        rule_id=RuleId(entry.id),
        pack=pack,
        run=rule,
        parameters=ready,
        grain=hints[case],
        kinds=frozenset(entry.kinds),
        channels=frozenset(entry.channels),
        stage=_STAGES[entry.stage],
        verdict=_VERBS[entry.verdict],
        hold=entry.hold,
        entry=entry,
    )


def _refuse_unknown(entry: Entry, shape: Any, document: Document, where: tuple[str | int, ...]) -> None:
    known = set(getattr(shape, "__dataclass_fields__", {}))
    for name in entry.parameters:
        if name not in known:
            raise YamlFault(document.line(*where, name), ".".join(map(str, (*where, name))), "unknown parameter")
