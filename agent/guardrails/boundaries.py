"""The boundary tables: for every rule the cases on both sides of its edge, for a lawyer to read and anyone to run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from agent.domain.action import Action, Aim, Kind, Treatment, When
from agent.domain.bundle import Delivery, Draft, Effect, Envelope, Payload, Reservation, SlotValue, Words
from agent.domain.customer import PUSHED, Channel
from agent.domain.errors import PackError
from agent.domain.facts import CREDITS
from agent.domain.ids import AddressRef, CustomerId, DecisionId, EffectId, TenantId
from agent.domain.money import Money
from agent.domain.signals import Pressure, Signals, Situation
from agent.domain.verdict import Amendment, Place, Verdict, VerdictKind
from agent.guardrails.boundary_rows import Row, playbook_of, snapshot_of
from agent.guardrails.cases import ActionCase, ChannelCase, CustomerCase, EnvelopeCase, TextCase, TreatmentCase
from agent.guardrails.judge import FAILED, run
from agent.guardrails.pack import Clause
from agent.guardrails.rulebook import SHIPPED, shipped, shipped_names
from agent.guardrails.words import amend, finish
from agent.strict_yaml import YamlFault, read

Table = dict[str, tuple[Row, ...]]


@dataclass(frozen=True, slots=True)
class Result:
    """One row run: `found` is what the rule said, in the table's own words; `number` counts from 1 within the rule."""

    pack: str
    rule: str
    number: int
    row: Row
    found: str

    @property
    def passed(self) -> bool:
        return self.found == self.row.expect


@cache
def table(pack: str) -> Table:
    """The pack's boundary table. Raises PackError with file and line."""
    path = SHIPPED / "boundaries" / f"{pack}.yaml"
    try:
        return read(path, dict[str, tuple[Row, ...]])
    except (OSError, YamlFault) as fault:
        raise PackError(str(fault), place=f"boundaries/{pack}.yaml", next_step="Mend the table.") from fault


def results(clauses: tuple[Clause, ...] | None = None, only: str = "") -> list[Result]:
    """Every row of every table (or of one pack or rule), run against these clauses, the shipped ones by default."""
    chosen = clauses if clauses is not None else shipped(shipped_names()).clauses
    found = []
    for clause in chosen:
        if only in ("", clause.pack, clause.rule_id):
            rows = table(clause.pack).get(clause.rule_id, ())
            found += [Result(clause.pack, clause.rule_id, n, row, check(clause, row)) for n, row in enumerate(rows, 1)]
    return found


def check(clause: Clause, row: Row) -> str:
    """What the clause says of the row's case: allow, a verdict, or the time it defers to, as the row would write it."""
    verdict = run(clause, case_of(clause, row))
    if verdict is None:
        return "allow"
    if verdict.detail.startswith(FAILED):
        return "failed"
    if verdict.kind is VerdictKind.DEFER and verdict.until is not None:
        return _as_written(verdict.until, row.expect)
    wrong = _not_as_said(verdict, row) if verdict.kind is VerdictKind.AMEND else ""
    return wrong or verdict.kind.name.lower()


def _as_written(until: datetime, expect: str) -> str:
    """The instant in the zone that the row uses, so that equal instants read alike."""
    try:
        zone = datetime.fromisoformat(expect).tzinfo
    except ValueError:
        return until.isoformat()
    return until.astimezone(zone).isoformat()


def _not_as_said(verdict: Verdict, row: Row) -> str:
    words = row.long_words
    subject, body = amend(words.get("subject", ""), words.get("body", ""), verdict.amendments)
    if row.subject is not None and subject != row.subject:
        return f"subject {subject!r}"
    if not body.startswith(row.starts):
        return f"starts {body[:60]!r}"
    return "" if body.endswith(row.ends) else f"ends {body[-60:]!r}"


