"""Decompressing with a bound: no file may grow beyond what an export of a site can be.

What belongs here: gzip and zlib streams, the bounds themselves. What does not: zip archives (archive.py), what is inside.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import IO

from flows.readers.cells import unreadable

#: An export beyond this is none; and a file that shrinks to a thousandth of itself is made to harm (deflate's own limit is 1,032).
LARGEST = 4 * 2**30
RATIO = 500
SMALL = 64 * 2**20
_PIECE = 2**20


def bounded(path: Path, packed: int, unpacked: int) -> None:
    """Raises ReadError when what comes out is beyond any export."""
    if unpacked > LARGEST or (unpacked > SMALL and unpacked > RATIO * max(packed, 1)):
        raise unreadable(path, f"it unpacks to more than {unpacked // 2**20} MB, which no export needs", "send the table unpacked")


def inflate(path: Path, source: IO[bytes], target: IO[bytes]) -> None:
    """Unpack a gzip or zlib stream, several members one after the other. Raises ReadError: damaged, cut, beyond the bounds."""
    packed = unpacked = 0
    engine = zlib.decompressobj(47)  # gzip or zlib, told by its header
    fresh = True
    try:
        while piece := source.read(_PIECE):
            packed += len(piece)
            while piece:
                out = engine.decompress(piece, _PIECE)
                fresh = False
                unpacked += len(out)
                bounded(path, packed, unpacked)
                target.write(out)
                piece = engine.unconsumed_tail or engine.unused_data.lstrip(b"\0")
                if engine.eof:
                    engine, fresh = zlib.decompressobj(47), True
        if not fresh:
            target.write(engine.flush())
            if not engine.eof:
                raise zlib.error
    except zlib.error:
        raise unreadable(path, "the compressed file is damaged or cut", "fetch or export it again") from None
