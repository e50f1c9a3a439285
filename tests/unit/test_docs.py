"""Reading spec tests, configuration models and texts into pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.docs import markdown, worked
from flows.docs.mapping_pages import allowed, in_words, keys_of, models_below
from flows.docs.worked_pages import example_blocks
from schemas.base import Config
from schemas.site import Clock

SPEC = '''"""core.thing: what a thing is."""

WORKED = "Things"
WANTED = ("size", "colour")
DOSE = """
    subject_id | at
    S1         | {at}
"""


def found(bench, text):
    bench.given("core.thing", text)
    return bench.rows("core.thing", *WANTED)


def test_a_thing_has_a_colour(run_models):
    """Why it has one."""
    run_models.trial(tailored=True)
    thing = """
        subject_id | size::INTEGER
        S1         | 3
        S2         |
    """
    assert found(run_models, thing) == [(3, "red"), (None, "")]


@pytest.mark.parametrize(("row", "rules"), [("3 | PRE", ["dose_second"]), ("4 | ", [])])
def test_a_row_is_asked_about(run_models, row, rules):
    run_models.given("core.dose", f"subject_id | session_no | time_point\\nS1 | {row}")
    assert [r for r, _, _ in run_models.judge("core.dose")] == rules


def test_a_day(run_models):
    assert run_models.rows("core.dose", "dosed_on", "n")[0] == (dt.date(2024, 3, 5), pytest.approx(1.5))
'''


def read(tmp_path: Path) -> worked.SpecFile:
    (tmp_path / "test_thing.py").write_text(SPEC)
    return worked._SpecReader(tmp_path / "test_thing.py").read()


def test_a_spec_file_names_its_page_and_the_tables_its_tests_share(tmp_path):
    spec = read(tmp_path)

    assert (spec.page, spec.doc, [e.sentence for e in spec.examples]) == (
        "Things", "core.thing: what a thing is.", ["A thing has a colour", "A row is asked about", "A day"]
    )  # fmt: skip
    assert spec.shared == (worked.TextTable("DOSE", ("subject_id", "at"), (("S1", "{at}"),)),)


def test_a_text_table_and_the_rows_expected_are_read_with_the_helpers_columns(tmp_path):
    example = read(tmp_path).examples[0]

    assert example.given == (worked.TextTable("thing", ("subject_id", "size"), (("S1", "3"), ("S2", ""))),)
    assert (example.doc, example.setup) == ("Why it has one.", ("trial(tailored=True)",))
    assert example.expected[0].table == worked.TextTable("", ("size", "colour"), (("3", "red"), ("", "''")))


def test_a_case_that_is_the_end_of_a_row_is_spread_over_its_columns(tmp_path):
    example = read(tmp_path).examples[1]

    assert example.cases == (
        worked.TextTable("", ("session_no", "time_point", "rules"), (("3", "PRE", "dose_second"), ("4", "", "none"))),
    )
    assert example.expected[0] == worked.Expected("[r for r, _, _ in judge('core.dose')] == rules", None)
    shown = "\n".join(line for block in example_blocks(example, "dose_second") for line in block)
    assert "| 3 | PRE | dose_second |" in shown
    assert "| 4 |" not in shown


def test_dates_and_approximate_numbers_are_shown_plainly(tmp_path):
    example = read(tmp_path).examples[2]

    assert example.expected[0].table == worked.TextTable("", ("dosed_on", "n"), (("2024-03-05", "1.5"),))


def test_a_text_that_is_no_table_is_none():
    assert worked.parse_table("x", "a | b") is None
    assert worked.parse_table("x", "a | b\n1 | 2 | 3") is None
    assert worked.parse_table("x", "two words | b\n1 | 2") is None


def test_cells_are_escaped_outside_of_code_and_links_are_left_alone():
    assert markdown.table(["a|b"], [("x*y <z>",), ("`a|b*`",), (markdown.Link("t", "t.md"),), (None,)]) == [
        r"| a\|b |", "|---|", r"| x\*y \<z> |", r"| `a\|b*` |", "| [t](t.md) |", "|  |",
    ]  # fmt: skip


class Inner(Config):
    """Inside."""

    clock: Clock = Clock.SITE


class Outer(Config):
    """Outside."""

    from_: str = Field(alias="from", description="Column.")
    n: int | None = Field(default=None, ge=0, le=99)
    names: tuple[Annotated[str, Field()], ...] = ()
    inner: dict[str, Inner] = {}


def test_keys_of_a_model_are_told_with_type_values_and_default():
    assert keys_of(Outer) == [
        ("`from`", "text", "", "required", "Column."),
        ("`n`", "whole number", "from 0 to 99", "", ""),
        ("`names`", "text, or a list of texts", "", "", ""),
        ("`inner`", "text -> `Inner`", "", "", ""),
    ]
    assert models_below(Outer) == [Outer, Inner]
    assert allowed(Inner.model_fields["clock"]) == "`site` `utc` `offset`"
    assert in_words(str | int) == "text or whole number"
