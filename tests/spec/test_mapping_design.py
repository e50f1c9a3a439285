"""The example of DESIGN section 5, word for word: Lisbon's semicolon CSV in latin-1 with decimal comma."""

from __future__ import annotations

from pathlib import Path

import yaml

from flows.engine.mapping import MapInput, map_batch
from flows.engine.yamlfile import _Loader
from schemas.site import Site
from tests.spec.mapping_bench import LSAS, MappingBench

LISBON = """
# Lisbon: semicolon CSV in latin-1, decimal comma, d.m.Y; doses as text; SUDS on 0-10.
site_id: "07"
study: sad01
timezone: Europe/Lisbon
source: {kind: sftp, url: "sftp://exports.example.org/lisbon", username_env: LISBON_USER, key_env: LISBON_KEY}
delivery: snapshot            # or delta
subject_id: {pattern: "PT-(?P<id>\\\\d{1,4})", pad: 4}
defaults: {encoding: latin-1, delimiter: ";", decimal: ",", missing: ["", "k.A."]}
tables:
  dose:
    file: medikation_*.csv
    fields:
      session_no: {from: Sitzung, pattern: "S(?P<value>\\\\d+)"}
      dose: {from: Dosis, split_unit: true}                 # "50 mg", "0,05 g", or {from: n, times: staerke}
      taken: {from: eingenommen, map: {ja: true, nein: false}}
      dosed_at: {from: [Datum, Uhrzeit], format: "%d.%m.%Y %H:%M"}
  rating:
    file: suds.csv
    fields: {begin: {from: Beginn, scale: 0-10, missing: ["-9"]}, end: {from: Ende, scale: 0-10, missing: ["-9"]}}
  assessment:
    file: lsas.csv
    wide: {pattern: "lsas_(?P<half>[fa])(?P<item>\\\\d+)", item: "LS{half}{item:02d}"}
"""


def test_the_lisbon_example_of_the_design_maps_every_field_as_written(tmp_path: Path) -> None:
    b = MappingBench(tmp_path)
    b.text(
        "medikation_0301.csv",
        "subject_id;Sitzung;Dosis;eingenommen;Datum;Uhrzeit;Größe\n"
        "PT-12;S3;50 mg;ja;05.03.2024;13:05;x\n"
        "PT-0013;S4;0,05 g;nein;6.3.2024;;x\n"
        "PT-14;S5;k.A.;Ja;31.02.2024;09:00;x\n"
        "XX-15;5;50;vielleicht;05.03.2024;24:00;x\n",
        encoding="latin-1",
    )
    b.text("suds.csv", "subject_id;session_no;exercise_no;Beginn;Ende\nPT-12;3;1;7,5;-9\nPT-12;3;2;11;2\n")
    header = ";".join(["subject_id", *(f"lsas_{h}{n}" for h in "fa" for n in range(1, 25))])
    b.text("lsas.csv", f"{header}\nPT-12;{';'.join(['1'] * 47)};4\n")
    body = yaml.load(LISBON, Loader=_Loader) | {"source": {"kind": "files", "path": "exports"}}
    unit = b.unit("subject: {file: x.csv}", instruments=["LSAS"], primary="LSASTOT")
    unit = type(unit)("sad01/07", Site.model_validate(body), unit.trial, (LSAS,), (), (), tmp_path)
    map_batch(b.con, [MapInput(1, unit, (b.delivery(),))])
    assert b.rows("dose", "study", "site", "subject_id", "session_no", "dose_mg", "dose_as_recorded", "taken") == [
        ("sad01", "07", "0012", 3, 50.0, "50 mg", True),
        ("sad01", "07", "0013", 4, 50.0, "0,05 g", False),
        ("sad01", "07", "0014", 5, None, "k.A.", True),
        ("sad01", "07", None, None, None, "50", None),
    ]
    assert b.rows("dose", "subject_id_repair", "dosed_at_local", "dosed_at_on", "dosed_at_fault", "record_key") == [
        ("id_padded", "2024-03-05 13:05:00", "2024-03-05", None, "PT-12|S3||05.03.2024 13:05"),
        (None, None, "2024-03-06", None, "PT-0013|S4||6.3.2024"),
        ("id_padded", None, None, "impossible_date", "PT-14|S5||31.02.2024 09:00"),
        (None, None, None, "impossible_date", "XX-15|5||05.03.2024 24:00"),
    ]
    assert b.rows("dose", "subject_id_fault", "session_no_fault", "dose_mg_fault", "taken_fault")[3] == (
        "unreadable", "unreadable", "unit_missing", "unknown_code",
    )  # fmt: skip
    assert b.rows("rating", "session_no", "exercise_no", "begin_suds", "begin_suds_fault", "end_suds", "scale") == [
        (3, 1, 75.0, None, None, "0-10"),
        (3, 2, None, "out_of_scale", 20.0, "0-10"),
    ]
    assert b.row("form", "subject_id", "instrument", "item_values") == ("0012", "LSAS", [1.0] * 47 + [None])
    assert b.row("item_fault", "item", "value_raw", "value_fault", "column_name") == ("LSA24", "4", "out_of_scale", "lsas_a24")
    assert ("Größe", False) in b.rows("file_column", "column_name", "used")
