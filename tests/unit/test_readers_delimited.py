"""Delimited text: every cell comes back as it was written, and rows that cannot are named one by one."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.readers import ROW, Cells, ReadOptions, read
from schemas.findings import ReadError


@pytest.fixture
def text(tmp_path):
    def _read(content: bytes | str, name: str = "doses.csv", **options) -> Cells:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read(path, ReadOptions(**options))

    return _read


def rows(cells: Cells) -> list[tuple]:
    """(_row, cells ...) of each row."""
    names = [n for n in cells.table.column_names if n != ROW]
    return [(r[ROW], *(r[n] for n in names)) for r in cells.table.to_pylist()]


def bad(cells: Cells) -> list[tuple[int, int, str]]:
    return [(r.row, r.line, r.why) for r in cells.ragged]


def test_every_cell_is_text_and_a_blank_one_is_null(text):
    cells = text("id,dose,at\n001,50.0,2024-03-05\n002,,\n")
    assert rows(cells) == [(1, "001", "50.0", "2024-03-05"), (2, "002", None, None)]
    assert {str(f.type) for f in cells.table.schema} == {"string", "int64"}
    assert cells.encoding == "utf-8"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(text, delimiter):
    assert rows(text(f"id{delimiter}dose\n1{delimiter}50,5 mg; | x\n".replace("50,5 mg; | x", "50"))) == [(1, "1", "50")]


def test_a_delimiter_within_quotes_of_the_header_does_not_count(text):
    assert text('"a,b,c";d\n1;2\n').table.column_names == ["a,b,c", "d", ROW]


def test_a_declared_delimiter_is_not_doubted(text):
    assert rows(text("a,b;c\n1,2;3\n", delimiter=";")) == [(1, "1,2", "3")]


def test_the_delimiter_excel_names_in_its_first_line_is_used(text):
    assert rows(text("sep=;\nid;dose\n1;2,5\n")) == [(1, "1", "2,5")]


def test_header_names_are_trimmed_and_made_unique(text):
    cells = text("\ufeff id\u00a0,dose,,dose,Dosis\u00a0mg,_row\n1,2,3,4,5,6\n")
    assert cells.table.column_names == ["id", "dose", "#3", "dose#2", "Dosis mg", "_row#2", ROW]
    assert len(cells.notes) == 3


def test_quoted_newlines_and_doubled_quotes_are_part_of_the_cell(text):
    cells = text('id,note\n1,"two\nlines, ""quoted"""\n2,x\n')
    assert rows(cells) == [(1, "1", 'two\nlines, "quoted"'), (2, "2", "x")]
    assert not cells.ragged


def test_a_row_too_short_or_too_long_is_taken_out_and_the_rest_goes_on(text):
    cells = text("a,b,c\n1,2,3\n1,2\n1,2,3,4\n4,5,6\n")
    assert rows(cells) == [(1, "1", "2", "3"), (4, "4", "5", "6")]
    assert bad(cells) == [(2, 3, "2 cells where the header has 3"), (3, 4, "4 cells where the header has 3")]


def test_row_numbers_pass_over_blank_lines_and_lines_are_those_of_the_file(text):
    cells = text('a,b\n\n1,"x\ny"\n   \n\n2\n3,z\n')
    assert rows(cells) == [(1, "1", "x\ny"), (3, "3", "z")]
    assert bad(cells) == [(2, 7, "1 cells where the header has 2")]


def test_a_row_of_blank_cells_keeps_its_number_but_is_no_row(text):
    cells = text("a;b\n1;2\n;\n3;4\n")
    assert rows(cells) == [(1, "1", "2"), (3, "3", "4")]
    assert cells.notes == ["1 row(s) without a filled cell are left out"]


def test_a_stray_opening_quote_costs_its_own_row_only(text):
    cells = text('a,b,c\n1,"x,2\n2,y,3\n3,"z",4\n4,w,5\n')
    assert rows(cells) == [(2, "2", "y", "3"), (3, "3", "z", "4"), (4, "4", "w", "5")]
    assert bad(cells) == [(1, 2, "text follows a closing quote")]


def test_rows_between_two_stray_quotes_are_kept_and_both_ends_taken_out(text):
    cells = text('a,b,c\n1,"x,2\n2,y,3\n3,z",4\n4,w,5\n')
    assert rows(cells) == [(2, "2", "y", "3"), (4, "4", "w", "5")]
    assert bad(cells) == [
        (1, 2, "a quoted cell seems to hold a whole row: a quote is missing or too many"),
        (3, 4, "it stands within a quoted cell of a row before it"),
    ]


def test_lines_of_a_doubtful_cell_are_all_reported_when_not_all_are_rows(text):
    cells = text('a,b,c\n1,"x\n2,y,3\nfree text\n3,z",4\n4,w,5\n')
    assert rows(cells) == [(5, "4", "w", "5")]
    assert [r.line for r in cells.ragged] == [2, 3, 4, 5]


def test_free_text_with_commas_on_its_second_line_is_no_swallowed_row(text):
    cells = text('id,note,by\n1,"slept badly\nthen headache, nausea, dizziness",x\n')
    assert rows(cells) == [(1, "1", "slept badly\nthen headache, nausea, dizziness", "x")]


