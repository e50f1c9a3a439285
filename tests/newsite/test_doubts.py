"""What check-config doubts about a mapping: names and words that say something else than the mapping does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from flows.engine.config import load
from flows.newsite import at_night, doubts, trial_doubts
from schemas.trial import Trial
from tests.newsite.maker import TRIAL

SITE = """\
site_id: "01"
study: t01
timezone: Europe/Madrid
source: {kind: files, path: export}
subject_id: Paciente
tables:
  subject:
    file: a.csv
    fields:
      sex: {from: Sexo, map: {Mujer: F, "1": M}}
      weight_kg: {from: Peso, unit: kg}
      consented_on: {from: Consentimiento, format: "%Y-%m-%d"}
      randomized_on: {from: Randomización, format: "%Y-%m-%d"}
  session:
    file: b.csv
    fields:
      session_no: Sesión
      attended: {from: Asistió, map: {"Sí": true, "No": false}}
      started_at: {from: [Fecha, Inicio], format: "%d/%m/%Y %H:%M"}
      ended_at: {from: [Fecha, Fin], format: "%d/%m/%Y %H:%M"}
  dose:
    file: c.csv
    fields:
      session_no: Sesión
      dosed_at: {from: Hora de toma, format: "%d/%m/%Y %H:%M"}
  rating:
    file: d.csv
    fields:
      session_no: Sesión
      exercise_no: Ejercicio
      begin: {from: Inicio, scale: "0-100", missing: ["99"]}
      end: {from: Final, scale: "0-100", missing: ["-9"]}
  assessment:
    - file: e.csv
      wide: {pattern: "Miedo(?P<item>\\\\d+)", item: "LSF{item:02d}"}
      fields: {instrument: {const: LSAS}, visit: Visita, value: {missing: ["9"]}}
    - file: e.csv
      wide: {pattern: "Evitación(?P<item>\\\\d+)", item: "LSA{item:02d}"}
      fields: {instrument: {const: LSAS}, visit: Visita}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "trials").mkdir()
    (tmp_path / "sites" / "t01_01").mkdir(parents=True)
    (tmp_path / "trials" / "t01.yaml").write_text(TRIAL)
    return tmp_path


def found(config: Path, *changes: tuple[str, str]) -> list[str]:
    """The doubts about the site above, changed."""
    text = SITE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (config / "sites" / "t01_01" / "site.yaml").write_text(text)
    (unit,) = load(config).units.values()
    return doubts.find(unit)


