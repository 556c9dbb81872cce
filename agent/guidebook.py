"""A brand's guidelines as a marketer asks about them: what is said of this, and what is wrong with the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.domain.action import Action
from agent.domain.guideline import Found, GuidelineQuery, Passage
from agent.domain.playbook import Playbook
from agent.domain.ports import Clock, GuidelineIndex
from agent.guardrails.lint import Fault, Text, lint
from prompts.loading import Wording


@dataclass(frozen=True, slots=True)
class Guidebook:
    index: GuidelineIndex
    passages: tuple[Passage, ...]
    playbook: Playbook
    actions: Sequence[Action]
    wording: Wording
    clock: Clock

    def search(self, words: str, *, locale: str, action: str, channel: str, limit: int) -> tuple[Found, ...]:
        """The passages that hold today and answer best."""
        query = GuidelineQuery(
            locale=locale, day=self.clock.now().date(), action=action, channel=channel, words=words, limit=limit
        )
        return self.index.find(query)

    def lint(self) -> tuple[Fault, ...]:
        """What contradicts, never applies, or blocks a message, as of today."""
        texts = [
            Text(
                locale=locale,
                action=action,
                channel=channel,
                because=because,
                words="\n".join((words.subject, words.body, words.short)),
            )
            for locale, action, because, channel, words in self.wording.all()
        ]
        return lint(self.passages, self.playbook, self.actions, texts, self.clock.now().date())
