"""`trialweave findings` and `trialweave sql`: looking at rows of a release.

What belongs here: commands that read Parquet. What does not: manifests and notes (flows/cli/look.py).
Values of participants are shown only where they are asked for: --show-values, and whatever a person's own SQL selects.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.asked import demand, release_named, sites_of
from flows.cli.common import Data, Json, print_json, print_table, say, told_errors
from schemas.findings import ChangeKind, CheckStatus, Exit, FindingStatus, Severity

LISTED = ["id", "severity", "rule", "site", "table", "record_key", "field", "file", "source_row", "n_rows", "first_seen", "status"]


def findings(
    data: Data = Path("data"),
    site: Annotated[str, typer.Option("--site", metavar="STUDY/SITE", help="Only this site.")] = "",
    rule: Annotated[str, typer.Option(help="Only this rule.")] = "",
    severity: Annotated[Severity | None, typer.Option(help="Only this severity.")] = None,
    table: Annotated[str, typer.Option(help="Only this table.")] = "",
    subject: Annotated[str, typer.Option(help="Only this participant: SUBJID, as the site's identifier is read.")] = "",
    status: Annotated[FindingStatus | None, typer.Option(help="Only findings that stand so; RESOLVED: those gone, with why.")] = None,
    held: Annotated[bool, typer.Option(help="Findings of a delivery that is held, not of the data in the release.")] = False,
    show_values: Annotated[
        bool, typer.Option(help="Show the text as sent, of a de-identified trial also ids and keys; it may identify a participant.")
    ] = False,
    limit: Annotated[int, typer.Option(help="List at most so many; 0: all.")] = 50,
    json: Json = False,
) -> None:
    """What is wrong in the latest release: how many by rule, and which records.

    JSON: [finding_id, rule, rule_sha, category, severity, study, site, subject, table, record_key, field, file, source_file, source_row,
    n_rows, message, suggestion, impact, first_seen, last_seen, status, resolved_on], all of them; with --show-values raw_value

    Example: trialweave findings --data data --site sad01/07 --severity query
    """
    with told_errors():
        from flows.engine.findings_view import select, tables
        from schemas.rules import catalogue

        release = release_named(data)
        demand("site", site, sites_of(release))
        demand("check", rule, (r.id for r in catalogue()), "trialweave checks")
        demand("table", table, tables(data))
        found = select(data, release, site=site, rule=rule, severity=str(severity or ""), table=table, subject=subject,
                       status=str(status or ""), held=held, values=show_values)  # fmt: skip
        if json:
            print_json(found.to_dicts())
            return
        import polars as pl

        rows = pl.len().alias("findings"), pl.sum("n_rows").alias("rows"), pl.first("message")
        told = pl.col("message").str.replace(r" \(\d+ rows\)$", "")
        counts = found.group_by("severity", "rule").agg(rows).with_columns(told).sort("findings", "rule", descending=[True, False])
        is_open = found.filter(pl.col("status").is_in(["OPEN", "REOPENED"]))
        new = is_open.filter(pl.col("first_seen") == release.as_of.date()).height
        title = f"{found.height} findings of deliveries that are held, not of the release" if held else ""
        title = title or f"{found.height} findings, {is_open.height} open, {new} of them new (first seen on the day of the release)"
        print_table(title, counts.columns, [list(r) for r in counts.iter_rows()], right=("findings", "rows"))
        site_of, short = pl.concat_str("study", "site", separator="/").alias("site"), pl.col("finding_id").str.head(8).alias("id")
        named = found.with_columns(site_of, short)
        sites = named.group_by("site").agg(*((pl.col("severity") == s).sum().alias(s) for s in map(str, Severity))).sort("site")
        print_table("by site", sites.columns, [list(r) for r in sites.iter_rows()], right=tuple(map(str, Severity)))
        columns = [*LISTED, *(["raw_value"] if show_values else [])]
        listed = named.select(columns).head(limit or found.height)
        print_table("records", columns, [list(r) for r in listed.iter_rows()], right=("source_row", "n_rows"))
        if limit and found.height > limit:
            typer.echo(f"{found.height - limit} more; --limit 0 lists all")


def changes(
    data: Data = Path("data"),
    site: Annotated[str, typer.Option("--site", metavar="STUDY/SITE", help="Only this site.")] = "",
    kind: Annotated[ChangeKind | None, typer.Option(help="Only changes of this kind.")] = None,
    subject: Annotated[str, typer.Option(help="Only this participant.")] = "",
    show_values: Annotated[bool, typer.Option(help="Show the texts before and after; they may identify a participant.")] = False,
    limit: Annotated[int, typer.Option(help="List at most so many, the newest; 0: all.")] = 50,
    json: Json = False,
) -> None:
    """What sites changed from delivery to delivery: corrected values, late and disappeared records, rows let out of quarantine.

    JSON: [study, site, table, record_key, subject, kind, field, old_file, old_row, new_file, new_row, old_delivered_on, new_delivered_on,
    why, release_id], all of them; with --show-values the texts

    Example: trialweave changes --data data --site sad01/07
    """
    with told_errors():
        import polars as pl

        from flows.engine.changes import history

        found = history(data).with_columns(pl.concat_str("study", "site", separator="/").alias("at"))
        demand("site", site, {*found["at"], *(s for s in sites_of(release_named(data)) if "/" in s)})
        for column, wanted in (("at", site), ("kind", str(kind or "")), ("subject", subject)):
            found = found.filter(pl.col(column) == wanted) if wanted else found
        found = found.drop("at") if show_values else found.drop("at", "old_value", "new_value")
        if json:
            print_json(found.to_dicts())
            return
        counts = found.group_by("study", "site", "kind").len("changes").sort("study", "site", "kind")
        print_table(f"{found.height} changes", counts.columns, [list(r) for r in counts.iter_rows()], right=("changes",))
        values = ["old_value", "new_value"] if show_values else []
        columns = ["release_id", "study", "site", "table", "record_key", "kind", "field", *values, "why"]
        listed = found.select(columns).reverse().head(limit or found.height)
        print_table("newest first", columns, [list(r) for r in listed.iter_rows()])


def checks(
    data: Data = Path("data"),
    config: Annotated[Path | None, typer.Option(help="Judge by the thresholds of this configuration, not those of then.")] = None,
    rule: Annotated[str, typer.Option(help="Only this check.")] = "",
    site: Annotated[str, typer.Option("--site", metavar="STUDY/SITE", help="Only this site.")] = "",
    status: Annotated[CheckStatus | None, typer.Option(help="Only results of this kind.")] = None,
    history: Annotated[bool, typer.Option(help="Of every release there is, oldest first; else of the latest.")] = False,
    json: Json = False,
) -> None:
    """What each check found at each site: n checked, n violated, percent, threshold, result; nothing is computed again.

    JSON: [rule, study, site, table, n_checked, n_violated, pct, threshold, status, release_id, as_of]

    Example: trialweave checks --data data --rule implausible_lag
    """
    with told_errors():
        from flows.engine import checks as results
        from flows.engine import releases
        from flows.engine.config import load
        from schemas.rules import catalogue

        latest = releases.latest(data)
        demand("check", rule, (r.id for r in catalogue()), "trialweave checks")
        demand("site", site, [s for s in sites_of(release_named(data)) if "/" in s])
        found = list(results.history(data, load(config) if config else None, rule, site))
        if not history:
            found = [r for r in found if latest and r["release_id"] == latest.release_id]
        found = [r for r in found if status is None or r["status"] == status]
        if json:
            print_json(found)
            return
        columns = ["as_of", "study", "site", "rule", "table", "n_checked", "n_violated", "pct", "threshold", "status"]
        shown = found if history or status or rule else [r for r in found if r["n_violated"] or r["status"] == CheckStatus.ERROR]
        rows = [[r[c] if c != "as_of" else r[c][:10] for c in columns] for r in shown]
        print_table(f"{len(found)} results, {len(shown)} shown", columns, rows, right=("n_checked", "n_violated", "pct", "threshold"))


def sql(
    query: Annotated[str, typer.Argument(help='For example "select TIMCAT, count(*) from adex group by 1".')],
    data: Data = Path("data"),
    release: Annotated[str, typer.Option(help="Release id; default: the latest.")] = "latest",
    json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Ask a release with SQL: a view a set, and `findings`.

    JSON: a list of objects, one a row, their fields as the query names them

    Example: trialweave sql "select TIMCAT, count(*) as n from adex group by all" --data data
    """
    with told_errors():
        import duckdb

        from flows.engine.catalog import open_release

        found = release_named(data, release)
        con = open_release(found.folder)
        try:
            cursor = con.execute(query)
            columns = [c[0] for c in cursor.description or ()]
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        except duckdb.Error as error:
            say(_explained(con, error))
            raise typer.Exit(int(Exit.USAGE)) from None
        finally:
            con.close()
        if json:
            print_json([dict(zip(columns, row, strict=True)) for row in rows])
        elif as_csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerows([columns, *rows])
        else:
            print_table("", columns, [list(r) for r in rows])


def _explained(con: Any, error: Exception) -> str:
    """What is wrong with a query; of a table that is not there, which there are, not DuckDB's guess among its own."""
    from difflib import get_close_matches

    told = str(error)
    if missing := re.search(r"Table with name (\S+) does not exist", told):
        there = sorted(name for (name,) in con.execute("select view_name from duckdb_views() where not internal").fetchall())
        near = get_close_matches(missing[1].lower(), there, n=1)
        told = f"a release has no table {missing[1]}{f'; did you mean {near[0]}?' if near else ''}\n  there are: {', '.join(there)}"
    elif missing := re.search(r'column named "(\w+)"|Referenced column "(\w+)" not found', told):
        wanted = (missing[1] or missing[2]).upper()
        columns = "select column_name, string_agg(table_name, ', ' order by table_name) from duckdb_columns() group by 1"
        there = dict(con.execute(columns).fetchall())
        near = [f"{name} ({there[name]})" for name in get_close_matches(wanted, there, n=3)]
        told += f"\n  like it: {', '.join(near) or 'none'}; all of a set -> trialweave sql \"describe adsl\""
    return told
