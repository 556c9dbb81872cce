"""A decision without a store: the real graph on a given snapshot, with a commit that keeps what it is handed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from agent.decisioning.choice import HashRng
from agent.domain.bundle import Bundle, Committed, Outcome
from agent.domain.customer import Snapshot
from agent.domain.guideline import Found, GuidelineQuery, Passage
from agent.domain.ids import CustomerId, TenantId
from agent.domain.playbook import Playbook
from agent.domain.ports import Decider
from agent.graph.build import Steps, build
from agent.graph.environment import Environment, environment
from agent.graph.state import MOST_STEPS, Request
from agent.guardrails.rulebook import RuleBook, shipped
from agent.guidelines.reading import read_folder, version_of
from prompts.loading import STARTER
from tests.support.people import TENANT, playbook
from tools.catalogue import Catalogue


class PlainIndex:
    """All passages that fit, in order of id: enough where retrieval is not what is tested."""

    def __init__(self, folder: Path) -> None:
        self._passages = read_folder(folder)

    @property
    def version(self) -> str:
        return version_of(self._passages)

    def find(self, query: GuidelineQuery) -> tuple[Found, ...]:
        def fits(p: Passage) -> bool:
            return p.locale == query.locale and (not p.actions or query.action in p.actions)

        found = sorted((p for p in self._passages if fits(p)), key=lambda p: (not p.actions, p.passage_id))
        return tuple(Found(passage=p, score=1.0) for p in found[: query.limit])


class OneSnapshot:
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def snapshots(self, tenant: TenantId, ids: Sequence[CustomerId], at: datetime) -> Iterator[Snapshot]:
        return iter([self._snapshot])


class Keeper:
    """A commit that takes everything and shows it."""

    def __init__(self) -> None:
        self.bundles: list[Bundle] = []

    def commit(self, bundles: Sequence[Bundle]) -> list[Outcome]:
        self.bundles += bundles
        return [Committed(decision=b.decision) for b in bundles]


def env(
    book: RuleBook | None = None, brand: Playbook | None = None, seed: str = "test", locale: str = "ko"
) -> Environment:
    brand = brand or playbook(locale)
    index = PlainIndex(STARTER / locale / "guidelines")
    return environment(TENANT, brand, book or shipped(brand.packs), Catalogue(), index, HashRng(seed))


def decide(
    snapshot: Snapshot,
    now: datetime,
    environment: Environment | None = None,
    decider: Decider | None = None,
    deadline: float = 5.0,
    trigger: str = "t",
) -> Bundle:
    keeper = Keeper()
    steps = Steps(
        env=environment or env(locale=snapshot.locale),
        snapshots=OneSnapshot(snapshot),
        commit_port=keeper,
        decider=decider,
        deadline=deadline,
    )
    request = Request(customer=snapshot.customer, trigger=trigger, as_of=now.isoformat())
    asyncio.run(build(steps).ainvoke(request, {"recursion_limit": MOST_STEPS}))
    return keeper.bundles[-1]
