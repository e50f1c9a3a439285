"""Bytes of a text file -> UTF-8 bytes, and which encoding that took.

What belongs here: byte order marks, strict decoding, the guess for files whose encoding nobody declared.
What does not: cutting text into cells (delimited.py).
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from flows.readers.cells import unreadable

_PIECE = 4 * 2**20
_CUT = "it ends in the middle of a character: the file is cut"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
#: Told apart from windows-1252 by their letters; its Latin neighbours (windows-1250 ...) are not: they must be declared.
_OTHER_SCRIPTS = ("cp1251", "koi8_r", "cp1253", "cp932", "euc_jp", "euc_kr", "gb18030", "big5")


def to_utf8(path: Path, data: bytes, declared: str | None, notes: list[str]) -> tuple[bytes, str]:
    """The text as UTF-8 without a byte order mark, and the encoding it was read with.

    Declared: that one, or ReadError. Not declared: byte order mark, else strict UTF-8, else the most likely one, noted.
    """
    mark, marked = next(((m, e) for m, e in _MARKS if data.startswith(m)), (b"", None))
    if declared is not None:
        encoding = _known(path, declared)
        if marked and not _agree(encoding, marked):
            raise unreadable(
                path, f"encoding {declared} is declared, but the file is marked as {marked}", f"declare encoding: {marked}"
            )
        encoding = marked or encoding
        text = data[len(mark) :]
        out = _transcode(text, encoding)
        if out is None and _is_cut(text, encoding):
            raise unreadable(path, _CUT, "fetch or export it again")
        if out is None:
            raise unreadable(path, f"the declared encoding {declared} does not fit its bytes", "declare the encoding it has")
        if encoding in ("cp1252", "iso8859-1") and not text.isascii() and _transcode(text, "utf-8") is not None:
            notes.append(f"encoding {declared} is declared, but the bytes are valid UTF-8; accented letters may be wrong")
        return out, encoding
    text = data[len(mark) :]
    first = marked or "utf-8"
    out = _transcode(text, first)
    if out is not None and (marked or not _looks_wide(text)):
        return out, first
    if out is None and _is_cut(text, first):
        raise unreadable(path, _CUT, "fetch or export it again")
    guess = _guess(text)
    out = _transcode(text, guess)
    if out is None:
        raise unreadable(path, "its encoding cannot be found out", "declare its encoding")
    notes.append(f"no encoding is declared and the text is not UTF-8; read as {guess}, a guess: declare it")
    return out, guess


def _is_cut(text: bytes, encoding: str) -> bool:
    """Whether all but the last character is in this encoding; of UTF-8 at least one other letter must show that it is."""
    ends = [text[:-n] for n in (1, 2, 3) if encoding != "utf-8" or not text[:-n].isascii()]
    return any(_transcode(part, encoding) is not None for part in ends)


def _known(path: Path, name: str) -> str:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        raise unreadable(path, f"{name!r} is no known encoding", "declare one such as utf-8, windows-1252, utf-16") from None
    return "utf-8" if found == "utf-8-sig" else found


def _agree(encoding: str, marked: str) -> bool:
    return encoding == marked or (encoding == "utf-16" and marked.startswith("utf-16"))


def _transcode(data: bytes, encoding: str) -> bytes | None:
    """UTF-8 bytes, or None when a byte does not fit. Works in pieces, so that memory stays near the file's size."""
    if data.isascii() and encoding in ("utf-8", "ascii", "cp1252", "iso8859-1"):
        return data
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    pieces: list[bytes] = []
    same = encoding == "utf-8"
    try:
        for start in range(0, len(data), _PIECE):
            text = decoder.decode(data[start : start + _PIECE], start + _PIECE >= len(data))
            if not same:
                pieces.append(text.encode("utf-8"))
    except UnicodeError:
        return None
    return data if same else b"".join(pieces)


def _looks_wide(data: bytes) -> bool:
    """UTF-16 of mostly Latin letters: every other byte is NUL. A single NUL is a fault of its row, not an encoding."""
    head = data[:4096]
    return head.count(0) > len(head) // 4


def _guess(data: bytes) -> str:
    """UTF-16 by its NUL bytes; else windows-1252, unless the letters are plainly of another script."""
    if _looks_wide(data):
        head = data[:4096]
        return "utf-16-le" if head[1::2].count(0) >= head[0::2].count(0) else "utf-16-be"
    odd = b"\n".join(m[0] for m in re.finditer(rb"[^\r\n]*[\x80-\xff][^\r\n]*", data[: 2**20]))[: 2**16]
    runs = re.findall(rb"[\x80-\xff]+", odd)
    if len(b"".join(runs)) < max(12, 3 * len(runs)):
        return "cp1252"  # accented letters stand alone; letters of another script stand in words
    from charset_normalizer import from_bytes  # here, because it is slow to import and seldom needed

    best = from_bytes(odd, cp_isolation=["cp1252", *_OTHER_SCRIPTS]).best()
    found = best.encoding if best is not None else "cp1252"
    return codecs.lookup(found).name
