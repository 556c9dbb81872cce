"""The two brands to start from: complete, without fault, and what a marketer brings can be brought."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.bootstrap import open_tactful
from agent.domain.imports import RowOutcome
from agent.importing.guess import draft
from agent.importing.mapping import read_map
from agent.playbooks import load_playbook, read_messages, read_passages
from agent.service import Tactful
from agent.settings import Settings
from prompts.loading import STARTER
from tests.integration.test_cli import Shell

BRANDS = ["ko", "en"]
KINDS = ("products", "prices", "stock", "stores")


def opened(home: Path, locale: str) -> Tactful:
    return open_tactful(Settings(home=home, playbook=str(STARTER / locale), model_name=None))


@pytest.mark.parametrize("locale", BRANDS)
def test_a_brand_has_guidelines_campaigns_shops_and_words_of_its_own(locale: str) -> None:
    folder = STARTER / locale
    playbook = load_playbook(folder)
    passages = read_passages(playbook, folder)
    assert len(passages) >= 20
    assert {passage.locale for passage in passages} == {locale}
    assert len(playbook.campaigns) >= 3
    assert playbook.compensation is not None
    assert playbook.events
    own = read_messages(playbook, folder).own
    assert len({action for _, action, _, _ in own}) >= 8
    assert (folder / "data" / "stores.csv").read_text(encoding="utf-8").count("\n") >= 5


@pytest.mark.parametrize("locale", BRANDS)
def test_its_catalogue_is_taken_to_the_last_row(locale: str, tmp_path: Path) -> None:
    tactful = opened(tmp_path, locale)
    for kind in KINDS:
        tally = tactful.import_file(kind, STARTER / locale / "data" / f"{kind}.csv")
        assert set(tally.outcomes) == {RowOutcome.TAKEN}, kind


@pytest.mark.parametrize("locale", BRANDS)
def test_a_draft_takes_nearly_all_that_a_marketer_brings(locale: str, tmp_path: Path) -> None:
    tactful = opened(tmp_path, locale)
    brand = tactful.playbook.brand
    for path in sorted((STARTER / locale / "samples").glob("*.csv")):
        drafted = tmp_path / "map.yaml"
        text = draft(path, zone=brand.zone, country=brand.country, currency=brand.currency, lang=locale)
        drafted.write_text(text, encoding="utf-8")
        tally = tactful.import_file(None, path, said=read_map(drafted))
        assert tally.outcomes[RowOutcome.QUARANTINED] <= 0.03 * tally.rows, path.name
    (events,) = (STARTER / locale / "samples").glob("*.jsonl")
    assert tactful.import_file("events", events).outcomes[RowOutcome.QUARANTINED] == 0
    assert len(tactful.resolving.find().matches) >= 2


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("locale", BRANDS)
def test_init_copies_all_of_it(locale: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    written = shell.json("init", "shop", "--lang", locale)["written"]
    there = {
        path.relative_to(tmp_path / "shop").as_posix() for path in (tmp_path / "shop").rglob("*") if path.is_file()
    }
    shipped = {
        path.relative_to(STARTER / locale).as_posix() for path in (STARTER / locale).rglob("*") if path.is_file()
    }
    assert there == shipped | {"tactful.toml"} == set(written)
