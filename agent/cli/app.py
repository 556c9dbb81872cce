"""The command line: thin, lazily imported, plain errors. Exit codes: 0 done, 1 refused or failed, 2 wrongly called."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from agent.cli import data, deciding, demo, journey, resources, setup
from agent.cli.audit import audit
from agent.cli.consent import consent
from agent.cli.diff import diff
from agent.cli.dispatch import approve, dispatch
from agent.cli.foresee import fit, models, signals
from agent.cli.identities import identities
from agent.cli.keys import keys
from agent.cli.rules import rules
from agent.cli.serve import serve
from agent.cli.simulate import simulate
from agent.cli.tools import tools


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"tactful {version('tactful-agent')}")
        raise typer.Exit


app = typer.Typer(
    name="tactful",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Tactful decides the next-best action for each customer, silence included, within consent, law and ethics."""


app.command("demo")(demo.demo)
app.command("init")(setup.init)
app.command("import")(data.import_)
app.command("check")(data.check)
app.command("fit")(fit)
app.add_typer(models, name="models")
app.command("signals")(signals)
app.command("decide")(deciding.decide)
app.command("explain")(deciding.explain)
app.command("replay")(deciding.replay)
app.command("rehearse")(deciding.rehearse)
app.command("simulate")(simulate)
app.command("diff")(diff)
app.add_typer(data.guidelines, name="guidelines")
app.add_typer(consent, name="consent")
app.add_typer(identities, name="identities")
app.add_typer(rules, name="rules")
app.add_typer(audit, name="audit")
app.add_typer(dispatch, name="dispatch")
app.add_typer(approve, name="approve")
app.add_typer(tools, name="tools")
app.command("journey")(journey.journey)
app.command("why")(journey.why)
app.add_typer(resources.demos, name="demos")
app.add_typer(resources.coupons, name="coupons")
app.command("outcome")(resources.outcome)
app.command("erase")(resources.erase)
app.add_typer(keys, name="keys")
app.command("export")(resources.export)
app.command("serve")(serve)
app.command("doctor")(setup.doctor)


def main() -> None:
    """Runs the command line. Errors for users go to stderr, without a traceback and without personal data."""
    from agent.domain.errors import TactfulError

    try:
        app()
    except TactfulError as error:
        sys.stderr.write(f"Error: {error}\n")
        if error.next_step:
            sys.stderr.write(f"  {error.next_step}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. What was taken so far stays; run the command again to go on.\n")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


if __name__ == "__main__":
    main()
