"""Options that several commands share, and how they open the product."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

    from agent.service import Tactful

Tenant = Annotated[str, typer.Option("--tenant", help="Which brand's data to use.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Lang = Annotated[str | None, typer.Option("--lang", help="Language of the output: ko or en. Default: the brand's.")]
Html = Annotated[bool, typer.Option("--html", help="Write one self-contained page.")]
Out = Annotated[Path | None, typer.Option("--out", help="Where the page goes; default: a name in this folder.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="As of this instant, ISO 8601 with a zone: 2011-12-09T13:00+00:00.")
]


def product(tenant: str) -> Tactful:
    from agent.bootstrap import load_settings, open_tactful

    return open_tactful(load_settings(), tenant)


def language(asked: str | None, fallback: str) -> str:
    """Raises InputError for another language than Korean and English."""
    if asked is None:
        return fallback
    if asked not in ("ko", "en"):
        from agent.domain.errors import InputError

        raise InputError("not a language of this program", place="--lang", next_step="Choose ko or en.")
    return asked


def write_page(page: str, out: Path | None, name: str) -> None:
    """Writes a page and says where it is. Raises InputError where it cannot be written."""
    from agent.domain.errors import InputError

    path = out or Path(f"{name}.html")
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(
            (error.strerror or "cannot be written").lower(), place=str(path), next_step="Name another file with --out."
        ) from error
    typer.echo(f"{path} ({len(page.encode()) // 1024 + 1} kB)")


def print_json(value: Any) -> None:
    """One JSON document on stdout: times ISO 8601, money as text."""
    import orjson

    typer.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


def done(text: str, as_json: bool, **facts: Any) -> None:
    """Says what was done: in words, or as JSON."""
    if as_json:
        print_json(facts)
    else:
        typer.echo(text)


def progress(quiet: bool) -> Progress:
    """A progress bar on stderr; silent where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
        transient=True,
    )
