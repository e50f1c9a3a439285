"""Names that wait for a person, the decision on them, and dictionaries that the user supplies."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from flows.engine import catalog
from flows.engine.coding import Coder, load_dictionary, problems
from flows.engine.coding.decisions import Decision, place_of, resolved, write
from flows.engine.coding.waiting import waiting
from flows.engine.config import load
from flows.engine.fingerprint import shared_sha256
from schemas.columns import columns
from schemas.findings import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]
CODELISTS = ROOT / "config" / "codelists"
CODER = Coder(load_dictionary([CODELISTS]))
TODAY = dt.date(2026, 1, 5)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the tiny trial's configuration: t01 with the sites A and B."""
    return Path(shutil.copytree(ROOT / "tests" / "golden" / "tiny", tmp_path / "config"))


def decision(place: str, verbatim: str, *ingredients: str) -> Decision:
    return Decision(place, verbatim, ingredients, "A. Person", TODAY, "asked the site")


def release(folder: Path, **sets: str) -> Path:
    """A release of these sets, each `NAME, NAME / value, value / ...`; columns not named are null."""
    folder.mkdir()
    con = duckdb.connect()
    for dataset, text in sets.items():
        names, *rows = [[cell.strip() for cell in line.split(",")] for line in text.split("/")]
        types = {c.name: "DATE" if c.type == "Date" else "VARCHAR" for c in columns()[dataset]}
        con.execute(f"create table {dataset} ({', '.join(f'{n} {t}' for n, t in types.items())})")
        for row in rows:
            marks = ", ".join("?" for _ in names)
            con.execute(f"insert into {dataset} ({', '.join(names)}) values ({marks})", [cell or None for cell in row])
        (folder / dataset / "t01").mkdir(parents=True)
        con.execute(f"copy {dataset} to '{folder / dataset / 't01' / 'A-1.parquet'}' (format parquet)")
    catalog.write_catalog(folder, folder, list(sets))
    return folder


def test_names_that_wait_are_listed_with_how_often_and_what_they_hold_open(tmp_path, config):
    found = waiting(
        release(
            tmp_path / "release",
            adcm="STUDYID, USUBJID, SITEID, CMSEQ, CMTRT, CODESTAT, ASTDT, AENDT"
            "/ t01, S1, A, 1, quitiapine, FUZZY_REVIEW, 2024-01-01,"
            "/ t01, S2, B, 1, Quitiapine , FUZZY_REVIEW, 2024-02-01, 2024-02-29"
            "/ t01, S2, B, 2, house tea, UNCODED, ,"
            "/ t01, S2, B, 3, sertraline, EXACT_INGREDIENT, ,",
            adsl="STUDYID, USUBJID, SITEID, ADBLFL, PSYBLFL / t01, S1, A, U, U / t01, S2, B, N, N",
            adex="STUDYID, USUBJID, SITEID, EXSEQ, EXSTDTC, ADDOSFL, SSRIDFL, BZDDFL, PSYDFL, INTDFL"
            "/ t01, S1, A, 1, 2024-03-05T10:00:00+01:00, U, U, U, U, U"
            "/ t01, S1, A, 2, 2024-03-12, U, U, U, U, U"
            "/ t01, S2, B, 1, 2024-03-05, U, U, U, U, U",
        ),
        load(config),
        CODER,
    )

    assert [(w.verbatim, w.records, w.subjects, w.sites, w.doses_open, w.baselines_open) for w in found] == [
        ("quitiapine", 2, 2, ("A", "B"), 2, 1), ("house tea", 1, 1, ("B",), 1, 0),
    ]  # fmt: skip
    best = found[0].suggestions[0]
    assert (best.name, best.score, best.ingredients, best.touches) == ("quetiapine", 0.89, ("quetiapine",), ("psychotropic",))


