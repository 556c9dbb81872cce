# ruff: noqa: E501 - the sentences are data
"""What a customer's message is heard to say, in Korean and English, in whatever words."""

from __future__ import annotations

import pytest

from agent.guardrails.hearing import ANSWERS, Heard, hear
from agent.guardrails.lexicon import said
from agent.guardrails.rulebook import shipped, shipped_names

BOOK = shipped(shipped_names())
LEXICON = BOOK.lexicon


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", " Stop. ", "StopAll please", "UNSUBSCRIBE", "Cancel", "END", "QUIT", "REVOKE", "OPTOUT", "opt-out", "Remove", "ARRET", "TD",
        "Could you please stop sending me these?", "Take me off your list.", "don't text me again", "Don’t contact me", "No more messages please",
        "수신거부", "수신 거부합니다", "이제 거부할게요", "그만 보내세요", "제발 그만!", "문자 중지 부탁드려요", "광고 보내지 마세요", "더는 받고 싶지 않아요", "동의 철회합니다",
        "S.T.O.P", "ＳＴＯＰ", "st\u200bop", "수 신 거 부", "안녕하세요, 앞으로는 메일 보내지 말아 주세요. 감사합니다.",
    ],
)  # fmt: skip
def test_a_refusal_is_heard(text: str) -> None:
    assert hear(text, LEXICON).heard in (Heard.REFUSE, Heard.REFUSE_ALL)


@pytest.mark.parametrize(
    "text", ["모든 광고 거부", "never contact me again", "stop all messages", "마케팅 동의 철회할게요", "STOPALL"]
)
def test_a_refusal_of_everything_is_heard_as_such(text: str) -> None:
    assert hear(text, LEXICON).heard is Heard.REFUSE_ALL


@pytest.mark.parametrize(
    "text",
    [
        "I'll stop by on Saturday", "We had a nonstop flight", "Is there a bus stop nearby?", "이만큼 좋은 그만한 램프는 없네요", "거부감이 없는 디자인이에요",
        "The end of the cord is frayed", "Please cancel order 12", "배송이 언제 오나요?", "", "...", "Can you remove the stain?",
    ],
)  # fmt: skip
def test_what_only_sounds_like_a_refusal_is_not_one(text: str) -> None:
    assert hear(text, LEXICON).heard is Heard.NOTHING


@pytest.mark.parametrize(
    "text",
    [
        "Are you human?",
        "Am I talking to a bot?",
        "is this an AI",
        "사람이에요?",
        "지금 봇이죠?",
        "혹시 AI인가요?",
        "진짜 사람 맞아요?",
    ],
)
def test_the_question_whether_we_are_human_is_heard_and_answered_honestly(text: str) -> None:
    assert hear(text, LEXICON).heard is Heard.ASKS_HUMAN
    assert "AI" in ANSWERS["ko"]
    assert "AI" in ANSWERS["en"]


def test_the_honest_answer_claims_nothing_that_the_guard_would_refuse() -> None:
    for answer in ANSWERS.values():
        assert said(answer, LEXICON["human"]) == ""


def test_start_and_help_count_only_alone() -> None:
    assert hear("START", LEXICON).heard is Heard.RESUME
    assert hear("info", LEXICON).heard is Heard.HELP
    assert hear("yes, it arrived", LEXICON).heard is Heard.NOTHING


def test_what_was_said_is_not_kept() -> None:
    assert "seoyeon" not in hear("stop it, my mail is seoyeon@mail.example", LEXICON).word
