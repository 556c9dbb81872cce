"""Churn and response from a table: what is chosen, that it is calibrated, and that one row scores like many."""

from __future__ import annotations

import numpy as np
import pytest

from agent.signals.tabular import drift as drifting
from agent.signals.tabular import model as tabular
from agent.signals.tabular.columns import Array, parse_column, take
from agent.signals.tabular.logistic import fit_logistic, fit_platt, sigmoid
from agent.signals.tabular.measures import auc, ece

SIZE = 3_000


def world(seed: int = 0, size: int = SIZE, shift: float = 0.0, crossed: bool = False) -> tuple[dict[str, Array], Array]:
    """Two numbers, a category, and a chance that is linear in them; `crossed`: one that only trees can see."""
    draw = np.random.Generator(np.random.Philox(seed))
    a, b = draw.normal(shift, 1, size), draw.normal(0, 1, size)
    kind = draw.choice(np.array(["web", "app", "shop"], dtype=object), size)
    z = 3.0 * np.sign(a * b) if crossed else 1.2 * a - 0.8 * b + np.where(kind == "app", 0.9, 0.0) - 0.5
    return {"a": a, "b": b, "kind": kind}, (draw.random(size) < sigmoid(z)).astype(float)


X, Y = world()
MODEL = tabular.fit(X, Y)


def test_the_simple_model_wins_where_the_world_is_simple() -> None:
    assert MODEL.share == 0.0
    assert MODEL.trees is None


def test_trees_are_taken_where_they_see_more() -> None:
    x, y = world(crossed=True)
    made = tabular.fit(x, y)
    fresh, truth = world(9, crossed=True)
    assert made.share > 0
    assert auc(truth, tabular.predict(made, fresh)) > 0.85


def test_chances_mean_what_they_say() -> None:
    fresh, truth = world(5)
    assert ece(truth, tabular.predict(MODEL, fresh)) < 0.03
    assert auc(truth, tabular.predict(MODEL, fresh)) > 0.75


@pytest.mark.parametrize("crossed", [False, True])
def test_one_row_scores_exactly_as_among_many(crossed: bool) -> None:
    made = tabular.fit(*world(crossed=crossed))
    fresh, _ = world(7, 300, crossed=crossed)
    whole = tabular.predict(made, fresh)
    alone = [tabular.predict(made, take(fresh, slice(at, at + 1)))[0] for at in range(0, 300, 17)]
    assert alone == whole[::17].tolist()


@pytest.mark.parametrize("crossed", [False, True])
def test_what_is_kept_is_the_same_to_the_last_bit(crossed: bool) -> None:
    x, y = world(crossed=crossed)
    made = tabular.fit(x, y)
    assert tabular.predict(tabular.load(tabular.dump(made)), x).tolist() == tabular.predict(made, x).tolist()


def test_the_same_rows_give_the_same_model() -> None:
    assert tabular.dump(tabular.fit(X, Y)) == tabular.dump(MODEL)


def test_reasons_name_what_moves_a_chance_most() -> None:
    rows: dict[str, Array] = {
        "a": np.array([3.0, 0.0]),
        "b": np.array([0.0, -3.0]),
        "kind": np.array(["shop", "shop"], dtype=object),
    }
    first, second = tabular.reasons(MODEL, rows, top=1)
    assert (first[0][0], second[0][0]) == ("a", "b")
    assert first[0][2] > 0
    assert second[0][2] > 0


def test_missing_and_unknown_values_are_scored() -> None:
    odd: dict[str, Array] = {
        "a": np.array([np.nan, np.inf, -1e300]),
        "b": np.array([0.0, 0.0, 0.0]),
        "kind": np.array(["never seen", "", None], dtype=object),
    }
    chance = tabular.predict(MODEL, odd)
    assert ((chance > 0) & (chance < 1)).all()


def test_a_column_that_is_left_out_is_never_read() -> None:
    assert "a" not in tabular.fit(X, Y, drop=["a"]).encoder
    with pytest.raises(KeyError, match="no such column"):
        tabular.fit(X, Y, drop=["age"])


def test_too_few_of_a_label_is_said() -> None:
    with pytest.raises(ValueError, match="too few"):
        tabular.fit(take(X, slice(0, 40)), np.eye(1, 40)[0])


def test_rows_in_time_order_are_judged_forwards_only() -> None:
    """A column that betrays the label in the first half alone: judged backwards it would shine."""
    x, y = world(3)
    leak = np.where(np.arange(SIZE) < SIZE // 2, y, 0.5)
    made = tabular.fit(x | {"leak": leak}, y, in_time=True)
    held = np.array(made.report["validation"]["chosen"])
    assert held[-1, 0] < 0.85


def test_drift_is_raised_where_the_world_moved_and_not_where_it_did_not() -> None:
    alarms = 0
    for seed in range(10, 20):
        fresh, truth = world(seed, 500)
        chance = tabular.predict(MODEL, fresh)
        alarms += drifting.drift(MODEL.reference, MODEL.encoder, fresh, chance, truth).raised
    assert alarms == 0
    moved, truth = world(30, 500, shift=1.5)
    found = drifting.drift(MODEL.reference, MODEL.encoder, moved, tabular.predict(MODEL, moved), truth)
    assert found.raised
    assert found.causes[0] == "a"


def test_later_labels_mend_a_level_that_moved() -> None:
    x, _ = world(40, 2_000)
    score = tabular.scores(MODEL, x)
    draw = np.random.Generator(np.random.Philox(1))
    label = (draw.random(2_000) < sigmoid(score + 1.5)).astype(float)
    mended = drifting.prequential(score, label, 200)
    assert ece(label, mended) < 0.5 * ece(label, sigmoid(score))
    np.testing.assert_array_equal(mended[:200], sigmoid(score[:200]))


def test_the_logistic_is_the_one_of_the_textbook() -> None:
    """Against scikit-learn's, which shares no code with it."""
    from sklearn.linear_model import LogisticRegression

    x = np.column_stack([X["a"], X["b"]])
    own = fit_logistic(x, Y, 1.0)
    peer = LogisticRegression(C=1.0, tol=1e-10, max_iter=1_000).fit(x, Y)
    assert own.tolist() == pytest.approx([*peer.intercept_, *peer.coef_[0]], rel=1e-4)


def test_platt_finds_the_slope_that_was_lost() -> None:
    draw = np.random.Generator(np.random.Philox(2))
    score = draw.normal(0, 1, 5_000)
    label = (draw.random(5_000) < sigmoid(0.5 + 2.0 * score)).astype(float)
    offset, slope = fit_platt(label, score)
    assert offset == pytest.approx(0.5, abs=0.15)
    assert slope == pytest.approx(2.0, abs=0.2)


def test_columns_of_text_are_read_as_what_they_are() -> None:
    assert parse_column(["1", "2.5", "", " 3 "]).tolist()[:2] == [1.0, 2.5]
    assert np.isnan(parse_column(["1", "2.5", "", " 3 "])[2])
    assert parse_column(["a", "1", None]).tolist() == ["a", "1", ""]
