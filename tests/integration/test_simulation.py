"""The product under a virtual clock: the same agent, simulated customers, an honest report."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.cli.app import app
from agent.console import simulated
from agent.domain.errors import InputError
from agent.domain.imports import Row
from agent.playbooks import load_playbook
from agent.simulation.calibration import calibrate
from agent.simulation.plan import Plan
from agent.simulation.play import run
from agent.simulation.played import Played
from agent.simulation.result import Result, result
from agent.store.database import Database
from prompts.loading import STARTER
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import order, person, product
from tests.support.people import NOON
from tests.support.simulated import MONDAY

PLAYBOOK = STARTER / "en" / "playbook.yaml"
PLAN = Plan(
    world="shop",
    playbook=PLAYBOOK,
    begins=MONDAY,
    days=4,
    customers=120,
    seeds=(7,),
    policies=("agent", "rules", "nobody", "oracle"),
    teller=simulated.tell,
)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def played() -> list[Played]:
    return run(PLAN, processes=0)


@pytest.fixture(scope="module")
def found(played: list[Played]) -> Result:
    return result(PLAN, load_playbook(PLAYBOOK), played)


def rows(one: Played) -> list[object]:
    return [
        {name: column.tolist() for name, column in table.columns.items()}
        for table in (one.tables.orders, one.tables.touches, one.tables.ended, one.tables.returns)
    ]


def test_the_same_seed_gives_the_same_decisions_also_in_another_process(played: list[Played]) -> None:
    again = run(replace(PLAN, policies=("agent", "nobody"), teller=None), processes=2)
    agent, silent = again
    assert rows(agent) == rows(played[0])
    assert rows(silent) == rows(played[2])
    assert agent.tally is not None
    assert played[0].tally is not None
    assert asdict(agent.tally) == asdict(played[0].tally)


def test_the_agent_writes_to_nobody_who_did_not_agree_and_to_nobody_too_often(played: list[Played]) -> None:
    touches = played[0].tables.touches
    assert len(touches) > 10
    assert not touches["unasked"].any()
    assert not touches["many"].any()


def test_every_decision_and_every_event_is_accounted_for(played: list[Played], found: Result) -> None:
    decided = found.decided
    assert decided is not None
    assert decided.decisions == sum(decided.acted.values()) + sum(decided.held.values())
    assert decided.events > 300
    assert set(decided.factors) == {"response", "anyway", "value", "context", "lever", "cost", "fatigue", "budget"}
    assert all(0 <= share <= 1 for share in decided.factors.values())
    assert decided.factors["response"] > 0


def test_differences_are_those_of_the_sums(found: Result) -> None:
    for one in found.differences:
        mine, theirs = found.measures["agent"], found.measures[one.against]
        total = getattr(mine, one.measure) - getattr(theirs, one.measure)
        assert one.mean * found.customers == pytest.approx(total, abs=1e-6)
        assert one.low <= one.mean <= one.high


def test_what_people_buy_by_themselves_is_the_same_under_every_policy(played: list[Played]) -> None:
    """Common random numbers: who buys without a word does so beside any policy that leaves them alone."""
    silent = {(o, v) for o, v in zip(played[2].tables.orders["who"], played[2].tables.orders["value"], strict=True)}
    ruled = played[1].tables
    touched = set(ruled.touches["who"].tolist())
    alone = {x for x in silent if x[0] not in touched}
    assert alone <= {(o, v) for o, v in zip(ruled.orders["who"], ruled.orders["value"], strict=True)}


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_report_is_one_page_that_needs_nothing_else(found: Result, lang: str) -> None:
    page = simulated.page(found, lang)
    assert "<script" not in page
    assert not re.search(r"src=|<link|@import", page)
    assert "url(" not in page
    assert page.count("<svg") >= 6
    assert simulated.Words(lang, "GBP")["paired"] in page
    assert all(name in page for name in found.told)
    assert len(found.told) == 10
    for said in re.findall(r">([^<>{}]*)<", page):
        assert "measure." not in said, said


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_table_says_every_measure_of_every_policy_and_each_difference_in_words(found: Result, lang: str) -> None:
    sections = simulated.table(found, lang)
    assert len(sections) == 1 + 3
    assert all(len(row) == 1 + len(found.policies) for row in sections[0][1])
    words = {simulated.Words(lang, "GBP")[name] for name in ("more", "less", "none")}
    assert {row[-1] for _, rows in sections[1:] for row in rows} <= words


CHANCY = """
import random
from agent.simulation.worlds.shop import Shop

class World(Shop):
    def law(self, touch, person, standing, need, chance):
        law = super().law(touch, person, standing, need, chance)
        return law if random.random() < 0.5 else super().law(touch, person, standing, None, 0.0)

