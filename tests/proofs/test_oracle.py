"""The oracle says yes and no: what is lawful, to whom, and every id it knows is expected somewhere."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.proofs.facts import Trouble
from tests.proofs.oracle_bench import COUNTRIES, PUSHED, YES, check, judge, kst, said
from tests.proofs.oracle_law import LAW


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("channel", [*PUSHED, "chat", "page"])
def test_plain_offer_is_lawful(channel: str, country: str) -> None:
    at = kst("2026-11-24 14:00") if channel == "kakao" else None
    person = {"zone": "Asia/Seoul"} if channel == "kakao" else {}
    assert not judge(channel, country, at=at, person=person)


@pytest.mark.parametrize("channel", [*PUSHED, "chat", "page"])
@pytest.mark.parametrize("kind", ["reply", "duty"])
def test_owed_messages_need_no_consent_hour_or_cap(channel: str, kind: str) -> None:
    body = {"kind": kind, "body": "AI: your parcel left today.", "subject": "Your parcel", "headers": {}}
    person = {"ledger": (), "age": "minor", "troubles": (Trouble("complaint", kst("2026-11-01")),)}
    assert not judge(channel, at=kst("2026-11-24 03:00"), person=person, message=body)


@pytest.mark.parametrize("kind", ["offer", "reply", "duty"])
def test_voice_is_never_lawful(kind: str) -> None:
    assert judge("voice", message={"kind": kind}) == ["voice"]


def test_unknown_channels_are_an_error() -> None:
    with pytest.raises(ValueError, match="fax"):
        judge("fax")


@pytest.mark.parametrize(
    ("person", "house", "message", "expected"),
    [
        ({}, {}, {"address": "sms-of-c2"}, "recipient"),
        ({"addresses": {}}, {}, {"address": ""}, "recipient"),
        ({}, {}, {"customer": "c2"}, "recipient"),
        ({}, {}, {"tenant": "other"}, "recipient"),
        ({}, {"tenant": "other"}, {}, "recipient"),
        ({}, {}, {"kind": "duty", "address": "elsewhere", "body": "Your parcel left."}, "recipient"),
        ({"country": "BR"}, {}, {}, "no-pack"),
        ({"country": ""}, {}, {}, "no-pack"),
        ({}, {"country": "BR"}, {}, "no-pack"),
        ({"country": "NO"}, {"packs": frozenset({"kr"})}, {}, "no-pack"),
        ({"country": "NO"}, {"packs": frozenset({"kr", "eu"})}, {}, ""),
        ({"age": "attested"}, {}, {}, ""),
        ({"age": "unknown"}, {}, {}, "kr-under14"),
        ({"age": "unknown"}, {"adults_only_since": date(2026, 11, 24)}, {}, ""),
        ({"age": "unknown"}, {"adults_only_since": date(2026, 11, 25)}, {}, "kr-under14"),
        ({"age": "minor"}, {"adults_only_since": date(2020, 1, 1)}, {}, "kr-under14"),
        ({}, {"illegal": frozenset({"bag"})}, {}, "kr-illegal-goods-ad"),
        ({}, {"illegal": frozenset({"cup"})}, {}, ""),
        ({}, {"sensitive": frozenset({"bag"})}, {}, "kr-sensitive-no-target"),
        ({"ledger": (*YES, said("sensitive"))}, {"sensitive": frozenset({"bag"})}, {}, ""),
        ({"listed": frozenset({"us-dnc"})}, {}, {}, "kr-ad-optout-stop"),
    ],
)
def test_who_and_what(person: dict[str, Any], house: dict[str, Any], message: dict[str, Any], expected: str) -> None:
    check(judge(person=person, house=house, message=message), expected)


def test_age_and_sensitive_goods_are_named_after_the_law() -> None:
    check(judge("email", "US", person={"age": "minor"}), "us-coppa")
    check(judge("email", "JP", person={"age": "minor"}), "age")
    check(judge("page", "DE", house={"sensitive": frozenset({"bag"})}), "eu-gdpr-special-data")


def ids_in(node: Any) -> set[str]:
    """Every id the parameters name, read from the keys that hold them."""
    single = {"otherwise", "vulnerability", "us_email", "address", "ad", "form", "language"}
    found: set[str] = set()
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str):
                found |= {value} if key in single or key.startswith("rule") or key.endswith("_rule") else set()
            else:
                found |= set(value.values()) if key in ("rules", "sender") else ids_in(value)
    elif isinstance(node, list):
        found = set().union(*map(ids_in, node))
    return found


def test_every_id_of_the_parameters_is_expected_somewhere_above() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_oracle*.py"))
    named = ids_in(LAW)
    assert len(named) > 70
    assert {rule for rule in named if f'"{rule}"' not in source} == set()
