"""How verdicts merge, and that whatever breaks, denies."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.action import Fate, HoldReason, When
from agent.domain.bundle import Draft, EffectState, Payload, Words
from agent.domain.customer import PUSHED, Channel, Purpose
from agent.domain.errors import PackError
from agent.domain.verdict import VerdictKind
from agent.guardrails import rules
from agent.guardrails.judge import Guard
from agent.guardrails.rulebook import RuleBook, shipped, shipped_texts
from agent.signals.read import read
from tests.support.decide import decide, env
from tests.support.people import NOON, all_consents, briton, campaign, cart, customer, playbook, views, withdrawn

ACTIONS = {a.name: a for a in env().toolset.actions()}
PACKS = shipped_texts(("kr", "uk"))


def broken(name: str) -> Any:
    """The rule of this name, broken: same parameters, but it raises."""

    @wraps(rules.RULES[name])
    def raising(case: Any, rule: Any) -> None:
        raise RuntimeError("broken")

    return raising


def guard(book: RuleBook | None = None) -> Guard:
    return Guard(book or shipped(("kr", "uk", "ethics")), playbook("ko"))


def test_a_rule_that_raises_denies_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.guardrails.pack.RULES", {**rules.RULES, "opted_out": broken("opted_out")})
    found = decide(customer(events=(cart(NOON - timedelta(hours=2)),)), NOON, env(RuleBook(PACKS)))
    assert found.effects == ()
    assert {c.rule for c in found.decision.candidates if c.treatment.channel in PUSHED and c.fate is Fate.REMOVED} >= {
        "kr-ad-optout-stop"
    }


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(sorted(rules.RULES)), st.integers(0, 23), st.booleans())
def test_no_rule_that_breaks_lets_anything_through_that_held_before(name: str, hour: int, korean: bool) -> None:
    """Breaking any one rule can only remove effects, never add one."""
    now = NOON + timedelta(hours=hour)
    made = (customer if korean else briton)(events=(cart(now - timedelta(hours=2), 164_000.0), *views(now)))
    sound = decide(made, now, env(RuleBook(PACKS)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agent.guardrails.pack.RULES", {**rules.RULES, name: broken(name)})
        hurt = decide(made, now, env(RuleBook(PACKS)))
    assert len(hurt.effects) <= len(sound.effects)


def test_an_empty_book_denies_everything() -> None:
    found = decide(customer(events=(cart(NOON - timedelta(hours=2)),)), NOON, env(RuleBook({})))
    assert found.decision.chosen is None
    assert {c.rule for c in found.decision.candidates if c.fate is Fate.REMOVED} == {"tactful-no-rules"}


@pytest.mark.parametrize("country", [None, "BR", "XX"])
def test_a_country_without_a_pack_gets_no_offer(country: str | None) -> None:
    found = decide(customer(country=country, events=(cart(NOON - timedelta(hours=2)),)), NOON)
    assert found.decision.hold.reason is HoldReason.INELIGIBLE
    assert found.effects == ()


def test_deferrals_of_several_rules_end_at_the_first_minute_that_all_allow() -> None:
    night = datetime.fromisoformat("2026-11-20T22:30:00+09:00").astimezone(NOON.tzinfo)
    screen = guard().screen(read(customer(), night, "KRW"))
    due, moved = guard().lawful_from(screen, ACTIONS["offer_coupon"].kind, Channel.SMS, night)
    assert due == datetime.fromisoformat("2026-11-21T08:05:00+09:00")
    assert moved is not None
    assert moved.rule in ("kr-night-block", "kr-night-margin")


@given(
    st.integers(0, 60 * 24 * 400),
    st.sampled_from(["Asia/Seoul", "Europe/London", "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_deferral_never_ends_at_an_unlawful_minute(minutes: int, zone: str) -> None:
    at = NOON + timedelta(minutes=minutes)
    brand = guard()
    screen = brand.screen(read(customer(zone=zone), at, "KRW"))
    due, moved = brand.lawful_from(screen, ACTIONS["offer_coupon"].kind, Channel.SMS, at)
    if moved is not None and moved.kind is VerdictKind.DENY:
        return
    assert due >= at
    again, still = brand.lawful_from(screen, ACTIONS["offer_coupon"].kind, Channel.SMS, due)
    assert (again, still) == (due, None)


SHOPPER = customer(events=(cart(NOON - timedelta(hours=2), 164_000.0),))


def drafted(words: Words) -> Draft:
    """What the engine would send to a shopper, in other words."""
    made = decide(SHOPPER, NOON)
    (effect,) = made.effects
    assert made.decision.chosen is not None
    return Draft(
        treatment=made.decision.chosen,
        kind=effect.kind,
        payload=Payload(words=words, slots=effect.payload.slots),
        window="w",
        expires_at=effect.expires_at,
    )


def test_a_denial_outweighs_a_review_and_amendments_are_all_kept() -> None:
    draft = drafted(Words(body="무료로 드려요", subject="안녕하세요"))
    screen = guard().screen(read(SHOPPER, NOON, "KRW"))
    ruling = guard().judge(screen, ACTIONS[draft.treatment.action], draft, None)
    assert ruling.kind is VerdictKind.DENY
    assert ruling.forbidding is not None
    assert "eth-facts-in-slots" in {v.rule for v in ruling.verdicts if v.kind is VerdictKind.DENY}
    assert ruling.amendments


def test_a_discount_over_the_limit_is_held_for_a_person() -> None:
    found = decide(replace(SHOPPER, campaigns=(campaign("KRW", percent=25),)), NOON)
    (effect,) = found.effects
    assert effect.action == "offer_coupon"
    assert effect.state is EffectState.HELD
    assert "eth-human-route" in {v.rule for v in found.decision.verdicts}


def test_a_withdrawal_on_one_channel_leaves_the_others() -> None:
    consents = (*all_consents((Channel.EMAIL,)), withdrawn(Purpose.AD_SENDING, Channel.SMS))
    found = decide(
        customer(
            consents=consents,
            events=(cart(NOON - timedelta(hours=2), 164_000.0),),
        ),
        NOON,
    )
    by_channel = {
        c.treatment.channel: c.rule for c in found.decision.candidates if c.treatment.action == "offer_coupon"
    }
    assert by_channel[Channel.SMS] == "kr-ad-optout-stop"
    assert by_channel[Channel.PUSH] == "kr-ad-prior-consent"
    assert by_channel[Channel.EMAIL] not in ("kr-ad-optout-stop", "kr-ad-prior-consent")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("rule: quiet_hours", "rule: quiet_ours", "rules.N.rule"),
        ('opens: "08:00", ', "", "rules.N.parameters.opens"),
        ('opens: "08:00"', "opens: soon", "rules.N.parameters.opens"),
        ('opens: "08:00"', 'opens: "08:00", shuts: 3', "rules.N.parameters.shuts"),
        ("grain: treatment", "grain: customer", "rules.N.grain"),
        (
            "surface: pushed\n    channels: [sms, push",
            "surface: in_session\n    channels: [sms, push",
            "rules.N.channels",
        ),
        ("stage: clock", "stage: clocks", "rules.N.stage"),
        ("verdict: defer", "verdict: maybe", "rules.N.verdict"),
    ],
)
def test_a_broken_pack_is_refused_with_file_line_and_field(old: str, new: str, field: str) -> None:
    before = PACKS["kr"][: PACKS["kr"].index(old, PACKS["kr"].index("id: kr-night-block"))]
    number = before.partition("duties:")[0].count("  - id: ") - 1
    with pytest.raises(PackError) as error:
        RuleBook(PACKS | {"kr": before + PACKS["kr"][len(before) :].replace(old, new, 1)})
    line = before.count("\n") + 1 + field.endswith("channels")
    assert error.value.place == f"kr.yaml:{line}"
    assert field.replace("N", str(number)) in str(error.value)


def test_a_pack_that_does_not_exist_is_refused_with_the_names_of_those_that_do() -> None:
    with pytest.raises(PackError) as error:
        shipped(("kr", "moon"))
    assert "ethics" in error.value.next_step


def test_at_night_the_offer_waits_for_the_first_lawful_minute() -> None:
    night = datetime.fromisoformat("2026-11-20T22:30:00+09:00").astimezone(NOON.tzinfo)
    shopper = customer(consents=all_consents((Channel.SMS,)), events=(cart(night - timedelta(hours=1), 164_000.0),))
    found = decide(shopper, night)
    assert found.decision.chosen is not None
    assert found.decision.chosen.when is When.NEXT_LAWFUL
    (effect,) = found.effects
    assert effect.due_at == datetime.fromisoformat("2026-11-21T08:05:00+09:00")
    assert effect.channel is Channel.SMS
