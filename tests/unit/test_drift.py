"""What a changed export is proposed to be read by: never a column that another entry of the mapping reads already."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

from flows.engine import drift, landed, landing, renaming
from flows.engine.config import load
from tests.nights import TRIAL

SITE = """\
site_id: "01"
study: t01
timezone: Europe/Lisbon
source: {kind: files, path: exports}
subject_id: Participant
tables:
  dose:
    - file: diary.csv
      where: {"Pill 1": {blank: false}}
      fields: {timepoint_planned: {const: PRE}, dosed_at: {from: [Date, "Pill 1"], format: "%Y-%m-%d %H:%M"}}
    - file: diary.csv
      where: {"Pill 2": {blank: false}}
      fields: {timepoint_planned: {const: POST}, dosed_at: {from: [Date, "Pill 2"], format: "%Y-%m-%d %H:%M"}}
"""

BEFORE = "Participant,Date,Pill 1,Pill 2\nS1,2026-01-01,09:00,13:00\n"


def found(root: Path, *files: str) -> list[drift.Drift]:
    """What no longer fits in the second of two deliveries of one file each."""
    (root / "trials").mkdir()
    (root / "sites" / "t01_01").mkdir(parents=True)
    (root / "exports").mkdir()
    (root / "trials" / "t01.yaml").write_text(TRIAL)
    (root / "sites" / "t01_01" / "site.yaml").write_text(SITE)
    unit = load(root).units["t01/01"]
    for day, file in enumerate(files, 1):
        (root / "exports" / "diary.csv").write_text(file)
        landing.receive(root / "data", unit, root, dt.datetime(2026, 3, day, 12, tzinfo=dt.UTC))
    last, newest = landed.deliveries(root / "data", "t01", "01")
    return drift.find(unit, newest, last)


def test_a_renamed_capsule_is_found_under_its_new_name_and_not_taken_for_the_other_capsule(tmp_path):
    told = found(tmp_path, BEFORE, BEFORE.replace("Pill 1", "Pill1"))
    assert [d.new for d in told] == ["Pill1"]
    assert '"Pill1"' in told[0].proposal and '"Pill 2"' not in told[0].proposal


def test_no_column_is_proposed_when_the_only_like_one_is_read_by_another_entry(tmp_path):
    told = found(tmp_path, BEFORE, "Participant,Date,Pill 2\nS1,2026-01-01,13:00\n")
    assert [(d.new, d.proposal.count("Pill 2")) for d in told if "Pill 1" in d.what] == [("", 0)]


def test_of_names_that_are_alike_the_one_with_the_same_number_comes_first():
    import pyarrow as pa

    now = pa.table({"Pill 2": ["13:00"], "PILL_1": ["09:00"]})
    assert renaming.pair(["Pill 1"], ["Pill 2", "PILL_1"], now, None)["Pill 1"][0] == "PILL_1"


def test_proposals_for_one_table_are_one_block():
    proposals = [
        'tables:\n  dose:\n    fields:\n      dose: {from: "Pill1"}   # was "Pill 1"',
        'tables:\n  session:\n    file: "sessions_*.csv"',
        'tables:\n  dose:\n    fields:\n      taken:\n        map:\n          "ja":   # 3 records',
    ]
    told = drift.text([drift.Drift("a", proposals[0]), drift.Drift("b"), drift.Drift("c", proposals[1]), drift.Drift("d", proposals[2])])
    assert told.splitlines() == [
        "  drift -> a", "  drift -> b", "  drift -> c", "  drift -> d", "  write ->",
        "    tables:", "      dose:", "        fields:", '          dose: {from: "Pill1"}   # was "Pill 1"',
        "          taken:", "            map:", '              "ja":   # 3 records',
        "      session:", '        file: "sessions_*.csv"',
    ]  # fmt: skip


def test_files_of_an_archive_are_known_by_their_names_in_it(tmp_path):
    mapped = SITE.replace("file: diary.csv", "file: export.zip/diary.csv").replace("Date, ", "Day, ")
    told = packed(tmp_path, mapped, {"diary.csv": BEFORE})
    assert [d.what for d in told if "no file" in d.what] == []
    assert {d.what.partition(" has no column ")[2] for d in told} == {"'Day'; columns that nothing reads: 'Date'"}


def test_a_file_that_lies_elsewhere_in_its_archive_is_proposed_by_its_new_name(tmp_path):
    mapped = SITE.replace("file: diary.csv", "file: export.zip/diary.csv")
    told = packed(tmp_path, mapped, {"out/diary.csv": BEFORE, "out/notes.csv": "a\n1\n"})
    assert [d.what for d in told] == [
        f"dose (entry {n}): no file matches 'export.zip/diary.csv'; 'export.zip/out/diary.csv' is not read" for n in (1, 2)
    ]
    assert 'file: "export.zip/out/diary.csv"' in told[0].proposal


def test_an_archive_of_another_name_is_proposed_with_the_file_in_it(tmp_path):
    told = packed(tmp_path, SITE.replace("file: diary.csv", "file: exports.zip/diary.csv", 1), {"diary.csv": BEFORE})
    assert 'file: "export.zip/diary.csv"' in told[0].proposal


def packed(root: Path, mapped: str, files: dict[str, str]) -> list[drift.Drift]:
    """What does not fit of one delivery, an archive of these files."""
    for name, text in (("trials/t01.yaml", TRIAL), ("sites/t01_01/site.yaml", mapped)):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(text)
    (root / "exports").mkdir()
    (root / "exports" / "diary.csv").write_text(BEFORE)
    with zipfile.ZipFile(root / "exports" / "export.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    unit = load(root).units["t01/01"]
    landing.receive(root / "data", unit, root, dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
    (newest,) = landed.deliveries(root / "data", "t01", "01")
    return drift.find(unit, newest, None)
