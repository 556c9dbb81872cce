"""Fitting on a store, what comes of it in decisions, and what the terminal says of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from agent.bootstrap import open_tactful
from agent.cli.app import app
from agent.domain.customer import ConsentStatus, Purpose
from agent.domain.decision import Decision
from agent.domain.errors import InputError
from agent.domain.facts import Omen
from agent.domain.ids import CustomerId
from agent.domain.imports import FactRow, Row
from agent.domain.models import Foretelling, Signal
from agent.service import Tactful
from agent.settings import Settings
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import agreed, consent, event, order, person, product
from tests.support.people import NOON
from tests.support.shop import review, year

DAY = timedelta(days=1)
CUSTOMERS = 130


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of a shop, with reviews, somebody who never agreed, and a launch ahead; fitted once."""
    folder = tmp_path_factory.mktemp("shop")
    database = Database(f"sqlite:///{folder}/tactful.db")
    tactful = product(folder, database, StoppedClock(NOON), CountingIds(), tenant="default")
    tactful.take(list(year(CUSTOMERS, NOON)))
    tactful.take([person("no"), *(order("no", f"n-{n}", NOON - n * DAY) for n in range(1, 40))])
    tactful.take([review("u1", NOON - 3 * DAY, "배송이 너무 늦어서 정말 화가 납니다", 1)])
    tactful.take(
        [review(f"u{n}", NOON - 3 * DAY, "포장이 다 찢어져서 왔어요. 정말 화나네요", 1) for n in range(100, 130)]
    )
    tactful.take([review("u2", NOON - 3 * DAY, "I love it, thank you so much!", 5)])
    launch = {"product": "new-1", "name": "New One", "experience": "", "launch_on": "2026-12-24"}
    tactful.take([FactRow(key="n", table="products", external_id=None, at=NOON - DAY, values=launch)])
    tactful.foreseeing.fit([])
    database.close()
    return folder


@pytest.fixture
def home(fitted: Path, tmp_path: Path) -> Path:
    """A copy for each test: what one decides moves nothing for another."""
    return Path(shutil.copytree(fitted, tmp_path / "home"))


@pytest.fixture
def tactful(home: Path) -> Iterator[Tactful]:
    database = Database(f"sqlite:///{home}/tactful.db")
    yield product(home, database, StoppedClock(NOON), CountingIds(), tenant="default")
    database.close()


def cli(home: Path, *words: str) -> tuple[int, str]:
    environment = {"TACTFUL_HOME": str(home), "TACTFUL_MODEL_NAME": "", "COLUMNS": "140"}
    found = CliRunner().invoke(app, list(words), env=environment)
    return found.exit_code, found.output


def test_every_signal_has_a_model_with_a_card(tactful: Tactful) -> None:
    models = tactful.foreseeing.current()
    assert {model.card.signal for model in models} == set(Signal)
    for model in models:
        assert model.card.as_of == NOON
        assert ("left_out", "1") in model.card.notes
    by_signal = {model.card.signal: model.card for model in models}
    assert by_signal[Signal.VALUE].source == "model"
    assert by_signal[Signal.RESPONSE].source == "prior"
    assert by_signal[Signal.CHURN].figures["auc_chosen"] > 0.5


def test_what_is_foretold_is_possible(tactful: Tactful) -> None:
    """Chances are chances, intervals hold what they are of, dates lie ahead or just behind."""
    for number in range(0, CUSTOMERS, 9):
        agreed, told = tactful.foreseeing.told(f"u{number}")
        assert agreed
        for one in told:
            said = one.foreseen
            assert 0 <= said.chance <= 1_000_000
            assert one.low <= one.high
            assert said.source == "model"
            assert said.model
            assert one.made_at == NOON
            if said.omen in (Omen.CHURN, Omen.ALIVE, Omen.RETURN):
                assert one.low <= said.chance <= one.high, said
            if said.omen is Omen.VALUE:
                assert 0 <= one.low <= said.number <= one.high


def test_who_never_agreed_is_neither_read_nor_foretold(tactful: Tactful) -> None:
    assert tactful.foreseeing.told("no") == (False, [])
    (snapshot,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("no")], NOON)
    assert snapshot.foreseen == ()


def test_words_make_a_mood(tactful: Tactful) -> None:
    moods = {f.foreseen.omen: f for f in tactful.foreseeing.told("u1")[1]}
    assert moods[Omen.MOOD].foreseen.value in ("angry", "disappointed")
    assert moods[Omen.MOOD].why[0][0] == "about_delivery"
    assert Omen.DELIGHT in {f.foreseen.omen for f in tactful.foreseeing.told("u2")[1]}


