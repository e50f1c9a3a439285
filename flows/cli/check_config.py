"""`trialweave check-config`: is the configuration complete and consistent, and what would it make of a site's real export?

What belongs here: the command. What does not: the checks (flows/engine/config.py, flows/engine/mapping/check.py), trying an export
(flows/engine/dry_run.py).
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.common import DEMO, Config, Data, Json, as_path, print_json, print_table, say, told_errors
from schemas.findings import ConfigurationError, Exit

if TYPE_CHECKING:
    from flows.engine.dry_run import Tried

COUNTS = ("received", "kept", "quarantined", "withheld")


def check_config(
    config: Config = DEMO,
    site: Annotated[str, typer.Option("--site", metavar="STUDY/SITE", help="Also try this site on its export.")] = "",
    data: Data = Path("data"),
    json: Json = False,
) -> None:
    """Load the whole configuration and check every mapping, dated ones too; prints file, line, key, and what to write, and which
    environment variables a run here would miss. Ends 2 on error, 1 when only variables are missing.

    Lines with `look` are doubts: a column or a code called like something else than it is mapped to. They hold nobody up.

    With --site: what would be kept and quarantined of its export, what each mapped field comes to and which line says so, whether a first
    night would hold it, and where it is unlike the trial's other sites in --data; nothing is written.

    JSON: {config, units, problems, missing_env, doubtful}; with --site tried: {unit, files, found, tables, lines, unread_columns,
    unread_files, unlike, compared, laid_over, holds, zone}

    Example: trialweave check-config --config config/demo --site sad01/07
    """
    with told_errors():
        units, problems, missing, doubtful = _problems(config)
        tried = None if problems or not site else _tried(config, site, data, doubtful)
        if json:
            told: dict[str, Any] = {"config": str(config), "units": units, "problems": problems, "missing_env": missing}
            print_json(told | {"doubtful": doubtful} | ({} if tried is None else {"tried": _as_json(tried)}))
        else:
            for problem in problems:
                typer.echo(problem)
            for doubt in doubtful:
                typer.echo(f"look -> {doubt}")
            for key, names in missing.items():
                then = "a run here would hold the site" if "/" in key else "no night would begin"
                typer.echo(f"{key}: not set here: {', '.join(names)}; {'what it tells would wait' if key == 'alerts.yaml' else then}")
            told_too = f", {len(doubtful)} doubts" if doubtful else ""
            typer.echo(f"{as_path(config)}: {len(units)} exports, {len(problems)} problems{told_too}")
            if tried is not None:
                _show(tried)
        raise typer.Exit(int(Exit.USAGE if problems else Exit.DEGRADED if missing else Exit.OK))


def _problems(config: Path) -> tuple[list[str], list[str], dict[str, list[str]], list[str]]:
    """Units, everything that is wrong with the configuration, under each mapping that is or was in force on some day, which environment
    variables each unit's source needs now that are not set, and where names and mapping do not agree."""
    from flows.engine import coding
    from flows.engine.config import change_dates, load
    from flows.engine.mapping import check_mapping
    from flows.newsite import doubts, trial_doubts
    from flows.sources.place import absent_files, missing_env

    problems: dict[str, None] = {}
    missing: dict[str, list[str]] = {}
    doubtful: dict[str, None] = {}
    units: set[str] = set()
    try:
        programme = None
        for day in change_dates(config):
            programme = load(config, on=day)
            units |= programme.units.keys()
            for study, trial in sorted(programme.trials.items()):
                used = [programme.instruments[name] for name in trial.instruments if name in programme.instruments]
                doubtful |= dict.fromkeys(f"{study}: {doubt}" for doubt in trial_doubts.find(trial, used))
            for key, unit in sorted(programme.units.items()):
                problems |= dict.fromkeys(f"{key}: {problem}" for problem in check_mapping(unit))
                doubtful |= dict.fromkeys(f"{key}: {doubt}" for doubt in doubts.find(unit))
        for key, unit in sorted(programme.units.items()) if programme is not None else ():
            if names := missing_env(unit.site.source, os.environ):
                missing[key] = names
            problems |= dict.fromkeys(f"{key}: source: there is no file {n}" for n in absent_files(unit.site.source, config))
        if programme is not None:
            told = {study: trial.deidentification for study, trial in sorted(programme.trials.items())}
            missing |= {study: [t.key_env] for study, t in told.items() if t is not None and not os.environ.get(t.key_env)}
            unset = [n for n in (programme.alerts.variables() if programme.alerts else ()) if not os.environ.get(n)]
            missing |= {"alerts.yaml": unset} if unset else {}
            problems |= dict.fromkeys(coding.problems(coding.load_dictionary(programme.codelists), programme))
    except ConfigurationError as error:
        problems |= dict.fromkeys(str(error).splitlines())
    return sorted(units), [*problems], missing, [*doubtful]


