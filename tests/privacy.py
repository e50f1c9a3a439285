"""The tiny trial as a user's own configuration, nights on the real engine, and looking for a text in whatever lies on disk."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq

from flows.engine import releases
from flows.engine.config import load
from tests.nights import Nights

TINY = Path(__file__).parent / "golden" / "tiny"
KEY = "a key of more than sixteen characters"
DEIDENTIFIED = "deidentification: {key_env: TINY_KEY, date_shift: {max_days: 300}}\n"


class Tiny(Nights):
    """The tiny trial, its configuration and data below `root`."""

    def __init__(self, root: Path, trial: str = "", *, made: bool = False) -> None:
        self.config, self.data = root / "config", root / "data"
        self.trial = self.config / "trials" / "t01.yaml"
        if made:
            return
        shutil.copytree(TINY, self.config)
        self.trial.write_text(self.trial.read_text(encoding="utf-8") + trial, encoding="utf-8")

    def export(self, site: str, name: str) -> Path:
        """One file of a site's export."""
        return self.config / "exports" / site / name

    def change(self, site: str, name: str, old: str, new: str) -> None:
        """Replace a text in an export's file."""
        path = self.export(site, name)
        text = path.read_bytes().decode("latin-1")
        assert old in text, old
        path.write_bytes(text.replace(old, new).encode("latin-1"))

    def status(self, old: str, new: str) -> None:
        """Replace a text in the trial's file."""
        text = self.trial.read_text(encoding="utf-8")
        assert old in text, old
        self.trial.write_text(text.replace(old, new), encoding="utf-8")

    @property
    def latest(self) -> Path:
        """The folder of the release that stands."""
        found = releases.latest(self.data)
        assert found is not None
        return found.folder

    def set(self, name: str, folder: Path | None = None) -> pl.DataFrame:
        """A published set, read whole."""
        return pl.concat([pl.read_parquet(p) for p in sorted(((folder or self.latest) / name).rglob("*.parquet"))])

    def load(self):
        """The configuration as it is now."""
        return load(self.config)


def holds(text: str, paths: Iterable[Path]) -> list[str]:
    """Files below these paths whose bytes, cells (Parquet, DuckDB) or packed files (zip) hold a text; names only."""
    found = []
    for top in paths:
        for path in [top] if top.is_file() else sorted(p for p in top.rglob("*") if p.is_file() and not p.is_symlink()):
            if _holds(text, path):
                found.append(path.name if path == top else path.relative_to(top).as_posix())
    return found


def _holds(text: str, path: Path) -> bool:
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        cells = (str(v) for c in table.columns for v in c.to_pylist() if v is not None)
        return text in path.name or text in str(table.schema.metadata) or any(text in cell for cell in cells)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            return any(text.encode() in packed.read(n) for n in packed.namelist())
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            return text in str(con.execute("select sql from duckdb_views()").fetchall())
    return text.encode() in path.read_bytes()
