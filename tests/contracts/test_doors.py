"""Keys, kept answers, webhooks and the audit's chain, on both stores."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from agent.bootstrap import open_access
from agent.domain.access import Busy, Kept, Reused, Scope
from agent.domain.doors import Answers, Keys
from agent.domain.errors import InputError, NotFound
from agent.domain.ids import TenantId
from agent.service import Tactful
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import product, regular

ACME = TenantId("acme")


@pytest.fixture
def access(database: Database, clock: StoppedClock, ids: CountingIds) -> tuple[Keys, Answers]:
    return open_access(database, clock, ids)


@pytest.fixture
def tactful(database: Database, tmp_path: Path, clock: StoppedClock, ids: CountingIds) -> Tactful:
    return product(tmp_path, database, clock, ids)


def test_a_key_is_found_by_its_text_until_it_ends(access: tuple[Keys, Answers], clock: StoppedClock) -> None:
    keys, _ = access
    made, text = keys.make(ACME, "shop", [Scope.EVENTS], None)
    assert keys.find(text) == made
    for wrong in ("", "tk_", text[:-1], text + "0", text.replace("tk", "kt"), "tk_%_x", f"tk_{made.key_id}_"):
        assert keys.find(wrong) is None
    assert keys.tenants() == [ACME]
    keys.end(ACME, made.key_id, clock.at + timedelta(hours=1))
    assert keys.find(text) is not None
    clock.at += timedelta(hours=1)
    assert keys.find(text) is None
    assert keys.tenants() == [ACME]  # what is under way goes on without it
    with pytest.raises(NotFound):
        keys.end(TenantId("rival"), made.key_id, clock.at)


def test_a_key_that_signs_is_no_key_to_call_with(access: tuple[Keys, Answers]) -> None:
    keys, _ = access
    made, secret = keys.make(ACME, "shop", [Scope.EVENTS], None, signing=True)
    assert secret.startswith("whsec_")
    assert keys.signing(made.key_id) == (made, [secret])
    assert keys.find(f"tk_{made.key_id}_") is None
    assert keys.signing("x") is None


def test_an_answer_is_kept_given_again_and_forgotten(access: tuple[Keys, Answers], clock: StoppedClock) -> None:
    _, answers = access
    lease = answers.begin(ACME, "k", "r" * 64)
    assert isinstance(lease, str)
    with pytest.raises(Busy):
        answers.begin(ACME, "k", "r" * 64)
    with pytest.raises(Reused):
        answers.begin(ACME, "k", "x" * 64)
    kept = Kept(status=200, body=b'{"a":1}')
    answers.finish(ACME, "k", lease, kept, None)
    assert answers.begin(ACME, "k", "r" * 64) == kept
    assert isinstance(answers.begin(TenantId("rival"), "k", "y" * 64), str)
    clock.at += timedelta(days=7, seconds=1)
    assert isinstance(answers.begin(ACME, "k", "other" + "r" * 59), str)


def test_what_a_dead_process_held_is_free_after_a_minute(access: tuple[Keys, Answers], clock: StoppedClock) -> None:
    _, answers = access
    first = answers.begin(ACME, "k", "r" * 64)
    clock.at += timedelta(seconds=61)
    second = answers.begin(ACME, "k", "r" * 64)
    assert isinstance(second, str)
    assert second != first
    answers.finish(ACME, "k", str(first), Kept(status=200, body=b"late"), None)
    with pytest.raises(Busy):
        answers.begin(ACME, "k", "r" * 64)
    answers.drop(ACME, "k", second)
    assert isinstance(answers.begin(ACME, "k", "z" * 64), str)


def test_webhooks_are_told_of_what_comes_after_them_once(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take(regular("w-1"))
    tactful.consents.withdraw_all("w-1", "test")
    tactful.auditing.link()
    subscription, secret = tactful.notifying.subscribe("https://hook.example/x", ["consent.changed"])
    assert secret.startswith("whsec_")
    assert tactful.notifying.publish() == 0
    clock.at += timedelta(hours=2)
    tactful.consents.withdraw_all("w-1", "test")
    tactful.auditing.link()
    assert tactful.notifying.publish() == 1
    assert tactful.notifying.publish() == 0
    (due,) = tactful.stores.notices.claim(ACME, 9)
    assert tactful.stores.notices.claim(ACME, 9) == []
    assert due.secrets == (secret,)
    assert tactful.stores.notices.finish(ACME, due, "500", None, False) == "pending"
    clock.at += timedelta(seconds=6)
    assert len(tactful.stores.notices.claim(ACME, 9)) == 1
    with pytest.raises(NotFound):
        tactful.notifying.deliveries("w_none")
    tactful.notifying.end(subscription.endpoint_id)
    assert tactful.notifying.all() == []


def test_a_receiver_that_is_down_for_three_days_gets_everything(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take(regular("w-1"))
    tactful.notifying.subscribe("https://hook.example/x", ["consent.changed"])
    tactful.consents.withdraw_all("w-1", "test")
    tactful.auditing.link()
    tactful.notifying.publish()
    began, states = clock.at, []
    while clock.at < began + timedelta(hours=72):
        for due in tactful.stores.notices.claim(ACME, 9):
            states.append(tactful.stores.notices.finish(ACME, due, "no answer", None, False))
        clock.at += timedelta(minutes=1)
    assert set(states) == {"pending"}
    clock.at += timedelta(hours=4)
    (due,) = tactful.stores.notices.claim(ACME, 9)
    assert tactful.stores.notices.finish(ACME, due, "204", None, True) == "delivered"
    assert due.attempts == 10


@pytest.mark.parametrize("url", ["http://hook.example/x", "ftp://hook.example", "https://u:p@hook.example/", "nothing"])
def test_only_plain_https_addresses_are_told(tactful: Tactful, url: str) -> None:
    with pytest.raises(InputError):
        tactful.notifying.subscribe(url)


def test_the_chain_holds_on_both_stores_and_no_tenant_stands_in_anothers(
    tactful: Tactful, database: Database, tmp_path: Path, clock: StoppedClock, ids: CountingIds
) -> None:
    other = product(tmp_path, database, clock, ids, tenant="rival")
    for one in (tactful, other):
        one.take(regular("w-1"))
        one.consents.withdraw_all("w-1", "test")
        assert one.auditing.link() > 0
        assert one.auditing.link() == 0
        assert one.auditing.anchor() is not None
        assert one.auditing.verify().breaks == ()
    assert tactful.auditing.verify().rows == other.auditing.verify().rows
