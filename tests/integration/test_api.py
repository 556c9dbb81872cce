"""The API in use: what a caller sends, what it gets back, and what it can rely on."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from agent.api.house import Work
from agent.consenting import OFFERED
from agent.domain.access import Scope
from agent.domain.customer import Channel, ConsentStatus, Purpose
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.api import Api, api
from tests.support.brand import regular
from tests.support.people import NOON

CART = {"kind": "cart_updated", "entity": "cart-7", "value": 64, "currency": "GBP"}


@pytest.fixture
def house(tmp_path: Path, clock: StoppedClock, ids: CountingIds) -> Iterator[Api]:
    database = Database(f"sqlite:///{tmp_path / 'api.db'}")
    found = api(tmp_path, database, clock, ids)
    found.tactful.take([row for n in range(4) for row in regular(f"c-{n}")])
    assert found.tactful.deciding
    yield found
    database.close()


def counts(house: Api) -> dict[str, int]:
    with house.house.database.reading() as connection:
        tables = (t.decisions, t.effects, t.events, t.contacts, t.audit, t.timers)
        return {x.name: connection.execute(select(func.count()).select_from(x)).scalar_one() for x in tables}


def standing(house: Api, customer: str) -> dict[str, str]:
    found = house.call("GET", f"/v1/customers/{customer}").json()["consents"]
    return {f"{c['purpose']}.{c['channel']}" if c["channel"] else c["purpose"]: c["status"] for c in found}


def test_the_first_result_is_committed_and_worded_and_the_others_are_only_ranked(house: Api) -> None:
    found = house.decide("c-2", "k-0", max_results=25).json()
    first, others = found["results"][0], found["results"][1:]
    assert found["action"] == first["action"] == "recommend_product"
    assert (first["committed"], first["delivery"], first["state"]) == (True, "tactful", "pending")
    assert first["body"]
    assert others
    assert not any(r["committed"] or r["body"] or r["effect"] for r in others)
    assert [r["score"] for r in others] == sorted((r["score"] for r in others), reverse=True)
    assert counts(house)["effects"] == 1
    assert len(house.decide("c-2", "k-1", max_results=1, dry_run=True).json()["results"]) <= 1


def test_a_dry_run_sees_the_event_and_keeps_nothing(house: Api) -> None:
    before = counts(house)
    found = house.decide("c-0", "k-0", dry_run=True, event=CART, debug=True).json()
    assert any("cart worth 64 GBP" in finding for finding in found["debug"]["findings"])
    assert not any(r["committed"] for r in found["results"])
    assert counts(house) == before


def test_the_event_of_a_decision_counts_once_by_its_message_id(house: Api) -> None:
    for key in ("k-1", "k-2"):
        house.decide("c-0", key, event={**CART, "message_id": "m-1"})
    happened = house.call("GET", "/v1/customers/c-0/timeline").json()["happened"]
    assert [h["kind"] for h in happened].count("cart_updated") == 1


def test_what_the_caller_delivers_never_leaves_from_here(house: Api) -> None:
    found = house.decide("c-2", "k-0", delivery="caller").json()["results"][0]
    assert found["delivery"] == "caller"
    assert "Ann" in found["body"]
    house.tactful.dispatch()
    assert [e.state for d in house.tactful.decisions() for e in house.tactful.effects(d)] == ["pending"]
    (decision,) = (d.decision_id for d in house.tactful.decisions() if d.effects)
    said = house.call("POST", f"/v1/decisions/{decision}/outcome", json={"kind": "clicked"})
    again = house.call("POST", f"/v1/decisions/{decision}/outcome", json={"kind": "clicked"})
    assert (said.json()["new"], again.json()["new"]) == (True, False)


def test_without_the_scope_for_personal_data_words_that_we_send_are_not_shown(house: Api) -> None:
    narrow = house.key([Scope.DECIDE])
    headers = {"idempotency-key": "k-0"}
    found = house.call("POST", "/v1/decisions", key=narrow, json={"customer": "c-2"}, headers=headers)
    assert found.json()["results"][0]["body"] is None


def test_an_event_is_decided_on_by_the_work_behind_the_api(house: Api, clock: StoppedClock) -> None:
    message = {"type": "track", "userId": "c-0", "event": "cart_updated", "messageId": "m", "properties": {"value": 9}}
    assert house.call("POST", "/v1/batch", json={"batch": [message]}).json()["accepted"] == 1
    assert counts(house)["decisions"] == 0
    clock.at += timedelta(seconds=3)
    Work(house.house).round(house.tactful)
    assert counts(house)["decisions"] == 1


def test_one_click_unsubscribes_and_looking_does_not(house: Api) -> None:
    token = house.tactful.consents.tokens.make(house.tactful.tenant, house.tactful.find("c-0"), Channel.EMAIL)
    page = f"/u/acme/{token}"
    assert house.call("GET", page, key="").status_code == 200
    assert standing(house, "c-0")["ad_sending.email"] == "granted"
    done = house.call("POST", page, key="", data={"List-Unsubscribe": "One-Click"})
    assert (done.status_code, done.content) == (200, b"")
    assert standing(house, "c-0")["ad_sending.email"] == "withdrawn"
    assert house.call("GET", "/u/acme/0000", key="").status_code == 404
    assert house.call("GET", f"/u/rival/{token}", key="").status_code == 404


@pytest.mark.parametrize(("locale", "title"), [("ko", "수신 설정"), ("en", "Your choices")])
def test_customers_choose_on_a_page_in_their_language(house: Api, locale: str, title: str) -> None:
    house.call("PUT", "/v1/customers/c-0", json={"locale": locale})
    token = house.tactful.consents.tokens.make(house.tactful.tenant, house.tactful.find("c-0"), Channel.EMAIL)
    page = house.call("GET", f"/u/acme/{token}", key="")
    assert title in page.text
    assert page.text.count("checked") == 3
    assert "script" not in page.text
    wanted = {"profiling": "yes", "ad_sending.sms": "yes", "nonsense": "yes"}
    house.call("POST", f"/u/acme/{token}", key="", data=wanted)
    now = standing(house, "c-0")
    assert {name for name, status in now.items() if status == "granted"} == {"profiling", "ad_sending.sms"}
    house.call("POST", f"/u/acme/{token}", key="", data={"do": "stop"})
    assert not {name for name, status in standing(house, "c-0").items() if status == "granted"} & set(OFFERED)


def test_too_much_too_deep_and_too_often_is_refused_plainly(tmp_path: Path, house: Api) -> None:
    big = json.dumps({"batch": [{"type": "track", "x": "y" * 1_100_000}]})
    deep = "[" * 40 + "]" * 40
    bomb = gzip.compress(b" " * 50_000_000)
    headers = {"content-type": "application/json"}
    assert house.call("POST", "/v1/batch", content=big, headers=headers).status_code == 413
    assert house.call("POST", "/v1/batch", content=f'{{"batch": {deep}}}', headers=headers).status_code == 400
    packed = house.call("POST", "/v1/batch", content=bomb, headers={**headers, "content-encoding": "gzip"})
    assert packed.status_code == 400
    slow = api(tmp_path / "slow", house.house.database, requests_per_second=1)
    codes = asyncio.run(_often(slow))
    assert codes.count(429) == 5
    assert codes[0] == 200


async def _often(house: Api) -> list[int]:
    async with house.client() as client:
        found = [await client.get("/v1/webhooks") for _ in range(15)]
    assert all(int(r.headers["retry-after"]) >= 1 for r in found if r.status_code == 429)
    return [r.status_code for r in found]


def test_errors_are_problems_that_say_what_to_do_and_repeat_nothing(house: Api) -> None:
    found = house.call("PUT", "/v1/customers/c-0", json={"locale": "fr", "secret-field": "s3cret"})
    assert found.status_code == 422
    assert found.headers["content-type"] == "application/problem+json"
    assert "s3cret" not in found.text
    assert "secret-field" not in found.text
    assert any(place.startswith("body.locale") for place in found.json()["places"])
    assert house.call("GET", "/v1/decisions/x", key="").headers["www-authenticate"].startswith("Bearer")


def test_a_case_stops_selling_until_it_is_closed(house: Api, clock: StoppedClock) -> None:
    house.call("POST", "/v1/cases", json={"customer": "c-0", "case": "k-1", "kind": "outage"})
    assert house.call("GET", "/v1/customers/c-0").json()["open_cases"] == ["k-1"]
    during = house.decide("c-0", "k-0").json()
    assert during["action"] != "recommend_product"
    clock.at += timedelta(minutes=1)
    assert house.call("DELETE", "/v1/cases/k-1?customer=c-0").json()["state"] == "closed"
    clock.at += timedelta(minutes=1)
    assert house.call("DELETE", "/v1/cases/k-1?customer=c-0").status_code == 404


def test_a_withdrawal_of_a_channel_leaves_the_others(house: Api) -> None:
    house.call(
        "POST", "/v1/customers/c-0/consents", json={"status": "granted", "purpose": "ad_sending", "channel": "sms"}
    )
    found = house.call("POST", "/v1/customers/c-0/consents", json={"status": "withdrawn", "channel": "email"})
    assert {r["consent"]["purpose"] for r in found.json()} == {"ad_sending", "night"}
    now = standing(house, "c-0")
    assert (now["ad_sending.email"], now["ad_sending.sms"]) == ("withdrawn", "granted")
    receipt = found.json()[0]["receipt_id"]
    assert house.call("GET", f"/v1/receipts/{receipt}").json()["receipt_id"] == receipt


def test_a_held_message_is_approved_by_its_hash_once(house: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert house.call("GET", "/v1/approvals").json() == []
    nobody = house.call(
        "POST",
        "/v1/approvals/e_00000000000000000000",
        json={"answer": "approve", "hash": "0" * 64, "by": "Kim"},
        headers={"idempotency-key": "a-1"},
    )
    assert nobody.status_code == 404


def test_all_that_is_held_is_exported_and_gone_after_erasing(house: Api) -> None:
    house.decide("c-2", "k-0")
    found = house.call("GET", "/v1/customers/c-2/export").json()
    assert {
        "addresses",
        "consents",
        "customers",
        "decisions",
        "effects",
        "identities",
        "order_lines",
        "persons",
    } <= set(found)
    assert found["persons"][0]["first_name"] == "Ann"
    narrow = house.key([Scope.CUSTOMERS_READ])
    assert house.call("GET", "/v1/customers/c-2/export", key=narrow).status_code == 403
    assert house.call("DELETE", "/v1/customers/c-2").json()["erased"] is True
    assert house.call("GET", "/v1/customers/c-2/export").status_code == 404


def test_a_tenant_sees_only_its_own(house: Api) -> None:
    rival = house.key(tenant="rival")
    assert house.call("GET", "/v1/customers/c-0", key=rival).status_code == 404
    assert house.call("PUT", "/v1/customers/c-0", key=rival, json={"country": "DE"}).json()["country"] == "DE"
    assert house.call("GET", "/v1/customers/c-0").json()["country"] == "GB"


def test_the_ledger_knows_how_a_choice_was_made(house: Api) -> None:
    house.call("POST", "/v1/customers/c-0/consents", json={"status": "withdrawn"})
    last = house.tactful.consents.history("c-0")[-1]
    assert (last.source, last.proof.method, last.consent.status) == ("api", "api", ConsentStatus.WITHDRAWN)
    assert last.consent.given_at == NOON
    assert Purpose.PROFILING in {r.consent.purpose for r in house.tactful.consents.history("c-0")}


def test_what_goes_wrong_with_us_is_told_without_a_word_of_it(house: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("ann@mail.example")

    monkeypatch.setattr(type(house.tactful.stores.customers), "find", broken)
    found: httpx.Response = house.call("GET", "/v1/customers/c-0")
    assert found.status_code == 500
    assert "ann@" not in found.text
    assert found.headers["x-request-id"]


def test_a_pseudonym_is_nobodys_own_number(house: Api) -> None:
    pseudonym = house.call("GET", "/v1/customers/c-2").json()["pseudonym"]
    message = {"type": "track", "userId": pseudonym, "event": "Product Viewed"}
    assert house.call("POST", "/v1/track", json=message).json()["quarantined"] == 1
    assert house.decide(pseudonym, "k-1", event=CART).status_code == 200
    happened = house.call("GET", "/v1/customers/c-2/timeline").json()["happened"]
    assert "cart_updated" in [h["kind"] for h in happened]
    assert house.call("PUT", "/v1/customers/c_00000000000000000000", json={}).status_code == 422
    assert house.call("DELETE", f"/v1/customers/{pseudonym}").status_code == 200
    assert house.call("GET", "/v1/customers/c-2").status_code == 404


def test_people_who_are_met_by_an_event_are_each_their_own(house: Api) -> None:
    for number in range(3):
        assert house.decide(f"new-{number}", f"k-{number}", event=CART).status_code == 200
        happened = house.call("GET", f"/v1/customers/new-{number}/timeline").json()["happened"]
        assert [h["kind"] for h in happened] == ["cart_updated"]


def test_whoever_may_only_read_gets_no_link_to_a_customers_choices(house: Api) -> None:
    decision = house.decide("c-2", "k-0").json()["decision"]
    reader = house.key([Scope.READ])
    for path in ("why", "explain", ""):
        found = house.call("GET", f"/v1/decisions/{decision}/{path}".rstrip("/"), key=reader)
        assert found.status_code == 200
        with house.house.database.reading() as connection:
            tokens = list(connection.execute(select(t.unsubscribe_tokens.c.token)).scalars())
        assert not any(token in found.text for token in tokens)
        assert "Ann" not in found.text


def test_a_key_gets_no_answer_that_another_key_may_read(house: Api) -> None:
    assert "Ann" in house.decide("c-2", "k-0").text
    narrow, headers = house.key([Scope.DECIDE]), {"idempotency-key": "k-0"}
    again = house.call("POST", "/v1/decisions", key=narrow, json={"customer": "c-2"}, headers=headers)
    assert again.status_code == 422
    hook = {"url": "https://hook.example/x", "types": ["task.created"]}
    assert house.call("POST", "/v1/webhooks", key=house.key([Scope.WEBHOOKS]), json=hook).status_code == 403


def test_metrics_tell_a_tenant_nothing_of_another(house: Api) -> None:
    house.decide("c-2", "k-0")
    assert 'tenant="acme"' in house.call("GET", "/metrics").text
    assert "acme" not in house.call("GET", "/metrics", key=house.key(tenant="rival")).text


def test_one_odd_message_does_not_hold_up_the_others(house: Api) -> None:
    odd = {"type": "track", "userId": "c-2", "event": "Product Viewed", "properties": {"value": 10**30}}
    plain = {"type": "track", "userId": "c-2", "event": "Product Viewed", "messageId": "m"}
    body = {"batch": [odd, plain], "sentAt": "9999-12-31T23:59:59Z"}
    text = json.dumps(body)
    found = house.call("POST", "/v1/batch", content=text, headers={"content-type": "application/json"})
    assert found.status_code in (200, 400)
    assert house.call("POST", "/v1/batch", json={**body, "batch": [plain]}).json()["accepted"] <= 1
    assert "product_viewed" in house.call("GET", "/v1/customers/c-2/timeline").text


def test_a_fact_that_was_set_now_is_not_undone_by_what_was_said_before(house: Api) -> None:
    house.call("PUT", "/v1/customers/c-2", json={"first_name": "Newname"})
    earlier = (NOON - timedelta(days=3)).isoformat()
    said = {"userId": "c-2", "timestamp": earlier, "traits": {"firstName": "Oldname"}}
    house.call("POST", "/v1/identify", json=said)
    assert house.call("GET", "/v1/customers/c-2").json()["first_name"] == "Newname"


def test_the_work_goes_on_after_whatever_fails(house: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    work, calls = Work(house.house), []

    def failing(*_: Any) -> Any:
        calls.append(1)
        raise RuntimeError("once")

    monkeypatch.setattr(type(house.house.keys), "tenants", failing)
    work.start()
    ends = time.monotonic() + 10
    while len(calls) < 2 and time.monotonic() < ends:
        time.sleep(0.05)
    assert work.is_alive()
    work.stop()
    assert len(calls) >= 2


def test_one_bad_endpoint_does_not_starve_the_others(house: Api) -> None:
    notices, tactful = house.tactful.stores.notices, house.tactful
    assert house.call("POST", "/v1/webhooks", json={"url": "https://hook.example/\u0001"}).status_code == 422
    notices.subscribe(tactful.tenant, "https://\u0001.example/", ["consent.changed"])
    notices.subscribe(tactful.tenant, "http://inside.example/", ["consent.changed"])
    tactful.consents.withdraw_all("c-2", "test")
    tactful.auditing.link()
    tactful.notifying.publish()
    assert tactful.notifying.deliver() == 2
    for one in tactful.notifying.all():
        (delivery,) = tactful.notifying.deliveries(one.endpoint_id)
        assert (delivery.state, delivery.attempts) == ("pending", 1)


def test_what_is_foretold_is_read_over_the_api(house: Api) -> None:
    house.tactful.foreseeing.fit([])
    found = house.call("GET", "/v1/customers/c-0/signals").json()
    assert found["profiling"] is True
    assert {one["omen"] for one in found["foretold"]} >= {"return"}
    assert all(0 <= one["chance"] <= 1_000_000 and one["model"] for one in found["foretold"])
    assert house.call("GET", "/v1/customers/nobody/signals").status_code == 404
