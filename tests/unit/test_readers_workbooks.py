"""Workbooks other than .xlsx: each cell keeps its own kind; dates by both calendars; what a reader cannot see is told."""

from __future__ import annotations

import datetime as dt
import io
import struct

import openpyxl
import pytest
import python_calamine
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.readers import ROW, ReadOptions, read
from flows.readers.xlsb import _packed
from schemas.findings import ReadError
from tests.unit.export_makers import frame, ods_cell, ods_file, xls, xlsb, xlsb_cell, xlsb_file, xlsb_row, xlsb_text
from tests.unit.export_makers import ods as ods_maker


@pytest.fixture
def put(tmp_path):
    def _put(name, data, **options):
        (tmp_path / name).write_bytes(data)
        return read(tmp_path / name, ReadOptions(**options))

    return _put


def column(cells, name):
    return cells.table[name].to_pylist()


def xls_book(rows, is_1904=False, more=lambda book, sheet: None):
    """Rows of (value, number format)."""
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = is_1904
    sheet = book.add_sheet("Data")
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            value, shown = cell if isinstance(cell, tuple) else (cell, "General")
            sheet.write(number, place, value, xlwt.easyxf(num_format_str=shown))
    more(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


MIXED = [
    ("001", "General", "001"), (7.0, "General", "7"), (0.1, "0.00", "0.1"), (45356.5, "General", "45356.5"),
    (45356, "dd.mm.yyyy", "2024-03-05"), (45356.5833333333, "yyyy-mm-dd hh:mm", "2024-03-05T14:00:00"),
    (0.5833333333, "hh:mm", "14:00:00"),
    (1.25, "[h]:mm", "30:00:00"), (True, "General", "true"), ("  ", "General", "  "), ("two\nlines", "General", "two\nlines"),
    (60, "yyyy-mm-dd", "1900-02-29"), (-5, "yyyy-mm-dd", "-5"), (1e15, "General", "1000000000000000"),
]  # fmt: skip


def test_an_old_workbook_keeps_every_cell_as_it_is(put):
    cells = put("a.xls", xls_book([["mixed"], *([(value, shown)] for value, shown, _ in MIXED)]))
    assert column(cells, "mixed") == [text for *_, text in MIXED]


def test_the_1904_calendar_of_an_old_workbook(put):
    assert column(put("a.xls", xls_book([["on"], [(43894, "yyyy-mm-dd")]], is_1904=True)), "on") == ["2024-03-05"]


def test_hidden_rows_merged_cells_and_errors_of_an_old_workbook_are_told(put):
    def more(book, sheet):
        sheet.row(2).hidden = True
        sheet.write_merge(3, 4, 0, 0, "both")
        sheet.row(1).set_cell_error(1, 0x2A)

    cells = put("a.xls", xls_book([["id", "dose"], ["1"], ["2", 50]], more=more))
    assert cells.table.to_pylist()[0] == {"id": "1", "dose": "#N/A", ROW: 1}
    assert column(cells, "id") == ["1", "2", "both"]
    assert cells.notes == [
        "1 hidden row(s) are read like all others", "1 merged range(s): the value stands in the first cell only",
        "1 cell(s) hold an Excel error such as #N/A, read as that text",
    ]  # fmt: skip


def test_what_an_old_workbook_strikes_through_hides_and_comments_on_is_told(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("D")
    for place, name in enumerate("ab"):
        sheet.write(0, place, name)
    plain, struck = xlwt.XFStyle(), xlwt.easyxf("font: struck_out on")
    for row, style in ((1, plain), (2, struck), (3, plain)):
        for place in (0, 1):
            sheet.write(row, place, row, style)
    sheet.row(3).hidden = True
    sheet.col(1).hidden = True
    book.save(str(tmp_path / "s.xls"))
    cells = read(tmp_path / "s.xls")
    assert [(m.row, m.kind, m.columns) for m in cells.marks] == [(2, "struck", ()), (3, "hidden", ())]
    assert cells.notes == ["1 hidden row(s) are read like all others", "hidden column(s) 'b' are read like all others"]


def test_what_an_open_document_strikes_through_hides_and_comments_on_is_told(put):
    look = '<style:text-properties style:text-line-through-style="solid"/>'
    style = f'<style:style style:name="ce9" style:family="table-cell">{look}</style:style>'
    by = '<dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/">A. B.</dc:creator>'
    note = f"<office:annotation>{by}<text:p>ask her</text:p></office:annotation>"
    row = "<table:table-row{}>{}</table:table-row>"
    said = f'<table:table-cell office:value-type="string">{note}<text:p>x</text:p></table:table-cell>'
    body = "".join((
        row.format("", ods_cell("id") + ods_cell("x")),
        row.format("", ods_cell("1", ' table:style-name="ce9"') + ods_cell("2", ' table:style-name="ce9"')),
        row.format("", ods_cell("3") + said),
        row.format(' table:visibility="collapse"', ods_cell("4")),
    ))  # fmt: skip
    cells = put("a.ods", ods_file(f'<table:table table:name="D">{body}</table:table>', style))
    assert [(m.row, m.kind, m.columns, m.text) for m in cells.marks] == [
        (1, "struck", (), ""), (2, "comment", ("x",), "ask her"), (3, "hidden", (), ""),
    ]  # fmt: skip


def test_an_old_workbook_s_cells_that_show_another_thing_are_read_as_shown(put):
    day = "yyyy-mm-dd"
    cells = put("a.xls", xls_book([["kg", "on"], [70, (45352, "mmm-yy")], [(154, '0" lb"'), (45356, day)], [(81, "0"), (45352, day)]]))
    assert column(cells, "kg") == ["70", "154 lb", "81"]
    assert column(cells, "on") == ["2024-03", "2024-03-05", "2024-03-01"]


def test_parts_of_an_old_workbook_s_cell_that_are_struck_or_raised_make_no_new_number(put):
    struck, raised = xlwt.easyfont("struck_out on"), xlwt.easyfont("escapement superscript")

    def more(book, sheet):
        sheet.write_rich_text(1, 0, [("4", struck), "5"])
        sheet.write_rich_text(2, 0, ["5", ("1", raised)])

    assert column(put("a.xls", xls_book([["x"]], more=more)), "x") == ["~4~5", "5^1"]


def test_parts_of_a_binary_workbook_s_cell_that_are_struck_or_raised_make_no_new_number(put):
    def rich(text, *runs):
        return b"\1" + xlsb_text(text) + struct.pack("<I", len(runs)) + b"".join(struct.pack("<2H", *run) for run in runs)

    cells = [xlsb_row(row, xlsb_cell(7, 0, struct.pack("<I", row))) for row in range(3)]
    data = xlsb_file(b"".join(cells), ["x", rich("45", (0, 1), (1, 0)), rich("51", (1, 2))], fonts=((0, 0), (8, 0), (0, 1)))
    assert column(put("a.xlsb", data), "x") == ["~4~5", "5^1"]


def test_an_open_document_s_cells_that_show_another_thing_are_read_as_shown(put):
    number = 'xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"'
    formats = (
        f'<number:date-style {number} style:name="N1"><number:month/><number:text>-</number:text><number:year/></number:date-style>'
        f'<number:number-style {number} style:name="N2"><number:number/><number:text> lb</number:text></number:number-style>'
    )
    cell_styles = "".join(f'<style:style style:name="ce{n}" style:data-style-name="N{n}"/>' for n in (1, 2))
    looks = (("T1", 'style:text-line-through-style="solid"'), ("T2", 'style:text-position="super 58%"'))
    text_styles = "".join(f'<style:style style:name="{n}"><style:text-properties {look}/></style:style>' for n, look in looks)
    date = '<table:table-cell office:value-type="date" office:date-value="{}" table:style-name="{}"/>'
    part = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = [
        ods_cell("kg") + ods_cell("on") + ods_cell("x") + ods_cell("pct"),
        ods_cell(70) + date.format("2024-03-01", "ce1") + part.format('<text:span text:style-name="T1">4</text:span>5') + ods_cell(50),
        ods_cell(154, ' table:style-name="ce2"') + date.format("2024-03-05", "ce9")
        + part.format('5<text:span text:style-name="T2">1</text:span>')
        + '<table:table-cell office:value-type="percentage" office:value="0.19"/>',
        ods_cell(81) + date.format("2024-03-01", "ce9") + ods_cell("7") + ods_cell(60),
    ]  # fmt: skip
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    cells = put("a.ods", ods_file(f'<table:table table:name="D">{body}</table:table>', formats + cell_styles + text_styles))
    assert cells.table.drop([ROW]).to_pylist() == [
        {"kg": "70", "on": "2024-03", "x": "~4~5", "pct": "50"},
        {"kg": "154 lb", "on": "2024-03-05", "x": "5^1", "pct": "19%"},
        {"kg": "81", "on": "2024-03-01", "x": "7", "pct": "60"},
    ]


@pytest.mark.parametrize(("name", "make"), [("a.xls", xls), ("a.xlsb", xlsb), ("a.ods", ods_maker)])
def test_calamine_reads_the_same_cells(put, tmp_path, name, make):
    cells = put(name, make(30))
    head, *rows = python_calamine.CalamineWorkbook.from_path(str(tmp_path / name)).get_sheet_by_index(0).to_python()
    for place, column_name in enumerate(head):
        got = column(cells, column_name)
        assert [float(v) if column_name == "dose" else v or "" for v in got] == [r[place] for r in rows]
    assert [float(v) for v in column(cells, "dose")] == list(frame(30)["dose"])


def test_a_binary_workbook_keeps_every_kind_of_cell(put):
    row = xlsb_row(
        1,
        xlsb_cell(7, 0, struct.pack("<I", 0)), xlsb_cell(2, 1, struct.pack("<I", (50 << 2) | 2)),
        xlsb_cell(5, 2, struct.pack("<d", 45356.0), style=1), xlsb_cell(4, 3, b"\1"), xlsb_cell(3, 4, b"\x2a"),
        xlsb_cell(9, 5, struct.pack("<d", 1.25), style=2), xlsb_cell(8, 6, xlsb_text("über 😀")), xlsb_cell(1, 7, b""),
        xlsb_cell(11, 8, b"\x07"), xlsb_cell(10, 9, b"\0"), hidden=True,
    )  # fmt: skip
    head = xlsb_row(0, *(xlsb_cell(6, place, xlsb_text(name)) for place, name in enumerate("abcdefghij")))
    for is_1904, day in ((False, "2024-03-05"), (True, "2028-03-06")):
        cells = put("a.xlsb", xlsb_file(head + row, ["001"], ("yyyy-mm-dd", "[h]:mm"), is_1904=is_1904))
        assert [*cells.table.to_pylist()[0].values()] == [
            "001", "50", day, "true", "#N/A", "30:00:00", "über 😀", None, "#DIV/0!", "false", 1,
        ]  # fmt: skip
        assert "1 hidden row(s) are read like all others" in cells.notes


@settings(max_examples=60, deadline=None)
@given(st.integers(-(2**29), 2**29 - 1), st.booleans())
def test_packed_numbers_of_a_binary_workbook(whole, hundred):
    assert _packed((whole << 2 & 0xFFFFFFFF) | 2 | int(hundred)) == (whole / 100 if hundred else whole)


def test_an_open_document_keeps_every_kind_of_cell(put):
    cells = [
        ods_cell("001"), ods_cell(50.0), '<table:table-cell office:value-type="date" office:date-value="2024-03-05"/>',
        '<table:table-cell office:value-type="date" office:date-value="2024-03-05T14:00:30.500000000"/>',
        '<table:table-cell office:value-type="time" office:time-value="PT30H05M01.5S"/>',
        '<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>WAHR</text:p></table:table-cell>',
        '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" calcext:value-type="error">'
        "<text:p>#N/A</text:p></table:table-cell>",
        '<table:table-cell office:value-type="string"><office:annotation><text:p>ask her</text:p></office:annotation>'
        "<text:p>a<text:s text:c=\"2\"/><text:span>b</text:span>c</text:p><text:p>d</text:p></table:table-cell>",
        '<table:table-cell office:value-type="percentage" office:value="0.125"/>', "<table:table-cell/>",
        '<table:table-cell office:value-type="float" office:value="12345678901234567"/>',
    ]  # fmt: skip
    head = "".join(ods_cell(name) for name in "abcdefghijk")
    rows = f'<table:table-row>{head}</table:table-row><table:table-row>{"".join(cells)}</table:table-row>'
    body = f'<table:table table:name="D">{rows}</table:table>'
    assert [*put("a.ods", ods_file(body)).table.to_pylist()[0].values()] == [
        "001", "50", "2024-03-05", "2024-03-05T14:00:30.500", "30:05:01.500", "true", "#N/A", "a  bc\nd", "0.125", None,
        "12345678901234567", 1,
    ]  # fmt: skip


def test_repeated_hidden_and_far_away_rows_of_an_open_document(put):
    row = "<table:table-row{}>{}</table:table-row>"
    body = (
        row.format("", ods_cell("id") + ods_cell("x"))
        + row.format(' table:number-rows-repeated="2"', ods_cell("7", ' table:number-columns-repeated="2"'))
        + row.format(' table:visibility="filter"', ods_cell("8"))
        + row.format(' table:number-rows-repeated="1048000"', '<table:table-cell table:number-columns-repeated="1024"/>')
    )
    hidden = '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
    first = f'<table:table table:name="Lists" table:style-name="ta2">{row.format("", ods_cell("list"))}</table:table>'
    cells = put("a.ods", ods_file(f'{first}<table:table table:name="Data">{body}</table:table>', hidden))
    assert [tuple(r.values()) for r in cells.table.to_pylist()] == [("7", "7", 1), ("7", "7", 2), ("8", None, 3)]
    assert cells.notes == ["1 hidden row(s) are read like all others"]
    named = put("a.ods", ods_file(f'{first}<table:table table:name="Data">{body}</table:table>'), sheet="Lists")
    assert named.table.column_names == ["list", ROW]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('<table:table table:name="D"><table:table-row table:number-rows-repeated="99999999">'
         f'{ods_cell("x")}</table:table-row></table:table>', "repeated more often"),
        ('<table:table table:name="D"><table:table-row><table:table-cell table:number-columns-repeated="x"/></table:table-row>'
         "</table:table>", "damaged"),
        ("<table:table table:name='D'></table:table>", "the header, is blank"),
    ],
)  # fmt: skip
def test_dangerous_or_empty_open_documents_are_refused(put, body, told):
    with pytest.raises(ReadError, match=told):
        put("a.ods", ods_file(body))


