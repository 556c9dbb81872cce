"""A house that really sends: to a sink that keeps its own book, outside our database, and can be made to misbehave."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agent.bootstrap import open_tactful
from agent.dispatch.dispatcher import Route
from agent.domain.customer import Channel
from agent.domain.delivery import Abilities, Claim, Result, Sent
from agent.domain.ports import Clock, Ids, Provider
from agent.service import Tactful
from agent.settings import Settings
from agent.store.database import Database
from prompts.loading import STARTER
from tests.support.people import NOON

ALL = (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.KAKAO, Channel.DESK)


@dataclass
class Sink:
    """A provider. `book` counts what arrived by key; `answer` says what becomes of a message, and may be replaced."""

    abilities: Abilities = field(default_factory=lambda: Abilities(name="sink", per_second=1e9, concurrency=16))
    book: Counter[str] = field(default_factory=Counter)
    order: list[tuple[str, str, datetime]] = field(default_factory=list)
    answer: Callable[[Claim], Result] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, claim: Claim) -> Result:
        if self.answer is not None:
            return self.answer(claim)
        self.take(claim)
        return Sent(receipt=claim.key)

    def take(self, claim: Claim) -> None:
        """The message has arrived, whatever is said of it. A key that is honoured arrives once."""
        with self.lock:
            if not (self.abilities.honours_keys and self.book[claim.key]):
                self.book[claim.key] += 1
                self.order.append((claim.effect.customer, claim.key, claim.effect.due_at))

    def look_up(self, key: str) -> bool | None:
        return bool(self.book[key])


def brand(folder: Path, *changes: tuple[str, str], locale: str = "en") -> Path:
    """The starter brand, with other lines replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (STARTER / locale / "playbook.yaml").read_text(encoding="utf-8")
    text = text.replace("guidelines: guidelines", f"guidelines: {STARTER / locale / 'guidelines'}")
    text = text.replace("holdout_percent: 5", "holdout_percent: 0")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "playbook.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def house(
    folder: Path,
    database: Database,
    clock: Clock,
    ids: Ids,
    sinks: Sequence[tuple[Provider, tuple[Channel, ...]]],
    *changes: tuple[str, str],
) -> Tactful:
    settings = Settings(home=folder, playbook=str(brand(folder, *changes)), model_name=None)
    routes = [Route(sink, channels) for sink, channels in sinks]
    return open_tactful(settings, "acme", clock=clock, ids=ids, database=database, routes=routes)


MORNING = NOON.replace(hour=10, minute=30)
