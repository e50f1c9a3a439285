"""Landing: bytes as sent, under their hash, never changed, and everything that is odd about a source is said."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine import landed, landing
from flows.sources.files import matches
from schemas.findings import ReadError
from schemas.site import Site

ARMS = (SimpleNamespace(code="DCS", label="DCS 50 mg"), SimpleNamespace(code="PBO", label="Placebo"))
NIGHT = dt.datetime(2026, 3, 1, 4, 15, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


class Export:
    """A small site: its folder of files, its unit, and a data folder."""

    def __init__(self, root: Path, status: str = "blinded", **site) -> None:
        self.config, self.data = root / "config", root / "data"
        self.folder = self.config / "exports" / "sad01_07"
        self.folder.mkdir(parents=True)
        tables = site.pop("tables", {"dose": {"file": "dose_*.csv"}, "subject": {"file": "**/subject.csv"}})
        source = {"kind": "files", "path": "exports/sad01_07"} | site.pop("source", {})
        names = {"site_id": "07", "study": "sad01", "timezone": "Europe/Lisbon"}
        self.unit = SimpleNamespace(
            key="sad01/07",
            site=Site.model_validate(names | {"source": source, "tables": tables} | site),
            trial=SimpleNamespace(blinding=SimpleNamespace(status=status), arms=ARMS),
            folder=Path("sites/sad01_07"),
        )

    def write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def receive(self, at: dt.datetime = NIGHT) -> landed.Delivery:
        return landing.receive(self.data, self.unit, self.config, at)

    def peek(self) -> str:
        return landing.peek(self.unit, self.config)

    def known(self, as_of: dt.datetime | None = None) -> list[landed.Delivery]:
        return landed.deliveries(self.data, "sad01", "07", as_of)


@pytest.fixture
def export(tmp_path):
    made = Export(tmp_path)
    made.write("dose_01.csv", "id,dose\n1,50\n")
    made.write("visits/subject.csv", "id\n1\n")
    return made


def names(delivery: landed.Delivery) -> list[str]:
    return [f.name for f in delivery.files]


def test_files_are_landed_as_sent_with_a_receipt(export):
    delivery = export.receive()
    assert names(delivery) == ["dose_01.csv", "visits/subject.csv"]
    assert delivery.folder == export.data / "landing" / "sad01" / "07" / delivery.sha256[:12]
    assert (delivery.folder / "dose_01.csv").read_bytes() == b"id,dose\n1,50\n"
    receipt = json.loads((delivery.folder / "receipt.json").read_text())
    assert receipt == {
        "study": "sad01",
        "site": "07",
        "source": {"kind": "files", "path": "exports/sad01_07"},
        "delivered_at": "2026-03-01T04:15:00Z",
        "sha256": delivery.sha256,
        "files": [{"name": f.name, "size": f.size, "sha256": f.sha256} for f in delivery.files],
        "left_out": [],
    }
    assert delivery.files[0].sha256 == hashlib.sha256(b"id,dose\n1,50\n").hexdigest()
    assert not any(p.stat().st_mode & 0o222 for p in delivery.folder.rglob("*") if p.is_file())
    assert [p.name for p in delivery.folder.parent.iterdir() if p.name.startswith(".")] == []


def test_peek_tells_the_delivery_without_landing_it(export):
    told = export.peek()
    assert not export.data.exists()
    assert export.receive().sha256 == told


def test_the_same_content_is_landed_once(export):
    first = export.receive()
    assert export.receive(NIGHT + DAY) == first
    assert export.known() == [first]


def test_content_that_comes_again_after_another_is_a_delivery_of_its_own(export):
    first = export.receive()
    export.write("dose_01.csv", "id,dose\n1,25\n")
    second = export.receive(NIGHT + DAY)
    export.write("dose_01.csv", "id,dose\n1,50\n")
    third = export.receive(NIGHT + 2 * DAY)
    assert [d.delivery_id for d in export.known()] == [first.delivery_id, second.delivery_id, first.delivery_id]
    assert third.folder == first.folder
    assert third.delivered_at == NIGHT + 2 * DAY


def test_as_of_is_inclusive_and_needs_a_time_zone(export):
    export.receive()
    export.write("dose_01.csv", "id,dose\n1,25\n")
    export.receive(NIGHT + DAY)
    assert len(export.known(NIGHT - dt.timedelta(microseconds=1))) == 0
    assert len(export.known(NIGHT)) == 1
    assert len(export.known(NIGHT + DAY)) == 2
    with pytest.raises(ValueError, match="time zone"):
        export.known(dt.datetime(2026, 3, 1))


def test_of_a_year_of_deliveries_only_the_one_that_is_opened_has_its_receipt_read(export):
    days = [NIGHT + n * DAY for n in range(3)]
    for n, day in enumerate(days):
        export.write("dose_1.csv", f"id,mg\n1,{n}\n")
        export.receive(day)
    first, second, third = landed.arrivals(export.data, "sad01", "07")
    home = export.data / "landing/sad01/07"
    (home / first.delivery_id / "receipt.json").unlink()

    assert [a.delivered_at for a in (first, second, third)] == days
    assert landed.arrivals(export.data, "sad01", "07", days[1]) == [first, second]
    assert "dose_1.csv" in [f.name for f in landed.opened(export.data, "sad01", "07", third).files]
    export.write("dose_1.csv", "id,mg\n1,3\n")
    assert export.receive(NIGHT + 3 * DAY).delivered_at == NIGHT + 3 * DAY  # nothing of the first is needed for it
    with pytest.raises(ReadError, match="is missing or damaged"):
        export.known()


def test_a_renamed_file_is_another_delivery(export):
    first = export.receive()
    (export.folder / "dose_01.csv").rename(export.folder / "dose_02.csv")
    assert export.receive(NIGHT + DAY).sha256 != first.sha256


def test_files_no_table_names_are_not_landed_but_told(export):
    export.write("readme.txt", "x")
    export.write("old/dose_00.csv", "x")
    export.write(".hidden.csv", "x")
    export.write("~$dose_01.csv", "x")
    delivery = export.receive()
    assert names(delivery) == ["dose_01.csv", "visits/subject.csv"]
    assert delivery.left_out == ("old/dose_00.csv", "readme.txt")


def test_ignored_files_and_those_not_included_are_left_alone(tmp_path):
    export = Export(
        tmp_path,
        source={"include": ["*.csv"]},
        ignore_files=["*_test.csv"],
        tables={"dose": {"file": "**/dose_*", "fields": {}}},
    )
    for name in ("dose_1.csv", "dose_test.csv", "dose_1.bak", "deep/dose_2.csv"):
        export.write(name, name)
    delivery = export.receive()
    assert (names(delivery), delivery.left_out) == (["dose_1.csv"], ())


def test_a_joined_file_is_landed_too(tmp_path):
    join = [{"file": "kits.csv", "on": {"a": "b"}, "take": {"c": "d"}}]
    export = Export(tmp_path, tables={"dose": {"file": "dose.csv", "join": join}})
    export.write("dose.csv", "1")
    export.write("kits.csv", "2")
    assert names(export.receive()) == ["dose.csv", "kits.csv"]


@pytest.mark.parametrize(("status", "landed"), [("blinded", False), ("open", True), ("unblinded", True)])
def test_the_randomization_list_of_a_blinded_trial_is_not_even_opened(tmp_path, status, landed):
    export = Export(tmp_path, status, tables={"dose": {"file": "dose.csv"}, "randomization": {"file": "arms.csv"}})
    export.write("dose.csv", "1")
    arms = export.write("arms.csv", "2")
    if not landed:
        arms.chmod(0)
    delivery = export.receive()
    assert ("arms.csv" in names(delivery)) is landed
    assert delivery.left_out == ()


def test_no_file_says_which_were_looked_for_and_where(tmp_path):
    export = Export(tmp_path)
    export.write("other.csv", "x")
    with pytest.raises(ReadError, match=r"none of 1 file\(s\) in exports/sad01_07 match \*\*/subject.csv, dose_\*.csv"):
        export.receive()
    assert not (export.data / "landing").exists()


def test_a_missing_source_folder_is_named(export):
    export.folder.rename(export.folder.with_name("elsewhere"))
    with pytest.raises(ReadError, match="no folder exports/sad01_07"):
        export.peek()


def test_links_out_of_the_source_are_refused_and_links_within_are_followed(export, tmp_path):
    (export.folder / "dose_02.csv").symlink_to(export.folder / "dose_01.csv")
    assert "dose_02.csv" in names(export.receive())
    (tmp_path / "secret.csv").write_text("x")
    (export.folder / "dose_03.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(ReadError, match=r"dose_03\.csv is a link that leads out"):
        export.peek()
    (export.folder / "dose_03.csv").unlink()
    (export.folder / "all").symlink_to(tmp_path)
    with pytest.raises(ReadError, match="all is a link that leads out"):
        export.peek()


def test_a_file_that_changes_while_it_is_copied_is_refused(export, monkeypatch):
    real = landed.hashed

    def hash_then_change(key, wanted):
        hashes = real(key, wanted)
        with (export.folder / "dose_01.csv").open("a") as file:
            file.write("2,50\n")
        return hashes

    monkeypatch.setattr(landed, "hashed", hash_then_change)
    with pytest.raises(ReadError, match=r"dose_01\.csv changed while"):
        export.receive()
    home = export.data / "landing" / "sad01" / "07"
    assert list(home.iterdir()) == []


def test_a_clock_that_is_behind_is_refused(export):
    export.receive()
    export.write("dose_01.csv", "new")
    with pytest.raises(ReadError, match="the clock says"):
        export.receive(NIGHT - DAY)


def test_a_crash_before_the_log_is_made_good_by_the_next_run(export):
    first = export.receive()
    log = first.folder.parent / "deliveries.jsonl"
    log.write_text(log.read_text()[:-20])
    (first.folder.parent / ".tmp-old").mkdir()
    assert export.known() == []
    again = export.receive(NIGHT + DAY)
    assert again.folder == first.folder
    assert export.known() == [again]
    assert sorted(p.name for p in first.folder.parent.iterdir()) == sorted([first.delivery_id, "deliveries.jsonl"])


def test_a_damaged_log_is_an_error(export):
    log = export.receive().folder.parent / "deliveries.jsonl"
    log.write_text("{}\n")
    with pytest.raises(ReadError, match="line 1"):
        export.known()


@pytest.mark.parametrize("harm", ["change", "remove", "add", "receipt"])
def test_tampering_with_landed_files_is_found(export, harm):
    delivery = export.receive()
    landed.verify(delivery)
    file = delivery.folder / "dose_01.csv"
    if harm == "change":
        file.chmod(0o644)
        file.write_text("id,dose\n1,500\n")
    elif harm == "remove":
        file.unlink()
    elif harm == "add":
        (delivery.folder / "extra.csv").write_text("x")
    else:
        receipt = delivery.folder / "receipt.json"
        receipt.chmod(0o644)
        receipt.write_text(receipt.read_text().replace("dose_01.csv", "../dose_01.csv"))
        with pytest.raises(ReadError, match="leads out"):
            export.known()
        return
    with pytest.raises(ReadError, match="not as received"):
        landed.verify(delivery)


@pytest.mark.parametrize("lost", ["a file", "the folder"])
def test_what_was_lost_of_the_newest_delivery_is_put_back_while_the_source_still_has_it(export, lost):
    delivery = export.receive()
    assert landed.is_there(export.data, "sad01", "07")
    if lost == "a file":
        (delivery.folder / "dose_01.csv").unlink()
    else:
        shutil.rmtree(delivery.folder)
    assert not landed.is_there(export.data, "sad01", "07")
    assert export.receive(NIGHT + DAY) == delivery
    landed.verify(delivery)
    assert landed.is_there(export.data, "sad01", "07")
    assert len(export.known()) == 1
    assert sorted(p.name for p in delivery.folder.parent.iterdir()) == sorted([delivery.delivery_id, "deliveries.jsonl"])


def test_a_landed_file_that_was_cut_is_told_and_another_delivery_comes_in_though_the_last_one_is_lost(export):
    delivery = export.receive()
    (delivery.folder / "dose_01.csv").chmod(0o644)
    (delivery.folder / "dose_01.csv").write_text("id")
    with pytest.raises(ReadError, match="not as received"):
        export.receive(NIGHT + DAY)
    shutil.rmtree(delivery.folder)
    export.write("dose_01.csv", "id,dose\n1,25\n")
    assert export.receive(NIGHT + DAY).sha256 != delivery.sha256


def test_landing_needs_only_the_standard_library_and_schemas():
    code = "import sys, flows.engine.landing as l; print(*{m.split('.')[0] for m in sys.modules})"
    root = Path(__file__).resolve().parents[2]
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True).stdout.split()
    assert not {"pydantic", "pyarrow", "duckdb", "polars", "prefect", "yaml", "numpy"} & set(out)


@pytest.mark.parametrize(
    ("name", "pattern", "does"),
    [
        ("dose_1.csv", "dose_*.csv", True),
        ("old/dose_1.csv", "dose_*.csv", False),
        ("old/dose_1.csv", "**/dose_*.csv", True),
        ("dose_1.csv", "**/dose_*.csv", True),
        ("a/b/c.csv", "**/*", True),
        ("a/b/c.csv", "a/**", True),
        ("a/b/c.csv", "a/*", False),
        ("dose_1.csv", "dose_[12].csv", True),
        ("dose_1.csv", "dose_[!1].csv", False),
        ("dose_1.csv", "Dose_?.csv", False),
        ("dose_1.csv", "./dose_?.csv", True),
        ("dose_1xcsv", "dose_1.csv", False),
    ],
)
def test_globs_mean_the_usual(name, pattern, does):
    assert matches(name, pattern) is does


@given(st.text(alphabet="ab.[]!-*?/^\\", max_size=8))
def test_any_text_is_a_glob_that_can_be_asked(pattern):
    assert matches("a/b.csv", pattern) in (True, False)


def test_a_file_that_cannot_be_read_is_named(export):
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (export.folder / "dose_01.csv").chmod(0)
    with pytest.raises(ReadError, match=r"dose_01\.csv"):
        export.receive()


@pytest.mark.parametrize(
    ("content", "landed"),
    [
        ("id,group\n1,DCS\n2,pbo\n3,\n", False),
        ("id;treatment\n1;Placebo\n2;DCS 50 mg\n", False),
        ("List of 1 March\nid,group\n1,DCS\n2,PBO\n", False),
        ("id,Arm\n1,x\n", False),  # the declared arm column, whatever is in it
        ("id,group\n1,DCS\n2,DCS\n", True),  # one arm only: the drug of every participant
        ("id,comment\n1,DCS\n2,PBO\n3,took it late\n", True),
    ],
)
def test_a_file_that_shows_the_arms_of_a_blinded_trial_is_not_landed_because_a_glob_matches_it(tmp_path, content, landed):
    tables = {"dose": {"file": "*.csv"}, "randomization": {"file": "secret/*.csv", "fields": {"arm": "arm"}}}
    export = Export(tmp_path, tables=tables)
    export.write("dose.csv", "id,mg\n1,50\n")
    export.write("new.csv", content)
    delivery = export.receive()
    assert ("new.csv" in {f.name for f in delivery.files}) is landed
    assert delivery.left_out == (() if landed else ("new.csv",))


@pytest.mark.parametrize(("status", "name"), [("open", "*.csv"), ("unblinded", "*.csv"), ("blinded", "list.csv")])
def test_arms_are_landed_where_they_may_be_seen_or_the_file_is_named(tmp_path, status, name):
    export = Export(tmp_path, status, tables={"dose": {"file": name}})
    export.write("list.csv", "id,group\n1,DCS\n2,PBO\n")
    assert [f.name for f in export.receive().files] == ["list.csv"]


def test_a_declared_randomization_list_stays_closed_also_when_another_glob_matches_it(tmp_path):
    export = Export(tmp_path, tables={"dose": {"file": "*.csv"}, "randomization": {"file": "rand*.csv"}})
    export.write("dose.csv", "id,mg\n1,50\n")
    export.write("rand_2025.csv", "id,kit\n1,K7\n")
    assert [f.name for f in export.receive().files] == ["dose.csv"]
