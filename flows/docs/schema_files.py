"""JSON Schemas of the configuration, for completion and red lines in an editor.

What belongs here: the files. What does not: the models they are made from (schemas/site.py, trial.py, instrument.py).
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from schemas.instrument import Instrument
from schemas.site import Site
from schemas.trial import Trial

MODELS: dict[str, type[BaseModel]] = {"site": Site, "trial": Trial, "instrument": Instrument}


def files() -> dict[str, str]:
    """Path below docs/ -> JSON Schema (2020-12)."""
    out = {}
    for name, model in MODELS.items():
        body: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        body |= model.model_json_schema(by_alias=True)
        out[f"schema/{name}.json"] = json.dumps(body, indent=1, ensure_ascii=False) + "\n"
    return out
