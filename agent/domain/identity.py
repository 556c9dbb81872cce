"""Who is who: when two customers of the files are one person, and when they only share an address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import combinations
from unicodedata import normalize

from agent.domain.customer import AgeAssurance, Channel
from agent.domain.ids import CustomerId

MOST_SHARING = 4
"""Customers behind one address; more of them are an office or a made-up address, not a home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One customer as files tell of them. Addresses are normalised: one spelling of a mailbox or a number.

    `others` are those who were joined to this one: what is true of any is true of the person.
    """

    customer: CustomerId
    name: str = ""
    addresses: Mapping[Channel, str]
    age: AgeAssurance = AgeAssurance.UNKNOWN
    others: tuple[Known, ...] = ()

    @property
    def everyone(self) -> tuple[Known, ...]:
        return (self, *self.others)

    @property
    def names(self) -> frozenset[str]:
        """All names that are known, folded: without case and spaces."""
        folded = ("".join(normalize("NFKC", one.name).casefold().split()) for one in self.everyone)
        return frozenset(name for name in folded if name)

    @property
    def ages(self) -> frozenset[AgeAssurance]:
        return frozenset(one.age for one in self.everyone)

    def at(self, channel: Channel) -> frozenset[str]:
        return frozenset(one.addresses[channel] for one in self.everyone if channel in one.addresses)


class Doubt(StrEnum):
    """Why customers with the same address are kept apart."""

    HOUSEHOLD = "household"
    """Different names at one address: people who live together."""
    UNNAMED = "unnamed"
    """A telephone is answered by whoever is there: without a name it says nothing."""
    CROWD = "crowd"
    """More customers than a home has."""
    AGES = "ages"
    """A child and an adult."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Customers that are one person, the oldest first, and the kinds of address that say so."""

    customers: tuple[CustomerId, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Customers that share an address and stay apart."""

    customers: tuple[CustomerId, ...]
    channel: Channel
    doubt: Doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    matches: tuple[Match, ...]
    apart: tuple[Apart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A merge on record. `undone_at` is when it was taken back."""

    merge_id: str
    kept: CustomerId
    joined: CustomerId
    evidence: str
    by: str
    at: datetime
    undone_at: datetime | None = None


def resolve(people: Sequence[Known], never: Collection[frozenset[CustomerId]] = ()) -> Resolution:
    """Who is the same person, in the order of `people` (the first of a match is kept). Pairs in `never` are told apart.

    A shared mailbox joins customers whose names do not differ; a shared telephone joins those of the same name. Where
    names differ they are a household, and a household is not a person. What joins must hold for the whole group: if
    two of it contradict each other, none of them is joined.
    """
    place = {person.customer: number for number, person in enumerate(people)}
    pairs: dict[tuple[CustomerId, CustomerId], set[str]] = defaultdict(set)
    apart: list[Apart] = []
    for channel in (Channel.EMAIL, Channel.SMS):
        for sharing in _sharing(people, channel):
            if doubt := _doubt(sharing, channel):
                apart.append(Apart(customers=_ids(sharing), channel=channel, doubt=doubt))
            for one, other in combinations(sharing, 2) if doubt is not Doubt.CROWD else ():
                if _same(one, other, channel) and not _told_apart(one, other, never):
                    pairs[(one.customer, other.customer)].add(channel.value)
    matches, contradicted = [], []
    known = {person.customer: person for person in people}
    for group, evidence in _joined(pairs):
        members = [known[customer] for customer in sorted(group, key=place.__getitem__)]
        if any(_told_apart(one, other, never) for one, other in combinations(members, 2)):
            continue
        if doubt := contradiction(members):
            contradicted.append(Apart(customers=_ids(members), channel=Channel(min(evidence)), doubt=doubt))
        else:
            matches.append(Match(customers=_ids(members), evidence=tuple(sorted(evidence))))
    matches.sort(key=lambda match: place[match.customers[0]])
    return Resolution(matches=tuple(matches), apart=(*apart, *contradicted))


def _told_apart(one: Known, other: Known, never: Collection[frozenset[CustomerId]]) -> bool:
    return any(frozenset((a.customer, b.customer)) in never for a in one.everyone for b in other.everyone)


def _sharing(people: Iterable[Known], channel: Channel) -> list[list[Known]]:
    found: dict[str, list[Known]] = defaultdict(list)
    for person in people:
        for address in person.at(channel):
            found[address].append(person)
    return [sharing for sharing in found.values() if len(sharing) > 1]


def _doubt(sharing: Sequence[Known], channel: Channel) -> Doubt | None:
    if sum(len(person.everyone) for person in sharing) > MOST_SHARING:
        return Doubt.CROWD
    if len(frozenset().union(*(person.names for person in sharing))) > 1:
        return Doubt.HOUSEHOLD
    return Doubt.UNNAMED if channel is Channel.SMS and not all(person.names for person in sharing) else None


def _same(one: Known, other: Known, channel: Channel) -> bool:
    if channel is Channel.SMS:
        return one.names == other.names != frozenset()
    return len(one.names | other.names) <= 1


def contradiction(members: Sequence[Known]) -> Doubt | None:
    """What speaks against these being one person, None for nothing."""
    ages = frozenset().union(*(person.ages for person in members))
    if AgeAssurance.MINOR in ages and ages & {AgeAssurance.ATTESTED, AgeAssurance.VERIFIED}:
        return Doubt.AGES
    return Doubt.HOUSEHOLD if len(frozenset().union(*(person.names for person in members))) > 1 else None


def _joined(
    pairs: Mapping[tuple[CustomerId, CustomerId], set[str]],
) -> list[tuple[set[CustomerId], set[str]]]:
    """Connected groups, each with all that joins it."""
    group_of: dict[CustomerId, tuple[set[CustomerId], set[str]]] = {}
    for (one, other), evidence in pairs.items():
        left = group_of.get(one, ({one}, set()))
        right = group_of.get(other, ({other}, set()))
        whole = (left[0] | right[0], left[1] | right[1] | evidence)
        for member in whole[0]:
            group_of[member] = whole
    return list({id(group): group for group in group_of.values()}.values())


PLACEHOLDERS = frozenset(
    [
        "",
        "0",
        "-",
        "--",
        ".",
        "x",
        "na",
        "n/a",
        "none",
        "null",
        "nan",
        "nil",
        "unknown",
        "없음",
        "미정",
        "해당없음",
        "모름",
    ]
)
"""What stands in a cell where nothing stands."""


def _ids(people: Sequence[Known]) -> tuple[CustomerId, ...]:
    return tuple(person.customer for person in people)
