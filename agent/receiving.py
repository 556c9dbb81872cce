"""Taking in what callers send: each message read, kept once, and a decision armed for whoever did something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from agent.domain.doors import Inbox
from agent.domain.ids import TenantId, digest
from agent.domain.imports import Message, Quarantined, Received
from agent.domain.ports import Clock
from agent.importing import messages
from agent.importing.fields import BadField

CHUNK = 100
"""Messages in one transaction: others that write need not wait long. One that comes again is known by its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiving:
    """The door of one tenant."""

    tenant: TenantId
    inbox: Inbox
    clock: Clock

    def take(
        self, bodies: Sequence[Mapping[str, Any]], sent_at: datetime | None = None, arm: bool = True
    ) -> tuple[Received, list[str]]:
        """Takes messages in Segment's form; what became of them, and why those in quarantine could not be read."""
        now = self.clock.now()
        found: list[Message] = []
        reasons: list[str] = []
        for body in bodies:
            try:
                found.append(messages.read(body, now, sent_at))
            except (BadField, ValueError, OverflowError, TypeError) as error:
                bad = error if isinstance(error, BadField) else BadField("message: a value that cannot be read")
                reasons.append(str(bad)[:200])
                found.append(_unreadable(body, bad, now))
        total = Received()
        for start in range(0, len(found), CHUNK):
            some = self.inbox.receive(self.tenant, found[start : start + CHUNK], arm)
            total = Received(**{f.name: getattr(total, f.name) + getattr(some, f.name) for f in fields(Received)})
        return total, reasons

    def due(self) -> int:
        """Takes the messages that lay ahead and whose time has come."""
        waited = self.inbox.due(self.tenant)
        if not waited:
            return 0
        now = self.clock.now()
        return self.inbox.take_due(self.tenant, [self._again(key, body, now) for key, body in waited])

    def _again(self, key: str, body: Mapping[str, Any], now: datetime) -> Message:
        """Under the key it came with. A newer program may read less of it: then it goes to quarantine."""
        try:
            return replace(messages.read(body, now), key=key)
        except BadField as bad:
            return replace(_unreadable(body, bad, now), key=key)


def _unreadable(body: Mapping[str, Any], bad: BadField, now: datetime) -> Message:
    """Kept as a reason without its content; a refusal in it counts all the same."""
    named = body.get("messageId")
    key = digest("message", named if isinstance(named, str) else repr(sorted(body, key=str)), str(bad))
    row = Quarantined(key=key, place=f"api:{key[:12]}", reason=str(bad))
    who = next((str(saved.external_id) for saved in bad.saved if hasattr(saved, "external_id")), "")
    return Message(key=key, external_id=who, at=now, rows=(row, *bad.saved), body={})
