"""Every template of every tool: complete in both languages, within its tool's facts, lawful as it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from agent.domain.action import Aim, Candidate, Fate, Kind, Stage, Treatment, When
from agent.domain.bundle import Words
from agent.domain.customer import Case, Channel, OpenSlot, Product
from agent.domain.facts import (
    Booking,
    Catalogued,
    CreditLeft,
    Duty,
    Foreseen,
    NearStore,
    Occasion,
    Omen,
    Order,
)
from agent.domain.money import Money
from agent.guardrails.cases import TextCase
from agent.guardrails.judge import run
from agent.guardrails.rulebook import shipped, shipped_names
from agent.guardrails.words import finish, slots_in
from agent.signals.read import read
from prompts.loading import LOCALES, MissingWords, Template, prompt, template, templates
from tests.support.people import NOON, briton, cart, customer, playbook, views
from tools.catalogue import TOOLS
from tools.contract import Task, Tool

VARIANTS = {
    "offer_chat": ("lingers",),
    "book_demo": ("talks",),
    "offer_coupon": ("cart", "views"),
    "recommend_product": ("views", "favourite", "together", "similar"),
    "ask_consent": ("email", "kakao", "sms", "push"),
    "apologise": ("case", "compensation"),
    "remind_cart": ("cart",),
    "tell_price_drop": ("viewed",),
    "tell_back_in_stock": ("wanted",),
    "remind_reorder": ("due",),
    "remind_replacement": ("due",),
    "win_back": ("loved",),
    "early_access": ("hunter",),
    "invite_event": ("delighted",),
    "invite_experience": ("tries",),
    "show_variant": ("fits",),
    "nearest_store": ("near",),
    "hand_off": ("bad", "asked"),
    "tell_order_status": ("preparing", "shipped", "delivered", "late"),
    "confirm_demo": ("booked", "moved", "cancelled"),
    "reconfirm_consent": ("reconfirm",),
    "confirm_choice": ("granted", "withdrawn"),
    "note_stock": ("demand",),
}
BESIDE = {"hand_off_packet"}
"""Words that go with another tool's message."""
ENTITY = {
    "remind_cart": "cart-1",
    "invite_event": "Winter light",
    "apologise": "case-1",
    "hand_off": "case-1",
    "tell_order_status": "o-1",
    "confirm_demo": "b-1:2",
    "reconfirm_consent": "k-1",
    "confirm_choice": "k-1",
}


def everything(locale: str, variant: str) -> dict[str, Any]:
    """A customer of whom everything is known that any tool speaks of."""
    currency = "KRW" if locale == "ko" else "GBP"
    lamp = Product(
        product_id="lamp",
        name="Blue Lamp",
        price=Money(Decimal(40), currency),
        lowest_price=Money(Decimal(50), currency),
        more=Catalogued(experience="try-on", launch_on=(NOON + timedelta(days=9)).date()),
    )
    anchor = replace(lamp, product_id="vase", name="Tall Vase")
    soon = NOON + timedelta(hours=3)
    omens = (
        *((Foreseen(omen=Omen.TOGETHER, entity="lamp", value="vase"),) if variant == "together" else ()),
        *((Foreseen(omen=Omen.SIMILAR, entity="lamp", value="vase"),) if variant == "similar" else ()),
        Foreseen(omen=Omen.CREATIVE, entity="lamp", value="night"),
        Foreseen(omen=Omen.DEMAND, entity="lamp", value="Busan", number=40, due_at=NOON + timedelta(days=9)),
    )
    credit = CreditLeft(
        case_kind="complaint",
        amount=Money(Decimal(5), currency),
        budget=Money(Decimal(100), currency),
        budget_left=Money(Decimal(100), currency),
    )
    order = Order(order_id="o-1", state="shipped", placed_at=NOON, deliver_by=soon, delivered_at=soon)
    statement = Duty(kind="reconfirm", subject="k-1", status="granted", channel="email", given_at=NOON, due_at=soon)
    return {
        "products": (lamp, anchor),
        "slots": (OpenSlot(slot_id="Maya@10", starts_at=soon, ends_at=NOON + timedelta(hours=4)),),
        "events": (*views(NOON), cart(NOON - timedelta(hours=2))),
        "foreseen": omens,
        "stores": (NearStore(store_id="s-1", name="Quay Street", metres=800, units={"lamp": 2}),),
        "orders": (order,),
        "bookings": (Booking(booking_id="b-1", state="moved", sequence=2, host="Maya", starts_at=soon, ends_at=soon),),
        "occasions": (Occasion(name="Winter light", place="Bristol", starts_at=NOON + timedelta(days=9)),),
        "credits": (credit,) if variant == "compensation" else (),
        "cases": (Case(case_id="case-1", kind="complaint", opened_at=NOON - timedelta(days=1)),),
        "duties": (statement,),
    }


def task(locale: str, action: str, channel: str, variant: str) -> Task:
    facts = everything(locale, variant)
    snapshot = customer(**facts) if locale == "ko" else briton(**facts)
    brand = playbook(locale)
    entity = ENTITY.get(action, "lamp")
    treatment = Treatment(action=action, channel=Channel(channel), when=When.NOW, at=NOON, entity=entity)
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
    ("locale", "action", "variant", "channel", "found"),
    [found for found in templates() if found[1] not in BESIDE],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_template_states_nothing_that_its_tool_does_not_know(
    locale: str, action: str, variant: str, channel: str, found: Template
) -> None:
    tool = next(t for t in TOOLS if t.action.name == action)
    made = task(locale, action, channel, variant)
    facts = tool.facts(made)
    assert set(slots_in(found.subject + found.body + found.short)) <= set(facts)
    words = Words(subject=found.subject, body=found.body)
    draft = tool.call.func(candidate="c1", body=found.body, subject=found.subject, cites=[], task=made)  # type: ignore[attr-defined]
    entry, aim = tool.action, Aim(entity=made.candidate.treatment.entity, because=variant)
    finished = finish(words, facts, locale)
    case = TextCase(made.situation, made.playbook, Channel(channel), entry, aim, draft, finished)
    for clause in shipped(shipped_names()).clauses:
        about = clause.grain is TextCase and entry.kind in clause.kinds and channel in clause.channels
        verdict = run(clause, case) if about else None
        assert verdict is None or verdict.amendments, (clause.rule_id, verdict.detail)


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


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("tool", [t for t in TOOLS if t.action.kind is Kind.OFFER], ids=lambda t: t.action.name)
def test_what_a_starter_brand_believes_of_an_offer_makes_it_worth_its_cost(locale: str, tool: Tool) -> None:
    brand = playbook(locale)
    belief = brand.actions[tool.action.name]
    worth = float(brand.economy.basket) * brand.economy.margin
    assert (belief.response.rate - brand.baseline.rate) * worth > float(belief.cost)
