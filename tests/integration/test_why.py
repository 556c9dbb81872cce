""" "Why do I get this?": at most three reasons, the data used, one tap that ends it, in the customer's language."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.domain.action import Kind
from agent.domain.customer import Channel, ConsentStatus, Purpose
from agent.domain.errors import NotFound
from agent.service import Tactful
from agent.store.database import Database
from agent.telling import MOST_REASONS, READS
from prompts.loading import templates, words
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import event, person, product, regular
from tests.support.people import NOON
from tools.catalogue import Catalogue


@pytest.fixture
def tactful(tmp_path: Path) -> Tactful:
    return product(tmp_path, Database(f"sqlite:///{tmp_path}/t.db"), StoppedClock(), CountingIds())


def cart(tactful: Tactful, locale: str = "en") -> str:
    """The id of a message about a cart."""
    tactful.take([*regular("ann"), replace(person("ann"), locale=locale, key="again")])
    tactful.take([event("ann", "cart_updated", NOON - timedelta(hours=2), "cart-1", value=60.0, currency="GBP")])
    (effect,) = tactful.effects(asyncio.run(tactful.decide("ann")))
    return effect.effect_id


def test_an_offer_says_what_happened_and_by_what_right(tactful: Tactful) -> None:
    why = tactful.telling.why(cart(tactful))
    assert why.reasons == (
        "You left something in your cart.",
        "On 4 May 2026 you let us use what you look at and buy to choose what may interest you.",
        "On 4 May 2026 you agreed to hear from us by e-mail.",
    )
    assert why.reads == ("what is in your cart, and since when",)


def test_a_korean_customer_is_answered_in_korean(tactful: Tactful) -> None:
    why = tactful.telling.why(cart(tactful, "ko"))
    assert why.lang == "ko"
    assert why.reasons[0] == "장바구니에 담아 두신 상품이 있습니다."
    assert "2026년 5월 4일에 이메일 수신에 동의하셨습니다." in why.reasons


def test_one_tap_ends_it(tactful: Tactful) -> None:
    why = tactful.telling.why(cart(tactful))
    token = why.off_url.rpartition("/")[2]
    tactful.consents.unsubscribe("POST", token, {"List-Unsubscribe": "One-Click"})
    assert tactful.consents.history("ann")[-1].consent.status is ConsentStatus.WITHDRAWN
    assert tactful.telling.why(tactful.effects(tactful.decision("ann"))[0].effect_id).off_url == why.off_url


def test_an_answer_is_owed_and_rests_on_no_consent(tactful: Tactful) -> None:
    tactful.take([*regular("ann"), event("ann", "case_opened", NOON - timedelta(hours=1), "case-1")])
    (effect,) = tactful.effects(asyncio.run(tactful.decide("ann")))
    assert effect.kind is Kind.REPLY
    why = tactful.telling.why(effect.effect_id)
    assert why.reasons == (
        "Something went wrong for you.",
        "Something happened that we owe you an answer for. It is no advertisement.",
    )


def test_the_answer_is_what_the_message_rested_on_and_not_what_was_said_since(tactful: Tactful) -> None:
    name = cart(tactful)
    before = tactful.telling.why(name)
    tactful.consents.record("ann", ConsentStatus.GRANTED, [(Purpose.AD_SENDING, Channel.EMAIL)], "web")
    tactful.take([replace(person("twin"), key="twin")])
    tactful.resolving.merge("ann", "twin", "mia")
    assert tactful.telling.why(name).reasons == before.reasons


def test_an_unknown_message_is_named_as_such(tactful: Tactful) -> None:
    with pytest.raises(NotFound):
        tactful.telling.why("e_0123456789")


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_message_that_can_be_sent_has_its_answer(lang: str) -> None:
    said = words("why", lang)
    for _, action, because, _, _ in templates():
        if action == "hand_off_packet":
            continue
        exact = f"{action}.{because}"
        assert exact in said or action in said, exact
        for name in READS.get(exact, READS.get(action, ("?",))):
            assert f"reads.{name}" in said, exact


def test_every_action_says_what_it_reads() -> None:
    named = {name.split(".")[0] for name in READS}
    assert named == {action.name for action in Catalogue().actions()}
    assert MOST_REASONS == 3
