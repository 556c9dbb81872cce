"""T10 at the door: a refusal, an erasure, quiet hours, a cap or a purchase against the dispatcher. What commits before
the hand-over stops it; what comes during it is told that one message is under way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from agent.domain.customer import Channel, ConsentStatus, Purpose
from agent.domain.delivery import Claim, Result, Sent
from agent.service import Tactful
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import SOAK, StoppedClock
from tests.proofs.dispatching import PLAIN, Wire, crowd, open_house
from tests.support.brand import consent, event, order, person
from tests.support.people import NOON

SIZE = 10_000 if SOAK else 500
ADS = [(Purpose.AD_SENDING, Channel.EMAIL)]
HAPPENINGS = ("revoke", "withdraw all", "objection", "erase", "purchase", "case", "cap", "closed address")
MOMENTS = ("before", "claimed", "sending")


def happen(tactful: Tactful, database: Database, who: str, what: str) -> int:
    """It commits; how many messages it was told were under way."""
    book = tactful.consents
    if what == "revoke":
        return sum(r.handed_over for r in book.record(who, ConsentStatus.WITHDRAWN, ADS, "call"))
    if what == "withdraw all":
        return max(r.handed_over for r in book.withdraw_all(who, "call"))
    if what == "objection":
        marketing = [(Purpose.MARKETING_PROCESSING, None)]
        return sum(r.handed_over for r in book.record(who, ConsentStatus.WITHDRAWN, marketing, "call"))
    if what == "erase":
        return tactful.erase(tactful.find(who))
    if what in ("purchase", "case"):
        kind = "purchased" if what == "purchase" else "case_opened"
        tactful.take([event(who, kind, NOON + timedelta(minutes=30), f"{kind}-{who}")])
        return -1
    with database.writing() as connection:
        c, k, a = t.customers.c, t.contacts.c, t.addresses.c
        mine = tactful.find(who)
        if what == "closed address":
            connection.execute(update(t.addresses).where(a.customer == mine).values(listed=True))
        else:
            row = dict(connection.execute(select(t.contacts).where(k.customer == mine)).one()._mapping)
            others = [row | {"contact": f"{row['contact']}{n}", "entity": f"o{n}", "at": NOON} for n in range(5)]
            connection.execute(t.contacts.insert(), others)
        connection.execute(update(t.customers).where(c.customer == mine).values(version=c.version + 1))
    return -1


def test_what_commits_before_the_hand_over_stops_it(tmp_path: Path, database: Database) -> None:
    clock, draw = StoppedClock(NOON), random.Random(10)
    wire = Wire(tmp_path / "arrived", PLAIN)
    tactful = open_house(tmp_path, database, wire, clock)
    crowd(tactful, SIZE)
    clock.at = NOON + timedelta(hours=1)
    names = {tactful.find(f"n{number}"): f"n{number}" for number in range(SIZE)}
    plan = {who: (draw.choice(HAPPENINGS), draw.choice((*MOMENTS, "never"))) for who in names}
    told: dict[str, int] = {}
    for who, (what, moment) in plan.items():
        if moment == "before":
            happen(tactful, database, names[who], what)
    dispatcher = tactful.sending.dispatcher()
    begin: Callable[[Sequence[Claim]], list[Claim]] = dispatcher._outbox.begin

    def begins(claims: Sequence[Claim]) -> list[Claim]:
        for claim in claims:
            what, moment = plan[claim.effect.customer]
            if moment == "claimed" and claim.effect.customer not in told:
                told[claim.effect.customer] = happen(tactful, database, names[claim.effect.customer], what)
        return begin(claims)

    def sends(claim: Claim) -> Result:
        what, moment = plan[claim.effect.customer]
        if moment == "sending":
            told[claim.effect.customer] = happen(tactful, database, names[claim.effect.customer], what)
        wire.arrive_once(claim)
        return Sent()

    dispatcher._outbox.begin = begins  # type: ignore[method-assign]
    wire.answer = sends
    dispatcher.drain()
    reached = Counter(line.split()[1] for line in wire.lines())
    assert set(reached.values()) == {1}
    stopped = {who for who, (_, moment) in plan.items() if moment in ("before", "claimed")}
    assert set(reached) == set(plan) - stopped
    answers = {told[who] for who, (_, moment) in plan.items() if moment == "sending"}
    assert answers <= {1, -1}, "whoever refuses while one is under way is told so"
    assert {moment for _, moment in plan.values()} == {*MOMENTS, "never"}


def test_a_text_of_the_evening_does_not_leave_at_night(tmp_path: Path, database: Database) -> None:
    """Quiet hours begin between the decision and the claim, for customers in several zones."""
    clock = StoppedClock(NOON.replace(hour=9))
    wire = Wire(tmp_path / "arrived", PLAIN)
    tactful = open_house(tmp_path, database, wire, clock)
    names = [f"s{number}" for number in range(SIZE // 25)]
    for name in names:
        rows = [consent(name, purpose, None) for purpose in (Purpose.PROFILING, Purpose.MARKETING_PROCESSING)]
        someone = replace(person(name), zone="Europe/London")
        tactful.take([someone, *rows, consent(name, Purpose.AD_SENDING, Channel.SMS)])
        tactful.take([order(name, f"o-{name}", NOON - timedelta(days=60))])
    sent = [d for d in tactful.decide_all() if d.chosen is not None and d.chosen.channel is Channel.SMS]
    assert len(sent) == len(names)
    clock.at = NOON.replace(hour=21, minute=5)
    tactful.sending.drain()
    assert not wire.lines()
    clock.at = NOON.replace(hour=11) + timedelta(days=1)
    tactful.sending.drain()
    assert len(wire.lines()) == len(names)
