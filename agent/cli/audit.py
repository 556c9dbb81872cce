"""Commands that look at what was decided: fairness between groups, and whether the books are whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.options import Json, Lang, Tenant, language, print_json, product

audit = typer.Typer(help="Look at what was decided: fairness, and that nobody changed the books.", no_args_is_help=True)

FEW = 8
WORDS = {
    "en": {
        "head": ("attribute", "value", "measure", "group", "others", "ratio", "p", ""),
        "offers": "offers",
        "holds": "held back",
        "amounts": "amount",
        "even": "no difference found",
        "flag": "LOOK",
        "too few": "too few to judge",
        "gini": "spread",
        "more": "{n} more comparisons, none of them flagged, stand in --json.",
        "end": "{n} customers, {flags} to look at. A significant ratio outside 0.80 to 1.25 is a flag, not a proof.",
    },
    "ko": {
        "head": ("속성", "값", "비교", "이 집단", "나머지", "비율", "p", ""),
        "offers": "제안",
        "holds": "보류",
        "amounts": "금액",
        "even": "차이를 찾지 못함",
        "flag": "확인 필요",
        "too few": "판단하기에 적음",
        "gini": "편차",
        "more": "그 밖의 비교 {n}건은 확인할 것이 없으며 --json에 있습니다.",
        "end": "고객 {n}명, 확인할 것 {flags}건. 0.80~1.25를 벗어난 유의한 비율은 살펴볼 표시일 뿐 증거가 아닙니다.",
    },
}


@audit.command("fairness")
def fairness(
    attributes: Annotated[Path, typer.Argument(help="CSV: customer, then one column per attribute. Read, not kept.")],
    tenant: Tenant = "default",
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Compare offers, holds and amounts between groups: rate ratios with a significance test, Gini for numbers."""
    from dataclasses import asdict

    tactful = product(tenant)
    report = tactful.auditing.fairness(attributes)
    if as_json:
        print_json({"flagged": report.flagged, **asdict(report)})
        return
    _print(report, WORDS[language(lang, tactful.playbook.brand.locale)])


@audit.command("verify")
def verify(tenant: Tenant = "default", as_json: Json = False) -> None:
    """Check that no row of the audit was changed, moved, added or taken away. Exit code 1 if one was."""
    auditing = product(tenant).auditing
    auditing.link()
    found = auditing.verify()
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found.rows:,} rows, held against {found.anchors:,} anchors in {auditing.anchors}.")
        for broken in found.breaks:
            typer.echo(f"{broken.kind}: position {broken.position}")
        typer.echo("Nothing was changed." if not found.breaks else "The audit has been tampered with.")
    if found.breaks:
        raise typer.Exit(1)


@audit.command("anchor")
def anchor(tenant: Tenant = "default", as_json: Json = False) -> None:
    """Write down now where the audit's chain ends; `tactful serve` does so every minute."""
    auditing = product(tenant).auditing
    auditing.link()
    made = auditing.anchor()
    if as_json:
        print_json({"anchored": made, "file": str(auditing.anchors)})
        return
    typer.echo(f"Anchored at position {made.position:,} in {auditing.anchors}." if made else "Nothing new to anchor.")


def _print(report: Any, words: dict[str, Any]) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False)
    for head, right in zip(words["head"], (0, 0, 0, 1, 1, 1, 1, 0), strict=True):
        table.add_column(head, justify="right" if right else "left")
    shown = [x for x in report.lines if _worth_showing(x, report)]
    for x in shown:
        share = "{:,.2f}" if x.measure == "amounts" else "{:.1%}"
        table.add_row(
            x.attribute,
            x.value,
            words[x.measure],
            f"{share.format(x.rate)} /{x.group:,}",
            f"{share.format(x.others_rate)} /{x.others:,}",
            f"{x.ratio:.2f}" if x.ratio is not None else "",
            f"{x.p:.3f}" if x.p is not None else "",
            words[x.finding],
        )
    for s in report.spreads:
        gini = f"{s.gini:.2f}" if s.gini is not None else ""
        table.add_row(
            s.attribute, "", words["gini"], f"/{s.group:,}", "", gini, f"{s.p:.3f}" if s.p else "", words[s.finding]
        )
    console = Console()
    console.print(table)
    if len(shown) < len(report.lines):
        console.print(words["more"].format(n=len(report.lines) - len(shown)))
    console.print(words["end"].format(n=f"{report.customers:,}", flags=report.flagged))


def _worth_showing(line: Any, report: Any) -> bool:
    """What is flagged, and all that could be judged of attributes with few values."""
    values = {x.value for x in report.lines if x.attribute == line.attribute}
    return line.finding == "flag" or (len(values) <= FEW and line.finding != "too few")
