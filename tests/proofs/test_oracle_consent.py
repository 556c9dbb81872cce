"""The oracle on the ledger: grounds, refusals, reconfirmation."""

from __future__ import annotations

import pytest

from tests.proofs.facts import Statement
from tests.proofs.oracle_bench import BASE, DEAL, SOFT, TERMS, YES, bought, check, judge, kst, said

SMS = [one for one in YES if one.channel != "sms"]


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        (SMS, "kr-ad-prior-consent"),
        ([*SMS, said("ad_sending", "email")], "kr-ad-prior-consent"),
        ([*SMS, said("ad_sending", "sms", "2026-11-24 14:00:00")], ""),
        ([*SMS, said("ad_sending", "sms", "2026-11-24 14:00:01")], "kr-ad-prior-consent"),
        ([*YES, said("ad_sending", "sms", "2026-11-24", "withdrawn")], "kr-ad-optout-stop"),
        ([*YES, said("ad_sending", "", "2026-11-24", "withdrawn")], "kr-ad-optout-stop"),
        ([*YES, said("ad_sending", "sms", "2026-11-25", "withdrawn")], ""),
        ([*YES, said("ad_sending", "email", "2026-11-24", "withdrawn")], ""),
        ([said("ad_sending", "sms", status="withdrawn"), *YES], "kr-ad-optout-stop"),
        ([said("ad_sending", "sms", "2026-02-28", "withdrawn"), *YES], ""),
        (
            [
                *SMS,
                said("ad_sending", "sms", "2026-04-01", "withdrawn"),
                bought("2026-10-01"),
            ],
            "kr-ad-optout-stop",
        ),
        ([*SMS, said("ad_sending", "sms", expires_at=kst("2026-11-24 14:00:00"))], "kr-ad-prior-consent"),
        ([*SMS, said("ad_sending", "sms", expires_at=kst("2026-11-24 14:00:01"))], ""),
        ([one for one in YES if one.purpose != "profiling"], "eth-profiling-consent"),
        ([one for one in YES if one.purpose != "marketing_processing"], "kr-marketing-consent-separate"),
        ([*YES, said("marketing_processing", "", "2026-11-01", "withdrawn")], "kr-withdrawal-effect"),
    ],
)  # fmt: skip
def test_ledger(ledger: list[Statement], expected: str) -> None:
    check(judge(person={"ledger": tuple(ledger)}), expected)


@pytest.mark.parametrize(
    ("said_last", "expected"),
    [
        (said("profiling", at="2026-11-01", status="withdrawn"), "eth-profiling-consent"),
        (said("marketing_processing", at="2026-11-01", status="withdrawn"), "eu-gdpr-dm-objection"),
        (said("ad_sending", "email", at="2026-11-01", status="withdrawn"), ""),
    ],
)
def test_objections_reach_the_page_too(said_last: Statement, expected: str) -> None:
    check(judge("page", "DE", person={"ledger": (*BASE, said_last)}), expected)


