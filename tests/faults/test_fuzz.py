"""Any bytes and any mapping: cells, ragged rows or one clear error; never another exception, never a number that was not there.

What was found is kept under tests/faults/corpus, one file an ending, and tried first, always. FAULTS=all tries more.
"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.engine.config import load
from flows.engine.yamlfile import YamlFile
from flows.readers import ReadOptions, read
from schemas.findings import ConfigurationError, ReadError
from tests.faults.scene import TINY
from tests.unit.export_makers import MAKERS

KIND = "fuzz"
CORPUS = Path(__file__).parent / "corpus"
MORE = 1_000 if os.environ.get("FAULTS") == "all" else 40
LIMITS = settings(
    max_examples=MORE, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


@functools.cache
def whole(name: str) -> bytes:
    """A small good export of a format."""
    return MAKERS[name].make(12)


def told(path: Path, options: ReadOptions) -> None:
    """Read one file; a clear error is an answer."""
    try:
        cells = read(path, options)
    except ReadError as error:
        assert "\n  fix   -> " in str(error)
        return
    numbers = cells.table["_row"].to_pylist()
    assert len(set(numbers)) == len(numbers) and all(n >= 1 for n in numbers)


@pytest.mark.parametrize("name", sorted(p.name for p in CORPUS.iterdir() if not p.name.startswith(".")) or ["none yet"])
def test_what_was_found_before_stays_found(name: str):
    if name == "none yet":
        pytest.skip("nothing was found yet")
    path = CORPUS / name
    told(path, MAKERS[name.split("-")[0]].options if name.split("-")[0] in MAKERS else ReadOptions())


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_a_damaged_export_of(name: str, tmp_path: Path):
    maker = MAKERS[name]
    path = tmp_path / f"x{maker.ending}"

    how = st.sampled_from(("flip", "drop", "double", "zero", "ff", "swap"))

    @LIMITS
    @given(cuts=st.lists(st.tuples(st.floats(0, 1), how, st.integers(1, 64)), max_size=6))
    def damage(cuts: list[tuple[float, str, int]]) -> None:
        data = bytearray(whole(name))
        for where, how, size in cuts:
            at = int(where * max(len(data) - 1, 0))
            piece = bytes(data[at : at + size])
            if how == "flip" and piece:
                data[at] ^= 1 << (size % 8)
            elif how == "drop":
                del data[at : at + size]
            elif how == "double":
                data[at:at] = piece
            elif how == "zero":
                data[at : at + size] = b"\0" * len(piece)
            elif how == "ff":
                data[at : at + size] = b"\xff" * len(piece)
            else:
                data[at : at + size] = piece[::-1]
        path.write_bytes(data)
        told(path, maker.options)

    damage()


@pytest.mark.parametrize("ending", [".csv", ".json", ".xml"])
def test_any_text_called(ending: str, tmp_path: Path):
    path = tmp_path / f"x{ending}"
    pieces = st.sampled_from([*'",;\t\n\r\0a1 \ufeffé{}[]:&\\', "\r\n", "<a>", "</a>"])

    @LIMITS
    @given(text=st.lists(pieces, max_size=60).map("".join))
    def anything(text: str) -> None:
        path.write_bytes(text.encode())
        told(path, ReadOptions())

    anything()


_PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.floats(allow_nan=False),
    st.sampled_from(["", "a", "(", "%", "%d.%m.%Y", "(?P<value>x)", "(?P<id>", "\\", "'", '"; drop table x', "../x", "**/*.csv", "0-10"]),
    st.sampled_from(["yes", "\u0000", "x{99999999999}", "(" * 200]),
    st.text(max_size=8),
)  # fmt: skip
_NAMES = st.text(max_size=6)
_ANY = st.recursive(_PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3), max_leaves=6)
_KEYS = st.sampled_from(
    ["from", "const", "format", "pattern", "map", "unit", "scale", "missing", "decimal", "partial", "times", "split_unit", "pad", "where",
     "wide", "file", "sheet", "skip_end", "end_at", "header_row", "join", "fill_down", "delimiter", "encoding", "item", "fields"]
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration folder whose site file is written again and again."""
    import shutil

    home = tmp_path_factory.mktemp("mapping") / "config"
    shutil.copytree(TINY, home)
    shutil.rmtree(home / "sites" / "t01_B")
    return home


def test_any_mapping_is_understood_or_refused_by_file_and_line(folder: Path):
    """What the language takes must also compile: check_mapping has nothing but problems with a place to say."""
    from flows.engine.mapping import check_mapping

    site = folder / "sites" / "t01_A" / "site.yaml"

    @LIMITS
    @given(
        spec=st.dictionaries(_KEYS, _ANY, max_size=4),
        field=st.sampled_from(["dose", "dosed_at", "session_no", "taken", "exposure"]),
        where=st.sampled_from(["field", "table", "defaults", "top"]),
    )
    def mapping(spec: dict[str, Any], field: str, where: str) -> None:
        body: dict[str, Any] = {
            "study": "t01", "site_id": "A", "timezone": "Europe/Lisbon", "source": {"kind": "files", "path": "exports/A"},
            "subject_id": {"from": "id"}, "tables": {"dose": {"file": "doses.csv", "fields": {"session_no": "no", "dosed_at": "at"}}},
        }  # fmt: skip
        if where == "field":
            body["tables"]["dose"]["fields"][field] = spec
        elif where == "table":
            body["tables"]["dose"] |= spec
        elif where == "defaults":
            body["defaults"] = spec
        else:
            body |= spec
        site.write_text(json.dumps(body), encoding="utf-8")
        try:
            unit = load(folder).units["t01/A"]
        except ConfigurationError as error:
            assert "site.yaml" in str(error) or "t01" in str(error)
            return
        for problem in check_mapping(unit):
            assert str(problem)

    mapping()


def test_any_text_as_yaml(tmp_path: Path):
    path = tmp_path / "site.yaml"
    pieces = st.sampled_from([*"a: \n[]{}'\"|>#\t~", "- ", "&a", "*a", "!!x", "0x", "1e9", "<<", "? "])

    @LIMITS
    @given(text=st.lists(pieces, max_size=40).map("".join))
    def anything(text: str) -> None:
        path.write_text(text, encoding="utf-8")
        problems: list[str] = []
        if YamlFile.read(path, problems) is None:
            assert problems and all("site.yaml" in p for p in problems)

    anything()
