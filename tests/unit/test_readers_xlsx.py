"""Excel workbooks: each cell keeps its own kind, whatever stands above or below it."""

from __future__ import annotations

import datetime as dt
import zipfile

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from flows.readers import ROW, ReadOptions, read
from flows.readers.number_formats import format_kind
from schemas.findings import ReadError

MIXED = [
    ("001", "001"),
    (50, "50"),
    (50.0, "50"),
    (0.1, "0.1"),
    (1e-7, "0.0000001"),
    (45356.5, "45356.5"),
    (dt.date(2024, 3, 5), "2024-03-05"),
    (dt.datetime(2024, 3, 5, 14), "2024-03-05T14:00:00"),
    (dt.datetime(2024, 3, 5, 14, 0, 30, 500000), "2024-03-05T14:00:30.500"),
    (dt.datetime(2024, 3, 5), "2024-03-05T00:00:00"),
    (dt.time(14), "14:00:00"),
    (dt.timedelta(hours=30), "30:00:00"),
    (True, "true"),
    (False, "false"),
    ("#N/A", "#N/A"),
    ("  x  ", "  x  "),
    ("two\nlines", "two\nlines"),
    ("2024-03-05", "2024-03-05"),
    ("Müller", "Müller"),
]


@pytest.fixture
def workbook(tmp_path):
    """Write rows (and more sheets) to a workbook, read one sheet back."""

    def _read(rows, sheets=(), is_1904=False, **options):
        book = openpyxl.Workbook()
        if is_1904:
            book.epoch = CALENDAR_MAC_1904
        book.active.title = "Data"
        for name, several in [("Data", rows), *sheets]:
            sheet = book[name] if name in book.sheetnames else book.create_sheet(name)
            for row in several:
                sheet.append(row)
        book.save(tmp_path / "site.xlsx")
        return read(tmp_path / "site.xlsx", ReadOptions(**options))

    return _read


def rows(cells):
    names = [n for n in cells.table.column_names if n != ROW]
    return [(r[ROW], *(r[n] for n in names)) for r in cells.table.to_pylist()]


@pytest.mark.parametrize("is_1904", [False, True])
def test_a_column_of_mixed_cells_keeps_each_as_it_is(workbook, is_1904):
    cells = workbook([["mixed"], *([value] for value, _ in MIXED)], is_1904=is_1904)
    assert cells.table["mixed"].to_pylist() == [text for _, text in MIXED]


def test_both_calendars_agree_with_openpyxl_on_real_dates(workbook, tmp_path):
    days = [dt.date(1999, 12, 31), dt.date(2000, 2, 29), dt.date(2024, 10, 27), dt.date(1905, 1, 1)]
    for is_1904 in (False, True):
        got = workbook([["on"], *([d] for d in days)], is_1904=is_1904).table["on"].to_pylist()
        sheet = openpyxl.load_workbook(tmp_path / "site.xlsx").active
        assert got == [r[0].date().isoformat() for r in sheet.iter_rows(min_row=2, values_only=True)]


def test_blank_rows_are_counted_but_no_rows(workbook):
    assert rows(workbook([["a", "b"], [1, 2], [None, None], [3, None]])) == [(1, "1", "2"), (3, "3", None)]


def test_title_rows_and_trailing_notes_are_left_out(workbook):
    sent = [["Trial sad01"], [], ["id", "dose"], [1, 50], [2, 50], [], ["Total", 2], ["printed by"]]
    assert rows(workbook(sent, header_row=3, skip_end=2)) == [(1, "1", "50"), (2, "2", "50")]
    assert rows(workbook(sent, header_row=3, end_at="Total")) == [(1, "1", "50"), (2, "2", "50")]


