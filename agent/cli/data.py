"""Commands that bring data in: import, guidelines, consent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.options import Json, Tenant, print_json, product, progress

if TYPE_CHECKING:
    from agent.domain.imports import Tally

guidelines = typer.Typer(help="The brand's guideline files: add, list, search.", no_args_is_help=True)
consent = typer.Typer(help="The consent ledger: show, grant, withdraw.", no_args_is_help=True)

_KINDS = ("transactions", "customers", "consents", "events")


def import_(
    what: Annotated[str, typer.Argument(help="transactions, customers, consents or events")],
    file: Annotated[Path, typer.Argument(help="A .csv or .jsonl file, or either with .gz")],
    preset: Annotated[
        str | None, typer.Option(help="The file's format: online-retail (transactions), segment (events).")
    ] = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Import a file of customers or their doings.

    Every row gets an outcome; importing the same file again changes nothing.
    """
    if what not in _KINDS:
        raise typer.BadParameter(f"choose one of {', '.join(_KINDS)}", param_hint="WHAT")
    from agent.domain.imports import RowOutcome

    tactful = product(tenant)
    done = 0
    with progress(as_json) as bar:
        task = bar.add_task(file.name, total=None)

        def show(position: int, size: int, tally: Tally) -> None:
            nonlocal done
            done = tally.rows
            bar.update(task, completed=position, total=size, description=f"{file.name}  {tally.rows:,} rows")

        try:
            tally = tactful.import_file(what, file, preset, show)
        except KeyboardInterrupt:
            typer.echo(f"\nStopped: {done:,} rows are taken and kept. Run the same command to go on.", err=True)
            raise typer.Exit(130) from None
    if as_json:
        print_json(
            {
                "rows": tally.rows,
                "new": tally.new,
                "outcomes": dict(tally.outcomes),
                "reasons": dict(tally.reasons),
                "places": tally.places,
            }
        )
    else:
        _print_tally(file.name, tally)
    if tally.outcomes[RowOutcome.QUARANTINED] == tally.rows:
        raise typer.Exit(1)


def _print_tally(name: str, tally: Tally) -> None:
    from agent.domain.imports import RowOutcome

    typer.echo(f"{name}: {tally.rows:,} rows read, {tally.new:,} new entries")
    for outcome in RowOutcome:
        if not tally.outcomes[outcome] and outcome in (RowOutcome.RETURN, RowOutcome.WITHOUT_CUSTOMER):
            continue
        typer.echo(f"  {outcome.value.replace('_', ' '):<17}{tally.outcomes[outcome]:>10,}")
    for reason, count in tally.reasons.most_common(8):
        lines = ", ".join(map(str, tally.places[reason])) + (", ..." if count > len(tally.places[reason]) else "")
        typer.echo(f"    {count:>8,} x {reason} (line {lines})")


