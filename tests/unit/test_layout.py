"""The house stays liveable: imports run one way, SQL headers are true, every published column is described."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from flows.engine import models
from flows.engine.partitions import arrow_schema
from schemas.analysis import CONTRACTS
from schemas.columns import PER_SITE, POOLED, RESTRICTED, columns
from schemas.rules import catalogue

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / ".." / "shared" / "contract" / "analysis_sets.csv"
KNOWS_PREFECT = {"nightly", "backfill", "pull", "check", "harmonize", "publish", "serve", "embedded", "run_history", "shown", "crashed"}
STAGES = ("flows.pull", "flows.check", "flows.harmonize", "flows.publish", "flows.nightly", "flows.backfill", "flows.serve")
SCHEMA_LIBRARIES = {"pydantic", "pandera", "polars"}


def imports(path: Path) -> set[str]:
    """Dotted names a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files(*folders: str) -> list[Path]:
    return [p for folder in folders for p in sorted((ROOT / folder).rglob("*.py"))]


def test_schemas_import_only_the_standard_library_and_the_judging_libraries():
    for path in files("schemas"):
        for name in imports(path):
            top = name.split(".")[0]
            assert top in sys.stdlib_module_names | SCHEMA_LIBRARIES | {"schemas"}, f"{path.name} imports {name}"


def test_only_the_flow_modules_import_prefect():
    for path in files("flows", "schemas"):
        if any(name.split(".")[0] == "prefect" for name in imports(path)):
            assert path.stem in KNOWS_PREFECT and path.parent.name == "flows", f"{path} imports Prefect"


@pytest.mark.parametrize(
    ("room", "may_not"),
    [
        ("flows/readers", ("flows.engine", "flows.sources", *STAGES)),
        ("flows/sources", ("flows.engine", "flows.readers", *STAGES)),
        (
            "flows/engine",
            (*STAGES, "flows.docs", "flows.exports", "flows.tables", "flows.report", "flows.newsite", "flows.cli", "flows.__main__"),
        ),
        ("flows/newsite", (*STAGES, "flows.docs", "flows.exports", "flows.cli", "flows.__main__")),
        ("flows/exports", (*STAGES, "flows.docs", "flows.readers", "flows.cli", "flows.__main__")),
        ("flows/report", (*STAGES, "flows.docs", "flows.exports", "flows.cli", "flows.__main__")),
        ("flows/docs", (*STAGES, "flows.cli")),  # cli_page.py asks the command line of flows.__main__
    ],
)
def test_rooms_do_not_import_what_comes_after_them(room, may_not):
    for path in files(room):
        bad = [n for n in imports(path) if n.startswith(may_not)]
        assert not bad, f"{path.name} imports {bad}"


def test_stages_do_not_import_each_other():
    stages = {"pull", "check", "harmonize", "publish"}
    for stage in stages:
        path = ROOT / "flows" / f"{stage}.py"
        others = {f"flows.{s}" for s in stages - {stage}}
        assert not imports(path) & others


def test_every_sql_model_reads_exactly_the_tables_its_header_names():
    for name, model in models.catalogue().items():
        assert model.tables_named() == set(model.reads), f"{name}: header and SQL disagree on {model.tables_named() ^ set(model.reads)}"


def test_there_is_one_model_for_every_published_set():
    for dataset in (*PER_SITE, *RESTRICTED):
        assert f"analysis.{dataset}" in models.catalogue()
    for dataset in POOLED:
        assert f"pooled.{dataset}" in models.catalogue()


def test_every_published_column_has_label_type_and_meaning():
    for dataset, found in columns().items():
        for column in found:
            assert column.label and column.type and column.meaning, f"{dataset}.{column.name}"
            assert len(column.label) <= 200 and len(column.name) <= 8
        assert any(c.is_key for c in found)
        assert arrow_schema(dataset).names == [c.name for c in found]
        assert dataset in CONTRACTS


@pytest.mark.skipif(not CONTRACT.is_file(), reason="the contract's paper is not beside this checkout")
def test_the_dictionary_is_the_contract_variable_by_variable():
    import csv

    with CONTRACT.open(encoding="utf-8") as lines:
        promised = [(r["dataset"], r["variable"], r["label"]) for r in csv.DictReader(lines)]
    assert promised == [(d, c.name, c.label) for d, found in columns().items() for c in found]


def test_there_are_at_least_twenty_five_rules_and_each_says_what_it_is_for():
    assert len(catalogue()) >= 25
    for rule in catalogue():
        assert len(rule.doc) > 40, f"{rule.id}: its docstring is its entry in the catalogue: what is right, why, what to do"
        assert rule.message.endswith("."), f"{rule.id}: MESSAGE is a sentence"
    assert {str(r.category) for r in catalogue()} == {"conformance", "completeness", "plausibility"}


@pytest.mark.parametrize("first", ["schemas.intake", "schemas.one_pass", "flows.engine.judge", "flows.nightly"])
def test_contracts_and_their_judge_are_imported_without_pandas_which_is_still_there_for_who_wants_it(first):
    code = (
        f"import sys, {first}; import schemas.intake, schemas.analysis, flows.engine.judge\n"
        "from contextlib import suppress; from polars import DataFrame; from schemas.lean import pandera\n"
        "with suppress(pandera.errors.SchemaError): schemas.analysis.CONTRACTS['adsl'].validate(DataFrame())\n"
        "print(sorted({'pandas', 'hypothesis'} & sys.modules.keys()))\n"
        "import hypothesis, pandas; print(pandas.__name__)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ended.stdout.split() == ["[]", "pandas"]
