"""What the API serves: every tenant that has a key, opened on first use; and the work that goes on behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from agent.api import problems
from agent.bootstrap import SystemClock, SystemIds, open_access, open_database, open_tactful
from agent.domain.doors import Answers, Keys
from agent.domain.ids import TenantId
from agent.domain.ports import Clock, Ids
from agent.service import Tactful
from agent.settings import Settings
from agent.store.database import Database

if TYPE_CHECKING:
    from agent.dispatch.dispatcher import Route

REST = 0.25
"""Seconds between two rounds of work: what is asked for meanwhile comes first."""
MUCH = 500
"""With so much done in a round, more is waiting: the next one comes at once."""
ANCHOR_EVERY = 60.0
FORGET_EVERY = 3600.0


@dataclass(slots=True, kw_only=True)
class House:
    """One process. Any number may run side by side over Postgres; over SQLite it is one."""

    settings: Settings
    database: Database
    keys: Keys
    answers: Answers
    clock: Clock
    ids: Ids
    routes: Sequence[Route] | None = None
    _tenants: dict[TenantId, Tactful] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def tactful(self, tenant: TenantId) -> Tactful:
        """Raises InputError where the tenant's playbook cannot be used."""
        with self._lock:
            if tenant not in self._tenants:
                self._tenants[tenant] = open_tactful(
                    self.settings,
                    tenant,
                    clock=self.clock,
                    ids=self.ids,
                    database=self.database,
                    routes=self.routes,
                )
            return self._tenants[tenant]

    def warm(self) -> None:
        """Loads what the first decision would otherwise wait for. A tenant that cannot be loaded is reported."""
        for tactful in self.open_all():
            try:
                _ = tactful.deciding
            except Exception as error:  # noqa: BLE001 - the others must go on
                problems.report(error, "loading a tenant")

    def open_all(self) -> list[Tactful]:
        """Every tenant there is. One whose playbook is broken is passed over and reported."""
        found = []
        for tenant in self.keys.tenants():
            try:
                found.append(self.tactful(tenant))
            except Exception as error:  # noqa: BLE001 - the others must go on
                problems.report(error, "opening a tenant")
        return found


def open_house(
    settings: Settings,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    database: Database | None = None,
    routes: Sequence[Route] | None = None,
) -> House:
    """Raises StoreError."""
    clock, ids, database = clock or SystemClock(), ids or SystemIds(), database or open_database(settings)
    keys, answers = open_access(database, clock, ids)
    return House(settings=settings, database=database, keys=keys, answers=answers, clock=clock, ids=ids, routes=routes)


class Work:
    """The thread behind the API: events that lay ahead, timers, sending, the audit's chain, webhooks."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._anchored = self._forgot = 0.0

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="work", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends after what is under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stop.is_set():
            busy = 0
            try:
                busy = sum(self.round(tactful) for tactful in self._house.open_all())
                self._now_and_then()
            except Exception as error:  # noqa: BLE001 - whatever it was: the next round comes
                problems.report(error, "work")
            self._stop.wait(0 if busy >= MUCH else REST)

    def is_alive(self) -> bool:
        """False where the work should go on and does not."""
        return self._thread is None or self._thread.is_alive()

    def round(self, tactful: Tactful) -> int:
        """One turn of all work of a tenant; how much there was. What fails does not hold up the rest."""
        done = 0
        steps: tuple[Callable[[], int], ...] = (
            tactful.receiving.due,
            lambda: tactful.dispatch().total,
            tactful.auditing.link,
            tactful.notifying.publish,
            tactful.notifying.deliver,
        )
        for step in steps:
            try:
                done += step()
            except Exception as error:  # noqa: BLE001 - told, and tried again in the next round
                problems.report(error, "work")
                self._stop.wait(REST)
        return done

    def _now_and_then(self) -> None:
        now, steps = time.monotonic(), list[Callable[[], object]]()
        if now - self._anchored >= ANCHOR_EVERY:
            self._anchored = now
            steps += [tactful.auditing.anchor for tactful in self._house.open_all()]
        if now - self._forgot >= FORGET_EVERY:
            self._forgot = now
            steps += [self._house.answers.forget]
            steps += [partial(x.stores.inbox.forget, x.tenant) for x in self._house.open_all()]
        for step in steps:
            try:
                step()
            except Exception as error:  # noqa: BLE001 - told, and tried again next time
                problems.report(error, "work")
