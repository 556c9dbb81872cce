"""Merged customers on both stores: one person in every decision, apart again without a trace, no refusal lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.domain.action import Kind
from agent.domain.bundle import EffectState
from agent.domain.customer import AgeAssurance, Channel, ConsentStatus, Purpose, Snapshot
from agent.domain.errors import InputError, NotFound
from agent.service import Tactful
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import agreed, consent, event, order, person, product, regular
from tests.support.people import NOON

DAY = timedelta(days=1)
EMAIL = [(Purpose.AD_SENDING, Channel.EMAIL)]
TEXT = [(Purpose.AD_SENDING, Channel.SMS)]


@pytest.fixture
def tactful(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds) -> Tactful:
    """Ann, known twice: as a regular, and by another number without any consent."""
    made = product(tmp_path, database, clock, ids)
    twin = replace(person("twin"), addresses={Channel.EMAIL: "ann@mail.example"})
    made.take([*regular("ann"), twin, order("twin", "o-2", NOON - 10 * DAY, product_id="vase")])
    return made


def seen(tactful: Tactful, who: str) -> Snapshot:
    (found,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find(who)], tactful.now())
    return found


def says(tactful: Tactful, who: str, purpose: Purpose, channel: Channel | None) -> ConsentStatus | None:
    found = [c for c in seen(tactful, who).consents if (c.purpose, c.channel) == (purpose, channel)]
    return found[0].status if found else None


def merge(tactful: Tactful, kept: str = "ann", joined: str = "twin") -> str:
    return tactful.resolving.merge(kept, joined, "mia").merge_id


def test_the_mailbox_they_share_makes_them_one(tactful: Tactful) -> None:
    (made,) = tactful.resolving.resolve("mia")
    assert made.evidence in ("same email", "same email, sms")
    assert tactful.find("twin") == tactful.find("ann")
    assert tactful.stores.customers.count(tactful.tenant) == 1
    assert tactful.resolving.resolve("mia") == []


def test_what_is_known_of_either_is_known_of_both(tactful: Tactful) -> None:
    before = seen(tactful, "ann").history
    tactful.take([consent("twin", Purpose.PROFILING, None)])
    merge(tactful)
    found = seen(tactful, "twin")
    assert before is not None
    assert found.history is not None
    assert found.history.orders == before.orders + 1
    assert found.history.last_at == NOON - 10 * DAY
    assert len([reach for reach in found.reach if reach.channel is Channel.EMAIL]) == 1


def test_everybody_is_decided_on_once(tactful: Tactful) -> None:
    merge(tactful)
    decided = list(tactful.decide_all())
    assert [decision.customer for decision in decided] == [tactful.find("ann")]


def test_the_strictest_consent_holds(tactful: Tactful) -> None:
    tactful.take([consent("twin", Purpose.AD_SENDING, Channel.EMAIL, ConsentStatus.WITHDRAWN, NOON - 300 * DAY)])
    merge(tactful)
    assert says(tactful, "ann", Purpose.AD_SENDING, Channel.EMAIL) is ConsentStatus.WITHDRAWN
    assert says(tactful, "ann", Purpose.PROFILING, None) is ConsentStatus.GRANTED


def test_what_they_say_as_one_person_outweighs_what_they_had_said(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take([consent("twin", Purpose.AD_SENDING, Channel.EMAIL, ConsentStatus.WITHDRAWN, NOON - 300 * DAY)])
    merge(tactful)
    clock.at = NOON + DAY
    tactful.consents.record("twin", ConsentStatus.GRANTED, EMAIL, "web")
    assert says(tactful, "ann", Purpose.AD_SENDING, Channel.EMAIL) is ConsentStatus.GRANTED


def test_undoing_a_merge_never_restores_a_consent(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take([consent("twin", Purpose.AD_SENDING, Channel.EMAIL, ConsentStatus.WITHDRAWN, NOON - 300 * DAY)])
    name = merge(tactful)
    clock.at = NOON + DAY
    assert tactful.resolving.undo(name, "mia") > 0
    assert tactful.find("twin") != tactful.find("ann")
    for who in ("ann", "twin"):
        assert says(tactful, who, Purpose.AD_SENDING, Channel.EMAIL) is ConsentStatus.WITHDRAWN


@pytest.mark.parametrize("name", ["ann", "twin"])
def test_a_withdrawal_made_while_merged_stays_on_both(tactful: Tactful, clock: StoppedClock, name: str) -> None:
    made = merge(tactful)
    clock.at = NOON + DAY
    tactful.consents.record(name, ConsentStatus.WITHDRAWN, [*EMAIL, *TEXT], "web")
    assert says(tactful, "ann", Purpose.AD_SENDING, Channel.EMAIL) is ConsentStatus.WITHDRAWN
    clock.at = NOON + 2 * DAY
    tactful.resolving.undo(made, "mia")
    for who in ("ann", "twin"):
        for channel in (Channel.EMAIL, Channel.SMS):
            assert says(tactful, who, Purpose.AD_SENDING, channel) is ConsentStatus.WITHDRAWN


def test_a_refusal_under_the_other_number_ends_the_journey(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take([event("ann", "cart_updated", NOON - timedelta(hours=2), "cart-1", value=60.0, currency="GBP")])
    merge(tactful)
    asyncio.run(tactful.decide("ann"))
    (chapter,) = tactful.stores.journeys.chapters(tactful.tenant, tactful.find("ann"))
    assert chapter.exit is None
    clock.at = NOON + timedelta(hours=1)
    tactful.take([consent("twin", Purpose.AD_SENDING, Channel.EMAIL, ConsentStatus.WITHDRAWN, clock.at)])
    (chapter,) = tactful.stores.journeys.chapters(tactful.tenant, tactful.find("ann"))
    assert chapter.exit == "opted_out"


def test_after_undoing_each_has_their_own_again(tactful: Tactful, clock: StoppedClock) -> None:
    before = seen(tactful, "ann"), seen(tactful, "twin")
    name = merge(tactful)
    clock.at = NOON + timedelta(seconds=1)
    tactful.resolving.undo(name, "mia")
    for was, now in zip(before, (seen(tactful, "ann"), seen(tactful, "twin")), strict=True):
        assert (now.history, now.reach, now.consents) == (was.history, was.reach, was.consents)
        assert now.version > was.version


def test_a_merge_moves_both_versions_and_stops_what_was_still_to_be_offered(
    tactful: Tactful, clock: StoppedClock
) -> None:
    cart = event("twin", "cart_updated", NOON - timedelta(hours=2), "cart-2", value=60.0, currency="GBP")
    tactful.take([*agreed("twin"), cart])
    decision = asyncio.run(tactful.decide("twin"))
    (effect,) = tactful.effects(decision)
    assert effect.kind is Kind.OFFER
    merge(tactful)
    (effect,) = tactful.effects(decision)
    assert effect.state is EffectState.CANCELLED


def test_three_are_one_whatever_way_they_were_joined(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take([person("third"), order("third", "o-3", NOON - 20 * DAY)])
    tactful.take([consent(who, Purpose.PROFILING, None) for who in ("twin", "third")])
    first = merge(tactful, "twin", "third")
    merge(tactful, "ann", "twin")
    assert len({tactful.find(who) for who in ("ann", "twin", "third")}) == 1
    found = seen(tactful, "third").history
    assert found is not None
    assert found.orders == 3
    clock.at = NOON + timedelta(seconds=1)
    tactful.resolving.undo(first, "mia")
    assert tactful.find("third") != tactful.find("ann") == tactful.find("twin")


def test_a_child_under_one_of_their_numbers_is_a_child(tactful: Tactful) -> None:
    tactful.take([replace(person("twin"), age=AgeAssurance.MINOR, key="again")])
    merge(tactful)
    assert seen(tactful, "ann").age is AgeAssurance.MINOR


def test_whoever_is_erased_is_erased_under_every_number(tactful: Tactful) -> None:
    merge(tactful)
    tactful.erase(tactful.find("ann"))
    for who in ("ann", "twin"):
        with pytest.raises(NotFound):
            tactful.find(who)
    assert tactful.resolving.merges() == []


def test_what_cannot_be_joined_or_undone_is_said(tactful: Tactful) -> None:
    name = merge(tactful)
    with pytest.raises(InputError, match="one already"):
        merge(tactful)
    with pytest.raises(InputError, match="author"):
        tactful.resolving.merge("ann", "twin", " ")
    with pytest.raises(NotFound):
        tactful.resolving.merge("ann", "nobody", "mia")
    tactful.resolving.undo(name, "mia")
    with pytest.raises(NotFound):
        tactful.resolving.undo(name, "mia")
    (made,) = tactful.resolving.merges()
    assert made.undone_at is not None


def test_the_past_stays_as_it_was(tactful: Tactful, clock: StoppedClock) -> None:
    clock.at = NOON + 2 * DAY
    merge(tactful)
    (then,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], NOON)
    assert then.history is not None
    assert then.history.orders == 1


def test_a_file_may_say_that_two_numbers_are_one_customer(tactful: Tactful, clock: StoppedClock) -> None:
    said = replace(person("ann"), also=("till-7", "twin"), key="also")
    tactful.take([order("till-7", "o-9", NOON - 5 * DAY)])
    tactful.take([consent(who, Purpose.PROFILING, None) for who in ("twin", "till-7")])
    assert tactful.take([said]) == 1
    assert len({tactful.find(who) for who in ("ann", "till-7", "twin")}) == 1
    found = seen(tactful, "ann").history
    assert found is not None
    assert found.orders == 3
    assert tactful.take([said]) == 0
    for made in tactful.resolving.merges():
        tactful.resolving.undo(made.merge_id, "mia")
    assert tactful.take([said]) == 0
    assert tactful.find("till-7") != tactful.find("ann")


def test_a_number_that_several_claim_or_that_is_none_joins_nobody(tactful: Tactful) -> None:
    claims = [replace(person(f"c{n}"), also=("9999",), key=f"claim-{n}") for n in range(3)]
    tactful.take(claims)
    assert tactful.resolving.merges() == []
    tactful.take(
        [replace(person("c0"), also=("9999",), key="alone"), replace(person("c1"), also=("9999",), key="late")]
    )
    assert len(tactful.resolving.merges()) <= 1


def test_what_was_taken_back_is_not_proposed_again(tactful: Tactful, clock: StoppedClock) -> None:
    (made,) = tactful.resolving.resolve("mia")
    clock.at = NOON + timedelta(seconds=1)
    tactful.resolving.undo(made.merge_id, "mia")
    assert tactful.resolving.resolve("nightly") == []


def test_whoever_arrives_later_is_compared_with_the_whole_person(tactful: Tactful) -> None:
    unnamed = replace(person("anon", first_name=""), addresses={Channel.EMAIL: "ann@mail.example"})
    tactful.take([unnamed])
    tactful.resolving.resolve("mia")
    stranger = replace(person("lee", first_name="Lee"), addresses={Channel.EMAIL: "ann@mail.example"})
    child = replace(
        person("kid", first_name="Ann"), addresses={Channel.EMAIL: "ann@mail.example"}, age=AgeAssurance.MINOR
    )
    tactful.take([stranger, child])
    assert tactful.resolving.resolve("mia") == []
    assert len({tactful.find(who) for who in ("ann", "lee", "kid")}) == 3


def test_what_a_name_never_agreed_to_have_read_stays_unread(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take([event("twin", "product_viewed", NOON - timedelta(hours=1), "vase")])
    merge(tactful)
    assert [e.entity for e in seen(tactful, "ann").events] == []
    assert seen(tactful, "ann").history == seen(tactful, "twin").history
    clock.at = NOON + timedelta(hours=1)
    tactful.consents.record("ann", ConsentStatus.GRANTED, [(Purpose.PROFILING, None)], "web")
    assert [e.entity for e in seen(tactful, "ann").events] == ["vase"]


def test_one_click_stops_every_address_they_were_ever_reached_at(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take(agreed("twin"))
    name = merge(tactful)
    token = tactful.consents.tokens.make(tactful.tenant, tactful.find("ann"), Channel.EMAIL)
    clock.at = NOON + DAY
    tactful.resolving.undo(name, "mia")
    tactful.consents.unsubscribe("POST", token, {"List-Unsubscribe": "One-Click"})
    for who in ("ann", "twin"):
        assert says(tactful, who, Purpose.AD_SENDING, Channel.EMAIL) is ConsentStatus.WITHDRAWN


def test_timers_of_two_names_are_decided_on_once(tactful: Tactful, clock: StoppedClock) -> None:
    korean = [
        replace(person(who), country="KR", zone="Asia/Seoul", locale="ko", key=f"kr-{who}") for who in ("ann", "twin")
    ]
    tactful.take([*korean, *agreed("twin")])
    for who in ("ann", "twin"):
        tactful.consents.record(who, ConsentStatus.GRANTED, EMAIL, "web")
    merge(tactful)
    for hours in range(24 * 15):
        clock.at = NOON + timedelta(hours=hours)
        tactful.dispatch()
    told = [
        item
        for item in tactful.stores.journeys.effects(tactful.tenant, tactful.find("ann"))
        if item.effect.kind is Kind.DUTY
    ]
    assert len(told) == 1


def test_the_person_is_addressed_by_what_any_of_their_names_says(tactful: Tactful) -> None:
    head = replace(person("blank", first_name=""), locale=None, zone=None, addresses={})
    tactful.take([head, replace(person("seo", first_name="서연"), locale="ko", zone="Asia/Seoul", key="seo")])
    merge(tactful, "blank", "seo")
    assert tactful.where(tactful.find("blank")) == ("ko", "Asia/Seoul")
    assert tactful.stores.customers.first_name(tactful.tenant, tactful.find("blank")) == "서연"
