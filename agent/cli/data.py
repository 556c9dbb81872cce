"""Commands on what the marketer brings: import, check, guidelines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.options import Html, Json, Lang, Out, Tenant, done, language, print_json, product, progress, write_page

if TYPE_CHECKING:
    from agent.domain.imports import Tally
    from agent.service import Tactful

guidelines = typer.Typer(help="The brand's guideline files: add, list, search, lint, use.", no_args_is_help=True)


def import_(
    what: Annotated[
        str | None,
        typer.Argument(help="transactions, customers, consents, events, products, ...; not with a map or preset"),
    ] = None,
    file: Annotated[Path | None, typer.Argument(help="CSV, JSON lines (either may end in .gz) or Parquet")] = None,
    preset: Annotated[
        str | None,
        typer.Option(help="A known format: online-retail, cdnow, otto, tau2-retail, segment, rudderstack."),
    ] = None,
    map_: Annotated[
        Path | None, typer.Option("--map", help="A small YAML file that says what the columns mean.")
    ] = None,
    guess: Annotated[
        Path | None, typer.Option(help="Draft such a map for this file, import nothing.", metavar="FILE")
    ] = None,
    lang: Lang = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Import a file of customers or their doings.

    Every row gets an outcome; importing the same file again changes nothing.
    """
    from agent.domain.imports import RowOutcome

    if guess is not None:
        _draft(guess, tenant, lang)
        return
    if file is None and what in _kinds():
        raise typer.BadParameter(f"which file of {what}?", param_hint="FILE")
    if file is None:
        what, file = None, Path(what) if what is not None else None
    if file is None:
        raise typer.BadParameter("name a file, or --guess FILE to draft a map of it", param_hint="FILE")
    if what is not None and what not in (*_kinds(), "shop"):
        raise typer.BadParameter(f"choose one of {', '.join(_kinds())}", param_hint="WHAT")
    tactful = product(tenant)
    tally = _import(tactful, what, file, preset, map_, as_json)
    if as_json:
        print_json(
            {
                "rows": tally.rows,
                "new": tally.new,
                "outcomes": dict(tally.outcomes),
                "reasons": dict(tally.reasons),
                "places": tally.places,
                "unused_columns": list(tally.unused),
                "unknown": list(tally.unknown),
            }
        )
    else:
        _print_tally(file.name, tally, language(lang, tactful.playbook.brand.locale))
    if tally.outcomes[RowOutcome.QUARANTINED] == tally.rows:
        raise typer.Exit(1)


def _kinds() -> tuple[str, ...]:
    from agent.importing.formats import FORMATS

    return tuple(FORMATS)


def _import(
    tactful: Tactful, what: str | None, file: Path, preset: str | None, map_: Path | None, as_json: bool
) -> Tally:
    from agent.importing.mapping import read_map

    if preset and map_:
        raise typer.BadParameter("a preset needs no map", param_hint="--map")
    said = read_map(map_) if map_ else None
    done = 0
    with progress(as_json) as bar:
        task = bar.add_task(file.name, total=None)

        def show(position: int, size: int, tally: Tally) -> None:
            nonlocal done
            done = tally.rows
            bar.update(task, completed=position, total=size, description=f"{file.name}  {tally.rows:,} rows")

        try:
            return tactful.import_file(what, file, preset, show, said=said)
        except KeyboardInterrupt:
            typer.echo(f"\nStopped: {done:,} rows are taken and kept. Run the same command to go on.", err=True)
            raise typer.Exit(130) from None


def _draft(file: Path, tenant: str, lang: str | None) -> None:
    from agent.bootstrap import load_settings, tenant_id
    from agent.importing.guess import draft
    from agent.playbooks import load_playbook, playbook_path

    brand = load_playbook(playbook_path(load_settings(), tenant_id(tenant))).brand
    chosen = language(lang, brand.locale)
    typer.echo(draft(file, zone=brand.zone, country=brand.country, currency=brand.currency, lang=chosen), nl=False)


