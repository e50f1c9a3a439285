"""The draft of a trial file: what only the protocol says is DECIDE; what a trial may say besides stands as a comment.

What belongs here: the draft. What does not: what a key means (schemas/trial.py), the command (flows/cli/new_site.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.engine.yamlfile import DECIDE, YamlFile
from flows.newsite.asking import Open, Said
from flows.newsite.knowledge import Known
from flows.newsite.yaml_text import lines
from schemas.findings import ConfigurationError
from schemas.trial import BlindingStatus, Deviation

_MORE = """\
# What a trial may say besides (schemas/trial.py explains each key); take the mark away where the protocol says so:
# population: adults, LSAS at least 60
# ages: {from_years: 18, to_years: 65}
# timing_window: {pre: {from_min: 30, to_min: 90, reference: session_start}, post: {from_min: 0, to_min: 30}}
# visits:            # study days from randomization; day 1 is that day, the day before is -1
#   - {name: BASELINE, order: 0, target_day: -7, from_day: -21, to_day: 1, baseline: true, labels: [Baseline, Screening]}
#   - {name: POST, order: 1, target_day: 92, from_day: 86, to_day: 104}
# success: {end_le: 40, reduction_ge_pct: 50, decisive: end_le}      # the literature agrees on no cut-off: the protocol's own
# tailored: true     # POST capsules only after a successful exposure
# prohibited_classes: [BENZODIAZEPINE]
# washout_days: {BENZODIAZEPINE: 14}
# major_deviations: [%s]
# deidentification: {key_env: STUDY_KEY, pseudonyms: true, date_shift: {max_days: 365}}
"""


def make(study: str, config: Path, known: Known, instruments: Sequence[str]) -> dict[str, Any]:
    """The draft as values. Raises ConfigurationError for an instrument that does not exist."""
    unknown = [i for i in instruments if i not in known.instruments]
    if unknown:
        raise ConfigurationError(f"no instrument {', '.join(unknown)}; there are {', '.join(sorted(known.instruments))}")
    drafts = sorted((config / "sites").glob(f"{study}_*/site*.yaml"))
    met = sorted({name for path in drafts for name in _of_site(path) if name in known.instruments})
    used = [*dict.fromkeys(instruments)] or met
    params = [s.paramcd for i in used for s in known.instruments[i].scales]
    arm: dict[str, Any] = {"code": Open("the arm's code, as randomization lists write it"), "label": Open("what it is called"),
                           "dose_mg": Open("strength of one capsule in mg, also for placebo; or dose_mg_by_weight")}  # fmt: skip
    asked = Said(used, "as told" if instruments else "met in the drafts of its sites: complete it") if used else None
    one = f"one of {', '.join(params)}" if params else "a parameter of the instruments, such as LSASTOT"
    return {
        "study": study,
        "title": Open("the trial's title"),
        "disorder": Open("such as SAD, OCD, PTSD, Panic, Acrophobia"),
        "arms": [arm, {**arm, "placebo": Said(True, "the arm without the drug")}],
        "dosing": {
            "sessions": Open("the sessions with a capsule, such as [3, 4, 5, 6, 7]; [] for none"),
            "time_points": Open("[PRE], [POST] or [PRE, POST]: before or after the session"),
        },
        "sessions": {
            "number": Open("how many sessions the protocol plans"),
            "planned_length_min": Open("minutes a session is planned for; take the line out where the protocol does not say"),
        },
        "primary": Open(one),
        "instruments": asked or Open(f"a list of {', '.join(sorted(known.instruments))}"),
        "blinding": {"status": Open(" or ".join(BlindingStatus) + "; unblinded needs unblinded_on")},
    }


def _of_site(path: Path) -> list[str]:
    """Instruments that a site's mapping names, decided or not."""
    body = YamlFile.read(path, [])
    tables = body.data.get("tables") if body is not None and isinstance(body.data, dict) else None
    found = tables.get("assessment", []) if isinstance(tables, dict) else []
    out = []
    for one in found if isinstance(found, list) else [found]:
        spec = one.get("fields", {}).get("instrument") if isinstance(one, dict) else None
        name = spec.get("const") if isinstance(spec, dict) else None
        if isinstance(name, str) and name != DECIDE:
            out.append(name)
    return out


def text(body: dict[str, Any]) -> str:
    """The whole of trials/<study>.yaml."""
    head = [
        f"# Draft by `trialweave new-trial {body['study']}`: what the protocol says goes in the place of each DECIDE.",
        "# trialweave check-config tells what is left.",
    ]
    more = _MORE % ", ".join(d for d in (Deviation.DOSE_AMOUNT, Deviation.DOSE_BEFORE_CONSENT))
    return "\n".join([*head, *lines(body)]) + "\n" + more
