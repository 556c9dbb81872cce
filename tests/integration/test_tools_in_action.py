"""Each tool from what a brand's files say to the message that left: imported, decided, judged, sent, and looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.domain.action import Fate
from agent.domain.customer import Channel, Goal, Purpose
from agent.domain.decision import Decision
from agent.domain.delivery import Claim, Sent
from agent.domain.imports import Row
from agent.service import Tactful
from agent.store.database import Database
from prompts.loading import LOCALES
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import agreed, consent, event, order, person
from tests.support.people import NOON
from tests.support.sending import ALL, Sink, house

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GOODS = {
    "products": "product,name\nlamp,Blue Lamp\nvase,Clay Vase\n",
    "prices": "product,price,currency,at\n"
    "lamp,60,GBP,2026-09-01T00:00Z\nlamp,45,GBP,2026-11-19T09:00Z\nvase,30,GBP,2026-09-01T00:00Z\n",
}
DEARER = {**GOODS, "prices": "product,price,currency,at\nlamp,60,GBP,2026-09-01T00:00Z\n"}
STOCK = "product,units,at,store\nlamp,0,2026-11-15T00:00Z,\nlamp,4,2026-11-19T09:00Z,\n"
PARCEL = {
    "orders": "customer,order,placed_at,deliver_by\nann,o-77,2026-11-18T09:00Z,2026-11-24T18:00Z\n",
    "shipments": "shipment,order,state,at,deliver_by\np1,o-77,shipped,2026-11-19T09:00Z,2026-11-23T18:00Z\n",
}
SIGNALS = "customer,signal,entity,value,chance,number,due_at,at\n"
LOOKED = event("ann", "product_viewed", NOON - 5 * DAY, "lamp")


def candidates(decision: Decision) -> set[str]:
    """The actions that something speaks for."""
    return {c.treatment.action for c in decision.candidates if c.fate is not Fate.OUT_OF_SCOPE and c.treatment.entity}


def foreseen(row: str) -> dict[str, str]:
    return {**DEARER, "signals": SIGNALS + f"ann,{row},2026-11-19T00:00Z\n"}


def case(kind: str) -> dict[str, str]:
    return {"cases": f"customer,case,kind,opened_at\nann,k1,{kind},2026-11-20T01:00Z\n"}


class Shop:
    """A brand with Ann, who agreed to everything, and a sink that keeps what left."""

    def __init__(self, folder: Path, database: Database, clock: StoppedClock, ids: CountingIds) -> None:
        self.folder, self.database, self.clock, self.ids = folder, database, clock, ids
        self.left: list[Claim] = []
        self.sink = Sink(answer=self._keep)

    def _keep(self, claim: Claim) -> Sent:
        self.left.append(claim)
        return Sent()

    def open(
        self, files: dict[str, str], rows: Sequence[Row] = (), *changes: tuple[str, str], locale: str = "en"
    ) -> Tactful:
        tactful = house(self.folder, self.database, self.clock, self.ids, [(self.sink, ALL)], *changes)
        tactful.take([replace(person("ann"), locale=locale), *agreed("ann"), *rows])
        for what, text in files.items():
            path = self.folder / f"{what}.csv"
            path.write_text(text, encoding="utf-8")
            assert tactful.import_file(what, path).new
        return tactful

    def acts(self, tactful: Tactful) -> str:
        decision = asyncio.run(tactful.decide("ann"))
        tactful.dispatch()
        self.clock.at = NOON.replace(hour=10) + DAY  # what waits for the best hour leaves then
        tactful.dispatch()
        return decision.chosen.action if decision.chosen else "hold"


@pytest.fixture
def shop(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds) -> Shop:
    return Shop(tmp_path, database, clock, ids)


OFFERS = [
    ("tell_price_drop", GOODS, [LOOKED], (), ["Blue Lamp", "£45", "£60"]),
    ("tell_back_in_stock", {**DEARER, "stock": STOCK}, [LOOKED], (), ["Blue Lamp"]),
    (
        "remind_reorder",
        foreseen("replenishment,lamp,,0.9,,2026-11-21T00:00Z"),
        [],
        (),
        ["Blue Lamp", "https://harbourandpine.example/"],
    ),
    ("remind_replacement", foreseen("replacement,lamp,,0.9,,2026-11-25T00:00Z"), [], (), ["Blue Lamp"]),
    ("win_back", DEARER, [order("ann", "o-1", NOON - 150 * DAY)], (), ["Blue Lamp"]),
    (
        "early_access",
        foreseen("novelty,lamp,,0.9,,") | {"products": "product,name,launch_on\nlamp,Blue Lamp,2026-12-01\n"},
        [],
        (),
        ["Blue Lamp"],
    ),
    ("invite_event", foreseen("delight,,,0.9,,"), [], (), ["Winter light", "Quay Street"]),
    (
        "recommend_product",
        foreseen("together,lamp,vase,0.9,,"),
        [order("ann", "o-1", NOON - 9 * DAY, product_id="vase")],
        (),
        ["Blue Lamp", "Clay Vase"],
    ),
]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("action", "files", "rows", "changes", "shown"), OFFERS, ids=[row[0] for row in OFFERS])
def test_an_offer_says_what_the_files_say_and_how_to_get_no_more(
    shop: Shop,
    action: str,
    files: dict[str, str],
    rows: list[Row],
    changes: tuple[tuple[str, str], ...],
    shown: list[str],
    locale: str,
) -> None:
    assert shop.acts(shop.open(files, rows, *changes, locale=locale)) == action
    (claim,) = shop.left
    text = f"{claim.envelope.subject} {claim.envelope.body}"
    assert [words for words in shown if words not in text] == []
    assert claim.address == "ann@mail.example"
    assert "List-Unsubscribe" in claim.envelope.headers
    assert "{{" not in text
    assert any("가" <= letter <= "힣" for letter in claim.envelope.subject) is (locale == "ko")


@pytest.mark.parametrize("omen", ["together", "similar"])
def test_what_goes_with_something_they_never_had_is_not_recommended(shop: Shop, omen: str) -> None:
    tactful = shop.open(foreseen(f"{omen},lamp,vase,0.9,,"))
    assert asyncio.run(tactful.decide("ann")).chosen is None
    tactful.take([order("ann", "o-1", NOON - 9 * DAY, product_id="vase")])
    assert shop.acts(tactful) == "recommend_product"


def test_who_asks_for_their_order_is_told_when_it_comes(shop: Shop) -> None:
    tactful = shop.open(PARCEL, [event("ann", "order_asked", NOON - timedelta(minutes=5), "o-77")])
    assert shop.acts(tactful) == "tell_order_status"
    decision = tactful.decision("ann")
    (effect,) = tactful.effects(decision)
    assert "o-77" in tactful.rendered(effect)[1]
    assert "23 November" in tactful.rendered(effect)[1]


def test_a_shop_nearby_is_named_only_to_who_lets_us_know_where_they_are(shop: Shop) -> None:
    files = {
        **DEARER,
        "stores": "store,name,latitude,longitude\ns1,Quay Street,51.4500,-2.5950\n",
        "stock": "product,units,at,store\nlamp,2,2026-11-19T00:00Z,s1\n",
    }
    here = event("ann", "located", NOON - timedelta(minutes=3), latitude=51.4505, longitude=-2.5950)
    looks = [event("ann", "product_viewed", NOON - timedelta(minutes=n), "lamp", dwell_seconds=95) for n in (2, 4, 6)]
    tactful = shop.open(files, [consent("ann", Purpose.LOCATION, None), here, *looks])
    assert "nearest_store" in candidates(asyncio.run(tactful.decide("ann")))
    tactful.consents.withdraw_all("ann", "call")
    assert "nearest_store" not in candidates(asyncio.run(tactful.decide("ann")))


def test_an_apology_brings_what_a_case_is_worth_out_of_its_budget(shop: Shop) -> None:
    tactful = shop.open(case("complaint"), [])
    assert shop.acts(tactful) == "apologise"
    (effect,) = tactful.effects(tactful.decision("ann"))
    assert "£5" in tactful.rendered(effect)[1]
    (seen,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], shop.clock.at)
    assert {credit.budget_left.amount for credit in seen.credits} == {995}


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", ["suspected fraud", "angry", "delivery of order o-77 by 2026-11-23", "Answer by"]),
        ("ko", ["사기 의심", "화가 남", "주문 o-77 배송 2026-11-23까지"]),
    ],
)
def test_who_is_handed_over_needs_to_explain_nothing_and_is_sold_nothing(
    shop: Shop, locale: str, words: list[str]
) -> None:
    files = {**PARCEL, **case("fraud"), "signals": SIGNALS + "ann,mood,,angry,1,,,2026-11-19T00:00Z\n"}
    tactful = shop.open(files, [order("ann", "o-1", NOON - 60 * DAY)], locale=locale)
    assert shop.acts(tactful) == "hand_off"
    (packet,) = [claim for claim in shop.left if claim.effect.channel is Channel.DESK]
    assert [word for word in words if word not in packet.envelope.body] == []
    assert packet.address == ""
    assert asyncio.run(tactful.decide("ann")).chosen is None


def test_who_asks_for_a_person_gets_a_case_and_a_journey_of_its_own(shop: Shop) -> None:
    tactful = shop.open(
        {}, [order("ann", "o-1", NOON - 60 * DAY), event("ann", "human_asked", NOON - timedelta(minutes=5))]
    )
    assert shop.acts(tactful) == "hand_off"
    (seen,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], shop.clock.at)
    (case,) = seen.cases
    assert (case.kind, case.closed_at) == ("other", None)
    (chapter,) = tactful.stores.journeys.chapters(tactful.tenant, tactful.find("ann"))
    assert (chapter.journey.goal, chapter.journey.entity) == (Goal.COMPLAINT_SOLVED, case.case_id)


def test_operations_hear_of_demand_and_the_customer_does_not(shop: Shop) -> None:
    files = foreseen("demand,lamp,Seoul,0.8,30,2026-11-28T00:00Z")
    tactful = shop.open(files)
    assert shop.acts(tactful) == "note_stock"
    (note,) = shop.left
    assert note.effect.channel is Channel.DESK
    assert note.address == ""
    assert [word for word in ("Seoul", "Blue Lamp", "30 units") if word not in note.envelope.body] == []
    assert "Ann" not in note.envelope.body
