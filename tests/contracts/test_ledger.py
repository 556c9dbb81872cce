"""The consent ledger and what the law has follow from it, on both stores."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.consenting import Terms
from agent.domain.consent import UNDATED, Entry, Proof
from agent.domain.customer import Basis, Channel, Condition, Consent, ConsentStatus, Purpose
from agent.domain.errors import InputError, NotFound
from agent.domain.imports import BannerRow, SuppressionRow
from agent.domain.timers import TimerKind
from agent.guardrails.hearing import Heard
from agent.service import Tactful
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import agreed, consent, event, order, person, product
from tests.support.people import NOON

DAY = timedelta(days=1)
ADS = [(Purpose.AD_SENDING, Channel.SMS)]


@pytest.fixture
def tactful(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds) -> Tactful:
    made = product(tmp_path, database, clock, ids)
    made.take([person("ann"), replace(person("seo", country="KR", zone="Asia/Seoul"), key="seo")])
    return made


def kinds(tactful: Tactful, who: str) -> dict[TimerKind, int]:
    found = [timer.kind for timer in tactful.consents.duties(who)]
    return {kind: found.count(kind) for kind in set(found)}


def test_an_entry_keeps_how_it_was_given_and_gives_a_receipt(tactful: Tactful) -> None:
    proof = Proof(evidence="s3://proof/1", wording="w-7", wording_hash="ab12", wording_language="ko", method="form")
    (receipt,) = tactful.consents.record("seo", ConsentStatus.GRANTED, ADS, "web", proof=proof)
    found = tactful.consents.receipt(receipt.receipt_id)
    assert found == receipt
    assert found.proof == proof
    assert found.controller == "Harbour & Pine"
    assert found.result_notice_due == NOON + 14 * DAY
    assert found.reconfirm_due == NOON.replace(year=2028)


def test_the_law_of_the_customers_country_sets_the_duties(tactful: Tactful) -> None:
    tactful.consents.record("seo", ConsentStatus.GRANTED, ADS, "web")
    tactful.consents.record("ann", ConsentStatus.GRANTED, ADS, "web")
    assert kinds(tactful, "seo") == {TimerKind.RESULT_NOTICE: 1, TimerKind.RECONFIRM: 1}
    assert kinds(tactful, "ann") == {}


def test_a_withdrawal_is_told_too_and_needs_no_reconfirmation(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.consents.record("seo", ConsentStatus.GRANTED, ADS, "web")
    clock.at = NOON + DAY
    tactful.consents.record("seo", ConsentStatus.WITHDRAWN, ADS, "call")
    assert kinds(tactful, "seo") == {TimerKind.RESULT_NOTICE: 2}


def test_a_reconfirmation_moves_the_date(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.consents.record("seo", ConsentStatus.GRANTED, ADS, "web")
    clock.at = NOON + 600 * DAY
    tactful.consents.record("seo", ConsentStatus.RECONFIRMED, ADS, "timer")
    (again,) = [t for t in tactful.consents.duties("seo") if t.kind is TimerKind.RECONFIRM]
    assert again.due_at == clock.at.replace(year=clock.at.year + 2)
    assert again.rule == "kr-consent-reconfirm"


def test_what_was_stated_long_before_we_heard_of_it_is_not_told_again(tactful: Tactful) -> None:
    old = consent("seo", Purpose.AD_SENDING, Channel.SMS, at=NOON - 30 * DAY)
    tactful.take([old])
    assert kinds(tactful, "seo") == {TimerKind.RECONFIRM: 1}
    tactful.take([old])
    assert kinds(tactful, "seo") == {TimerKind.RECONFIRM: 1}


@pytest.mark.parametrize(("text", "heard"), [("STOP", Heard.REFUSE), ("이제 그만 보내세요", Heard.REFUSE)])
def test_a_refusal_in_any_words_withdraws_that_channel_at_once(tactful: Tactful, text: str, heard: Heard) -> None:
    tactful.consents.record("seo", ConsentStatus.GRANTED, [*ADS, (Purpose.AD_SENDING, Channel.EMAIL)], "web")
    answer = tactful.consents.hear("seo", Channel.SMS, text)
    assert answer.hearing.heard is heard
    assert {(r.consent.purpose, r.consent.channel) for r in answer.receipts} == {
        (Purpose.AD_SENDING, Channel.SMS),
        (Purpose.NIGHT, Channel.SMS),
    }
    assert all(r.consent.status is ConsentStatus.WITHDRAWN for r in answer.receipts)


def test_a_refusal_in_chat_names_no_channel_and_so_counts_for_all(tactful: Tactful) -> None:
    answer = tactful.consents.hear("ann", Channel.CHAT, "please stop sending me things")
    assert len(answer.receipts) == 9
    assert Purpose.MARKETING_PROCESSING in {r.consent.purpose for r in answer.receipts}


def test_after_stop_an_american_gets_one_confirmation_within_five_minutes(tactful: Tactful) -> None:
    tactful.take([replace(person("bob", country="US", zone="America/New_York"), key="bob")])
    tactful.consents.hear("bob", Channel.SMS, "STOP")
    (timer,) = tactful.consents.duties("bob")
    assert timer.kind is TimerKind.OPT_OUT_CONFIRMATION
    assert timer.expires_at == timer.due_at == NOON + timedelta(minutes=5)


def test_start_lifts_only_what_stop_had_stopped(tactful: Tactful, clock: StoppedClock) -> None:
    assert tactful.consents.hear("ann", Channel.SMS, "START").receipts == ()
    tactful.consents.hear("ann", Channel.SMS, "STOP")
    clock.at = NOON + timedelta(minutes=1)
    (back,) = tactful.consents.hear("ann", Channel.SMS, "START").receipts
    assert back.consent.status is ConsentStatus.GRANTED
    assert back.consent.conditions == ()


def test_the_question_whether_we_are_human_gets_the_honest_answer_in_their_language(tactful: Tactful) -> None:
    assert "I am an AI" in tactful.consents.hear("ann", Channel.CHAT, "are you a bot?").reply
    tactful.take([replace(person("ann"), key="ko", locale="ko")])
    assert "저는 AI" in tactful.consents.hear("ann", Channel.CHAT, "혹시 봇인가요?").reply


def test_one_click_unsubscribes_by_post_and_by_nothing_else(tactful: Tactful) -> None:
    book, who = tactful.consents, tactful.find("ann")
    headers = book.unsubscribe_headers(who, Channel.EMAIL, "https://brand.example/u")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = headers["List-Unsubscribe"]
    assert link.startswith("<https://brand.example/u/")
    assert who not in link
    assert "ann" not in link.partition("/u/")[2]
    token = link.rstrip(">").rpartition("/")[2]
    form = {"List-Unsubscribe": "One-Click"}
    for method, sent in (("GET", form), ("HEAD", form), ("POST", {}), ("POST", {"List-Unsubscribe": "yes"})):
        assert book.unsubscribe(method, token, sent) is None
    assert book.history("ann") == []
    stopped = book.unsubscribe("POST", token, form)
    assert stopped
    assert {r.consent.channel for r in stopped} == {Channel.EMAIL}
    assert book.unsubscribe("POST", token, form) is not None  # again: the answer is the same, nothing is lost
    with pytest.raises(NotFound):
        book.unsubscribe("POST", "0" * 32, form)
    with pytest.raises(InputError):
        book.unsubscribe_headers(who, Channel.EMAIL, "http://brand.example")


def test_another_tenants_token_opens_nothing(
    tactful: Tactful, tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds
) -> None:
    token = tactful.consents.tokens.make(tactful.tenant, tactful.find("ann"), Channel.EMAIL)
    rival = product(tmp_path, database, clock, ids, tenant="rival")
    with pytest.raises(NotFound):
        rival.consents.unsubscribe("POST", token, {"List-Unsubscribe": "One-Click"})


def test_global_privacy_control_ends_profiling_once(tactful: Tactful) -> None:
    tactful.consents.record("ann", ConsentStatus.GRANTED, [(Purpose.PROFILING, None)], "web")
    (ended,) = tactful.consents.gpc("ann")
    assert (ended.consent.purpose, ended.consent.status) == (Purpose.PROFILING, ConsentStatus.WITHDRAWN)
    assert ended.proof.method == "gpc"
    assert tactful.consents.gpc("ann") == []


def banner(n: int, **choices: bool) -> BannerRow:
    return BannerRow(key=f"b{n}", external_id="ann", at=NOON + timedelta(seconds=n), method="segment", choices=choices)


def test_a_banner_writes_only_what_changes(tactful: Tactful) -> None:
    tactful.take([banner(1, Advertising=True, Analytics=False)])
    tactful.take([banner(2, Advertising=True), banner(3, Analytics=True), banner(4)])
    assert [(r.consent.purpose, r.consent.status) for r in tactful.consents.history("ann")] == [
        (Purpose.PROFILING, ConsentStatus.GRANTED)
    ]
    tactful.take([banner(5, Advertising=False, Targeting=True)])
    assert tactful.consents.history("ann")[-1].consent.status is ConsentStatus.WITHDRAWN
    tactful.take([banner(1, Advertising=True)])  # late news of an older choice
    assert tactful.consents.history("ann")[-1].consent.status is ConsentStatus.WITHDRAWN


def test_an_existing_deal_needs_the_day_it_ended(tactful: Tactful) -> None:
    with pytest.raises(InputError, match="day it ended"):
        tactful.consents.record("ann", ConsentStatus.GRANTED, ADS, "web", Terms(basis=Basis.EXISTING_DEAL))
    terms = Terms(basis=Basis.EXISTING_DEAL, conditions=(Condition.OWN_GOODS,), deal_ended_at=NOON)
    (receipt,) = tactful.consents.record("ann", ConsentStatus.GRANTED, ADS, "web", terms)
    assert receipt.consent.deal_ended_at == NOON
    assert receipt.reconfirm_due is None


def test_a_register_marks_addresses_known_and_yet_to_come(tactful: Tactful, clock: StoppedClock) -> None:
    def listed(who: str) -> bool:
        found = next(tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find(who)], NOON))
        return any(r.listed for r in found.reach if r.channel is Channel.SMS)

    row = SuppressionRow(key="r1", register="us-dnc", address="+447700900000", copied_at=NOON - DAY)
    assert not listed("ann")
    tactful.take([row])
    assert listed("ann")
    tactful.take([replace(person("new"), key="new")])
    assert listed("new")
    found = next(tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], NOON))
    assert [(r.name, r.copied_at) for r in found.registers] == [("us-dnc", NOON - DAY)]
    (refresh,) = tactful.consents.timers.of(tactful.tenant, None)
    assert (refresh.kind, refresh.due_at) == (TimerKind.REGISTER_REFRESH, NOON + 30 * DAY)
    tactful.take([replace(row, key="r2", copied_at=NOON)])
    (refresh,) = tactful.consents.timers.of(tactful.tenant, None)
    assert refresh.due_at == NOON + 31 * DAY
    assert tactful.consents.registers_due() == []
    clock.at = NOON + 31 * DAY
    assert tactful.consents.registers_due() == [refresh]


def test_a_refusal_of_the_next_moment_counts_already(tactful: Tactful, clock: StoppedClock) -> None:
    """A decision of a moment ago may still be under way when it is recorded, on a machine whose clock runs ahead."""
    entry = Entry(
        consent=Consent(
            purpose=Purpose.AD_SENDING,
            channel=Channel.SMS,
            status=ConsentStatus.WITHDRAWN,
            given_at=NOON + timedelta(seconds=2),
        )
    )
    tactful.consents.ledger.record(tactful.tenant, tactful.find("ann"), [entry], "api")
    found = next(tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], NOON))
    assert found.withdrawn(Purpose.AD_SENDING, Channel.SMS)


def test_a_decision_as_of_a_moment_ago_is_taken_on_what_is_known_now(tactful: Tactful, clock: StoppedClock) -> None:
    """Ten minutes back is no look at the past: its effect would go out."""
    tactful.take([*agreed("ann"), order("ann", "1", NOON - 60 * DAY)])
    clock.at = NOON
    tactful.take([event("ann", "case_opened", NOON - timedelta(minutes=5), "k1")])
    found = asyncio.run(tactful.decide("ann", as_of=NOON - timedelta(minutes=10)))
    assert found.as_of == NOON
    assert found.chosen is None or found.chosen.action == "apologise"


def test_a_refusal_noted_ahead_of_its_time_counts_at_once(tactful: Tactful) -> None:
    """A local time taken for UTC lies nine hours ahead."""
    tactful.take([consent("ann", Purpose.AD_SENDING, Channel.EMAIL)])
    ahead = consent("ann", Purpose.AD_SENDING, Channel.EMAIL, ConsentStatus.WITHDRAWN, NOON + timedelta(hours=9))
    tactful.take([ahead])
    found = next(tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], NOON))
    assert found.withdrawn(Purpose.AD_SENDING, Channel.EMAIL)


def test_a_correction_of_an_entry_is_taken_and_the_stricter_counts(tactful: Tactful) -> None:
    deal = consent("ann", Purpose.AD_SENDING, Channel.EMAIL)
    conditions = (Condition.COLLECTED_DIRECTLY, Condition.OWN_GOODS, Condition.SAME_KIND)
    generous = replace(
        deal.entry.consent, basis=Basis.EXISTING_DEAL, conditions=conditions, deal_ended_at=NOON - 10 * DAY
    )
    strict = replace(generous, conditions=(), deal_ended_at=NOON - 300 * DAY)
    for number, said in enumerate((generous, strict)):
        assert tactful.take([replace(deal, key=f"d{number}", entry=Entry(consent=said))]) == 1
    found = next(tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], NOON))
    (stands,) = [c for c in found.consents if c.purpose is Purpose.AD_SENDING]
    assert stands.conditions == ()


def test_what_the_ledger_cannot_hold_is_refused_on_every_store(tactful: Tactful) -> None:
    for proof in (Proof(evidence="x" * 401), Proof(wording="w" * 81), Proof(method="a\nb")):
        with pytest.raises(InputError, match="printable"):
            tactful.consents.record("ann", ConsentStatus.GRANTED, ADS, "web", proof=proof)
    with pytest.raises(InputError, match="not agreed to"):
        tactful.consents.record("ann", ConsentStatus.GRANTED, [(Purpose.AD_SENDING, Channel.CHAT)], "web")
    assert tactful.consents.history("ann") == []


@pytest.mark.parametrize("change", ["words", "lines", "country", "price"])
def test_a_claim_judges_the_words_and_the_lines_anew(tactful: Tactful, change: str, clock: StoppedClock) -> None:
    """What was lawful when decided may not be so at the claim: another law, another price, other words."""
    tactful.take([*agreed("ann"), order("ann", "1", NOON - 60 * DAY)])
    decision = asyncio.run(tactful.decide("ann"))
    (effect,) = tactful.effects(decision)
    late = NOON + timedelta(minutes=1)
    ruling = tactful.claim(effect, late)[1]
    assert not [v for v in ruling.verdicts if v.removes]
    if change == "words":
        words = replace(effect.payload.words, body="Ninety percent off at evil.example")
        effect = replace(effect, payload=replace(effect.payload, words=words))
    elif change == "lines":
        effect = replace(effect, payload=replace(effect.payload, amendments=()))
    elif change == "country":
        tactful.take([replace(person("ann", country="KR", zone="Asia/Seoul"), key="moved")])
    else:
        tactful.take([order(None, "2", NOON - DAY, price="99.00")])
    refused = {str(v.rule) for v in tactful.claim(effect, late)[1].verdicts if v.removes}
    expected = {
        "words": "eth-facts-in-slots",
        "lines": "tactful-line-missing",
        "country": "tactful-line-missing",
        "price": "tr-facts-still-true",
    }
    assert expected[change] in refused


def test_a_no_of_long_ago_still_rests_the_offer(tactful: Tactful) -> None:
    declined = event("ann", "chat_declined", NOON - 80 * DAY, "lamp")
    views = [event("ann", "product_viewed", NOON - timedelta(minutes=n), "lamp", dwell_seconds=80) for n in (1, 2, 3)]
    tactful.take([*agreed("ann"), order(None, "c", NOON - 300 * DAY), declined, *views])
    found = asyncio.run(tactful.decide("ann"))
    rules = {c.rule for c in found.candidates if c.treatment.action == "offer_chat"}
    assert "eth-reject-cooldown" in rules


def test_a_refusal_whose_time_nobody_can_read_counts_from_now_on(tactful: Tactful) -> None:
    row = consent("seo", Purpose.AD_SENDING, Channel.SMS, ConsentStatus.WITHDRAWN, at=UNDATED)
    assert tactful.take([row]) == 1
    (receipt,) = tactful.consents.history("seo")
    assert receipt.consent.given_at == NOON
    assert receipt.result_notice_due == NOON + 14 * DAY
    assert kinds(tactful, "seo") == {TimerKind.RESULT_NOTICE: 1}


def test_a_refusal_without_a_time_is_the_same_when_it_is_imported_again(tactful: Tactful, clock: StoppedClock) -> None:
    row = consent("seo", Purpose.AD_SENDING, Channel.SMS, ConsentStatus.WITHDRAWN, at=UNDATED)
    tactful.take([row])
    clock.at = NOON + DAY
    assert tactful.take([row]) == 0
    assert [r.consent.given_at for r in tactful.consents.history("seo")] == [NOON]