def test_nothing_is_doubted_where_names_and_words_agree_with_the_mapping(config):
    assert found(config) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([("begin: {from: Inicio", "begin: {from: Final"), ("end: {from: Final", "end: {from: Inicio")],
         ["tables.rating.begin: reads 'Final', which is called like end; look whether it is",
          "tables.rating.end: reads 'Inicio', which is called like begin; look whether it is"]),
        ([("from: Peso", "from: Altura")],
         ["tables.subject.weight_kg: reads 'Altura', which is called like something else (planned, height, a comment ...); "
          "look whether it is weight_kg"]),
        ([("Hora de toma", "Hora programada")],
         ["tables.dose.dosed_at: reads 'Hora programada', which is called like something else (planned, height, a comment ...); "
          "look whether it is dosed_at"]),
        ([("from: Consentimiento", "from: Randomización x"), ("from: Randomización,", "from: Consentimiento,"), ("ción x", "ción")],
         ["tables.subject.consented_on: reads 'Randomización', which is called like randomized_on; look whether it is",
          "tables.subject.randomized_on: reads 'Consentimiento', which is called like consented_on; look whether it is"]),
        ([('{"Sí": true, "No": false}', '{"Sí": false, "No": true}')],
         ["tables.session.attended: maps 'Sí' to false; the word usually means true",
          "tables.session.attended: maps 'No' to true; the word usually means false"]),
        ([('Mujer: F, "1": M', '"1": M, "2": M')],
         ["tables.subject.sex: maps two codes to M and none to F; look whether they mean the same"]),
        ([('Mujer: F, "1": M', '"1": M, "2": F, "3": F')], []),
        ([('{"Sí": true, "No": false}', '{"1": true, "2": true}')],
         ["tables.session.attended: maps two codes to true and none to false; look whether they mean the same"]),
        ([('Mujer: F, "1": M', "H: M, M: F")], []),
        ([("Mujer: F", "M: F")], ["tables.subject.sex: maps 'M' to F; the word usually means M"]),
        ([("Mujer: F", "Mujer: M")],
         ["tables.subject.sex: maps 'Mujer' to M; the word usually means F",
          "tables.subject.sex: maps two codes to M and none to F; look whether they mean the same"]),
        ([("Miedo(", "Evitación(")],
         ["tables.assessment[0].wide.item: LSF is read from 'Evitación(?P<item>\\\\d+)', which is called like LSA; look which half it is"]),
        ([('missing: ["-9"]', 'missing: ["30"]')],
         ["tables.rating.end: '30' is declared missing, but is a value from 0 to 100; look whether it is one"]),
        ([("  assessment:\n", "  disposition: {file: f.csv, fields: {withdrawn_on: Baja, scope: {const: remove}}}\n  assessment:\n")],
         ["tables.disposition.scope: everybody who withdraws is taken out of every set; most withdraw from treatment only (stop); "
          "look whether all asked for it"]),
        ([('missing: ["9"]', 'missing: ["0"]')],
         ["tables.assessment[0].value: '0' is declared missing, but is a value from 0 to 3; look whether it is one"]),
    ],
)  # fmt: skip
def test_a_name_or_word_that_says_something_else_is_told(config, changes, told):
    assert found(config, *changes) == told


def test_a_dose_in_grams_and_a_window_in_hours_of_a_trial_are_told_and_hold_nobody_up(config):
    text = TRIAL.replace("dose_mg: 50", "dose_mg: 0.05").replace("length_min: 60", "length_min: 1.5")
    (config / "trials" / "t01.yaml").write_text(text + "timing_window: {pre: {from_min: 0.5, to_min: 2}}\n")
    found(config)
    ended = CliRunner().invoke(app, ["check-config", "--config", str(config)])
    assert ended.exit_code == 0
    assert ended.output.splitlines() == [
        "look -> t01: arms: a dose of 0.05 mg; doses are milligrams",
        "look -> t01: sessions: a session of 1.5 minutes; the length is in minutes",
        "look -> t01: timing_window: doses at most 2 minutes before the session; the window is in minutes",
        f"{config}: 1 exports, 0 problems, 3 doubts",
    ]


def test_visits_out_of_the_order_of_their_days_and_a_baseline_after_treatment_are_told(config):
    def told(*changes: tuple[str, str]) -> list[str]:
        text = TRIAL
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (config / "trials" / "t01.yaml").write_text(text)
        found(config)
        (unit,) = load(config).units.values()
        return trial_doubts.find(unit.trial, unit.instruments)

    assert told() == []
    assert told(("WEEK 4, order: 1", "WEEK 4, order: 3")) == ["visits: POST is ordered before WEEK 4, and its day 85 is after 29"]
    assert told((", baseline: true", ""), ("to_day: 33", "to_day: 33, baseline: true")) == [
        "visits: the baseline is WEEK 4, on day 29; look whether it is before treatment"
    ]
    assert told(("from_day: 78", "from_day: 31")) == [
        "visits: the windows of WEEK 4 and POST both hold days 31 to 33; look where one ends and the other begins"
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"primary": "LSASFEAR"},
         ["primary: LSASFEAR has 24 of the 48 items of LSASTOT; look whether a part of LSAS is the protocol's primary outcome"]),
        ({"success": {"end_le": 40, "decisive": "end_le"}}, []),
        ({"success": {"end_le": 100, "decisive": "end_le"}}, ["success: hardly an exposure misses end_le 100; fear at the end is of 100"]),
        ({"success": {"end_le": 4, "decisive": "end_le"}}, ["success: hardly an exposure meets end_le 4; fear at the end is of 100"]),
        ({"success": {"end_le": 4, "reduction_ge_pct": 0.5, "decisive": "reduction_ge_pct"}},
         ["success: hardly an exposure misses reduction_ge_pct 0.5; the fall of fear is in percent"]),
        ({"major_deviations": ["PROHIBITED_MEDICATION"], "prohibited_classes": ["BENZODIAZEPINE"]}, []),
        ({"major_deviations": ["PROHIBITED_MEDICATION"]},
         ["prohibited_classes: none, so that no medication can be the PROHIBITED_MEDICATION of major_deviations"]),
    ],
)  # fmt: skip
def test_what_a_protocol_can_hardly_mean_is_told(config: Path, changes: dict[str, Any], told: list[str]) -> None:
    found(config)
    (unit,) = load(config).units.values()
    trial = Trial.model_validate(unit.trial.model_dump(mode="json") | changes)
    assert trial_doubts.find(trial, unit.instruments) == told


