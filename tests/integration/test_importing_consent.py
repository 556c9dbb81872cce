"""Consent as files and events bring it: refusals count however they are spelt, silence changes nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.domain.customer import PUSHED, Basis, Channel, Condition, ConsentStatus, Purpose
from agent.service import Tactful
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import agreed, person, product
from tests.support.people import NOON

HEAD = "customer,purpose,channel,status,given_at,basis,conditions,deal_ended_at\n"


@pytest.fixture
def tactful(tmp_path: Path) -> Tactful:
    made = product(tmp_path / "home", Database(f"sqlite:///{tmp_path}/t.db"), StoppedClock(), CountingIds())
    made.take([person("ann"), *agreed("ann")])
    return made


def granted(tactful: Tactful, channel: Channel = Channel.EMAIL) -> bool:
    (found,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], NOON)
    return found.granted(Purpose.AD_SENDING, channel, NOON) and not found.objected_at


def profiled(tactful: Tactful) -> bool:
    (found,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], NOON)
    return found.granted(Purpose.PROFILING, None, NOON)


@pytest.mark.parametrize(
    "row",
    [
        "ann,ad_sending,email,withdrawn,2026-11-01T00:00Z",
        "ann,ad_sending,email,refused,2026-11-01T00:00Z",
        "ann,ad_sending,email,opted_out,2026-11-01T00:00Z",
        "ann,ad_sending,email,withdrawn,2026-11-01 09:00",
        "ann,ad_sending,email,withdrawn,yesterday",
        "ann,ad_sending,,withdrawn,2026-11-01T00:00Z",
        "ann,ad_sending,e-mail,unsubscribed,2026-11-01T00:00Z",
        "ann,ads,,no,2026-11-01T00:00Z",
        "ann,,,withdrawn,",
        "ann,ad_sending,email,withdrawn,2026-11-21T00:00Z",
    ],
)
def test_a_refusal_counts_however_it_is_spelt(tactful: Tactful, tmp_path: Path, row: str) -> None:
    assert granted(tactful)
    path = tmp_path / "c.csv"
    path.write_text(HEAD + row + ",,,\n", encoding="utf-8")
    tactful.import_file("consents", path)
    assert not granted(tactful)


@pytest.mark.parametrize(
    "row", ["ann,ad_sending,sms,maybe,2026-01-01T00:00Z", "ann,ad_sending,,granted,2026-01-01T00:00Z"]
)
def test_a_grant_that_cannot_be_read_grants_nothing(tactful: Tactful, tmp_path: Path, row: str) -> None:
    path = tmp_path / "c.csv"
    path.write_text(HEAD + row + ",,,\n", encoding="utf-8")
    assert tactful.import_file("consents", path).new == 0
    assert not granted(tactful, Channel.SMS)


def test_a_basis_comes_with_its_conditions(tactful: Tactful, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(
        HEAD
        + "ann,ad_sending,sms,granted,2026-10-01T00:00Z,existing_deal,own_goods same_kind,2026-10-01T00:00Z\n"
        + "ann,ad_sending,push,granted,2026-10-01T00:00Z,existing_deal,own_luck,2026-10-01T00:00Z\n",
        encoding="utf-8",
    )
    tally = tactful.import_file("consents", path)
    assert list(tally.reasons) == [f"conditions: not among {', '.join(Condition)}"]
    (found,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], NOON)
    deal = found.grant(Purpose.AD_SENDING, Channel.SMS, Basis.EXISTING_DEAL, NOON)
    assert deal is not None
    assert deal.conditions == (Condition.OWN_GOODS, Condition.SAME_KIND)


def said(kind: str = "track", event: str = "Product Viewed", properties: Any = None, **context: Any) -> str:
    return json.dumps(
        {
            "type": kind,
            "event": event,
            "userId": "ann",
            "timestamp": NOON.isoformat(),
            "properties": properties or {"product_id": "lamp"},
            "context": context,
        }
    )


@pytest.mark.parametrize(
    ("preset", "message"),
    [
        ("segment", said(consent={"categoryPreferences": {"Advertising": False}})),
        ("segment", said("identify", consent={"categoryPreferences": {"Advertising": False}})),
        ("segment", said(gpc=True)),
        ("segment", said(globalPrivacyControl="1")),
        ("rudderstack", said(consentManagement={"provider": "oneTrust", "deniedConsentIds": ["Advertising"]})),
        (
            "segment",
            said(event="Order Completed", properties={"products": [{"price": "N/A"}], "currency": "GBP"}, gpc=1),
        ),
    ],
)
def test_a_denial_beside_an_event_ends_profiling(tactful: Tactful, tmp_path: Path, preset: str, message: str) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(message + "\n", encoding="utf-8")
    tactful.import_file("events", path, preset)
    assert not profiled(tactful)


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"consent": {}},
        {"consent": {"categoryPreferences": {}}},
        {"consent": {"categoryPreferences": {"Analytics": False}}},
        {"consent": {"categoryPreferences": {"Advertising": "no"}}},
        {"consent": "no"},
        {"consentManagement": {"deniedConsentIds": "Advertising"}},
        {"gpc": False},
        {"gpc": "yes"},
    ],
)
def test_what_is_missing_or_unclear_changes_nothing(tactful: Tactful, tmp_path: Path, context: dict[str, Any]) -> None:
    before = tactful.consents.history("ann")
    path = tmp_path / "e.jsonl"
    path.write_text(said(**context) + "\n", encoding="utf-8")
    tactful.import_file("events", path, "segment")
    assert tactful.consents.history("ann") == before


def test_a_number_is_no_yes(tactful: Tactful, tmp_path: Path) -> None:
    tactful.consents.record("ann", ConsentStatus.WITHDRAWN, [(Purpose.PROFILING, None)], "test")
    path = tmp_path / "e.jsonl"
    path.write_text(
        said(consent={"categoryPreferences": {"Advertising": 1, "Targeting": 1.0}}) + "\n", encoding="utf-8"
    )
    tactful.import_file("events", path, "segment")
    assert not profiled(tactful)


def test_a_register_finds_numbers_written_with_the_zero_of_home(tactful: Tactful, tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("address,register,copied_at\n+44 (0)7700-900000,tps,2026-11-19T00:00Z\n", encoding="utf-8")
    assert tactful.import_file("suppressions", path).new == 1
    (found,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], NOON + timedelta(minutes=1))
    assert {r.channel for r in found.reach if r.listed} == {Channel.SMS}
    assert set(PUSHED) >= {r.channel for r in found.reach}
