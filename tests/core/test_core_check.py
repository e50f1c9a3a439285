"""The checks of `make core-check` find what is planted, and say when the engine did not read a file. Needs build/core-venv."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

ENGINE = ROOT / "build" / "core-venv" / "bin" / "python"
pytestmark = pytest.mark.skipif(not ENGINE.is_file(), reason="CDISC's engine is not set up (make core-check)")


def dataset(folder: Path, code: str, names: dict[str, str], rows: list[list]) -> None:
    columns = [{"itemOID": f"IT.{code}.{n}", "name": n, "label": n, "dataType": kind} for n, kind in names.items()]
    told = {"datasetJSONCreationDateTime": "2026-03-01T00:00:00", "datasetJSONVersion": "1.1.0", "itemGroupOID": f"IG.{code}",
            "records": len(rows), "name": code, "label": code, "columns": columns, "rows": rows}  # fmt: skip
    (folder / f"{code.lower()}.json").write_text(json.dumps(told))


def check(folder: Path) -> tuple[int, str, dict[tuple[str, str], int]]:
    out = folder.parent / "results.csv"
    command = [str(ENGINE), str(ROOT / "tests/core/check.py"), str(folder), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    with out.open(encoding="utf-8", newline="") as lines:
        found = {(r["rule"], r["domain"]): int(r["n"]) for r in csv.DictReader(lines) if int(r["n"])}
    return done.returncode, done.stdout, found


def plant(folder: Path) -> None:
    people = dict.fromkeys(("STUDYID", "DOMAIN", "USUBJID", "RFSTDTC", "SEX", "ARM", "ARMNRS", "COUNTRY"), "string")
    events = dict.fromkeys(("STUDYID", "DOMAIN", "USUBJID", "AESEQ", "AEDECOD", "AESTDTC", "AESTDY"), "string")
    dataset(folder, "DM", people, [
        ["s", "DM", "s-1", "2024-03-01", "F", "A", None, "PRT"],
        ["s", "DM", "s-1", "2024-03-01", "male", "A", None, "PRT"],
    ])  # fmt: skip
    dataset(folder, "AE", events | {"AESEQ": "integer", "AESTDY": "integer"}, [
        ["s", "AE", "s-1", 1, "Headache", "2024-03-01", 1],
        ["s", "AE", "s-1", 1, None, "2024-02-29", 0],
        ["s", "AE", "s-9", 1, "Headache", "31.02.2024", None],
    ])  # fmt: skip


def test_what_is_planted_is_reported_and_nothing_else(tmp_path):
    folder = tmp_path / "trial"
    folder.mkdir()
    plant(folder)
    code, told, found = check(folder)
    assert found == {
        ("TW-12", "DM"): 2,  # one participant twice
        ("TW-23", "DM"): 1,  # a sex of no code list
        ("TW-13", "AE"): 1,  # a participant who is not in DM
        ("TW-14", "AE"): 2,  # a sequence number twice
        ("TW-18", "AE"): 1,  # no dictionary term
        ("TW-06", "AE"): 1,  # a date that is none
        ("TW-10", "AE"): 1,  # day 0
    }, told
    assert code == 0


def test_a_folder_without_files_is_no_success(tmp_path):
    (tmp_path / "trial").mkdir()
    code, told, _ = check(tmp_path / "trial")
    assert (code, "there is no Dataset-JSON with rows to check" in told) == (3, True)


def test_a_file_that_the_engine_takes_for_empty_is_told(tmp_path):
    folder = tmp_path / "trial"
    folder.mkdir()
    plant(folder)
    path = folder / "ae.json"
    told = json.loads(path.read_text())
    del told["datasetJSONVersion"]
    path.write_text(json.dumps(told))
    done = subprocess.run([str(ENGINE), str(ROOT / "tests/core/check.py"), str(folder), "--out", str(tmp_path / "r.csv")],
                          capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
    assert done.returncode != 0
    assert "ae.json" in done.stdout + done.stderr
