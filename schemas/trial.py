"""Typed model of config/trials/<study>.yaml: what the protocol of one trial says.

What belongs here: arms, planned doses, windows, visits, success criteria, blinding, thresholds.
What does not: how a site writes its files (site.py), what a scale is (instrument.py), thresholds of the literature (evidence.py).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from schemas.base import CheckLimit, Config, Name, ParameterCode, Text, VisitName


class TimePoint(StrEnum):
    """When a capsule is planned relative to its session (published as EXTPT PRE-SESSION, POST-SESSION)."""

    PRE = "PRE"
    POST = "POST"


class Deviation(StrEnum):
    """Protocol deviations, as ADDV.DVDECOD publishes them."""

    DOSE_MISSED = "DOSE_MISSED"
    DOSE_UNPLANNED = "DOSE_UNPLANNED"
    DOSE_EXTRA = "DOSE_EXTRA"
    DOSE_AMOUNT = "DOSE_AMOUNT"
    TIMING_OUT_OF_WINDOW = "TIMING_OUT_OF_WINDOW"
    TIMING_UNKNOWN = "TIMING_UNKNOWN"
    DOSE_BEFORE_CONSENT = "DOSE_BEFORE_CONSENT"
    DOSE_AFTER_WITHDRAWAL = "DOSE_AFTER_WITHDRAWAL"
    PROHIBITED_MEDICATION = "PROHIBITED_MEDICATION"
    TAILORING_DISCORDANT = "TAILORING_DISCORDANT"
    SESSION_MISSED = "SESSION_MISSED"
    VISIT_OUT_OF_WINDOW = "VISIT_OUT_OF_WINDOW"


class WeightBand(Config):
    """Nominal dose for a range of body weight: from_kg <= weight < below_kg."""

    from_kg: float = Field(default=0, ge=0)
    below_kg: float | None = Field(default=None, gt=0)
    dose_mg: float = Field(gt=0)


class Arm(Config):
    """One randomized arm. The dose is the capsule's nominal strength, also for placebo: doses are counted arm-blind."""

    code: Name
    label: Text
    dose_mg: float | None = Field(default=None, gt=0)
    dose_mg_by_weight: tuple[WeightBand, ...] = ()
    placebo: bool = False

    @model_validator(mode="after")
    def one_way_to_say_the_dose(self) -> Self:
        """A fixed dose or bands by weight, not both, not neither."""
        if (self.dose_mg is None) == (not self.dose_mg_by_weight):
            raise ValueError("give either dose_mg or dose_mg_by_weight")
        return self


class Dosing(Config):
    """The planned doses: at which sessions, at which time points."""

    sessions: tuple[int, ...]
    time_points: tuple[TimePoint, ...] = (TimePoint.PRE,)


class PreWindow(Config):
    """The trial's own window of a PRE capsule: from_min <= minutes before the reference <= to_min."""

    from_min: float
    to_min: float
    reference: str = Field(default="session_start", pattern=r"^(session_start|exposure_start)$")


class PostWindow(Config):
    """The trial's own window of a POST capsule: from_min <= minutes after the session's end <= to_min."""

    from_min: float = 0
    to_min: float


class TimingWindow(Config):
    """The trial's own windows, one a planned time point."""

    pre: PreWindow | None = None
    post: PostWindow | None = None


class Sessions(Config):
    """How many treatment sessions the protocol plans and how long one is."""

    number: int = Field(ge=0)
    planned_length_min: float | None = Field(default=None, gt=0)


class Ages(Config):
    """The ages the protocol includes, in completed years, both ends inside; None: no limit on that side."""

    from_years: int | None = Field(default=None, ge=0)
    to_years: int | None = Field(default=None, ge=0)


class Visit(Config):
    """One planned assessment: its label, order and window in study days.

    Days count from the anchor: `randomization` is study day 1 on the day of randomization and has no day 0
    (the day before is -1), as in SDTM --DY.
    """

    name: VisitName
    order: int
    target_day: int
    from_day: int
    to_day: int
    anchor: str = Field(default="randomization", pattern=r"^(randomization|consent|first_dose)$")
    baseline: bool = False
    labels: tuple[Text, ...] = Field(default=(), description="Other spellings a site may send for this visit.")

    @model_validator(mode="after")
    def window_holds_target(self) -> Self:
        """The target lies inside its window."""
        if self.target_day == 0:
            raise ValueError("target_day 0 does not exist: day 1 is the day of the anchor, day -1 the one before")
        if not self.from_day <= self.target_day <= self.to_day:
            raise ValueError(f"target_day {self.target_day} is outside from_day..to_day")
        return self


