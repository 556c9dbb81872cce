"""Commands on the guard's rules: list them, read one with its boundary cases, run the cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agent.cli.options import Json, Lang, language, print_json

if TYPE_CHECKING:
    from agent.guardrails.boundaries import Result
    from agent.guardrails.pack import Pack
    from agent.guardrails.rulebook import RuleBook

rules = typer.Typer(help="The guard's rules: list, show ID, test. Engineering, not legal advice.", no_args_is_help=True)

COUNTED = ("enforced", "timer", "kept", "not_enforced")
STATUS = {
    "en": {
        "enforced": "enforced",
        "timer": "timer",
        "kept": "by structure",
        "not_enforced": "not enforced",
        "deny": "deny",
        "review": "ask a person",
        "defer": "wait",
        "amend": "add text",
    },
    "ko": {
        "enforced": "판정",
        "timer": "기한 관리",
        "kept": "구조로 보장",
        "not_enforced": "시행 안 함",
        "deny": "막음",
        "review": "사람이 확인",
        "defer": "기다림",
        "amend": "문구 추가",
    },
}
NOT_ADVICE = {
    "en": "Engineering, not legal advice: counsel signs off before anything is sent.",
    "ko": "법률 자문이 아닌 구현 자료입니다. 실제 발송 전에 법률 전문가의 확인이 필요합니다.",
}


@rules.command("list")
def list_(
    pack: Annotated[str | None, typer.Option(help="Only this pack.")] = None,
    status: Annotated[str | None, typer.Option(help="enforced, timer, kept or not_enforced.")] = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Every rule of every pack: enforced, kept by structure, or not enforced and why."""
    chosen = language(lang, "en")
    found = [r for p in _packs(pack) for r in _listed(p, chosen) if status in (None, r["status"])]
    if as_json:
        print_json(found)
        return
    for name in dict.fromkeys(r["pack"] for r in found):
        mine = [r for r in found if r["pack"] == name]
        typer.echo(f"\n{name}  ({_short(mine[0]['pack_jurisdictions'])})")
        for r in mine:
            follows = STATUS[chosen].get(r["verdict"] or r["status"], "")
            where = "" if r["jurisdictions"] == r["pack_jurisdictions"] else f"[{_short(r['jurisdictions'])}] "
            typer.echo(f"  {r['id']:<30} {_padded(follows, 13)} {r['confidence']:<11} {where}{r['why']}")
    counts = {name: sum(r["status"] == name for r in found) for name in COUNTED}
    typer.echo("\n" + "   ".join(f"{STATUS[chosen][name]}: {count}" for name, count in counts.items() if count))
    typer.echo(NOT_ADVICE[chosen])


def _padded(text: str, width: int) -> str:
    """Padded to columns of the terminal, in which a Hangul syllable takes two."""
    from rich.cells import cell_len

    return text + " " * max(0, width - cell_len(text))


