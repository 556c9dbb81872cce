"""Protected attributes never move a decision: flip each of them within one legal class, and nothing changes."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.decisioning.features import ALLOWED, blind
from agent.domain.bundle import Bundle
from agent.domain.customer import AgeAssurance, Snapshot
from agent.domain.ids import AddressRef
from agent.domain.signals import Situation
from agent.signals.read import read
from tests.support.decide import decide, env
from tests.support.people import NOON, cart, customer, reach, views

SHOPPER = customer(events=(*views(NOON), cart(NOON - timedelta(hours=2), 164_000.0)))
ENV = env()

FLIPS = {
    "age within the adults": lambda s: replace(s, age=AgeAssurance.VERIFIED),
    "the address": lambda s: replace(
        s, reach=tuple(replace(r, address_ref=AddressRef(f"b_{r.channel}")) for r in reach())
    ),
    "the region": lambda s: replace(s, region="KR-26"),
    "the zone of the same hour": lambda s: replace(s, zone="Asia/Tokyo"),
}


def shown(found: Bundle) -> tuple[object, ...]:
    """What was decided: choice, scores, reasons and words; not the hashes of inputs, nor where it is sent."""
    words = [(e.payload, e.due_at) for e in found.effects]
    return found.decision.chosen, found.decision.hold, found.decision.candidates, words


@pytest.mark.parametrize("flip", FLIPS)
def test_flipping_it_changes_no_decision(flip: str) -> None:
    assert shown(decide(FLIPS[flip](SHOPPER), NOON, ENV)) == shown(decide(SHOPPER, NOON, ENV))


@settings(max_examples=40)
@given(
    hours=st.integers(1, 60),
    value=st.integers(1, 400_000),
    flips=st.lists(st.sampled_from(sorted(FLIPS)), min_size=1, max_size=4, unique=True),
)
def test_no_mix_of_them_does_on_any_situation(hours: int, value: int, flips: list[str]) -> None:
    plain = customer(events=(*views(NOON), cart(NOON - timedelta(hours=hours), float(value))))
    turned = plain
    for flip in flips:
        turned = FLIPS[flip](turned)
    assert shown(decide(turned, NOON, ENV)) == shown(decide(plain, NOON, ENV))


def test_features_are_made_of_the_allowed_fields_alone() -> None:
    """Whatever else a snapshot holds, now or later, aims and scores see a blank in its place."""
    odd = replace(SHOPPER, country="XX", region="XX-1", zone="Etc/UTC", locale="en", age=AgeAssurance.MINOR, ordinal=9)
    seen = blind(Situation(snapshot=odd, now=NOON, signals=read(SHOPPER, NOON, "KRW").signals)).snapshot
    blank = blind(read(SHOPPER, NOON, "KRW")).snapshot
    assert seen == blank
    for field in fields(Snapshot):
        if field.name in ALLOWED:
            assert getattr(seen, field.name) == getattr(odd, field.name)


def test_the_brief_names_no_protected_attribute() -> None:
    from agent.graph import nodes

    situation = nodes.sense(ENV, SHOPPER, NOON)
    weighing = nodes.weigh(ENV, situation, {})
    text = repr(nodes.brief(ENV, weighing, nodes.recall(ENV, situation)))
    for word in ("attested", "Asia/Seoul", "c_1", "a_email", "'KR'"):
        assert word not in text
