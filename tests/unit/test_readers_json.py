"""JSON: records of any shape as cells, Dataset-JSON with the count it promises; digits are never changed."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.readers import ROW, ReadOptions, read
from schemas.findings import ReadError
from tests.unit.export_makers import dataset_ndjson, dataset_parts

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "dataset_json"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data is not beside this checkout")


@pytest.fixture
def js(tmp_path):
    def _read(text, name="x.json", **options):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(tmp_path / name, ReadOptions(**options))

    return _read


def rows(cells):
    return [{k: v for k, v in r.items() if v is not None} for r in cells.table.to_pylist()]


def test_records_become_rows_and_every_value_keeps_its_text(js):
    cells = js('[{"id": "001", "dose": 50.0, "x": 0.10, "big": 12345678901234567890, "small": -0.0, "ok": true, "no": null, "t": ""},'
               ' {"id": "  ", "dose": 1e3, "x": 1E-7, "huge": 1e400, "new\\nline": "a\\r\\nb", "ok": false}]')  # fmt: skip
    assert rows(cells) == [
        {"id": "001", "dose": "50", "x": "0.1", "big": "12345678901234567890", "small": "0", "ok": "true", ROW: 1},
        {"id": "  ", "dose": "1000", "x": "0.0000001", "huge": "1e400", "new\nline": "a\r\nb", "ok": "false", ROW: 2},
    ]
    assert cells.table.column_names[:3] == ["id", "dose", "x"]


def test_objects_in_a_record_and_lists_of_plain_values_become_columns(js):
    cells = js('[{"id": 1, "at": {"visit": "V1", "day": {"n": 3}}, "codes": ["a", "b"]}]')
    assert rows(cells) == [{"id": "1", "at.visit": "V1", "at.day.n": "3", "codes.1": "a", "codes.2": "b", ROW: 1}]


def test_records_within_records_are_read_by_their_path_with_what_stands_above(js):
    several = '{"id": 1, "doses": [{"mg": 50}, {"mg": 25}]}, {"id": 2, "doses": []}, {"id": 3, "doses": [{"mg": 5}]}'
    text = '{"site": "07", "subjects": [' + several + "]}"
    cells = js(text, sheet="subjects/doses")
    assert rows(cells) == [
        {"record.site": "07", "subjects.id": "1", "mg": "50", ROW: 1},
        {"record.site": "07", "subjects.id": "1", "mg": "25", ROW: 2},
        {"record.site": "07", "subjects.id": "3", "mg": "5", ROW: 3},
    ]
    outer = js(text)
    assert [r["id"] for r in rows(outer)] == ["1", "2", "3"]
    assert "lists of records in the records are not read: doses; read them with `sheet`" in outer.notes


def test_a_damaged_line_is_one_row_s_fault(js):
    cells = js('{"id": 1}\n\n{"id": 2\n[3]\n{"id": 4, "id": 5}\n{"id": 6}\n', "x.ndjson")
    assert rows(cells) == [{"id": "1", ROW: 1}, {"id": "6", ROW: 5}]
    assert [(r.row, r.line, r.why) for r in cells.ragged] == [
        (2, 3, "it is no JSON"), (3, 4, "it is no object"), (4, 5, "key 'id' is given twice with different values"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[{"id": 1}', "damaged or cut, in line 1"), ("[" * 100_000, "nested too deep|damaged"), ('{"a": 1}', "no list of records"),
        ('{"a": [{}], "b": [{}]}', "several lists of records: a, b"), ("id,dose\n1,2\n", "the content is none"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_records_is_told(js, text, told):
    with pytest.raises(ReadError, match=told):
        js(text)


def test_an_unknown_path_is_told_and_an_empty_list_is_not(js):
    with pytest.raises(ReadError, match="nothing at 'b'"):
        js('{"a": [{"id": 1}]}', sheet="b")
    assert js('{"a": []}', sheet="a").table.num_rows == 0


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress, lambda data: data])
def test_dataset_json_is_read_packed_and_plain(js, pack):
    cells = js(pack(dataset_ndjson(3)), "x.dsjc")
    assert [r["id"] for r in rows(cells)] == ["S001", "S002", "S003"]
    assert cells.about["dose"].label == "DOSE"


def test_a_dataset_with_more_or_fewer_rows_than_it_says_is_refused(js):
    meta, cells = dataset_parts(5)
    with pytest.raises(ReadError, match="says 5 records, but holds 4"):
        js(json.dumps(meta | {"rows": cells[:4]}))
    with pytest.raises(ReadError, match="says 4 records, but holds 5"):
        js(json.dumps(meta | {"rows": cells, "records": 4}))


def test_a_row_of_another_width_is_ragged(js):
    meta, cells = dataset_parts(3)
    got = js(json.dumps(meta | {"rows": [cells[0], cells[1][:2], [[1], 2, 3]]}))
    assert [r["id"] for r in rows(got)] == ["S001"]
    assert [(r.row, r.why) for r in got.ragged] == [(2, "2 cells where the columns are 3"), (3, "a cell holds a list or an object")]


def test_a_sas_date_number_is_the_date_its_format_says(js):
    on = {"name": "ON", "dataType": "integer", "displayFormat": "DATE9."}
    columns = [on, {"name": "AT", "dataType": "date", "displayFormat": "E8601DA."}]
    text = json.dumps({"datasetJSONVersion": "1.1.0", "records": 2, "columns": columns, "rows": [[23440, "2024-03-05"], [None, "2024-03"]]})
    assert rows(js(text)) == [{"ON": "2024-03-05", "AT": "2024-03-05", ROW: 1}, {"AT": "2024-03", ROW: 2}]


def test_version_1_0_is_read_too(js):
    group = {"records": 1, "name": "DM", "items": [{"name": "ID", "type": "string"}], "itemData": [["001"]]}
    assert rows(js(json.dumps({"clinicalData": {"itemGroupData": {"IG.DM": group}}}))) == [{"ID": "001", ROW: 1}]


def test_a_stream_that_unpacks_without_end_is_refused(js):
    with pytest.raises(ReadError, match="which no export needs"):
        js(zlib.compress(b" " * (80 * 2**20)), "x.dsjc")


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)


@settings(max_examples=80, deadline=None)
@given(values=st.lists(PLAIN, min_size=1, max_size=6))
def test_what_python_writes_is_read_as_the_same_value(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "p.json"
    path.write_text(json.dumps([{"k": "x", "v": v} for v in values]), encoding="utf-8")
    for value, got in zip(values, read(path).table["v"].to_pylist(), strict=True):
        if value is None or value == "":
            assert got is None
        elif isinstance(value, bool):
            assert got == str(value).lower()
        elif isinstance(value, str):
            assert got == value
        else:
            assert (float(got) if isinstance(value, float) else int(got)) == value


@needs_shared
@pytest.mark.parametrize("path", sorted(SHARED.iterdir()) if SHARED.is_dir() else [], ids=lambda p: p.name)
def test_shared_datasets_have_the_cells_of_their_json(path):
    cells = read(path)
    plain = json.loads((SHARED / f"{path.stem}.json").read_text(encoding="utf-8"))
    names = [c["name"] for c in plain["columns"]]
    assert cells.table.num_rows == plain["records"]
    for place, name in enumerate(names):
        for got, sent in zip(cells.table[name].to_pylist(), (row[place] for row in plain["rows"]), strict=True):
            assert (got or "") == ("" if sent is None else sent) if isinstance(sent, str | None) else float(got) == sent


@needs_shared
def test_the_three_forms_of_a_shared_dataset_are_alike():
    for name in ("ae", "ec"):
        forms = [read(SHARED / f"{name}.{ending}").table for ending in ("json", "ndjson", "dsjc")]
        assert forms[0].equals(forms[1]) and forms[0].equals(forms[2])


@pytest.mark.parametrize(("beside", "doubt"), [
    ('"total": 2, "page": 1, "next": null, "error": ""', None),
    ('"total": 40', "it says total 40, but holds 2 records, so it may be cut: ask for all pages"),
    ('"meta": {"total_count": 40}', "it says total_count 40, but holds 2 records, so it may be cut: ask for all pages"),
    ('"_links": {"next": {"href": "/2"}}', "it says that more records follow (next), so it may be cut: ask for all pages"),
    ('"has_more": true', "it says that more records follow (has_more), so it may be cut: ask for all pages"),
    ('"errors": [{"message": "x"}]', "it tells of a failure (errors), so it may be cut: look at the file, export it again"),
    ('"scores": {"total": 48}', None),
])  # fmt: skip
def test_what_a_server_says_beside_its_records_is_held_against_them(js, beside, doubt):
    cells = js(f'{{{beside}, "data": [{{"id": 1, "doses": [{{"mg": 5}}]}}, {{"id": 2, "doses": []}}]}}', sheet="data")
    assert [r["id"] for r in rows(cells)] == ["1", "2"]
    assert cells.doubts == ([] if doubt is None else [doubt])
    assert all(cells.about[n].is_structure for n in cells.table.column_names if n in ("record.total", "record.page", "record.has_more"))
    inner = js(f'{{{beside}, "data": [{{"id": 1, "doses": [{{"mg": 5}}]}}, {{"id": 2, "doses": []}}]}}', sheet="data/doses")
    assert inner.doubts == cells.doubts


def test_one_record_alone_on_a_line_is_a_record(js):
    assert rows(js('{"id": 1, "doses": [{"mg": 5}]}\n', "x.ndjson")) == [{"id": "1", ROW: 1}]
    assert rows(js('{"id": 1}', "x.jsonl")) == [{"id": "1", ROW: 1}]
    with pytest.raises(ReadError, match="no list of records"):
        js('{"id": 1}')


@pytest.mark.parametrize("name", ["x.ndjson", "x.jsonl"])
def test_an_empty_file_of_a_record_a_line_is_a_list_without_a_record(js, name):
    for text in ("", "\n\n"):
        cells = js(text, name)
        assert cells.table.column_names == [ROW]
        assert cells.table.num_rows == 0
        assert "a failed export looks the same" in cells.doubts[0]
    with pytest.raises(ReadError, match="0 bytes"):
        js("")


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("x.ndjson", '{"id":1}\n{"id":2}\n{"error":"x","status":500}\n', "its last record"),
        ("x.json", '[{"id":1},{"id":2},{"error":"x"}]', "its last record"),
        ("x.ndjson", '{"id":1}\n{"id":2}\nERROR: x\n', "line 3"),
        ("x.ndjson", '{"id":1}\n{"id":2}\n{"id":3,"d{"error":"x"}\n', "line 3"),
    ],
)
def test_records_that_end_in_an_error_message_broke_off(js, name, text, where):
    with pytest.raises(ReadError, match=f"{where} is an error message"):
        js(text, name)
    assert [r["id"] for r in rows(js('{"id":1}\n{"id":2,"error":"x"}\n', "y.ndjson"))] == ["1", "2"]


@pytest.mark.parametrize("text", ['{"S1": {"dose": 50}}', '{"columns": ["id"], "data": [["S1"]]}', '[["id", "dose"], ["S1", 50]]'])
def test_json_without_an_object_a_record_says_how_to_write_it(tmp_path, text):
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(ReadError, match="an object each"):
        read(tmp_path / "a.json")


@pytest.mark.parametrize("name", ["x.json", "x.ndjson"])
def test_a_record_with_a_nul_is_set_aside(js, name):
    """The database writes names as text that a NUL ends: one such identifier ended the night of every site."""
    cells = js('{"id":"001","dose":1}\n{"id":"0\\u00002","dose":2}\n{"id":"003","dose":3}\n', name)
    assert [(r[ROW], r["id"]) for r in rows(cells)] == [(1, "001"), (3, "003")]
    assert [(r.row, r.why) for r in cells.ragged] == [(2, "a cell holds a NUL byte")]
