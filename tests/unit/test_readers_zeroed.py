"""Zero bytes over a part of an SPSS, Stata or SAS file: the rows they touched are set aside, and no row of a clean file is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from flows.readers import ROW, read
from flows.readers.zeroed import WHY, Place, overwritten
from schemas.findings import ReadError

ROWS = 60
DAY = 86_400


def _suds(date) -> pd.DataFrame:
    """Exercises of ten participants: every sixth rating is 0, every seventh is missing."""
    n = np.arange(ROWS)
    ratings = [np.where(n % 7 == lag, np.nan, np.where(n % 6 == lag, 0.0, 10.0 + n % 80)) for lag in range(3)]
    texts = {"id": [f"S-{i // 6:03d}" for i in n], "why": ["" if i % 5 else "left the room" for i in n]}
    return pd.DataFrame(
        {"id": texts["id"], "no": 1.0 + n % 6, "day": date + n // 6, **dict(zip("bpe", ratings, strict=True)), "why": texts["why"]}
    )


def _sav(path, **how):
    frame = _suds(0)
    pyreadstat.write_sav(frame.assign(day=(frame["day"] + 161_500.0) * DAY), path, variable_format={"day": "EDATE10"}, **how)


def _dta(path, version=15):
    pyreadstat.write_dta(_suds(23_000.0), path, variable_format={"day": "%td"}, version=version)


def _xpt(path):
    pyreadstat.write_xport(_suds(23_000.0), path, variable_format={"day": "DATE9."}, file_format_version=5)


WRITERS = {
    "plain.sav": _sav,
    "packed.sav": lambda path: _sav(path, row_compress=True),
    "new.dta": _dta,
    "old.dta": lambda path: _dta(path, 12),
    "x.xpt": _xpt,
}
#: Bytes of a row where rows have one width, and of what follows the last.
WIDTHS = {"plain.sav": 8 * 8, "new.dta": 5 + 5 * 8 + 13, "old.dta": 5 + 5 * 8 + 13, "x.xpt": 5 + 5 * 8 + 13}


@pytest.fixture(params=sorted(WRITERS))
def site(request, tmp_path):
    path = tmp_path / request.param
    WRITERS[request.param](path)
    return path


def _starts_of_rows(path) -> int:
    """Where the first row begins: its identifier."""
    return path.read_bytes().rfind(b"S-000", 0, path.read_bytes().find(b"S-001")) - 5 * WIDTHS[path.name]


def _zero(path, at: int, length: int) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:at] + bytes(length) + data[at + length :])


def told(path):
    cells = read(path)
    assert {r.why for r in cells.ragged} <= {WHY}
    assert cells.table.num_rows + len(cells.ragged) == ROWS
    return [r.row for r in cells.ragged]


def test_a_clean_file_has_no_row_that_zero_bytes_overwrote(site):
    assert told(site) == []


@pytest.mark.parametrize("name", sorted(WIDTHS))
def test_zeroes_over_rows_tell_these_and_both_that_they_touched(tmp_path, name):
    path, width = tmp_path / name, WIDTHS[name]
    WRITERS[name](path)
    start = _starts_of_rows(path)
    # from the day of row 11 up to the number of row 15
    _zero(path, start + 10 * width + width - 13 - 4 * 8, 4 * width)
    assert told(path) == [11, 12, 13, 14, 15]


@pytest.mark.parametrize("name", sorted(WIDTHS))
def test_zeroes_that_lead_from_the_ratings_of_one_row_into_the_next_tell_both(tmp_path, name):
    path, width = tmp_path / name, WIDTHS[name]
    WRITERS[name](path)
    start = _starts_of_rows(path)
    _zero(path, start + 30 * width - 13 - 8 - (3 if name == "plain.sav" else 0), 13 + 3 + 8 + 8 + 8)
    assert told(path) == [30, 31]


@pytest.mark.parametrize("name", sorted(WIDTHS))
def test_a_date_of_day_nought_beside_a_rating_of_nought_tells_the_row(tmp_path, name):
    path, width = tmp_path / name, WIDTHS[name]
    WRITERS[name](path)
    day = _starts_of_rows(path) + 21 * width + (16 if name == "plain.sav" else 13)
    _zero(path, day, 16)
    assert told(path) == [22]


@pytest.mark.parametrize("written", ["1.5", "text"])
def test_a_value_of_a_compressed_file_that_an_opcode_would_say_tells_its_row(tmp_path, written):
    path = tmp_path / "x.sav"
    pyreadstat.write_sav(
        pd.DataFrame({"id": [f"S-{i:04d}" for i in range(40)], "x": [1.5 if i % 2 else 2.0 for i in range(40)]}), path, row_compress=True
    )
    assert read(path).ragged == []
    data = path.read_bytes()
    one = data.rfind(np.float64(1.5).tobytes() if written == "1.5" else b"S-0039  ")
    path.write_bytes(data[:one] + bytes(8) + data[one + 8 :])
    assert [(r.row, r.why) for r in read(path).ragged] == [(40, WHY)]


def test_a_zero_byte_anywhere_in_a_compressed_file_moves_no_value_to_another_row(tmp_path):
    """One opcode lost, and all values behind it stood in the place of their neighbour."""
    path = tmp_path / "x.sav"
    frame = pd.DataFrame({"id": [f"S-{i:04d}" for i in range(8)], "x": [i + 0.5 for i in range(8)], "n": np.arange(8.0), "y": 1.0})
    pyreadstat.write_sav(frame, path, row_compress=True)
    whole, data = read(path).table.to_pylist(), path.read_bytes()
    for at in range(data.find(b"S-0000") - 8, len(data)):
        path.write_bytes(data[:at] + b"\0" + data[at + 1 :])
        try:
            rows = {row[ROW]: row for row in read(path).table.to_pylist()}
        except ReadError:
            continue
        assert sum(rows.get(row[ROW], row) != row for row in whole) <= 1


def test_a_number_whose_first_byte_alone_is_zero_tells_its_row(tmp_path):
    path = tmp_path / "new.dta"
    _dta(path)
    start = _starts_of_rows(path)
    _zero(path, start + 4 * WIDTHS["new.dta"] + 5 + 7, 1)
    assert told(path) == [5]


def test_zeroes_that_are_answers_are_none_that_damage_left():
    """A page of answers, each 0, in three rows one after the other, beside identifiers: any such row is a participant who feels well."""
    rows = np.frombuffer(b"".join(b"S%03d" % n + (bytes(20) if n in (5, 6, 7) else b"\1" * 20) for n in range(30)), np.uint8)
    places = [Place(0, 4), *(Place(4 + i, 1) for i in range(20))]
    assert overwritten(rows.reshape(30, 24), places).tolist() == []


def test_texts_of_a_writer_that_fills_them_up_with_nul_are_whole():
    rows = np.frombuffer(b"".join((b"F\0\0\0" if n % 2 else b"male") + b"%03d " % n for n in range(30)), np.uint8)
    assert overwritten(rows.reshape(30, 8), [Place(0, 4, "blank"), Place(4, 3, "blank")]).tolist() == []


def test_rows_keep_their_numbers_when_others_are_set_aside(tmp_path):
    path = tmp_path / "x.xpt"
    _xpt(path)
    _zero(path, _starts_of_rows(path) + 10 * WIDTHS["x.xpt"], 2 * WIDTHS["x.xpt"])
    numbers = read(path).table[ROW].to_pylist()
    assert numbers[9:11] == [10, 13]
