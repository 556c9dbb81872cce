"""Facts as columns, on both stores: what was known by an instant, of those who agreed, each person once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.domain.customer import ConsentStatus, Purpose
from agent.service import Tactful
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import agreed, consent, event, order, person, product
from tests.support.people import NOON
from tests.support.shop import review

DAY = timedelta(days=1)


@pytest.fixture
def tactful(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds) -> Tactful:
    return product(tmp_path, database, clock, ids)


def test_lines_are_columns_under_codes_oldest_first(tactful: Tactful) -> None:
    tactful.take([person("ann"), *agreed("ann"), person("bob"), *agreed("bob")])
    tactful.take([order("bob", "o-2", NOON - DAY, "5.00", 3, "vase"), order("ann", "o-1", NOON - 9 * DAY)])
    lines = tactful.stores.columns.lines(tactful.tenant, "GBP", NOON)
    assert lines.customers == (tactful.find("ann"), tactful.find("bob"))
    assert lines.products == ("lamp", "vase")
    assert (list(lines.who), list(lines.what), list(lines.order)) == ([0, 1], [0, 1], [0, 1])
    assert list(lines.at) == [(NOON - 9 * DAY).timestamp(), (NOON - DAY).timestamp()]
    assert (list(lines.quantity), list(lines.amount), lines.left_out) == ([2.0, 3.0], [60.0, 15.0], 0)


def test_what_was_not_yet_received_is_not_known(tactful: Tactful) -> None:
    late = replace(order("ann", "o-1", NOON - 9 * DAY), received_at=NOON - DAY)
    seen = replace(event("ann", "product_viewed", NOON - 5 * DAY, "lamp"), received_at=NOON - DAY)
    tactful.take([person("ann"), *agreed("ann"), late, seen])
    columns = tactful.stores.columns
    for until, count in ((NOON - 2 * DAY, 0), (NOON, 1)):
        assert len(columns.lines(tactful.tenant, "GBP", until).who) == count
        assert len(columns.events(tactful.tenant, until).who) == count


def test_nobody_who_did_not_agree_is_read(tactful: Tactful) -> None:
    tactful.take([person("ann"), *agreed("ann"), order("ann", "o-1", NOON - 9 * DAY)])
    tactful.take([person("bob"), order("bob", "o-2", NOON - 9 * DAY), review("bob", NOON - DAY, "nice")])
    no = consent("cat", Purpose.PROFILING, None, ConsentStatus.WITHDRAWN, NOON - 2 * DAY)
    tactful.take([person("cat"), *agreed("cat"), no, order("cat", "o-3", NOON - 9 * DAY)])
    lines = tactful.stores.columns.lines(tactful.tenant, "GBP", NOON)
    assert (lines.customers, lines.left_out) == ((tactful.find("ann"),), 2)
    assert tactful.stores.columns.texts(tactful.tenant, NOON).words == ()
    assert set(tactful.stores.columns.regions(tactful.tenant, NOON)) == {tactful.find("ann")}
    before = tactful.stores.columns.lines(tactful.tenant, "GBP", NOON - 3 * DAY)
    assert before.customers == (tactful.find("ann"), tactful.find("cat"))


def test_people_joined_into_one_are_one_customer(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take([person("ann"), *agreed("ann"), order("ann", "o-1", NOON - 9 * DAY)])
    tactful.take([person("ann2"), *agreed("ann2"), order("ann2", "o-2", NOON - 8 * DAY)])
    tactful.resolving.merge("ann", "ann2", "mia")
    clock.at = NOON + DAY
    lines = tactful.stores.columns.lines(tactful.tenant, "GBP", clock.at)
    assert (lines.customers, list(lines.who)) == ((tactful.find("ann"),), [0, 0])


def test_a_join_of_later_does_not_change_what_was(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take([person("ann"), *agreed("ann"), order("ann", "o-1", NOON - 9 * DAY)])
    tactful.take([person("ann2"), *agreed("ann2"), order("ann2", "o-2", NOON - 8 * DAY)])
    clock.at = NOON + 2 * DAY
    tactful.resolving.merge("ann", "ann2", "mia")
    assert len(tactful.stores.columns.lines(tactful.tenant, "GBP", NOON).customers) == 2
    assert len(tactful.stores.columns.lines(tactful.tenant, "GBP", NOON + 3 * DAY).customers) == 1


def test_a_review_is_known_from_when_it_was_received(tactful: Tactful) -> None:
    late = replace(review("ann", NOON - 9 * DAY, "nice"), received_at=NOON - DAY)
    tactful.take([person("ann"), *agreed("ann"), late])
    for until, count in ((NOON - 2 * DAY, 0), (NOON, 1)):
        assert len(tactful.stores.columns.texts(tactful.tenant, until).words) == count


def test_another_currency_is_not_added_up(tactful: Tactful) -> None:
    tactful.take([person("ann"), *agreed("ann"), order("ann", "o-1", NOON - 9 * DAY)])
    assert len(tactful.stores.columns.lines(tactful.tenant, "KRW", NOON).who) == 0


def test_reviews_come_with_stars_and_words(tactful: Tactful) -> None:
    tactful.take([person("ann"), *agreed("ann"), review("ann", NOON - DAY, "좋아요 <script>", 4)])
    texts = tactful.stores.columns.texts(tactful.tenant, NOON)
    assert (texts.words, list(texts.stars), texts.products, list(texts.what)) == (
        ("좋아요 <script>",),
        [4],
        ("p1",),
        [0],
    )


def test_the_catalogue_knows_names_and_prices(tactful: Tactful) -> None:
    tactful.take([person("ann"), order("ann", "o-1", NOON - 9 * DAY, "30.00")])
    found = tactful.stores.columns.products(tactful.tenant, NOON)
    assert (found.products, found.names, list(found.price)) == (("lamp",), ("The lamp",), [30.0])
