"""What every configuration model shares: frozen, strict, nothing unknown allowed.

What belongs here: the base model and small value types used by more than one model of config/.
What does not: a model of its own (trial.py, site.py ...), reading YAML (flows/engine/config.py).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


class Config(BaseModel):
    """One piece of configuration: read once, never changed, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, str_strip_whitespace=False)


class CheckLimit(Config):
    """From which percent on a check (its rule's name) counts as failed for a site, and why; rows and values are treated as ever."""

    max_pct: float = Field(ge=0, le=100, description="Percent of the rows checked above which the check has failed.")
    note: str = Field(default="", description="Why; shown beside the result.")


#: A short name that is safe as a folder name and inside USUBJID.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", strict=True)]

#: A CDISC parameter or test code: at most 8 characters, the first a letter.
ParameterCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,7}$", strict=True)]

#: Any text; a number in YAML is refused, because 07 and 7 are different identifiers.
Text = Annotated[str, StringConstraints(strict=True)]

#: A visit as analysts read it (AVISIT): BASELINE, W4, WEEK 24.
VisitName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ()/_.+-]{0,39}$", strict=True)]


def several(value: Any) -> Any:
    """One text stands for a list of one."""
    return (value,) if isinstance(value, str) else value


#: One text or several, kept as several.
Texts = Annotated[tuple[Text, ...], BeforeValidator(several)]
