"""A site whose export lies on a server, pulled into a data folder of its own.

What belongs here: making the unit, pulling, looking at what landed and what waits. What does not: servers (servers.py).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flows.engine import incoming, landed, landing
from schemas.site import Site

NIGHT = dt.datetime(2026, 3, 1, 4, 15, tzinfo=dt.UTC)
ARMS = (SimpleNamespace(code="DCS", label="DCS 50 mg"), SimpleNamespace(code="PBO", label="Placebo"))


class Remote:
    """One site and its data folder; each pull is a night later than the one before."""

    def __init__(
        self, root: Path, tables: dict[str, Any] | None = None, *, status: str = "open", more: dict[str, Any] | None = None, **source: Any
    ) -> None:
        self.data, self.config, self.nights = root / "data", root / "config", 0
        self.config.mkdir(parents=True, exist_ok=True)
        told = {"site_id": "07", "study": "sad01", "timezone": "Europe/Lisbon", "source": source}
        self.unit: Any = SimpleNamespace(
            key="sad01/07", site=Site.model_validate(told | {"tables": tables or {"dose": {"file": "**/*.csv"}}} | (more or {})),
            trial=SimpleNamespace(blinding=SimpleNamespace(status=status), arms=ARMS), folder=Path("sites/sad01_07"),
        )  # fmt: skip

    def pull(self, blocks: Any = None, days: int = 1) -> landed.Delivery:
        self.nights += days
        return landing.receive(self.data, self.unit, self.config, NIGHT + dt.timedelta(days=self.nights), blocks)

    def known(self) -> list[landed.Delivery]:
        return landed.deliveries(self.data, "sad01", "07")

    def waiting(self) -> list[Path]:
        """Downloads that are not landed."""
        home = self.data / incoming.HOME / "sad01" / "07"
        return sorted(p for p in home.glob("*") if p.name != incoming.SEEN and p.suffix != ".json") if home.is_dir() else []

    def receipt(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.known()[-1].folder / landing.RECEIPT).read_text())
        return told

    def texts(self) -> Iterator[str]:
        """Everything that lies in the data folder, as text."""
        for path in self.data.rglob("*"):
            if path.is_file():
                yield path.read_bytes().decode("latin-1")


def contents(delivery: landed.Delivery) -> dict[str, bytes]:
    return {f.name: (delivery.folder / f.name).read_bytes() for f in delivery.files}
