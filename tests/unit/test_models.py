"""What a SQL model's header says, and how the model is run by it."""

from __future__ import annotations

import pytest

from flows.engine import enums, models, night
from flows.engine.models import ModelError, read_model

HEAD = "-- core.thing: things\n-- Grain: unit, thing_no\n-- Reads: core.other\n-- Why:   a reason\n--        in two lines\n"


def written(tmp_path, text):
    place = tmp_path / "2_core" / "thing.sql"
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)
    return place


def test_a_header_names_grain_reads_and_the_optimizers_to_do_without(tmp_path):
    model = read_model(written(tmp_path, f"{HEAD}-- Plan:  without join_order, filter_pushdown (they choose badly)\nselect 1 as x;\n"))
    assert (model.grain, model.reads, model.why) == (("unit", "thing_no"), ("core.other",), "a reason in two lines")
    assert model.without == ("join_order", "filter_pushdown")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-- core.thing: things\n-- Grain: unit\nselect 1", "must begin with `-- core.thing: ...` and have Grain and Reads"),
        ("-- core.other: things\n-- Grain: unit\n-- Reads: core.a\nselect 1", "must begin with `-- core.thing: ...`"),
        (f"{HEAD}-- Plan:  without join_order\nselect 1", "a Plan line reads `-- Plan:  without <optimizer>, ... (why)`"),
    ],
)
def test_a_header_that_is_not_whole_is_refused_with_what_it_must_say(tmp_path, text, said):
    with pytest.raises(ModelError, match=f"thing.sql: .*{said.replace('(', '[(]').replace(')', '[)]')}"):
        read_model(written(tmp_path, text))


def test_a_model_is_run_without_its_optimizers_and_the_next_one_with_all_of_them(tmp_path):
    model = read_model(
        written(tmp_path, f"{HEAD}-- Plan:  without join_order (it chooses badly)\nselect current_setting('disabled_optimizers') as off")
    )
    con = models.connect()
    models.run_model(con, model)
    assert con.execute("select off, current_setting('disabled_optimizers') from core.thing").fetchall() == [("join_order", "")]


def test_a_text_that_breaks_the_databases_own_sql_is_a_sites_fault_and_is_not_told(tmp_path):
    """An enumeration whose value holds a NUL cannot be made a table's column: that is no model which cannot be understood."""
    con = models.connect()
    con.execute("create table mapped.other as select 'S7' || chr(0) || '9' as subject_id")
    enums.store_subjects(con, ["mapped.other"])
    row_numbers = "select subject_id, row_number() over (partition by subject_id) as n from mapped.other"
    with pytest.raises(ModelError, match=r"core.thing failed: its rows hold a text that breaks it$") as caught:
        models.run_model(con, read_model(written(tmp_path, HEAD + row_numbers)))
    assert not night._is_no_sites_fault(caught.value)
    with pytest.raises(ModelError, match="ParserException") as caught:
        models.run_model(con, read_model(written(tmp_path, f"{HEAD}selec 1")))
    assert night._is_no_sites_fault(caught.value)
