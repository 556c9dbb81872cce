"""Every rule of every pack stands or falls by its boundary table: readable by a lawyer, run one by one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.domain.action import Action, Aim, Candidate, Fate, Kind, Stage, Treatment, When
from agent.domain.bundle import Draft, Payload, SlotKind, SlotValue, Words
from agent.domain.customer import AgeAssurance, CampaignLeft, Case, Channel, Consent, Contact, Purpose, Snapshot
from agent.domain.money import Money
from agent.domain.playbook import Attestations, Playbook
from agent.domain.verdict import Verdict, VerdictKind
from agent.guardrails.cases import ActionCase, ChannelCase, CustomerCase, TextCase, TreatmentCase
from agent.guardrails.judge import _run
from agent.guardrails.rulebook import SHIPPED, Clause, shipped
from agent.guardrails.words import amend, finish
from agent.signals.read import read
from tests.support.people import NOON, all_consents, customer, granted, playbook, withdrawn

TABLES = Path(__file__).parent / "boundaries"
PACKS = ("kr", "uk", "ethics")
DAY = timedelta(days=1)


def cases() -> list[Any]:
    found = []
    for pack in PACKS:
        table = yaml.safe_load((TABLES / f"{pack}.yaml").read_text(encoding="utf-8"))
        found += [
            pytest.param(rule, case, id=f"{rule}-{n}") for rule, rows in table.items() for n, case in enumerate(rows)
        ]
    return found


def test_every_pack_has_a_table_and_every_rule_a_row_on_each_side() -> None:
    assert {path.stem for path in SHIPPED.glob("*.yaml")} == set(PACKS)
    for pack in PACKS:
        table = yaml.safe_load((TABLES / f"{pack}.yaml").read_text(encoding="utf-8"))
        rules = {clause.rule_id: clause for clause in shipped(PACKS).clauses if clause.pack == pack}
        assert set(table) == set(rules)
        for rule, rows in table.items():
            said = {"allow" if row["expect"] == "allow" else "speaks" for row in rows}
            always = rules[rule].verdict is VerdictKind.AMEND
            assert said == ({"speaks"} if always else {"allow", "speaks"}), rule


@pytest.mark.parametrize(("rule", "row"), cases())
def test_boundary(rule: str, row: dict[str, Any]) -> None:
    clause = next(c for c in shipped(PACKS).clauses if c.rule_id == rule)
    verdict = _run(clause, _case(clause, row))
    expect = row["expect"]
    if expect == "allow":
        assert verdict is None
    elif expect in ("deny", "review", "amend"):
        assert verdict is not None
        assert verdict.kind is VerdictKind[expect.upper()]
        if expect == "amend":
            _check_text(verdict, row)
    else:
        assert verdict is not None
        assert verdict.kind is VerdictKind.DEFER
        assert verdict.until == datetime.fromisoformat(expect)


KEYS = {"expect", "channel", "at", "zone", "age", "attested_from", "consents", "withdrawn", "expires", "objected"}
KEYS |= {"contacts", "contact_kind", "cap", "offered", "offered_entity", "offered_action", "cases", "campaign"}
KEYS |= {"percent", "coupon_limit", "slot", "words", "required", "lives_seconds", "subject", "starts", "ends"}
"""What a row may say. Days are days ago; `at` is when the message leaves; `expect` is allow, a verdict or a time."""


def test_no_row_says_anything_that_is_not_understood() -> None:
    for pack in PACKS:
        table = yaml.safe_load((TABLES / f"{pack}.yaml").read_text(encoding="utf-8"))
        for rule, rows in table.items():
            for row in rows:
                assert set(row) <= KEYS, (rule, row)


def _check_text(verdict: Verdict, row: dict[str, Any]) -> None:
    words = row["words"]
    subject, body = amend(words.get("subject", ""), words["body"], verdict.amendments)
    assert subject == row.get("subject", subject)
    assert body.startswith(row.get("starts", ""))
    assert body.endswith(row["ends"])


def _case(clause: Clause, row: dict[str, Any]) -> Any:
    snapshot, brand = _snapshot(row), _playbook(row)
    situation = read(snapshot, NOON, brand.brand.currency)
    channel = Channel(row.get("channel", "email"))
    at = datetime.fromisoformat(row["at"]) if "at" in row else NOON
    if clause.grain is CustomerCase:
        return CustomerCase(situation, brand)
    if clause.grain is ChannelCase:
        return ChannelCase(situation, brand, channel)
    if clause.grain is TreatmentCase:
        return TreatmentCase(situation, brand, channel, at)
    action = Action(
        name="offer_coupon",
        kind=Kind.OFFER,
        channels=(channel,),
        aim=lambda _: None,
        weight=lambda _: 1.0,
        half_life_hours=1,
        expires_hours=1,
        uses_campaign=True,
    )
    if clause.grain is ActionCase:
        return ActionCase(situation, brand, action, Aim(entity="cart-1", because="cart"))
    draft = _draft(row, channel)
    return TextCase(situation, brand, channel, draft, finish(draft.payload.words, draft.payload.slots, "ko"))


def _snapshot(row: dict[str, Any]) -> Snapshot:
    consents: tuple[Consent, ...] = all_consents() if "consents" not in row and "withdrawn" not in row else ()
    for make, names in ((granted, row.get("consents", [])), (withdrawn, row.get("withdrawn", []))):
        for name in names:
            purpose, _, channel = name.partition(":")
            consents += (make(Purpose(purpose), Channel(channel) if channel else None),)
    if "expires" in row:
        consents = tuple(replace(c, expires_at=datetime.fromisoformat(row["expires"])) for c in consents)
    return customer(
        zone=row.get("zone", "Asia/Seoul"),
        age=AgeAssurance(row.get("age", "attested")),
        objected_at=NOON - DAY if row.get("objected") else None,
        consents=consents,
        contacts=tuple(
            [_contact(days, "any", "any", row.get("contact_kind", "offer")) for days in row.get("contacts", [])]
            + [
                _contact(days, row.get("offered_action", "offer_coupon"), row.get("offered_entity", "cart-1"), "offer")
                for days in row.get("offered", [])
            ]
        ),
        cases=tuple(
            Case(
                case_id="k",
                kind="complaint",
                opened_at=NOON - c["opened"] * DAY,
                closed_at=NOON - c["closed"] * DAY if "closed" in c else None,
            )
            for c in row.get("cases", [])
        ),
        campaigns=(_campaign(row["campaign"]),) if "campaign" in row else (),
    )


def _contact(days: float, action: str, entity: str, kind: str) -> Contact:
    return Contact(channel=Channel.EMAIL, action=action, entity=entity, kind=kind, at=NOON - days * DAY)


def _campaign(given: dict[str, int]) -> CampaignLeft:
    def won(amount: int) -> Money:
        return Money(Decimal(amount), "KRW")

    return CampaignLeft(
        campaign="spring",
        percent=10,
        minimum_spend=won(50_000),
        budget=won(100_000),
        budget_left=won(given["left"]),
        face_value=won(14_000),
        ends_at=NOON + given["ends"] * DAY,
        share=1,
        share_left=given["share"],
    )


def _playbook(row: dict[str, Any]) -> Playbook:
    brand = playbook("ko")
    limits = replace(
        brand.limits,
        weekly_contacts=row.get("cap", brand.limits.weekly_contacts),
        coupon_percent=row.get("coupon_limit", brand.limits.coupon_percent),
    )
    stated = row.get("attested_from")
    assert stated is None or isinstance(stated, date)
    return replace(brand, limits=limits, attestations=Attestations(adults_only=stated))


def _draft(row: dict[str, Any], channel: Channel) -> Draft:
    words = row.get("words", {"body": "Hello"})
    body = re.sub(r"LONG(\d+)", lambda match: "가" * int(match.group(1)), words["body"])
    slots = {"product.price": SlotValue(kind=SlotKind.MONEY, value="20", unit="GBP")}
    if "percent" in row:
        slots["coupon.percent"] = SlotValue(kind=SlotKind.PERCENT, value=str(row["percent"]))
    if "slot" in row:
        slots["product.name"] = SlotValue(kind=SlotKind.TEXT, value=row["slot"])
    treatment = Treatment(action="offer_coupon", channel=channel, when=When.NOW, at=NOON, entity="cart-1")
    candidate = Candidate(treatment=treatment, kind=Kind.OFFER, fate=Fate.LOST, stage=Stage.ARBITRATION)
    return Draft(
        treatment=candidate.treatment,
        kind=candidate.kind,
        window="w",
        expires_at=NOON + timedelta(seconds=row.get("lives_seconds", 3600)),
        required=tuple(row.get("required", ())),
        payload=Payload(words=Words(subject=words.get("subject", ""), body=body), slots=slots),
    )
