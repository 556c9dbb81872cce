"""Which rules a message broke, judged from plain facts alone and from nothing the product decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from tests.proofs import oracle_clock as clock
from tests.proofs import oracle_consent as consent
from tests.proofs import oracle_text as content
from tests.proofs.facts import House, Message, Person
from tests.proofs.oracle_law import LAW, PACK_OF, PUSHED, SESSION, Case, Check, by_law
from tests.proofs.oracle_words import free_text


def recipient(case: Case) -> Iterator[str]:
    """The message went to the person it was meant for, from their own brand, at their own address."""
    person, message = case.person, case.message
    ours = message.tenant == person.tenant == case.house.tenant and message.customer == person.customer
    if not ours or (case.is_pushed and message.address != person.addresses.get(message.channel)):
        yield LAW["recipient"]["rule"]


def known_law(case: Case) -> Iterator[str]:
    """No offer under a law the house has no pack for."""
    countries = (case.person.country, case.house.country)
    if any(PACK_OF.get(country) not in case.house.packs for country in countries):
        yield LAW["no_pack"]["rule"]


def age(case: Case) -> Iterator[str]:
    """Offers go to adults: known ones, or unknown ones of a brand that only serves adults."""
    law, since = LAW["age"], case.house.adults_only_since
    vouched = case.person.age != "minor" and since is not None and since <= case.at.astimezone(UTC).date()
    if case.person.age not in law["adult"] and not vouched:
        yield from by_law(case, law["rules"], law["otherwise"])


def illegal_goods(case: Case) -> Iterator[str]:
    """Goods the law bans are offered to nobody."""
    if case.message.entity in case.house.illegal:
        yield LAW["illegal"]["rule"]


def certified_vendor(case: Case) -> Iterator[str]:
    """Korea: bulk texts leave through a certified vendor, or in house."""
    law, house = LAW["vendor"], case.house
    today = case.at.astimezone(ZoneInfo(law["zone"])).date()
    if law["law"] not in case.laws or case.message.channel != "sms" or today < law["since"] or house.vendor_in_house:
        return
    if not house.vendor_certificate or house.vendor_valid_to is None or house.vendor_valid_to < today:
        yield law["rule"]


def kakao_everyone(case: Case) -> Iterator[str]:
    """Kakao: reaching people who are no friends of the channel takes a large channel and a consent naming Kakao."""
    law, house = LAW["kakao_everyone"], case.house
    if case.message.channel != "kakao" or house.kakao_audience == "friends":
        return
    given = consent.last_word(case, "ad_sending", "kakao").consent
    named = given is not None and law["condition"] in given.conditions
    if house.kakao_friends < law["friends"] or not house.kakao_optout_number or not named:
        yield law["rule"]


def register(case: Case) -> Iterator[str]:
    """US texts: a recent copy of the do-not-call list, and the person not on it."""
    law = LAW["register"]
    if law["law"] not in case.laws or case.message.channel != "sms":
        return
    copied = case.house.registers.get(law["name"])
    fresh = copied is not None and copied <= case.at <= copied + timedelta(days=law["days"])
    if not fresh or case.person.listed:
        yield law["rule"]


ALWAYS: tuple[Check, ...] = (
    recipient,
    consent.asking,
    content.owed_is_no_ad,
    content.disclosure,
    content.coupon_is_true,
    free_text,
)
OFFERS: tuple[Check, ...] = (
    known_law,
    age,
    consent.refusal,
    consent.objection,
    consent.profiling,
    consent.sensitive_goods,
    illegal_goods,
    clock.weekly_caps,
    clock.ignore_rest,
    clock.reject_rest,
    clock.same_offer,
    clock.open_cases,
)
PUSHED_OFFERS: tuple[Check, ...] = (
    consent.processing,
    consent.ground,
    consent.reconfirmation,
    clock.korean_night,
    clock.house_night,
    clock.kakao_hours,
    clock.us_hours,
    clock.us_daily,
    certified_vendor,
    kakao_everyone,
    register,
    content.korean_label,
    content.sender,
    content.way_out,
    content.us_email,
    content.one_click,
)


def breaches(person: Person, house: House, message: Message) -> list[str]:
    """The ids of the rules the message broke as it left; an empty list says it was lawful."""
    if message.channel == "voice":
        return [str(LAW["channels"]["voice"]["rule"])]
    if message.channel not in PUSHED | SESSION:
        raise ValueError(f"the oracle knows no channel {message.channel!r}")
    case = Case(person, house, message)
    checks = ALWAYS + (OFFERS if case.is_offer else ()) + (PUSHED_OFFERS if case.is_offer and case.is_pushed else ())
    return list(dict.fromkeys(chain.from_iterable(check(case) for check in checks)))
