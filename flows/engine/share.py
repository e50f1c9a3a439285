"""A data folder on a network file system, seen as it is and not as this machine remembers it.

What belongs here: forgetting remembered names. What does not: who may write (lock.py, lease.py).

A client of NFS trusts what it knows of a folder for up to a minute: which names are in it, which are not, where a link points. Another
machine that has just given the data folder back may have made a release meanwhile; a night built on the one before it would be wrong.
Opening a folder to list it asks the server, and what is remembered of its names is thrown away when the folder has changed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

#: Levels of folders whose names decide what a run does: landing/<study>/<site>, staged/<unit>, releases/<release>.
_LEVELS = 3
#: Folders that are made under a temporary name and renamed whole: nobody can remember an older state of what is in them.
_WHOLE = ("releases", "restricted")


def look_afresh(data: Path) -> None:
    """List every folder of a data folder whose names may have changed since this machine last looked."""
    _list(data, _LEVELS)


def _list(folder: Path, levels: int) -> None:
    with suppress(OSError), os.scandir(folder) as entries:
        inner = [Path(e.path) for e in entries if levels and not e.name.startswith(".tmp-") and e.is_dir(follow_symlinks=False)]
        for path in inner:
            _list(path, 0 if path.name in _WHOLE else levels - 1)
