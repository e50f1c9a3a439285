"""`trialweave coding`: drug names that wait for a person, and the decision on them.

What belongs here: the commands. What does not: what waits (flows/engine/coding/waiting.py), writing a decision (decisions.py).
The names are the sites' own words, which may hold anything: they are shown to the person who asks and go into no log.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.asked import demand, release_named, sites_of
from flows.cli.common import DEMO, Config, Data, Json, print_json, print_table, told_errors
from flows.cli.help import Command, Group
from schemas.findings import ConfigurationError

if TYPE_CHECKING:
    from flows.engine.coding import Coder
    from flows.engine.config import Programme

app = typer.Typer(cls=Group, rich_markup_mode=None)


def _opened(config: Path) -> tuple[Programme, Coder]:
    from flows.engine.coding import Coder, load_dictionary
    from flows.engine.config import load

    programme = load(config)
    return programme, Coder(load_dictionary(programme.codelists))


@app.callback(invoke_without_command=True)
def waits(
    context: typer.Context,
    config: Config = DEMO,
    data: Data = Path("data"),
    site: Annotated[str, typer.Option("--site", metavar="STUDY/SITE", help="Only this site.")] = "",
    limit: Annotated[int, typer.Option(help="List at most so many; 0: all.")] = 50,
    json: Json = False,
) -> None:
    """List the drug names of the latest release that no dictionary and no person has decided on, the most harmful first.

    JSON: [study, verbatim, status, sites, records, subjects, doses_open, baselines_open, suggestions]

    Example: trialweave coding --config config/demo --data data
    """
    if context.invoked_subcommand:
        return
    with told_errors():
        from flows.engine.coding.waiting import waiting

        release = release_named(data)
        demand("site", site, sites_of(release))
        programme, coder = _opened(config)
        found = waiting(release.folder, programme, coder, site)
        if json:
            print_json([w.as_json() for w in found])
            return
        rows = []
        for w in found[: limit or len(found)]:
            best = [f"{s.name} ({s.score:.2f}{': ' if s.touches else ''}{', '.join(s.touches)})" for s in w.suggestions]
            rows.append([w.study, w.verbatim, w.status, w.records, w.subjects, " ".join(w.sites), w.doses_open, w.baselines_open,
                         "; ".join(best)])  # fmt: skip
        columns = ["study", "as reported", "status", "records", "subjects", "sites", "doses open", "baselines open", "may be"]
        print_table(f"{len(found)} names wait", columns, rows, right=("records", "subjects", "doses open", "baselines open"))
        if limit and len(found) > limit:
            typer.echo(f"{len(found) - limit} more; --limit 0 lists all")
        for line in coder.dictionary.told:
            typer.echo(line)
        if unseen := _unseen(programme, release.manifest, site):
            typer.echo(f"not looked at, because the release holds none of their data: {', '.join(unseen)}")
            typer.echo(f"  why -> trialweave status --data {data}")
        if found:
            typer.echo('decide -> trialweave coding decide "<as reported>" <ingredient> --at STUDY/SITE --who "..." --reason "..."')


def _unseen(programme: Programme, manifest: dict[str, Any], site: str) -> list[str]:
    """Exports that are configured and have no data in the release: their drug names are not known yet."""
    there = {e["unit"] for e in manifest["sites"] if e["fingerprint"]}
    wanted = [key for key in sorted(programme.units) if key not in there]
    return [key for key in wanted if not site or key == site]


@app.command(cls=Command)
def decide(
    verbatim: Annotated[str, typer.Argument(help="The name as the site reported it.")] = "",
    drugs: Annotated[list[str] | None, typer.Argument(help="What it means: one drug or several.")] = None,
    at: Annotated[str, typer.Option(metavar="STUDY[/SITE]", help="Whose decision: a site's, or a whole trial's.")] = "",
    who: Annotated[str, typer.Option(help="The person who decides.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    not_a_drug: Annotated[bool, typer.Option("--not-a-drug", help="It names no drug.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of another decision on the name.")] = False,
    file: Annotated[Path | None, typer.Option(help="Many at once: CSV with at,verbatim,ingredients,who,when,note.")] = None,
    config: Config = DEMO,
    json: Json = False,
) -> None:
    """Write a decision into the site's or the trial's medications.csv; the next run works the sites it touches again.

    JSON: {files, decisions}; decisions: [at, verbatim, ingredients, who, when, note]

    Example: trialweave coding decide "Zoloftt" sertraline --at sad01/07 --who "Dr. Roe" --reason "typing error, asked"
    """
    with told_errors():
        from flows.engine.coding.decisions import Decision, resolved, write

        programme, coder = _opened(config)
        if file is not None:
            decisions = [
                Decision(row["at"], row["verbatim"], resolved(coder, [p for p in row["ingredients"].split("|") if p.strip()]),
                         row["who"], _day(row["when"]), row["note"])
                for row in _lines(file)
            ]  # fmt: skip
        elif not_a_drug == bool(drugs):
            raise ConfigurationError("name the drug it means, or say --not-a-drug")
        else:
            decisions = [Decision(at, verbatim, resolved(coder, drugs or []), who, dt.datetime.now(dt.UTC).date(), reason)]
        written = write(programme, decisions, replace)
        if json:
            told = [{"at": d.place, "verbatim": d.verbatim, "ingredients": d.ingredients, "who": d.who, "when": d.when, "note": d.why}
                    for d in decisions]  # fmt: skip
            print_json({"files": [str(p) for p in written], "decisions": told})
            return
        typer.echo(f"{len(decisions)} decisions written: {', '.join(f'{p.parent.name}/{p.name}' for p in written)}")
        typer.echo(f"the next run works the sites they touch -> trialweave run --config {config}")


def _lines(file: Path) -> list[dict[str, str]]:
    needed = ["at", "verbatim", "ingredients", "who", "when", "note"]
    if not file.is_file():
        raise ConfigurationError(f"{file} is no file")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        if missing := [c for c in needed if c not in (reader.fieldnames or ())]:
            raise ConfigurationError(f"{file.name} line 1: needs the columns {', '.join(missing)}")
        return [{c: (row[c] or "").strip() for c in needed} for row in reader]


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"when: {text!r} is no ISO 8601 date") from None
