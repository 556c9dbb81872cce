"""What stands in the ledger after all entries: laws that hold for any history."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.domain.consent import everything, standing
from agent.domain.customer import PER_CHANNEL, Basis, Channel, Consent, ConsentStatus, Purpose
from tests.support.people import NOON, customer

ENTRIES = st.lists(
    st.builds(
        Consent,
        purpose=st.sampled_from((Purpose.AD_SENDING, Purpose.NIGHT)),
        channel=st.sampled_from((Channel.EMAIL, Channel.SMS)),
        status=st.sampled_from(list(ConsentStatus)),
        given_at=st.integers(-5, 0).map(lambda d: NOON + timedelta(days=d)),
        basis=st.sampled_from(list(Basis)),
        expires_at=st.sampled_from((None, NOON - timedelta(days=1), NOON + timedelta(days=9))),
    ),
    max_size=12,
)


@given(ENTRIES, st.randoms(use_true_random=False))
def test_the_order_in_which_entries_arrive_does_not_matter(entries: list[Consent], draw: object) -> None:
    shuffled = list(entries)
    draw.shuffle(shuffled)  # type: ignore[attr-defined]
    assert standing(shuffled) == standing(entries)


@given(ENTRIES)
def test_a_refusal_now_leaves_nothing_granted(entries: list[Consent]) -> None:
    """Whatever was said before, and whatever exception is claimed at the same instant."""
    refusals = [
        Consent(purpose=p, channel=c, status=ConsentStatus.WITHDRAWN, given_at=NOON)
        for p in (Purpose.AD_SENDING, Purpose.NIGHT)
        for c in (Channel.EMAIL, Channel.SMS)
    ]
    found = customer(consents=standing([*entries, *refusals]))
    for basis in Basis:
        for channel in (Channel.EMAIL, Channel.SMS):
            assert found.grant(Purpose.AD_SENDING, channel, basis, NOON + timedelta(days=1)) is None
            assert found.withdrawn(Purpose.AD_SENDING, channel)


@given(ENTRIES)
def test_only_a_fresh_consent_lifts_a_refusal(entries: list[Consent]) -> None:
    refusal = Consent(
        purpose=Purpose.AD_SENDING,
        channel=Channel.SMS,
        status=ConsentStatus.WITHDRAWN,
        given_at=NOON - timedelta(days=9),
    )
    found = customer(consents=standing([refusal, *entries]))
    for basis in Basis:
        given_ = found.grant(Purpose.AD_SENDING, Channel.SMS, basis, NOON)
        assert given_ is None or basis is Basis.CONSENT


@given(ENTRIES)
def test_a_reconfirmation_alone_grants_nothing(entries: list[Consent]) -> None:
    only = [e for e in entries if e.status is ConsentStatus.RECONFIRMED]
    assert standing(only) == ()


def test_a_reconfirmation_renews_what_stands() -> None:
    given_ = Consent(
        purpose=Purpose.AD_SENDING,
        channel=Channel.SMS,
        status=ConsentStatus.GRANTED,
        given_at=NOON - timedelta(days=700),
    )
    again = Consent(
        purpose=Purpose.AD_SENDING,
        channel=Channel.SMS,
        status=ConsentStatus.RECONFIRMED,
        given_at=NOON - timedelta(days=3),
    )
    (found,) = standing([given_, again])
    assert found.status is ConsentStatus.GRANTED
    assert found.reconfirmed_at == again.given_at


def test_everything_names_each_purpose_on_each_of_its_channels() -> None:
    found = everything()
    assert len(found) == len(set(found)) == 16
    assert all((channel is not None) is (purpose in PER_CHANNEL) for purpose, channel in found)
