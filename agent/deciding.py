"""What deciding needs beyond the store, made from the version of the brand's guidelines that is in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from agent.domain.errors import StoreError
from agent.domain.guideline import Passage
from agent.domain.ids import TenantId
from agent.domain.ports import Commit, GuidelineIndex, GuidelineVersions, Toolset

if TYPE_CHECKING:
    from agent.decisioning.choice import Arbiter
    from agent.graph.build import Steps
    from agent.graph.environment import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What deciding needs beyond the store: made on first use, since it loads the graph and the guideline index.

    `graph` asks the configured model; `plain` never does.
    """

    env: Environment
    steps: Steps
    graph: Any
    plain: Any
    toolset: Toolset
    index: GuidelineIndex
    passages: tuple[Passage, ...]
    seed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What a simulation changes about the product: who looks on at each commit, and how is arbitrated."""

    commit: Callable[[Commit], Commit]
    arbiter: Arbiter


class InForce:
    """Every process answers from the version on record.

    Whoever edits the files has newer ones, which take over at their first use; a process that is behind reads its files
    anew, and one whose files were replaced from another place does not answer.
    """

    def __init__(self, tenant: TenantId, versions: GuidelineVersions, make: Callable[[], Deciding]) -> None:
        self._tenant = tenant
        self._versions = versions
        self._make = make
        self._lock = Lock()
        self.made: Deciding | None = None

    def get(self) -> Deciding:
        """Raises StoreError where the files here are of another version than the one in force."""
        with self._lock:
            return self._get()

    def _get(self) -> Deciding:
        if self.made is None:
            made = self._make()
            known = self._versions.current(self._tenant) == made.index.version
            if not known and not self._versions.was_replaced(self._tenant, made.index.version):
                self._versions.put(self._tenant, made.index.version, len(made.passages))
            self.made = self._checked(made)
        elif self._versions.current(self._tenant) != self.made.index.version:
            self.made = self._checked(self._make())
        return self.made

    def use(self) -> Deciding:
        """Puts the files here in force, also where newer ones were."""
        self.made = self._make()
        self._versions.put(self._tenant, self.made.index.version, len(self.made.passages))
        return self.made

    def _checked(self, made: Deciding) -> Deciding:
        if self._versions.current(self._tenant) != made.index.version:
            raise StoreError(
                "the guideline files here are of another version than the one in force",
                next_step="Bring the newest files here. To go back to these on purpose: tactful guidelines use.",
            )
        return made
