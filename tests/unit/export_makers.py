"""Small exports of every format, made by other libraries or by hand: what tests of the readers and of damaged files start from.

What belongs here: one maker a format, the same table in each (an identifier, a number, a text). What does not: tests.
"""

from __future__ import annotations

import io
import json
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat

from flows.readers import Cells, ReadOptions


@dataclass(frozen=True)
class Maker:
    """`make(rows)` gives the file; `cut_is_seen`: the format tells where it ends; `loses`: what says that rows may be missing."""

    name: str
    ending: str
    make: Callable[[int], bytes]
    cut_is_seen: bool = True
    options: ReadOptions = field(default_factory=ReadOptions)
    loses: Callable[[Cells], bool] = lambda cells: bool(cells.doubts or cells.ragged)


def frame(rows: int) -> pd.DataFrame:
    numbers = range(1, rows + 1)
    return pd.DataFrame(
        {"id": [f"S{n:03d}" for n in numbers], "dose": [n / 7 for n in numbers], "note": [f"Größe {n}" if n % 3 else "" for n in numbers]}
    )


def _by_path(write: Callable[[Path], object], ending: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{ending}"
        write(path)
        return path.read_bytes()


def csv(rows: int) -> bytes:
    return frame(rows).to_csv(index=False).encode()


def xlsx(rows: int) -> bytes:
    out = io.BytesIO()
    frame(rows).to_excel(out, index=False)
    return out.getvalue()


def parquet(rows: int) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame(rows), preserve_index=False), out)
    return out.getvalue()


def sav(rows: int) -> bytes:
    return _by_path(lambda p: pyreadstat.write_sav(frame(rows), p), ".sav")


def zsav(rows: int) -> bytes:
    return _by_path(lambda p: pyreadstat.write_sav(frame(rows), p, compress=True), ".zsav")


def dta(rows: int) -> bytes:
    return _by_path(lambda p: pyreadstat.write_dta(frame(rows), p), ".dta")


def xpt(rows: int) -> bytes:
    return _by_path(lambda p: pyreadstat.write_xport(frame(rows), p, file_format_version=5), ".xpt")


def odm(rows: int) -> bytes:
    one = (
        '<SubjectData SubjectKey="{id}"><StudyEventData StudyEventOID="V1"><FormData FormOID="F"><ItemGroupData ItemGroupOID="G">'
        '<ItemData ItemOID="id" Value="{id}"/><ItemData ItemOID="dose" Value="{dose}"/><ItemData ItemOID="note" Value="{note}"/>'
        "</ItemGroupData></FormData></StudyEventData></SubjectData>\n"
    )
    body = "".join(one.format(**row) for row in frame(rows).to_dict("records"))
    items = "".join(f'<ItemRef ItemOID="{n}"/>' for n in frame(1).columns)
    defs = "".join(f'<ItemDef OID="{n}" Name="{n}"/>' for n in frame(1).columns)
    head = '<?xml version="1.0"?><ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Snapshot"><Study OID="S"><MetaDataVersion OID="M">'
    head += f'<FormDef OID="F"><ItemGroupRef ItemGroupOID="G"/></FormDef><ItemGroupDef OID="G">{items}</ItemGroupDef>{defs}'
    return f'{head}</MetaDataVersion></Study><ClinicalData StudyOID="S">{body}</ClinicalData></ODM>'.encode()


def records(rows: int) -> bytes:
    return json.dumps(frame(rows).to_dict("records"), ensure_ascii=False).encode()


def ndjson(rows: int) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in frame(rows).to_dict("records")).encode()


def dataset_parts(rows: int) -> tuple[dict[str, object], list[list[object]]]:
    """Metadata and rows of a Dataset-JSON."""
    columns = [{"itemOID": f"IT.{n}", "name": n, "label": n.upper(), "dataType": "string"} for n in frame(rows).columns]
    meta = {"datasetJSONVersion": "1.1.0", "itemGroupOID": "IG.X", "records": rows, "name": "X", "label": "x", "columns": columns}
    return meta, frame(rows).to_numpy().tolist()


def dataset_json(rows: int) -> bytes:
    meta, cells = dataset_parts(rows)
    return json.dumps(meta | {"rows": cells}).encode()


def dataset_ndjson(rows: int) -> bytes:
    meta, cells = dataset_parts(rows)
    return "".join(json.dumps(line) + "\n" for line in [meta, *cells]).encode()


def dsjc(rows: int) -> bytes:
    return zlib.compress(dataset_ndjson(rows))


MAKERS: dict[str, Maker] = {
    m.name: m
    for m in (
        Maker("delimited", ".csv", csv, cut_is_seen=False),
        Maker("xlsx", ".xlsx", xlsx),
        Maker("parquet", ".parquet", parquet),
        Maker("sav", ".sav", sav),
        Maker("zsav", ".zsav", zsav),
        Maker("dta", ".dta", dta),
        Maker("odm", ".xml", odm, options=ReadOptions(sheet="G")),
        Maker("json", ".json", records),
        Maker("ndjson", ".ndjson", ndjson, cut_is_seen=False),
        Maker("dataset_json", ".json", dataset_json),
        Maker("dataset_ndjson", ".ndjson", dataset_ndjson),
        Maker("dsjc", ".dsjc", dsjc),
        Maker("xpt", ".xpt", xpt, cut_is_seen=False),
    )
}