class Hashed(Shop):
    def day(self, number):
        return [visit for visit in super().day(number) if hash(visit.person) % 2]
"""


def test_a_world_that_draws_elsewhere_is_refused_on_whatever_day_it_begins(tmp_path: Path) -> None:
    (tmp_path / "chancy.py").write_text(CHANCY, encoding="utf-8")
    for day in range(3):
        plan = replace(
            PLAN,
            world=f"{tmp_path / 'chancy.py'}:World",
            begins=MONDAY + timedelta(days=day),
            customers=300,
            policies=("everyone", "nobody"),
            teller=None,
        )
        with pytest.raises(InputError, match="two stories"):
            run(plan, processes=0)


def test_policies_that_did_not_meet_the_same_people_are_not_compared(tmp_path: Path) -> None:
    """Each process has hashes of its own: what relies on them tells each policy another story."""
    (tmp_path / "chancy.py").write_text(CHANCY, encoding="utf-8")
    world = f"{tmp_path / 'chancy.py'}:Hashed"
    plan = replace(PLAN, world=world, policies=("everyone", "nobody"), teller=None)
    with pytest.raises(InputError, match="two stories"):
        run(plan, processes=2)


def test_several_seeds_give_intervals_over_seeds() -> None:
    plan = replace(PLAN, policies=("everyone", "nobody"), seeds=(1, 2, 3, 4), teller=None)
    found = result(plan, load_playbook(PLAYBOOK), run(plan, processes=0))
    assert found.seeds == (1, 2, 3, 4)
    touches = found.difference("touches", "nobody")
    assert touches is not None
    assert (touches.seeds, touches.found) == (4, "more")


WORLD = """
from dataclasses import replace
from agent.simulation.worlds.shop import Shop

class World(Shop):
    name = "own"
    def law(self, touch, person, standing, need, chance):
        return replace(super().law(touch, person, standing, need, chance), {change})

class Policy:
    name = "quiet"
    def decide(self, seen, now):
        return ()
