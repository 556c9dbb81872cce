"""What a message looks like outside: the documented JSON of webhooks and files (docs/dispatch.md)."""

from __future__ import annotations

from typing import Any

from agent.domain.customer import Channel
from agent.domain.delivery import Claim

TYPES = {Channel.DESK: "task.created"}
"""A task or note for the staff; everything else is a message to the customer."""


def message(claim: Claim) -> dict[str, Any]:
    """The payload. `id` is the same at every try: what was taken under it must not be taken again."""
    effect, envelope = claim.effect, claim.envelope
    return {
        "type": TYPES.get(effect.channel, "message.send"),
        "timestamp": effect.due_at.isoformat(),
        "data": {
            "id": claim.key,
            "tenant": envelope.tenant,
            "customer": envelope.recipient,
            "channel": str(effect.channel),
            "to": claim.address,
            "kind": str(effect.kind),
            "action": effect.action,
            "about": effect.entity,
            "subject": envelope.subject,
            "body": envelope.body,
            "headers": dict(envelope.headers),
            "attachments": [{"name": a.name, "type": a.media_type, "content": a.content} for a in claim.attachments],
            "expires_at": effect.expires_at.isoformat(),
        },
    }
