"""What a check of the data finds, on both stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.domain.customer import Channel, Purpose
from agent.domain.imports import FactRow, Quarantined
from agent.domain.quality import Finding, Kind, Weight
from agent.service import Tactful
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import consent, event, order, person, product
from tests.support.people import NOON

DAY = timedelta(days=1)


@pytest.fixture
def tactful(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds) -> Tactful:
    return product(tmp_path, database, clock, ids)


def finding(tactful: Tactful, kind: Kind, what: str) -> Finding:
    (found,) = [f for f in tactful.check().findings if (f.kind, f.what) == (kind, what)]
    return found


def test_what_is_missing_is_counted_against_all(tactful: Tactful) -> None:
    nobody = replace(person("bob"), country=None, zone=None, addresses={})
    tactful.take([person("ann"), nobody, consent("ann", Purpose.PROFILING, None)])
    for what, count in (("country", 1), ("zone", 1), ("address", 1), ("email", 1), ("consent", 1), ("age", 0)):
        found = finding(tactful, Kind.MISSING, what)
        assert (found.count, found.total) == (count, 2), what
        assert found.weight is (Weight.LOOK if count else Weight.FINE)


def test_what_everybody_lacks_and_nothing_works_without_stops(tactful: Tactful) -> None:
    tactful.take([person("ann")])
    assert finding(tactful, Kind.MISSING, "consent").weight is Weight.STOP
    assert finding(tactful, Kind.MISSING, "phone").weight is Weight.FINE


def test_what_was_not_heard_of_for_long_is_stale(tactful: Tactful) -> None:
    tactful.take([event("ann", "page_viewed", NOON - 8 * DAY), order("ann", "o-1", NOON - 29 * DAY)])
    assert finding(tactful, Kind.STALE, "events").weight is Weight.LOOK
    assert finding(tactful, Kind.STALE, "events").number == 8.0
    assert finding(tactful, Kind.STALE, "transactions").weight is Weight.FINE


def test_doubles_are_people_and_orders(tactful: Tactful) -> None:
    bob = replace(person("bob", first_name="Bob"), addresses={Channel.EMAIL: "ann@mail.example"})
    twin = replace(person("twin"), addresses={Channel.EMAIL: "ann@mail.example"})
    tactful.take([person("ann"), bob, twin, order("ann", "o-1", NOON - DAY)])
    tactful.take([replace(order("bob", "o-1", NOON - DAY), key="line-again")])
    assert finding(tactful, Kind.DUPLICATE, "to_join").count == 1
    assert finding(tactful, Kind.DUPLICATE, "kept_apart").count == 3
    assert finding(tactful, Kind.DUPLICATE, "orders_of_several").count == 1


def test_what_cannot_be_is_found(tactful: Tactful) -> None:
    tactful.take(
        [
            replace(person("ann"), zone="Asia/Seoul"),
            order("ann", "o-1", NOON + DAY),
            order("ann", "o-2", NOON - DAY, quantity=-3),
            order("bob", "o-3", NOON - DAY, price="0.00"),
            event("ann", "page_viewed", NOON + DAY),
            consent("ann", Purpose.PROFILING, None, at=NOON + DAY),
        ]
    )
    found = {f.what: f.count for f in tactful.check().findings if f.kind is Kind.IMPOSSIBLE}
    assert found == {
        "lines_ahead": 1,
        "events_ahead": 1,
        "consents_ahead": 1,
        "free_lines": 1,
        "huge_lines": 0,
        "returned_more": 1,
        "zone_elsewhere": 1,
    }


@pytest.mark.parametrize(("lately", "weight"), [("page_viewed", Weight.FINE), ("searched", Weight.LOOK)])
def test_a_change_of_what_customers_do_is_a_drift(tactful: Tactful, lately: str, weight: Weight) -> None:
    before = [event("ann", "page_viewed", NOON - 40 * DAY - n * DAY / 24) for n in range(150)]
    after = [event("ann", lately, NOON - 2 * DAY - n * DAY / 24) for n in range(150)]
    tactful.take([*before, *after])
    assert finding(tactful, Kind.DRIFTING, "events").weight is weight


def test_too_few_observations_say_nothing_about_drift(tactful: Tactful) -> None:
    tactful.take([event("ann", "page_viewed", NOON - 40 * DAY), event("ann", "searched", NOON - DAY)])
    assert [f for f in tactful.check().findings if f.kind is Kind.DRIFTING] == []


def test_months_and_refused_rows_are_told(tactful: Tactful) -> None:
    tactful.take([order("ann", "o-1", NOON - 40 * DAY), order("bob", "o-2", NOON - 40 * DAY)])
    tactful.take([Quarantined(key="q1", place="f.csv:3", reason="price: not a number")])
    measures = tactful.check().measures
    assert measures.quarantined == {"price: not a number": 1}
    (month,) = measures.months
    assert (month.month, month.orders, month.revenue) == ("2026-10", 2, 120.0)


def test_a_person_under_two_numbers_counts_once_and_for_all_they_said(tactful: Tactful) -> None:
    silent = replace(person("twin"), country=None, zone=None, locale=None, addresses={})
    tactful.take([person("ann"), silent, consent("ann", Purpose.PROFILING, None)])
    tactful.resolving.merge("ann", "twin", "mia")
    for what in ("country", "zone", "locale", "address", "consent"):
        found = finding(tactful, Kind.MISSING, what)
        assert (found.count, found.total) == (0, 1), what


def test_whoever_took_everything_back_has_agreed_to_nothing(tactful: Tactful) -> None:
    tactful.take([person("ann"), consent("ann", Purpose.PROFILING, None)])
    tactful.consents.withdraw_all("ann", "call")
    assert finding(tactful, Kind.MISSING, "consent").weight is Weight.STOP


def test_an_order_of_two_files_is_one_order(tactful: Tactful) -> None:
    tactful.take([order("ann", "o-1", NOON - DAY)])
    values = {"order_id": "o-1", "placed_at": NOON - DAY, "deliver_by": None}
    tactful.take([FactRow(key="f", table="orders", at=NOON - DAY, values=values, external_id="ann")])
    assert tactful.check().measures.totals["orders"] == 1


def test_an_empty_house_has_no_findings_to_speak_of(tactful: Tactful) -> None:
    assert all(finding.weight is Weight.FINE for finding in tactful.check().findings)
