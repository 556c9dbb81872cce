"""Plays a plan: every policy on every seed, two at a time on two cores; what is stopped early leaves what there is."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.synchronize import Event
from typing import Any

from agent.domain.errors import InputError, TactfulError
from agent.simulation.plan import Plan, check, is_guarded
from agent.simulation.played import Played, play

Progress = Callable[[float], None]
SMOKE_CUSTOMERS, SMOKE_DAYS = 300, 4


@dataclass(frozen=True, slots=True)
class Job:
    plan: Plan
    policy: str
    seed: int


def run(plan: Plan, progress: Progress = lambda _: None, processes: int | None = None) -> list[Played]:
    """Everything that the plan asks for, in its order. `processes`: 0 plays in this one.

    Ctrl-C stops at the next hour: what was played until then is returned, and only where there is nothing is
    KeyboardInterrupt raised. Raises InputError.
    """
    check(plan)
    smoke(plan)
    jobs = [Job(plan, policy, seed) for seed in plan.seeds for policy in plan.policies]
    heavy_first = sorted(jobs, key=lambda job: not is_guarded(job.policy))
    many = min(len(jobs), os.cpu_count() or 1) if processes is None else processes
    found = _here(heavy_first, progress) if many == 0 else _Crew(heavy_first, many, progress).run()
    _alike(plan, found)
    place = {(job.policy, job.seed): at for at, job in enumerate(jobs)}
    return sorted(found, key=lambda played: place[played.policy, played.seed])


def smoke(plan: Plan) -> None:
    """A small run before each large one, with somebody who speaks at every visit: the world says only what a world may,
    and the same seed tells the same story twice. Raises InputError."""
    small = replace(
        plan,
        customers=min(plan.customers, SMOKE_CUSTOMERS),
        days=min(plan.days, SMOKE_DAYS),
        policies=("talker",),
        shared=True,
        look_at=(),
        teller=None,
    )
    one, other = (play(small, "talker", plan.seeds[0], lambda _: None, _never) for _ in range(2))
    same = (one.story, one.answers) == (other.story, other.answers)
    if not same or not one.tables.same_as(other.tables):
        raise two_stories(plan)


def two_stories(plan: Plan) -> InputError:
    return InputError(
        "the same seed told two stories",
        place=f"world {plan.world}",
        next_step="A world may draw only from `setting.draws`, and never rely on hash() or sets (docs/worlds.md).",
    )


def _alike(plan: Plan, played: Sequence[Played]) -> None:
    """All policies met the same people on the same days. Raises InputError."""
    for seed in plan.seeds if plan.shared else ():
        if len({p.story for p in played if p.seed == seed and p.story}) > 1:
            raise two_stories(plan)


def _here(jobs: Sequence[Job], progress: Progress) -> list[Played]:
    found = []
    for number, job in enumerate(jobs):
        done = number / len(jobs)
        found.append(
            play(job.plan, job.policy, job.seed, lambda part, done=done: progress(done + part / len(jobs)), _never)  # type: ignore[misc]
        )
    return found


def _never() -> bool:
    return False


class _Crew:
    """Processes that take one job each, one after another."""

    def __init__(self, jobs: Sequence[Job], many: int, progress: Progress) -> None:
        self._jobs = list(jobs)
        self._many = many
        self._progress = progress
        self._context = multiprocessing.get_context("spawn")
        self._stop: Event = self._context.Event()
        self._interrupted = False
        self._weights = {id(job): 12.0 if is_guarded(job.policy) else 1.0 for job in jobs}
        self._parts = {id(job): 0.0 for job in jobs}
        self._under_way: dict[Connection, tuple[Job, Any]] = {}
        self._found: list[Played] = []

    def run(self) -> list[Played]:
        waiting = list(self._jobs)
        try:
            with _hearing(self._interrupt):
                while (waiting and not self._interrupted) or self._under_way:
                    while waiting and len(self._under_way) < self._many and not self._interrupted:
                        self._start(waiting.pop(0))
                    for connection in wait(list(self._under_way), timeout=0.5):
                        self._hear(connection)
                    if self._interrupted:
                        self._stop.set()
        finally:
            for _, process in self._under_way.values():
                process.kill()
        if not self._found:
            raise KeyboardInterrupt
        return self._found

    def _interrupt(self) -> None:
        """The first time only noted, so that nothing breaks off in the middle; the second time at once."""
        if self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = True

    def _start(self, job: Job) -> None:
        mine, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_work, args=(job, theirs, self._stop), daemon=True)
        with _deaf():  # also while it is still loading
            process.start()
        theirs.close()
        self._under_way[mine] = (job, process)

    def _hear(self, connection: Any) -> None:
        job, process = self._under_way[connection]
        try:
            said = connection.recv()
        except EOFError:
            said = InputError(
                "its process ended without a word", place=job.policy, next_step="See whether the machine has memory."
            )
        if isinstance(said, float):
            self._parts[id(job)] = said
            whole = sum(self._weights.values())
            self._progress(sum(self._weights[name] * part for name, part in self._parts.items()) / whole)
            return
        del self._under_way[connection]
        connection.close()
        process.join()
        if isinstance(said, BaseException):
            raise said
        self._parts[id(job)] = 1.0
        self._found.append(said)


@contextmanager
def _hearing(interrupt: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C calls this instead of breaking off. Only the main thread can hear it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: interrupt())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _deaf() -> Iterator[None]:
    """Whoever is started meanwhile never hears ctrl-C; the parent hears it afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(job: Job, connection: Connection, stop: Event) -> None:
    """In a process of its own."""
    last = 0.0

    def progress(part: float) -> None:
        nonlocal last
        if part - last >= 0.005:
            last = part
            connection.send(part)

    try:
        connection.send(play(job.plan, job.policy, job.seed, progress, stop.is_set))
    except TactfulError as error:
        connection.send(error)
    except BaseException as error:  # noqa: BLE001 - the parent says what went wrong
        traceback.print_exc()
        connection.send(RuntimeError(f"{type(error).__name__} while playing {job.policy}"))