class Success(Config):
    """When an exposure counts as successful: low end fear, percent reduction, or both; one decides.

    The literature gives no agreed cut-off (DOMAIN A2), so the trial must say its own.
    """

    end_le: float | None = Field(default=None, ge=0, le=100)
    reduction_ge_pct: float | None = Field(default=None, gt=0, le=100)
    decisive: str = Field(pattern=r"^(end_le|reduction_ge_pct|both)$")

    @model_validator(mode="after")
    def the_decisive_one_is_given(self) -> Self:
        """The decisive criterion must have a value."""
        needed = ["end_le", "reduction_ge_pct"] if self.decisive == "both" else [self.decisive]
        for name in needed:
            if getattr(self, name) is None:
                raise ValueError(f"decisive is {self.decisive}, but {name} has no value")
        return self


class BlindingStatus(StrEnum):
    """`blinded`: the arm is nowhere but in the randomization list, which is not opened. Else it is read."""

    BLINDED = "blinded"
    OPEN = "open"
    UNBLINDED = "unblinded"


class Amounts(StrEnum):
    """Whether releases of a blinded trial show amounts: `shown` where what the sites record does not differ between the arms."""

    SHOWN = "shown"
    WITHHELD = "withheld"


class Blinding(Config):
    """Whether the build may open the randomization lists (the sites' `randomization` tables)."""

    status: BlindingStatus
    amounts: Amounts | None = Field(
        default=None, description="Absent: while the trial is blinded, amounts are withheld where its arms differ in strength."
    )
    unblinded_on: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")


class DateShift(Config):
    """How far a participant's dates may be moved: 1 to max_days back, in whole weeks when the day of the week matters."""

    max_days: int = Field(default=365, ge=28, le=3650)
    whole_weeks: bool = False


class Deidentification(Config):
    """What a release of this trial must not tell: who (pseudonyms), when (date shift), and what a site wrote in its own words."""

    key_env: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$", description="Environment variable that holds the key; the key is never written.")
    pseudonyms: bool = True
    date_shift: DateShift | None = None


class Holding(Config):
    """When a site's delivery is held and its last good partitions are carried instead; each limit counts a table of one site.

    Limits that are not given are those of evidence.yaml (hold_*).
    """

    max_rejected_pct: float = Field(default=20, ge=0, le=100)
    min_rows: int = Field(default=20, ge=0, description="Fewer rejected rows than this never hold a site.")
    max_lost_pct: float | None = Field(default=None, ge=0, le=100, description="Records of the last good snapshot no longer sent.")
    min_lost_rows: int | None = Field(default=None, ge=1, description="Fewer lost records than this never hold a site.")
    max_unusable_pct: float | None = Field(default=None, ge=0, le=100, description="Growth of the share of a field's values withheld.")


class Trial(Config):
    """One trial: everything the protocol decides."""

    study: Name
    title: Text
    disorder: Text
    population: Text = ""
    ages: Ages = Ages()
    arms: tuple[Arm, ...] = Field(min_length=1)
    dosing: Dosing
    timing_window: TimingWindow = TimingWindow()
    sessions: Sessions
    visits: tuple[Visit, ...] = ()
    primary: ParameterCode
    instruments: tuple[Text, ...]
    success: Success | None = None
    tailored: bool = Field(default=False, description="POST capsules are given only after a successful exposure.")
    prohibited_classes: tuple[Text, ...] = ()
    washout_days: dict[Text, int] = Field(
        default={}, description="Prohibited class -> days that must lie between its last day of intake and the first dose."
    )
    major_deviations: tuple[Deviation, ...] = ()
    blinding: Blinding
    deidentification: Deidentification | None = Field(default=None, description="Absent: releases show the sites' own ids, dates, texts.")
    holding: Holding = Holding()
    checks: dict[Text, CheckLimit] = Field(default={}, description="Check (rule) -> its threshold in this trial.")

    @model_validator(mode="after")
    def is_consistent(self) -> Self:
        """Planned sessions exist, visits are told apart, tailoring has a criterion, a POST plan has a window."""
        beyond = [n for n in self.dosing.sessions if not 1 <= n <= self.sessions.number]
        if beyond:
            raise ValueError(f"dosing.sessions {beyond} are outside 1..{self.sessions.number}")
        names = [v.name for v in self.visits]
        if len(names) != len(set(names)):
            raise ValueError("two visits have the same name")
        if sum(v.baseline for v in self.visits) > 1:
            raise ValueError("more than one visit is marked baseline")
        if self.tailored and self.success is None:
            raise ValueError("tailored dosing needs success criteria")
        if loose := sorted(set(self.washout_days) - set(self.prohibited_classes)):
            raise ValueError(f"washout_days names {loose}, which prohibited_classes does not")
        if any(days < 1 for days in self.washout_days.values()):
            raise ValueError("washout_days must be at least 1")
        codes = [a.code for a in self.arms]
        if len(codes) != len(set(codes)):
            raise ValueError("two arms have the same code")
        return self
