"""Who takes up what: learned from offers, with nothing of later."""

from __future__ import annotations

from array import array
from datetime import datetime, timedelta

import numpy as np
import pytest

from agent.domain.columns import (
    ContactColumns,
    EventColumns,
    LineColumns,
    OrderColumns,
    ProductColumns,
    TextColumns,
)
from agent.domain.facts import Omen
from agent.domain.ids import CustomerId, TenantId
from agent.signals.data import gather
from agent.signals.fits import response as fits
from agent.signals.fits import timing
from agent.signals.purchases import Visits
from agent.signals.response import columns
from tests.support.people import NOON, TENANT, playbook

DAY = 86_400.0
SIZE = 120


class Books:
    """Columns of a crowd: even customers take up chats often, odd ones seldom; everybody was asked `asked` times."""

    def __init__(self, asked: int = 8, more: tuple[tuple[int, float], ...] = ()) -> None:
        draw = np.random.Generator(np.random.Philox(1))
        rows = []
        for who in range(SIZE):
            for number in range(asked):
                at = NOON.timestamp() - (180 - 20 * number) * DAY + who * 60.0
                takes = draw.random() < (0.5 if who % 2 == 0 else 0.04)
                rows.append((at, who, number % 2, at + DAY if takes else float("nan")))
        rows += [(at, who, 0, at + 1.0) for who, at in more]
        self.rows = sorted(rows)
        self.names = tuple(CustomerId(f"c_{who}") for who in range(SIZE))

    def contacts(self, tenant: TenantId, until: datetime) -> ContactColumns:
        at, who, arm, reached = zip(*[row for row in self.rows if row[0] <= until.timestamp()], strict=True)
        return ContactColumns(
            customers=self.names,
            arms=(("offer_chat", "chat"), ("offer_coupon", "email")),
            who=array("i", who),
            arm=array("i", arm),
            at=array("d", at),
            reached=array("d", reached),
        )

    def lines(self, tenant: TenantId, currency: str, until: datetime) -> LineColumns:
        none = array("i")
        return LineColumns(
            customers=(),
            products=(),
            who=none,
            what=none,
            order=none,
            at=array("d"),
            quantity=array("d"),
            amount=array("d"),
        )

    def events(self, tenant: TenantId, until: datetime) -> EventColumns:
        none = array("i")
        return EventColumns(customers=(), kinds=(), entities=(), who=none, kind=none, what=none, at=array("d"))

    def texts(self, tenant: TenantId, until: datetime) -> TextColumns:
        none = array("i")
        return TextColumns(customers=(), products=(), who=none, what=none, at=array("d"), stars=none, words=())

    def regions(self, tenant: TenantId, until: datetime) -> dict[CustomerId, str]:
        return {}

    def products(self, tenant: TenantId, until: datetime) -> ProductColumns:
        return ProductColumns(products=(), names=(), price=array("d"), launched=array("d"))

    def orders(self, tenant: TenantId, currency: str) -> OrderColumns:
        return OrderColumns(customers=(), at=(), value=())


def test_who_took_up_before_is_likelier_to_again() -> None:
    fitted = fits.fit(gather(Books(), TENANT, playbook("en"), NOON, {}))
    assert fitted.source == "model"
    assert fitted.figures["auc_chosen"] > 0.65
    chats = next(told for told in fitted.told if told.entity == "offer_chat:chat")
    assert chats.chance is not None
    assert chats.omen is Omen.RESPONSE
    chance = chats.chance[np.argsort(chats.who)]
    assert chance[::2].mean() > 2 * chance[1::2].mean()
    assert chats.number is not None
    assert chats.number[0] == pytest.approx(chats.chance.mean(), rel=0.01)


def test_too_few_offers_foretell_nothing() -> None:
    fitted = fits.fit(gather(Books(asked=2), TENANT, playbook("en"), NOON, {}))
    assert (fitted.source, list(fitted.told)) == ("prior", [])


def test_an_offer_knows_nothing_of_itself_or_of_later() -> None:
    """The inputs of old offers are the same, whatever comes after them."""
    at = NOON - timedelta(days=100)
    before = gather(Books(), TENANT, playbook("en"), NOON, {})
    after = gather(
        Books(more=tuple((who, NOON.timestamp() - 5 * DAY) for who in range(60))), TENANT, playbook("en"), NOON, {}
    )
    found = []
    for data in (before, after):
        offers = data.offers
        old = offers.at < at.timestamp()
        x = columns(offers, _nobody(), offers.who[old], offers.day[old], offers.arm[old], offers.at[old])
        found.append(x)
        first = np.unique(offers.who[old], return_index=True)[1]
        assert (x["offers"][first] == 0).all()
        assert (x["taken_share"][first] == x["taken_share"][first][0]).all()
    for name in found[0]:
        np.testing.assert_array_equal(found[0][name], found[1][name], err_msg=name)


def test_an_answer_counts_from_when_it_came() -> None:
    books = Books(asked=2)
    data = gather(books, TENANT, playbook("en"), NOON, {})
    offers = data.offers
    taken = np.flatnonzero(offers.success > 0)[:1]
    who, day, arm = offers.who[taken], offers.day[taken], offers.arm[taken]
    for seconds, more in ((3_600.0, False), (2 * DAY, True)):
        x = columns(offers, _nobody(), who, day, arm, offers.at[taken] + seconds)
        assert (x["taken_share"][0] > 0.5 / 6.0) is np.bool_(more)


def test_channels_are_ranked_by_answers() -> None:
    data = gather(Books(asked=8), TENANT, playbook("en"), NOON, {})
    (told,) = timing._channels(data)
    assert set(told.value) <= {"chat", "email"}


def _nobody() -> Visits:
    nothing = np.empty(0, dtype=np.int64)
    return Visits(customers=SIZE, who=nothing, day=nothing, spend=np.empty(0))
