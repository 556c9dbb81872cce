"""Commands on what can be foreseen: fit on one's own data, look at models, and at what is foretold of a customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.options import AsOf, Json, Lang, Tenant, language, print_json, product, progress

if TYPE_CHECKING:
    from agent.console.foretold import Saying
    from agent.domain.models import Model, Signal
    from agent.service import Tactful

models = typer.Typer(help="Models: list, show, card, drift, and read a text.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A model's name, its beginning, or a signal: value, churn, ...")]


def fit(
    signal: Annotated[
        list[str] | None,
        typer.Option("--signal", help="One of value, churn, response, affinity, ...; repeatable."),
    ] = None,
    as_of: AsOf = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where a fit as of a later instant stands: that one gives way.")
    ] = False,
    lang: Lang = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """Fit what can be foreseen on your own data.

    Of customers who agree to profiling, and only what was known by --as-of. Decisions read it from then on, for 35
    days.
    """
    import time

    from agent.domain.instants import instant
    from prompts.loading import words

    tactful = product(tenant)
    wanted = _signals(signal)
    said = words("foresee", language(lang, tactful.playbook.brand.locale))
    started = time.perf_counter()
    with progress(as_json) as bar:
        task = bar.add_task(said["step.lines"], total=3 + (len(wanted) or 9))

        def step(name: str) -> None:
            text = said.get(f"step.{name}", said.get(f"signal.{name}", name))
            bar.update(task, advance=1, description=text)

        made = tactful.foreseeing.fit(wanted, instant(as_of) if as_of else None, step, replace_later=replace)
    seconds = time.perf_counter() - started
    if as_json:
        print_json([_plain(model) for model in made])
        return
    _table(made, said)
    notes = {code: value for model in made for code, value in model.card.notes}
    customers = max((model.card.customers for model in made), default=0)
    told = tactful.foreseeing.count(made)
    text = said["fitted"].format(
        models=len(made), seconds=f"{seconds:.1f}", told=f"{told:,}", customers=f"{customers:,}"
    )
    typer.echo(text)
    standing = {model.model for model in tactful.foreseeing.current()}
    aside = [said[f"signal.{model.card.signal}"] for model in made if model.model not in standing]
    if aside:
        typer.echo(said["aside"].format(signals=", ".join(aside)))
    for code in ("left_out", "stale"):
        if code in notes:
            typer.echo(said[code].format(n=f"{int(notes[code]):,}"))


def _signals(names: list[str] | None) -> list[Signal]:
    from agent.domain.models import Signal

    for name in names or ():
        if name not in list(Signal):
            raise typer.BadParameter(f"choose of {', '.join(Signal)}", param_hint="--signal")
    return [Signal(name) for name in names or ()]


@models.command("list")
def list_(lang: Lang = None, tenant: Tenant = "default", as_json: Json = False) -> None:
    """The newest model of each signal, and those that come with the program."""
    from agent.signals.text.shipped import cards
    from prompts.loading import words

    tactful = product(tenant)
    found = tactful.foreseeing.current()
    if as_json:
        print_json([_plain(model) for model in found] + [{"model": name, **_fields(c)} for name, c in cards().items()])
        return
    said = words("foresee", language(lang, tactful.playbook.brand.locale))
    _table(found, said)
    for name, card in cards().items():
        typer.echo(f"{name:<15}{card.sha256[:12]}   {said['shipped']}, {card.bytes / 1000:,.0f} kB")


@models.command("show")
def show(name: Name, tenant: Tenant = "default") -> None:
    """Everything that is known of a model, as JSON."""
    print_json(_plain(product(tenant).foreseeing.named(name)))


@models.command("card")
def card(name: Name, lang: Lang = None, tenant: Tenant = "default") -> None:
    """What a model was fitted on, how good it is, and what one must know before trusting it."""
    from agent.signals.text.shipped import cards

    tactful = product(tenant)
    if name in cards():
        known = cards()[name]
        typer.echo(f"{name}\n{known.does}\n{known.data}\n{known.licence}\n{known.limits}")
        typer.echo(", ".join(f"{figure} {value}" for figure, value in known.figures.items()))
        typer.echo(f"SHA-256 {known.sha256}")
        return
    model = tactful.foreseeing.named(name)
    chosen = language(lang, tactful.playbook.brand.locale)
    saying = _saying(tactful, chosen)
    typer.echo(f"{model.card.signal} {model.model}")
    for line in saying.card(model.card):
        typer.echo(line)
    typer.echo(f"SHA-256 {model.hash}")


@models.command("read")
def read(
    text: Annotated[str, typer.Argument(help="What a customer wrote or asked, Korean or English.")],
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Read a text with the models that come with the program: praise, feelings, what it is about and what it wants."""
    from agent.signals.text.reading import intent
    from agent.signals.text.reading import read as read_all
    from prompts.loading import words

    (found,), ((wish, chance),) = read_all([text]), intent([text])
    if as_json:
        print_json(_fields(found) | {"reason": found.reason, "intent": wish, "intent_chance": chance})
        return
    said = words("foresee", language(lang, found.language))
    moods = ", ".join(f"{said.get(f'mood.{mood}', mood)} {chance:.2f}" for mood, chance in found.moods)
    about = ", ".join(f"{said.get(f'aspect.{name}', name)} {praise:.2f}" for name, praise in found.aspects)
    for name, value in (("praise", f"{found.positive:.2f}"), ("moods", moods), ("about", about)):
        if value:
            typer.echo(f"{said[f'read.{name}']}: {value}")
    typer.echo(f"{said['read.intent']}: {said.get(f'intent.{wish}', wish)} {chance:.2f}")