@rules.command("show")
def show(
    rule: Annotated[str, typer.Argument(help="The rule's id, for example kr-night-block.")],
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """One rule: what it asks, where, with which parameters, on whose authority, and its boundary cases."""
    from agent.domain.errors import NotFound

    chosen = language(lang, "en")
    listed = next((r for p in _packs(None) for r in _listed(p, chosen) if r["id"] == rule), None)
    if listed is None:
        raise NotFound(f"no rule {rule}", next_step="See `tactful rules list`.")
    clause = next((c for c in _book().clauses if c.rule_id == rule), None)
    parameters = dict(clause.entry.parameters) if clause else {}
    cases = [_case(r) for r in _results(rule)] if clause else []
    if as_json:
        print_json({**listed, "parameters": parameters, "cases": cases})
        return
    for name, value in listed.items():
        if value and name != "pack_jurisdictions":
            typer.echo(f"{name:<14}{_short(value) if isinstance(value, list) else value}")
    if parameters:
        typer.echo("parameters")
        typer.echo("\n".join(f"  {line}" for line in _yaml(parameters).splitlines()))
    if cases:
        typer.echo(f"boundary cases ({len(cases)})")
    for case in cases:
        typer.echo(f"  {'ok ' if case['passed'] else 'BAD'} {case['expect']:<26} {case['case']}")
    typer.echo(NOT_ADVICE[chosen])


@rules.command("test")
def run_cases(
    only: Annotated[str, typer.Argument(help="A pack or a rule; all by default.")] = "",
    as_json: Json = False,
) -> None:
    """Run the boundary cases: every rule on both sides of its edge. Exit code 1 if one does not hold."""
    found = _results(only)
    if not found:
        from agent.domain.errors import NotFound

        raise NotFound(f"no pack or rule {only}", next_step="See `tactful rules list`.")
    failed = [r for r in found if not r.passed]
    if as_json:
        print_json({"cases": len(found), "failed": [_case(r) for r in failed]})
    else:
        for r in failed:
            typer.echo(f"{r.rule} case {r.number}: expected {r.row.expect}, found {r.found}")
        packs = {r.pack for r in found}
        for name in sorted(packs):
            mine = [r for r in found if r.pack == name]
            typer.echo(f"{name:<10} {len({r.rule for r in mine}):>4} rules {len(mine):>5} cases")
        typer.echo(f"{len(found)} cases, {len(failed)} failed.")
    if failed:
        raise typer.Exit(1)


def _book() -> RuleBook:
    from agent.guardrails.rulebook import shipped, shipped_names

    return shipped(shipped_names())


def _packs(name: str | None) -> list[Pack]:
    from agent.domain.errors import NotFound

    found = [p for p in _book().packs if name in (None, p.pack)]
    if not found:
        raise NotFound(f"no pack {name}", next_step=f"Choose from: {', '.join(p.pack for p in _book().packs)}.")
    return found


def _results(only: str) -> list[Result]:
    from agent.guardrails.boundaries import results

    return results(only=only)


def _listed(pack: Pack, lang: str) -> list[dict[str, Any]]:
    places = list(pack.jurisdictions)
    word: Literal["ko", "en"] = "ko" if lang == "ko" else "en"
    found: list[dict[str, Any]] = [
        {
            "id": e.id,
            "pack": pack.pack,
            "pack_jurisdictions": places,
            "status": "enforced",
            "jurisdictions": list(e.jurisdictions) or places,
            "surface": e.surface,
            "channels": [*map(str, e.channels)],
            "kinds": [*map(str, e.kinds)],
            "grain": e.grain,
            "stage": e.stage,
            "verdict": e.verdict,
            "hold": str(e.hold),
            "confidence": e.confidence,
            "source": e.source,
            "as_of": str(e.as_of),
            "why": e.why[word],
        }
        for e in pack.rules
    ]
    blank = {"surface": "", "channels": [], "kinds": [], "grain": "", "stage": "", "verdict": "", "hold": ""}
    common = {"pack": pack.pack, "pack_jurisdictions": places, "jurisdictions": places, **blank}
    found += [
        {**common, "id": d.id, "status": "timer", "confidence": d.confidence, "source": d.source, "why": d.why[word]}
        for d in pack.duties
    ]
    found += [{**common, "id": k.id, "status": "kept", "confidence": k.confidence, "why": k.by} for k in pack.kept]
    found += [
        {**common, "id": n.id, "status": "not_enforced", "confidence": n.confidence, "why": n.reason}
        for n in pack.not_enforced
    ]
    return found


def _case(result: Result) -> dict[str, Any]:
    return {
        "number": result.number,
        "case": said(result),
        "expect": result.row.expect,
        "found": result.found,
        "passed": result.passed,
    }


def said(result: Result) -> str:
    """The row as it stands in the table: only what it names."""
    from dataclasses import fields

    from agent.guardrails.boundary_rows import Row

    plain = Row(expect=result.row.expect)
    named = {
        f.name: getattr(result.row, f.name)
        for f in fields(Row)
        if f.name not in ("expect", "note") and getattr(result.row, f.name) != getattr(plain, f.name)
    }
    text = ", ".join(f"{name}: {_brief(value)}" for name, value in named.items()) or "everything in order"
    return f"{text}  ({result.row.note})" if result.row.note else text


def _brief(value: Any) -> str:
    from dataclasses import fields, is_dataclass
    from datetime import datetime

    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        shown = {f.name: getattr(value, f.name) for f in fields(value) if getattr(value, f.name) != f.default}
        return "{" + ", ".join(f"{name} {_brief(v)}" for name, v in shown.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_brief(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_brief(v)}" for name, v in value.items()) + "}"
    return repr(str(value)) if isinstance(value, str) and " " in value else str(value)


def _short(places: list[str]) -> str:
    return ", ".join(places) if len(places) <= 4 else f"{places[0]}, {places[1]} and {len(places) - 2} more"


def _yaml(value: Any) -> str:
    import yaml

    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)
