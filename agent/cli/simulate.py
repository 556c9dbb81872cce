"""Simulate: a month of journeys before anyone is contacted, side by side with what is done today."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.options import Json, Lang, Tenant, language, print_json, progress, write_page

if TYPE_CHECKING:
    from agent.domain.playbook import Playbook
    from agent.settings import Settings
    from agent.simulation.plan import Plan
    from agent.simulation.result import Result


def simulate(
    days: Annotated[int, typer.Option(help="How many days, at most 366.")] = 30,
    customers: Annotated[int, typer.Option(help="How many simulated customers.")] = 2_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same customers, days and decisions.")] = 7,
    seeds: Annotated[int, typer.Option(help="Play this many seeds, from --seed on.")] = 1,
    policy: Annotated[
        str, typer.Option(help="agent, an ablation of it, a playbook's folder, or path.py:Policy.")
    ] = "agent",
    against: Annotated[str, typer.Option(help="Held against these, with commas.")] = "rules,nobody",
    world: Annotated[str, typer.Option(help="shop, subscription, services, null, fragile, or path.py:World.")] = "shop",
    from_data: Annotated[bool, typer.Option("--from-data", help="Take rates and consents from imported data.")] = False,
    first: Annotated[str | None, typer.Option("--from", help="The first day. Default: the coming Monday.")] = None,
    customer: Annotated[str | None, typer.Option(help="Tell this simulated customer's story step by step.")] = None,
    goal: Annotated[Path | None, typer.Option(help="A goal file: how likely it is, how to pilot it.")] = None,
    bend: Annotated[int, typer.Option(help="Bend the answers by this number: another law, the same people.")] = 0,
    independent: Annotated[
        bool, typer.Option("--independent", help="Give each policy customers and dice of its own.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write one self-contained page with charts.")] = None,
    lang: Lang = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Play a playbook against simulated customers, beside what is done today. Nobody is contacted.

    Worlds and what stands behind their numbers: docs/worlds.md.
    """
    from agent.bootstrap import load_settings, tenant_id
    from agent.console import simulated
    from agent.playbooks import load_playbook, playbook_path
    from agent.simulation.plan import ORACLE, Plan

    settings = load_settings()
    path = playbook_path(settings, tenant_id(tenant), language(lang, "en"))
    playbook = load_playbook(path)
    told = language(lang, playbook.brand.locale)
    others = [name.strip() for name in against.split(",") if name.strip() and name.strip() != policy]
    plan = Plan(
        world=world,
        playbook=path,
        begins=_begins(first, playbook),
        days=days,
        customers=customers,
        seeds=tuple(range(seed, seed + seeds)),
        policies=tuple(dict.fromkeys([policy, *others, ORACLE])),
        shared=not independent,
        look_at=(customer,) if customer else (),
        calibration=_calibration(settings, tenant) if from_data else None,
        perturbed=bend,
        teller=simulated.tell if report or customer else None,
    )
    wanted = _goal(goal, plan)
    found = _play(plan, playbook, as_json)
    reached = _weighed(wanted, found, told)
    if report is not None:
        write_page(simulated.page(found, told, reached), report, "simulation")
    if as_json:
        print_json(_plain(found, reached))
        return
    _print_story(found, told) if customer else _print(found, told, reached)


def _begins(first: str | None, playbook: Playbook) -> datetime:
    """Local midnight of the day, in the brand's zone. Raises InputError."""
    from zoneinfo import ZoneInfo

    from agent.bootstrap import SystemClock
    from agent.domain.errors import InputError

    zone = ZoneInfo(playbook.brand.zone)
    if first is None:
        today = SystemClock().now().astimezone(zone).date()
        day = today + timedelta(days=7 - today.weekday())
    else:
        try:
            day = date.fromisoformat(first)
        except ValueError as error:
            raise InputError("not a day", place="--from", next_step="Write it as 2026-11-30.") from error
    return datetime.combine(day, time(), zone).astimezone(ZoneInfo("UTC"))


