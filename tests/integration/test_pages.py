"""Pages that people look at: self-contained, escaped, accessible, in both languages."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from agent.console import pages, quality, timeline
from agent.domain.customer import Channel, ConsentStatus, Purpose
from agent.domain.imports import Quarantined, ReviewRow
from agent.service import Tactful
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import event, order, person, product, regular
from tests.support.people import NOON

HOSTILE = '<script>alert(1)</script><img src=x onerror="x()">'
LANGS = ["ko", "en"]


class Read(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def named(self, *names: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Tactful:
    """Ann's story: she bought, filled a cart, was written to, answered, refused, and reviewed with hostile words."""
    folder, clock = tmp_path_factory.mktemp("pages"), StoppedClock()
    tactful = product(folder, Database(f"sqlite:///{folder}/t.db"), clock, CountingIds())
    tactful.take(list(regular("ann")))
    tactful.take([event("ann", "product_viewed", NOON - timedelta(hours=2, minutes=10 + n), "lamp") for n in range(3)])
    tactful.take([event("ann", "cart_updated", NOON - timedelta(hours=2), "cart-1", value=60.0, currency="GBP")])
    said = asyncio.run(tactful.decide("ann"))
    (effect,) = tactful.effects(said)
    clock.at = effect.due_at
    tactful.dispatch()
    clock.at += timedelta(hours=1)
    tactful.outcome(effect.effect_id, "clicked")
    review = ReviewRow(key="r", external_id="ann", product="lamp", at=clock.at, rating=2, words=HOSTILE)
    tactful.take([review, Quarantined(key="q", place="f.csv:2", reason=f"name: {HOSTILE}")])
    clock.at += timedelta(hours=1)
    asyncio.run(tactful.decide("ann"))
    tactful.consents.record("ann", ConsentStatus.WITHDRAWN, [(Purpose.AD_SENDING, Channel.EMAIL)], "web")
    clock.at += timedelta(days=3)
    for hours in range(3):
        asyncio.run(tactful.decide("ann", trigger=f"t{hours}"))
        clock.at += timedelta(hours=1)
    return tactful


