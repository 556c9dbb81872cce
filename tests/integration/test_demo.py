"""The demo tells what it promises, in both languages, the same at every telling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from agent.cli import demo

Told = list[dict[str, Any]]


@pytest.fixture(scope="module", params=["ko", "en"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Told, str]:
    home = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TACTFUL_HOME", str(home))
        console = Console(record=True, width=120, quiet=False, file=(home / "out.txt").open("w", encoding="utf-8"))
        steps = demo._tell(request.param, console)
        console.file.close()
    return request.param, steps, (home / "out.txt").read_text(encoding="utf-8")


def test_a_lingering_visitor_is_offered_a_chat_then_a_demo_then_left_in_peace(told: tuple[str, Told, str]) -> None:
    _, steps, _ = told
    assert [s["summary"] for s in steps[:3]] == ["offer_chat by chat", "book_demo by chat", "hold: no_signal"]
    assert steps[2]["findings"]


def test_a_full_cart_without_consent_is_met_with_silence(told: tuple[str, Told, str]) -> None:
    assert told[1][3]["summary"] == "hold: no_consent"


def test_at_half_past_ten_in_seoul_the_text_waits_for_five_past_eight(told: tuple[str, Told, str]) -> None:
    step = told[1][4]
    assert step["summary"] == "offer_coupon by sms"
    (effect,) = step["effects"]
    assert effect["due_at"].isoformat() == "2026-11-20T23:05:00+00:00"
    assert "08:05 KST" in told[2]


def test_an_open_complaint_gets_an_apology_and_no_offer(told: tuple[str, Told, str]) -> None:
    step = told[1][5]
    assert step["summary"] == "apologise by email"
    assert step["effects"][0]["kind"] == "reply"
    assert {c["fate"] for c in step["candidates"] if c["kind"] == "offer"} <= {"removed", "out_of_scope"}


def test_each_step_prints_why(told: tuple[str, Told, str]) -> None:
    lang, steps, text = told
    for step in steps:
        assert step["decision_id"] in text
        assert step["findings"][0][:20] in text
    for word in (
        "eth-open-complaint",
        "kr-night-block",
        "P(",
        "uk-pecr-consent" if lang == "en" else "kr-ad-prior-consent",
    ):
        assert word in text
    assert ("보낼 내용" if lang == "ko" else "would be sent") in text


def test_the_korean_text_carries_the_exact_label_and_the_free_way_out(told: tuple[str, Told, str]) -> None:
    assert "(광고) " in told[2]
    assert "무료수신거부 " in told[2]


def test_it_is_the_same_at_every_telling(
    told: tuple[str, Told, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACTFUL_HOME", str(tmp_path))
    with (tmp_path / "again.txt").open("w", encoding="utf-8") as file:
        again = demo._tell(told[0], Console(file=file))
    assert again == told[1]
