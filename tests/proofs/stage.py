"""The real product on a real database, and a sink that keeps its own record of what arrived.

Facts become rows of an import; contacts of the past are written as they would stand after sending. What the sink
records is judged by the oracle from the facts alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import insert

from agent.bootstrap import open_tactful
from agent.domain.bundle import Effect, EffectState, Payload
from agent.domain.consent import Entry, Proof
from agent.domain.customer import AgeAssurance, Basis, Channel, Condition, Consent, ConsentStatus, Purpose
from agent.domain.decision import Decision
from agent.domain.imports import ConsentRow, CustomerRow, EventRow, Row, SuppressionRow
from agent.domain.ports import Decider
from agent.service import Tactful
from agent.settings import Settings
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.proofs.crowd import FIRST
from tests.proofs.facts import Coupon, House, Message, Person
from tests.support.brand import database_of, order
from tests.support.people import starter

_SLOT = re.compile(r"\{\{[^{}]*\}\}")
PHONES = {"US-FL": "+13055550100", "US-TX": "+12145550100", "US-CA": "+14155550100"}
PACKS = frozenset({"kr", "uk", "eu", "us", "ca", "jp"})


def playbook_file(folder: Path, locale: str, **changes: Any) -> Path:
    """The starter playbook with everything attested, no holdout, and `changes` to its parts."""
    data = yaml.safe_load(starter(locale).read_text(encoding="utf-8"))
    data["attestations"] = {"email_authenticated": date(2026, 1, 1), "model_in_country": date(2026, 1, 1)}
    data["limits"] |= {"holdout_percent": 0, "weekly_contacts": 4}
    data["guidelines"] = None
    for name, change in changes.items():
        data[name] = (data.get(name) or {}) | change if isinstance(change, dict) else change
    path = folder / f"playbook-{locale}.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def house_of(path: Path, tenant: str) -> House:
    """The brand's facts, read off the same file by other code."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    brand, sending, limits = data["brand"], data["sending"], data["limits"]
    vendor, kakao = sending["sms_vendor"], sending["kakao"]
    return House(
        tenant=tenant,
        name=brand["name"],
        country=brand["country"],
        zone=brand["zone"],
        currency=brand["currency"],
        contact=brand["contact"],
        optout_phone=brand["optout_phone"],
        optout_url=brand["optout_url"],
        packs=frozenset(data["packs"]),
        postal_address=sending["postal_address"],
        weekly_contacts=limits["weekly_contacts"],
        coupon_percent=limits["coupon_percent"],
        vendor_certificate=vendor.get("certificate"),
        vendor_valid_to=vendor.get("valid_to"),
        kakao_product=kakao["product"],
        kakao_audience=kakao["audience"],
        kakao_friends=kakao["friends"],
        kakao_optout_number=kakao["optout_number"],
        registers={"us-dnc": FIRST},
        coupons=tuple(
            Coupon(
                c["name"],
                c["percent"],
                Decimal(str(c["minimum_spend"])),
                Decimal(str(c["greatest_discount"])),
                Decimal(str(c["budget"])),
                c["ends_on"],
            )
            for c in data["campaigns"]
        ),
        prices={"lamp": Decimal(40)},
        names={"lamp": "The lamp"},
    )


@dataclass
class Sink:
    """What arrived, by its own account. It sends nothing and asks nobody."""

    received: list[tuple[Person, Message]] = field(default_factory=list)

    def receive(self, person: Person, message: Message) -> None:
        self.received.append((person, message))


