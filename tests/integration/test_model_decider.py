"""The model decider on the wire: cassettes of a local OpenAI-compatible endpoint with hand-written answers.

They prove the wire format and that bad answers do no harm, never the quality of a model. CONTRIBUTING says how to
record them anew.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import vcr
import yaml
from pydantic import SecretStr

from agent.domain.bundle import Bundle
from agent.domain.customer import Snapshot
from agent.domain.timers import TimerKind
from agent.graph.deciders.model import ModelDecider
from tests.support.decide import decide
from tests.support.people import NOON, briton, cart, customer, playbook, views
from tools.catalogue import Catalogue

CASSETTES = Path(__file__).parent / "cassettes"


def _bare(request: Any) -> Any:
    """Only what the endpoint's answer depends on is recorded: no key, no machine."""
    request.headers = {
        name: value for name, value in request.headers.items() if name.lower() in ("accept", "content-type")
    }
    return request


RECORDER = vcr.VCR(
    cassette_library_dir=str(CASSETTES),
    record_mode=os.environ.get("TACTFUL_RECORD", "none"),
    match_on=["method", "path", "body"],
    before_record_request=_bare,
    decode_compressed_response=True,
)


def visitor(locale: str) -> Snapshot:
    events = (
        *views(NOON - timedelta(minutes=1)),
        cart(NOON - timedelta(hours=2), 120_000.0 if locale == "ko" else 96.0),
    )
    return customer(events=events, campaigns=()) if locale == "ko" else briton(events=events, campaigns=())


def asked(name: str, locale: str = "en") -> Bundle:
    """One decision with the model answering from a cassette."""
    decider = ModelDecider(
        Catalogue(),
        playbook(locale).brand.name,
        url="http://127.0.0.1:8999/v1",
        name="answerable",
        key=SecretStr("none"),
    )
    with RECORDER.use_cassette(f"{name}.yaml") as cassette:
        found = decide(
            visitor(locale), NOON, decider=decider, deadline=3600.0 if RECORDER.record_mode != "none" else 5.0
        )
    assert cassette.play_count == 1 or RECORDER.record_mode != "none"
    return found


def test_a_good_answer_is_taken_word_for_word_and_keeps_no_propensity() -> None:
    found = asked("good_en")
    assert found.decision.chooser == "model"
    assert found.decision.draws.propensity is None
    assert not found.decision.degraded
    assert found.decision.versions.model == "answerable"
    assert found.decision.versions.prompt
    assert found.decision.chosen is not None
    assert found.decision.chosen.action == "offer_chat"
    assert "{{product.name}}" in found.effects[0].payload.words.body
    assert found.decision.passages == ("chat.md#offering-a-chat",)


def test_a_good_korean_answer_is_taken_too() -> None:
    found = asked("good_ko", "ko")
    assert found.decision.chooser == "model"
    assert "{{product.name|을/를}}" in found.effects[0].payload.words.body


def test_the_model_may_choose_silence() -> None:
    found = asked("hold_en")
    assert found.decision.chosen is None
    assert found.decision.chooser == "model"
    assert found.effects == ()


def test_the_model_may_wait_unless_something_happens_first() -> None:
    found = asked("wait_en")
    assert found.decision.chosen is None
    assert found.effects == ()
    (timer,) = found.timers
    assert (timer.kind, timer.due_at, timer.unless) == (TimerKind.WAIT, NOON + timedelta(hours=7), "purchased")


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("unknown_tool_en", "unknown_tool"),
        ("not_offered_en", "not_offered"),
        ("refusal_en", "refusal"),
        ("rate_limit_en", "rate_limit"),
        ("server_error_en", "http_500"),
        ("cut_json_en", "bad_json"),
        ("two_calls_en", "two_calls"),
    ],
)
def test_an_unusable_answer_leaves_the_engine_to_decide_and_is_named(name: str, cause: str) -> None:
    found = asked(name)
    assert found.decision.degraded
    assert found.decision.cause == cause
    assert found.decision.chooser == "engine"
    assert found.decision.draws.propensity is not None
    assert len(found.effects) == 1


@pytest.mark.parametrize(("name", "locale"), [("invented_price_en", "en"), ("invented_deal_ko", "ko")])
def test_an_invented_offer_dies_at_the_guard_and_the_engine_words_it(name: str, locale: str) -> None:
    found = asked(name, locale)
    assert found.decision.degraded
    assert found.decision.cause == "denied:eth-facts-in-slots"
    assert "50" not in found.effects[0].payload.words.body
    assert "반값" not in found.effects[0].payload.words.body


def test_the_prompt_holds_no_identifier_score_or_address() -> None:
    (recorded,) = yaml.safe_load((CASSETTES / "good_en.yaml").read_text(encoding="utf-8"))["interactions"]
    for secret in ("c_1", "a_email", "acme", "p_act", "total", "propensity"):
        assert secret not in recorded["request"]["body"]
    assert set(recorded["request"]["headers"]) == {"accept", "content-type"}
