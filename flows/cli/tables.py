"""`trialweave tables`: the dosage and timing tables of a release.

What belongs here: options and what is printed. What does not: counting and writing (flows/tables).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.asked import demand, release_named
from flows.cli.common import DEMO, Config, Data, Json, as_path, print_json, print_table, told_errors


def tables(
    release: Annotated[str, typer.Argument(help="Release id; default: the latest.")] = "latest",
    data: Data = Path("data"),
    out: Annotated[Path | None, typer.Option(help="Folder to write into.", show_default="DATA/tables/RELEASE")] = None,
    visit: Annotated[str, typer.Option(help="Visit of the outcome.", show_default="POST, else the first follow-up")] = "",
    shareable: Annotated[bool, typer.Option("--shareable", help="Hide cells of fewer than five participants.")] = False,
    config: Config = DEMO,
    json: Json = False,
) -> None:
    """Count participants by dose and timing class, with the mean change in the primary outcome; as Parquet, CSV and HTML.

    JSON: {release, files, tables}; tables: {dosage, timing, over60}, the lines of the csv files

    Example: trialweave tables --data data --shareable
    """
    with told_errors():
        from flows.engine.config import load
        from flows.tables import counting, writing

        found = release_named(data, release)
        evidence = load(config).evidence
        demand("visit", visit, counting.visits(found))
        people = counting.subjects(found, evidence, visit)
        counted = [
            (table, counting.count(people, table, number, evidence, shareable=shareable))
            for number, table in enumerate(counting.tables(evidence))
        ]
        folder = out or data / "tables" / (found.release_id + ("-shareable" if shareable else ""))
        paths = writing.write(folder, found.release_id, counted, writing.notes_of(evidence, shareable=shareable), evidence)
        if json:
            rows = {table.name: [writing.cells_of(found.release_id, r) for r in own] for table, own in counted}
            print_json({"release": found.release_id, "files": [str(p) for p in paths], "tables": rows})
            return
        level = f"{evidence.table_confidence_pct.value:g}"
        columns = ["study", "population", "outcome", "arm", "class", "n", "doses", "with change", f"mean change ({level} % interval)"]
        for table, own in counted:
            shown = [[r.study, r.disorder, f"{r.paramcd} at {r.visit}", r.arm, r.label, *writing.shown(r)[:4]] for r in own]
            print_table(table.title, columns, shown, right=tuple(columns[5:]))
        typer.echo("classes are not randomized: differences between them are no effects; definitions are in the notes of the page")
        typer.echo(as_path(folder / "tables.html"))
