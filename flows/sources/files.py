"""A folder of files as a source: which files of it belong to the export.

What belongs here: walking the folder, glob patterns, refusing what leads out of it.
What does not: which of the files a mapping needs, copying them (flows/engine/landing.py).

Patterns are the usual globs over the name within the export: `*` and `?` stop at /, `**/` is any number of folders (also none),
[abc] is one of these. So `dose_*.csv` is in the top folder only, `**/dose_*.csv` anywhere. Upper and lower case differ.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from schemas.findings import PassingError, ReadError

if TYPE_CHECKING:
    from schemas.site import Site

_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^]/]+\]|.", re.DOTALL)
_REGEX = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matches(name: str, pattern: str) -> bool:
    """Does a file's name within the export match a glob? The one meaning of every `file`, `include` and `ignore_files`."""
    return _regex(pattern).fullmatch(name) is not None


def archive_of(glob: str) -> str | None:
    """The archive's part of a glob that names members of one: export.zip of export.zip/doses_*.csv."""
    at = glob.lower().find(".zip/")
    return glob[: at + 4] if at >= 0 else None


@lru_cache(maxsize=4096)
def _regex(pattern: str) -> re.Pattern[str]:
    out = []
    for part in _PARTS.findall(pattern.removeprefix("./")):
        if part in _REGEX:
            out.append(_REGEX[part])
        elif len(part) > 1:
            negated = part[1] == "!" and len(part) > 3
            inside = "".join(c if c == "-" else re.escape(c) for c in part[2 if negated else 1 : -1])
            out.append(f"[{'^/' if negated else ''}{inside}]")
        else:
            out.append(re.escape(part))
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error:  # a range that runs backwards: nothing but its own text
        return re.compile(re.escape(pattern))


def find(site: Site, config_root: Path) -> dict[str, Path]:
    """Files of the source folder that match `include`, by name; hidden files and Excel's lock files (~$) are passed over.

    Raises PassingError: no such folder, as when a share is away. ReadError: a folder reached through a link (it could be another
    site's), a link that leads out of it, a name that is no valid text.
    """
    source = site.source
    if source.kind != "files":
        raise TypeError(f"{source.kind} is no folder of files")
    root = config_root / source.path
    if not root.is_dir():
        raise PassingError(f"{site.key}: there is no folder {source.path}\n  fix   -> correct source.path, or mount the share")
    real_root = root.resolve()
    if not PurePath(source.path).is_absolute() and real_root != Path(os.path.normpath(config_root.resolve() / source.path)):
        raise ReadError(f"{site.key}: {source.path} is a link or lies behind one\n  fix   -> write the real folder as source.path")
    found: dict[str, Path] = {}
    for folder, folders, names in os.walk(root, onerror=_stop(site.key)):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in [*folders, *names]:
            path = Path(folder, name)
            if path.is_symlink() and not path.resolve().is_relative_to(real_root):
                what = f"{site.key}: {_named(path, root, site.key)} is a link that leads out of the source folder"
                raise ReadError(f"{what}\n  fix   -> put the file itself there")
        for name in names:
            path = Path(folder, name)
            within = _named(path, root, site.key)
            if not name.startswith((".", "~$")) and any(matches(within, p) for p in source.include):
                if not path.is_file():
                    raise ReadError(f"{site.key}: {within} is no plain file (a broken link or a device)")
                found[within] = path
    return dict(sorted(found.items()))


def _named(path: Path, root: Path, key: str) -> str:
    """Name within the export, with /."""
    name = path.relative_to(root).as_posix()
    if not name.isprintable() or "\\" in name:
        raise ReadError(f"{key}: a file's name holds characters that cannot be kept: {name!a}\n  fix   -> rename it")
    return name


def _stop(key: str) -> Callable[[OSError], None]:
    def stop(error: OSError) -> None:
        raise ReadError(f"{key}: a folder of the source cannot be read ({error.strerror})")

    return stop
