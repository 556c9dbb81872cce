"""Non-interference: change a secret of another customer or tenant, and nothing this customer sees changes by a byte."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from agent.domain.bundle import Brief, Bundle, Committed, Outcome, Proposal
from agent.domain.customer import Channel
from agent.domain.imports import CustomerRow, EventRow
from agent.graph.build import Steps, build
from agent.graph.deciders.engine import word
from agent.graph.state import MOST_STEPS, Request
from agent.guardrails.words import compose
from agent.store.database import Database
from tests.conftest import SOAK
from tests.proofs import crowd
from tests.proofs.facts import Person, Statement, Trouble
from tests.proofs.stage import Stage

PAIRS = 2_000 if SOAK else 200
_BRIEF = TypeAdapter(Brief)


@dataclass
class Watcher:
    """Sees the brief and the bundle, answers as the engine would, and writes nothing."""

    seen: list[bytes] = field(default_factory=list)

    async def propose(self, brief: Brief, deadline: float) -> Proposal:
        self.seen.append(_BRIEF.dump_json(brief))
        return word(brief)

    def commit(self, bundles: Sequence[Bundle]) -> list[Outcome]:
        for bundle in bundles:
            for effect in bundle.effects:
                subject, body = compose(effect.payload, "ko", {})
                self.seen.append(f"{effect.key}\n{effect.due_at}\n{subject}\n{body}".encode())
            self.seen.append(repr((bundle.decision.chosen, bundle.decision.hold, bundle.decision.candidates)).encode())
        return [Committed(decision=bundle.decision) for bundle in bundles]


@dataclass
class Two:
    """Two tenants in one database."""

    ours: Stage
    rival: Stage


@pytest.fixture
def stages(tmp_path: Path) -> Iterator[Two]:
    for name in ("ours", "rival"):
        (tmp_path / name).mkdir()
    database = Database(f"sqlite:///{tmp_path}/t.db")
    yield Two(
        Stage(tmp_path / "ours", database, "en", None, tenant="acme"),
        Stage(tmp_path / "rival", database, "ko", None, tenant="rival"),
    )
    database.close()


def seen_by(stage: Stage, person: Person, now: datetime) -> list[bytes]:
    """Everything that a decision on this customer shows a model, and everything that it would send."""
    watcher = Watcher()
    tactful = stage.tactful
    stage.clock.at = now
    steps = Steps(
        env=tactful.deciding.env,
        snapshots=tactful.stores.snapshots,
        commit_port=watcher,
        decider=watcher,
        deadline=5.0,
    )
    request = Request(customer=str(tactful.find(person.customer)), trigger="watch", as_of=now.isoformat())
    asyncio.run(build(steps).ainvoke(request, {"recursion_limit": MOST_STEPS}))
    return watcher.seen


def test_another_customers_or_tenants_secret_changes_nothing(stages: Two) -> None:
    draw = random.Random(15)
    told = 0
    for number in range(PAIRS):
        home = draw.choice(crowd.HOMES)
        now = crowd.moment(draw, home, ("10:00:00", "12:00:00", "19:00:00"))
        us = crowd.person(draw, "acme", f"us{number}", home, now)
        stages.ours.admit([(us, now)], first_name="서연")
        neighbour, rival = _others(draw, number, now)
        stages.ours.admit([(neighbour, now)], first_name="Bob")
        stages.rival.admit([(replace(rival, customer=us.customer if number % 2 else rival.customer), now)])
        before = seen_by(stages.ours, us, now)
        _change(draw, stages, neighbour, now, number)
        assert seen_by(stages.ours, us, now) == before
        told += len(before) > 1
    assert told > PAIRS * 0.3


def _others(draw: random.Random, number: int, now: datetime) -> tuple[Person, Person]:
    home = draw.choice(crowd.HOMES)
    made = [crowd.person(draw, tenant, f"{tenant}-other{number}", home, now) for tenant in ("acme", "rival")]
    return made[0], made[1]


def _change(draw: random.Random, stages: Two, other: Person, now: datetime, number: int) -> None:
    """Another's name, address, consents, doings and troubles, in this tenant and the other."""
    for stage, name in ((stages.ours, other.customer), (stages.rival, f"secret{number}")):
        secret = f"secret-{draw.randrange(10**9)}"
        stage.tactful.take(
            [
                CustomerRow(
                    key=f"new-{secret}",
                    external_id=name,
                    first_name=draw.choice(("Eve", "은서", "Zed")),
                    addresses={Channel.EMAIL: f"{secret}@mail.example"},
                    country=draw.choice(("KR", "GB", "US")),
                    locale=draw.choice(("ko", "en")),
                ),
                EventRow(
                    key=f"ev-{secret}",
                    external_id=name,
                    kind="product_viewed",
                    occurred_at=now - timedelta(minutes=1),
                    received_at=now,
                    entity=secret,
                    properties={"dwell_seconds": 500},
                ),
            ]
        )
        changed = replace(
            other,
            tenant=stage.house.tenant,
            customer=name,
            ledger=(Statement("ad_sending", "email", "withdrawn", now), Statement("sensitive", "", "granted", now)),
            touches=(),
            troubles=(Trouble("debt", now - timedelta(hours=1)),),
        )
        stage.admit([(changed, now)])