def test_a_sheet_is_chosen_by_name_or_number(workbook):
    other = [("Doses", [["dose"], [25]])]
    assert rows(workbook([["a"], [1]], other, sheet="Doses")) == [(1, "25")]
    assert rows(workbook([["a"], [1]], other, sheet=2)) == [(1, "25")]
    assert "none is named" in workbook([["a"], [1]], other).notes[0]
    with pytest.raises(ReadError, match=r"no sheet 'Dosen'; there are \['Data', 'Doses'\]"):
        workbook([["a"], [1]], other, sheet="Dosen")


def test_blank_and_repeated_names_are_made_unique_by_sheet_column(workbook):
    cells = workbook([["a", None, "a", None], [1, 2, 3, None]])
    assert cells.table.column_names == ["a", "#2", "a#2", ROW]
    assert len(cells.notes) == 2


def test_a_formula_without_a_computed_value_is_no_blank_and_noted(workbook):
    cells = workbook([["a", "b"], [1, "=A2*2"], [None, "=A3*2"]])
    assert rows(cells) == [(1, "1", "#NO VALUE")]
    assert cells.notes[0] == "2 formula cell(s) hold no computed value and are read as '#NO VALUE'"


@pytest.fixture
def column(tmp_path):
    """Write a column of (value, number format), read it back."""

    def _read(*cells):
        book = openpyxl.Workbook()
        book.active["A1"] = "x"
        for row, (value, shown) in enumerate(cells, start=2):
            book.active.cell(row, 1, value).number_format = shown
        book.save(tmp_path / "s.xlsx")
        return read(tmp_path / "s.xlsx")

    return _read


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        # most cells are plain: those with words are read as they are shown
        ([(70, "General"), (154, '0" lb"'), (81, "0")], ["70", "154 lb", "81"]),
        ([(70, "General"), (0.19, "0%"), (81, "0")], ["70", "19%", "81"]),
        ([(50, "General"), (50, "0.0"), (0.05, '0.00\\ "g"')], ["50", "50", "0.05 g"]),
        # all of a column is shown one way
        ([(0.5, "0%"), (0.19, "0.0%")], ["0.5", "0.19"]),
        ([(50, '0" mg"'), (25, '0" mg"')], ["50", "25"]),
        # a month that was typed, a month that is only shown, a year
        ([(dt.date(2024, 3, 1), "mmm-yy"), (dt.date(2024, 3, 5), "yyyy-mm-dd")], ["2024-03", "2024-03-05"]),
        ([(dt.date(2024, 3, 1), "mmm-yy"), (dt.date(2024, 3, 5), "mmm-yy")], ["2024-03-01", "2024-03-05"]),
        ([(dt.date(2024, 1, 1), "yyyy"), (dt.date(2024, 3, 5), "dd/mm/yyyy")], ["2024", "2024-03-05"]),
        # a day whose year Excel made up
        ([(dt.date(2024, 11, 5), "d-mmm")] + [(dt.date(2023, 3, 5), "yyyy-mm-dd")] * 2, ["5 Nov", "2023-03-05", "2023-03-05"]),
        ([(dt.date(2024, 11, 5), "d-mmm"), (dt.date(2024, 11, 6), "d-mmm")], ["2024-11-05", "2024-11-06"]),
    ],
)
def test_a_cell_that_shows_another_thing_than_most_of_its_column_is_read_as_it_is_shown(column, cells, texts):
    assert column(*cells).table["x"].to_pylist() == texts


def test_words_that_all_numbers_of_a_column_are_shown_with_are_told(column):
    assert column((50, '0" lb"'), (25, '0" lb"')).remarks == ["column 'x' shows its numbers with 'lb', which is not read"]


def test_dates_that_a_program_took_in_the_wrong_order_are_doubtful(column):
    typed = [(dt.date(2024, 4, 3), "dd/mm/yyyy"), (dt.date(2024, 5, 12), "dd/mm/yyyy"), (dt.date(2024, 1, 2), "dd/mm/yyyy")]
    written = [("25/04/2024", "General"), ("13/05/2024", "General"), ("30/01/2024", "General")]
    (told,) = column(*typed, *written).doubts
    assert told.startswith("column 'x': 3 dates are stored as dates, none after the 12th, and 3 are text, all after it")
    assert column(*typed, (dt.date(2024, 4, 13), "dd/mm/yyyy"), *written).doubts == []
    assert column(*typed, ("03/04/2024", "General"), *written).doubts == []
    assert column(*typed[:2], *written).doubts == []


