"""What every node of a decision shares: the brand's playbook and guard, the tools, the draws, the versions."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from pydantic import TypeAdapter

from agent.domain.decision import Versions
from agent.domain.ids import TenantId, digest
from agent.domain.playbook import Playbook
from agent.domain.ports import GuidelineIndex, Rng, Toolset
from agent.domain.signals import SIGNALS_VERSION
from agent.guardrails.judge import Guard
from agent.guardrails.rulebook import RuleBook

_PLAYBOOK = TypeAdapter(Playbook)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`policy` is the playbook and the packs as bytes, kept with the decisions so that each can be replayed."""

    tenant: TenantId
    playbook: Playbook
    guard: Guard
    toolset: Toolset
    index: GuidelineIndex
    rng: Rng
    policy: bytes
    policy_hash: str
    versions: Versions


def environment(
    tenant: TenantId, playbook: Playbook, book: RuleBook, toolset: Toolset, index: GuidelineIndex, rng: Rng
) -> Environment:
    body = orjson.dumps(
        {"playbook": _PLAYBOOK.dump_python(playbook, mode="json"), "packs": book.texts}, option=orjson.OPT_SORT_KEYS
    )
    policy_hash = digest(body.decode())
    return Environment(
        tenant=tenant,
        playbook=playbook,
        guard=Guard(book, playbook),
        toolset=toolset,
        index=index,
        rng=rng,
        policy=body,
        policy_hash=policy_hash,
        versions=Versions(
            packs=book.version,
            playbook=policy_hash[:12],
            signals=SIGNALS_VERSION,
            guidelines=index.version,
            tools=toolset.version,
        ),
    )


def policy_from(body: bytes) -> tuple[Playbook, RuleBook]:
    """The playbook and packs that a decision was made with."""
    data = orjson.loads(body)
    return _PLAYBOOK.validate_python(data["playbook"]), RuleBook(data["packs"])