@models.command("drift")
def drift(as_of: AsOf = None, lang: Lang = None, tenant: Tenant = "default", as_json: Json = False) -> None:
    """How far the customers of today are from those that models were fitted on.

    Exit code 1 if a model has drifted.
    """
    from agent.domain.instants import instant
    from prompts.loading import words

    tactful = product(tenant)
    found = tactful.foreseeing.drift(instant(as_of) if as_of else None)
    if as_json:
        print_json(
            [
                {"signal": d.model.card.signal, "model": d.model.model, "drifted": d.drifted, "indices": d.indices}
                for d in found
            ]
        )
    else:
        said = words("foresee", language(lang, tactful.playbook.brand.locale))
        for one in found:
            little = "little" if one.greatest > 0.1 else "none"
            kind = "prior" if not one.indices else "some" if one.drifted else little
            names = ", ".join(name for name, index in one.indices.items() if index > 0.25)
            values = {"signal": said[f"signal.{one.model.card.signal}"], "index": f"{one.greatest:.2f}", "names": names}
            typer.echo(said[f"drift.{kind}"].format(**values))
        typer.echo(said["drift.how"])
    if any(one.drifted for one in found):
        raise typer.Exit(1)


def signals(
    customer: Annotated[str, typer.Argument(help="The customer's id as imported, or the pseudonym c_...")],
    as_of: AsOf = None,
    lang: Lang = None,
    tenant: Tenant = "default",
    as_json: Json = False,
) -> None:
    """What is foretold of a customer: value, interval, reasons, freshness, and where it comes from."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from agent.console.foretold import plain
    from agent.domain.instants import instant
    from prompts.loading import words

    tactful = product(tenant)
    agreed, told = tactful.foreseeing.told(customer, instant(as_of) if as_of else None)
    if as_json:
        print_json({"profiling": agreed, "foretold": [plain(one) for one in told]})
        return
    chosen = language(lang, tactful.playbook.brand.locale)
    said = words("foresee", chosen)
    if not told:
        newest = max((model.card.as_of for model in tactful.foreseeing.current()), default=None)
        if agreed and newest is not None:
            typer.echo(said["ended"].format(at=newest.isoformat()))
        else:
            typer.echo(said["none" if agreed else "closed"])
        return
    saying = _saying(tactful, chosen)
    grid = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    for style in ("bold", "", "dim", "dim"):
        grid.add_column(style=style, overflow="fold")
    lines = [saying.line(one) for one in sorted(told, key=_order)]
    above = ""
    for line in lines:
        grid.add_row(
            Text(line.what), Text(line.found), Text(line.interval), Text("" if line.why == above else line.why)
        )
        above = line.why
    Console(highlight=False).print(grid)
    fresh = list(dict.fromkeys(line.fresh for line in lines))
    sources = list(dict.fromkeys(line.source for line in lines))
    for text in fresh if len(fresh) == 1 else dict.fromkeys(f"{line.source}: {line.fresh}" for line in lines):
        typer.echo(text)
    typer.echo(", ".join(sources))


def _order(told: Any) -> tuple[int, int, str]:
    from agent.console.foretold import ORDER

    return ORDER.index(told.foreseen.omen), -told.foreseen.chance, told.foreseen.entity


def _saying(tactful: Tactful, lang: str) -> Saying:
    from agent.console.foretold import Saying
    from agent.domain.models import Signal

    brand = tactful.playbook.brand
    groups = {m.card.signal: m.card.segments for m in tactful.foreseeing.current()}
    return Saying(lang, brand.currency, brand.zone, tactful.foreseeing.product_name, groups.get(Signal.SEGMENTS, {}))


def _table(found: list[Model], said: Any) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("signal", "model", "chosen", "customers", "source", "asof"):
        justify = "right" if name == "customers" else "left"
        grid.add_column(said[f"list.{name}"], justify=justify, no_wrap=name == "model", overflow="fold")  # type: ignore[arg-type]
    for model in found:
        card = model.card
        source = said[f"source.{card.source}"].format(model="").strip()
        grid.add_row(
            said[f"signal.{card.signal}"],
            model.model,
            said.get(f"chosen.{card.chosen}", card.chosen),
            f"{card.customers:,}",
            source,
            f"{card.as_of:%Y-%m-%d}",
        )
    Console(highlight=False).print(grid)


def _plain(model: Model) -> dict[str, Any]:
    card = _fields(model.card)
    return {"model": model.model, "sha256": model.hash, "fitted_at": model.fitted_at, "bytes": len(model.body)} | card


def _fields(value: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(value)
