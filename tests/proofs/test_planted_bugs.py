"""T3: does the harness bite? Bugs of the kind that teams really ship, planted one at a time; each is caught by a test
that passes on the clean build."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from agent import waking
from agent.dispatch import dispatcher, pace
from agent.domain.bundle import EffectState
from agent.domain.delivery import Claim, Sent
from agent.guardrails.rules import clock as clock_rules
from agent.store import approving, bookings, commit, intake, journeys, outbox, resources, results
from agent.store import schema as t
from agent.store.database import Database
from agent.store.snapshots import snapshots_in
from tests.conftest import CountingIds, StoppedClock
from tests.contracts import test_approvals, test_commit, test_journeys, test_outbox, test_resources
from tests.support.brand import database_of, regular
from tests.support.sending import ALL, Sink, house

Patch = pytest.MonkeyPatch


def key_regenerated_on_retry(patch: Patch) -> None:
    patch.setattr(Claim, "key", property(lambda self: f"{random.random()}"))


def acknowledged_before_it_was_sent(patch: Patch) -> None:
    patch.setattr(dispatcher, "hand_over", lambda provider, claim: Sent())


def consent_cached(patch: Patch) -> None:
    read = snapshots_in
    known: dict[str, Any] = {}

    def cached(connection: Any, tenant: Any, ids: Any, at: Any, playbook: Any) -> Any:
        return [known.setdefault(s.customer, s) for s in read(connection, tenant, ids, at, playbook)]

    patch.setattr(outbox, "snapshots_in", cached)
    patch.setattr(journeys, "end", lambda *_: None)
    patch.setattr(test_outbox, "decided", lambda tactful, *names: _seen_first(tactful, cached, *names))


DECIDED = test_outbox.decided


def _seen_first(tactful: Any, cached: Callable[..., Any], *names: str) -> None:
    """The cache has met the customers before they refuse."""
    DECIDED(tactful, *names)
    ids = [tactful.find(name) for name in names]
    database = database_of(tactful)
    with database.reading() as connection:
        cached(connection, tactful.tenant, ids, tactful._clock.now(), tactful.playbook)


def cap_read_outside_the_transaction(patch: Patch) -> None:
    one = commit._Writer._one

    def blind(self: Any, bundle: Any, known: Any, versions: Any, used: Any) -> Any:
        return one(self, replace(bundle, version=None), known, versions, used)

    patch.setattr(commit._Writer, "_one", blind)


def wrong_zone(patch: Patch) -> None:
    patch.setattr(clock_rules, "ZoneInfo", lambda name: ZoneInfo("Pacific/Kiritimati"))


def lease_not_looked_at(patch: Patch) -> None:
    patch.setattr(outbox.SqlOutbox, "begin", lambda self, claims: list(claims))


def unknown_sent_again(patch: Patch) -> None:
    doubtful = results.SqlResults._doubtful

    def blind(self: Any, row: Any, reason: str, abilities: Any, now: datetime) -> Any:
        return doubtful(self, row, reason, replace(abilities, honours_keys=True), now)

    patch.setattr(results.SqlResults, "_doubtful", blind)


def taken_over_in_the_middle(patch: Patch) -> None:
    again = results._Next(EffectState.PENDING, "", datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC")))
    patch.setattr(results.SqlResults, "_doubtful", lambda *_: again)


def switch_read_once(patch: Patch) -> None:
    patch.setattr(outbox, "is_paused", cache(lambda connection, tenant: False))


def journey_not_ended_by_a_purchase(patch: Patch) -> None:
    patch.setattr(intake, "tell", lambda *_: None)


def given_back_twice(patch: Patch) -> None:
    real = resources._release_coupons

    def again(connection: Any, tenant: Any, effects: Any) -> None:
        c = t.coupons.c
        connection.execute(update(t.coupons).where(c.effect.in_(effects)).values(state="reserved"))
        real(connection, tenant, effects)

    patch.setattr(resources, "_release_coupons", again)


def approval_not_compared_at_the_claim(patch: Patch) -> None:
    patch.setattr(outbox, "fingerprint", lambda names, row: row.approved)


def approval_of_whatever_is_there_now(patch: Patch) -> None:
    real = approving.fingerprint
    patch.setattr(approving, "fingerprint", lambda names, row: getattr(row, "hash", None) or real(names, row))


def approval_used_twice(patch: Patch) -> None:
    patch.setattr(approving, "_refuse_unless_open", lambda row, now: None)


def retried_past_its_time(patch: Patch) -> None:
    def forever(self: Any, row: Any, now: datetime, wanted: Any) -> datetime:
        return now + timedelta(minutes=1)

    patch.setattr(results.SqlResults, "_next_try", forever)


def contact_never_released(patch: Patch) -> None:
    patch.setattr(outbox, "release", lambda *_: None)
    patch.setattr(journeys, "release", lambda *_: None)


def budget_not_checked(patch: Patch) -> None:
    spend = resources._spend

    def lavish(connection: Any, tenant: Any, wanted: Any, customer: str, face: Any, budget: Any) -> Any:
        return spend(connection, tenant, wanted, customer, face, replace(budget, amount=budget.amount * 1000))

    patch.setattr(resources, "_spend", lavish)


def code_good_for_ever(patch: Patch) -> None:
    patch.setattr(bookings, "_refuse_code", lambda *_: None)


def place_given_twice(patch: Patch) -> None:
    patch.setattr(resources, "_take_slot", lambda connection, tenant, wanted, common: wanted.resource)


def timer_decided_twice(patch: Patch) -> None:
    patch.setattr(waking, "TriggerKey", lambda text: f"{text}:{random.random()}")


def burst_after_an_outage(patch: Patch) -> None:
    patch.setattr(pace.Pace, "room", lambda self: 1_000)


CAUGHT_BY: dict[Callable[[Patch], None], Callable[..., None]] = {
    key_regenerated_on_retry: test_outbox.test_a_refused_connection_is_tried_again_later_and_in_the_end_given_up,
    acknowledged_before_it_was_sent: test_outbox.test_what_is_due_leaves_once,
    consent_cached: test_outbox.test_a_refusal_before_the_claim_stops_it_and_gives_everything_back,
    cap_read_outside_the_transaction: test_commit.test_two_bundles_on_one_version_in_one_batch_do_not_both_win,
    wrong_zone: test_outbox.test_in_quiet_hours_it_waits_for_the_next_lawful_minute,
    lease_not_looked_at: test_outbox.test_a_worker_that_slept_past_its_lease_hands_nothing_over,
    unknown_sent_again: test_outbox.test_without_keys_and_questions_what_is_unknown_goes_to_a_person,
    taken_over_in_the_middle: test_outbox.test_a_worker_that_died_in_the_middle_leaves_something_unknown,
    switch_read_once: test_outbox.test_after_a_pause_nothing_is_claimed_until_it_is_resumed,
    journey_not_ended_by_a_purchase: test_outbox.test_a_purchase_before_the_claim_stops_it,
    given_back_twice: test_resources.test_what_is_given_back_can_be_given_again,
    approval_not_compared_at_the_claim: test_outbox.test_what_was_changed_after_its_approval_is_never_sent,
    approval_of_whatever_is_there_now: test_approvals.test_what_was_changed_since_it_was_shown_cannot_be_approved,
    approval_used_twice: test_approvals.test_a_yes_lets_exactly_this_go_once,
    retried_past_its_time: test_outbox.test_a_refused_connection_is_tried_again_later_and_in_the_end_given_up,
    contact_never_released: test_outbox.test_a_refusal_before_the_claim_stops_it_and_gives_everything_back,
    budget_not_checked: test_resources.test_a_budget_is_never_overspent,
    code_good_for_ever: test_resources.test_a_code_is_good_once,
    place_given_twice: test_resources.test_a_place_is_never_given_twice,
    timer_decided_twice: test_journeys.test_a_timer_that_fires_twice_is_decided_once,
    burst_after_an_outage: test_outbox.test_only_so_many_leave_in_a_second_also_after_an_outage,
}


def run(test: Callable[..., None], folder: Path) -> None:
    """The test as its own suite would run it, on a SQLite house of its own."""
    database, clock, ids, sink = Database(f"sqlite:///{folder}/t.db"), StoppedClock(), CountingIds(), Sink()
    names = test.__code__.co_varnames[: test.__code__.co_argcount]
    given: dict[str, Any] = {"tmp_path": folder, "database": database, "clock": clock, "ids": ids, "sink": sink}
    if "tactful" in names:
        reviewed = test.__module__ == test_approvals.__name__
        changes = [("# review: [book_demo]", "review: [recommend_product]  #")] if reviewed else []
        given["tactful"] = house(folder, database, clock, ids, [(sink, ALL)], *changes)
        if reviewed:
            given["tactful"].take(list(regular("ann")))
            list(given["tactful"].decide_all())
        if test.__module__ == test_commit.__name__:
            given["tactful"].take([row for name in test_commit.NAMES for row in regular(name)])
    rounds = dispatcher.Dispatcher.drain.__defaults__
    dispatcher.Dispatcher.drain.__defaults__ = (None, 60)  # a bug may go round for ever
    try:
        test(**{name: given[name] for name in names})
    finally:
        dispatcher.Dispatcher.drain.__defaults__ = rounds
        database.close()


def alarm(test: Callable[..., None], folder: Path) -> BaseException | None:
    """How the test fails, however it shows; None where it passes."""
    try:
        run(test, folder)
    except KeyboardInterrupt:
        raise
    except BaseException as failed:  # noqa: BLE001 - pytest's own failures are no Exceptions
        return failed
    return None


@pytest.mark.parametrize("bug", CAUGHT_BY, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_caught(bug: Callable[[Patch], None], tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        bug(patch)
        assert alarm(CAUGHT_BY[bug], tmp_path) is not None


@pytest.mark.parametrize("test", set(CAUGHT_BY.values()), ids=lambda test: test.__name__)
def test_the_clean_build_raises_no_alarm(test: Callable[..., None], tmp_path: Path) -> None:
    assert alarm(test, tmp_path) is None


def test_there_are_at_least_twenty() -> None:
    assert len(CAUGHT_BY) >= 20
