"""What the dispatch proofs stand on: a crowd with something due, and a sink outside the house that several processes
write to. The sink's file is the only witness: one line for each message that really arrived."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from agent.domain.delivery import Abilities, Claim, Result, Sent
from agent.domain.ids import TriggerKey
from agent.guidelines import index
from agent.service import Tactful
from agent.store.database import Database
from prompts.loading import STARTER
from tests.conftest import StoppedClock
from tests.support.brand import regular
from tests.support.decide import PlainIndex
from tests.support.people import NOON
from tests.support.sending import ALL, house

FORK = multiprocessing.get_context("fork")
LATER = NOON + timedelta(hours=1)


class Wire:
    """A provider that notes what arrives in a file, by one write each. `honours` tells repetitions by their key."""

    def __init__(self, path: Path, abilities: Abilities) -> None:
        self.path = path
        self.abilities = abilities
        self.answer: Callable[[Claim], Result] | None = None
        self.known: set[str] | None = None
        """What has arrived, where one process keeps count of it; else the file is read."""

    def send(self, claim: Claim) -> Result:
        if self.answer is not None:
            return self.answer(claim)
        self.arrive(claim)
        return Sent()

    def arrive(self, claim: Claim) -> None:
        if self.abilities.honours_keys and claim.key in self.arrived():
            return
        self.arrive_once(claim)

    def arrive_once(self, claim: Claim) -> None:
        line = f"{claim.key} {claim.effect.customer} {claim.effect.due_at.isoformat()}\n"
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, line.encode())
        os.close(file)

    def look_up(self, key: str) -> bool | None:
        return key in (self.arrived() if self.known is None else self.known)

    def arrived(self) -> Counter[str]:
        return Counter(line.split()[0] for line in self.lines())

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []


PLAIN = Abilities(name="wire", per_second=1e9, concurrency=16)
KEYS = Abilities(name="wire", honours_keys=True, per_second=1e9, concurrency=16)
ASKED = Abilities(name="wire", can_look_up=True, per_second=1e9, concurrency=16)


class RandomIds:
    """Names that differ between processes."""

    def new(self) -> str:
        return os.urandom(16).hex()


def open_house(
    folder: Path, database: Database, wire: Wire, at: StoppedClock | None = None, *changes: tuple[str, str]
) -> Tactful:
    return house(folder, database, at or StoppedClock(), RandomIds(), [(wire, ALL)], *changes)


def plain_index() -> None:
    """A process that was forked cannot use the vector store of its parent: it has threads of its own."""
    found = PlainIndex(STARTER / "en" / "guidelines")
    index.connect = lambda path: None  # type: ignore[assignment, return-value]
    index.ChromaIndex = lambda *_: found  # type: ignore[assignment, misc]


def crowd(tactful: Tactful, size: int, first: int = 0) -> None:
    """So many customers, each with one e-mail due."""
    people = [f"n{number}" for number in range(first, first + size)]
    effects = 0
    for start in range(0, size, 500):
        some = people[start : start + 500]
        tactful.take([row for name in some for row in regular(name)])
        asked = {tactful.find(name): TriggerKey("crowd") for name in some}
        effects += sum(len(committed.decision.effects) for committed in tactful._decide_many(asked, NOON))
    assert effects == size


def side_by_side(works: Sequence[Callable[[], None]]) -> None:
    """Each in a process of its own, forked from this one; all must end well."""

    def run(work: Callable[[], None]) -> None:
        plain_index()
        work()
        os._exit(0)

    processes = [FORK.Process(target=run, args=(work,)) for work in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * len(processes)
