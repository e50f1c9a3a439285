"""Typed model of config/sites/<study>_<site>/site.yaml and config/profiles/<name>.yaml: how a site writes its export.

What belongs here: the mapping language (which column becomes which field, and how its text is read).
What does not: where an export is (source.py), what the protocol says (trial.py), turning a mapping into SQL (flows/engine/mapping).

Nothing here is guessed: a format, unit or scale that is not declared is an error, or a finding on the value.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from schemas.base import CheckLimit, Config, Name, Text, Texts
from schemas.formats import FileFormat, UserMissing, ValueLabels
from schemas.source import Source


class Clock(StrEnum):
    """What a clock time means: the site's wall clock, UTC, or a time that carries its own offset."""

    SITE = "site"
    UTC = "utc"
    OFFSET = "offset"


class SudsScale(StrEnum):
    """Declared scale of fear ratings; converted to 0-100 linearly, never guessed."""

    S0_100 = "0-100"
    S1_100 = "1-100"
    S0_10 = "0-10"
    S0_8 = "0-8"


class IntakeTable(StrEnum):
    """The intake tables a site is mapped to (DESIGN section 6)."""

    SUBJECT = "subject"
    SESSION = "session"
    DOSE = "dose"
    RATING = "rating"
    MEDICATION = "medication"
    ASSESSMENT = "assessment"
    ADVERSE_EVENT = "adverse_event"
    DISPOSITION = "disposition"
    RANDOMIZATION = "randomization"


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


Pattern = Annotated[Text, AfterValidator(_pattern)]


class Column(Config):
    """A column named on its own: used for a unit or a strength that stands in another column."""

    from_: Text = Field(alias="from", description="Its column.")