def _tried(config: Path, site: str, data: Path, doubtful: list[str]) -> Tried:
    """The site tried on its export; columns that nothing reads add to the doubts."""
    from flows.engine.config import load
    from flows.engine.dry_run import published, try_unit
    from flows.engine.units import units_of
    from flows.newsite import doubts

    now = dt.datetime.now(dt.UTC)
    programme = load(config, on=now.date())
    (key,) = units_of(programme, frozenset([site]))
    say(f"{key}: the export is read, nothing is written")
    tried = try_unit(programme, programme.units[key], now, published(data, programme.units[key].site.study))
    doubtful += [f"{key}: {doubt}" for doubt in doubts.unread(programme.units[key], tried.unread_columns)]
    return tried


def _as_json(tried: Tried) -> dict[str, Any]:
    return {
        "unit": tried.key, "files": tried.files, "found": tried.found, "unread_files": tried.unread_files,
        "tables": [{"site": s, "table": t} | n for (s, t), n in tried.tables.items()],
        "unread_columns": [{"file": f, "column": c} for f, c in tried.unread_columns],
        "lines": [asdict(line) for line in tried.lines], "unlike": tried.unlike, "compared": tried.compared,
        "laid_over": tried.laid_over, "holds": tried.holds, "zone": tried.zone,
    }  # fmt: skip


def _show(tried: Tried) -> None:
    rows: list[list[Any]] = [[site, table, *(n[c] for c in COUNTS)] for (site, table), n in tried.tables.items()]
    print_table(f"{tried.key}: rows of {len(tried.files)} files", ["site", "table", *COUNTS], rows, right=COUNTS)
    found = [[f["severity"], f["table"], f["field"], ", ".join(f["columns"]), f["rule"], f["rows"], f["message"]] for f in tried.found]
    print_table("what is found", ["severity", "table", "field", "columns", "rule", "rows", "message"], found, right=("rows",))
    _show_lines(tried)
    by_file: dict[str, list[str]] = {}
    for file, column in tried.unread_columns:
        by_file.setdefault(file, []).append(column)
    typer.echo(f"{len(tried.unread_columns)} columns that nothing reads")
    for file, columns in by_file.items():
        typer.echo(f"  {file}: {', '.join(columns)}")
    typer.echo(f"{len(tried.unread_files)} files that nothing reads{': ' if tried.unread_files else ''}{', '.join(tried.unread_files)}")


def _show_lines(tried: Tried) -> None:
    """What each field comes to, a table an intake table, and below it what to look at."""
    for table in dict.fromkeys(line.table for line in tried.lines):
        mine = [line for line in tried.lines if line.table == table]
        first = next((place.partition(" line ")[0] for line in mine for place in line.places), "")
        rows: list[list[Any]] = [
            [line.field, " + ".join(line.columns), line.filled, line.rows, line.unreadable, line.distinct, line.what,
             ", ".join(p.replace(f"{first} ", "") for p in line.places)]
            for line in mine
        ]  # fmt: skip
        names = ["field", "columns", "filled", "of", "unread", "distinct", "what it comes to", "said in"]
        title = f"what this mapping comes to: {table}{f' ({first})' if first else ''}"
        print_table(title, names, rows, right=("filled", "of", "unread", "distinct"))
    for line in tried.lines:
        for odd in line.odd:
            typer.echo(f"look -> {line.table}.{line.field}: {odd} ({', '.join(line.places)})")
    for row in tried.unlike:
        typer.echo(f"look -> {row['table']}.{row['field']}, site {row['site']}: {row['what']} ({row['where']})")
    typer.echo(f"zone -> {tried.zone}")
    for laid in tried.laid_over:
        typer.echo(f"over -> {laid}")
    beside = f"{len(tried.compared)} published sites of the trial: {', '.join(tried.compared)}" if tried.compared else "no published site"
    typer.echo(f"compared with {beside}")
    for reason in tried.holds:
        typer.echo(f"hold -> a first night would not publish this: {reason}")
