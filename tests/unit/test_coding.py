"""A drug's name is coded by exact names only; what is around the name is cleaned away, the name never bent."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from flows.engine.coding import Coder, load_dictionary
from flows.engine.coding.clean import candidates, folded
from flows.engine.coding.model import ATC
from schemas.findings import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]
CODELISTS = ROOT / "config" / "codelists"
FACTS = ROOT / ".." / "shared" / "domain" / "medications.csv"
PILOT = ROOT / ".." / "shared" / "data" / "cdisc_pilot" / "sdtm" / "cm.xpt"
CODER = Coder(load_dictionary([CODELISTS]))


def ingredients(text: str) -> list[str]:
    return [d.ingredient for d in CODER.code(text).drugs]


@pytest.mark.parametrize(
    ("verbatim", "status", "expected"),
    [
        ("sertraline", "EXACT_INGREDIENT", ["sertraline"]),
        ("Sertraline 50 mg tab QD", "EXACT_INGREDIENT", ["sertraline"]),
        ("sertraline hydrochloride 50mg/day", "EXACT_INGREDIENT", ["sertraline"]),
        ("2 x 50 mg sertraline", "EXACT_INGREDIENT", ["sertraline"]),
        ("sertraline 1-0-0", "EXACT_INGREDIENT", ["sertraline"]),
        ("ZOLOFT\u00ae 100mg po daily", "EXACT_BRAND", ["sertraline"]),
        ("\u00a0Zoloft\u00a0", "EXACT_BRAND", ["sertraline"]),
        ("Bupropi\u00f3n", "EXACT_INGREDIENT", ["bupropion"]),
        ("Sertralin", "EXACT_BRAND", ["sertraline"]),
        ("Effexor XR 75 mg capsules", "EXACT_BRAND", ["venlafaxine"]),
        ("metoprolol succinate ER 25 mg", "EXACT_INGREDIENT", ["metoprolol"]),
        ("Zoloft (sertraline)", "EXACT_BRAND", ["sertraline"]),
        ("methylphenidate ER (Concerta) 36mg", "EXACT_INGREDIENT", ["methylphenidate"]),
        ("Advil/ibuprofen", "EXACT_BRAND", ["ibuprofen"]),
        ("vitamin B12 1000 mcg", "EXACT_BRAND", ["cyanocobalamin"]),
        ("St. John\u2019s wort", "EXACT_BRAND", ["Hyperici herba (St John's wort)"]),
        ("cyclosporine 100 mg", "EXACT_BRAND", ["ciclosporin"]),
        ("aspirin 81", "EXACT_BRAND", ["acetylsalicylic acid"]),
        ("HYDROCORTISONE, TOPICAL", "EXACT_INGREDIENT", ["hydrocortisone"]),
        ("sertraline 50 mg/5 mL oral solution", "EXACT_INGREDIENT", ["sertraline"]),
        ("sertraline for anxiety", "EXACT_INGREDIENT", ["sertraline"]),
        ("sertraline (50 mg in the morning, 25 mg at night)", "EXACT_INGREDIENT", ["sertraline"]),
        ("Sertralin-ratiopharm 50 mg Filmtbl. morgens", "EXACT_BRAND", ["sertraline"]),
        ("Citalopram AL 20", "EXACT_INGREDIENT", ["citalopram"]),
        ("Alprazolam 0,5 mg bei Bedarf", "EXACT_INGREDIENT", ["alprazolam"]),
        ("venlafaxine LP 75 mg, 1 g\u00e9lule par jour", "EXACT_INGREDIENT", ["venlafaxine"]),
        ("clorhidrato de sertralina 50 mg comprimidos recubiertos", "EXACT_BRAND", ["sertraline"]),
        ("quetiapina 25 mg cpr al d\u00ec", "EXACT_BRAND", ["quetiapine"]),
        ("paroxetine 20 mg 's ochtends", "EXACT_INGREDIENT", ["paroxetine"]),
        ("Levaxin 50 mikrogram", "FUZZY_REVIEW", []),
        ("metoprolol 47,5 mg depottabletter vid behov", "EXACT_INGREDIENT", ["metoprolol"]),
    ],
)  # fmt: skip
def test_what_is_around_a_name_is_cleaned_away(verbatim, status, expected):
    assert (CODER.code(verbatim).status, ingredients(verbatim)) == (status, expected)


@pytest.mark.parametrize(
    ("verbatim", "expected"),
    [
        ("fluoxetine/olanzapine", [("fluoxetine", "N06AB03"), ("olanzapine", "N05AH03")]),
        ("Symbyax 6/25 mg", [("fluoxetine", "N06AB03"), ("olanzapine", "N05AH03")]),
        ("sertraline + bupropion", [("sertraline", "N06AB06"), ("bupropion", "N06AX12")]),
        ("Zoloft and Xanax prn", [("sertraline", "N06AB06"), ("alprazolam", "N05BA12")]),
        ("Contrave", [("bupropion", "N06AX12"), ("naltrexone", "N07BB04")]),
        ("lisinopril-hydrochlorothiazide 20-12.5 mg", [("lisinopril", "C09AA03"), ("hydrochlorothiazide", "C03AA03")]),
        ("HYDROCODONE W/APAP", [("hydrocodone", "R05DA03"), ("paracetamol", "N02BE01")]),
        ("Tylenol #3", [("paracetamol", "N02BE01"), ("codeine", "R05DA04")]),
        ("sertraline\nlorazepam", [("sertraline", "N06AB06"), ("lorazepam", "N05BA06")]),
        ("Sertralin 50 mg/Tag | Lorazepam 1 mg/Tag", [("sertraline", "N06AB06"), ("lorazepam", "N05BA06")]),
        ("Zoloft (sertraline) 50 mg + Xanax (alprazolam) 0.5", [("sertraline", "N06AB06"), ("alprazolam", "N05BA12")]),
        ("sertraline (for OCD), lorazepam (prn)", [("sertraline", "N06AB06"), ("lorazepam", "N05BA06")]),
    ],
)  # fmt: skip
def test_a_combination_gives_each_ingredient_with_its_own_code(verbatim, expected):
    assert [(d.ingredient, d.atc) for d in CODER.code(verbatim).drugs] == expected


@pytest.mark.parametrize(
    ("verbatim", "suggestion"),
    [("quitiapine", "quetiapine (0.89)"), ("citaloprm 20 mg", "citalopram (0.98)"), ("Seroqel", "Seroquel = quetiapine (0.97)")],
)
def test_likeness_is_a_suggestion_and_never_codes(verbatim, suggestion):
    coded = CODER.code(verbatim)
    assert (coded.status, coded.drugs, coded.suggestion) == ("FUZZY_REVIEW", (), suggestion)


@pytest.mark.parametrize(
    ("verbatim", "status", "suggestion"),
    [
        # two drugs that are not told apart by a separator
        ("sertraline lorazepam", "FUZZY_REVIEW", "sertraline + lorazepam (1.00)"),
        ("sertraline 50 mg lorazepam 1 mg", "FUZZY_REVIEW", "sertraline + lorazepam (1.00)"),
        ("citalopram escitalopram", "FUZZY_REVIEW", "citalopram + escitalopram (1.00)"),
        # one after the other: the row's dates are not both drugs'
        ("sertraline -> venlafaxine", "FUZZY_REVIEW", "sertraline + venlafaxine (1.00)"),
        ("sertraline, > venlafaxine", "AMBIGUOUS", "sertraline + venlafaxine"),
        ("sertraline, switched to venlafaxine", "FUZZY_REVIEW", "sertraline + venlafaxine (1.00)"),
        # a remark that names another drug, or says that it is not taken
        ("sertraline (with lorazepam)", "AMBIGUOUS", "sertraline | lorazepam"),
        ("sertraline (previously lorazepam)", "AMBIGUOUS", "sertraline | lorazepam"),
        ("sertraline (stopped 2019)", "AMBIGUOUS", "sertraline"),
        ("Sertralin (abgesetzt)", "AMBIGUOUS", "sertraline"),
        ("sertraline (mother's)", "AMBIGUOUS", "sertraline"),
        ("Zoloft (prior to study)", "AMBIGUOUS", "sertraline"),
        ("lorazepam (on hold)", "AMBIGUOUS", "lorazepam"),
        ("sertraline (completed)", "AMBIGUOUS", "sertraline"),
        ("lorazepm (sertraline)", "AMBIGUOUS", "sertraline | lorazepam"),
        ("sertraline without lorazepam", "FUZZY_REVIEW", "sertraline + lorazepam (1.00)"),
        # a part in letters that are not ours, or of one letter, is a part
        ("sertraline, \u043b\u043e\u0440\u0430\u0437\u0435\u043f\u0430\u043c", "FUZZY_REVIEW", "sertraline (1.00)"),
        ("vitamin B, D", "FUZZY_REVIEW", "vitamin B complex (1.00)"),
        ("enalapril comp", "FUZZY_REVIEW", "enalapril (1.00)"),
    ],
)
def test_two_drugs_in_one_text_are_never_coded_as_the_first_only(verbatim, status, suggestion):
    coded = CODER.code(verbatim)
    assert (coded.status, coded.drugs, coded.suggestion) == (status, (), suggestion)


@pytest.mark.parametrize("verbatim", ["?", "none?", "unknown", "unbekannt", "not done", "0"])
def test_what_is_not_known_is_not_none(verbatim):
    assert CODER.code(verbatim).status == "UNCODED"


def test_suggestions_come_with_their_likeness_best_first():
    found = CODER.suggestions("quitiapine 25 mg")
    assert [(name, round(score, 2)) for name, score in found] == [("quetiapine", 0.89), ("quinine", 0.87)]


def test_every_code_is_one_of_atc_and_begins_as_its_class_says():
    groups = {
        "SSRI": "N06AB", "SNRI": "N06AX", "TCA": "N06AA", "MAOI": "N06AF", "RIMA": "N06AG", "BENZODIAZEPINE_HYPNOTIC": "N05CD",
        "Z_DRUG": "N05CF", "ANTIPSYCHOTIC_FIRST": "N05A", "ANTIPSYCHOTIC_SECOND": "N05A", "STIMULANT": "N06BA", "CONTRACEPTIVE": "G0",
        "ANTIMIGRAINE": "N02C", "LIPID_LOWERING": "C10A", "ANTIDIABETIC": "A10B", "INSULIN": "A10A", "DIURETIC": ("C03", "S01EC"),
        "ACID_REDUCER": "A02B", "LAXATIVE": "A06A", "ANTIHISTAMINE": "R06A", "SEDATING_ANTIHISTAMINE": "R06A", "ASTHMA": "R03",
        "BENZODIAZEPINE": ("N05BA", "N03AE01", "M03BX07"), "ANTITUBERCULAR": "J04A", "OPIOID": ("N02A", "R05DA"), "VACCINE": "J07",
        "BETA_BLOCKER": "C07A",
        "ANTIHYPERTENSIVE": ("C02", "C08", "C09"), "ANTIBIOTIC": ("J01", "D06BX01"), "ANTICONVULSANT": "N03A",
        "UROLOGICAL": "G04", "ANTITHROMBOTIC": "B01A", "EYE": "S01", "SKIN": "D", "ANTIEMETIC": "A0", "BONE": "M05", "GOUT": "M04",
        "NASAL_CORTICOSTEROID": "R01AD",
    }  # fmt: skip
    drugs = {d for name in CODER.dictionary.names.values() for meaning in name.meanings for d in meaning}
    wrong = [
        (d.ingredient, d.atc, d.drug_class)
        for d in drugs
        if d.atc and (not ATC.fullmatch(d.atc) or not d.atc.startswith(groups.get(d.drug_class, d.atc)))
    ]
    assert wrong == [] and len(drugs) > 450


def test_a_class_that_nothing_has_is_a_problem_of_the_trial():
    known = CODER.dictionary.classes()
    assert {"SSRI", "NMDA_ANTAGONIST", "MAOI", "OPIOID", "PSYCHOTROPIC"} <= known and "BENZO" not in known


@pytest.mark.parametrize(
    "verbatim", ["no sertraline", "stopped Zoloft", "sertraline + unknownium", "herbal preparation", "pill", "antidepressant"]
)
def test_more_or_less_than_a_name_is_not_coded(verbatim):
    assert CODER.code(verbatim).status in ("FUZZY_REVIEW", "UNCODED")


@pytest.mark.parametrize(
    ("verbatim", "suggestion"),
    [
        ("AMI", "amitriptyline | amisulpride"),
        ("MPH", "methylphenidate"),
        ("sertraline or fluoxetine", "sertraline | fluoxetine"),
        ("sertraline (fluoxetine)", "sertraline | fluoxetine"),
        ("sertraline?", "sertraline"),
    ],
)
def test_what_can_mean_several_drugs_is_ambiguous(verbatim, suggestion):
    assert (CODER.code(verbatim).status, CODER.code(verbatim).suggestion) == ("AMBIGUOUS", suggestion)


@pytest.mark.parametrize("verbatim", ["none", "N/A", "-", "...", "No concomitant medications", "keine", "CBT"])
def test_none_is_not_a_drug(verbatim):
    assert CODER.code(verbatim).status == "NOT_A_DRUG"


@pytest.mark.parametrize("verbatim", ['"', "\u3003", "-\"-", "''", "***", "\u2193", "ditto", ".", " . "])
def test_a_sign_that_may_stand_for_the_drug_above_stays_open(verbatim):
    assert CODER.code(verbatim).status == "UNCODED"


def test_a_name_in_the_list_is_met_before_any_of_its_words_is_taken_away():
    assert candidates("Paxil CR 25 mg") == ["paxil cr 25 mg", "paxil cr", "paxil"]
    assert candidates("vitamin b 6") == ["vitamin b 6"]


def test_folding_ignores_case_accents_width_and_punctuation_but_keeps_decimals():
    assert folded("  \uff33\uff25\uff32trali\u0301ne\u00a00,5 ") == "sertraline 0.5"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("citalopram", "escitalopram"), ("clonazepam", "lorazepam"), ("fluoxetine", "duloxetine"), ("hydroxyzine", "hydralazine"),
        ("Celexa", "Celebrex"), ("cycloserine", "cyclosporine"), ("Zyprexa", "Zyrtec"), ("Lamictal", "Lamisil"),
        ("Seroquel", "Seroxat"), ("Klonopin", "clonidine"), ("Brintellix", "Brilinta"), ("esketamine", "ketamine"),
    ],
)  # fmt: skip
def test_look_alikes_are_told_apart(first, second):
    assert ingredients(first) and ingredients(second) and ingredients(first) != ingredients(second)


def test_classes_follow_the_drug_and_not_its_code():
    (clonazepam,) = CODER.code("clonazepam").drugs
    (temazepam,) = CODER.code("Restoril").drugs
    (sertraline,) = CODER.code("Zoloft").drugs
    (isoniazid,) = CODER.code("isoniazid").drugs
    (alcohol,) = CODER.code("alcohol").drugs
    assert clonazepam.benzodiazepine and clonazepam.atc == "N03AE01" and temazepam.benzodiazepine
    assert sertraline.ssri and sertraline.antidepressant and not clonazepam.antidepressant
    assert isoniazid.interacting and alcohol.interacting and not sertraline.interacting


def test_a_brand_may_have_another_code_than_its_ingredient():
    assert [d.atc for d in (*CODER.code("fluticasone").drugs, *CODER.code("Flonase").drugs, *CODER.code("Flovent").drugs)] == [
        None, "R01AD08", "R03BA05",
    ]  # fmt: skip


def test_a_persons_folder_is_laid_over_the_projects(tmp_path):
    (tmp_path / "medications.csv").write_text(
        "ingredient,brands,atc,class,psychotropic,antidepressant\nnewdrug,Zoloft|Newbrand,,TEST,Y,N\n", encoding="utf-8"
    )
    coder = Coder(load_dictionary([CODELISTS, tmp_path]))
    assert [d.ingredient for d in coder.code("Zoloft").drugs] == ["newdrug"]
    assert [d.ingredient for d in coder.code("sertraline").drugs] == ["sertraline"]


def test_two_ingredients_of_one_name_make_it_ambiguous(tmp_path):
    (tmp_path / "medications.csv").write_text(
        "ingredient,brands,atc,class,psychotropic,antidepressant\na,Twin,,TEST,Y,N\nb,Twin,,TEST,Y,N\n", encoding="utf-8"
    )
    coded = Coder(load_dictionary([tmp_path])).code("Twin 5 mg")
    assert (coded.status, coded.suggestion) == ("AMBIGUOUS", "a | b")


def test_an_unknown_component_is_an_error_that_names_the_line(tmp_path):
    (tmp_path / "medications.csv").write_text(
        "ingredient,brands,atc,class,psychotropic,antidepressant,components\nboth,Duo,,TEST,N,N,a|b\n", encoding="utf-8"
    )
    with pytest.raises(ConfigurationError, match=r"medications\.csv line 2: 'a' is no ingredient"):
        load_dictionary([tmp_path])


def test_only_listed_abbreviations_are_ambiguous_in_the_projects_dictionary():
    doubtful = {key for key, name in CODER.dictionary.names.items() if name.ambiguous}
    assert doubtful == {"ami", "cbz", "hct", "li", "ltg", "mph", "mtx", "vpa"}


@pytest.mark.skipif(not FACTS.is_file(), reason="the facts sheet is not beside this checkout")
def test_every_fact_of_the_facts_sheet_is_in_the_dictionary():
    with FACTS.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for name in [row["ingredient"], *row["brands"].split("|")]:
                found = CODER.code(name).drugs
                assert found, name
                if " and " not in row["ingredient"] and name != "Robitussin DM":
                    assert [(d.ingredient, d.atc, d.drug_class) for d in found] == [(row["ingredient"], row["atc"], row["class"])], name
                    assert (found[0].psychotropic, found[0].antidepressant) == (row["psychotropic"] == "Y", row["antidepressant"] == "Y")


@pytest.mark.skipif(not PILOT.is_file(), reason="the CDISC pilot study is not beside this checkout")
def test_most_medications_of_a_real_study_are_coded():
    pyreadstat = pytest.importorskip("pyreadstat")
    frame, _ = pyreadstat.read_xport(str(PILOT))
    coded = [bool(CODER.code(v).drugs) for v in frame["CMTRT"]]
    assert len(coded) == 7510 and sum(coded) / len(coded) > 0.96
