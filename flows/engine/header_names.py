"""Which names of a file's header may be shown, and whether its first line is a header at all.

What belongs here: telling names from data. What does not: comparing headers with a mapping (drift.py).

A file that came without its header line has a row of data in its place: a participant's values where names should be. So a name is shown
only when the mapping or the last good delivery knows it, or when it looks like a name and stands nowhere in the data; else its place is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

#: Up to 40 letters, digits and plain signs, a letter first.
_NAME = re.compile(r"[^\W\d_][\w .\-/()\[\]%:?]{0,39}")


def is_data(header: Sequence[str], known: Collection[str], cells: Callable[[str], bool]) -> bool:
    """Whether the first line of a file is a row of data: none of its texts is a known name, and one of them stands in the data or most
    are no names. `known`: names of the mapping and the last good delivery; `cells`: whether a text stands in the data, now or in the last
    good delivery."""
    if set(header) & set(known):
        return False
    odd = [n for n in header if not _NAME.fullmatch(n)]
    return any(cells(n) for n in header) or 2 * len(odd) >= len(header)


def shown(name: str, header: Sequence[str], known: Collection[str]) -> str:
    """A name as a person may read it wherever it is printed: quoted, or its place in the file."""
    if name in known or _NAME.fullmatch(name):
        return repr(name)
    return f"column {list(header).index(name) + 1}"
