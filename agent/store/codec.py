"""Records as bytes and back: strict, through the domain's own types."""

from __future__ import annotations

import orjson
from pydantic import TypeAdapter

from agent.domain.bundle import Payload
from agent.domain.decision import Decision

_DECISION = TypeAdapter(Decision)
_PAYLOAD = TypeAdapter(Payload)


def decision_bytes(decision: Decision) -> bytes:
    """By orjson, whose enums cost nothing: a decision has about a hundred candidates, each with seven."""
    return orjson.dumps(decision)


def decision_from(body: bytes) -> Decision:
    return _DECISION.validate_json(body)


def payload_bytes(payload: Payload) -> bytes:
    return _PAYLOAD.dump_json(payload, exclude_defaults=True)


def payload_from(body: bytes) -> Payload:
    return _PAYLOAD.validate_json(body)