def test_swallowed_rows_are_found_where_a_space_follows_each_delimiter(text):
    assert bad(text('a, b, c\n1,"x, 2\n2, y, 3\n3, z",4\n4, w, 5\n'))[0][0] == 1


def test_a_quote_open_at_the_end_of_the_file_does_not_swallow_rows(text):
    cells = text('a,b\n1,"x\n2,y\n3,z\n')
    assert rows(cells) == [(2, "2", "y"), (3, "3", "z")]
    assert [r.row for r in cells.ragged] == [1]


def test_a_quote_within_a_plain_cell_is_text(text):
    assert rows(text('a,b\n1,5" tube\n2,"q"\n3,x"y"z\n')) == [(1, "1", '5" tube'), (2, "2", "q"), (3, "3", 'x"y"z')]


def test_quoting_can_be_another_character_or_off(text):
    assert rows(text("a,b\n1,'x,y'\n", quote="'")) == [(1, "1", "x,y")]
    assert rows(text('a,b\n1,"x\n', quote="")) == [(1, "1", '"x')]


def test_a_row_with_a_nul_byte_is_taken_out(text):
    cells = text(b"a,b\n1,x\n2,\x00\n3,z\n")
    assert rows(cells) == [(1, "1", "x"), (3, "3", "z")]
    assert bad(cells) == [(2, 3, "a cell holds a NUL byte")]


def test_a_cut_last_row_is_ragged_and_a_missing_last_line_end_is_not(text):
    assert bad(text("a,b\n1,2\n3"))[0][0] == 2
    assert rows(text("a,b\n1,2\n3,4")) == [(1, "1", "2"), (2, "3", "4")]


def test_a_file_of_zero_bytes_is_an_error_and_a_header_alone_is_not(text):
    with pytest.raises(ReadError, match="0 bytes"):
        text("")
    assert rows(text("a,b")) == []
    assert text("a,b\r\n").table.column_names == ["a", "b", ROW]


def test_title_lines_and_trailing_notes_are_left_out(text):
    sent = "Trial sad01\n\nid,dose\n1,50\n2,50\nTotal: 2\nprinted by x\n"
    assert rows(text(sent, header_row=3, skip_end=2)) == [(1, "1", "50"), (2, "2", "50")]
    cells = text(sent, header_row=3, end_at="Total")
    assert rows(cells) == [(1, "1", "50"), (2, "2", "50")]
    assert not cells.ragged


def test_a_ragged_row_says_its_line_below_title_lines(text):
    assert bad(text("title\nid,dose\n1,50\n2\n", header_row=2)) == [(2, 4, "1 cells where the header has 2")]


def test_an_end_that_never_comes_is_noted(text):
    cells = text("id\n1\n2\n", end_at="Total")
    assert len(rows(cells)) == 2
    assert "no row matches end_at; every row was read as data" in cells.notes


def test_a_header_row_beyond_the_file_or_blank_is_an_error(text):
    with pytest.raises(ReadError, match="no line 5"):
        text("a,b\n1,2\n", header_row=5)
    with pytest.raises(ReadError, match="blank"):
        text("\na,b\n")


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16-le"), ("utf-16-le", "utf-16-le"), ("cp1252", "cp1252")],
)
def test_the_encoding_is_found_out_and_recorded(text, encoding, found):
    cells = text("größe;für\n1;Müller\n".encode(encoding))
    assert (cells.encoding, rows(cells)) == (found, [(1, "1", "Müller")])
    assert cells.table.column_names[0] == "größe"


def test_letters_of_another_script_are_recognised_when_there_are_enough(text):
    assert text("имя;доза\nутром;пятьдесят миллиграмм\n".encode("cp1251")).encoding == "cp1251"


def test_a_guessed_encoding_is_noted(text):
    assert any("a guess" in note for note in text("ü\n1\n".encode("cp1252")).notes)


def test_a_declared_encoding_that_does_not_fit_is_an_error_and_never_a_replacement_character(text):
    with pytest.raises(ReadError, match="utf-8 does not fit"):
        text("größe\n1\n".encode("cp1252"), encoding="utf-8")
    with pytest.raises(ReadError, match="marked as utf-8"):
        text("größe\n1\n".encode("utf-8-sig"), encoding="latin-1")
    with pytest.raises(ReadError, match="no known encoding"):
        text("a\n1\n", encoding="utf-9")


def test_a_file_cut_within_a_character_is_told_as_cut_and_not_read_in_another_encoding(text):
    for encoding in ("utf-16", "utf-8", None):
        whole = "größe;maß\n1;ü".encode(encoding or "utf-8")
        with pytest.raises(ReadError, match="the file is cut"):
            text(whole[:-1], encoding=encoding)


def test_a_declared_encoding_is_used(text):
    assert rows(text("a\nŁódź\n".encode("cp1250"), encoding="cp1250")) == [(1, "Łódź")]


def test_utf8_declared_as_latin1_is_read_as_told_and_noted(text):
    assert any("valid UTF-8" in note for note in text("a\nü\n", encoding="latin-1").notes)


