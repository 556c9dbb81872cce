"""Who is who: when two customers of the files are one person, and when they only share an address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
    """One customer as files tell of them. Addresses are normalised: one spelling of a mailbox or a number."""

    customer: CustomerId
    name: str = ""
    addresses: Mapping[Channel, str]
    age: AgeAssurance = AgeAssurance.UNKNOWN

    @property
    def folded(self) -> str:
        return "".join(normalize("NFKC", self.name).casefold().split())


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


def resolve(people: Sequence[Known]) -> Resolution:
    """Who is the same person, in the order of `people` (the first of a match is kept).

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
                if _same(one, other, channel):
                    pairs[(one.customer, other.customer)].add(channel.value)
    matches, contradicted = [], []
    known = {person.customer: person for person in people}
    for group, evidence in _joined(pairs):
        members = [known[customer] for customer in sorted(group, key=place.__getitem__)]
        if doubt := _contradiction(members):
            contradicted.append(Apart(customers=_ids(members), channel=Channel(min(evidence)), doubt=doubt))
        else:
            matches.append(Match(customers=_ids(members), evidence=tuple(sorted(evidence))))
    matches.sort(key=lambda match: place[match.customers[0]])
    return Resolution(matches=tuple(matches), apart=(*apart, *contradicted))


def _sharing(people: Iterable[Known], channel: Channel) -> list[list[Known]]:
    found: dict[str, list[Known]] = defaultdict(list)
    for person in people:
        if address := person.addresses.get(channel):
            found[address].append(person)
    return [sharing for sharing in found.values() if len(sharing) > 1]


def _doubt(sharing: Sequence[Known], channel: Channel) -> Doubt | None:
    names = {person.folded for person in sharing}
    if len(sharing) > MOST_SHARING:
        return Doubt.CROWD
    if len(names - {""}) > 1:
        return Doubt.HOUSEHOLD
    return Doubt.UNNAMED if channel is Channel.SMS and "" in names else None


def _same(one: Known, other: Known, channel: Channel) -> bool:
    if channel is Channel.SMS:
        return one.folded == other.folded != ""
    return one.folded == other.folded or "" in (one.folded, other.folded)


def _contradiction(members: Sequence[Known]) -> Doubt | None:
    ages = {person.age for person in members}
    if AgeAssurance.MINOR in ages and ages & {AgeAssurance.ATTESTED, AgeAssurance.VERIFIED}:
        return Doubt.AGES
    return Doubt.HOUSEHOLD if len({person.folded for person in members} - {""}) > 1 else None


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


def _ids(people: Sequence[Known]) -> tuple[CustomerId, ...]:
    return tuple(person.customer for person in people)