def all_pages(tactful: Tactful, lang: str) -> dict[str, str]:
    brand = tactful.playbook.brand
    thought = timeline.thought(tactful, tactful.decision("ann"), lang)
    return {
        "journey": pages.render("journey", lang, brand=brand.name, story=timeline.story(tactful, "ann", lang)),
        "decision": pages.render("decision", lang, brand=brand.name, t=thought),
        "check": quality.page(tactful.check(), lang, brand=brand.name, zone=brand.zone, currency=brand.currency),
    }


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_needs_nothing_from_outside_and_runs_nothing(told: Tactful, lang: str) -> None:
    for name, page in all_pages(told, lang).items():
        read = Read(page)
        assert read.named("script", "link", "img", "iframe", "object") == [], name
        assert not re.search(r"url\(|@import", page), name
        assert [attr for _, attrs in read.tags for attr in attrs if attr.startswith("on")] == []
        assert all((a.get("href") or "").startswith(("#", "https://")) for a in read.named("a"))
        (policy,) = [meta for meta in read.named("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
        assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@pytest.mark.parametrize("lang", LANGS)
def test_words_of_customers_and_files_are_shown_and_never_run(told: Tactful, lang: str) -> None:
    found = all_pages(told, lang)
    for name in ("journey", "check"):
        assert HOSTILE not in found[name]
        assert "&lt;script&gt;" in found[name]


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_names_nobody(told: Tactful, lang: str) -> None:
    for page in all_pages(told, lang).values():
        assert "Ann" not in page.replace("Annual", "")
        assert "ann@mail.example" not in page
        assert "+4477" not in page


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_says_its_language_and_can_be_walked_by_keyboard(told: Tactful, lang: str) -> None:
    for name, page in all_pages(told, lang).items():
        read = Read(page)
        assert read.named("html") == [{"lang": lang}], name
        assert len(read.named("h1")) == 1
        assert [a for a in read.named("a") if a.get("href") == "#main"]
        assert [m for m in read.named("main") if m.get("id") == "main"]
        assert all(region.get("tabindex") == "0" for region in read.named("div") if region.get("role") == "region")
        assert all(svg.get("aria-label") for svg in read.named("svg"))
        assert len(read.named("summary")) == len(read.named("details"))
        assert all(th.get("scope") for th in read.named("th"))


def test_the_story_is_told_in_its_order_with_what_was_thought(told: Tactful) -> None:
    entries = [entry for _, day in timeline.story(told, "ann", "en").days for *_, entry in day]
    assert [e.at for e in entries] == sorted(e.at for e in entries)
    kinds = [entry.kind for entry in entries]
    assert {"happened", "consent", "said", "silence", "began", "ended"} <= set(kinds)
    (viewed,) = [entry for entry in entries if entry.title == "Looked at"]
    assert "3 times" in viewed.detail
    (said, *_) = [entry.thought for entry in entries if entry.kind == "said"]
    assert said is not None
    assert said.considered[0].won or any(c.won for c in said.considered)
    assert said.left_out
    assert said.rules
    assert said.passages
    assert said.messages[0].outcomes == ("clicked",)


def test_silence_for_one_reason_in_a_row_is_told_once(told: Tactful) -> None:
    entries = [entry for _, day in timeline.story(told, "ann", "en").days for *_, entry in day]
    silent = [entry for entry in entries if entry.kind == "silence"]
    assert silent[-1].times == 3


@pytest.mark.parametrize("lang", LANGS)
def test_every_word_of_a_page_is_in_its_language(told: Tactful, lang: str) -> None:
    page = re.sub(r"<style>.*?</style>|<[^>]+>", " ", all_pages(told, lang)["journey"], flags=re.DOTALL)
    page = page.replace(" ", " ")
    if lang == "en":
        assert not re.search("[가-힣]", page)
    else:
        assert re.search("침묵", page)
        for word in ("Stayed silent", "What was", "agreed", "refused"):
            assert word not in page


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("ink", "ground"),
        ("ink", "paper"),
        ("soft", "ground"),
        ("soft", "paper"),
        ("pine", "pine-soft"),
        ("pine", "paper"),
        ("amber", "amber-soft"),
        ("red", "red-soft"),
        ("blue", "blue-soft"),
    ],
)
def test_text_stands_out_from_its_ground(ink: str, paper: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    style = (pages.TEMPLATES / "base.html.j2").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", style))
    high, low = sorted((luminance(colours[ink]), luminance(colours[paper])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
@pytest.mark.parametrize("lang", LANGS)
def test_a_browser_shows_it_without_a_word_of_complaint(told: Tactful, lang: str, tmp_path: Path) -> None:
    for name, page in all_pages(told, lang).items():
        path = tmp_path / f"{name}.html"
        path.write_text(page, encoding="utf-8")
        command = [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--window-size=360,800",
        ]
        done = subprocess.run(
            [*command, "--window-size=360,800", f"--screenshot={tmp_path / name}.png", path.as_uri()],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert (tmp_path / f"{name}.png").stat().st_size > 5_000
        assert "CONSOLE" not in done.stderr


def test_a_customer_of_whom_nothing_is_known_has_a_page_too(told: Tactful) -> None:
    told.take([person("quiet")])
    page = pages.render("journey", "en", brand="B", story=timeline.story(told, "quiet", "en"))
    assert "Nothing was ever agreed to" in page


def test_orders_and_returns_are_told_by_order(told: Tactful) -> None:
    told.take([person("buyer"), order("buyer", "o-9", NOON), order("buyer", "o-8", NOON, quantity=-1)])
    entries = [entry for _, day in timeline.story(told, "buyer", "en").days for *_, entry in day]
    assert [(e.title, e.detail) for e in entries] == [
        ("Ordered", "The lamp · £60.00"),
        ("Sent back", "The lamp · £30.00"),
    ]


def test_messages_and_answers_are_counted(told: Tactful) -> None:
    counts = dict(timeline.story(told, "ann", "en").counts)
    assert (counts["messages prepared"], counts["messages answered"]) == ("1", "1")
