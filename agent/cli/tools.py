"""Commands on what the agent may do: list the tools, look at one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agent.cli.options import Json, Lang, Tenant, language, print_json, product

tools = typer.Typer(help="What the agent may do: list, show NAME.", no_args_is_help=True)

FIELDS = {
    "kind": "kind",
    "channels": "channels",
    "goal": "goal",
    "called_for": "called for",
    "said": "said",
    "half_life_hours": "halves after (h)",
    "expires_hours": "expires after (h)",
    "terms": "believed",
}


@tools.command("list")
def list_(tenant: Tenant = "default", as_json: Json = False) -> None:
    """Every tool: kind, channels, goal, and whether the brand's playbook uses it."""
    tactful = product(tenant)
    found = tactful.toolbox.all()
    if as_json:
        print_json(found)
        return
    typer.echo(f"{'TOOL':<20} {'KIND':<8} {'CHANNELS':<38} GOAL")
    for tool in found:
        used = "" if tool["in_playbook"] else "  (not in the playbook)"
        typer.echo(f"{tool['name']:<20} {tool['kind']:<8} {', '.join(tool['channels']):<38} {tool['goal'] or ''}{used}")
    typer.echo(f"{len(found)} tools.")


@tools.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A tool's name, for example offer_coupon.")],
    lang: Lang = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """One tool: what it is for, what calls for it, its terms in the playbook, its words in one language."""
    tactful = product(tenant)
    tool = tactful.toolbox.one(name)
    if as_json:
        print_json(tool)
        return
    typer.echo(f"{tool['name']}: {tool['description']}")
    for field, name in FIELDS.items():
        if field not in tool:
            continue
        value = tool[field]
        typer.echo(f"  {name:<18}{', '.join(value) if isinstance(value, list | tuple) else value or '-'}")
    chosen = language(lang, tactful.playbook.brand.locale)
    for words in [w for w in tool["templates"] if w["locale"] == chosen]:
        _print_words(words)


def _print_words(words: dict[str, Any]) -> None:
    typer.echo(f"\n  {words['because']} by {words['channel']}")
    for line in "\n".join(filter(None, (words["subject"], words["body"]))).splitlines():
        typer.echo(f"    {line}")
