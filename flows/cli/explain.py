"""`trialweave explain`: a published cell, or a finding, walked back to the site's file.

What belongs here: printing. What does not: finding the answer (flows/engine/explain_cell.py).
The answer holds participants' values; it is printed and kept nowhere.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.asked import release_named
from flows.cli.common import Data, Json, print_json, say, told_errors
from schemas.findings import Exit

SHOWN = 12


def explain(
    dataset: Annotated[str, typer.Argument(metavar="SET", help="A published set, such as adex.")] = "",
    key: Annotated[str, typer.Argument(metavar="KEY", help="The row: its key columns joined by |, or NAME=value joined by |.")] = "",
    column: Annotated[str, typer.Argument(metavar="COLUMN", help="The column.")] = "",
    finding: Annotated[str, typer.Option(metavar="ID", help="Explain a finding instead: a quarantined row, a withheld value.")] = "",
    data: Data = Path("data"),
    release: Annotated[str, typer.Option(help="Release id; default: the latest.")] = "latest",
    config: Annotated[Path | None, typer.Option(help="Configuration folder of today, to be told whether it changed since.")] = None,
    json: Json = False,
) -> None:
    """Walk a published value back: SQL model by SQL model, finding, mapping, correction, to file, row, column and text as sent.

    The site's delivery is computed again in memory, so the values shown are those the computation really had. They may identify a
    participant: they are printed and kept nowhere. A key's parts are the set's key columns without STUDYID; an empty part is a null.
    So does --finding ID, of a quarantined row or a withheld value.

    JSON: {release, set, key, column, published, recomputed, same, steps, configuration, sources, findings, changed, notice}

    Example: trialweave explain adex "sad01-07-0001|2" TIMCAT --data data
    """
    with told_errors():
        from flows.engine import explain_cell
        from flows.engine.config import load

        if not finding and not (dataset and key and column):
            say('say SET KEY COLUMN, such as: trialweave explain adex "sad01-07-0001|2" TIMCAT, or --finding ID')
            raise typer.Exit(int(Exit.USAGE))
        found = release_named(data, release)
        today = load(config, on=dt.datetime.now(dt.UTC).date()) if config else None
        if finding:
            answer = explain_cell.finding(data, found, finding, today)
        else:
            answer = explain_cell.cell(data, found, dataset, key, column, today)
        if json:
            print_json(answer)
        else:
            _print(answer)


def _print(a: dict[str, Any]) -> None:
    out = typer.echo
    if "finding" in a:
        f = a["finding"]
        place = f"{f['study']}/{f['site']} {f['table']} {f['record_key']}, {f['field']}"
        out(f"finding {f['finding_id']}: {f['severity']} {f['rule']}, {place}")
        out(f"  {f['message']} {f['suggestion'] or ''}".rstrip())
        out(f"  {f['status']}, first seen {f['first_seen']}, last seen {f['last_seen']}; {a['now']}")
    else:
        out(f"{a['set']} {a['key']} {a['column']} = {_text(a['published'])}    (release {a['release']})")
    for line in filter(None, (*a["changed"], a["standing"], a["notice"])):
        out(f"! {line}")
    if "set" in a:
        _print_again(a)
    _print_steps(a)
    _print_sources(a)
    if a["findings"]:
        out("findings on the way")
        for f in a["findings"]:
            place = f"{f['table']}.{f['field']} of {f['record_key']}"
            out(f"  {f['severity']} {f['rule']} on {place}: {f['message']} ({f['finding_id']}, {f['status']})")


def _print_again(a: dict[str, Any]) -> None:
    if not a["found_again"]:
        typer.echo("! computed again, this row does not come out: see what changed above")
    elif a["same"]:
        typer.echo("computed again from landing: the same value")
    else:
        typer.echo(f"! computed again from landing: {_text(a['recomputed'])}, which is another value than published")
    for line in a.get("why_null", ()):
        typer.echo(f"  null because: {line}")


def _print_steps(a: dict[str, Any]) -> None:
    for step in a["steps"]:
        line = next((step["columns"].get(c) for c in step["asked"] if step["columns"].get(c)), 0)
        typer.echo(f"{step['table']}: {step['title']}" + (f"  [{step['file']}{f' line {line}' if line else ''}]" if step["file"] else ""))
        if step["missing"]:
            typer.echo("    no row that counts for this one")
        elif not step["rows"]:
            typer.echo(f"    {step['n_rows']} rows, counted or compared together")
        for row in step["rows"][:SHOWN]:
            key = ", ".join(f"{c} {_text(v)}" for c, v in row.items() if c not in step["columns"])
            typer.echo(f"    {key}: " + ", ".join(f"{c} = {_text(row[c])}" for c in step["columns"] if c in row))
        if len(step["rows"]) > SHOWN:
            typer.echo(f"    and {len(step['rows']) - SHOWN} rows more (--json shows them)")
        if step["n_behind"]:
            typer.echo(f"    a fact about the site or trial, from {step['n_behind']} rows of all its participants")
        if step["windowed"]:
            typer.echo("    compared with the participant's other rows, which are shown too")
    for step in a["configuration"]:
        for row in step["rows"][:SHOWN]:
            typer.echo(f"{step['table']}: " + ", ".join(f"{c} = {_text(v)}" for c, v in row.items()))


def _print_sources(a: dict[str, Any]) -> None:
    for source in a["sources"]:
        typer.echo(f"{source['table']} {source['record_key']}: {source['path'] or source['file']} row {source['row']}")
        for f in source["fields"]:
            cells = ", ".join(f"{c} = {_text(t)}" for c, t in f["cells"])
            typer.echo(f"    {f['field']}: as sent {_text(f['as_sent'])} -> {_text(f['value'])}" + (f"    column {cells}" if cells else ""))
            fault, repair = f["fault"] and f"cannot be used: {f['fault']}", f["repair"] and f"put right: {f['repair']}"
            for told in filter(None, (fault, repair, f["correction"])):
                typer.echo(f"        {told}")
            if f["place"]:
                typer.echo(f"        {f['place']}: {' '.join(' '.join(f['lines']).split())}")


def _text(value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return "null"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, str):
        return repr(value)
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 and round(value, 4) == value else str(value)
