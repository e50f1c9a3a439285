"""CDISC Dataset-JSON 1.1, as one document (.json) or a row a line (.ndjson).

What belongs here: the document's keys and its columns' attributes. What does not: reading (flows/readers/dataset_json.py).

Decided: a missing value is null and an empty text is ""; dates and instants are ISO 8601 text that a reader may turn into numbers
(targetDataType integer), instants end in Z. Code lists are named, not held: they are in define.xml of the release and in codes.csv.
Source: CDISC Dataset-JSON 1.1 specification.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flows.exports import fixed
from flows.exports.delimited import shown
from flows.exports.source import Source, Variable, quoted

_TYPES: dict[str, dict[str, Any]] = {
    "Text": {"dataType": "string"}, "Integer": {"dataType": "integer"}, "Integer64": {"dataType": "integer"},
    "Float": {"dataType": "double"}, "Date": {"dataType": "date", "targetDataType": "integer", "displayFormat": "E8601DA."},
    "Datetime": {"dataType": "datetime", "targetDataType": "integer", "displayFormat": "E8601DT."},
}  # fmt: skip


def write(source: Source, path: Path, *, ndjson: bool = False) -> None:
    """Write one file."""
    meta = json.dumps(_meta(source), ensure_ascii=False)
    row = ", ".join(shown(v) if v.type in ("Date", "Datetime") else quoted(v.name) for v in source.variables)
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(meta if ndjson else f'{meta[:-1]}, "rows": [')
        first = True
        for batch in source.batches([f"json_array({row})::varchar"]):
            texts = batch.column(0).to_pylist()
            out.write("\n" if ndjson or first else ",\n")
            out.write(("\n" if ndjson else ",\n").join(texts))
            first = False
        out.write("\n" if ndjson else "\n]}\n")
    fixed.tell_codes(source, "in define.xml and codes.csv, not in the file")


def _meta(source: Source) -> dict[str, Any]:
    group = f"IG.{source.name.upper()}"
    return {
        "datasetJSONCreationDateTime": source.as_of[:19], "datasetJSONVersion": "1.1.0",
        "fileOID": f"trialweave.{source.release_id}.{group}", "dbLastModifiedDateTime": source.as_of[:19],
        "originator": "trialweave", "sourceSystem": {"name": "trialweave", "version": "1"}, "studyOID": "ST.TRIALWEAVE",
        "metaDataVersionOID": f"MDV.{source.release_id.rpartition('-')[2]}", "metaDataRef": "define.xml",
        "itemGroupOID": group, "records": source.rows, "name": source.name.upper(), "label": source.title,
        "columns": [_column(source, v) for v in source.variables],
    }  # fmt: skip


def _column(source: Source, v: Variable) -> dict[str, Any]:
    told: dict[str, Any] = {"itemOID": f"IT.{source.name.upper()}.{v.name}", "name": v.name, "label": v.label} | _TYPES[v.type]
    if v.type == "Text":
        told["length"] = max(source.measure(v.name).max_bytes, 1)
    keys = [k.name for k in source.variables if k.is_key]
    if v.is_key:
        told["keySequence"] = keys.index(v.name) + 1
    return told
