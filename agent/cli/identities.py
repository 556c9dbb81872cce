"""Commands on who is who: find customers that are one person, join them, take a join back."""

from __future__ import annotations

from typing import Annotated

import typer

from agent.cli.options import Json, Tenant, done, print_json, product

identities = typer.Typer(help="Customers that are one person: find, resolve, merge, undo, list.", no_args_is_help=True)
By = Annotated[str, typer.Option(help="Who decides this; stands in the audit.")]


@identities.command("find")
def find(tenant: Tenant = "default", as_json: Json = False) -> None:
    """Who is one person by mailbox, telephone and name, and who only shares an address. Changes nothing."""
    found = product(tenant).resolving.find()
    if as_json:
        print_json(found)
        return
    for match in found.matches:
        typer.echo(f"same person  {', '.join(match.customers)}  (same {', '.join(match.evidence)})")
    for apart in found.apart:
        typer.echo(f"kept apart   {', '.join(apart.customers[:6])}  ({apart.doubt} at one {apart.channel} address)")
    typer.echo(f"{len(found.matches)} to join, {len(found.apart)} kept apart. Join them: tactful identities resolve")


@identities.command("resolve")
def resolve(by: By = "resolution", tenant: Tenant = "default", as_json: Json = False) -> None:
    """Join everybody that `find` matches. The strictest consent of each holds; every join can be undone."""
    merged = product(tenant).resolving.resolve(by)
    done(f"{len(merged)} joined. See them: tactful identities list", as_json, merged=merged)


@identities.command("merge")
def merge(
    kept: Annotated[str, typer.Argument(help="The customer who stays.")],
    joined: Annotated[str, typer.Argument(help="The customer who is the same person.")],
    by: By,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Join two customers on your word."""
    made = product(tenant).resolving.merge(kept, joined, by)
    done(f"{made.merge_id}: {made.joined} is {made.kept} now.", as_json, merge=made)


@identities.command("undo")
def undo(
    merge_id: Annotated[str, typer.Argument(help="The merge, as `list` shows it.", metavar="MERGE")],
    by: By,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Take a join back. No consent comes back with it: what was refused stays refused, by both."""
    refusals = product(tenant).resolving.undo(merge_id, by)
    done(f"Undone; {refusals} refusals noted so that none is lost.", as_json, undone=merge_id, refusals=refusals)


@identities.command("list")
def list_(tenant: Tenant = "default", as_json: Json = False) -> None:
    """Every join, the newest first."""
    merges = product(tenant).resolving.merges()
    if as_json:
        print_json(merges)
        return
    for made in merges:
        state = f"undone {made.undone_at:%Y-%m-%d %H:%M}" if made.undone_at else "stands"
        typer.echo(f"{made.merge_id}  {made.joined} is {made.kept}  {made.evidence}, by {made.by}, {state}")
    typer.echo(f"{len(merges)} joins.")