def _calibration(settings: Settings, tenant: str) -> Any:
    from agent.bootstrap import open_tactful
    from agent.simulation.calibration import calibrate

    return calibrate(open_tactful(settings, tenant))


def _play(plan: Plan, playbook: Playbook, quiet: bool) -> Result:
    from agent.simulation.play import run
    from agent.simulation.result import result

    with progress(quiet) as bar:
        task = bar.add_task(f"{plan.world}: {', '.join(plan.policies)}", total=1.0)
        played = run(plan, lambda part: bar.update(task, completed=part))
    return result(plan, playbook, played)


def _goal(path: Path | None, plan: Plan) -> Any:
    """The goal, if what it is held against will be played. Raises InputError."""
    from agent.simulation.goals import not_played, read_goal

    if path is None:
        return None
    goal = read_goal(path)
    if goal.against not in plan.policies[1:]:
        raise not_played(goal)
    return goal


def _weighed(goal: Any, found: Result, lang: str) -> Any:
    """None where there is no goal, or nothing to weigh it by: that is said, and the result stays."""
    from agent.domain.errors import InputError
    from agent.simulation.goals import weigh

    try:
        return weigh(goal, found, lang) if goal is not None else None
    except InputError as error:
        typer.echo(f"{error}\n  {error.next_step}", err=True)
        return None


def _plain(found: Result, reached: Any) -> dict[str, Any]:
    """The result without the stories, which are for reading."""
    from dataclasses import asdict, replace

    plain = asdict(replace(found, stories=[]))
    return plain | ({"goal": asdict(reached)} if reached is not None else {})


def _print(found: Result, lang: str, reached: Any) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from agent.console import simulated

    console = Console(highlight=False)
    w = simulated.Words(lang, found.currency)
    console.print(f"[bold]{w['title']}[/]\n{escape(simulated.lead(found, w))}")
    if not found.complete:
        console.print(f"[red]{w['partial'].format(days=found.played_days)}[/]")
    console.print(f"[dim]{w['paired'] if found.paired else w['independent']}\n{w['simulated']}[/]")
    for title, rows in simulated.table(found, lang):
        table = Table(title=escape(title), title_justify="left", box=None, show_header=False, padding=(0, 2, 0, 0))
        for number in range(max(len(row) for row in rows)):
            table.add_column(justify="left" if number == 0 else "right")
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        console.print()
        console.print(table)
    if reached is not None:
        console.print(f"\n[bold]{w['goal']}: {escape(reached.title)}[/]")
        for line in reached.lines:
            console.print(f"  {line}")


def _print_story(found: Result, lang: str) -> None:
    from rich.console import Console
    from rich.markup import escape

    from agent.console import simulated

    console = Console(highlight=False)
    w = simulated.Words(lang, found.currency)
    for name, story in zip(found.told, found.stories, strict=True):
        console.print(f"[bold]{escape(name)}[/]  [dim]{w['stories.one']}[/]")
        for day, entries in story.days:
            console.print(f"\n[bold]{day}[/]")
            for clock, until, entry in entries:
                more = f"  x{entry.times} {until}" if entry.times > 1 else ""
                detail = f"  [dim]{escape(entry.detail)}[/]" if entry.detail else ""
                colour = {"said": "green", "silence": "yellow"}.get(entry.kind, "default")
                console.print(f"  {clock}  [{colour}]{escape(entry.title)}[/]{detail}{more}")
                for message in entry.thought.messages if entry.thought is not None else ():
                    came = "".join(f"  {outcome}" for outcome in message.outcomes)
                    console.print(f"         [dim]{escape(message.subject or message.body.splitlines()[0])}[/]{came}")
    console.print(f"\n[bold]{w['stories.rules']}[/]")
    mine = [said for said in found.ruled or () if said.customer in found.told]
    if not mine:
        console.print(f"  {w['stories.rules_none' if found.ruled is not None else 'stories.rules_unplayed']}")
    for said in mine:
        console.print(f"  {said.at}  {w.action(said.action)} · {w.channel(said.channel)}")
