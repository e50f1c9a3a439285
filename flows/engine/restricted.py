"""The folder restricted/: treatment assignment and free text of de-identified trials, for the owner of the data folder only.

What belongs here: its permissions. What does not: what is put into it (assemble.py).
"""

from __future__ import annotations

import os
from pathlib import Path

from flows.engine import ledger
from schemas.findings import PublicationError

NAME = "restricted"
FOLDER, FILE = 0o700, 0o400


def home(data: Path) -> Path:
    """The folder, made if need be and closed to others."""
    folder = data / NAME
    folder.mkdir(mode=FOLDER, exist_ok=True)
    guard(data)
    return folder


def guard(data: Path) -> int:
    """Close whatever in restricted/ is open to others; returns how many files and folders that were, and tells the ledger.

    Raises PublicationError when it is a link, belongs to somebody else or cannot be closed: nothing may be written there then.
    """
    folder = data / NAME
    if not folder.exists() and not folder.is_symlink():
        return 0
    if folder.is_symlink():
        raise PublicationError(f"{folder} is a link; treatment assignment is not written through one\n  fix -> make it a folder of its own")
    opened = 0
    for path in [folder, *sorted(folder.rglob("*"))]:
        if path.is_symlink():
            raise PublicationError(f"{path.relative_to(data)} is a link\n  fix -> remove it; nothing in {NAME}/ may lead elsewhere")
        told = path.stat()
        allowed = FOLDER if path.is_dir() else FILE
        if told.st_mode & 0o777 & ~allowed:
            if told.st_uid != os.getuid():
                raise PublicationError(
                    f"{path.relative_to(data)} is open to others and belongs to another user\n  fix -> chmod 0700 {folder}"
                )
            path.chmod(allowed)
            opened += 1
    if opened:
        ledger.append(data, "restricted_closed", n=opened)
    return opened
