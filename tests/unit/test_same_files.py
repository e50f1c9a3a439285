"""The same file of participants at two sites."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl

from flows.engine import records, same_files
from schemas.site import IntakeTable


def placed(site: str, sha256: str, *, where: str = "", kept: int = 3, sites: object = None, folder: Path = Path("none")) -> Any:
    """A site that is in the release and lists its participants in a file with this hash."""
    spec = SimpleNamespace(file="subjects*.csv", where=where)
    unit = SimpleNamespace(site=SimpleNamespace(study="t01", site_id=site, sites=sites, tables={IntakeTable.SUBJECT: (spec,)}))
    files = (SimpleNamespace(name="doses.csv", sha256="same"), SimpleNamespace(name="subjects_1.csv", sha256=sha256))
    receipt = {"sites": {site: {"tables": {"subject": {"kept": kept}}}}}
    attempt = SimpleNamespace(unit=unit, deliveries=(SimpleNamespace(files=files),))
    return SimpleNamespace(attempt=attempt, staged=SimpleNamespace(receipt=receipt, folder=folder))


def told(**sites: Any) -> dict[str, tuple]:
    found = same_files.find({f"t01/{name}": one for name, one in sites.items()})
    return {key: frame.select("rule", "severity", "record_key", "suggestion").row(0) for key, frame in found.items()}


def test_two_sites_that_list_their_participants_in_the_same_file_are_both_asked_about():
    say = "the same file is read for t01/"
    assert told(a=placed("a", "x"), b=placed("b", "x"), c=placed("c", "y")) == {
        "t01/a": ("delivery_of_other_site", "query", "subjects_1.csv", f"{say}b"),
        "t01/b": ("delivery_of_other_site", "query", "subjects_1.csv", f"{say}a"),
    }


def test_sites_that_read_only_some_rows_of_one_file_or_none_are_not():
    assert told(a=placed("a", "x", where="site = 'a'"), b=placed("b", "x", where="site = 'b'")) == {}
    assert told(a=placed("a", "x"), b=placed("b", "x", kept=0)) == {}
    assert told(a=placed("a", "x", sites=object()), b=placed("b", "x")) == {}


def test_a_file_that_lists_nobody_is_no_shared_list_of_participants(tmp_path: Path):
    """Sites that send what is new send the same empty file on every night without a new participant."""
    for name, file in (("a", "an_earlier_f"), ("b", "an_earlier_f"), ("c", "x")):
        (tmp_path / name).mkdir()
        pl.DataFrame({"table": ["subject"], "source_file": [file]}).write_parquet(tmp_path / name / records.NAME)
    assert told(a=placed("a", "x", folder=tmp_path / "a"), b=placed("b", "x", folder=tmp_path / "b")) == {}
    assert set(told(b=placed("b", "x", folder=tmp_path / "c"), c=placed("c", "x", folder=tmp_path / "c"))) == {"t01/b", "t01/c"}
