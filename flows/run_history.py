"""The database of Prefect's server under a data folder: made once for each installation, copied for each new folder.

What belongs here: whether it must be migrated, and the copy that spares it. What does not: the server (flows/embedded.py).
Prefect makes a new database by some hundred migrations and registers its block types one by one: several seconds for an empty file.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from flows import prefect_home


def kept() -> Path:
    """Where an empty database of this version lies beside the installed packages."""
    import prefect

    return Path(sys.prefix) / "share" / "trialweave" / f"prefect-{prefect.__version__}.db"


async def prepare(home: Path) -> None:
    """Have the database there in its newest form. Raises what SQLite or SQLAlchemy raise for one that cannot be used."""
    from prefect.server.database import provide_database_interface

    if prefect_home.has_database_of_its_own():
        await provide_database_interface().create_db()
        return
    path = home / prefect_home.DATABASE
    begin(home)
    with _alone(home):
        if (now := _version(path)) is None or now != _version(kept()):
            await provide_database_interface().create_db()
            if now is None:
                await _register_blocks()
                _keep(path)


def begin(home: Path) -> None:
    """Give a folder without a history a copy of the empty one, where that is kept and no other database is named."""
    path = home / prefect_home.DATABASE
    with _alone(home):
        if not prefect_home.has_database_of_its_own() and not path.exists() and kept().is_file():
            _copy(kept(), path)


async def _register_blocks() -> None:
    from prefect.server.database import provide_database_interface
    from prefect.server.models.block_registration import run_block_auto_registration

    async with await provide_database_interface().session() as session:
        await run_block_auto_registration(session=session)


def _version(path: Path) -> str | None:
    """Up to which migration a database came; None when there is none."""
    if not path.is_file():
        return None
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as con:
        if not con.execute("select 1 from sqlite_master where name = 'alembic_version'").fetchall():
            return None
        return str(con.execute("select version_num from alembic_version").fetchall()[0][0])


def _keep(path: Path) -> None:
    """Keep an empty database for the next data folder; without leave to write there, each is made anew."""
    with suppress(OSError, sqlite3.Error):
        kept().parent.mkdir(parents=True, exist_ok=True)
        temporary = kept().with_name(f".{os.getpid()}.db")
        temporary.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as con:
            con.execute("vacuum into ?", [str(temporary)])
        temporary.replace(kept())


def _copy(source: Path, target: Path) -> None:
    temporary = target.with_name(f".{os.getpid()}.db")
    shutil.copyfile(source, temporary)
    temporary.replace(target)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One process at a time makes the database of a folder."""
    with (home / ".preparing").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
