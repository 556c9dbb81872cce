"""What every node of a decision shares: the brand's playbook and guard, the tools, the draws, the versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import orjson
from pydantic import TypeAdapter

from agent.decisioning.choice import Arbiter, arbitrate
from agent.domain.action import Action
from agent.domain.decision import Versions
from agent.domain.errors import NotFound
from agent.domain.guideline import GuidelineQuery, Passage
from agent.domain.ids import TenantId, digest
from agent.domain.playbook import Playbook
from agent.domain.ports import GuidelineIndex, Rng, Toolset
from agent.domain.signals import SIGNALS_VERSION
from agent.graph.alike import Alike
from agent.guardrails.judge import Guard
from agent.guardrails.rulebook import RuleBook
from prompts.loading import SHIPPED, Wording

MOST_DAYS = 16
_PLAYBOOK = TypeAdapter(Playbook)
_PASSAGES = TypeAdapter(tuple[Passage, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`policy` is the playbook and the packs as bytes, kept with the decisions so that each can be replayed; what a
    simulation decides is not, and `keeps_inputs` spares it their bytes."""

    tenant: TenantId
    playbook: Playbook
    guard: Guard
    toolset: Toolset
    index: GuidelineIndex
    rng: Rng
    wording: Wording
    policy: bytes
    policy_hash: str
    versions: Versions
    arbitrate: Arbiter = arbitrate
    keeps_inputs: bool = True
    alike: Alike = field(default_factory=Alike)
    _days: dict[tuple[str, date], Mapping[str, tuple[Passage, ...]]] = field(default_factory=dict)

    def recalled(self, locale: str, day: date) -> Mapping[str, tuple[Passage, ...]]:
        """The passages on each action in a language on a day; of a few days kept, for many customers ask alike."""
        found = self._days.get((locale, day))
        if found is None:
            found = {a.name: self._about(a.name, locale, day) for a in self.toolset.actions()}
            if len(self._days) >= MOST_DAYS:
                self._days.clear()
            self._days[locale, day] = found
        return found

    def _about(self, action: str, locale: str, day: date) -> tuple[Passage, ...]:
        query = GuidelineQuery(locale=locale, day=day, action=action, words=action.replace("_", " "))
        return tuple(found.passage for found in self.index.find(query))

    def action(self, name: str) -> Action:
        """The catalogue's entry. Raises NotFound."""
        found = next((a for a in self.toolset.actions() if a.name == name), None)
        if found is None:
            raise NotFound(f"no action {name}", next_step="See `tactful tools list`.")
        return found


def environment(
    tenant: TenantId,
    playbook: Playbook,
    book: RuleBook,
    toolset: Toolset,
    index: GuidelineIndex,
    rng: Rng,
    passages: tuple[Passage, ...] = (),
    wording: Wording = SHIPPED,
) -> Environment:
    """`passages` are all of the brand's: those that bind are part of the policy, as are its own words.

    Raises PlaybookError.
    """
    binding = tuple(p for p in passages if p.binds is not None)
    body = orjson.dumps(
        {
            "playbook": _PLAYBOOK.dump_python(playbook, mode="json"),
            "packs": book.texts,
            "binding": _PASSAGES.dump_python(binding, mode="json"),
            **({"messages": wording.rows()} if wording.own else {}),
        },
        option=orjson.OPT_SORT_KEYS,
    )
    policy_hash = digest(body.decode())
    return Environment(
        tenant=tenant,
        playbook=playbook,
        guard=Guard(book, playbook, binding),
        toolset=toolset,
        index=index,
        rng=rng,
        wording=wording,
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


@lru_cache(maxsize=8)
def policy_from(body: bytes) -> tuple[Playbook, RuleBook, tuple[Passage, ...], Wording]:
    """The playbook, the packs, the binding passages and the brand's own words that a decision was made with."""
    data = orjson.loads(body)
    binding = _PASSAGES.validate_python(data.get("binding", []))
    words = Wording.of_rows(data.get("messages", []))
    return _PLAYBOOK.validate_python(data["playbook"]), RuleBook(data["packs"]), binding, words
