"""Properties of reading text: what was written comes back exactly, and anything else is a fault, never a wrong value."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.spec.mapping_bench import MappingBench

few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
# what a CSV reader could change by itself is left out: line ends and NUL
odd_text = st.text(st.characters(codec="utf-8", exclude_characters='\r\n\0"', exclude_categories=("Cs",)), max_size=12)
number_like = st.text("0123456789.,+-eE_x xX", max_size=9)
date_like = st.text("0123456789.-/: T", max_size=17)


def mapped(texts: list[str], table: str, field: str, *columns: str) -> list[tuple[Any, ...]]:
    """A column of texts through one field."""
    with tempfile.TemporaryDirectory() as folder:
        b = MappingBench(Path(folder))
        b.text("f.csv", "subject_id,verbatim,session_no,x\n" + "".join(f'{n},v,1,"{t}"\n' for n, t in enumerate(texts)))
        b.map(f"{table}: {{file: f.csv, fields: {{{field}}}}}")
        rows = b.rows(table, *columns)
        b.con.close()
        return rows


@few
@given(st.lists(st.decimals(-1_000_000, 1_000_000, places=3), min_size=1, max_size=40))
def test_a_number_that_was_written_comes_back_exactly(values: list[Decimal]) -> None:
    rows = mapped([f"{v:f}".replace(".", ",") for v in values], "subject", "age_years: {from: x, decimal: ','}", "age_years")
    assert [r[0] for r in rows] == [round(float(v), 9) for v in values]


@few
@given(st.lists(odd_text | number_like, min_size=1, max_size=60))
def test_a_text_is_a_number_by_the_one_rule_or_it_is_a_fault(texts: list[str]) -> None:
    rows = mapped(texts, "subject", "weight_kg: {from: x, unit: kg}", "weight_kg", "weight_kg_fault", "weight_kg_raw")
    for value, fault, raw in rows:
        if value is not None:
            digits = re.sub(r"[^0-9.+\-a-zA-Z]", "", raw)
            assert fault is None
            assert re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?([kK][gG][sS]?)?", digits)
            assert value == round(float(re.sub("[a-zA-Z]", "", digits)), 9)
        elif fault is None:
            assert raw is None or not re.search(r"[0-9A-Za-z]", raw)


@few
@given(st.lists(odd_text | number_like, min_size=1, max_size=60))
def test_a_session_number_is_whole_or_a_fault(texts: list[str]) -> None:
    rows = mapped([f"{t}" for t in texts], "session", "session_no: x", "session_no", "session_no_fault", "session_no_raw")
    for value, fault, raw in rows:
        if value is not None:
            assert fault is None
            assert Decimal(re.sub(r"[^0-9.+\-]", "", raw)) == value


@few
@given(st.lists(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)), min_size=1, max_size=40))
def test_an_instant_that_was_written_comes_back_exactly(values: list[dt.datetime]) -> None:
    whole = [v.replace(microsecond=0) for v in values]
    for written in ("%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p"):
        spec = "" if "T" in written else f', format: "{written}"'
        rows = mapped([v.strftime(written) for v in whole], "session", f"started_at: {{from: x{spec}}}", "started_at_local")
        assert [r[0] for r in rows] == [str(v) for v in whole]


@few
@given(st.lists(odd_text | date_like, min_size=1, max_size=60))
def test_a_text_is_the_day_it_says_or_a_fault(texts: list[str]) -> None:
    field = 'consented_on: {from: x, format: ["%d.%m.%Y", "%Y-%m-%d"]}'
    rows = mapped(texts, "subject", field, "consented_on", "consented_on_fault", "consented_on_raw")
    for value, fault, raw in rows:
        if value is not None:
            day = dt.date.fromisoformat(value)
            assert fault is None
            assert {f"{day.day}.{day.month}.{day.year:04d}", f"{day.year:04d}-{day.month}-{day.day}"} & {
                re.sub(r"(?<![0-9])0(?=[0-9](?![0-9]))", "", re.sub(r"[^0-9.\-]", "", raw))
            }


@few
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 500), st.sampled_from(["mg", "g", "ug"])), min_size=1, max_size=40))
def test_count_times_strength_with_its_unit_is_exact(doses: list[tuple[int, int, str]]) -> None:
    factor = {"mg": Decimal(1), "g": Decimal(1000), "ug": Decimal("0.001")}
    rows = mapped([f"{n} x {s} {u}" for n, s, u in doses], "dose", "dose: {from: x, split_unit: true}", "dose_mg")
    assert [Decimal(repr(r[0])) for r in rows] == [n * s * factor[u] for n, s, u in doses]
