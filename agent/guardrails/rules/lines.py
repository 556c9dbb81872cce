"""Rules about the text that the law adds: label, sender, a way out, an address, a word on AI and on the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Len

from agent.domain.customer import Channel
from agent.domain.verdict import Amendment, Place
from agent.guardrails.cases import Breach, TextCase

_NAMES = re.compile(r"\{(\w*)\}")
_KNOWN = {"sender", "contact", "phone", "url", "postal"}


@dataclass(frozen=True, slots=True)
class LegalLine:
    """One text that a channel must carry, in the reader's language; where the law wants exact words both say the same.

    `need` names what it answers; `exact` marks words that the law prescribes.
    `{sender}`, `{contact}`, `{phone}`, `{url}` and `{postal}` come from the playbook.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    channels: tuple[Channel, ...]
    place: Place
    order: int
    need: Literal["label", "sender", "opt_out", "object", "address", "ad", "ai", "why"]
    ko: Annotated[str, Len(1, 200)]
    en: Annotated[str, Len(1, 200)]
    exact: bool = False

    def __post_init__(self) -> None:
        unknown = set(_NAMES.findall(self.ko + self.en)) - _KNOWN
        if unknown:
            raise ValueError(f"unknown name {sorted(unknown)[0]!r}; known: {', '.join(sorted(_KNOWN))}")


@dataclass(frozen=True, slots=True)
class LegalLines:
    lines: Annotated[tuple[LegalLine, ...], Len(1)]


def legal_lines(case: TextCase, rule: LegalLines) -> Breach | None:
    """The label, the sender, the free way out, the address: each where the medium is read.

    A line that needs a fact which the playbook does not state cannot be written: the message is denied.
    """
    return _added(case, rule.lines)


@dataclass(frozen=True, slots=True)
class AiLines(LegalLines):
    """`always` names the channels on which our side of the talk is a machine's, whoever chose the words."""

    always: tuple[Channel, ...] = ()


def ai_disclosed(case: TextCase, rule: AiLines) -> Breach | None:
    """Who reads what a machine worded, or talks to one, is told so."""
    return _added(case, rule.lines) if case.draft.generated or case.channel in rule.always else None


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why this message, by what called for it; `channels` are those with room for it."""

    channels: tuple[Channel, ...]
    order: int
    because: Mapping[str, Mapping[Literal["ko", "en"], str]]


def reason_given(case: TextCase, rule: Reasons) -> Breach | None:
    """A proactive message says why it came."""
    if case.channel not in rule.channels:
        return None
    said = rule.because.get(case.aim.because if case.aim else "")
    if said is None:
        return Breach(detail="no reason to give")
    text = said["ko" if case.situation.snapshot.locale == "ko" else "en"]
    return Breach(amendments=(Amendment(place=Place.BODY_END, order=rule.order, text=text, need="why"),))


def _added(case: TextCase, lines: Iterable[LegalLine]) -> Breach | None:
    brand, korean = case.playbook.brand, case.situation.snapshot.locale == "ko"
    facts = {
        "sender": brand.name,
        "contact": brand.contact,
        "phone": brand.optout_phone,
        "url": brand.optout_url,
        "postal": case.playbook.sending.postal_address,
    }
    found = []
    for line in lines:
        if case.channel in line.channels:
            text = line.ko if korean else line.en
            for name in _NAMES.findall(text):
                value = facts[name]
                if value is None:
                    return Breach(detail=f"the playbook states no {name}")
                text = text.replace("{" + name + "}", value)
            found.append(Amendment(place=line.place, order=line.order, text=text, need=line.need, exact=line.exact))
    return Breach(amendments=tuple(found)) if found else None
