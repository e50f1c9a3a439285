"""What a finding is, how grave it can be, and how a run ends.

What belongs here: the vocabulary of DESIGN section 7 and the project's exit codes and error classes.
What does not: a check of its own (schemas/rules/), splitting rows (flows/engine/judge.py).
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Severity(StrEnum):
    """What happens to the value or row (gravest first)."""

    REJECT = "reject"
    WITHHOLD = "withhold"
    QUERY = "query"
    NOTE = "note"


class Category(StrEnum):
    """Data quality categories of Kahn et al. 2016 (doi:10.13063/2327-9214.1244)."""

    CONFORMANCE = "conformance"
    COMPLETENESS = "completeness"
    PLAUSIBILITY = "plausibility"


class FindingStatus(StrEnum):
    """Life of a finding over nights."""

    OPEN = "OPEN"
    ANSWERED = "ANSWERED"
    WAIVED = "WAIVED"
    RESOLVED = "RESOLVED"
    REOPENED = "REOPENED"


class CheckStatus(StrEnum):
    """Result of one check in one run. A check that could not run is ERROR, never passed."""

    ERROR = "ERROR"
    NOT_DUE = "NOT_DUE"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    FAILED = "FAILED"
    PASSED_WITH_FINDINGS = "PASSED_WITH_FINDINGS"
    PASSED = "PASSED"


class ChangeKind(StrEnum):
    """What a delivery changed of the one before: a text, a record that came late, one that is no longer sent, one let out of quarantine."""

    CHANGED = "changed"
    LATE = "late"
    DISAPPEARED = "disappeared"
    RELEASED = "released"


class Impact(StrEnum):
    """What a finding can touch: the timing of a dose, its amount, the primary outcome, timing and outcome, or none of them."""

    TIMING = "timing"
    AMOUNT = "amount"
    PRIMARY = "primary"
    BOTH = "timing+primary"
    NONE = ""


class Fault(StrEnum):
    """Why the text of a field is not its value, as the mapping finds out. One rule each in schemas/rules/."""

    UNREADABLE = "unreadable"
    IMPOSSIBLE_DATE = "impossible_date"
    PARTIAL_DATE = "partial_date"
    AMBIGUOUS_FORMAT = "ambiguous_format"
    UNKNOWN_CODE = "unknown_code"
    UNIT_MISSING = "unit_missing"
    UNIT_UNKNOWN = "unit_unknown"
    UNIT_CONFLICT = "unit_conflict"
    OUT_OF_SCALE = "out_of_scale"
    AMBIGUOUS_JOIN = "ambiguous_join"
    NONEXISTENT_LOCAL_TIME = "nonexistent_local_time"
    AMBIGUOUS_LOCAL_TIME = "ambiguous_local_time"


class Repair(StrEnum):
    """A spelling that a written rule put right: a note, never silent."""

    ID_PADDED = "id_padded"
    ID_DECIMAL = "id_decimal"
    SPACE_REMOVED = "space_removed"
    TWO_DIGIT_YEAR = "two_digit_year"
    CORRECTED = "corrected"


class Exit(IntEnum):
    """Exit codes of the command line."""

    OK = 0
    DEGRADED = 1
    USAGE = 2
    FAILED = 3


class TrialweaveError(Exception):
    """An error a person can act on: what broke, how many, where, and the next command. Never a participant's value."""

    exit_code = Exit.FAILED


class ConfigurationError(TrialweaveError):
    """The configuration does not say what it must."""

    exit_code = Exit.USAGE


class ReadError(TrialweaveError):
    """A file cannot be read as its mapping says; its site is held."""


class UnreadableError(ReadError):
    """Units of a batch that cannot be read, each with its own error; the others of the batch are not to blame."""

    def __init__(self, units: dict[str, ReadError]) -> None:
        super().__init__("\n".join(str(error) for error in units.values()))
        self.units = units


class PassingError(ReadError):
    """Something that may be otherwise when it is simply tried again: a place that is away, a file that changes while it is read."""


class AccountingError(TrialweaveError):
    """Rows kept and quarantined are not the rows received; nothing is published."""


class EditedError(TrialweaveError):
    """The configuration is no longer what the night began with; nothing is published."""


class PublicationError(TrialweaveError):
    """A release does not meet its own contract; `latest` stays as it is."""
