"""Commands around decisions: decide, explain, replay."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.options import AsOf, Html, Json, Lang, Out, Tenant, language, print_json, product, progress, write_page

if TYPE_CHECKING:
    from agent.service import Tactful


def decide(
    customer: Annotated[
        str | None, typer.Argument(help="The customer's id as imported, or the pseudonym c_...")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Decide for every customer, without asking a model.")] = False,
    as_of: AsOf = None,
    trigger: Annotated[str | None, typer.Option(help="A key: the same key gives the same recorded decision.")] = None,
    lang: Lang = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Decide for one customer, or for all.

    The next-best action, silence included, is recorded with everything it rests on. Nothing is sent.
    """
    if (customer is None) == (not all_):
        raise typer.BadParameter("name a customer, or give --all", param_hint="CUSTOMER")
    if all_ and trigger:
        raise typer.BadParameter("--all is keyed by --as-of", param_hint="--trigger")
    import asyncio

    from agent.cli import show
    from agent.domain.instants import instant

    tactful = product(tenant)
    when = instant(as_of) if as_of else None
    if customer is None:
        _decide_all(tactful, when, as_json)
        return
    decision = asyncio.run(tactful.decide(customer, trigger=trigger, as_of=when))
    if as_json:
        print_json(show.plain(tactful, decision))
    else:
        show.decision(tactful, decision, language(lang, tactful.playbook.brand.locale))


def _decide_all(tactful: Tactful, as_of: datetime | None, as_json: bool) -> None:
    import time

    from agent.console.phrases import summary

    total = tactful.stores.customers.count(tactful.tenant)
    counts: Counter[str] = Counter()
    effects = stood = 0
    with progress(as_json) as bar:
        task = bar.add_task("deciding", total=total)
        started = time.perf_counter()
        for found in tactful.sweep(as_of=as_of):
            counts[summary(found.decision)] += 1
            effects += len(found.decision.effects)
            stood += found.repeated
            bar.update(task, advance=1)
        seconds = time.perf_counter() - started
    done = sum(counts.values())
    expired = tactful.expired(as_of) if effects else 0
    if as_json:
        print_json(
            {
                "decisions": done,
                "stood_already": stood,
                "seconds": round(seconds, 2),
                "outcomes": dict(counts.most_common()),
                "effects": effects,
                "expired": expired,
            }
        )
        return
    typer.echo(f"{done:,} customers, {done - stood:,} decisions recorded in {seconds:.1f} s")
    if stood:
        typer.echo(f"{stood:,} stood already, decided as of this instant on what was known when they were made;")
        typer.echo("give another --as-of to decide anew")
    for name, count in counts.most_common():
        typer.echo(f"  {count:>7,}  {name}")
    if effects:
        typer.echo(f"{effects:,} effects prepared; {expired:,} of them have expired by now and can never be sent")


def explain(
    decision: Annotated[
        str | None, typer.Argument(help="A decision's id, or its beginning; or a customer's: their newest")
    ] = None,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Count dispositions by action and stage; without an id over all decisions.")
    ] = False,
    html: Html = False,
    out: Out = None,
    lang: Lang = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Explain a decision.

    What was known, considered, removed and why, scored and said, and which rule spoke.
    """
    from agent.cli import show

    if decision is None and not matrix:
        raise typer.BadParameter("name a decision, or give --matrix for all of them", param_hint="DECISION")
    tactful = product(tenant)
    if matrix:
        chosen = [tactful.decision(decision)] if decision else tactful.decisions()
        table = show.matrix(chosen)
        if as_json:
            print_json(table)
        else:
            show.print_matrix(table)
        return
    assert decision is not None
    found = tactful.decision(decision)
    if html or out:
        from agent.console import pages, timeline

        chosen_lang = language(lang, tactful.playbook.brand.locale)
        told = timeline.thought(tactful, found, chosen_lang)
        page = pages.render("decision", chosen_lang, brand=tactful.playbook.brand.name, t=told)
        write_page(page, out, f"decision-{found.decision_id}")
    elif as_json:
        print_json(show.plain(tactful, found))
    else:
        show.decision(tactful, found, language(lang, tactful.playbook.brand.locale), full=True)


def replay(
    decision: Annotated[str, typer.Argument(help="A decision's id, or its beginning; or a customer's: their newest")],
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Decide again on the recorded inputs.

    Exit code 1 if the decision differs, or if its inputs were erased.
    """
    tactful = product(tenant)
    again = tactful.replay(decision)
    if as_json:
        print_json({"decision": again.decision.decision_id, "same": again.same, "differences": again.differences})
    elif again.same:
        typer.echo(f"{again.decision.decision_id}: the same decision, from the recorded inputs.")
    else:
        typer.echo(f"{again.decision.decision_id}: differs in {', '.join(again.differences)}.")
    if not again.same:
        raise typer.Exit(1)


def rehearse(
    first: Annotated[str, typer.Option("--from", help="The first day, for example 2026-10-20.")],
    days: Annotated[int, typer.Option(help="How many days, at most 92.")] = 30,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Play a month through on a copy of the store, with its own clock; nothing leaves, nothing is changed.

    Customers do what the files say they did, nobody answers. Look at anybody afterwards: the last line says how.
    """
    from datetime import date

    from agent.bootstrap import load_settings
    from agent.domain.errors import InputError
    from agent.simulation.rehearsal import Rehearsal

    try:
        begins = date.fromisoformat(first)
    except ValueError as error:
        raise InputError("not a day", place="--from", next_step="Write it as 2026-10-20.") from error
    rehearsal = Rehearsal(load_settings(), tenant, begins, days)
    totals: Counter[str] = Counter()
    left: Counter[str] = Counter()
    with progress(as_json) as bar:
        task = bar.add_task("rehearsing", total=days)
        for day in rehearsal.play():
            totals += day.decided
            left += day.left
            bar.update(task, advance=1, description=f"{day.on}  {left.total():,} messages")
    if as_json:
        decisions, sent = dict(totals.most_common()), dict(left.most_common())
        print_json({"home": str(rehearsal.home), "days": days, "left": sent, "decisions": decisions})
        return
    typer.echo(f"{days} days, {totals.total():,} decisions of the daily round:")
    for name, count in totals.most_common():
        typer.echo(f"  {count:>7,}  {name}")
    typer.echo(f"{left.total():,} messages would have left, those of timers and duties with them:")
    for name, count in left.most_common():
        typer.echo(f"  {count:>7,}  {name}")
    typer.echo(f"Look at one customer's: TACTFUL_HOME={rehearsal.home} tactful journey CUSTOMER --html")