"""


def simulate(folder: Path, *more: str) -> list[str]:
    return ["simulate", "--days", "2", "--customers", "40", "--from", "2026-11-30", "--json", *more]


def test_a_world_and_a_policy_of_ones_own_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "own.py"
    path.write_text(WORLD.replace("{change}", "noticed=0.0"), encoding="utf-8")
    told = CliRunner().invoke(
        app, simulate(tmp_path, "--world", f"{path}:World", "--policy", f"{path}:Policy", "--against", "everyone")
    )
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["measures"]["everyone"]["noticed"] == 0
    assert found["measures"][f"{path}:Policy"]["touches"] == 0
    assert not (tmp_path / ".tactful").exists()


@pytest.mark.parametrize(
    ("change", "named"), [("ends_well=float('nan')", "ends_well is nan"), ("opts_out=1.5", "opts_out is 1.5")]
)
def test_a_broken_world_is_named_and_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "own.py"
    path.write_text(WORLD.replace("{change}", change), encoding="utf-8")
    told = CliRunner().invoke(app, simulate(tmp_path, "--world", f"{path}:World", "--policy", "everyone"))
    assert isinstance(told.exception, InputError)
    assert named in str(told.exception)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (("--world", "nowhere"), "no world 'nowhere'"),
        (("--policy", "wishes"), "no policy 'wishes'"),
        (("--days", "0"), "--days"),
        (("--customers", "1"), "--customers"),
        (("--seed", "-1"), "--seed"),
        (("--from", "0001-01-01"), "--from"),
        (("--from", "soon"), "--from"),
        (("--goal", "none.yaml"), "none.yaml"),
        (("--from-data",), "too few to calibrate"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, simulate(tmp_path, *more))
    assert isinstance(told.exception, InputError)
    assert named in str(told.exception)
    assert told.exception.next_step


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_one_customers_story_is_told_step_by_step_beside_what_rules_would_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    monkeypatch.chdir(tmp_path)
    size = ["--days", "3", "--customers", "40", "--from", "2026-11-30"]
    command = ["simulate", *size, "--lang", lang, "--against", "rules"]
    told = CliRunner().invoke(app, [*command, "--customer", f"{lang}-000003"])
    assert told.exit_code == 0, told.output
    assert f"{lang}-000003" in told.stdout
    assert simulated.Words(lang, "GBP")["stories.rules"] in told.stdout
    unknown = CliRunner().invoke(app, [*command, "--customer", "nobody-here"])
    assert isinstance(unknown.exception, InputError)
    assert "nobody-here" in str(unknown.exception)


def test_ctrl_c_leaves_a_report_of_what_was_played_and_says_so(tmp_path: Path) -> None:
    report = tmp_path / "part.html"
    command = [sys.executable, "-m", "agent.cli.app", "simulate", "--days", "366", "--customers", "4000", "--json"]
    process = subprocess.Popen(
        [*command, "--policy", "everyone", "--against", "nobody", "--report", str(report)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    begun = time.monotonic()
    while len(children.read_text().split()) < 3 and time.monotonic() - begun < 40:  # two of ours, one that tracks them
        time.sleep(0.1)
    time.sleep(3)
    os.killpg(process.pid, signal.SIGINT)
    try:
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    found = json.loads(out[out.index(b"{") :])
    assert found["complete"] is False
    assert 0 < found["played_days"] < 366
    assert "Stopped early" in report.read_text(encoding="utf-8")


def test_a_world_is_calibrated_on_imported_orders(tmp_path: Path) -> None:
    tactful = product(tmp_path, Database(f"sqlite:///{tmp_path}/t.db"), StoppedClock(), CountingIds())
    bought: list[Row] = [person(f"c{n}") for n in range(60)]
    for n in range(300):
        bought.append(order(f"c{n % 50}", f"o{n}", NOON.replace(day=1 + n % 20, month=1 + n % 11), quantity=1))
    tactful.take(bought)
    measured = calibrate(tactful)
    assert (measured.customers, measured.orders) == (60, 300)
    assert measured.mean_basket == pytest.approx(30.0)
    assert sum(measured.weekdays) == pytest.approx(1.0)
    plan = replace(PLAN, calibration=measured, days=30, customers=400, policies=("nobody", "everyone"), teller=None)
    found = result(plan, load_playbook(PLAYBOOK), run(plan, processes=0))
    shown = {name: (data, world) for name, data, world in found.calibration}
    data, world = shown["orders_per_customer_month"]
    assert world == pytest.approx(data, rel=0.35)
    assert shown["mean_basket"][1] == pytest.approx(30.0, rel=0.05)


def brand(folder: Path, **changes: str) -> Path:
    import shutil

    shutil.copytree(PLAYBOOK.parent, folder)
    text = (folder / "playbook.yaml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert f"  {old}:" in text
        text = text.replace(f"  {old}:", f"  {new} ")
    (folder / "playbook.yaml").write_text(text, encoding="utf-8")
    return folder


def diff(*more: str) -> list[str]:
    return ["diff", *more, "--customers", "150", "--json"]


def test_the_same_policy_twice_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, diff(str(PLAYBOOK.parent), str(PLAYBOOK)))
    found = json.loads(told.stdout)
    assert told.exit_code == 0
    assert (found["customers"], found["changed"], found["newly_denied"], found["newly_allowed"]) == (150, 0, 0, 0)


def test_a_stricter_pack_says_whose_offers_it_denies_and_a_threshold_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    new = brand(tmp_path / "new", weekly_contacts="weekly_contacts: 0 #")
    limits = tmp_path / "limits.yaml"
    limits.write_text("changed: 0.0\nnewly_denied: 1.0\n", encoding="utf-8")
    told = CliRunner().invoke(app, diff(str(PLAYBOOK.parent), str(new), "--thresholds", str(limits)))
    found = json.loads(told.stdout)
    assert found["changed"] > 0
    assert found["newly_denied"] > 0
    assert sum(found["denied_by"].values()) == found["newly_denied"] == found["offered_before"]
    assert found["offered_after"] == 0
    assert [name for name, *_ in found["exceeded"]] == ["changed"]
    assert told.exit_code == 1
    assert all(0 <= s["offered_after"] <= 1 for s in found["segments"])


def test_imported_customers_are_compared_where_there_are_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    people = tmp_path / "people.csv"
    people.write_text(
        "customer,first_name,country,zone,locale,age,email\n"
        + "".join(f"c{n},Ann,GB,Europe/London,en,attested,c{n}@mail.example\n" for n in range(12)),
        encoding="utf-8",
    )
    runner = CliRunner()
    assert runner.invoke(app, ["import", "customers", str(people)]).exit_code == 0
    told = runner.invoke(app, ["diff", str(PLAYBOOK.parent), str(PLAYBOOK), "--json"])
    assert json.loads(told.stdout)["customers"] == 12


@pytest.mark.parametrize(("text", "named"), [("changed: 2\n", "changed"), ("joy: 1\n", "joy")])
def test_bad_thresholds_name_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, named: str) -> None:
    monkeypatch.chdir(tmp_path)
    limits = tmp_path / "limits.yaml"
    limits.write_text(text, encoding="utf-8")
    told = CliRunner().invoke(app, diff(str(PLAYBOOK), str(PLAYBOOK), "--thresholds", str(limits)))
    assert isinstance(told.exception, InputError)
    assert named in str(told.exception)
    assert "limits.yaml:1" in str(told.exception)