def test_who_wrote_an_upset_review_is_sold_nothing_meanwhile(tactful: Tactful) -> None:
    found = [asyncio.run(tactful.decide(f"u{number}", as_of=NOON)) for number in range(100, 130)]
    assert [decision for decision in found if decision.chosen is not None] == []
    held = [decision for decision in found if "tactful-upset" in {c.rule for c in decision.candidates}]
    assert held
    assert "open_complaint" in {decision.hold.reason for decision in held}
    assert all("their last review sounds upset" in decision.findings for decision in held)


def test_a_decision_names_the_models_and_replays_to_the_same(tactful: Tactful) -> None:
    decision = asyncio.run(tactful.decide("u5", as_of=NOON))
    value = tactful.foreseeing.named("value").model
    assert value[:6] in decision.versions.signals
    assert tactful.replay(decision.decision_id).same


def test_what_moved_a_choice_is_told(tactful: Tactful) -> None:
    found = [asyncio.run(tactful.decide(f"u{number}", as_of=NOON)) for number in range(20)]
    chosen = [decision for decision in found if decision.chosen is not None]
    assert chosen
    moved = {one.signal: one for decision in chosen for one in tactful.moved(decision)}
    assert moved
    assert any(one.turned for one in moved.values())
    assert set(moved) & {"return", "basket", "replenishment", "purchases", "together", "next", "churn"}


def test_bulk_and_graph_decide_alike_on_what_was_fitted(tactful: Tactful, fitted: Path, tmp_path: Path) -> None:
    single = [asyncio.run(tactful.decide(f"u{number}", as_of=NOON)) for number in range(0, CUSTOMERS, 13)]
    twin = Path(shutil.copytree(fitted, tmp_path / "twin"))
    database = Database(f"sqlite:///{twin}/tactful.db")
    other_one = product(twin, database, StoppedClock(NOON), CountingIds(), tenant="default")
    bulk = {d.customer: d for d in other_one.decide_all(as_of=NOON)}
    database.close()
    for one in single:
        other = bulk[one.customer]
        scores = [{c.treatment.key: c.score for c in d.candidates} for d in (one, other)]
        assert scores[0] == scores[1]


def test_what_is_foretold_is_not_believed_for_ever(tactful: Tactful) -> None:
    who = tactful.find("u5")
    (later,) = tactful.stores.snapshots.snapshots(tactful.tenant, [who], NOON + 36 * DAY)
    assert [f for f in later.foreseen if f.model] == []
    (before,) = tactful.stores.snapshots.snapshots(tactful.tenant, [who], NOON - DAY)
    assert before.foreseen == ()


def test_the_terminal_lists_shows_and_explains_in_both_languages(home: Path) -> None:
    code, said = cli(home, "models", "list")
    assert (code, "churn" in said, "sentiment-ko" in said) == (0, True, True)
    code, said = cli(home, "models", "card", "value", "--lang", "ko")
    assert (code, "고객 1명 제외" in said) == (0, True)
    code, said = cli(home, "models", "card", "sentiment-en")
    assert (code, "CC BY 4.0" in said) == (0, True)
    code, said = cli(home, "models", "show", "churn")
    assert orjson.loads(said)["signal"] == "churn"
    code, said = cli(home, "signals", "u5", "--as-of", NOON.isoformat())
    assert (code, "Buys within 30 days without an offer" in said, "because" in said or "days" in said) == (
        0,
        True,
        True,
    )
    code, said = cli(home, "signals", "u5", "--as-of", NOON.isoformat(), "--lang", "ko")
    assert "3년 예상 구매액" in said
    code, said = cli(home, "signals", "u5", "--as-of", NOON.isoformat(), "--json")
    assert {one["omen"] for one in orjson.loads(said)["foretold"]} >= {"value", "churn", "return"}
    code, said = cli(home, "signals", "no", "--as-of", NOON.isoformat())
    assert "has not agreed" in said


def test_a_text_is_read_at_the_terminal(home: Path) -> None:
    code, said = cli(home, "models", "read", "배송은 빠른데 포장이 엉망이라 화가 나요")
    assert (code, "포장" in said, "화남" in said, "원하는 것" in said) == (0, True, True, True)
    code, said = cli(home, "models", "read", "where is my order", "--json")
    assert (code, orjson.loads(said)["intent"]) == (0, "order_status")
    code, said = cli(home, "models", "read", "")
    assert code == 0


def test_nothing_has_drifted_on_the_day_of_the_fit(home: Path, tactful: Tactful) -> None:
    assert [d.model.card.signal for d in tactful.foreseeing.drift(NOON) if d.drifted] == []
    code, said = cli(home, "models", "drift", "--as-of", NOON.isoformat())
    assert (code, "nothing has moved" in said) == (0, True)


