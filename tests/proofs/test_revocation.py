"""T10: a consent withdrawn between the proposal and the commit, or before the claim, stops the effect. Both stores."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.domain.action import Kind
from agent.domain.bundle import Brief, Proposal
from agent.domain.customer import PUSHED, Channel, ConsentStatus, Purpose
from agent.graph.deciders.engine import word
from agent.store.database import Database
from tests.conftest import SOAK
from tests.proofs import crowd
from tests.proofs.facts import Person
from tests.proofs.stage import Stage

TIMES = 10_000 if SOAK else 500


class Meanwhile:
    """A decider that takes its time: something happens before it answers as the engine would."""

    def __init__(self) -> None:
        self.happens: Callable[[Brief], None] = lambda _: None
        self.asked = 0

    async def propose(self, brief: Brief, deadline: float) -> Proposal:
        self.asked += 1
        happens, self.happens = self.happens, lambda _: None
        happens(brief)
        return word(brief)


@pytest.fixture
def decider() -> Meanwhile:
    return Meanwhile()


@pytest.fixture
def stage(tmp_path: Path, database: Database, decider: Meanwhile) -> Stage:
    return Stage(tmp_path, database, "en", decider)


def somebody(draw: random.Random, number: int) -> tuple[Person, datetime]:
    home = draw.choice(crowd.HOMES)
    now = crowd.moment(draw, home, ("10:00:00", "12:00:00", "15:30:00"))
    return crowd.person(draw, "acme", f"p{number}", home, now), now


def withdrawing(stage: Stage, person: Person, draw: random.Random, now: datetime) -> Callable[[Brief], None]:
    """Takes back what the chosen candidate rests on, by one of the routes there are, a moment after `now`."""

    def withdraw(brief: Brief) -> None:
        stage.clock.at = now + timedelta(seconds=1)
        book = stage.tactful.consents
        channel = brief.lines[0].treatment.channel
        route = draw.choice(("all", "objection", "profiling", "text", "click"))
        if route == "text" and channel in PUSHED:
            book.hear(
                person.customer, channel, draw.choice(("STOP", "Please stop writing to me", "이제 그만 보내 주세요"))
            )
        elif route == "click" and channel is Channel.EMAIL:
            token = stage.tactful.consents.tokens.make("acme", stage.tactful.find(person.customer), channel)  # type: ignore[arg-type]
            assert book.unsubscribe("POST", token, {"List-Unsubscribe": "One-Click"})
        elif route == "objection":
            book.record(person.customer, ConsentStatus.WITHDRAWN, [(Purpose.MARKETING_PROCESSING, None)], "call")
        elif route == "profiling":
            assert book.gpc(person.customer)
        else:
            book.withdraw_all(person.customer, "call")

    return withdraw


def test_a_withdrawal_between_proposal_and_commit_leaves_no_effect(stage: Stage, decider: Meanwhile) -> None:
    """Whatever the route, the decision that was on its way commits nothing that rested on the consent."""
    draw = random.Random(10)
    people = [somebody(draw, number) for number in range(TIMES)]
    for start in range(0, TIMES, 500):
        stage.admit(people[start : start + 500])
    met, kept = 0, 0
    for person, now in people:
        before = decider.asked
        chosen: list[Brief] = []
        taking_back = withdrawing(stage, person, draw, now)

        def happens(brief: Brief, note: list[Brief] = chosen, act: Callable[[Brief], None] = taking_back) -> None:
            note.append(brief)
            act(brief)

        decider.happens = happens
        decision = stage.decide(person, now, "t10")
        if decider.asked == before:
            continue
        met += 1
        kept += forbidden_now(stage, person, (decision.chosen is not None and decision.chosen.channel) or None)
    assert met > TIMES * 0.5
    assert kept == 0


def forbidden_now(stage: Stage, person: Person, channel: Channel | None) -> int:
    """1 where an offer was committed on a channel whose consent the ledger, read anew, says is gone."""
    if channel is None:
        return 0
    newest: dict[tuple[str, str], str] = {}
    for receipt in stage.tactful.consents.history(person.customer):
        newest[(receipt.consent.purpose, receipt.consent.channel or "")] = receipt.consent.status
    gone = [newest.get(("profiling", "")), newest.get(("marketing_processing", ""))]
    gone += [newest.get(("ad_sending", channel))] if channel in PUSHED else []
    return int("withdrawn" in gone)


def test_a_withdrawal_before_the_claim_stops_what_was_committed(stage: Stage) -> None:
    draw = random.Random(11)
    people = [somebody(draw, number) for number in range(60)]
    stage.admit(people)
    stopped = 0
    for person, now in people:
        decision = stage.decide(person, now, "t10")
        effects = [e for e in stage.tactful.effects(decision) if e.kind is Kind.OFFER]
        if not effects:
            continue
        stage.tactful.consents.withdraw_all(person.customer, "call")
        refused = stage.deliver(person, decision)
        assert len(refused) == len(effects)
        stopped += 1
    assert stopped > 20
    assert stage.sink.received == []
