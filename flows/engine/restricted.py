"""Who may look where in a data folder: restricted/ (arms, free text of de-identified trials) is its owner's alone, what sites sent is
nobody's but the owner's and of a group that the owner lets in; releases are for whom the machine lets read them.

What belongs here: permissions. What does not: what is put into the folders (assemble.py, landing.py, batch.py).
"""

from __future__ import annotations

import os
from pathlib import Path

from flows.engine import ledger
from schemas.findings import PublicationError

NAME = "restricted"
FOLDER, FILE = 0o700, 0o400
#: Participants' identifiers, dates and words as the sites sent them, whatever a trial's releases hide.
AS_SENT = ("landing", "staged", "findings")
OTHERS = 0o007


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


def shut(data: Path) -> None:
    """Make the folders of what sites sent for the owner only; one that others may enter is shut, a group let in by hand stays.

    Raises PublicationError when such a folder belongs to another user. A file system without permissions (some shares) keeps its own.
    """
    for folder in (data / name for name in AS_SENT):
        folder.mkdir(mode=FOLDER, exist_ok=True)
        told = folder.stat()
        if not told.st_mode & OTHERS:
            continue
        if told.st_uid != os.getuid():
            raise PublicationError(f"{folder.name} is open to others and belongs to another user\n  fix -> chmod 0700 {folder}")
        folder.chmod(FOLDER)