def test_an_unknown_signal_is_refused_by_name(home: Path) -> None:
    code, said = cli(home, "fit", "--signal", "weather")
    assert code == 2
    assert "value, churn" in said


# Laws of a fit, on small stores of their own --------------------------------------------------------------------------
@pytest.fixture
def empty(tmp_path: Path, clock: StoppedClock, ids: CountingIds) -> Iterator[Tactful]:
    database = Database(f"sqlite:///{tmp_path}/t.db")
    yield product(tmp_path, database, clock, ids)
    database.close()


def told(tactful: Tactful) -> list[Foretelling]:
    names = tactful.stores.customers.all(tactful.tenant)
    return [replace(f, foreseen=replace(f.foreseen, model="")) for c in names for f in _of(tactful, c)]


def _of(tactful: Tactful, customer: CustomerId) -> list[Foretelling]:
    return tactful.stores.models.told(tactful.tenant, customer, NOON + 34 * DAY)


def test_an_empty_store_is_fitted_to_nothing(empty: Tactful) -> None:
    models = empty.foreseeing.fit([])
    assert {model.card.source for model in models} == {"prior"}
    assert told(empty) == []


def test_too_little_data_fall_back_on_the_playbook_and_say_so(empty: Tactful) -> None:
    empty.take([row for row in year(5, NOON)])
    empty.foreseeing.fit([Signal.VALUE, Signal.CHURN])
    found = {f.foreseen.omen: f for f in empty.foreseeing.told("u0")[1]}
    prior = empty.playbook.baseline.rate
    assert found[Omen.RETURN].foreseen.source == "prior"
    assert found[Omen.RETURN].foreseen.chance == round(prior * 1e6)
    assert found[Omen.RETURN].low < found[Omen.RETURN].foreseen.chance < found[Omen.RETURN].high


def test_a_leak_that_was_planted_changes_nothing(empty: Tactful, clock: StoppedClock) -> None:
    """Orders of tomorrow, orders that were received tomorrow, and their clicks: as of today they are not there."""
    empty.take(list(year(60, NOON)))
    wanted = [Signal.VALUE, Signal.CHURN, Signal.AFFINITY, Signal.REPLENISHMENT, Signal.TIMING, Signal.SEGMENTS]
    clean = empty.foreseeing.fit(wanted, NOON)
    before = told(empty)
    leaks: list[Row] = []
    for number in range(0, 60, 2):
        tomorrow = order(f"u{number}", f"leak-{number}", NOON + DAY, "999.00", 9, "p3")
        late = replace(order(f"u{number}", f"late-{number}", NOON - DAY, "999.00", 9, "p3"), received_at=NOON + DAY)
        click = replace(event(f"u{number}", "product_viewed", NOON - DAY, "p3"), received_at=NOON + DAY)
        leaks += [tomorrow, late, click]
    empty.take(leaks)
    again = empty.foreseeing.fit(wanted, NOON)
    assert [model.hash for model in again] == [model.hash for model in clean]
    assert told(empty) == before
    clock.at = NOON + 2 * DAY
    caught = empty.foreseeing.fit([Signal.VALUE], NOON + 2 * DAY)
    assert caught[0].hash != clean[0].hash


def test_fitting_twice_gives_the_same_bytes(empty: Tactful) -> None:
    empty.take(list(year(60, NOON)))
    first, second = empty.foreseeing.fit([], NOON), empty.foreseeing.fit([], NOON)
    assert [model.hash for model in first] == [model.hash for model in second]


def test_a_fit_of_the_past_is_kept_aside_and_one_of_the_future_refused(empty: Tactful) -> None:
    empty.take(list(year(60, NOON)))
    current = empty.foreseeing.fit([Signal.VALUE], NOON)
    before = told(empty)
    past = empty.foreseeing.fit([Signal.VALUE], NOON - 60 * DAY)
    assert empty.foreseeing.named(past[0].model).card.as_of == NOON - 60 * DAY
    assert [model.model for model in empty.foreseeing.current()] == [current[0].model]
    assert told(empty) == before
    (again,) = empty.foreseeing.fit([Signal.VALUE], NOON - 60 * DAY, replace_later=True)
    assert [model.model for model in empty.foreseeing.current()] == [again.model]
    with pytest.raises(InputError, match="lies ahead"):
        empty.foreseeing.fit([], NOON + DAY)