def header_book(kind):
    """Two header rows, the upper one merged over two columns."""
    if kind == "xls":
        def more(book, sheet):
            sheet.write_merge(0, 0, 1, 2, "SUDS")

        return "a.xls", xls_book([["id"], ["", "begin", "end"], ["1", 50, 20]], more=more)
    if kind == "ods":
        top = ods_cell("id") + ods_cell("SUDS", ' table:number-columns-spanned="2"') + "<table:covered-table-cell/>"
        rows = [top, ods_cell("") + ods_cell("begin") + ods_cell("end"), ods_cell("1") + ods_cell(50) + ods_cell(20)]
        body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
        return "a.ods", ods_file(f'<table:table table:name="D">{body}</table:table>')
    if kind == "csv":
        return "a.csv", b"id,SUDS,SUDS\n,begin,end\n1,50,20\n"
    book = openpyxl.Workbook()
    for row in (["id", "SUDS", None], [None, "begin", "end"], ["1", 50, 20]):
        book.active.append(row)
    book.active.merge_cells("B1:C1")
    out = io.BytesIO()
    book.save(out)
    return "a.xlsx", out.getvalue()


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods", "csv"])
def test_a_header_of_two_rows_gives_joined_names(put, kind):
    name, data = header_book(kind)
    cells = put(name, data, header_rows=2)
    assert cells.table.to_pylist() == [{"id": "1", "SUDS begin": "50", "SUDS end": "20", ROW: 1}]
    assert not cells.notes


def test_a_password_or_another_content_is_told(put):
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    cases = {
        "a.xls": [(ole + "EncryptedPackage".encode("utf-16-le"), "password"), (b"<html><table>", "a web page"),
                  (b"a\tb\n1\t2\n", "is none"), (ole, "damaged, cut"), (b"PK\x03\x04x", "damaged zip")],
        "a.ods": [(xlsb(2), "a binary Excel workbook"), (b"PK\x03\x04x", "damaged")],
    }  # fmt: skip
    for name, several in cases.items():
        for data, told in several:
            with pytest.raises(ReadError, match=told):
                put(name, data)


def test_dates_written_by_xlwt_come_back(put):
    days = [dt.datetime(1999, 12, 31), dt.datetime(2024, 2, 29), dt.datetime(2024, 10, 27, 2, 30)]
    cells = put("a.xls", xls_book([["at"], *([(d, "yyyy-mm-dd hh:mm:ss")] for d in days)]))
    assert column(cells, "at") == [d.isoformat() for d in days]
