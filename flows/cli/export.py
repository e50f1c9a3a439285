"""`trialweave export`: sets of a release in the formats of others.

What belongs here: options and what is printed. What does not: writing (flows/exports).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.asked import release_named
from flows.cli.common import Data, Json, as_path, print_json, print_table, say, told_errors
from schemas.columns import RESTRICTED
from schemas.findings import Exit

if TYPE_CHECKING:
    from flows.exports.formats import Export


class FormatName(StrEnum):
    """Formats that can be written."""

    XPT = "xpt"
    DATASET_JSON = "dataset-json"
    CSV = "csv"
    SAV = "sav"
    DTA = "dta"
    ODM = "odm"


def export(
    out: Annotated[Path, typer.Option(help="Folder to write into; new or empty.")],
    format: Annotated[
        FormatName | None, typer.Option("--format", help="Format of the files.", show_default="dataset-json with --sdtm")
    ] = None,
    set_: Annotated[str, typer.Option("--set", metavar="SET,SET", help="Only these sets.", show_default="every published set")] = "",
    release: Annotated[str, typer.Option(help="Release id; default: the latest.")] = "latest",
    sdtm: Annotated[bool, typer.Option("--sdtm", help="SDTM-shaped domains, a folder a trial, instead of sets.")] = False,
    study: Annotated[list[str] | None, typer.Option("--study", help="With --sdtm: only this trial; may be given several times.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="With --sdtm: arms, visits and clocks of this configuration.", show_default="the release's own")
    ] = None,
    xpt: Annotated[int, typer.Option("--xpt", help="Version of SAS transport files: 8, or 5 with its short labels and texts.")] = 8,
    ndjson: Annotated[bool, typer.Option("--ndjson", help="Dataset-JSON with a row a line.")] = False,
    data: Data = Path("data"),
    json: Json = False,
) -> None:
    """Write sets of a release as SAS transport, SPSS, Stata, Dataset-JSON, ODM-XML or CSV, with labels, dates and code lists.

    What a format cannot hold is told in report.csv; nothing is cut silently. Treatment assignment (adtrt) only where it is named and
    the trial is unblinded.

    JSON: {release, exports}; exports: [folder, files, notes]

    Example: trialweave export --format sav --set adsl,adex --data data --out spss
    """
    with told_errors():
        from flows.exports import formats, source
        from flows.exports import sdtm as domains

        chosen = format or (FormatName.DATASET_JSON if sdtm else None)
        if chosen is None or xpt not in (5, 8) or (sdtm and set_):
            say("give --format (xpt, dataset-json, csv, sav, dta or odm) and --xpt 5 or 8; --set does not go with --sdtm")
            raise typer.Exit(int(Exit.USAGE))
        found = release_named(data, release)
        options: dict[str, Any] = {"version": xpt} if chosen is FormatName.XPT else {}
        if chosen is FormatName.DATASET_JSON and ndjson:
            options["ndjson"] = True
        if sdtm:
            with domains.domains_of(data, found, study or (), config) as trials:
                made = [
                    formats.export(of, chosen.value, out / name, options=options, findings=source.findings_of(found, name))
                    for name, of in trials.items()
                ]
        else:
            wanted = [s for s in set_.replace(" ", "").split(",") if s]
            sets, told = source.sets_of(data, found, wanted), source.findings_of(found)
            made = [formats.export(sets, chosen.value, out, options=options, private=RESTRICTED, findings=told)]
        if json:
            print_json({"release": found.release_id, "exports": [_as_json(m) for m in made]})
            return
        for one in made:
            _print(one)


def _as_json(made: Export) -> dict[str, Any]:
    return {"folder": str(made.folder), "files": made.files, "notes": [vars(n) for n in made.notes]}


def _print(made: Export) -> None:
    counts = {f["dataset"]: 0 for f in made.files}
    for note in made.notes:
        counts[note.dataset] += 1
    rows = [[f["path"], f["rows"], counts[f["dataset"]]] for f in made.files]
    print_table("", ["file", "rows", "notes"], rows, right=("rows", "notes"))
    if made.notes:
        typer.echo(f"{len(made.notes)} notes on what the format cannot hold: {as_path(made.folder / 'report.csv')}")
    typer.echo(as_path(made.folder))
