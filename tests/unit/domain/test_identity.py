"""Who is who: what joins customers, and what keeps them apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.domain.customer import AgeAssurance, Channel
from agent.domain.identity import MOST_SHARING, Doubt, Known, resolve
from agent.domain.ids import CustomerId


def known(
    customer: str, name: str = "", email: str = "", phone: str = "", age: AgeAssurance = AgeAssurance.UNKNOWN
) -> Known:
    addresses = {channel: value for channel, value in ((Channel.EMAIL, email), (Channel.SMS, phone)) if value}
    return Known(customer=CustomerId(customer), name=name, addresses=addresses, age=age)


def groups(*people: Known) -> list[tuple[str, ...]]:
    return [match.customers for match in resolve(people).matches]


def doubts(*people: Known) -> set[Doubt]:
    return {apart.doubt for apart in resolve(people).apart}


def test_one_mailbox_and_no_other_name_is_one_person() -> None:
    assert groups(known("a", "김 서연", "s@x.kr"), known("b", "김서연", "s@x.kr")) == [("a", "b")]
    assert groups(known("a", "Ann", "s@x.kr"), known("b", "", "s@x.kr")) == [("a", "b")]


def test_a_household_is_not_a_person() -> None:
    home = known("a", "Ann", "home@x.uk", "+447700900000"), known("b", "Bob", "home@x.uk", "+447700900000")
    assert groups(*home) == []
    assert doubts(*home) == {Doubt.HOUSEHOLD}


def test_whoever_of_a_household_is_there_twice_is_one_all_the_same() -> None:
    people = (
        known("a", "Ann", "home@x.uk"),
        known("b", "Bob", "home@x.uk"),
        known("c", "ANN", "home@x.uk"),
    )
    assert groups(*people) == [("a", "c")]


def test_a_telephone_needs_the_name_with_it() -> None:
    assert groups(known("a", "Ann", phone="+447700900000"), known("b", "Ann", phone="+447700900000")) == [("a", "b")]
    nameless = known("a", phone="+447700900000"), known("b", "Ann", phone="+447700900000")
    assert groups(*nameless) == []
    assert doubts(*nameless) == {Doubt.UNNAMED}


def test_an_address_of_many_is_nobodys() -> None:
    crowd = [known(f"c{n}", "Ann", "info@x.uk") for n in range(MOST_SHARING + 1)]
    assert groups(*crowd) == []
    assert doubts(*crowd) == {Doubt.CROWD}


def test_a_chain_holds_only_if_no_two_of_it_contradict_each_other() -> None:
    chain = (
        known("a", "Ann", "one@x.uk"),
        known("b", "", "one@x.uk", "+447700900000"),
        known("c", "", "two@x.uk"),
        known("d", "Bob", "two@x.uk"),
        known("e", "", "one@x.uk"),
    )
    assert groups(*chain) == [("a", "b", "e"), ("c", "d")]
    bridge = known("a", "Ann", "one@x.uk"), known("b", "", "one@x.uk"), known("c", "Bob", "one@x.uk")
    assert groups(*bridge) == []


def test_a_child_and_an_adult_are_two() -> None:
    people = (
        known("a", "Ann", "s@x.uk", age=AgeAssurance.ATTESTED),
        known("b", "Ann", "s@x.uk", age=AgeAssurance.MINOR),
    )
    assert groups(*people) == []
    assert doubts(*people) == {Doubt.AGES}


names = st.sampled_from(["", "Ann", "Bob", "김서연"])
addresses = st.sampled_from(["", "1@x.uk", "2@x.uk", "3@x.uk"])
phones = st.sampled_from(["", "+447700900000", "+447700900001"])
crowds = st.lists(st.tuples(names, addresses, phones, st.sampled_from(AgeAssurance)), max_size=9)


@given(crowds)
def test_nobody_is_joined_twice_and_no_two_names_ever(rows: list[tuple[str, str, str, AgeAssurance]]) -> None:
    people = [known(f"c{n}", *row) for n, row in enumerate(rows)]
    found = groups(*people)
    everybody = [customer for group in found for customer in group]
    assert len(everybody) == len(set(everybody))
    for group in found:
        assert len({p.name for p in people if p.customer in group} - {""}) <= 1
        assert len(group) > 1


@given(crowds, st.randoms(use_true_random=False))
def test_the_order_of_the_files_decides_who_is_kept_and_nothing_else(
    rows: list[tuple[str, str, str, AgeAssurance]], random: object
) -> None:
    people = [known(f"c{n}", *row) for n, row in enumerate(rows)]
    shuffled = list(people)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert {frozenset(g) for g in groups(*people)} == {frozenset(g) for g in groups(*shuffled)}
