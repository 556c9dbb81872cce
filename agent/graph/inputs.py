"""The inputs of one decision as bytes: what `replay` needs, apart from the record, erasable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from agent.domain.bundle import Proposal
from agent.domain.customer import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The snapshot, the instant, and the ids of the passages found for each action; `specific` ones name actions."""

    snapshot: Snapshot
    now: datetime
    passages: Mapping[str, tuple[str, ...]]
    specific: tuple[str, ...] = ()


_INPUTS = TypeAdapter(Inputs)
_PROPOSAL = TypeAdapter(Proposal)


def to_bytes(inputs: Inputs) -> bytes:
    return _INPUTS.dump_json(inputs, exclude_defaults=True)


def from_bytes(body: bytes) -> Inputs:
    return _INPUTS.validate_json(body)


def proposal_text(proposal: Proposal) -> str:
    return _PROPOSAL.dump_json(proposal, exclude_defaults=True).decode()


def proposal_from(text: str) -> Proposal:
    return _PROPOSAL.validate_json(text)