def test_a_decision_is_written_with_person_day_and_reason_and_touches_only_its_site(config):
    before = load(config)
    (written,) = write(before, [decision("t01/A", "Sertralin-Tropfen (Hausmarke)", "sertraline")])
    after = load(config)

    assert written == before.units["t01/A"].folder / "medications.csv"
    assert written.read_text().splitlines()[-1] == "Sertralin-Tropfen (Hausmarke),sertraline,A. Person,2026-01-05,asked the site"
    assert after.units["t01/A"].overrides[-1].ingredients == ("sertraline",)
    changed = [key for key in before.units if before.units[key].sha256 != after.units[key].sha256]
    assert changed == ["t01/A"] and shared_sha256(before) == shared_sha256(after)


def test_a_trials_decision_holds_for_its_sites_and_the_sites_own_stands_above_it(config):
    write(load(config), [decision("t01", "AMI", "amitriptyline"), decision("t01/A", "ami", "amisulpride")])
    units = load(config).units

    assert {o.verbatim: o.ingredients for o in units["t01/B"].overrides}["AMI"] == ("amitriptyline",)
    first = next(o for o in units["t01/A"].overrides if o.verbatim.casefold() == "ami")
    assert first.ingredients == ("amisulpride",)


def test_another_decision_on_a_name_is_refused_until_it_is_to_replace_the_first(config):
    write(load(config), [decision("t01/A", "house tea")])
    with pytest.raises(ConfigurationError, match="already decides"):
        write(load(config), [decision("t01/A", "House Tea", "ethanol")])
    write(load(config), [decision("t01/A", "House Tea", "ethanol")], replace=True)

    (stands,) = [o for o in load(config).units["t01/A"].overrides if o.verbatim.casefold() == "house tea"]
    assert stands.ingredients == ("ethanol",)


def test_two_decisions_on_one_name_in_one_file_are_an_error_of_the_configuration(config):
    (config / "trials" / "t01.medications.csv").write_text("verbatim,ingredients\nAMI,amitriptyline\nami,amisulpride\n")
    with pytest.raises(ConfigurationError, match=r"t01\.medications\.csv line 3: another decision"):
        load(config)


def test_a_decision_names_a_drug_of_the_dictionary_a_place_a_person_and_a_reason(config):
    programme = load(config)
    assert resolved(CODER, ["Zoloft", "Symbyax"]) == ("sertraline", "fluoxetine", "olanzapine")
    with pytest.raises(ConfigurationError, match=r"'quitiapine' is no drug of the dictionary \(quetiapine"):
        resolved(CODER, ["quitiapine"])
    with pytest.raises(ConfigurationError, match="is no site and no trial"):
        place_of(programme, "t01/Z")
    with pytest.raises(ConfigurationError, match="--who"):
        write(programme, [Decision("t01/A", "x", (), "", TODAY, "because")])


def test_the_command_writes_a_decision_and_many_from_a_file(config, tmp_path):
    def call(*words: str) -> tuple[int, str]:
        ended = CliRunner().invoke(app, ["coding", "decide", *words, "--config", str(config)])
        return ended.exit_code, ended.output

    told = ("--at", "t01/A", "--who", "A. Person", "--reason", "asked")
    then = f"the next run works the sites they touch -> trialweave run --config {config}\n"
    assert call("Hausmarke", "Zoloft", *told) == (0, f"1 decisions written: t01_A/medications.csv\n{then}")
    assert call("Hausmarke", *told)[0] == 2
    many = tmp_path / "many.csv"
    by = "A. Person,2026-01-05"
    many.write_text(f"at,verbatim,ingredients,who,when,note\nt01,tea,,{by},a drink\nt01/A,AMI,amisulpride,{by},asked\n")
    assert call("--file", str(many)) == (0, f"2 decisions written: t01_A/medications.csv, trials/t01.medications.csv\n{then}")
    assert (config / "trials" / "t01.medications.csv").read_text() == (
        "verbatim,ingredients,who,when,note\ntea,,A. Person,2026-01-05,a drink\n"
    )


