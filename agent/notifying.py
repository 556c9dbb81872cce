"""Telling a tenant's own systems what happened, as signed webhooks: built from the audit's chain and the records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson

from agent.dispatch.posting import Endpoint, Poster, retry_after
from agent.domain.audit import Noted
from agent.domain.bundle import Effect, EffectState
from agent.domain.customer import Channel
from agent.domain.doors import AuditChain, Notices
from agent.domain.errors import InputError, NotFound
from agent.domain.ids import CustomerId, TenantId
from agent.domain.notice import TYPES, Delivered, Due, Notice, Subscription, message_id
from agent.domain.ports import Clock, Customers, Records

BATCH = 500
AT_ONCE = 16
LONGEST = 20.0
"""Seconds for a round of tries; well within their lease."""
GONE = 410
BOTH = timedelta(hours=24)
"""How long the old secret signs beside a new one."""
SKIPPED = (
    *(EffectState.BLOCKED, EffectState.CANCELLED, EffectState.EXPIRED),
    *(EffectState.REFUSED, EffectState.DEAD),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifying:
    """Webhooks of one tenant. `own_network` permits endpoints whose addresses are not public."""

    tenant: TenantId
    notices: Notices
    chain: AuditChain
    records: Records
    customers: Customers
    clock: Clock
    rendered: Callable[[Effect], tuple[str, str]]
    own_network: bool = False
    _clients: dict[str, httpx.Client] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tell"))

    def subscribe(self, url: str, types: Sequence[str] = ()) -> tuple[Subscription, str]:
        """An endpoint for these types, all by default; with its secret, shown once. Raises InputError."""
        if not url.isprintable() or not url.isascii():
            raise InputError("not an https URL", place="url", next_step="Write https://host/path, in ASCII.")
        unknown = [name for name in types if name not in TYPES]
        if unknown:
            raise InputError("no such type of webhook", place="types", next_step=f"Known: {', '.join(TYPES)}.")
        Endpoint(url, (_ANY,), own_network=self.own_network)
        return self.notices.subscribe(self.tenant, url, tuple(dict.fromkeys(types)) or TYPES)

    def all(self) -> list[Subscription]:
        return self.notices.all(self.tenant)

    def end(self, endpoint: str) -> None:
        """Raises NotFound."""
        self.notices.change(self.tenant, endpoint, "gone")

    def resume(self, endpoint: str) -> None:
        """Switches an endpoint on again that had answered 410. Raises NotFound."""
        self.notices.change(self.tenant, endpoint, "on")

    def rotate(self, endpoint: str) -> str:
        """A new secret; the old one signs too for a day. Raises NotFound."""
        return self.notices.rotate(self.tenant, endpoint, BOTH)

    def deliveries(self, endpoint: str, limit: int = 100) -> list[Delivered]:
        """Raises NotFound."""
        return self.notices.deliveries(self.tenant, endpoint, limit)

    def replay(self, endpoint: str, since: datetime | None, failed_only: bool) -> int:
        """Raises NotFound."""
        return self.notices.replay(self.tenant, endpoint, since, failed_only)

    def publish(self) -> int:
        """Turns what the audit says into deliveries; how many are new."""
        cursors = self.notices.cursors(self.tenant)
        if not cursors:
            return 0
        start = min(cursor for cursor, _ in cursors.values())
        rows = self.chain.after(self.tenant, start, BATCH)
        if not rows:
            return 0
        types = {row.position: notice.type for row in rows if (notice := self.notice(row)) is not None}
        told, seen = {}, {}
        for endpoint, (cursor, wanted) in cursors.items():
            told[endpoint] = [place for place, kind in types.items() if place > cursor and kind in wanted]
            if rows[-1].position > cursor:
                seen[endpoint] = (cursor, rows[-1].position)
        return self.notices.publish(self.tenant, told, seen)

    def deliver(self) -> int:
        """Tries what is due; how many tries that were."""
        due = self.notices.claim(self.tenant, AT_ONCE)
        rows = self.chain.at(self.tenant, [one.position for one in due]) if due else {}
        tries = {self._pool.submit(self._try, one, rows.get(one.position)): one for one in due}
        wait(tries, LONGEST)
        for answer, one in tries.items():
            if answer.done() and answer.exception() is None:
                self.notices.finish(self.tenant, one, *answer.result())
            else:  # too slow, or our own fault: tried again by the schedule, and the others do not wait for it
                self.notices.finish(self.tenant, one, "no answer in time", None, False)
        return len(due)

    def notice(self, row: Noted) -> Notice | None:
        """What an endpoint is told of a row of the audit; None for what concerns nobody outside."""
        make = _NOTICES.get(row.what)
        try:
            return make(self, row) if make is not None else None
        except NotFound:
            return None

    def _try(self, due: Due, row: Noted | None) -> tuple[str, timedelta | None, bool]:
        """What came of one try: in words, when the receiver wants it again, whether it was taken."""
        notice = self.notice(row) if row is not None else None
        if notice is None:
            return "nothing is left of it", None, True
        body = orjson.dumps({"type": notice.type, "timestamp": notice.at.isoformat(), "data": notice.data}, default=str)
        try:
            response = self._poster(due).post(message_id(due.endpoint_id, due.position), body)
        except (httpx.HTTPError, httpx.InvalidURL, InputError, OSError, ValueError) as error:
            return f"no answer ({type(error).__name__})", None, False
        if response.status_code == GONE:
            with suppress(NotFound):
                self.notices.change(self.tenant, due.endpoint_id, "off")
        taken = 200 <= response.status_code < 300
        return str(response.status_code), retry_after(response, self.clock.now()), taken

    def _poster(self, due: Due) -> Poster:
        client = self._clients.setdefault(
            due.endpoint_id, httpx.Client(timeout=15.0, follow_redirects=False, trust_env=False)
        )
        return Poster(Endpoint(due.url, due.secrets, own_network=self.own_network), self.clock, client=client)

    def _decision(self, row: Noted) -> Notice:
        decision = self.records.recorded(self.tenant, [row.subject]).get(row.subject)  # type: ignore[list-item]
        if decision is None:
            raise NotFound("no decision of this id")
        chosen = decision.chosen
        data = self._whose(decision.customer) | {
            "decision": decision.decision_id,
            "action": chosen.action if chosen else "hold",
            "channel": chosen.channel if chosen else None,
            "at": chosen.at if chosen else None,
            "reason": decision.hold.reason,
            "effects": list(decision.effects),
        }
        return Notice(type="decision.made", at=row.at, data=data)

    def _effect(self, row: Noted) -> Notice | None:
        state = row.detail.get("state")
        effect = self.records.effect(self.tenant, row.subject)
        data = self._whose(effect.customer) | {
            "decision": effect.decision,
            "effect": effect.effect_id,
            "action": effect.action,
            "channel": effect.channel,
        }
        if effect.channel is Channel.DESK and state == EffectState.SENT:
            subject, body = self.rendered(effect)
            return Notice(type="task.created", at=row.at, data=data | {"subject": subject, "body": body})
        if state in SKIPPED:
            return Notice(type="message.skipped", at=row.at, data=data | {"state": state, "reason": row.detail["why"]})
        kind = {EffectState.SENT: "message.sent", EffectState.UNKNOWN: "message.unknown"}.get(EffectState(str(state)))
        return Notice(type=kind, at=row.at, data=data) if kind else None

    def _journey(self, row: Noted) -> Notice | None:
        if "customer" not in row.detail:
            return None
        data = self._whose(row.detail["customer"]) | {
            "journey": row.subject,
            "goal": row.detail["goal"],
            "exit": row.detail["exit"],
        }
        return Notice(type="journey.ended", at=row.at, data=data)

    def _consent(self, row: Noted) -> Notice | None:
        if not row.detail.get("new"):
            return None
        data = self._whose(row.subject) | {"entries": row.detail["new"], "source": row.detail["source"]}
        return Notice(type="consent.changed", at=row.at, data=data)

    def _whose(self, customer: str) -> dict[str, Any]:
        """The customer by the caller's own number, as long as there is one: it goes with the person."""
        names = self.customers.external(self.tenant, CustomerId(customer))
        return {"customer": names[0] if names else None, "pseudonym": customer}


_NOTICES: dict[str, Callable[[Notifying, Noted], Notice | None]] = {
    "decision": Notifying._decision,
    "effect": Notifying._effect,
    "journey": Notifying._journey,
    "consent": Notifying._consent,
}
_ANY = "whsec_" + "A" * 32
