"""Every template of every tool: complete in both languages, within its tool's facts, lawful as it stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agent.domain.action import Aim, Candidate, Fate, Kind, Stage, Treatment, When
from agent.domain.bundle import Words
from agent.domain.customer import Channel, OpenSlot
from agent.domain.verdict import VerdictKind
from agent.guardrails.cases import TextCase
from agent.guardrails.judge import run
from agent.guardrails.rulebook import shipped, shipped_names
from agent.guardrails.words import finish, slots_in
from agent.signals.read import read
from prompts.loading import LOCALES, MissingWords, Template, prompt, template, templates
from tests.support.people import NOON, briton, customer, playbook
from tools.catalogue import TOOLS
from tools.contract import Task

VARIANTS = {
    "offer_chat": ("lingers",),
    "book_demo": ("talks",),
    "offer_coupon": ("cart", "views"),
    "recommend_product": ("views", "favourite"),
    "ask_consent": ("email", "kakao", "sms", "push"),
    "apologise": ("case",),
}


def task(locale: str, action: str, channel: str) -> Task:
    slot = OpenSlot(slot_id="Maya@10", starts_at=NOON + timedelta(hours=3), ends_at=NOON + timedelta(hours=4))
    snapshot = customer(slots=(slot,)) if locale == "ko" else briton(slots=(slot,))
    brand = playbook(locale)
    treatment = Treatment(action=action, channel=Channel(channel), when=When.NOW, at=NOON, entity="lamp")
    candidate = Candidate(treatment=treatment, kind=Kind.OFFER, fate=Fate.LOST, stage=Stage.ARBITRATION)
    return Task(candidate, read(snapshot, NOON, brand.brand.currency), brand)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.action.name)
def test_every_channel_of_every_tool_has_its_words(locale: str, tool: object) -> None:
    action = tool.action  # type: ignore[attr-defined]
    for variant in VARIANTS[action.name]:
        for channel in action.channels:
            found = template(locale, action.name, variant, channel)
            assert bool(found.subject) is (channel in (Channel.EMAIL, Channel.PUSH)), (
                locale,
                action.name,
                variant,
                channel,
            )


@pytest.mark.parametrize(
    ("locale", "action", "variant", "channel", "found"), templates(), ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_template_states_nothing_that_its_tool_does_not_know(
    locale: str, action: str, variant: str, channel: str, found: Template
) -> None:
    tool = next(t for t in TOOLS if t.action.name == action)
    made = task(locale, action, channel)
    facts = tool.facts(made)
    assert set(slots_in(found.subject + found.body)) <= set(facts)
    words = Words(subject=found.subject, body=found.body)
    draft = tool.call.func(candidate="c1", body=found.body, subject=found.subject, cites=[], task=made)  # type: ignore[attr-defined]
    entry, aim = tool.action, Aim(entity="lamp", because=variant)
    finished = finish(words, facts, locale)
    case = TextCase(made.situation, made.playbook, Channel(channel), entry, aim, draft, finished)
    for clause in shipped(shipped_names()).clauses:
        about = clause.grain is TextCase and entry.kind in clause.kinds and channel in clause.channels
        if about and clause.verdict is VerdictKind.DENY:
            assert run(clause, case) is None, clause.rule_id


def test_a_template_that_does_not_exist_is_named_by_its_path() -> None:
    with pytest.raises(MissingWords, match=r"prompts/messages/ko/offer_coupon\.yaml: no moon/email"):
        template("ko", "offer_coupon", "moon", "email")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_prompt_takes_exactly_its_declared_variables(locale: str) -> None:
    assert "Acme" in prompt("decide", locale, brand="Acme").text
    for wrong in ({}, {"brand": "x", "more": 1}):
        with pytest.raises(MissingWords, match="wants exactly"):
            prompt("decide", locale, **wrong)


def test_the_hash_of_a_prompt_follows_its_source_not_its_variables() -> None:
    assert prompt("decide", "en", brand="A").hash == prompt("decide", "en", brand="B").hash
    assert prompt("decide", "en", brand="A").hash != prompt("decide", "ko", brand="A").hash
