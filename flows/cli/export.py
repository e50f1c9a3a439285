"""`trialweave export`: sets of a release in the formats of others.

What belongs here: options and what is printed. What does not: writing (flows/exports).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.common import Data, Json, as_path, print_json, print_table, say, told_errors
from schemas.columns import RESTRICTED
from schemas.findings import Exit


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
    format: Annotated[FormatName | None, typer.Option("--format", help="Format of the files.")] = None,
    set_: Annotated[str, typer.Option("--set", metavar="SET,SET", help="Only these sets.", show_default="every published set")] = "",
    release: Annotated[str, typer.Option(help="Release id; default: the latest.")] = "latest",
    xpt: Annotated[int, typer.Option("--xpt", help="Version of SAS transport files: 8, or 5 with its short labels and texts.")] = 8,
    ndjson: Annotated[bool, typer.Option("--ndjson", help="Dataset-JSON with a row a line.")] = False,
    data: Data = Path("data"),
    json: Json = False,
) -> None:
    """Write sets of a release as SAS transport, SPSS, Stata, Dataset-JSON, ODM-XML or CSV, with labels, dates and code lists.

    What a format cannot hold is told in report.csv; nothing is cut silently. Treatment assignment (adtrt) only where it is named and
    the trial is unblinded.

    Example: trialweave export --format sav --set adsl,adex --data data --out spss
    """
    with told_errors():
        from flows.engine import releases
        from flows.exports import formats, source

        if format is None or xpt not in (5, 8):
            say("give --format (xpt, dataset-json, csv, sav, dta or odm), and --xpt 5 or 8")
            raise typer.Exit(int(Exit.USAGE))
        found = releases.latest(data) if release == "latest" else releases.load(data, release)
        if found is None:
            say(f"{data} holds no release{'' if release == 'latest' else ' ' + release}\n  fix -> trialweave run --data {data}")
            raise typer.Exit(int(Exit.USAGE))
        wanted = [s for s in set_.replace(" ", "").split(",") if s]
        options: dict[str, Any] = {"version": xpt} if format is FormatName.XPT else {}
        if format is FormatName.DATASET_JSON and ndjson:
            options["ndjson"] = True
        sources = source.sets_of(data, found, wanted)
        made = formats.export(sources, format.value, out, options=options, private=RESTRICTED)
        if json:
            print_json({"release": found.release_id, "folder": str(made.folder), "files": made.files,
                        "notes": [vars(n) for n in made.notes]})  # fmt: skip
            return
        counts = {f["dataset"]: 0 for f in made.files}
        for note in made.notes:
            counts[note.dataset] += 1
        rows = [[f["path"], f["rows"], counts[f["dataset"]]] for f in made.files]
        print_table(f"release {found.release_id}", ["file", "rows", "notes"], rows, right=("rows", "notes"))
        if made.notes:
            typer.echo(f"{len(made.notes)} notes on what the format cannot hold: {as_path(out / 'report.csv')}")
        typer.echo(as_path(out))
