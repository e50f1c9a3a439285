"""A contract judged in one pass says the same as Pandera column by column."""

from __future__ import annotations

import pandera.errors
import pandera.polars as pa
import polars as pl
import pytest

from flows.engine import judge
from schemas import one_pass
from schemas.analysis import CONTRACTS
from schemas.findings import TrialweaveError
from schemas.intake import CONTRACTS as INTAKE
from schemas.intake.timing import DoseTiming

SCHEMAS = (
    {name: schema for name, schema in CONTRACTS.items()}
    | {f"intake.{name}": table.contract.to_schema() for name, table in INTAKE.items()}
    | {"core.dose_timing": DoseTiming.to_schema()}
)  # fmt: skip
#: A value of each type that no limit forbids, and one of another type.
GOOD = {pl.String: "x", pl.Int32: 1, pl.Int64: 1, pl.Float64: 1.0, pl.Boolean: True, pl.List: [1.0]}
#: What whole rows of some sets promise besides.
FILLED = {
    "adsl": {"ITTFL": "Y", "SAFFL": "Y", "PPROTFL": "Y", "WDFL": "N", "BLINDFL": "N", "ADCHRFL": "U"},
    "addv": {"DVCAT": "DOSE", "DVDECOD": "DOSE_MISSED"},
}  # fmt: skip


def holds(schema: pa.DataFrameSchema, frame: pl.DataFrame) -> bool:
    try:
        schema.validate(frame)
    except (pandera.errors.SchemaError, pl.exceptions.PolarsError):  # a check of a column that has another type cannot run
        return False
    return True


def row(schema: pa.DataFrameSchema) -> pl.DataFrame:
    """One row that meets a contract: what must be filled is, the rest is missing."""
    made, filled = {}, FILLED.get(str(schema.name), {})
    for name, column in schema.columns.items():
        kind = column.dtype.type if column.dtype is not None else pl.String()
        made[name] = pl.Series([filled.get(name) if column.nullable else GOOD[kind.base_type()]], dtype=kind)
    return pl.DataFrame(made)


def broken(schema: pa.DataFrameSchema) -> list[tuple[str, pl.DataFrame]]:
    """The row broken in every way a contract speaks of, one at a time."""
    good, out = row(schema), []
    for name, column in schema.columns.items():
        out.append((f"{name} is not there", good.drop(name)))
        if column.dtype is not None:
            out.append((f"{name} has another type", good.with_columns(pl.lit(b"x").alias(name))))
        if not column.nullable:
            out.append((f"{name} is missing", good.with_columns(pl.lit(None, good.schema[name]).alias(name))))
        for check in column.checks:
            value = {"isin": "?", "str_matches": "yesterday"}.get(check.name)
            for limit in ("min_value", "max_value"):
                if limit in check.statistics:
                    value = check.statistics[limit] + (-1 if limit == "min_value" else 1)
            out.append((f"{name} is {value}", good.with_columns(pl.lit(value, good.schema[name]).alias(name))))
    out.append(("a column more", good.with_columns(more=pl.lit(1))))
    if schema.ordered:
        out.append(("another order", good.select(reversed(good.columns))))
    if schema.unique:
        out.append(("twice the same key", pl.concat([good, good])))
    return out


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_meets_a_contract_meets_it_in_one_pass(name: str) -> None:
    assert holds(SCHEMAS[name], row(SCHEMAS[name]))
    assert holds(one_pass.of(SCHEMAS[name]), row(SCHEMAS[name]))
    assert holds(one_pass.of(SCHEMAS[name]), row(SCHEMAS[name]).clear())


@pytest.mark.parametrize("name", SCHEMAS)
def test_whatever_breaks_a_contract_breaks_it_in_one_pass(name: str) -> None:
    cases = broken(SCHEMAS[name])
    assert len(cases) > len(SCHEMAS[name].columns)
    assert [why for why, frame in cases if holds(SCHEMAS[name], frame)] == []
    assert [why for why, frame in cases if holds(one_pass.of(SCHEMAS[name]), frame)] == []


def test_a_promise_over_whole_rows_is_kept_in_one_pass() -> None:
    taken_by_nobody = row(CONTRACTS["adex"]).with_columns(EXOCCUR=pl.lit("N"), EXDOSE=pl.lit(50.0))
    assert not holds(one_pass.of(CONTRACTS["adex"]), taken_by_nobody)


def test_the_error_names_the_column_and_the_check_and_no_value() -> None:
    wrong = row(CONTRACTS["adex"]).with_columns(TIMCAT=pl.lit("AT NOON"))
    with pytest.raises(TrialweaveError, match=r"^adex does not meet its contract: TIMCAT: isin$") as told:
        judge.validate(wrong, CONTRACTS["adex"], "adex")
    assert "NOON" not in str(told.value)


def test_a_check_that_has_no_expression_is_refused_and_not_left_out() -> None:
    odd = pa.DataFrameSchema({"a": pa.Column(pl.String, checks=[pa.Check.str_length(1, 3)])})
    with pytest.raises(NotImplementedError, match="a: no expression for str_length"):
        one_pass.of(odd)
