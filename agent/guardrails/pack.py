"""A pack as its YAML file says it: which rules hold where, with parameters and legal source. Read strictly."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, get_type_hints

from annotated_types import Ge, Le, Len

from agent.domain.action import HoldReason, Kind, Stage
from agent.domain.customer import IN_SESSION, PUSHED, Channel
from agent.domain.errors import PackError
from agent.domain.ids import RuleId
from agent.domain.timers import TimerKind
from agent.domain.verdict import VerdictKind
from agent.guardrails.cases import ActionCase, ChannelCase, CustomerCase, EnvelopeCase, TextCase, TreatmentCase
from agent.guardrails.lexicon import Lexicon
from agent.guardrails.rules import RULES, Rule
from agent.strict_yaml import Document, YamlFault

Grain = (
    type[CustomerCase]
    | type[ChannelCase]
    | type[ActionCase]
    | type[TreatmentCase]
    | type[TextCase]
    | type[EnvelopeCase]
)
GRAINS: Mapping[str, Grain] = {
    "customer": CustomerCase,
    "channel": ChannelCase,
    "action": ActionCase,
    "treatment": TreatmentCase,
    "text": TextCase,
    "envelope": EnvelopeCase,
}
Verb = Literal["deny", "review", "defer", "amend"]
Confidence = Literal["H", "M", "L", "policy", "inference", "unverified"]
Words = Mapping[Literal["ko", "en"], str]
_STAGES = {stage.name.lower(): stage for stage in Stage}
_MEANINGFUL: Mapping[Any, tuple[Verb, ...]] = {
    CustomerCase: ("deny", "review"),
    ChannelCase: ("deny", "review"),
    ActionCase: ("deny", "review"),
    TreatmentCase: ("deny", "defer"),
    TextCase: ("deny", "review", "amend"),
    EnvelopeCase: ("deny",),
}
"""What a breach at each grain can lead to; anything else would be said and not done."""
_SURFACES: Mapping[str, tuple[Channel, ...]] = {
    "pushed": PUSHED,
    "in_session": IN_SESSION,
    "any": (*PUSHED, *IN_SESSION, Channel.DESK),
    "voice": (Channel.VOICE,),
    "model": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One rule of a pack, as written. `jurisdictions` narrows the pack's own (US-FL within US); `surface` says which
    side of the product it is about, all of it where no `channels` are named. `source` is the law, standard or page;
    `confidence` as in the catalogue of rules."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    id: Annotated[str, Len(3, 60)]
    rule: str
    grain: Literal["customer", "channel", "action", "treatment", "text", "envelope"]
    why: Words
    surface: Literal["pushed", "in_session", "any", "voice", "model"]
    stage: Literal["identity", "ban", "suppression", "class", "consent", "clock", "frequency", "guard"]
    verdict: Verb
    hold: HoldReason
    source: Annotated[str, Len(2, 300)]
    as_of: date
    confidence: Confidence
    kinds: Annotated[tuple[Kind, ...], Len(1)] = (Kind.OFFER,)
    channels: tuple[Channel, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    at_claim: bool = True
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyEntry:
    """A duty with a time limit: what becomes a timer when a consent is given, refused or a register copied."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    id: Annotated[str, Len(3, 60)]
    duty: TimerKind
    why: Words
    days: Annotated[int, Ge(0), Le(3650)] = 0
    minutes: Annotated[int, Ge(0), Le(1440)] = 0
    years: Annotated[int, Ge(0), Le(20)] = 0
    register: str = ""
    source: Annotated[str, Len(2, 300)]
    as_of: date
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A rule that the house keeps by its structure rather than by a verdict, and where."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    id: Annotated[str, Len(3, 60)]
    by: Annotated[str, Len(5, 300)]
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEnforced:
    """A rule of the catalogue that nothing here enforces, and why."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    id: Annotated[str, Len(3, 60)]
    reason: Annotated[str, Len(5, 300)]
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    pack: str
    jurisdictions: Annotated[tuple[str, ...], Len(1)]
    rules: Annotated[tuple[Entry, ...], Len(1)]
    duties: tuple[DutyEntry, ...] = ()
    kept: tuple[Kept, ...] = ()
    not_enforced: tuple[NotEnforced, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clause:
    """An entry made ready to run. Compared by identity: it is read once and shared."""

    rule_id: RuleId
    pack: str
    jurisdictions: tuple[str, ...]
    run: Rule
    parameters: Any
    grain: Grain
    kinds: frozenset[Kind]
    channels: frozenset[Channel]
    stage: Stage
    verdict: VerdictKind
    hold: HoldReason
    entry: Entry
    twin: str
    """The same for clauses that ask the same: rule and parameters. What one finds, all find."""


def read_pack(name: str, text: str, lexicon: Lexicon) -> tuple[Pack, list[Clause]]:
    """The pack and its clauses. Raises PackError with file, line and field."""
    try:
        document = Document(text)
        pack = document.check(Pack)
        return pack, [_clause(pack, entry, index, document, lexicon) for index, entry in enumerate(pack.rules)]
    except YamlFault as fault:
        raise PackError(
            f"{fault.field}: {fault.what}",
            place=f"{name}.yaml:{fault.line}",
            next_step="Mend the pack. Until then no offer is made.",
        ) from fault


def _clause(pack: Pack, entry: Entry, index: int, document: Document, lexicon: Lexicon) -> Clause:
    def fault(field_: str, what: str) -> YamlFault:
        return YamlFault(document.line("rules", index, field_), f"rules.{index}.{field_}", what)

    rule = RULES.get(entry.rule)
    if rule is None:
        raise fault("rule", f"unknown rule {entry.rule!r}; known: {', '.join(sorted(RULES))}")
    hints = get_type_hints(rule)
    case, parameters = list(inspect.signature(rule).parameters)
    grain = hints[case]
    if grain is not GRAINS[entry.grain]:
        raise fault("grain", f"{entry.rule} looks at {_name(grain)}")
    if entry.verdict not in _MEANINGFUL[grain]:
        raise fault("verdict", f"{entry.rule} can only {' or '.join(_MEANINGFUL[grain])}")
    channels = entry.channels or _SURFACES[entry.surface]
    if not set(channels) <= set(_SURFACES[entry.surface]):
        raise fault("channels", f"not all of them belong to the surface {entry.surface}")
    ready = _parameters(entry, hints[parameters], document, ("rules", index), lexicon)
    return Clause(
        rule_id=RuleId(entry.id),
        pack=pack.pack,
        jurisdictions=entry.jurisdictions or pack.jurisdictions,
        run=rule,
        parameters=ready,
        grain=grain,
        kinds=frozenset(entry.kinds),
        channels=frozenset(channels),
        stage=_STAGES[entry.stage],
        verdict=VerdictKind[entry.verdict.upper()],
        hold=entry.hold,
        entry=entry,
        twin=f"{entry.rule}{ready}",
    )


def _name(grain: Any) -> str:
    return next(name for name, known in GRAINS.items() if known is grain)


def _parameters(entry: Entry, shape: Any, document: Document, where: tuple[str | int, ...], lexicon: Lexicon) -> Any:
    field_ = ".".join(map(str, (*where, "parameters")))
    known = set(getattr(shape, "__dataclass_fields__", {}))
    for name in entry.parameters:
        if name not in known:
            line = document.line(*where, "parameters", name)
            raise YamlFault(line, f"{field_}.{name}", "unknown parameter")
    try:
        ready = document.check(shape, *where, "parameters") if entry.parameters else shape()
        return ready.resolved(lexicon) if hasattr(ready, "resolved") else ready
    except TypeError as error:
        raise YamlFault(document.line(*where), field_, f"missing: {error}") from error
    except ValueError as error:
        raise YamlFault(document.line(*where, "parameters"), field_, str(error)) from error
