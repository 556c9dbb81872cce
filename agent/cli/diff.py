"""Diff: what another playbook or pack would change, customer by customer, before it is put in force."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.options import Json, Lang, Tenant, language, print_json

if TYPE_CHECKING:
    from agent.settings import Settings
    from agent.simulation.diff import Diff, Thresholds, Version


def diff(
    old: Annotated[Path, typer.Argument(help="A brand's folder, a playbook, or one pack.")],
    new: Annotated[Path, typer.Argument(help="The same, as it would be.")],
    customers: Annotated[int, typer.Option(help="Simulated customers, where none are imported.")] = 10_000,
    world: Annotated[str, typer.Option(help="The world that they come from.")] = "shop",
    seed: Annotated[int, typer.Option(help="And its seed.")] = 7,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Simulated customers, even if some are imported.")
    ] = False,
    thresholds: Annotated[
        Path | None, typer.Option(help="A file of shares from which on a change is too large: exit code 1.")
    ] = None,
    lang: Lang = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Decide on the same customers by two policies; count who gets something else, and who loses.

    Imported customers as they are now, else simulated ones. Nothing is written and nobody is contacted.
    """
    from agent.bootstrap import load_settings, tenant_id
    from agent.playbooks import playbook_path
    from agent.simulation.diff import Thresholds, read_thresholds, read_version

    settings = load_settings()
    own = playbook_path(settings, tenant_id(tenant), language(lang, "en"))
    limits = read_thresholds(thresholds) if thresholds is not None else Thresholds()
    versions = read_version(old, own), read_version(new, own)
    found = None if simulated else _imported(settings, tenant, versions, limits)
    if found is None:
        found = _simulated(settings, versions, limits, world, customers, seed)
    if as_json:
        print_json(found)
    else:
        _print(found, language(lang, versions[0].playbook.brand.locale))
    if found.exceeded:
        raise typer.Exit(1)


def _imported(settings: Settings, tenant: str, versions: tuple[Version, Version], limits: Thresholds) -> Diff | None:
    """On the customers of the store, None where there are none."""
    from agent.bootstrap import open_tactful

    readers = [open_tactful(settings.model_copy(update={"playbook": str(v.path)}), tenant) for v in versions]
    everybody = readers[0].stores.customers.all(readers[0].tenant)
    if not everybody:
        return None
    return _compared(readers, everybody, readers[0].now(), versions, limits)


def _simulated(
    settings: Settings, versions: tuple[Version, Version], limits: Thresholds, world: str, customers: int, seed: int
) -> Diff:
    """On simulated customers, in the evening of their first day."""
    import tempfile

    from agent.simulation.crowd_of_a_day import crowd_of_a_day

    with tempfile.TemporaryDirectory(prefix="tactful-diff-") as folder:
        readers, everybody, at = crowd_of_a_day(
            Path(folder), [v.path for v in versions], world, customers, seed, _today()
        )
        return _compared(readers, everybody, at, versions, limits)


def _compared(
    readers: Any, everybody: Any, at: datetime, versions: tuple[Version, Version], limits: Thresholds
) -> Diff:
    from agent.simulation.diff import compare

    snapshots = readers[0].stores.snapshots, readers[1].stores.snapshots
    return compare(*versions, readers[0].tenant, everybody, snapshots, at, limits)


def _today() -> datetime:
    from agent.bootstrap import SystemClock

    return SystemClock().now()


def _print(found: Diff, lang: str) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from prompts.loading import words

    said, console = words("diff", lang), Console(highlight=False)
    n = found.customers
    console.print(said["changed"].format(n=f"{found.changed:,}", all=f"{n:,}", share=_share(found.changed, n)))
    console.print(said["denied"].format(n=f"{found.newly_denied:,}"), _rules(found.denied_by))
    console.print(said["allowed"].format(n=f"{found.newly_allowed:,}"), _rules(found.allowed_by))
    console.print(said["offers"].format(before=f"{found.offered_before:,}", after=f"{found.offered_after:,}"))
    if found.moves:
        console.print(f"\n[bold]{said['moves']}[/]")
        for before, after, count in found.moves:
            console.print(f"  {count:>7,}  {escape(before)}  →  {escape(after)}")
    losing = [s for s in found.segments if s.loses > 0][:8]
    if losing:
        table = Table(title=said["segments"], title_justify="left", box=None, padding=(0, 2, 0, 0))
        for name in ("segment", "customers", "before", "after"):
            table.add_column(said[name], justify="left" if name == "segment" else "right")
        for s in losing:
            label = f"{said[f'attribute.{s.attribute}']}: {s.value}"
            table.add_row(label, f"{s.customers:,}", f"{s.offered_before:.1%}", f"{s.offered_after:.1%}")
        console.print()
        console.print(table)
    for name, share, limit in found.exceeded:
        console.print(
            f"[red]{said['exceeded'].format(what=said[f'limit.{name}'], share=f'{share:.1%}', limit=f'{limit:.1%}')}[/]"
        )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


def _rules(counts: dict[str, int]) -> str:
    return f"({', '.join(f'{rule} {count:,}' for rule, count in counts.items())})" if counts else ""
