"""A file of a release beside the same file made again, before and after a purge: what may differ, and what may not."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import polars as pl
import pytest

from flows.engine.rebuild_compare import Compared, files
from flows.engine.releases import Part

ROWS = pl.DataFrame({"USUBJID": ["t-A-1", "t-A-2"], "AVAL": [10.0, 20.0], "Z": [-1.0, 1.0], "SRCROW": [1, 3]})


def content(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


@pytest.fixture
def judge(tmp_path: Path):
    """Compare one file as published (ROWS) with one made again."""

    def of(dataset: str, again: pl.DataFrame | None, *, site: str = "A", purged: str = "", lost: str = "") -> Compared:
        path = f"{dataset}/t/{site}-00000000.parquet"
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content(ROWS))
        listed = [{"path": path, "sha256": hashlib.sha256(content(ROWS)).hexdigest()}]
        made = []
        if again is not None:
            made = [Part(dataset, path, again.height, hashlib.sha256(content(again)).hexdigest(), content=content(again))]
        return files(listed, tmp_path, made, {("t", s) for s in purged}, {("t", s) for s in lost})

    return of


def kinds(found: Compared) -> dict[str, int]:
    told = {"differs": found.differs, "purged": found.purged, "summed": found.summed, "lost": found.lost}
    return {name: len(of) for name, of in told.items() if of}


MOVED, OTHER = ROWS.with_columns(pl.col("SRCROW") - 1), ROWS.with_columns(pl.col("AVAL") + 1)
RANKED = ROWS.with_columns(pl.col("Z") / 2)


def test_the_same_bytes_are_told_by_nothing(judge):
    assert kinds(judge("adqs", ROWS)) == kinds(judge("adqs", ROWS, purged="A")) == {}


def test_a_row_that_stands_elsewhere_is_a_difference_unless_a_purge_moved_it(judge):
    assert kinds(judge("adqs", MOVED)) == {"differs": 1}
    assert kinds(judge("adqs", MOVED, purged="B")) == {"differs": 1}
    assert kinds(judge("adqs", MOVED, purged="A")) == {"purged": 1}


def test_another_value_is_a_difference_also_after_a_purge(judge):
    found = judge("adqs", OTHER, purged="A")
    assert found.differs == ["adqs/t/A-00000000.parquet: 2 rows of 2 came out otherwise or not at all, 2 rows of 2 are new"]


def test_ranks_of_every_site_of_the_trial_rest_on_a_purged_participant_and_its_other_values_do_not(judge):
    assert kinds(judge("adipd", RANKED, site="B")) == {"differs": 1}
    assert kinds(judge("adipd", RANKED, site="B", purged="A")) == {"summed": 1}
    assert kinds(judge("adipd", OTHER, site="B", purged="A")) == {"differs": 1}
    assert kinds(judge("adref", OTHER, site="t", purged="A")) == {"summed": 1}


def test_what_a_removed_delivery_gave_is_not_made_again_and_any_other_file_must_be(judge):
    assert kinds(judge("adqs", None)) == {"differs": 1}
    assert kinds(judge("adqs", None, lost="A")) == {"lost": 1}
