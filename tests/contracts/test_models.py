"""Fitted models and what they foretell, on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from sqlalchemy import update

from agent.domain.customer import ConsentStatus, Purpose
from agent.domain.errors import NotFound, StoreError
from agent.domain.facts import Foreseen, Omen
from agent.domain.imports import FactRow
from agent.domain.models import Card, Foretelling, Model, Signal
from agent.service import Tactful
from agent.signals.keeping import pack
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import agreed, consent, database_of, person, product
from tests.support.people import NOON

DAY = timedelta(days=1)


@pytest.fixture
def tactful(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds) -> Tactful:
    found = product(tmp_path, database, clock, ids)
    found.take([person("ann"), *agreed("ann")])
    return found


def model(what: str, signal: Signal = Signal.CHURN) -> Model:
    card = Card(signal=signal, chosen="logistic", source="model", as_of=NOON, rows=10, customers=5, notes=(("a", "b"),))
    body = pack({"numbers": what, "card": orjson.dumps(asdict(card)).decode()})
    name = sha256(body).hexdigest()
    return Model(model=name[:12], hash=name, card=card, fitted_at=NOON, body=body)


def told(tactful: Tactful, made: Model, chance: int = 700_000, omen: Omen = Omen.CHURN) -> Foretelling:
    return Foretelling(
        customer=tactful.find("ann"),
        foreseen=Foreseen(omen=omen, chance=chance, number=7 * 10**12, source="model", model=made.model),
        low=600_000,
        high=800_000,
        why=(("recency", 40.0),),
        made_at=NOON,
        ends_at=NOON + 35 * DAY,
    )


def test_what_is_kept_is_read_again(tactful: Tactful) -> None:
    made = model("one")
    foretold = told(tactful, made)
    assert tactful.stores.models.keep(tactful.tenant, [made], [foretold], [Omen.CHURN]) == 1
    assert tactful.stores.models.current(tactful.tenant) == [made]
    assert tactful.stores.models.named(tactful.tenant, made.model[:4]) == made
    assert tactful.stores.models.named(tactful.tenant, "churn") == made
    assert tactful.stores.models.told(tactful.tenant, tactful.find("ann"), NOON) == [foretold]
    assert tactful.stores.models.told(tactful.tenant, tactful.find("ann"), NOON + 36 * DAY) == []
    assert tactful.stores.models.told(tactful.tenant, tactful.find("ann"), NOON - DAY) == []


def test_a_refit_replaces_what_was_foretold_of_its_omens_alone(tactful: Tactful) -> None:
    first, other, second = model("one"), model("two", Signal.VALUE), model("three")
    keep = tactful.stores.models.keep
    keep(tactful.tenant, [first], [told(tactful, first)], [Omen.CHURN])
    keep(tactful.tenant, [other], [told(tactful, other, omen=Omen.ALIVE)], [Omen.ALIVE])
    keep(tactful.tenant, [second], [told(tactful, second, 100_000)], [Omen.CHURN])
    assert {m.model for m in tactful.stores.models.current(tactful.tenant)} == {other.model, second.model}
    found = tactful.stores.models.told(tactful.tenant, tactful.find("ann"), NOON)
    assert [(f.foreseen.omen, f.foreseen.chance) for f in found] == [(Omen.ALIVE, 700_000), (Omen.CHURN, 100_000)]


def test_what_a_file_brought_stands(tactful: Tactful) -> None:
    values = {"omen": Omen.CHURN, "entity": "", "value": "", "chance": 1, "number": 0, "due_at": None}
    row = FactRow(
        key="f",
        table="foreseen",
        external_id="ann",
        at=NOON - DAY,
        values=values | {"source": "model", "ends_at": None},
    )
    tactful.take([row])
    made = model("one")
    assert tactful.stores.models.keep(tactful.tenant, [made], [told(tactful, made)], [Omen.CHURN]) == 0
    assert [f.foreseen.chance for f in tactful.stores.models.told(tactful.tenant, tactful.find("ann"), NOON)] == [1]


def test_a_file_that_comes_later_takes_the_models_place(tactful: Tactful) -> None:
    made = model("one")
    tactful.stores.models.keep(tactful.tenant, [made], [told(tactful, made)], [Omen.CHURN])
    values = {"omen": Omen.CHURN, "entity": "", "value": "", "chance": 2, "number": 0, "due_at": None}
    values |= {"source": "imported", "ends_at": None}
    tactful.take([FactRow(key="f", table="foreseen", external_id="ann", at=NOON + DAY, values=values)])
    (found,) = tactful.stores.models.told(tactful.tenant, tactful.find("ann"), NOON + 2 * DAY)
    assert (found.foreseen.chance, found.foreseen.model, found.low, found.why) == (2, "", 0, ())


@pytest.mark.parametrize("column", ["body", "card", "hash"])
def test_a_model_that_was_changed_is_not_loaded(tactful: Tactful, column: str) -> None:
    made, other = model("one"), model("two", Signal.VALUE)
    tactful.stores.models.keep(tactful.tenant, [made], [], [])
    values = {"body": other.body, "hash": other.hash, "card": '{"signal": "churn"}'}
    with database_of(tactful).writing() as connection:
        connection.execute(update(t.models).values({column: values[column]}))
    with pytest.raises(StoreError, match="hash differs"):
        tactful.stores.models.current(tactful.tenant)


def test_what_a_file_brought_long_ago_gives_way_when_it_has_ended(tactful: Tactful) -> None:
    values = {"omen": Omen.CHURN, "entity": "", "value": "", "chance": 1, "number": 0, "due_at": None}
    values |= {"source": "imported", "ends_at": NOON - 9 * DAY}
    tactful.take([FactRow(key="f", table="foreseen", external_id="ann", at=NOON - 20 * DAY, values=values)])
    made = model("one")
    assert tactful.stores.models.keep(tactful.tenant, [made], [told(tactful, made)], [Omen.CHURN]) == 1


def test_an_older_file_still_takes_the_models_place(tactful: Tactful) -> None:
    made = model("one")
    tactful.stores.models.keep(tactful.tenant, [made], [told(tactful, made)], [Omen.CHURN])
    values = {"omen": Omen.CHURN, "entity": "", "value": "", "chance": 3, "number": 0, "due_at": None}
    values |= {"source": "imported", "ends_at": None}
    tactful.take([FactRow(key="f", table="foreseen", external_id="ann", at=NOON - 5 * DAY, values=values)])
    (found,) = tactful.stores.models.told(tactful.tenant, tactful.find("ann"), NOON)
    assert found.foreseen.chance == 3


def test_of_two_fits_at_once_one_is_told_so(tactful: Tactful) -> None:
    one, two = model("one"), model("two")

    def meanwhile() -> Iterator[Foretelling]:
        tactful.stores.models.keep(tactful.tenant, [two], [told(tactful, two)], [Omen.CHURN])
        yield told(tactful, one)

    with pytest.raises(StoreError, match="another fit"):
        tactful.stores.models.keep(tactful.tenant, [one], meanwhile(), [Omen.CHURN])
    assert [m.model for m in tactful.stores.models.current(tactful.tenant)] == [two.model]
    tactful.stores.models.keep(tactful.tenant, [one], [told(tactful, one)], [Omen.CHURN])
    assert [m.model for m in tactful.stores.models.current(tactful.tenant)] == [one.model]


def test_what_a_joined_person_never_agreed_to_is_not_shown(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take([person("bob")])
    made = model("one")
    of_bob = replace(told(tactful, made), customer=tactful.find("bob"))
    tactful.stores.models.keep(tactful.tenant, [made], [of_bob], [Omen.CHURN])
    tactful.resolving.merge("ann", "bob", "mia")
    clock.at = NOON + DAY
    assert tactful.stores.models.told(tactful.tenant, tactful.find("ann"), clock.at) == []


def test_withdrawing_takes_what_was_foretold_and_agreeing_anew_does_not_bring_it_back(tactful: Tactful) -> None:
    made = model("one")
    tactful.stores.models.keep(tactful.tenant, [made], [told(tactful, made)], [Omen.CHURN])
    tactful.take([consent("ann", Purpose.PROFILING, None, ConsentStatus.WITHDRAWN, NOON + DAY)])
    tactful.take([consent("ann", Purpose.PROFILING, None, ConsentStatus.GRANTED, NOON + 2 * DAY)])
    assert tactful.stores.models.told(tactful.tenant, tactful.find("ann"), NOON + 3 * DAY) == []


def test_an_unknown_name_says_where_to_look(tactful: Tactful) -> None:
    with pytest.raises(NotFound, match="no model"):
        tactful.stores.models.named(tactful.tenant, "nobody")


def test_of_two_that_begin_alike_neither_is_meant(tactful: Tactful) -> None:
    tactful.stores.models.keep(tactful.tenant, [model("one"), model("two")], [], [])
    with pytest.raises(NotFound, match="several"):
        tactful.stores.models.named(tactful.tenant, "")


def test_erasing_a_person_takes_what_was_foretold_with_it(tactful: Tactful) -> None:
    made, ann = model("one"), tactful.find("ann")
    tactful.stores.models.keep(tactful.tenant, [made], [told(tactful, made)], [Omen.CHURN])
    assert tactful.stores.export.of(tactful.tenant, ann)["foreseen"][0]["why"] == [["recency", 40.0]]
    tactful.erase(ann)
    assert tactful.stores.models.told(tactful.tenant, ann, NOON) == []
