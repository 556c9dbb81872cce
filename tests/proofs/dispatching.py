"""What the dispatch proofs stand on: a crowd with something due, and a sink outside the house that several processes
write to. The sink's file is the only witness: one line for each message that really arrived."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from agent.domain.delivery import Abilities, Claim, Result, Sent
from agent.service import Tactful
from agent.store.database import Database
from tests.conftest import StoppedClock
from tests.support.brand import regular
from tests.support.people import NOON
from tests.support.sending import ALL, house

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


def crowd(tactful: Tactful, size: int) -> None:
    """So many customers, each with one e-mail due."""
    names = [f"n{number}" for number in range(size)]
    for start in range(0, size, 500):
        tactful.take([row for name in names[start : start + 500] for row in regular(name)])
    assert sum(len(decision.effects) for decision in tactful.decide_all()) == size
