"""T12: what is lawful goes out. Proposals at boundary times, in twelve places, with odd names, near every cap.

The oracle says which of them are lawful, from facts and from the bytes that would leave; of those the guard may hold
back two in a thousand at most.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from agent.domain.action import Action, Aim, Candidate, Fate, Treatment, When
from agent.domain.action import Stage as DecidedAt
from agent.domain.bundle import Brief, Draft, Line
from agent.domain.customer import IN_SESSION, Channel
from agent.domain.errors import DeciderError
from agent.domain.signals import Situation
from agent.domain.verdict import Ruling, VerdictKind
from agent.graph.deciders.engine import word
from agent.guardrails.words import compose
from agent.signals.read import read
from agent.store.database import Database
from tests.conftest import SOAK
from tests.proofs import crowd
from tests.proofs.facts import Message, Person
from tests.proofs.oracle import breaches
from tests.proofs.stage import Stage, discount, free_text

WANTED = 10_000 if SOAK else 2_000
MOST_FALSE = 0.002
HEADERS = {
    "List-Unsubscribe": "<https://brand.example/u/0123456789abcdef0123456789abcdef>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}


@dataclass
class Count:
    lawful: int = 0
    blocked: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    examples: list[object] = field(default_factory=list)


def test_what_is_lawful_is_not_held_back(tmp_path: Path) -> None:
    count = Count()
    for locale in ("en", "ko"):
        folder = tmp_path / locale
        folder.mkdir()
        database = Database(f"sqlite:///{folder}/t.db")
        _one_brand(Stage(folder, database, locale, None), locale, count, WANTED // 2)
        database.close()
    assert count.lawful >= WANTED
    assert sum(count.blocked.values()) <= MOST_FALSE * count.lawful, (count.blocked, count.examples[:3])
    assert len(count.places) == len(crowd.HOMES)
    assert set(count.actions) >= {"offer_chat", "offer_coupon", "recommend_product", "ask_consent"}


def _one_brand(stage: Stage, locale: str, count: Count, wanted: int) -> None:
    draw = random.Random(f"lawful-{locale}")
    found, number = 0, 0
    while found < wanted:
        people = []
        for _ in range(250):
            home = draw.choice(crowd.HOMES)
            now = crowd.moment(draw, home)
            person = crowd.person(draw, "acme", f"{locale}{number}", home, now)
            people.append((crowd.without(person, "ad_sending") if draw.random() < 0.1 else person, now))
            number += 1
        stage.admit(people, first_name=draw.choice(crowd.NAMES[:7]))
        for person, now in people:
            found += _everything_sayable(stage, person, now, count)


def _everything_sayable(stage: Stage, person: Person, now: datetime, count: Count) -> int:
    """Every action that a signal calls for, on every channel, now, in the brand's own words."""
    tactful = stage.tactful
    env = tactful.deciding.env
    stage.clock.at = now
    snapshot = next(tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find(person.customer)], now))
    situation = read(snapshot, now, tactful.playbook.brand.currency)
    screen, found = env.guard.screen(situation), 0
    for action in env.toolset.actions():
        aim = action.aim(situation)
        for channel in action.channels if aim is not None else ():
            assert aim is not None
            try:
                draft = _worded(stage, situation, action, channel, aim, now)
            except DeciderError:
                continue
            ruling = env.guard.judge(screen, action, draft, aim)
            message = _message(stage, person, draft, ruling, now)
            if breaches(person, stage.house, message):
                continue
            found += 1
            _note(count, person, message, ruling)
    return found


def _note(count: Count, person: Person, message: Message, ruling: Ruling) -> None:
    count.lawful += 1
    count.places[f"{person.country}{person.region}{person.phone_region}{person.zone}{person.locale}"] += 1
    if ruling.kind not in (VerdictKind.ALLOW, VerdictKind.AMEND):
        count.blocked[str(ruling.verdicts[0].rule)] += 1
        count.examples.append((ruling.verdicts[0], person, message))
    else:
        count.actions[message.action] += 1


def _worded(stage: Stage, situation: Situation, action: Action, channel: Channel, aim: Aim, now: datetime) -> Draft:
    env = stage.tactful.deciding.env
    treatment = Treatment(action=action.name, channel=channel, when=When.NOW, at=now, entity=aim.entity)
    candidate = Candidate(treatment=treatment, kind=action.kind, fate=Fate.LOST, stage=DecidedAt.ARBITRATION)
    line = Line(ref="c1", treatment=treatment, because=aim.because, slots=())
    asked = word(Brief(locale=situation.snapshot.locale, lines=(line,), findings=(), passages=()))
    return env.toolset.run(asked, candidate, situation, env.playbook)


def _message(stage: Stage, person: Person, draft: Draft, ruling: Ruling, now: datetime) -> Message:
    """The bytes that would leave, whatever the ruling: the oracle judges the words with what the law adds."""
    payload = replace(draft.payload, amendments=ruling.amendments)
    subject, body = compose(payload, person.locale, {})
    channel = draft.treatment.channel
    return Message(
        tenant="acme",
        customer=person.customer,
        address="" if channel in IN_SESSION else person.addresses[channel],
        channel=channel,
        kind=draft.kind,
        action=draft.treatment.action,
        entity=draft.treatment.entity,
        at=now,
        subject=subject,
        body=body,
        free_text=free_text(draft.payload),
        headers=HEADERS if channel is Channel.EMAIL else {},
        coupon=stage.house.coupons[0].name if draft.reservations and draft.reservations[0].kind == "coupon" else "",
        discount=discount(draft.payload),
        asks_consent=draft.treatment.action == "ask_consent",
    )
