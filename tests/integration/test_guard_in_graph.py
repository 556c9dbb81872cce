"""The guard inside a whole decision: what a model may see and say, what the law adds, what goes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.decisioning.choice import HashRng
from agent.domain.action import HOLD
from agent.domain.bundle import Brief, Bundle, EffectState, Proposal, Words
from agent.domain.customer import Channel, Purpose, Snapshot
from agent.domain.playbook import Limits, Playbook
from agent.graph.environment import Environment, environment
from agent.guardrails.rulebook import shipped
from agent.guardrails.words import compose
from agent.guidelines.reading import read_folder
from tests.support.decide import PlainIndex, decide
from tests.support.people import NOON, TENANT, all_consents, briton, cart, customer, playbook, reach
from tools.catalogue import Catalogue

SMS_ONLY = all_consents((Channel.SMS,))
KAKAO_ONLY = all_consents((Channel.KAKAO,))
CART = (cart(NOON - timedelta(hours=2), 164_000.0),)


class Says:
    """A model that answers with these bodies, one a call."""

    def __init__(self, *bodies: str, subject: str = "") -> None:
        self.bodies = list(bodies)
        self.subject = subject
        self.briefs: list[Brief] = []

    async def propose(self, brief: Brief, deadline: float) -> Proposal:
        self.briefs.append(brief)
        line = next(x for x in brief.lines if x.treatment.action == "offer_coupon")
        body = self.bodies[min(len(self.briefs), len(self.bodies)) - 1]
        words = Words(body=body, subject=self.subject if line.treatment.channel in ("email", "push") else "")
        return Proposal(action=line.treatment.action, ref=line.ref, words=words)


COUPON = "{{coupon.percent}} {{coupon.code}} {{coupon.minimum}} {{coupon.greatest}} {{coupon.ends}}"


def made(brand: Playbook, folder: Path | None = None) -> Environment:
    index = PlainIndex(folder) if folder else PlainIndex(Path("/nonexistent"))
    passages = read_folder(folder) if folder else ()
    return environment(TENANT, brand, shipped(brand.packs), Catalogue(), index, HashRng("t"), passages)


def brand(locale: str = "ko", **changes: Any) -> Playbook:
    return replace(playbook(locale), limits=Limits(holdout_percent=0, weekly_contacts=3, coupon_percent=30), **changes)


def text(found: Bundle, locale: str = "ko") -> tuple[str, str]:
    (effect,) = found.effects
    return compose(effect.payload, locale)


def shopper(**changes: Any) -> Snapshot:
    return customer(events=CART, consents=SMS_ONLY, reach=reach(Channel.SMS), **changes)


def test_a_text_message_stands_in_the_mediums_order() -> None:
    subject, body = text(decide(shopper(), NOON, made(brand())))
    assert subject == ""
    assert body.startswith("(광고) 온결 02-555-0123\n")
    assert body.endswith("\n무료수신거부 080-555-0123")


def test_a_british_customer_of_a_korean_brand_gets_the_label_and_a_way_out_in_each_language() -> None:
    found = decide(
        briton(events=(cart(NOON - timedelta(hours=2), 164_000.0),), consents=SMS_ONLY, reach=reach(Channel.SMS)),
        NOON + timedelta(hours=6),
        made(brand()),
    )
    _, body = text(found, "en")
    assert body.startswith("(광고) ")
    ways_out = [line for line in body.splitlines() if "080-555-0123" in line]
    assert len(ways_out) == 2
    assert ways_out[0].startswith("To object, free of charge: ")
    assert ways_out[1].startswith("무료수신거부 ")


def test_what_a_model_words_says_so_and_is_marked_as_generated() -> None:
    model = Says(f"안녕하세요. 담아 두신 상품이 그대로 있습니다. {COUPON}")
    found = decide(shopper(), NOON, made(brand()), decider=model)
    assert found.decision.chooser == "model"
    (effect,) = found.effects
    assert effect.payload.generated
    assert "AI가 작성한 글입니다." in text(found)[1]


def test_without_consent_to_a_model_abroad_the_engine_decides_and_the_rule_is_named() -> None:
    asked = tuple(c for c in SMS_ONLY if c.purpose is not Purpose.CROSS_BORDER_MODEL)
    model = Says("안녕하세요")
    found = decide(replace(shopper(), consents=asked), NOON, made(brand()), decider=model)
    assert model.briefs == []
    assert found.decision.chooser == "engine"
    assert found.decision.cause == "denied:kr-cross-border-llm"
    at_home = brand(attestations=replace(playbook("ko").attestations, model_in_country=NOON.date()))
    decide(replace(shopper(), consents=asked), NOON, made(at_home), decider=model)
    assert model.briefs


def test_words_that_the_laws_lines_push_over_the_channel_go_back_once_to_be_shortened() -> None:
    long = "안녕하세요. 담아 두신 상품이 그대로 있습니다. " + "가" * 920 + " " + COUPON
    model = Says(long, f"안녕하세요. 담아 두신 상품이 그대로 있습니다. {COUPON}")
    found = decide(shopper(), NOON, made(brand()), decider=model)
    assert len(model.briefs) == 2
    assert model.briefs[0].shorter_by == 0
    assert model.briefs[1].shorter_by > 0
    assert found.decision.chooser == "model"
    assert not found.decision.degraded


def test_words_that_stay_too_long_are_the_engines_then() -> None:
    long = "안녕하세요. " + "가" * 920 + " " + COUPON
    model = Says(long)
    found = decide(shopper(), NOON, made(brand()), decider=model)
    assert len(model.briefs) == 2
    assert found.decision.chooser == "engine"
    assert found.decision.cause == "denied:eth-shape"
    assert len(found.effects) == 1


def test_what_a_guideline_binds_holds_whether_it_was_retrieved_or_not(tmp_path: Path) -> None:
    (tmp_path / "voice.md").write_text(
        "---\nbrand: 온결\nlocale: ko\ntopic: voice\nactions: [offer_coupon]\n"
        "binds: {forbidden_words: [그대로], formality: formal, emoji: false}\n---\n# 말투\n\n존대.\n",
        encoding="utf-8",
    )
    env = made(brand(), tmp_path)
    for body in ("담아 두신 상품이 그대로 있습니다", "담아 둔 상품이야. 보러 와", "담아 두신 상품입니다 😀"):
        found = decide(shopper(), NOON, env, decider=Says(f"{body} {COUPON}"))
        assert found.decision.cause == "denied:eth-brand-guidelines", body
    fine = decide(shopper(), NOON, env, decider=Says(f"담아 두신 상품이 있습니다. {COUPON}"))
    assert fine.decision.chooser == "model"


def test_a_guideline_that_binds_a_smaller_discount_stops_the_coupon(tmp_path: Path) -> None:
    (tmp_path / "money.md").write_text(
        "---\nbrand: 온결\nlocale: ko\ntopic: money\nbinds: {greatest_discount: 5}\n---\n# 할인\n\n조금만.\n",
        encoding="utf-8",
    )
    found = decide(shopper(), NOON, made(brand(), tmp_path))
    assert all(effect.action != "offer_coupon" for effect in found.effects)
    assert "eth-brand-guidelines" in {c.rule for c in found.decision.candidates}


@pytest.mark.parametrize(
    "limits",
    [
        Limits(holdout_percent=0, coupon_percent=5),
        Limits(holdout_percent=0, coupon_amount=Decimal(100)),
        Limits(holdout_percent=0, review=("offer_coupon",)),
    ],
)
def test_what_is_over_the_owners_limits_waits_for_a_person(limits: Limits) -> None:
    found = decide(shopper(), NOON, made(replace(playbook("ko"), limits=limits)))
    (effect,) = found.effects
    assert effect.state is EffectState.HELD
    assert "eth-human-route" in {v.rule for v in found.decision.verdicts}


def test_kakao_waits_for_the_platform_also_with_a_night_consent() -> None:
    evening = NOON + timedelta(hours=8, minutes=55)  # 20:55 in Seoul
    nightly = (*KAKAO_ONLY, *(c for c in all_consents() if False))
    found = decide(
        customer(events=(cart(evening - timedelta(hours=2), 164_000.0),), consents=nightly, reach=reach(Channel.KAKAO)),
        evening,
        made(brand()),
    )
    assert found.effects == () or found.effects[0].due_at > evening


def test_a_model_that_holds_is_let_be() -> None:
    class Silent:
        async def propose(self, brief: Brief, deadline: float) -> Proposal:
            return Proposal(action=HOLD, ref="", words=Words(body=""))

    assert decide(shopper(), NOON, made(brand()), decider=Silent()).effects == ()
