"""Faults of a brand's guidelines before anybody is written to: what contradicts, what never applies, what it blocks."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise
from typing import Literal

from agent.domain.action import Action
from agent.domain.guideline import Binding, Passage
from agent.domain.playbook import Playbook
from agent.guardrails.lexicon import said_of_brand
from agent.guardrails.rules.brand import EMOJI

FaultKind = Literal["contradiction", "blocked", "dead"]
_SLOT = re.compile(r"\{\{[^}]*\}\}")
LONGEST = 2_000
"""Characters of a passage that a reader, or a model, still takes in as one rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`code` names what is wrong, `facts` fills its sentence; `place` is a file, or two."""

    kind: FaultKind
    code: str
    place: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A template as it may be sent: where it stands and all its words, slots and all."""

    locale: str
    action: str
    channel: str
    because: str
    words: str


def lint(
    passages: Sequence[Passage],
    playbook: Playbook,
    actions: Sequence[Action],
    texts: Iterable[Text],
    today: date,
) -> tuple[Fault, ...]:
    """Every fault, the worst first. Each file's front matter is read once, whatever number of passages it has."""
    files = {passage.path: passage for passage in passages}
    binding = [p for p in files.values() if p.binds is not None]
    found = [
        *(fault for one, other in combinations(binding, 2) if _overlap(one, other) for fault in _between(one, other)),
        *(fault for passage in binding for fault in _within(passage)),
        *(fault for passage in binding for fault in _against_playbook(passage, playbook, actions)),
        *_blocked(binding, list(texts)),
        *(fault for passage in files.values() for fault in _dead(passage, playbook, actions, today)),
        *_twice(passages),
        *(
            _fault("dead", "too_long", p.passage_id, length=f"{len(p.text):,}")
            for p in passages
            if len(p.text) > LONGEST
        ),
    ]
    order = ("contradiction", "blocked", "dead")
    once = {(fault.code, fault.place, *sorted(fault.facts.items())): fault for fault in found}
    return tuple(sorted(once.values(), key=lambda f: (order.index(f.kind), f.place, f.code)))


def _fault(kind: FaultKind, code: str, place: str, **facts: str) -> Fault:
    return Fault(kind=kind, code=code, place=place, facts=facts)


def _overlap(one: Passage, other: Passage) -> bool:
    """Whether some message on some day is bound by both."""
    return (
        one.locale == other.locale
        and (not one.channels or not other.channels or bool(set(one.channels) & set(other.channels)))
        and (not one.actions or not other.actions or bool(set(one.actions) & set(other.actions)))
        and (one.valid_from or date.min) <= (other.valid_to or date.max)
        and (other.valid_from or date.min) <= (one.valid_to or date.max)
    )


def _between(one: Passage, other: Passage) -> list[Fault]:
    a, b = one.binds, other.binds
    assert a is not None
    assert b is not None
    place = f"{one.path}, {other.path}"
    found = []
    if a.formality and b.formality and a.formality != b.formality:
        found.append(_fault("contradiction", "formality", place, one=a.formality, other=b.formality))
    for left, right in ((a, b), (b, a)):
        found += _words(left, right, place)
    first, second = a.greatest_discount, b.greatest_discount
    if first is not None and second is not None and first != second and _scope(one) == _scope(other):
        looser = one if first > second else other
        found.append(_fault("dead", "looser_discount", looser.path, percent=str(max(first, second))))
    return found


def _within(passage: Passage) -> list[Fault]:
    assert passage.binds is not None
    return _words(passage.binds, passage.binds, passage.path)


def _words(left: Binding, right: Binding, place: str) -> list[Fault]:
    """Words that one wants said and another, or the same, does not."""
    found = []
    for word, instead in left.preferred_words.items():
        if said_of_brand(instead, (right.forbidden_words)):
            found.append(_fault("contradiction", "preferred_forbidden", place, word=instead))
        topics = [topic for topic, words in right.avoid_topics.items() if said_of_brand(instead, (words))]
        found += [_fault("contradiction", "preferred_avoided", place, word=instead, topic=topic) for topic in topics]
        if said_of_brand(instead, (right.preferred_words)):
            found.append(_fault("contradiction", "preferred_circle", place, word=word, instead=instead))
    return found


def _against_playbook(passage: Passage, playbook: Playbook, actions: Sequence[Action]) -> list[Fault]:
    assert passage.binds is not None
    most = passage.binds.greatest_discount
    givers = [action.name for action in actions if action.uses_campaign]
    gives = not passage.actions or bool(set(givers) & set(passage.actions))
    if most is None or not gives or not playbook.campaigns:
        return []
    over = [c for c in playbook.campaigns if c.percent > most]
    if over:
        return [
            _fault("contradiction", "campaign", passage.path, campaign=c.name, given=str(c.percent), percent=str(most))
            for c in over
        ]
    if all(c.percent < most for c in playbook.campaigns) and playbook.limits.coupon_percent < most:
        return [_fault("dead", "discount", passage.path, percent=str(most))]
    return []


def _blocked(binding: Sequence[Passage], texts: Sequence[Text]) -> list[Fault]:
    """Templates that a binding would never let out."""
    found = []
    for passage in binding:
        assert passage.binds is not None
        for text in texts:
            holds = (
                text.locale == passage.locale
                and (not passage.channels or text.channel in passage.channels)
                and (not passage.actions or text.action in passage.actions)
            )
            if holds and (word := _stopped(passage.binds, _SLOT.sub(" ", text.words))):
                message = f"{text.action}, {text.because}, {text.channel}"
                found.append(_fault("blocked", "template", passage.path, message=message, word=word))
    return found


def _stopped(binding: Binding, words: str) -> str:
    topics = tuple(word for some in binding.avoid_topics.values() for word in some)
    if not binding.emoji and (emoji := EMOJI.search(words)):
        return emoji.group(0)
    return said_of_brand(words, ((*binding.forbidden_words, *binding.preferred_words, *topics)))


def _dead(passage: Passage, playbook: Playbook, actions: Sequence[Action], today: date) -> list[Fault]:
    found = []
    if passage.valid_from and passage.valid_to and passage.valid_from > passage.valid_to:
        found.append(_fault("dead", "never", passage.path))
    elif passage.valid_to and passage.valid_to < today:
        found.append(_fault("dead", "over", passage.path, day=passage.valid_to.isoformat()))
    if passage.brand != playbook.brand.name:
        found.append(_fault("dead", "other_brand", passage.path, brand=passage.brand, ours=playbook.brand.name))
    known = {action.name: action for action in actions}
    for name in passage.actions:
        if name not in known:
            found.append(_fault("dead", "no_action", passage.path, action=name))
        elif name not in playbook.actions:
            found.append(_fault("dead", "unused_action", passage.path, action=name))
    named = [known[name] for name in passage.actions if name in known]
    reach = {str(channel) for action in named or actions for channel in action.channels}
    found += [_fault("dead", "channel", passage.path, channel=str(c)) for c in passage.channels if str(c) not in reach]
    return found


def _twice(passages: Sequence[Passage]) -> list[Fault]:
    places: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        places[" ".join(passage.text.split()).casefold()].append(passage)
    return [
        _fault("dead", "twice", second.passage_id, first=first.passage_id)
        for same in places.values()
        for first, second in pairwise(same)
        if _overlap(first, second)
    ]


def _scope(passage: Passage) -> tuple[object, ...]:
    return passage.locale, passage.channels, passage.actions, passage.valid_from, passage.valid_to
