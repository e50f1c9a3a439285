"""Write published sets as Parquet, one file a set and site, with labels in the field metadata.

What belongs here: Arrow schemas of the sets, cutting a batch's table into sites, bytes and hashes of files.
What does not: which rows are in a set (sql/3_analysis), where a release puts the file (releases.py).

Files are deterministic: rows come in the order of the SQL model, row groups have a fixed size, nothing in a file is a clock
time. Text that repeats is kept as dictionaries while it is written; readers see plain text.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from flows.engine import filled
from schemas.columns import columns
from schemas.findings import TrialweaveError

ROW_GROUP = 131_072
#: Rows from which on a file is pressed with zstd; that of a shorter one would cost as much as all else of writing it and save little.
LONG = 2_048
#: Values (rows times variables) of a long set that are held at least before whole sites of them are judged and written.
HELD_VALUES = 3_000_000

_ARROW = {
    "Text": pa.string(), "Integer": pa.int32(), "Integer64": pa.int64(), "Float": pa.float64(), "Date": pa.date32(),
    "Datetime": pa.timestamp("us", tz="UTC"),
}  # fmt: skip


@dataclass(frozen=True)
class Written:
    """One file of one site: where it lies in the staged folder, how many rows, its hash, and how many values of each variable."""

    site: str
    file: str
    rows: int
    sha256: str
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> dict[str, Any]:
        """What a receipt says of a file that is not published."""
        return {"file": self.file, "rows": self.rows, "sha256": self.sha256}

    @property
    def entry(self) -> dict[str, Any]:
        """What a receipt says of a published file."""
        return self.place | self.told


@cache
def arrow_schema(dataset: str) -> pa.Schema:
    """A set's Arrow schema; each field carries label, unit, codes and meaning, the schema the name of the set."""
    fields = []
    for column in columns()[dataset]:
        told = {"label": column.label, "unit": column.unit, "codes": " ".join(column.codes), "meaning": column.meaning}
        fields.append(pa.field(column.name, _ARROW[column.type], metadata={k: v for k, v in told.items() if v}))
    key = " ".join(c.name for c in columns()[dataset] if c.is_key)
    return pa.schema(fields, metadata={"dataset": dataset.upper(), "grain": key})


def as_published(table: pa.Table, dataset: str) -> pa.Table:
    """A table with exactly the set's columns, in order, in its types; repeated text stays dictionary encoded.

    Raises TrialweaveError when a column is missing or has another type.
    """
    schema = arrow_schema(dataset)
    if table.column_names != schema.names:
        wrong = sorted(set(table.column_names) ^ set(schema.names)) or ["their order"]
        raise TrialweaveError(f"{dataset} has not the columns of its contract: {', '.join(wrong)}")
    arrays = []
    for wanted, array in zip(schema, table.columns, strict=True):
        if pa.types.is_dictionary(array.type) and wanted.type == pa.string():
            arrays.append(array)
        else:
            arrays.append(array.cast(wanted.type))
    return pa.table(arrays, names=schema.names)


@cache
def _searched(dataset: str) -> list[str] | bool:
    """Columns whose least and greatest value a file tells, so that a reader can pass it over: keys, dates, arms; the others would
    cost a quarter of the writing and help nobody."""
    found = columns().get(dataset)
    always = ("SITEID", "TRT01P", "TRT01A")
    return found is None or [c.name for c in found if c.is_key or c.type in ("Date", "Datetime") or c.name in always]


@cache
def _repeated(dataset: str) -> list[str] | bool:
    """Columns written as a dictionary of their values: texts and measurements, which repeat. Days, instants and numbers of rows are
    shorter and quicker plain, but where each stands once for every item of a form."""
    found = columns().get(dataset)
    return found is None or dataset == "aditem" or [c.name for c in found if c.type in ("Text", "Float")]