def test_a_carriage_return_ends_a_line(text):
    assert rows(text(b"a,b\r1,2\r3,4\r")) == [(1, "1", "2"), (2, "3", "4")]


def test_a_row_longer_than_a_block_is_read(text):
    long = "x" * 9_000_000
    assert [len(r[2]) for r in rows(text(f"a,b\n1,{long}\n2,y\n"))] == [9_000_000, 1]


CELL = st.text(alphabet=st.sampled_from("ab\"',;\t|\n\r é5"), max_size=8)


@settings(max_examples=300, deadline=None)
@given(
    table=st.integers(3, 5).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=6)),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_what_the_csv_module_writes_is_read_back_cell_by_cell(
    tmp_path_factory, table, delimiter, quoting, line_end, encoding
):
    wide = len(table[0])
    if quoting == csv.QUOTE_MINIMAL and line_end == "\n":  # the module leaves a carriage return bare there
        table = [[c.replace("\r", "") for c in row] for row in table]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=line_end)
    writer.writerow([f"c{i}" for i in range(wide)])
    writer.writerows(table)
    path = tmp_path_factory.getbasetemp() / "property.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    cells = read(path, ReadOptions(encoding=encoding, delimiter=delimiter))
    suspicious = [any(_lines_with(c, delimiter) >= wide - 1 for c in row) for row in table]
    expected = [
        (number, *(c or None for c in row))
        for number, (row, odd) in enumerate(zip(table, suspicious, strict=True), start=1)
        if not odd and any(row)
    ]
    if not any(suspicious):
        assert rows(cells) == expected
        assert not cells.ragged
    else:
        assert cells.ragged, "a cell that looks like a swallowed row is reported"
        assert {r[1:] for r in rows(cells)} >= {r[1:] for r in expected}


def _lines_with(cell: str, delimiter: str) -> int:
    """Most delimiters, those before a space left out, in a line of the cell after its first."""
    lines = cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")[1:]
    return max((line.count(delimiter) - line.count(delimiter + " ") for line in lines), default=0)


@settings(max_examples=200, deadline=None)
@given(broken=st.lists(st.sampled_from(['1,"x,2', '1,x",2', '1,"x"y,2', "1,2", "1,2,3,4", "1,\0,2", '1,5" t,2']), max_size=6))
def test_whatever_is_broken_every_row_comes_back_as_sent_or_is_reported(tmp_path_factory, broken):
    lines = [line for i, odd in enumerate(broken) for line in (f"ok{i},p,q", odd)] + ["end,p,q"]
    path = tmp_path_factory.getbasetemp() / "broken.csv"
    path.write_text("a,b,c\n" + "\n".join(lines) + "\n")
    cells = read(path)
    got = rows(cells)
    assert {number: ",".join(cell) for number, *cell in got}.items() <= dict(enumerate(lines, start=1)).items()
    assert {number for number, *_ in got} | {r.row for r in cells.ragged} == set(range(1, len(lines) + 1))
    assert len(got) + len(cells.ragged) == len(lines)
    assert [r.line for r in cells.ragged] == [r.row + 1 for r in cells.ragged]


def test_many_broken_rows_over_many_pieces_keep_the_numbers_true(text):
    lines = [f'{i},"odd,x' if i % 97 == 0 else f'{i},5" tube,x' if i % 89 == 0 else f"{i},plain,x" for i in range(1, 20_001)]
    cells = text("a,b,c\n" + "\n".join(lines) + "\n")
    assert [r.row for r in cells.ragged] == list(range(97, 20_001, 97))
    assert all(str(number) == first for number, first, *_ in rows(cells))


def test_no_cell_is_in_an_error_or_a_reason(text):
    cells = text('a,b\nSECRET,"x"SECRET\nSECRET\n')
    assert all("SECRET" not in r.why for r in cells.ragged)


@pytest.mark.parametrize(
    ("end", "line"),
    [
        ('{"error":"no memory"}', 4), ('{"error":"no memory, none"}\n', 4), ('3,5{"error":"no memory"}\n', 4), ("ERROR: no memory\n", 4),
        ("<!DOCTYPE html>\n<html><head><title>a, b</title>\n<body>Sorry\n</body>\n</html>\n", 4),
        ('3,"cut <br />\n<b>Fatal error</b>:  Allowed memory size of 134217728 bytes exhausted<br />\n', 5),
    ],
)  # fmt: skip
def test_an_export_that_ends_in_an_error_message_broke_off(text, end, line):
    with pytest.raises(ReadError, match=f"line {line} is an error message .* so the export broke off"):
        text("id,note\n1,x\n2,y\n" + end)


def test_words_of_an_error_in_a_cell_or_between_rows_are_no_end(text):
    cells = text('id,note\n1,"ERROR: it said"\n2,"<html> he wrote"\n')
    assert rows(cells) == [(1, "1", "ERROR: it said"), (2, "2", "<html> he wrote")]
    cells = text("id,note\n<b>Fatal error</b>: x\n1,x\n2,y\n3,z\n")
    assert bad(cells) == [(1, 2, "1 cells where the header has 2")]
