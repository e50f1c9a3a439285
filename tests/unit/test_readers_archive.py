"""Archives: what is in them is read like any other file, within bounds; what could harm is refused."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile

import pytest

from flows.readers import ROW, ReadOptions, read
from flows.readers.archive import members
from flows.sources.files import archive_of
from schemas.findings import ReadError
from tests.unit.export_makers import MAKERS

CSV = b"id,dose\n1,50\n2,25\n"


def packed(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def locked(data):
    """The bit that says a member is encrypted, set in both of its headers."""
    return data.replace(b"PK\x03\x04\x14\0\0", b"PK\x03\x04\x14\0\1").replace(b"\x14\x03\x14\0\0", b"\x14\x03\x14\0\1")


@pytest.fixture
def put(tmp_path):
    def _put(name, data, **options):
        (tmp_path / name).write_bytes(data)
        return read(tmp_path / name, ReadOptions(**options))

    return _put


@pytest.mark.parametrize("name", sorted(set(MAKERS) - {"zip", "gzip"}))
def test_every_format_is_read_from_a_zip_and_from_a_gzip(put, tmp_path, name):
    maker = MAKERS[name]
    data = maker.make(5)
    sheet = maker.options.sheet
    (tmp_path / f"x{maker.ending}").write_bytes(data)
    plain = read(tmp_path / f"x{maker.ending}", maker.options)
    assert put("x.zip", packed({f"x{maker.ending}": data}), sheet=sheet).table.equals(plain.table)
    halves = gzip.compress(data[: len(data) // 2]) + gzip.compress(data[len(data) // 2 :])
    assert put(f"x{maker.ending}.gz", halves, sheet=sheet).table.equals(plain.table)


def test_one_of_several_files_is_named_like_in_a_folder(put, tmp_path):
    data = packed({"doses/a.csv": CSV, "doses/b.csv": CSV, "__MACOSX/doses/._a.csv": b"x"})
    assert put("x.zip", data, member="doses/b.csv").table.to_pylist()[0] == {"id": "1", "dose": "50", ROW: 1}
    with pytest.raises(ReadError, match=r"holds 2 files: doses/a\.csv, doses/b\.csv"):
        put("x.zip", data)
    assert members(tmp_path / "x.zip") == ["doses/a.csv", "doses/b.csv"]
    assert archive_of("export.zip/doses/*.csv") == "export.zip"
    assert archive_of("export.csv") is None


def test_a_dictionary_in_the_archive_explains_the_file_beside_it(put):
    dictionary = b"field_name,form_name,field_type,field_label,select_choices_or_calculations\nid,f,text,ID,\nsex,f,radio,Sex,\"1, Male\"\n"
    cells = put("x.zip", packed({"data.csv": b"id,sex\n1,Male\n", "dict.csv": dictionary}), format="redcap", companion="dict.csv")
    assert cells.table.to_pylist() == [{"id": "1", "sex": "1", ROW: 1}]


def test_a_member_s_own_fault_is_told_with_both_names(put):
    with pytest.raises(ReadError, match=r"x\.zip/data\.sav: the name says an SPSS file, but the content is none"):
        put("x.zip", packed({"data.sav": b"nothing"}))


@pytest.mark.parametrize("name", ["../up.csv", "/etc/up.csv", "a\\b.csv", "c:x.csv"])
def test_a_member_that_leads_out_of_the_archive_is_refused(put, name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, CSV)
    with pytest.raises(ReadError, match="leads out of it"):
        put("x.zip", out.getvalue())


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (packed({"x.zip": packed({"a.csv": CSV})}), "an archive in turn"),
        (packed({"x.csv": b"0" * (90 * 2**20)}), "unpacks to more than"),
        (packed({"x.csv": CSV})[:60], "damaged"),
        (packed({}), "an empty zip archive|holds 0 files"),
        (locked(packed({"x.csv": CSV})), "password"),
        (packed({"x.csv": CSV}).replace(b"\x08\0", b"\x09\0"), "compressed in a way that is not read"),
    ],
    ids=["nested", "bomb", "cut", "empty", "encrypted", "deflate64"],
)  # fmt: skip
def test_what_could_harm_or_cannot_be_opened_is_refused(put, data, told):
    with pytest.raises(ReadError, match=told):
        put("x.zip", data)


def test_a_size_the_archive_lies_about_is_bounded_all_the_same(put):
    data = bytearray(packed({"x.csv": b"0" * (90 * 2**20)}))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    with pytest.raises(ReadError, match=r"unpacks to more than|damaged"):
        put("x.zip", bytes(data))


def test_a_gzip_of_a_gzip_and_a_cut_one_are_refused(put):
    with pytest.raises(ReadError, match="an archive in turn"):
        put("x.zip.gz", gzip.compress(packed({"a.csv": CSV})))
    with pytest.raises(ReadError, match="damaged or cut"):
        put("x.csv.gz", gzip.compress(CSV)[:-6])
    with pytest.raises(ReadError, match="unpacks to more than"):
        put("x.csv.gz", gzip.compress(b"0" * (90 * 2**20)))
    with pytest.raises(ReadError, match="the name says a gzip archive, but the content is none"):
        put("x.csv.gz", CSV)