def encode(table: pa.Table, schema: pa.Schema, repeated: Sequence[str] | None = None) -> bytes:
    """Parquet bytes of a table under a schema that tells readers plain text where the table holds dictionaries. `repeated`: columns
    whose values repeat; without it a set's own."""
    dataset = (schema.metadata or {}).get(b"dataset", b"").decode().lower()
    told = dict(schema.metadata or {}) | {b"ARROW:schema": base64.b64encode(schema.serialize().to_pybytes())}
    press: dict[str, Any] = {"compression": "zstd", "compression_level": 1} if table.num_rows >= LONG else {"compression": "snappy"}
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink, table.schema.remove_metadata(), **press, store_schema=False, version="2.6",
        write_statistics=_searched(dataset) if repeated is None else False,
        use_dictionary=_repeated(dataset) if repeated is None else list(repeated),
    ) as writer:
        writer.write_table(table, row_group_size=ROW_GROUP)
        writer.add_key_value_metadata(told)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def put(path: Path, content: bytes) -> None:
    """Write a file whole and durable; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def fetch(
    con: duckdb.DuckDBPyConnection, dataset: str, source: str, sites: Sequence[str] = (), *, others: bool = True
) -> Iterator[pa.Table]:
    """A set of a batch as it will be published, in the order of its model, in tables of whole sites: of some, or of all `others`."""
    held: list[pa.RecordBatch] = []
    rows = 0
    these = f"SITEID in ({', '.join('?' for _ in sites)})"
    some = "" if not sites else f" where SITEID is null or not ({these})" if others else f" where {these}"
    reader = con.execute(f"select * from {source}{some}", list(sites)).to_arrow_reader(ROW_GROUP)
    for batch in reader:
        held.append(batch)
        rows += batch.num_rows
        if rows * len(batch.schema) < HELD_VALUES:
            continue
        table = pa.Table.from_batches(held)
        last = spans(table)[-1][1]
        if last:
            yield as_published(table.slice(0, last), dataset)
            held = table.slice(last).to_batches()
            rows = table.num_rows - last
    yield as_published(pa.Table.from_batches(held, reader.schema), dataset)


def write_set(table: pa.Table, dataset: str, sites: dict[tuple[str, str], Path]) -> dict[tuple[str, str], Written]:
    """Write the rows of every (study, site) of a table into `<folder>/<dataset>/<site>.parquet`.

    Raises TrialweaveError when the table holds rows of a site that is not among `sites`, or a site's rows do not lie together.
    """
    found = spans(table)
    wrong = [key for key, _, _ in found if key not in sites]
    if wrong or len({key for key, _, _ in found}) != len(found):
        raise TrialweaveError(f"{dataset}: its rows are not in the order of sites, or {len(wrong)} sites do not belong to this batch")
    return {key: _write(table.slice(first, rows), dataset, key[1], sites[key]) for key, first, rows in found}


def write_empty(dataset: str, site: str, folder: Path) -> Written:
    """A file without rows for a site that has none: reading a set whole then always works."""
    return _write(arrow_schema(dataset).empty_table(), dataset, site, folder)


def spans(table: pa.Table, names: tuple[str, str] = ("STUDYID", "SITEID")) -> list[tuple[tuple[str, str], int, int]]:
    """Runs of rows of one (study, site), which stand in these columns: key, first row, rows."""
    codes, words = zip(*(_coded(table.column(n)) for n in names), strict=True)
    if not table.num_rows:
        return []
    changed = np.flatnonzero((np.diff(codes[0]) != 0) | (np.diff(codes[1]) != 0)) + 1
    firsts = [0, *changed.tolist()]
    ends = [*firsts[1:], table.num_rows]
    return [((words[0][codes[0][at]], words[1][codes[1][at]]), at, end - at) for at, end in zip(firsts, ends, strict=True)]


def _coded(column: pa.ChunkedArray) -> tuple[np.ndarray, list[Any]]:
    """A column of text as numbers and what they stand for; the last one stands for no text."""
    whole = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    one = whole.unify_dictionaries().combine_chunks()
    one = one.chunk(0) if isinstance(one, pa.ChunkedArray) and one.num_chunks else one
    if not len(one):
        return np.zeros(0, np.int32), []
    words = [*one.dictionary.to_pylist(), None]
    return one.indices.cast(pa.int32()).fill_null(len(words) - 1).to_numpy(zero_copy_only=False), words


def judged_frame(table: pa.Table, dataset: str) -> pl.DataFrame:
    """A set as Pandera judges it: names without a list of codes stand as the numbers of their enumeration, which are null and
    repeat where the names do; decoding millions of names would cost more than all checks."""
    has_codes = {c.name for c in columns()[dataset] if c.codes}
    out = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(column.type) and name not in has_codes and column.num_chunks:
            column = pa.chunked_array([chunk.indices for chunk in column.unify_dictionaries().chunks])
        out[name] = pl.from_arrow(column)
    return pl.DataFrame(out)


def compact(table: pa.Table) -> pa.Table:
    """A table whose dictionaries hold only values that occur in it, in the order of the enumeration.

    A batch's dictionaries name every site's participants; a site's file must not, and must not depend on who shared its batch.
    """
    return pa.table([_compact(column) for column in table.columns], names=table.column_names)


def _compact(column: pa.ChunkedArray) -> pa.Array:
    if not pa.types.is_dictionary(column.type):
        return column.combine_chunks()  # pages must not depend on how the rows came
    whole = column.unify_dictionaries().combine_chunks()
    whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) and whole.num_chunks else whole
    if not len(whole):
        return pa.array([], pa.string())
    known = whole.dictionary
    valid = whole.is_valid().to_numpy(zero_copy_only=False) if whole.null_count else None
    indices = (whole.indices.fill_null(0) if valid is not None else whole.indices).to_numpy(zero_copy_only=False)
    seen = np.bincount(indices if valid is None else indices[valid], minlength=len(known)) > 0
    if seen.all() and valid is None:
        return whole
    n_seen = int(seen.sum())
    small = np.int8 if n_seen < 128 else np.int16 if n_seen < 32_768 else np.int32
    places = (np.cumsum(seen) - 1).astype(small)
    mask = None if valid is None else ~valid
    return pa.DictionaryArray.from_arrays(pa.array(places[indices], mask=mask), known.filter(pa.array(seen)))


def _write(table: pa.Table, dataset: str, site: str, folder: Path) -> Written:
    table = compact(table)
    content = encode(table, arrow_schema(dataset))
    name = f"{dataset}/{site}.parquet"
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Written(site, name, table.num_rows, hashlib.sha256(content).hexdigest(), filled.told(table, dataset))


def write_whole(con: duckdb.DuckDBPyConnection, study: str, folder: Path) -> Written:
    """Write pooled.adref of one trial into `adref/<study>.parquet`."""
    return _write(as_published(con.execute("select * from pooled.adref").to_arrow_table(), "adref"), "adref", study, folder)


def has_contract(path: Path, dataset: str) -> bool:
    """Whether a staged file has the columns that its set has today."""
    return bool(pq.read_schema(path).names == arrow_schema(dataset).names)
