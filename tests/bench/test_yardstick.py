"""The hand-written script and trialweave, which share no line, give the same cells and ask the same questions.

What belongs here: comparing the two on a small trial. What does not: time (bench.py), the script by itself (test_bench_smoke.py).
"""

from __future__ import annotations

import duckdb
import pytest

from flows.engine.config import load
from schemas.columns import columns
from tests.bench import handwritten
from tests.bench.generate import generate
from tests.engine import Engine

#: A rule's name in the script where it is another one there.
NAMES = {
    "duplicate_same": "duplicate_row", "session_number": "session_no_outside_protocol", "unknown_subject": "subject_not_listed",
    "unreadable": "unreadable_value",
}  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Schemas `script` and `trialweave` with one view a set, of 200 participants in 4 sites with 1 % faulty rows."""
    root = tmp_path_factory.mktemp("yardstick")
    generate(root, n_subjects=200, n_sites=4, seed=7)
    handwritten.run(root / "config", root / "exports", root / "out", handwritten.Options(size=4))
    con = Engine(load(root / "config"), root / "data").run().connect()
    con.execute("create schema script")
    for name in (*handwritten.SETS, "adipd", "finding"):
        con.execute(f"create view script.{name} as from read_parquet('{root}/out/{name}/**/*.parquet')")
    return con


@pytest.mark.parametrize("dataset", [*handwritten.SETS, "adipd"])
def test_every_cell_is_the_same(both: duckdb.DuckDBPyConnection, dataset: str) -> None:
    shown = ", ".join(f"round({c.name}, 6)" if c.type == "Float" else f"{c.name}::varchar" for c in columns()[dataset])
    rows = both.execute(f"select count(*) from {dataset}").fetchall()[0][0]
    for one, other in ((f"main.{dataset}", f"script.{dataset}"), (f"script.{dataset}", f"main.{dataset}")):
        assert both.execute(f"(select {shown} from {one}) except all (select {shown} from {other}) limit 3").fetchall() == []
    assert rows > 50


def test_every_question_of_the_script_is_asked_here_and_as_often(both: duckdb.DuckDBPyConnection) -> None:
    asked = dict(both.execute("select rule, sum(n_rows)::int from findings group by 1").fetchall())
    found = {NAMES.get(rule, rule): n for rule, n in both.execute("select rule, count(*) from script.finding group by 1").fetchall()}
    assert {rule: asked.get(rule) for rule in found} == found
    assert len(found) > 20