STRUCK, RAISED, PLAIN_RUN = InlineFont(strike=True), InlineFont(vertAlign="superscript"), InlineFont()


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ([(STRUCK, "4"), (PLAIN_RUN, "5")], "~4~5"),
        ([(STRUCK, "Prozac"), (PLAIN_RUN, " Zoloft")], "~Prozac~ Zoloft"),
        ([(PLAIN_RUN, "5"), (RAISED, "1")], "5^1"),
        ([(RAISED, "1"), (PLAIN_RUN, "5")], "1^5"),
        ([(PLAIN_RUN, "kg/m"), (RAISED, "2")], "kg/m2"),
        ([(STRUCK, "4"), (STRUCK, "5")], "45"),
    ],
)
def test_parts_of_a_cell_that_are_struck_or_raised_make_no_new_number(column, runs, text):
    assert column((CellRichText(*(TextBlock(font, part) for font, part in runs)), "General")).table["x"].to_pylist() == [text]


def test_a_blank_header_row_is_an_error(workbook):
    with pytest.raises(ReadError, match="header, is blank"):
        workbook([[], ["a"], [1]])


def test_merged_and_hidden_cells_are_noted(tmp_path):
    book = openpyxl.Workbook()
    for row in (["a", "b"], [1, 2], [3, 4]):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.active.merge_cells("A2:B2")
    book.save(tmp_path / "s.xlsx")
    assert len(read(tmp_path / "s.xlsx").notes) == 2


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", ""), ("0.00", ""), ("@", ""), ('0.0" mg"', ""), ("[Red]0", ""), ("0.00E+00", ""), ('"Day" 0', ""),
        ("yyyy\\-mm\\-dd", "date"), ("[$-407]d. mmmm yyyy;@", "date"), ("mmm-yy", "date"),
        ("h:mm AM/PM", "time"), ("mm:ss.0", "time"), ("[h]:mm:ss", "duration"),
        ("dd/mm/yyyy hh:mm", "datetime"), ("[$-409]m/d/yy h:mm AM/PM;@", "datetime"),
    ],
)  # fmt: skip
def test_a_number_format_says_what_it_shows(code, kind):
    assert format_kind(code) == kind


def test_other_files_under_the_name_of_a_workbook_are_named(tmp_path):
    cases = {
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"): "password-protected",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600: "old .* workbook",
        b"id,dose\n1,50\n": "the content is none",
        b"": "0 bytes",
        b"PK\x03\x04broken": "damaged",
    }
    for content, told in cases.items():
        path = tmp_path / "doses.xlsx"
        path.write_bytes(content)
        with pytest.raises(ReadError, match=told) as caught:
            read(path)
        assert "doses.xlsx" in str(caught.value) and "fix" in str(caught.value)


def test_a_zip_that_is_no_workbook_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("x.txt", "x")
    with pytest.raises(ReadError, match="the content is a zip archive"):
        read(tmp_path / "a.xlsx")


def test_a_workbook_under_the_name_of_a_csv_is_named(workbook, tmp_path):
    workbook([["a"], [1]])
    (tmp_path / "site.xlsx").rename(tmp_path / "site.csv")
    with pytest.raises(ReadError, match="Excel workbook"):
        read(tmp_path / "site.csv")


def test_an_unknown_ending_says_which_are_known(tmp_path):
    (tmp_path / "a.docx").write_bytes(b"x")
    with pytest.raises(ReadError, match=r"\.csv .*\.xlsx .*\.xpt"):
        read(tmp_path / "a.docx")
    with pytest.raises(ReadError, match="cannot be opened"):
        read(tmp_path / "missing.csv")