def test_a_prohibited_class_that_no_drug_has_is_an_error_of_the_configuration(config):
    trial = config / "trials" / "t01.yaml"
    kept = [line for line in trial.read_text().splitlines() if not line.startswith("prohibited_classes")]
    trial.write_text("\n".join([*kept, "prohibited_classes: [BENZO, N05C, SSRI]", ""]))
    (told,) = problems(CODER.dictionary, load(config))
    assert told.startswith("trials/t01.yaml: prohibited_classes: 'BENZO' is no class, group or beginning of an ATC code")


DECLARED = "{name: Drug Name, ingredient: Preferred, atc: ATC, delimiter: ';', separator: '+'}"


def supplied(folder: Path, rows: str, shape: str = DECLARED) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "dictionary_who.csv").write_text("Drug Name;Preferred;ATC\n" + rows)
    (folder / "dictionary_who.yaml").write_text(shape + "\n")
    return folder


def test_a_supplied_dictionary_stands_over_the_projects_and_says_where_it_contradicts(tmp_path):
    folder = supplied(tmp_path / "codelists", (
        "Newbrand;Sertraline;N06AB06\nZoloft;Citalopram;N06AB04\nAlbego;Cibenzoline;C01BG07\nDuo;Sertraline+Lorazepam;\n"
        "Mystery;Unheardof;\nPaxil;Paroxetine;N06AB55\nNoxyrel;Noxyrelone;N06AB99\n"
    ))  # fmt: skip
    coder = Coder(load_dictionary([CODELISTS, folder]))

    def meant(text: str) -> list[tuple[str, str | None, str, bool]]:
        return [(d.ingredient, d.atc, d.drug_class, d.antidepressant) for d in coder.code(text).drugs]

    assert meant("Newbrand 50 mg") == [("sertraline", "N06AB06", "SSRI", True)]
    assert meant("Zoloft") == [("citalopram", "N06AB04", "SSRI", True)]
    assert meant("Albego") == [("cibenzoline", "C01BG07", "NON_PSYCHOTROPIC", False)]
    assert meant("Noxyrel") == [("noxyrelone", "N06AB99", "SSRI", True)]
    assert [d[0] for d in meant("Duo")] == ["sertraline", "lorazepam"]
    assert coder.code("Mystery").status == "UNCODED"
    assert coder.dictionary.told == [
        "dictionary_who.csv: 'Zoloft' is citalopram here and sertraline in the dictionary below; the supplied one stands",
        "dictionary_who.csv: 'Paxil' is N06AB55 here and N06AB05 in the dictionary below; the supplied one stands",
        "dictionary_who.csv: 1 names are left out; their ingredient is not known here and has no ATC code",
    ]


def test_the_users_own_list_stands_over_a_supplied_dictionary(tmp_path):
    folder = supplied(tmp_path / "codelists", "Zoloft;Citalopram;N06AB04\n")
    (folder / "medication_names.csv").write_text("name,ingredient\nZoloft,fluoxetine\n")
    assert [d.ingredient for d in Coder(load_dictionary([CODELISTS, folder])).code("Zoloft").drugs] == ["fluoxetine"]


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("{name: Drug Name, ingredient: Preferred, atc: ATX, delimiter: ';'}", "has no column ATX"),
        ("{name: Drug Name, ingredients: Preferred}", "ingredients"),
    ],
)
def test_a_supplied_dictionary_that_does_not_fit_its_declaration_is_an_error(tmp_path, shape, told):
    with pytest.raises(ConfigurationError, match=told):
        load_dictionary([CODELISTS, supplied(tmp_path / "codelists", "a;b;\n", shape)])


def test_a_supplied_dictionary_needs_its_declaration(tmp_path):
    folder = supplied(tmp_path / "codelists", "a;b;\n")
    (folder / "dictionary_who.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r"needs dictionary_who\.yaml"):
        load_dictionary([CODELISTS, folder])
