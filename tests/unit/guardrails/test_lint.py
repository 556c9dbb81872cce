"""Faults of guidelines that are found before anybody is written to."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from agent.domain.guideline import Passage
from agent.domain.playbook import Playbook
from agent.guardrails.lexicon import said_of_brand
from agent.guardrails.lint import Fault, Text, lint
from agent.guidelines.reading import parse
from agent.playbooks import load_playbook
from prompts.loading import STARTER
from tools.catalogue import Catalogue

DAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_playbook(STARTER / "en")


def file(name: str, head: str, text: str = "One thought.", locale: str = "en") -> list[Passage]:
    return parse(f"---\nbrand: Harbour & Pine\nlocale: {locale}\ntopic: t\n{head}---\n# One\n\n{text} ({name})\n", name)


def faults(playbook: Playbook, *files: list[Passage], texts: tuple[Text, ...] = ()) -> list[tuple[str, str]]:
    found = linted(playbook, *files, texts=texts)
    return [(fault.kind, fault.code) for fault in found]


def linted(playbook: Playbook, *files: list[Passage], texts: tuple[Text, ...] = ()) -> tuple[Fault, ...]:
    passages = [passage for some in files for passage in some]
    return lint(passages, playbook, Catalogue().actions(), texts, DAY)


def test_files_that_agree_have_no_fault(playbook: Playbook) -> None:
    voice = file("voice.md", "binds: {emoji: false, forbidden_words: [amazing]}\n")
    assert faults(playbook, voice, file("chat.md", "actions: [offer_chat]\nbinds: {emoji: false}\n")) == []


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("binds: {formality: formal}\n", "binds: {formality: casual}\n", "formality"),
        ("binds: {preferred_words: {client: guest}}\n", "binds: {forbidden_words: [guest]}\n", "preferred_forbidden"),
        (
            "binds: {preferred_words: {client: guest}}\n",
            "binds: {preferred_words: {guest: client}}\n",
            "preferred_circle",
        ),
        (
            "binds: {preferred_words: {ill: poorly}}\n",
            "binds: {avoid_topics: {health: [poorly]}}\n",
            "preferred_avoided",
        ),
    ],
)
def test_two_files_that_no_message_can_satisfy_contradict_each_other(
    playbook: Playbook, one: str, other: str, code: str
) -> None:
    assert ("contradiction", code) in faults(playbook, file("a.md", one), file("b.md", other))


@pytest.mark.parametrize(
    "apart",
    [
        ("channels: [sms]\n", "channels: [email]\n"),
        ("actions: [offer_chat]\n", "actions: [book_demo]\n"),
        ("valid_to: 2026-12-01\n", "valid_from: 2026-12-02\n"),
    ],
)
def test_files_that_never_meet_do_not_contradict_each_other(playbook: Playbook, apart: tuple[str, str]) -> None:
    one = file("a.md", apart[0] + "binds: {formality: formal}\n")
    other = file("b.md", apart[1] + "binds: {formality: casual}\n")
    assert [fault for fault in faults(playbook, one, other) if fault[0] == "contradiction"] == []


def test_a_campaign_that_a_guideline_forbids_contradicts_it(playbook: Playbook) -> None:
    (first, *_) = linted(playbook, file("coupons.md", "actions: [offer_coupon]\nbinds: {greatest_discount: 5}\n"))
    assert (first.kind, first.code) == ("contradiction", "campaign")
    assert first.facts["percent"] == "5"
    elsewhere = file("sorry.md", "actions: [apologise]\nbinds: {greatest_discount: 0}\n")
    assert faults(playbook, elsewhere) == []


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("valid_to: 2026-11-21\n", "over"),
        ("valid_from: 2027-01-01\nvalid_to: 2026-12-01\n", "never"),
        ("actions: [offer_yacht]\n", "no_action"),
        ("actions: [remind_cart]\nchannels: [chat]\n", "channel"),
        ("binds: {greatest_discount: 80}\n", "discount"),
    ],
)
def test_a_rule_that_never_applies_is_named(playbook: Playbook, head: str, code: str) -> None:
    assert faults(playbook, file("a.md", head)) == [("dead", code)]


def test_the_same_text_twice_and_a_text_too_long_are_named(playbook: Playbook) -> None:
    text = (
        "---\nbrand: Harbour & Pine\nlocale: en\ntopic: t\n---\n"
        + "# One\n\nThe same.\n\n# Two\n\nThe  same.\n\n# Three\n\n"
        + "x " * 1_001
    )
    assert set(faults(playbook, parse(text, "a.md"))) == {("dead", "twice"), ("dead", "too_long")}


def test_a_template_that_a_rule_would_never_let_out_is_named_with_the_word(playbook: Playbook) -> None:
    text = Text(
        locale="en", action="remind_cart", channel="email", because="cart", words="Your basket, {{brand.name}} 🎁"
    )
    voice = file("voice.md", "binds: {preferred_words: {basket: cart}, emoji: false}\n")
    (fault,) = linted(playbook, voice, texts=(text,))
    assert (fault.kind, fault.facts["word"]) == ("blocked", "🎁")
    words_only = file("voice.md", "binds: {preferred_words: {basket: cart}}\n")
    assert linted(playbook, words_only, texts=(text,))[0].facts["word"] == "basket"
    assert linted(playbook, file("v.md", "channels: [sms]\nbinds: {emoji: false}\n"), texts=(text,)) == ()


@pytest.mark.parametrize("locale", ["ko", "en"])
def test_the_starter_brands_are_without_fault(locale: str, tmp_path: Path) -> None:
    from agent.bootstrap import open_tactful
    from agent.settings import Settings

    settings = Settings(home=tmp_path, playbook=str(STARTER / locale), model_name=None)
    assert open_tactful(settings).guidebook.lint() == ()


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("must-have", "Our must-have lamp"),
        ("1+1", "이번 주 1+1 행사"),
        ("100%", "100% 만족"),
        ("A/S", "무료 a/s 안내"),
        ("갓-성비", "갓성비 말고 갓-성비"),
        ("/(/", "a slash /(/ in it"),
        ("No.1", "the no.1 brand"),
    ],
)
def test_a_brands_word_is_found_with_the_signs_it_is_written_with(word: str, text: str) -> None:
    assert said_of_brand(text, (word,))
    assert not said_of_brand("Something else", (word,))