def _print_tally(name: str, tally: Tally, lang: str) -> None:
    from agent.domain.imports import RowOutcome
    from prompts.loading import words

    rows, entries = "row" if tally.rows == 1 else "rows", "entry" if tally.new == 1 else "entries"
    typer.echo(f"{name}: {tally.rows:,} {rows} read, {tally.new:,} new {entries}")
    if tally.unused:
        names = ", ".join(repr(column[:40]) for column in tally.unused[:8])
        typer.echo(f"  not used: column{'' if len(tally.unused) == 1 else 's'} {names} (docs/files.md says which are)")
    for outcome in RowOutcome:
        if not tally.outcomes[outcome] and outcome in (RowOutcome.RETURN, RowOutcome.WITHOUT_CUSTOMER):
            continue
        typer.echo(f"  {outcome.value.replace('_', ' '):<17}{tally.outcomes[outcome]:>10,}")
    for reason, count in tally.reasons.most_common(8):
        lines = ", ".join(map(str, tally.places[reason])) + (", ..." if count > len(tally.places[reason]) else "")
        typer.echo(f"    {count:>8,} x {reason} (line {lines})")
    said = words("unknown", lang)
    for what in tally.unknown:
        typer.echo(f"  {said['unknown']}: {said[what]}")


@guidelines.command("add")
def add(
    files: Annotated[list[Path], typer.Argument(help="Markdown files with front matter")],
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Check guideline files and copy them into the brand's folder; the index follows at once."""
    from agent.bootstrap import load_settings
    from agent.domain.errors import GuidelineError
    from agent.guidelines.reading import read_file
    from agent.playbooks import guideline_folder, playbook_path

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


@guidelines.command("use")
def use(tenant: Tenant = "default", as_json: Json = False) -> None:
    """Put the guideline files that lie here in force, also where newer ones were: to go back on purpose."""
    tactful = product(tenant)
    passages = tactful.use_guidelines()
    version = tactful.deciding.index.version
    done(f"{passages} passages, version {version}, are in force.", as_json, passages=passages, version=version)


@guidelines.command("lint")
def lint(lang: Lang = None, tenant: Tenant = "default", as_json: Json = False) -> None:
    """Find contradictions, rules that never apply, and messages that a rule would never let out.

    Exit code 1 if two rules contradict each other or a message is blocked.
    """
    from prompts.loading import words

    tactful = product(tenant)
    faults = tactful.guidebook.lint()
    if as_json:
        print_json(faults)
    else:
        said = words("lint", language(lang, tactful.playbook.brand.locale))
        for fault in faults:
            typer.echo(f"{said[fault.kind]:<14}{fault.place}\n    {said[fault.code].format(**fault.facts)}")
        passages = len(tactful.deciding.passages)
        typer.echo(said["summary"].format(passages=passages, faults=len(faults)))
    if any(fault.kind != "dead" for fault in faults):
        raise typer.Exit(1)


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
    found = tactful.guidebook.search(words, locale=wanted, action=action, channel=channel, limit=limit)
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


def check(
    html: Html = False,
    out: Out = None,
    lang: Lang = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Check the data: what is missing, stale, double, impossible or drifting, and what follows from it.

    Exit code 1 if something keeps everybody from being contacted.
    """
    from agent.console import quality
    from agent.domain.quality import Weight

    tactful = product(tenant)
    found = tactful.check()
    brand = tactful.playbook.brand
    chosen = language(lang, brand.locale)
    if html or out:
        write_page(
            quality.page(found, chosen, brand=brand.name, zone=brand.zone, currency=brand.currency), out, "check"
        )
    elif as_json:
        print_json(found)
    else:
        for title, rows in quality.groups(found, chosen):
            typer.echo(title)
            for row in rows:
                mark = {Weight.STOP: "!!", Weight.LOOK: "! ", Weight.FINE: "  "}[row.weight]
                typer.echo(f"  {mark} {row.what}: {row.measured}")
                if row.then:
                    typer.echo(f"       {row.then}")
        typer.echo(quality.summary(found, chosen))
    if any(finding.weight is Weight.STOP for finding in found.findings):
        raise typer.Exit(1)
