"""Small exports of every format, made by other libraries or by hand: what tests of the readers and of damaged files start from.

What belongs here: one maker a format, the same table in each (an identifier, a number, a text). What does not: tests.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pyreadstat
import xlwt

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


def xls(rows: int) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Data")
    for place, name in enumerate(frame(rows).columns):
        sheet.write(0, place, name)
        for row, value in enumerate(frame(rows)[name], start=1):
            sheet.write(row, place, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" office:version="1.3">'
)


def ods_file(body: str, styles: str = "") -> bytes:
    """A spreadsheet whose content is the given tables."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        styles = f"<office:automatic-styles>{styles}</office:automatic-styles>"
        content = f"{ODS_HEAD}{styles}<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
        archive.writestr("content.xml", content)
    return out.getvalue()


def ods_cell(value: object, more: str = "") -> str:
    """A text or number cell."""
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string"{more}><text:p>{escape(value)}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{value}"{more}><text:p>about</text:p></table:table-cell>'


def ods(rows: int) -> bytes:
    cells = [list(frame(rows).columns), *frame(rows).to_numpy().tolist()]
    body = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in cells)
    return ods_file(f'<table:table table:name="Data">{body}</table:table>')


def xlsb_record(kind: int, data: bytes = b"") -> bytes:
    """One record: its type and size seven bits a byte."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, count = b"", len(data)
    while True:
        size += bytes([count & 0x7F | (0x80 if count > 0x7F else 0)])
        count >>= 7
        if not count:
            return head + size + data


def xlsb_text(text: str) -> bytes:
    """A counted UTF-16 text."""
    return struct.pack("<I", len(text.encode("utf-16-le")) // 2) + text.encode("utf-16-le")


def xlsb_cell(kind: int, place: int, value: bytes, style: int = 0) -> bytes:
    """A cell of a row."""
    return xlsb_record(kind, struct.pack("<II", place, style) + value)


def xlsb_row(number: int, *cells: bytes, hidden: bool = False) -> bytes:
    """A row (0-based) and its cells."""
    flags = bytes([0, 0x10 if hidden else 0, 0])
    return xlsb_record(0, struct.pack("<IIH", number, 0, 300) + flags + struct.pack("<I", 0)) + b"".join(cells)


def xlsb_file(
    rows: bytes,
    strings: list[str | bytes],
    formats: tuple[str, ...] = (),
    is_1904: bool = False,
    after: bytes = b"",
    fonts: tuple[tuple[int, int], ...] = (),
) -> bytes:
    """A workbook of one sheet. `formats`: number format of cell style 1, 2 ...; style 0 is General. A string of bytes is a whole record.
    `fonts`: flags and whether raised (1) or lowered (2)."""
    rel = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    one = '<Relationship Id="{}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}"/>'
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
    )
    book = xlsb_record(131) + xlsb_record(153, struct.pack("<III", int(is_1904), 0, 0)) + xlsb_record(143)
    book += xlsb_record(156, struct.pack("<II", 0, 1) + xlsb_text("rId1") + xlsb_text("Data")) + xlsb_record(144)
    book += xlsb_record(157, bytes(26)) + xlsb_record(132)
    sheet = xlsb_record(129) + xlsb_record(148, struct.pack("<4I", 0, 2000, 0, 50)) + xlsb_record(145) + rows
    sheet += xlsb_record(146) + after + xlsb_record(130)
    shared = xlsb_record(159, struct.pack("<II", len(strings), len(strings)))
    shared += b"".join(xlsb_record(19, s if isinstance(s, bytes) else b"\0" + xlsb_text(s)) for s in strings) + xlsb_record(160)
    styles = xlsb_record(278) + xlsb_record(615, struct.pack("<I", len(formats)))
    styles += b"".join(xlsb_record(44, struct.pack("<H", 164 + n) + xlsb_text(code)) for n, code in enumerate(formats)) + xlsb_record(616)
    styles += b"".join(xlsb_record(43, struct.pack("<4H", 220, flags, 400, raised) + bytes(13)) for flags, raised in fonts)
    kinds = [0, *(164 + n for n in range(len(formats)))]
    styles += xlsb_record(617, struct.pack("<I", len(kinds)))
    styles += b"".join(xlsb_record(47, struct.pack("<HH", 0, n) + bytes(12)) for n in kinds) + xlsb_record(618) + xlsb_record(279)
    parts = {
        "[Content_Types].xml": types,
        "_rels/.rels": rel.format(one.format("rId1", "officeDocument", "xl/workbook.bin")),
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": rel.format(
            one.format("rId1", "worksheet", "worksheets/sheet1.bin")
            + one.format("rId2", "sharedStrings", "sharedStrings.bin")
            + one.format("rId3", "styles", "styles.bin")
        ),
        "xl/worksheets/sheet1.bin": sheet,
        "xl/sharedStrings.bin": shared,
        "xl/styles.bin": styles,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def xlsb(rows: int) -> bytes:
    table = frame(rows)
    head = xlsb_row(0, *(xlsb_cell(6, place, xlsb_text(name)) for place, name in enumerate(table.columns)))
    body = b"".join(
        xlsb_row(
            n,
            xlsb_cell(7, 0, struct.pack("<I", n - 1)),
            xlsb_cell(5, 1, struct.pack("<d", dose)),
            *([xlsb_cell(6, 2, xlsb_text(note))] if note else []),
        )
        for n, (_, dose, note) in enumerate(table.itertuples(index=False), start=1)
    )
    return xlsb_file(head + body, [*table["id"]])


def zipped(rows: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.csv", csv(rows))
    return out.getvalue()


def feather(rows: int) -> bytes:
    out = io.BytesIO()
    pyarrow.feather.write_feather(frame(rows), out)
    return out.getvalue()


def arrow_stream(rows: int) -> bytes:
    out, table = io.BytesIO(), pa.Table.from_pandas(frame(rows), preserve_index=False)
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=7)
    return out.getvalue()


MAKERS: dict[str, Maker] = {
    m.name: m
    for m in (
        Maker("delimited", ".csv", csv, cut_is_seen=False),
        Maker("xlsx", ".xlsx", xlsx),
        Maker("xls", ".xls", xls),
        Maker("xlsb", ".xlsb", xlsb),
        Maker("ods", ".ods", ods),
        Maker("zip", ".zip", zipped),
        Maker("gzip", ".csv.gz", lambda rows: gzip.compress(csv(rows))),
        Maker("parquet", ".parquet", parquet),
        Maker("feather", ".feather", feather),
        Maker("arrow_stream", ".arrows", arrow_stream),
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
