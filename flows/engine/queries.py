"""The listing a site answers: its open findings, what touches the primary outcome and the timing of doses first.

What belongs here: which findings are asked about, in which order, and writing csv and xlsx. What does not: reading answers back
(answers.py).

One file holds the rows of one site only. Texts come from sites, so a cell that a spreadsheet would take for a formula is made
plain text: in csv by an apostrophe before it, in xlsx by its type.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import findings_store
from flows.engine.answers import FILLED_IN
from flows.engine.findings_view import file_names
from schemas.findings import FindingStatus, Impact, Severity

COLUMNS = (
    "query_id", "rank", "severity", "table", "record_key", "subject", "field", "value_as_sent", "file", "row", "n_rows", "question",
    "suggestion", "touches", "first_seen", *FILLED_IN,
)  # fmt: skip
_ORDER = {str(Impact.BOTH): 0, str(Impact.PRIMARY): 1, str(Impact.TIMING): 2, str(Impact.NONE): 3}
_GRAVITY = {str(s): n for n, s in enumerate(Severity)}
#: A spreadsheet takes a cell that begins so for a formula; the last ones are their full-width forms.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def of_sites(data: Path, site: str = "") -> dict[tuple[str, str], pl.DataFrame]:
    """(study, site) -> its listing, gravest first; sites without an open finding are left out."""
    found = findings_store.history(data).filter(
        pl.col("status").is_in([str(FindingStatus.OPEN), str(FindingStatus.REOPENED)]) & (pl.col("severity") != str(Severity.NOTE))
    )
    if site:
        found = found.filter(pl.concat_str("study", "site", separator="/") == site)
    found = found.join(file_names(data, found), on=["study", "site", "source_file"], how="left")
    listed = found.with_columns(
        pl.col("impact").fill_null("").replace_strict(_ORDER, default=3).alias("_impact"),
        pl.col("severity").replace_strict(_GRAVITY, default=9).alias("_gravity"),
    ).sort("study", "site", "_impact", "_gravity", "first_seen", "rule", "table", "record_key", "field", "finding_id")
    out = {}
    for (study, name), mine in listed.group_by("study", "site", maintain_order=True):
        out[(str(study), str(name))] = mine.select(
            pl.col("finding_id").alias("query_id"), pl.int_range(1, pl.len() + 1).alias("rank"), "severity", "table", "record_key",
            "subject", "field", pl.col("raw_value").alias("value_as_sent"), "file", pl.col("source_row").alias("row"), "n_rows",
            pl.col("message").alias("question"), "suggestion", pl.col("impact").alias("touches"), "first_seen",
            *(pl.lit("").alias(c) for c in FILLED_IN),
        )  # fmt: skip
    return out


def write(folder: Path, study: str, site: str, listing: pl.DataFrame) -> list[Path]:
    """Write a site's listing as csv and xlsx, for its owner only; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [["" if cell is None else str(cell) for cell in row] for row in listing.select(COLUMNS).iter_rows()]
    paths = [folder / f"{study}_{site}_queries.csv", folder / f"{study}_{site}_queries.xlsx"]
    for path in paths:
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
    with paths[0].open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerows([list(COLUMNS), *([harmless(cell) for cell in row] for row in rows)])
    _workbook(paths[1], rows)
    return paths


def harmless(text: str) -> str:
    """A text no spreadsheet takes for a formula, wherever it stands in the cell."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text


def _workbook(path: Path, rows: Sequence[Sequence[str]]) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("queries")
    sheet.freeze_panes = "A2"
    for number, row in enumerate([COLUMNS, *rows]):
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub(" ", text))
            cell.data_type = "s"
            cell.number_format = "@"
            if number == 0:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)
    book.save(path)
