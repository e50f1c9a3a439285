"""REDCap's branching logic: what hides a field, what does not, and what nobody can know."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.readers import ROW, ReadOptions, read
from flows.readers.redcap_logic import NotUnderstood, Ref, parse

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "redcap"
HEADER = (
    "field_name,form_name,section_header,field_type,field_label,select_choices_or_calculations,field_note,"
    "text_validation_type_or_show_slider_number,text_validation_min,text_validation_max,identifier,branching_logic,required_field,"
    "custom_alignment,question_number,matrix_group_name,matrix_ranking,field_annotation\n"
)


@pytest.mark.parametrize(
    ("logic", "values", "hides"),
    [
        ("[a] = '1'", {"a": "1"}, False),
        ("[a] = '1'", {"a": "2"}, True),
        ("[a] = '1'", {"a": ""}, True),
        ("[a] = '1'", {"a": None}, False),
        ('[a]="1"', {"a": "01"}, False),
        ("[a] = 1.0", {"a": "1"}, False),
        ("[a] <> ''", {"a": ""}, True),
        ("[a] <> ''", {"a": "0"}, False),
        ("[a] = ''", {"a": "x"}, True),
        ("[a] = '0'", {"a": ""}, False),
        ("[a] = 'yes'", {"a": "Yes"}, False),
        ("[a] != 'yes'", {"a": "no"}, False),
        ("[a] > 17", {"a": "17"}, True),
        ("[a] >= 17", {"a": "17"}, False),
        ("[a] < 5", {"a": ""}, False),
        ("[a] < '2024-03-05'", {"a": "2024-03-06"}, True),
        ("[a] < '2024-03-05'", {"a": "2024-03-05 10:00"}, False),
        ("[a] = '1' and [b] = '1'", {"a": "1", "b": "2"}, True),
        ("[a] = '1' and [b] = '1'", {"a": None, "b": "2"}, True),
        ("[a] = '1' and [b] = '1'", {"a": None, "b": "1"}, False),
        ("[a] = '1' or [b] = '1'", {"a": "2", "b": "2"}, True),
        ("[a] = '1' or [b] = '1'", {"a": "2", "b": None}, False),
        ("[a] = '1' AND ([b] = '1' Or [b] = '2')", {"a": "1", "b": "3"}, True),
        ("not [a] = '1'", {"a": "1"}, True),
        ("not ([a] = '1' or [b] = '1')", {"a": "2", "b": "2"}, False),
        ("[a] = '1' || [b] = '1' && [a] = '9'", {"a": "2", "b": "1"}, True),
        ("[c(2)] = '1'", {"c(2)": "0"}, True),
        ("[start_arm_1][a] = '1'", {"start_arm_1.a": "2"}, True),
        ("[event-name] = 'start_arm_1'", {"event-name": "dose_arm_1"}, True),
    ],
)
def test_what_hides_a_field_surely_and_what_does_not(logic, values, hides):
    made = parse(logic)
    names = {f"{r.event}.{r.field}" if r.event else f"{r.field}({r.code})" if r.code else r.field: r for r in made.refs}
    assert made.hides({names[name]: value for name, value in values.items()}) is hides


@pytest.mark.parametrize(
    "logic",
    ["", "[a]", "[a] =", "= '1'", "[a] = '1')", "([a] = '1'", "datediff([a], 'today', 'd') > 3", "[a] + 1 = 2", "[a:value] = '1'",
     "[a][2] = '1' [b]", "[current-instance] + 1 = 2", "contains([a], 'x')", "[a] = 'it''s'", "not", "[[a]] = 1", "(" * 200,
     "[a]='1'" * 999],
)  # fmt: skip
def test_what_is_beyond_the_language_is_not_guessed_at(logic):
    with pytest.raises(NotUnderstood):
        parse(logic)


@given(st.text(alphabet="[]()abc'\"=<>! andortn12-_.|&", max_size=40))
def test_any_text_is_logic_or_not_understood(text):
    try:
        parse(text)
    except NotUnderstood:
        return


def test_fields_are_told_once_each():
    assert parse("[a] = 1 and ([a] = 2 or [b(3)] = 1)").refs == (Ref("a"), Ref("b", "3"))


DICTIONARY = HEADER + """\
record_id,demo,,text,Record,,,,,,,,,,,,,
sex,demo,,radio,Sex,"1, Male | 2, Female",,,,,,,,,,,,
pregnant,demo,,yesno,Pregnant?,,,,,,,[sex] = '2',,,,,,
drugs,demo,,checkbox,Drugs,"1, SSRI | 2, other",,,,,,[sex] <> '',,,,,,
which,demo,,text,Which,,,,,,,[drugs(2)] = '1',,,,,,
months,demo,,calc,Months,[sex]*2,,,,,,[sex] = '9',,,,,,
note,demo,,text,Note,,,,,,,"datediff([x],'today','d')>1",,,,,,
taken,dose,,yesno,Taken?,,,,,,,,,,,,,
mg,dose,,text,mg,,,,,,,[taken] = '1',,,,,,
belly,dose,,text,Belly,,,,,,,[sex] = '2',,,,,,
last,end,,text,Last,,,,,,,[start_arm_1][sex] = '1' and [mg] = '50',,,,,,
"""
DATA = """\
record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,sex,pregnant,drugs___1,drugs___2,which,months,note,\
demo_complete,taken,mg,belly,dose_complete,last,end_complete
1,start_arm_1,,,1,,0,1,none,2,,2,,,,,,
1,start_arm_1,dose,1,,,,,,,,,0,,,2,,
1,start_arm_1,dose,2,,,,,,,,,1,,7,2,,
1,end_arm_1,,,,,,,,,,,,,,,x,2
2,start_arm_1,,,2,,1,0,,4,,2,,,,,,
2,start_arm_1,dose,1,,,,,,,,,0,50,7,2,,
3,start_arm_1,,,,,0,0,,,,0,,,,,,
4,start_arm_1,,,1,1,0,0,,,,0,,,,,,
"""


def hidden(tmp_path, data=DATA, **options):
    (tmp_path / "dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
    (tmp_path / "data.csv").write_text(data, encoding="utf-8")
    cells = read(tmp_path / "data.csv", ReadOptions(format="redcap", companion="dictionary.csv", **options))
    found = [] if cells.hidden is None else cells.hidden.to_pylist()
    return cells, sorted((row[ROW], row["column"], row["filled"]) for row in found)


def test_hidden_cells_of_an_export_are_known_row_by_row(tmp_path):
    cells, found = hidden(tmp_path)
    assert found == [
        (1, "pregnant", False),  # a man
        (2, "belly", False), (2, "mg", False),  # a man's dose not taken
        (3, "belly", True),  # a man's dose, and yet a belly: sex stands in the row outside repeats
        (5, "which", False),  # other drugs are not ticked
        (6, "mg", True),  # not taken, and yet an amount
        (8, "pregnant", True), (8, "which", False),
    ]  # fmt: skip
    assert "the branching logic of 1 field(s) is beyond what is understood; they count as shown" in cells.remarks


def test_of_one_instrument_only_its_own_hidden_cells_are_told(tmp_path):
    assert hidden(tmp_path, sheet="dose")[1] == [
        (2, "belly", False), (2, "mg", False), (3, "belly", True), (6, "mg", True),
    ]  # fmt: skip


def test_a_field_of_a_repeat_named_from_outside_is_not_known(tmp_path):
    assert not any(row == 4 for row, *_ in hidden(tmp_path)[1])
    only = DATA.replace("1,end_arm_1,,,,,,,,,,,,,,,x,2", "1,end_arm_1,,,,,,,,,,,,,,,,2")
    assert not any(column == "last" for _, column, _ in hidden(tmp_path, only)[1])


def test_labels_in_place_of_codes_hide_the_same_cells(tmp_path):
    label = DATA.replace("start_arm_1,,,1,", "start_arm_1,,,Male,").replace("start_arm_1,,,2,", "start_arm_1,,,Female,")
    label = label.replace(",dose,", ",Dose,")
    assert hidden(tmp_path, label)[1] == hidden(tmp_path)[1]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data is not beside this checkout")
def test_known_hidden_cells_of_the_shared_longitudinal_project():
    cells = read(SHARED / "longitudinal" / "data.csv", ReadOptions(format="redcap", companion="dictionary.csv"))
    found = [(r[ROW], r["column"], r["filled"]) for r in cells.hidden.to_pylist()]
    assert found == [(1, "given_birth", False), (1, "num_children", False), (7, "num_children", False), (13, "num_children", False)]