def test_a_night_tells_each_doubt_once_and_the_trials_on_one_site(config: Path) -> None:
    found(config, ('"Sí": true', '"Sí": false'), ('"No": false', '"No": true'))
    (unit,) = load(config).units.values()
    trial = Trial.model_validate(unit.trial.model_dump(mode="json") | {"primary": "LSASFEAR"})
    unit = replace(unit, trial=trial)
    placed: Any = {
        key: SimpleNamespace(attempt=SimpleNamespace(unit=unit), staged=SimpleNamespace(receipt={"sites": {site: {}}}))
        for key, site in (("t01/01", "01"), ("t01/02", "02"))
    }
    told = {key: [row for f in frames for row in f.to_dicts()] for key, frames in at_night.told(placed).items()}
    assert [(r["rule"], r["site"], r["table"], r["field"], r["n_rows"]) for r in told["t01/02"]] == [
        ("mapping_doubted", "02", "session", "attended", 1), ("mapping_doubted", "02", "session", "attended", 1)
    ]  # fmt: skip
    assert [r["suggestion"] for r in told["t01/02"]] == [f"tables.session.attended: {d}" for d in (
        "maps 'Sí' to false; the word usually means true", "maps 'No' to true; the word usually means false")]  # fmt: skip
    assert [r["rule"] for r in told["t01/01"]] == ["mapping_doubted", "mapping_doubted", "trial_doubted"]
    again = {key: [row for f in frames for row in f.to_dicts()] for key, frames in at_night.told(placed).items()}
    assert again == told  # the same findings on every night


def unread(config: Path, columns: list[tuple[str, str]], *changes: tuple[str, str]) -> list[str]:
    """The doubts about columns that nothing reads."""
    found(config, *changes)
    (unit,) = load(config).units.values()
    return doubts.unread(unit, columns)


def test_a_column_that_nothing_reads_and_is_called_like_a_field_that_reads_another_is_told(config):
    left = [("b.csv", "Hora de inicio"), ("b.csv", "Sala"), ("a.csv", "Peso")]
    assert unread(config, left) == []
    edits = [("from: [Fecha, Inicio]", "from: [Fecha, Exposición]"), ("{from: Peso, unit: kg}", "{const: 70, unit: kg}")]
    assert unread(config, left, *edits) == [
        "tables.session.started_at: reads 'Fecha', 'Exposición'; nothing reads 'Hora de inicio' of b.csv, which is called like it",
        "tables.subject.weight_kg: reads a constant; nothing reads 'Peso' of a.csv, which is called like it",
    ]


def test_a_map_that_turns_numbers_round_and_a_missing_code_of_the_site_that_stands_in_a_map_are_told(config):
    assert found(config, ('value: {missing: ["9"]}', 'value: {map: {"0": 3, "1": 2, "2": 1, "3": 0}}')) == [
        "tables.assessment[0].value: maps 0 to 3 and 3 to 0: the numbers are turned round; look whether they are"
    ]
    assert found(config, ("subject_id: Paciente\n", 'subject_id: Paciente\ndefaults: {missing: ["No"]}\n')) == [
        "tables.session.attended: 'No' is declared missing for the whole site and stands in the map; it is read as missing"
    ]
