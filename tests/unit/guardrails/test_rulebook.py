"""A playbook may make rules stricter, never looser; packs say which law and how sure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.domain.customer import Channel
from agent.domain.errors import PackError, PlaybookError
from agent.guardrails.judge import Guard
from agent.guardrails.rulebook import RuleBook, shipped, shipped_names, shipped_texts
from agent.signals.read import read
from tests.support.decide import env
from tests.support.people import NOON, customer, playbook

BOOK = shipped(shipped_names())
ACTIONS = {a.name: a for a in env().toolset.actions()}


@pytest.mark.parametrize(
    "stricter",
    [
        {"kr-night-margin": {"opens": "10:00", "closes": "18:00"}},
        {"eth-contact-cap": {"contacts": 1}},
        {"eth-open-complaint": {"days": 30}},
        {"eth-ignore-cooldown": {"times": 1, "rest_days": 90}},
        {"eth-human-route": {"percent": 5}},
        {"us-fl-cap": {"contacts": 1}},
        {"eth-reject-cooldown": {"days": 365}},
        {"us-dnc": {"days": 7}},
        {"std-gmail-bulk": {"below": 0.001}},
        {"kr-under14": {"accepted": ["verified"]}},
    ],
)
def test_a_playbook_may_make_a_rule_stricter(stricter: dict[str, dict[str, Any]]) -> None:
    tight = BOOK.tightened(stricter)
    rule = next(iter(stricter))
    before = next(c for c in BOOK.clauses if c.rule_id == rule)
    after = next(c for c in tight.clauses if c.rule_id == rule)
    assert after.parameters != before.parameters
    assert after.twin != before.twin


@pytest.mark.parametrize(
    ("looser", "said"),
    [
        ({"kr-night-block": {"opens": "07:00"}}, "loosen"),
        ({"kr-night-block": {"closes": "22:00"}}, "loosen"),
        ({"kr-night-block": {"zones": ["customer"]}}, "loosen"),
        ({"eth-night": {"unless": "night"}}, "loosen"),
        ({"us-tx": {"sundays": {"opens": "09:00", "closes": "21:00"}}}, "loosen"),
        ({"eth-contact-cap": {"contacts": 9}}, "loosen"),
        ({"eth-open-complaint": {"days": 1}}, "loosen"),
        ({"eth-open-complaint": {"kinds": ["debt"]}}, "loosen"),
        ({"eth-human-route": {"percent": 50}}, "loosen"),
        ({"eth-contact-cap-email": {"most": 7}}, "loosen"),
        ({"us-dnc": {"register": "mine"}}, "loosen"),
        ({"kr-under14": {"accepted": ["verified", "minor"]}}, "loosen"),
        ({"kr-ad-prior-consent": {"grounds": []}}, "nothing to tune"),
        ({"kr-night-block": {"shuts": "20:00"}}, "unknown parameter"),
        ({"kr-night-block": {"opens": "soon"}}, "tighten.kr-night-block.opens"),
        ({"no-such-rule": {"days": 1}}, "no such rule"),
    ],
)
def test_a_playbook_that_would_loosen_a_rule_is_refused(looser: dict[str, dict[str, Any]], said: str) -> None:
    with pytest.raises(PlaybookError, match=said):
        BOOK.tightened(looser)


def test_the_stricter_hours_hold_in_the_guard() -> None:
    brand = replace(playbook("ko"), tighten={"kr-night-margin": {"opens": "13:00", "closes": "14:00"}})
    guard = Guard(shipped(brand.packs), brand)
    screen = guard.screen(read(customer(), NOON, "KRW"))
    due, moved = guard.lawful_from(screen, ACTIONS["offer_coupon"].kind, Channel.SMS, NOON)
    assert (due - NOON).total_seconds() == 3600
    assert moved is not None
    assert moved.rule == "kr-night-margin"


def test_a_lexicon_family_that_is_not_there_is_refused_with_file_and_line() -> None:
    texts = shipped_texts(("kr",))
    texts["ethics"] = texts["ethics"].replace("families: [shame]", "families: [flattery]", 1)
    with pytest.raises(PackError, match="flattery") as error:
        RuleBook(texts)
    assert error.value.place.startswith("ethics.yaml:")


@pytest.mark.parametrize(
    ("country", "region", "phone", "has", "has_not"),
    [
        ("US", "US-CA", "", {"us-ca-bot", "us-tcpa-hours"}, {"us-fl", "us-strict-default", "kr-night-block"}),
        ("US", "US-CA", "US-FL", {"us-ca-bot", "us-fl"}, {"us-tx", "us-strict-default"}),
        ("US", None, "", {"us-strict-default"}, {"us-fl", "us-ca-bot"}),
        ("US", None, "US-TX", {"us-tx"}, {"us-strict-default"}),
        ("DE", None, "", {"eu-eprivacy-soft-optin", "eth-age"}, {"us-tcpa-hours", "kr-night-block"}),
        ("NO", None, "", {"eu-gdpr-dm-objection"}, {"kr-under14"}),
    ],
)
def test_the_rules_follow_from_where_somebody_lives_and_what_their_number_says(
    country: str, region: str | None, phone: str, has: set[str], has_not: set[str]
) -> None:
    brand = playbook("en")
    guard = Guard(shipped(brand.packs), brand)
    reach = tuple(replace(r, region=phone) if r.channel is Channel.SMS else r for r in customer().reach)
    screen = guard.screen(read(customer(country=country, region=region, reach=reach), NOON, "GBP"))
    rules = {str(c.rule_id) for c in screen.clauses}
    assert has <= rules
    assert not has_not & rules
    assert screen.covered