@guidelines.command("add")
def add(
    files: Annotated[list[Path], typer.Argument(help="Markdown files with front matter")],
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Check guideline files and copy them into the brand's folder; the index follows at once."""
    from agent.bootstrap import guideline_folder, load_settings, playbook_path
    from agent.domain.errors import GuidelineError
    from agent.guidelines.reading import read_file

    settings = load_settings()
    tactful = product(tenant)
    if not settings.playbook:
        raise GuidelineError(
            "the starter brand is read-only",
            place="tactful guidelines add",
            next_step="Make a brand of your own first: tactful init DIR, then work in DIR.",
        )
    added = []
    for path in files:
        if not path.is_file():
            raise GuidelineError("no such file", place=str(path), next_step="Check the path.")
        added.append((path, read_file(path, path.name)))
    folder = guideline_folder(tactful.playbook, playbook_path(settings, tactful.tenant))
    folder.mkdir(parents=True, exist_ok=True)
    for path, _ in added:
        (folder / path.name).write_bytes(path.read_bytes())
    version = product(tenant).deciding.index.version
    if as_json:
        print_json({"version": version, "files": {path.name: len(passages) for path, passages in added}})
        return
    for path, passages in added:
        typer.echo(f"{path.name}: {len(passages)} passages")
    typer.echo(f"The index is at version {version}.")


@guidelines.command("list")
def list_(tenant: Tenant = "default", as_json: Json = False) -> None:
    """List the brand's passages."""
    deciding = product(tenant).deciding
    if as_json:
        print_json({"version": deciding.index.version, "passages": [_plain(p) for p in deciding.passages]})
        return
    for p in deciding.passages:
        where = ", ".join((*p.channels, *p.actions)) or "everywhere"
        typer.echo(f"{p.passage_id}\n    {p.locale}, {p.topic}, {where}: {p.title}")
    typer.echo(f"{len(deciding.passages)} passages, version {deciding.index.version}")


@guidelines.command("search")
def search(
    words: Annotated[str, typer.Argument(help="What to look for")],
    locale: Annotated[str | None, typer.Option(help="ko or en; default: the brand's.")] = None,
    action: Annotated[str, typer.Option(help="Only passages for this action.")] = "any",
    channel: Annotated[str, typer.Option(help="Only passages for this channel.")] = "any",
    limit: Annotated[int, typer.Option(min=1, max=50)] = 5,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Search the brand's passages."""
    tactful = product(tenant)
    wanted = locale or tactful.playbook.brand.locale
    found = tactful.search(words, locale=wanted, action=action, channel=channel, limit=limit)
    if as_json:
        print_json([{"score": f.score, **_plain(f.passage)} for f in found])
        return
    for f in found:
        typer.echo(f"{f.score:.3f}  {f.passage.passage_id}\n       {f.passage.text.replace(chr(10), ' ')[:160]}")
    if not found:
        typer.echo("Nothing fits. Try other words, or fewer filters.")


def _plain(passage: Any) -> dict[str, Any]:
    return {
        name: getattr(passage, name)
        for name in ("passage_id", "locale", "topic", "title", "text", "channels", "actions")
    }


Customer = Annotated[str, typer.Argument(help="The customer's id as imported, or the pseudonym c_...")]
PurposeName = Annotated[str, typer.Option("--purpose", help="profiling, marketing_processing, ad_sending, night, ...")]
ChannelName = Annotated[
    str | None, typer.Option("--channel", help="For ad_sending and night: email, sms, push, kakao.")
]


@consent.command("show")
def show_consents(customer: Customer, tenant: Tenant = "default", as_json: Json = False) -> None:
    """All entries of a customer's ledger, oldest first."""
    entries = product(tenant).consents(customer)
    if as_json:
        print_json(entries)
        return
    for e in entries:
        typer.echo(
            f"{e.given_at:%Y-%m-%d %H:%M} UTC  {e.status:<10} {e.purpose} {e.channel or ''}".rstrip() + f"  ({e.basis})"
        )
    if not entries:
        typer.echo("No entry: nothing was ever agreed to, so no offer will be made.")


@consent.command("grant")
def grant(
    customer: Customer,
    purpose: PurposeName,
    channel: ChannelName = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Record a consent, from this moment on."""
    _record(customer, purpose, channel, "granted", tenant, as_json)


@consent.command("withdraw")
def withdraw(
    customer: Customer,
    purpose: PurposeName = "all",
    channel: ChannelName = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Record a withdrawal, at once. Without --purpose: everything, every purpose and channel."""
    _record(customer, purpose, channel, "withdrawn", tenant, as_json)


def _record(customer: str, purpose: str, channel: str | None, status: str, tenant: str, as_json: bool) -> None:
    from agent.domain.customer import PUSHED, Channel, ConsentStatus, Purpose

    entries: list[tuple[Purpose, Channel | None]]
    if purpose == "all" and status == "withdrawn":
        entries = [(purpose, None) for purpose in Purpose if purpose not in (Purpose.AD_SENDING, Purpose.NIGHT)]
        entries += [(purpose, pushed) for purpose in (Purpose.AD_SENDING, Purpose.NIGHT) for pushed in PUSHED]
    else:
        entries = [_entry(purpose, channel)]
    new = product(tenant).record_consent(customer, ConsentStatus(status), entries, "cli")
    if as_json:
        print_json({"recorded": new, "status": status})
    else:
        typer.echo(f"{new} {'entry' if new == 1 else 'entries'} recorded as {status}.")


def _entry(purpose: str, channel: str | None) -> Any:
    from agent.domain.customer import Channel, Purpose

    try:
        wanted = Purpose(purpose)
    except ValueError:
        raise typer.BadParameter(f"one of {', '.join(Purpose)}", param_hint="--purpose") from None
    per_channel = wanted in (Purpose.AD_SENDING, Purpose.NIGHT)
    if per_channel != (channel is not None):
        raise typer.BadParameter(f"{'needed' if per_channel else 'not used'} for {wanted}", param_hint="--channel")
    try:
        return wanted, Channel(channel) if channel else None
    except ValueError:
        raise typer.BadParameter(f"one of {', '.join(Channel)}", param_hint="--channel") from None