@pytest.mark.parametrize("kind", ["one customer", "young", "given away", "one product", "huge and tiny", "old dates"])
def test_odd_stores_are_fitted_all_the_same(empty: Tactful, kind: str) -> None:
    """Nothing crashes, every chance is one, and the store can be fitted again."""
    rows: list[Row] = [row for n in range(30) for row in (person(f"u{n}"), *agreed(f"u{n}"))]
    for n in range(30):
        for visit in range(8):
            at = NOON - timedelta(days=(40 if kind == "young" else 280) * (visit + 1) / 9 + n / 30)
            price = {"given away": "0.00", "huge and tiny": "499999999.00" if n % 2 else "0.01"}.get(kind, "9.90")
            what = "p1" if kind == "one product" else f"p{(n + visit) % 7}"
            who = "u0" if kind == "one customer" else f"u{n}"
            if kind == "old dates" and visit == 0:
                at = at.replace(year=1901)
            rows.append(replace(order(who, f"o{n}-{visit}", at, price, 1, what), key=f"l{n}-{visit}"))
    empty.take(rows)
    for _ in range(2):
        for model in empty.foreseeing.fit([], NOON):
            assert all(value == value for value in model.card.figures.values())
    for one in told(empty):
        assert 0 <= one.foreseen.chance <= 1_000_000
        assert one.low <= one.high


def test_nobody_elses_word_moves_a_score(empty: Tactful) -> None:
    """A file may say that it is a model: hours and odds are taken from our own fits alone."""
    values = {"entity": "", "value": "", "chance": 999_000, "due_at": None, "source": "model", "ends_at": None}
    rows: list[Row] = [person("ann"), *agreed("ann"), order("ann", "o-1", NOON - 60 * DAY)]
    plain = empty.take(rows) and asyncio.run(empty.decide("ann", as_of=NOON))
    for omen, number in ((Omen.HOUR, 99), (Omen.RETURN, 0), (Omen.BASKET, 5)):
        row = FactRow(
            key=f"f-{omen}",
            table="foreseen",
            external_id="ann",
            at=NOON,
            values=values | {"omen": omen, "number": number},
        )
        empty.take([row])
    moved = asyncio.run(empty.decide("ann", as_of=NOON))
    assert isinstance(plain, Decision)
    first, second = ({c.treatment.key: c.score for c in d.candidates if c.score} for d in (plain, moved))
    assert {k: (s.p_act, s.p_hold, s.value) for k, s in first.items() if k in second} == {
        k: (s.p_act, s.p_hold, s.value) for k, s in second.items() if k in first
    }


def test_a_prior_of_later_gives_way_to_a_model_of_earlier(empty: Tactful, clock: StoppedClock) -> None:
    clock.at = NOON + 2 * DAY
    empty.foreseeing.fit([], clock.at)
    empty.take(list(year(60, NOON)))
    (made,) = empty.foreseeing.fit([Signal.VALUE], NOON)
    assert empty.foreseeing.named("value").model == made.model


def test_years_after_the_last_purchase_a_fit_still_ends_and_says_so(empty: Tactful, clock: StoppedClock) -> None:
    empty.take(list(year(60, NOON)))
    clock.at = NOON + 3_000 * DAY
    models = empty.foreseeing.fit([])
    assert any(code == "stale" for code, _ in models[0].card.notes)
    assert empty.foreseeing.drift() != []


def test_one_signal_alone_leaves_the_others(empty: Tactful, clock: StoppedClock) -> None:
    clock.at = NOON + DAY
    empty.take(list(year(60, NOON)))
    empty.foreseeing.fit([], NOON)
    before = {model.card.signal: model.model for model in empty.foreseeing.current()}
    (made,) = empty.foreseeing.fit([Signal.TIMING], NOON + DAY)
    after = {model.card.signal: model.model for model in empty.foreseeing.current()}
    assert after == before | {Signal.TIMING: made.model}


def test_who_withdraws_is_not_read_in_the_next_fit(empty: Tactful, clock: StoppedClock) -> None:
    empty.take(list(year(60, NOON)))
    clock.at = NOON + 2 * DAY
    empty.take([consent("u7", Purpose.PROFILING, None, ConsentStatus.WITHDRAWN, NOON + DAY)])
    assert empty.foreseeing.told("u7") == (False, [])
    empty.foreseeing.fit([], clock.at)
    assert empty.stores.models.told(empty.tenant, empty.find("u7"), clock.at) == []
    assert empty.foreseeing.told("u8")[1]


def test_the_program_starts_without_what_only_fitting_needs(home: Path) -> None:
    """scipy and LightGBM are not loaded to decide."""
    import subprocess
    import sys

    code = (
        "import sys\nfrom pathlib import Path\nfrom agent.bootstrap import open_tactful\n"
        "from agent.settings import Settings\n"
        f"t = open_tactful(Settings(home=Path({str(home)!r}), model_name=None))\nt.deciding\n"
        "print([m for m in ('scipy', 'lightgbm', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_settings_are_those_of_a_home(home: Path) -> None:
    found = open_tactful(Settings(home=home, model_name=None), clock=StoppedClock(NOON))
    assert len(found.foreseeing.current()) == len(Signal)