class FieldSpec(Config):
    """How one field is read. `name: column` is short for `name: {from: column}`.

    Text of several columns is joined with one space, blanks left out; a format reads the joined text.
    """

    from_: Texts = Field(default=(), alias="from", description="Source column, or several.")
    const: str | bool | int | float | None = Field(default=None, description="The same value for every row.")
    format: Texts = Field(default=(), description="strptime formats, tried in order; two that read differently: finding.")
    clock: Clock = Field(default=Clock.SITE, description="What a clock time means; the default is the file options'.")
    partial: bool = Field(default=False, description="Dates may miss day or month (ISO 8601, or the shorter formats).")
    pivot: int | None = Field(default=None, ge=0, le=99, description="Two-digit years below it are 20xx, others 19xx.")
    unit: Text | Column | None = Field(default=None, description="Unit of every value, or `{from: column}` that holds it.")
    split_unit: bool = Field(default=False, description="The text carries its own unit: 50 mg; 0,05 g.")
    times: Text | None = Field(default=None, description="Column with the strength that the count `from` multiplies.")
    map: dict[str, str | bool | int | float | None] | None = Field(default=None, description="Text as sent -> value.")
    pattern: Pattern | None = Field(default=None, description="The named group `value` (or `id`) is what is meant.")
    missing: Texts = Field(default=(), description="Missing codes of this field, besides the site's.")
    decimal: str | None = Field(default=None, pattern=r"^[.,]$", description="Decimal character of this field.")
    thousands: str | None = Field(default=None, pattern=r"^[., ' ]$", description="Character between groups of three digits.")
    scale: SudsScale | None = Field(default=None, description="Scale the ratings were collected on.")
    pad: int | None = Field(default=None, ge=1, le=20, description="Identifiers are zero-padded to this length.")

    @model_validator(mode="before")
    @classmethod
    def short_form(cls, value: Any) -> Any:
        """`visit: Woche` means `visit: {from: Woche}`."""
        return {"from": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def says_where_from(self) -> Self:
        """A field is a constant or comes from columns; a pattern names its group."""
        if self.from_ and self.const is not None:
            raise ValueError("give either from or const")
        if self.pattern is not None and not {"value", "id"} & set(re.compile(self.pattern).groupindex):
            raise ValueError("pattern needs a named group (?P<value>...) that holds the value")
        if self.split_unit and self.unit is not None:
            raise ValueError("give either unit or split_unit")
        return self


class Condition(Config):
    """A test on one column: equal to one of the values, or matching a pattern, or the opposite of either."""

    any_of: Texts | None = Field(default=None, description="The cell is one of these. Short: `Status: ok` or `Status: [ok, done]`.")
    none_of: Texts | None = Field(default=None, description="The cell is none of these.")
    matches: Pattern | None = Field(default=None, description="The cell matches the pattern.")
    blank: bool | None = Field(default=None, description="The cell is empty (true) or not (false).")

    @model_validator(mode="before")
    @classmethod
    def short_form(cls, value: Any) -> Any:
        """`Status: ok` means any_of [ok]; a list is any_of; an empty text means blank."""
        if isinstance(value, str):
            return {"blank": True} if value == "" else {"any_of": [value]}
        return {"any_of": value} if isinstance(value, list) else value


class Wide(Config):
    """Columns that hold many rows side by side, told apart by a pattern over the column's whole name.

    Named groups become columns of the long row. The group `column` (or, where it is absent, the name `value`) names the
    column that takes the cell: `suds_(?P<column>[be])_s(?P<session>\\d+)_e(?P<exercise>\\d+)` gives rows with the columns
    session, exercise, b and e. For a questionnaire, `item` is the item code made of the groups: `LS{half}{item:02d}`.
    What its cells mean is said by the field `value` without `from`: `value: {missing: ["-9"]}`, `value: {map: {"1": 0, "2": 1}}`.
    Names that no one template makes (`aq_anx_1` for AQA01, `aq_avd_1` for AQV01) are an entry each; entries of one form become one form.
    """

    pattern: Pattern = Field(description="Regular expression over a column's whole name, with named groups.")
    item: Text | None = Field(default=None, description="Item code made of the groups, for a questionnaire.")


class Long(Config):
    """One value a row (SDTM findings): rows with the same `by` become one row, a column a test code."""

    test: Text = Field(description="Column of the test code.")
    value: Text = Field(description="Column of the value.")
    by: Texts = Field(description="Columns that tell one record from another.")


class Join(Config):
    """Columns taken from another raw table of the same export; more than one different match is a finding."""

    file: Text = Field(description="Glob of the other file within the delivery.")
    sheet: Text | None = Field(default=None, description="Its sheet, by name.")
    format: FileFormat | None = Field(default=None, description="Its format, where the ending of its name does not say it.")
    on: dict[str, str] = Field(min_length=1, description="Column here -> column there.")
    where: dict[str, Condition] = Field(default={}, description="Only rows there whose columns meet these conditions.")
    take: dict[str, str] = Field(min_length=1, description="New column name here -> column there.")


class FileOptions(Config):
    """How a file is read into text cells. A table may override any of them."""

    encoding: Text | None = Field(default=None, description="Such as latin-1; without it UTF-8, and a doubtful file is told.")
    delimiter: str | None = Field(default=None, min_length=1, max_length=1, description="Character between cells.")
    quote: str = Field(default='"', max_length=1, description="Character around cells; empty: none.")
    decimal: str = Field(default=".", pattern=r"^[.,]$", description="Decimal character; stored numbers (.xlsx, SAS) have a point.")
    missing: Texts = Field(default=(), description="Missing codes of every field. Numeric codes belong to their field.")
    pivot: int | None = Field(default=None, ge=0, le=99, description="Two-digit years below it are 20xx, others 19xx.")
    clock: Clock = Field(default=Clock.SITE, description="What a clock time means where a field does not say.")
    format: FileFormat | None = Field(default=None, description="Name of the reader, where the ending of the file's name does not say it.")
    value_labels: ValueLabels = Field(
        default=ValueLabels.CODES, description="Codes stay; or their labels stand in their place; or beside, as column.label."
    )
    user_missing: UserMissing = Field(
        default=UserMissing.BLANK, description="Codes that the file itself declares missing (SPSS, .a of Stata, .A of SAS): blank, or keep."
    )
    companion: Text | None = Field(
        default=None, pattern=r"^[^/\\]+$", description="File beside it that explains it: data dictionary, format catalogue."
    )


class TableSpec(Config):
    """How one intake table is read from one kind of file."""

    file: Text = Field(description="Glob within the delivery.")
    format: FileFormat | None = Field(default=None, description="Of this table's files, where it differs from the site's.")
    value_labels: ValueLabels | None = Field(default=None, description="Likewise.")
    user_missing: UserMissing | None = Field(default=None, description="Likewise.")
    companion: Text | None = Field(default=None, pattern=r"^[^/\\]+$", description="Likewise.")
    sheet: Text | int | None = Field(
        default=None, description="Sheet of a workbook, by name or number; item group of ODM; path to the records of JSON."
    )
    header_row: int = Field(default=1, ge=1, description="1-based line or sheet row of the column names.")
    header_rows: int = Field(default=1, ge=1, le=5, description="Rows the column names take, joined by a space.")
    skip_end: int = Field(default=0, ge=0, description="Rows at the end that are no data (totals, notes).")
    end_at: Pattern | None = Field(default=None, description="Data ends before the row whose first cell matches.")
    encoding: Text | None = Field(default=None, description="Of this table's files, where it differs from the site's.")
    delimiter: str | None = Field(default=None, min_length=1, max_length=1, description="Likewise.")
    decimal: str | None = Field(default=None, pattern=r"^[.,]$", description="Likewise.")
    where: dict[str, Condition] = Field(default={}, description="Only rows whose columns meet these conditions.")
    fill_down: Texts = Field(default=(), description="Columns whose empty cells take the value above.")
    join: tuple[Join, ...] = Field(default=(), description="Columns from other files of the export.")
    wide: Wide | None = Field(default=None, description="Columns side by side become rows.")
    long: Long | None = Field(default=None, description="Rows of one value each become columns.")
    site: FieldSpec | None = Field(default=None, description="Site of the row, when the export holds many sites.")
    fields: dict[str, FieldSpec] = Field(default={}, description="Field -> how it is read; a column of the field's name needs no entry.")
    totals: dict[str, FieldSpec] = Field(default={}, description="Assessments: PARAMCD -> total as the site reports it.")
    ignore_columns: Texts = Field(default=(), description="Globs of columns that nothing is to read; any other unread column is told.")

    @model_validator(mode="after")
    def one_reshape(self) -> Self:
        """A table is melted or spread, not both."""
        if self.wide and self.long:
            raise ValueError("give either wide or long")
        return self


def _tables(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: v if isinstance(v, list | tuple) else [v] for k, v in value.items()}
    return value


Tables = Annotated[dict[IntakeTable, tuple[TableSpec, ...]], BeforeValidator(_tables)]


class Delivery(StrEnum):
    """`snapshot`: each delivery is the whole truth. `delta`: deliveries add up, the later row of a key wins."""

    SNAPSHOT = "snapshot"
    DELTA = "delta"


class NoMedicationTable(StrEnum):
    """What follows for the participants of a site that maps no medication table: `unknown` (U) or `none` taken (N)."""

    UNKNOWN = "unknown"
    NONE = "none"


class BlankEnd(StrEnum):
    """A medication without an end and without a word on whether it goes on: it may have ended any day, or it goes on."""

    UNKNOWN = "unknown"
    ONGOING = "ongoing"


class MemberSite(Config):
    """One site of an export that holds many."""

    timezone: Text | None = Field(default=None, description="IANA zone, where it differs from the export's.")


class ManySites(Config):
    """One export that holds many sites: where the site stands in each row, and which sites are known."""

    from_: Text = Field(alias="from", description="Column that names the site.")
    pattern: Pattern | None = Field(default=None, description="The named group `value` (or `id`) is the site.")
    map: dict[str, Name] | None = Field(default=None, description="Text as sent -> site.")
    known: dict[Name, MemberSite] = Field(default={}, description="Empty: every site found is accepted.")


class IgnoredRows(Config):
    """Rows of a file that no table is to read; every other unread row is a finding."""

    file: Text = Field(default="*", description="Glob within the delivery.")
    where: dict[str, Condition] = Field(min_length=1, description="Rows that meet all of these are left out.")


@cache
def _zones() -> frozenset[str]:
    """Every IANA name; the list is read from some six hundred files, so it is read once."""
    return frozenset(available_timezones())


class SiteBody(Config):
    """What a profile and a site have in common: everything but the names."""

    timezone: Text | None = Field(default=None, description="IANA zone of the site's wall clocks, such as Europe/Lisbon.")
    delivery: Delivery = Field(default=Delivery.SNAPSHOT, description="Whether deliveries replace each other or add up.")
    subject_id: FieldSpec | None = Field(default=None, description="How participants are named, for every table.")
    defaults: FileOptions = Field(default=FileOptions(), description="How files are read, where a table does not say.")
    sites: ManySites | None = Field(default=None, description="For one export that holds many sites.")
    tables: Tables = Field(default={}, description="Intake table -> how it is read; a list where it comes from several kinds of files.")
    ignore_files: Texts = Field(default=(), description="Globs of files, or of sheets (e.xlsx/Old), that nothing is to read.")
    ignore_rows: tuple[IgnoredRows, ...] = Field(default=(), description="Rows that no table is to read.")
    no_medication_table: NoMedicationTable = Field(
        default=NoMedicationTable.UNKNOWN, description="What it means that no medication table is mapped: nothing known, or none taken."
    )
    not_collected: dict[IntakeTable, Texts] = Field(
        default={}, description="Intake table -> fields the site does not collect; `*`: none of it. Told in the harmonization matrix."
    )
    blank_medication_end: BlankEnd = Field(
        default=BlankEnd.UNKNOWN, description="What a blank end means where the row does not say whether the medication goes on."
    )
    checks: dict[Text, CheckLimit] = Field(default={}, description="Check (rule) -> its threshold at this site, over the trial's.")

    @field_validator("timezone")
    @classmethod
    def is_a_zone(cls, value: str | None) -> str | None:
        """An IANA name, such as Europe/Lisbon."""
        if value is not None and value not in _zones():
            raise ValueError(f"{value} is not an IANA time zone, such as Europe/Lisbon")
        return value


class Profile(SiteBody):
    """A mapping that many sites share."""


class Site(SiteBody):
    """One site's export after its profile has been laid under it: nothing left open."""

    site_id: Name = Field(description="The site's name, as SITEID publishes it; quote it: \"07\" is not 7.")
    study: Name = Field(description="The trial, as trials/<study>.yaml names it.")
    profile: Name | None = Field(default=None, description="profiles/<name>.yaml that lies under this file.")
    timezone: Text = Field(description="IANA zone of the site's wall clocks, such as Europe/Lisbon.")
    source: Source = Field(description="Where the export is fetched from, by its `kind`: see sources.md.")
    tables: Tables = Field(min_length=1, description="Intake table -> how it is read; a list where it comes from several kinds of files.")

    @property
    def key(self) -> str:
        """study/site, the site's name in messages and on the command line."""
        return f"{self.study}/{self.site_id}"
