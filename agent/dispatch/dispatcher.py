"""The loop that empties the outbox: take back what was left, ask after what is unknown, claim, hand over, record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

from agent.dispatch.pace import Pace
from agent.domain.bundle import EffectState
from agent.domain.customer import Channel
from agent.domain.delivery import ANSWER_SECONDS, Claim, Judged, Result, Swept, Unknown
from agent.domain.ports import Clock, Outbox, Provider, Results

LEASE = timedelta(seconds=90)
ENOUGH = timedelta(seconds=2 * ANSWER_SECONDS)
"""What has to be left of a lease when the hand-over begins."""
MOST_AT_ONCE = 64
TOGETHER = 0.02
"""Seconds after an answer in which others are recorded with it."""


@dataclass(frozen=True, slots=True)
class Route:
    """One provider and the channels that leave through it."""

    provider: Provider
    channels: tuple[Channel, ...]


class Dispatcher:
    """One worker. Any number may run side by side: over Postgres on many machines, over SQLite on one."""

    def __init__(
        self,
        outbox: Outbox,
        results: Results,
        judge: Callable[..., Judged],
        routes: Sequence[Route],
        clock: Clock,
        off: Callable[[], frozenset[str]],
    ) -> None:
        """`off` names what stands still: providers that want nothing any more."""
        self._off = off
        self._outbox = outbox
        self._results = results
        self._judge = judge
        self.routes = routes
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=MOST_AT_ONCE, thread_name_prefix="send")
        self._paces = [Pace(route.provider.abilities.per_second, clock) for route in routes]

    def sweep(self) -> Swept:
        """One round over all providers; empty where nothing was due."""
        swept, off = Swept(), self._off()
        for route, pace in zip(self.routes, self._paces, strict=True):
            if route.provider.abilities.name in off or not self._outbox.stirs(route.channels):
                continue
            swept.add("recovered", self._results.recover(route.channels, route.provider.abilities))
            if route.provider.abilities.can_look_up:
                self._ask(route, swept)
            self._send(route, pace, swept)
        return swept

    def drain(self, rest: Callable[[float], None] | None = None, most: int = 1_000_000) -> Swept:
        """Rounds until one finds nothing to do. `rest` waits so many seconds where a provider's pace holds messages
        back; without it they stay for the next time."""
        total = Swept()
        for _ in range(most):
            swept = self.sweep()
            total.merge(swept.counts)
            if swept.total:
                continue
            held_back = [pace.seconds() for pace in self._paces if pace.seconds() > 0]
            if rest is None or not held_back:
                break
            rest(min(held_back))
        return total

    def _ask(self, route: Route, swept: Swept) -> None:
        for effect in self._results.to_ask(route.channels, MOST_AT_ONCE):
            taken = route.provider.look_up(effect.key)
            state = self._results.answered(effect.effect_id, taken, route.provider.abilities)
            swept.add("asked" if state is EffectState.UNKNOWN else "found out")

    def _send(self, route: Route, pace: Pace, swept: Swept) -> None:
        abilities = route.provider.abilities
        room = min(pace.room(), abilities.concurrency, MOST_AT_ONCE)
        if room < 1:
            return
        claims = self._outbox.claim(self._judge, route.channels, room, LEASE, swept)
        pace.take(len(claims))
        soon = self._clock.now() + ENOUGH
        begun = self._outbox.begin([claim for claim in claims if claim.lease_until >= soon])
        swept.add("given back", len(claims) - len(begun))
        for answers in self._hand_over(route.provider, begun):
            for state in self._results.finish(answers, abilities):
                swept.add(state)

    def _hand_over(self, provider: Provider, claims: Sequence[Claim]) -> Iterator[list[tuple[Claim, Result]]]:
        """Sends all at once; answers come in the groups in which they arrive: none waits long to be recorded."""
        if len(claims) < 2 or provider.abilities.at_once:
            if claims:
                yield [(claim, hand_over(provider, claim)) for claim in claims]
            return
        waiting = {self._pool.submit(hand_over, provider, claim): claim for claim in claims}
        while waiting:
            wait(waiting, return_when=FIRST_COMPLETED)
            done, _ = wait(waiting, TOGETHER)
            yield [(waiting.pop(future), future.result()) for future in done]


def hand_over(provider: Provider, claim: Claim) -> Result:
    """Whatever a provider's code does wrong, the message may have left."""
    try:
        return provider.send(claim)
    except Exception as error:  # noqa: BLE001 - fail closed: never sent again blindly
        return Unknown(reason=f"the provider's code failed ({type(error).__name__})")