def case_of(clause: Clause, row: Row) -> Any:
    """The case of the clause's grain that the row stands for."""
    snapshot, brand = snapshot_of(row), playbook_of(row)
    signals = Signals(live=None, value=None, case=None, pressure=Pressure(contacts_7d=0))
    situation = Situation(snapshot=snapshot, now=row.at, signals=signals)
    if clause.grain is CustomerCase:
        return CustomerCase(situation, brand)
    if clause.grain is ChannelCase:
        return ChannelCase(situation, brand, row.channel, row.at)
    if clause.grain is TreatmentCase:
        return TreatmentCase(situation, brand, row.channel, row.at)
    action, aim = _action(row), None if row.aimless else Aim(entity=row.entity, because=row.because)
    if clause.grain is ActionCase:
        return ActionCase(situation, brand, action, aim)
    if clause.grain is EnvelopeCase:
        return EnvelopeCase(situation, brand, action, _envelope(row))
    draft = _draft(row)
    finished = finish(draft.payload.words, draft.payload.slots, row.locale)
    bindings = (row.binds,) if row.binds else ()
    return TextCase(situation, brand, row.channel, action, aim, draft, finished, bindings)


def _action(row: Row) -> Action:
    aims = {"same": Aim(entity=row.entity, because=row.because), "other": Aim(entity="else", because=row.because)}
    return Action(
        name=row.action,
        kind=Kind(row.kind),
        channels=(row.channel,),
        aim=lambda _: aims.get(row.envelope.aim),
        weight=lambda _: 1.0,
        half_life_hours=1,
        expires_hours=1,
        uses_campaign=row.uses_campaign,
        uses_location=row.uses_location,
        significant=row.significant,
        asks=row.asks,
    )


def _slots(row: Row) -> dict[str, SlotValue]:
    return {name: SlotValue(kind=s.kind, value=s.value, unit=s.unit) for name, s in row.slots.items()}


def _draft(row: Row) -> Draft:
    words = row.long_words
    amount = Money(Decimal(row.reserves_amount), "KRW") if row.reserves_amount else None
    kind: Literal["coupon", "slot", "credit"] = "slot" if "@" in row.reserves else "coupon"
    reservation = Reservation(kind="credit" if row.reserves == CREDITS else kind, resource=row.reserves, amount=amount)
    return Draft(
        treatment=Treatment(action=row.action, channel=row.channel, when=When.NOW, at=row.at, entity=row.entity),
        kind=Kind(row.kind),
        window="w",
        expires_at=row.at + timedelta(seconds=row.lives_seconds),
        required=row.required,
        reservations=(reservation,) if row.reserves else (),
        payload=Payload(words=Words(subject=words.get("subject", ""), body=words.get("body", "")), slots=_slots(row)),
        generated=row.generated,
    )


def _envelope(row: Row) -> Envelope:
    e = row.envelope
    adds = (Amendment(place=Place(e.adds_to), order=0, text=e.adds, need="opt_out"),) if e.adds else ()
    effect = Effect(
        effect_id=EffectId("e_1"),
        key="k",
        customer=CustomerId(e.effect_of),
        decision=DecisionId("d_1"),
        kind=Kind(row.kind),
        action=row.action,
        channel=row.channel,
        address_ref=AddressRef(e.address) if row.channel in PUSHED else None,
        entity=row.entity,
        payload=Payload(
            words=Words(body=e.body, subject=e.subject), slots=_slots(row), amendments=adds, generated=row.generated
        ),
        due_at=row.at + timedelta(seconds=e.due_seconds),
        expires_at=row.at + timedelta(seconds=e.expires_seconds),
        delivery=Delivery.TACTFUL if row.channel in PUSHED else Delivery.CALLER,
        state=e.state,
    )
    return Envelope(
        tenant=TenantId(e.tenant),
        recipient=CustomerId(e.recipient),
        effect=effect,
        subject=e.subject if row.channel in (Channel.EMAIL, Channel.PUSH) else "",
        body=e.body,
        headers=e.headers,
    )
