"""The demo: one journey from a lingering look to a purchase, and three customers who get something else."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.options import Json, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from agent.cli.story import Story
    from agent.domain.decision import Decision
    from agent.domain.imports import Row
    from agent.service import Tactful

NIGHT = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
"""22:30 in Seoul."""


def demo(
    lang: Annotated[str | None, typer.Option("--lang", help="Only in one language: ko or en.")] = None,
    as_json: Json = False,
) -> None:
    """Play a customer's journey, in ko and en.

    On a virtual clock, without key or network; nothing is sent. What it made can be explained afterwards.
    """
    from rich.console import Console

    from agent.cli.options import language

    chosen = [language(lang, "en")] if lang else ["ko", "en"]
    console = Console(highlight=False, quiet=as_json)
    told = {name: _tell(name, console) for name in chosen}
    if as_json:
        print_json(told)


class _StoryClock:
    """A clock that the story sets."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class _StoryIds:
    """Names that are the same at every telling."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        self._last += 1
        return f"story{self._last:027d}"


def _tell(lang: str, console: Console) -> list[dict[str, Any]]:
    from rich.rule import Rule

    from agent.bootstrap import load_settings, open_tactful
    from agent.cli import setup, show
    from agent.cli.story import STORIES
    from agent.settings import Settings

    story = STORIES[lang]
    folder = load_settings().home / "demo" / lang
    shutil.rmtree(folder, ignore_errors=True)
    setup.copy_starter(folder, lang)
    clock = _StoryClock(story.opening - timedelta(days=30))
    settings = Settings(home=folder / ".tactful", playbook=str(folder / "playbook.yaml"), model_name=None)
    tactful = open_tactful(settings, clock=clock, ids=_StoryIds())
    _meet(tactful, story)
    console.print(Rule(story.title))
    steps = [
        (story.lingers, _lingers),
        (story.accepts, _accepts),
        (story.buys, _buys),
        (story.no_consent, _left_cart),
        (story.night, _at_night),
        (story.complaint, _complains),
    ]
    told = []
    for title, step in steps:
        found = step(tactful, story, clock)
        show.decision(tactful, found, lang, console=console, title=title)
        told.append({"step": title, **show.plain(tactful, found)})
    console.print(story.ending)
    console.print(
        f"  (cd {folder} && {_command(folder)} explain {found.decision_id[:8]} --lang {lang})\n", soft_wrap=True
    )
    return told


def _command(folder: Path) -> str:
    """How to call this program from the folder: by name where it is on the path."""
    if shutil.which("tactful"):
        return "tactful"
    return os.path.relpath(Path(sys.executable).parent / "tactful", folder)


def _meet(tactful: Tactful, story: Story) -> None:
    """The people of the story, what they agreed to, and the product, a month before."""
    opened = story.opening - timedelta(days=30)
    tactful.take([*_people(story), *_agreements(opened), _catalogue(story, opened)])


def _people(story: Story) -> list[Row]:
    from agent.domain.customer import AgeAssurance, Channel
    from agent.domain.imports import CustomerRow

    home, seoul = (story.country, story.zone), ("KR", "Asia/Seoul")
    people = (
        ("visitor", story.visitor, home),
        ("reader", story.reader, home),
        ("sleeper", story.sleeper, seoul),
        ("complainer", story.complainer, home),
    )
    return [
        CustomerRow(
            key=who,
            external_id=who,
            first_name=name,
            locale=story.locale,
            age=AgeAssurance.ATTESTED,
            country=country,
            zone=zone,
            addresses={Channel.EMAIL: f"{who}@mail.example", Channel.SMS: "+821000000000"},
        )
        for who, name, (country, zone) in people
    ]


def _agreements(given_at: datetime) -> list[Row]:
    """Everyone but the reader agreed to something: the sleeper to text messages, the others to e-mail."""
    from agent.domain.consent import Entry, Proof
    from agent.domain.customer import Channel, Consent, ConsentStatus, Purpose
    from agent.domain.imports import ConsentRow

    ads = {"visitor": Channel.EMAIL, "sleeper": Channel.SMS, "complainer": Channel.EMAIL}
    return [
        ConsentRow(
            key=f"{who}-{purpose}",
            external_id=who,
            entry=Entry(
                consent=Consent(
                    purpose=purpose,
                    channel=channel if purpose is Purpose.AD_SENDING else None,
                    status=ConsentStatus.GRANTED,
                    given_at=given_at,
                ),
                proof=Proof(evidence="demo"),
            ),
        )
        for who, channel in ads.items()
        for purpose in (Purpose.PROFILING, Purpose.MARKETING_PROCESSING, Purpose.AD_SENDING)
    ]


def _catalogue(story: Story, known_at: datetime) -> Row:
    """The product is known from an earlier sale to somebody else."""
    from decimal import Decimal

    from agent.domain.imports import Line, RowOutcome
    from agent.domain.money import Money

    return Line(
        key="catalogue",
        order="catalogue",
        external_id=None,
        country=None,
        occurred_at=known_at,
        received_at=known_at,
        product_id=story.product_id,
        product_name=story.product,
        quantity=1,
        price=Money(Decimal(story.price), story.currency),
        outcome=RowOutcome.WITHOUT_CUSTOMER,
    )


def _event(tactful: Tactful, who: str, what: str, at: datetime, entity: str, **properties: str | int | float) -> None:
    from agent.domain.imports import EventRow

    tactful.take(
        [
            EventRow(
                key=f"{who}-{what}-{at.isoformat()}",
                external_id=who,
                kind=what,
                occurred_at=at,
                received_at=at,
                entity=entity,
                properties=properties,
            )
        ]
    )


def _decide(tactful: Tactful, who: str, clock: _StoryClock, at: datetime) -> Decision:
    import asyncio

    clock.at = at
    return asyncio.run(tactful.decide(who, trigger=f"demo:{at.isoformat()}"))


def _lingers(tactful: Tactful, story: Story, clock: _StoryClock) -> Decision:
    at = story.opening
    for minute, seconds in ((0, 40), (1, 85), (3, 75)):
        _event(
            tactful,
            "visitor",
            "product_viewed",
            at + timedelta(minutes=minute),
            story.product_id,
            dwell_seconds=seconds,
        )
    return _decide(tactful, "visitor", clock, at + timedelta(minutes=5))


def _accepts(tactful: Tactful, story: Story, clock: _StoryClock) -> Decision:
    at = story.opening + timedelta(minutes=6)
    _outcome(tactful, "visitor", "accepted")
    _event(tactful, "visitor", "chat_accepted", at, "chat")
    return _decide(tactful, "visitor", clock, at + timedelta(minutes=1))


def _buys(tactful: Tactful, story: Story, clock: _StoryClock) -> Decision:
    at = story.opening + timedelta(days=1, hours=2)
    _outcome(tactful, "visitor", "converted")
    _event(tactful, "visitor", "product_viewed", at, story.product_id, dwell_seconds=30)
    _event(tactful, "visitor", "purchased", at + timedelta(minutes=2), "order-1", value=float(story.price))
    return _decide(tactful, "visitor", clock, at + timedelta(minutes=3))


def _left_cart(tactful: Tactful, story: Story, clock: _StoryClock) -> Decision:
    at = story.opening + timedelta(hours=3)
    _event(tactful, "reader", "cart_updated", at - timedelta(hours=2), "cart-reader", value=story.cart)
    return _decide(tactful, "reader", clock, at)


def _at_night(tactful: Tactful, story: Story, clock: _StoryClock) -> Decision:
    _event(tactful, "sleeper", "cart_updated", NIGHT - timedelta(hours=1), "cart-sleeper", value=story.cart)
    return _decide(tactful, "sleeper", clock, NIGHT)


def _complains(tactful: Tactful, story: Story, clock: _StoryClock) -> Decision:
    at = story.opening + timedelta(hours=4)
    _event(tactful, "complainer", "cart_updated", at - timedelta(hours=2), "cart-complainer", value=story.cart)
    _event(tactful, "complainer", "case_opened", at - timedelta(hours=1), "case-1", kind="complaint")
    return _decide(tactful, "complainer", clock, at)


def _outcome(tactful: Tactful, who: str, kind: str) -> None:
    """What came of the customer's newest effect."""
    newest = max(
        (d for d in tactful.decisions() if d.effects and d.customer == tactful.find(who)), key=lambda d: d.as_of
    )
    tactful.outcome(newest.effects[0], kind)