@pytest.mark.parametrize(
    ("country", "channel", "basis", "conditions", "ended", "expected"),
    [
        ("KR", "email", "existing_deal", DEAL, "2026-05-24 14:00:01", ""),
        ("KR", "email", "existing_deal", DEAL, "2026-05-24 14:00:00", "kr-ad-existing-deal-exception"),
        ("KR", "push", "existing_deal", DEAL - {"own_goods"}, "2026-11-01", "kr-ad-existing-deal-exception"),
        ("KR", "email", "existing_deal", DEAL, "", "kr-ad-existing-deal-exception"),
        ("KR", "email", "soft_opt_in", SOFT, "", "kr-ad-prior-consent"),
        ("DE", "email", "soft_opt_in", SOFT, "", ""),
        ("DE", "sms", "soft_opt_in", SOFT - {"opt_out_offered"}, "", "eu-eprivacy-soft-optin"),
        ("DE", "push", "soft_opt_in", SOFT, "", "eu-eprivacy-soft-optin"),
        ("DE", "email", "existing_deal", DEAL | SOFT, "2026-11-01", "eu-eprivacy-optin"),
        ("GB", "sms", "soft_opt_in", SOFT, "", ""),
        ("GB", "sms", "soft_opt_in", SOFT - {"same_kind"}, "", "uk-soft-optin"),
        ("US", "sms", "consent", TERMS, "", ""),
        ("US", "sms", "consent", TERMS - {"signed"}, "", "us-tcpa-pewc"),
        ("US", "email", "none", frozenset(), "", ""),
        ("CA", "push", "existing_deal", frozenset({"own_customer"}), "2024-11-26", ""),
        ("CA", "email", "existing_deal", frozenset({"own_customer"}), "2024-11-24", "ca-casl-implied"),
        ("CA", "email", "existing_deal", frozenset(), "2026-11-01", "ca-casl-implied"),
        ("CA", "email", "inquiry", frozenset(), "2026-05-26", ""),
        ("CA", "email", "inquiry", frozenset(), "2026-05-24", "ca-casl-implied"),
        ("JP", "email", "existing_deal", frozenset({"own_customer"}), "", ""),
        ("JP", "sms", "existing_deal", frozenset(), "", "jp-optin"),
    ],
)
def test_grounds(
    country: str, channel: str, basis: str, conditions: frozenset[str], ended: str, expected: str
) -> None:  # fmt: skip
    deal = kst(ended) if ended else None
    word = said("ad_sending", channel, basis=basis, conditions=conditions, deal_ended_at=deal)
    check(judge(channel, country, person={"ledger": (*BASE, word)}), expected)


@pytest.mark.parametrize(
    ("country", "channel", "expected"),
    [
        ("US", "email", "us-canspam-optout"),
        ("US", "sms", "us-tcpa-revoke"),
        ("CA", "email", "ca-casl-unsub"),
        ("JP", "push", "jp-optout"),
        ("GB", "email", "eu-gdpr-dm-objection"),
        ("KR", "chat", "kr-ad-optout-stop"),
    ],
)
def test_a_refusal_binds_everywhere(country: str, channel: str, expected: str) -> None:
    refused = said("ad_sending", channel, at="2026-11-01", status="withdrawn")
    check(judge(channel, country, person={"ledger": (*YES, refused)}), expected)


def test_the_law_of_the_brand_applies_too() -> None:
    soft = said("ad_sending", "email", basis="soft_opt_in", conditions=SOFT)
    check(judge("email", "DE", person={"ledger": (*BASE, soft)}), "")
    check(judge("email", "DE", person={"ledger": (*BASE, soft)}, house={"country": "KR"}), "kr-ad-prior-consent")


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        ([said("ad_sending", "sms", "2024-11-25 00:00")], ""),
        ([said("ad_sending", "sms", "2024-11-24 23:59")], "kr-reconfirm-overdue"),
        ([said("ad_sending", "sms", "2020-01-01"), said("ad_sending", "sms", "2024-11-25", "reconfirmed")], ""),
        (
            [said("ad_sending", "sms", "2020-01-01"), said("ad_sending", "sms", "2024-11-24", "reconfirmed")],
            "kr-reconfirm-overdue",
        ),
        (
            [said("ad_sending", "sms", "2020-01-01"), said("ad_sending", "email", "2026-01-01", "reconfirmed")],
            "kr-reconfirm-overdue",
        ),
        ([said("ad_sending", "sms"), said("night", "sms", "2024-11-24")], "kr-reconfirm-overdue"),
        ([said("ad_sending", "sms"), said("night", "push", "2024-11-24")], ""),
    ],
)
def test_reconfirmation(ledger: list[Statement], expected: str) -> None:
    check(judge(person={"ledger": (*BASE, *ledger)}), expected)
    assert "kr-reconfirm-overdue" not in judge("page", person={"ledger": (*BASE, *ledger)})