class Stage:
    """One tenant's product with a decider of ours, and its sink."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        locale: str,
        decider: Decider | None,
        tenant: str = "acme",
        **changes: Any,
    ) -> None:
        self.clock = StoppedClock(FIRST)
        path = playbook_file(folder, locale, **changes)
        settings = Settings(home=folder / "home", playbook=str(path), model_name=None)
        self.tactful: Tactful = open_tactful(
            settings, tenant, clock=self.clock, ids=CountingIds(), database=database, decider=decider
        )
        self.house = house_of(path, tenant)
        self.sink = Sink()
        self.database = database_of(self.tactful)
        unit = "KRW" if self.house.currency == "KRW" else "GBP"
        price = "40" if unit == "GBP" else "40000"
        line = order(None, "catalogue", FIRST - timedelta(days=300), price=price)
        self.tactful.take([replace(line, price=replace(line.price, currency=unit))])
        self.tactful.take([SuppressionRow(key="dnc", register="us-dnc", address="+12125550199", copied_at=FIRST)])

    def admit(self, people: Sequence[tuple[Person, datetime]], first_name: str = "") -> None:
        """Takes people in as the product would learn of them, each shopping at their instant."""
        rows: list[Row] = []
        for person, now in people:
            rows += [*_rows(person, first_name), *_doings(person, now, self.house.currency)]
        self.tactful.take(rows)
        self._past([person for person, _ in people])

    def decide(self, person: Person, now: datetime, trigger: str) -> Decision:
        self.clock.at = now
        return asyncio.run(self.tactful.decide(person.customer, trigger=trigger, as_of=now))

    def deliver(self, person: Person, decision: Decision, delay: timedelta = timedelta()) -> list[str]:
        """Claims each pending effect when it is due and hands the bytes to the sink; the rules that held one back."""
        refused = []
        for effect in self.tactful.effects(decision):
            if effect.channel is Channel.DESK:
                continue  # a note among colleagues: no customer sees it
            if effect.state is not EffectState.PENDING:
                refused.append(f"state:{effect.state}")
                continue
            at = max(effect.due_at, self.clock.at) + delay
            envelope, ruling = self.tactful.claim(effect, at)
            if ruling.forbidding is not None:
                refused.append(str(ruling.forbidding.rule))
                continue
            message = self.message(person, effect, at, envelope.subject, envelope.body, dict(envelope.headers))
            self.sink.receive(person, message)
        return refused

    def message(
        self, person: Person, effect: Effect, at: datetime, subject: str, body: str, headers: dict[str, str]
    ) -> Message:
        """The record of one sending. The address is looked up in the facts, the customer in the product's own ids."""
        ours = str(self.tactful.find(person.customer))
        return Message(
            tenant=self.tactful.tenant,
            customer=person.customer if effect.customer == ours else str(effect.customer),
            address=person.addresses.get(effect.channel, ""),
            channel=effect.channel,
            kind=effect.kind,
            action=effect.action,
            entity=effect.entity,
            at=at,
            subject=subject,
            body=body,
            free_text=free_text(effect.payload),
            headers=headers,
            coupon=self.house.coupons[0].name if effect.action == "offer_coupon" else "",
            discount=discount(effect.payload),
            generated=effect.payload.generated,
            asks_consent=effect.action == "ask_consent",
        )

    def _past(self, people: Iterable[Person]) -> None:
        """Contacts as they stand after sending, with what came of them."""
        contacts, outcomes = [], []
        past = [(person, n, touch) for person in people for n, touch in enumerate(person.touches)]
        for person, number, touch in past:
            name = f"past-{person.customer}-{number}"
            common = {"tenant": self.tactful.tenant}
            contacts.append(
                common
                | {
                    "contact": name,
                    "customer": str(self.tactful.find(person.customer)),
                    "channel": touch.channel,
                    "action": touch.action,
                    "entity": touch.entity,
                    "kind": touch.kind,
                    "state": "sent",
                    "at": touch.at,
                    "reserved_at": touch.at,
                }
            )
            if touch.outcome:
                outcomes.append(common | {"effect": name, "kind": touch.outcome, "at": touch.outcome_at})
        with self.database.writing() as connection:
            for table, rows in ((t.contacts, contacts), (t.outcomes, outcomes)):
                if rows:
                    connection.execute(insert(table), rows)


def free_text(payload: Payload) -> str:
    """What the author wrote outside the typed slots."""
    return _SLOT.sub(" ", payload.words.subject) + "\n" + _SLOT.sub(" ", payload.words.body)


def discount(payload: Payload) -> int | None:
    slot = payload.slots.get("coupon.percent")
    return int(slot.value) if slot else None


def _rows(person: Person, first_name: str) -> Iterable[Row]:
    values = {
        Channel.EMAIL: f"{person.customer}@mail.example",
        Channel.SMS: PHONES.get(person.phone_region, f"+82100{abs(hash_of(person.customer)) % 10**7:07d}"),
        Channel.PUSH: f"push-{person.customer}",
        Channel.KAKAO: f"kakao-{person.customer}",
    }
    yield CustomerRow(
        key=f"who-{person.customer}",
        external_id=person.customer,
        first_name=first_name,
        addresses={c: v for c, v in values.items() if c in person.addresses},
        regions={Channel.SMS: person.phone_region} if person.phone_region else {},
        country=person.country or None,
        region=person.region or None,
        zone=person.zone or None,
        locale=person.locale,
        age=AgeAssurance(person.age),
    )
    for number, s in enumerate(person.ledger):
        yield ConsentRow(
            key=f"says-{person.customer}-{number}",
            external_id=person.customer,
            entry=Entry(
                consent=Consent(
                    purpose=Purpose(s.purpose),
                    channel=Channel(s.channel) if s.channel else None,
                    status=ConsentStatus(s.status),
                    given_at=s.at,
                    basis=Basis(s.basis),
                    expires_at=s.expires_at,
                    conditions=tuple(sorted(Condition(c) for c in s.conditions)),
                    deal_ended_at=s.deal_ended_at,
                ),
                proof=Proof(evidence="generated"),
            ),
        )


def hash_of(text: str) -> int:
    """A stable number for a name."""
    return int.from_bytes(text.encode()[-6:], "big")


def _doings(person: Person, now: datetime, currency: str) -> Iterable[Row]:
    """Three looks at the lamp just now, a cart of two hours ago, and whatever troubles there are."""

    def event(what: str, at: datetime, entity: str, **properties: str | int | float) -> EventRow:
        return EventRow(
            key=f"did-{person.customer}-{what}-{entity}-{at.isoformat()}",
            external_id=person.customer,
            kind=what,
            occurred_at=at,
            received_at=at,
            entity=entity,
            properties=properties,
        )

    for n in range(3):
        yield event("product_viewed", now - timedelta(minutes=2 * n + 1), "lamp", dwell_seconds=70)
    if hash_of(person.customer) % 10 < 7:
        worth = 164_000 if currency == "KRW" else 120
        yield event("cart_updated", now - timedelta(hours=2), f"cart-{person.customer}", value=worth)
    for n, trouble in enumerate(person.troubles):
        yield event("case_opened", trouble.opened, f"k{n}-{person.customer}", kind=trouble.kind)
        if trouble.closed is not None:
            yield event("case_closed", trouble.closed, f"k{n}-{person.customer}")
    if person.declined_chat_at is not None:
        yield event("chat_declined", person.declined_chat_at, "lamp")


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
