"""Map small files with a small mapping: what the specs of the mapping language are written with.

b = MappingBench(tmp_path)
b.file("dose.csv", '''
    id | Dosis
    1  | 50 mg
''')
b.map("dose: {file: dose.csv, fields: {...}}")
b.rows("dose", "subject_id", "dose_mg")     -> list of tuples, in order
"""

from __future__ import annotations

import datetime as dt
import hashlib
import textwrap
from pathlib import Path
from typing import Any

import yaml

from flows.engine import models
from flows.engine.config import Correction, Unit
from flows.engine.landed import Delivery, LandedFile
from flows.engine.mapping import MapInput, check_mapping, map_batch
from flows.engine.yamlfile import _Loader
from schemas.instrument import Instrument
from schemas.site import Site
from schemas.trial import Trial
from tests.harness import TRIAL, table

MINI = Instrument.model_validate(
    {
        "name": "MINI", "title": "A scale of four items", "source": "made up",
        "items": [{"code": "MI{n:02d}", "last": 3, "minimum": 0, "maximum": 3},
                  {"code": "MI{n:02d}", "first": 4, "last": 4, "minimum": 1, "maximum": 7, "not_assessed": [0]}],
        "scales": [{"paramcd": "MINITOT", "label": "Total", "items": ["MI01..MI03"], "minimum": 0, "maximum": 9},
                   {"paramcd": "MI04", "label": "Global", "items": ["MI04"], "minimum": 1, "maximum": 7}],
    }
)  # fmt: skip
LSAS = Instrument.model_validate(
    {
        "name": "LSAS", "title": "LSAS", "source": "made up",
        "items": [{"code": "LSF{n:02d}", "last": 24, "minimum": 0, "maximum": 3},
                  {"code": "LSA{n:02d}", "last": 24, "minimum": 0, "maximum": 3}],
        "scales": [{"paramcd": "LSASTOT", "label": "Total", "items": ["LSF01..LSF24", "LSA01..LSA24"], "minimum": 0, "maximum": 144}],
    }
)  # fmt: skip


class MappingBench:
    """One site's folder and an in-memory database; see the module's docstring."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.con = models.connect()

    def file(self, name: str, text: str, delivery: str = "a", delimiter: str = ",") -> None:
        """A CSV file from a text table; an empty cell is blank."""
        names, rows = table(text)
        lines = [names, *[["" if c is None else c for c in row] for row in rows]]
        body = "\n".join(delimiter.join(f'"{c}"' if delimiter in c or '"' in c else c for c in line) for line in lines)
        self.text(name, body + "\n", delivery)

    def text(self, name: str, body: str, delivery: str = "a", encoding: str = "utf-8") -> None:
        """A file with exactly this text."""
        path = self.folder / delivery / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.encode(encoding))

    def delivery(self, name: str = "a", left_out: tuple[str, ...] = ()) -> Delivery:
        """The files of one delivery, as landing would give them."""
        root = self.folder / name
        paths = sorted(p for p in root.rglob("*") if p.is_file())
        files = tuple(
            LandedFile(p.relative_to(root).as_posix(), p.stat().st_size, hashlib.sha256(p.read_bytes()).hexdigest()) for p in paths
        )
        return Delivery("t01", "01", name, name, root, files, dt.datetime(2024, 6, 1, tzinfo=dt.UTC), left_out)

    def unit(self, mapping: str, *, top: str = "", corrections: list[dict[str, str]] | None = None, **trial: Any) -> Unit:
        """A unit whose site.yaml has these tables, and `top` beside them."""
        tables = textwrap.indent(textwrap.dedent(mapping).strip("\n"), "  ")
        body = {"study": "t01", "site_id": "01", "timezone": "Europe/Lisbon", "source": {"kind": "files", "path": "exports"}}
        text = textwrap.dedent(top).strip("\n") + "\ntables:\n" + tables + "\n"
        site = Site.model_validate(body | yaml.load(text, Loader=_Loader))
        made = Trial.model_validate(TRIAL | {"instruments": ["MINI"], "primary": "MINITOT"} | trial)
        known = {"MINI": MINI, "LSAS": LSAS}
        fixes = tuple(
            Correction.model_validate({"reason": "typing", "who": "me", "when": "2024-01-01"} | c) for c in corrections or []
        )
        return Unit(site.key, site, made, tuple(known[n] for n in made.instruments), fixes, (), self.folder)

    def map(self, mapping: str, deliveries: tuple[str, ...] = ("a",), **kwargs: Any) -> None:
        """Map the files written so far."""
        unit = self.unit(mapping, **kwargs)
        map_batch(self.con, [MapInput(1, unit, tuple(self.delivery(d) for d in deliveries))])

    def problems(self, mapping: str, **kwargs: Any) -> str:
        """What check_mapping says, one line a problem."""
        return "\n".join(check_mapping(self.unit(mapping, **kwargs)))

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        """Rows of a mapped table in order; dates and times as text."""
        body = ", ".join(
            f'cast("{c}" as varchar)'
            if c.endswith(("_local", "_on")) and name not in ("medication", "adverse_event")
            else f'"{c}"'
            for c in columns
        )
        order = "all" if name in ("file_column", "wide_file", "repeated_cell", "row_mark", "stale_correction") else "row_id"
        return self.con.execute(f"select {body} from mapped.{name} order by {order}").fetchall()

    def row(self, name: str, *columns: str) -> tuple[Any, ...]:
        """The only row of a mapped table."""
        rows = self.rows(name, *columns)
        if len(rows) != 1:
            raise ValueError(f"{len(rows)} rows")
        return rows[0]
