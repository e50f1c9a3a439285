"""The formats there are, by name, and one export from start to report.

What belongs here: the registry, the companion files, the report. What does not: a format's own file.

    <out>/<set>.<ending>      the data
    <out>/variables.csv       every variable of the sets: label, type, unit, code list
    <out>/codes.csv           code lists in the columns that SAS's PROC FORMAT CNTLIN= reads
    <out>/findings.csv        what was found of these trials, as in the release: SRCFILE and SRCROW of a row are its source_file, source_row
    <out>/report.csv          what the format cannot hold: set, variable, what, how many cells
    <out>/export.json         release, format, files with rows and sha256
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine.findings_store import IN_RELEASE
from flows.engine.releases import file_sha256
from flows.exports import dataset_json, delimited, dta, odm, sav, xpt
from flows.exports.source import ExportError, Note, Source


@dataclass(frozen=True)
class Format:
    """How a format is written and what its files end in."""

    write: Callable[..., None]
    ending: str


FORMATS = {
    "xpt": Format(xpt.write, "xpt"),
    "dataset-json": Format(dataset_json.write, "json"),
    "csv": Format(delimited.write, "csv"),
    "sav": Format(sav.write, "sav"),
    "dta": Format(dta.write, "dta"),
    "odm": Format(odm.write, "xml"),
}


@dataclass(frozen=True)
class Export:
    """What was written: files relative to the folder, and what the format could not hold."""

    folder: Path
    files: list[dict[str, Any]]
    notes: list[Note]


def export(
    sources: Sequence[Source], name: str, out: Path, *, options: dict[str, Any] | None = None, private: Iterable[str] = (),
    findings: Sequence[Path] = (),
) -> Export:
    """Write sets into a folder that must be new or empty. `private`: sets that only their owner may read,
    and with them the whole folder. `findings`: the release's files of findings of these trials.

    A set that cannot be written leaves nothing behind: its error names it and says what to do. Raises ExportError.
    """
    found, given = FORMATS[name], dict(options or {})
    ending = "ndjson" if given.get("ndjson") else found.ending
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError(f"{out} is there and not empty\n  fix   -> give another folder with --out, or empty this one")
    closed = {s.name for s in sources} & set(private)
    out.mkdir(parents=True, exist_ok=True)
    if closed:
        out.chmod(0o700)
    paths = [out / f"{s.name}.{ending}" for s in sources]
    beside = [out / n for n in ("variables.csv", "codes.csv", "report.csv", "export.json", "findings.csv")]
    try:
        for source, path in zip(sources, paths, strict=True):
            found.write(source, path, **given)
            if source.name in closed:
                path.chmod(0o600)
        notes = [n for s in sources for n in s.notes]
        files = [
            {"path": p.name, "dataset": s.name, "rows": s.rows, "sha256": file_sha256(p)} for s, p in zip(sources, paths, strict=True)
        ]
        _variables(beside[0], sources)
        _codes(beside[1], sources)
        _rows(beside[2], ("dataset", "variable", "what", "n"), [list(asdict(n).values()) for n in notes])
        told = {"release_id": sources[0].release_id, "as_of": sources[0].as_of, "format": name, "options": given, "files": files,
                "notes": [asdict(n) for n in notes]}  # fmt: skip
        _findings(beside[4], findings)
        beside[3].write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    except BaseException:
        for path in (*paths, *beside):
            path.unlink(missing_ok=True)
        if not any(out.iterdir()):
            out.rmdir()
        raise
    return Export(out, files, notes)


def _findings(path: Path, files: Sequence[Path]) -> None:
    """The open doubts about the values beside them: a value that was kept as sent is never given away without."""
    found = pl.concat([pl.read_parquet(f) for f in files]) if files else pl.DataFrame(schema=list(IN_RELEASE))
    _rows(path, found.columns, found.iter_rows())


def _variables(path: Path, sources: Sequence[Source]) -> None:
    rows = [
        [s.name, v.name, v.label, v.type, v.unit, f"${v.codes.name}F" if v.codes else "", "Y" if v.is_key else ""]
        for s in sources for v in s.variables
    ]  # fmt: skip
    _rows(path, ("dataset", "name", "label", "type", "unit", "codes", "key"), rows)


def _codes(path: Path, sources: Sequence[Source]) -> None:
    """In the columns of PROC FORMAT CNTLIN=; a SAS format's name may not end in a digit, so each ends in F."""
    lists = {v.codes.name: v.codes for s in sources for v in s.variables if v.codes}
    rows = [[f"${n}F", code, label, "C"] for n in sorted(lists) for code, label in lists[n].terms.items()]
    _rows(path, ("FMTNAME", "START", "LABEL", "TYPE"), rows)


def _rows(path: Path, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([heads, *rows])
