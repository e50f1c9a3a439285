"""XML read as a stream of elements, with nothing in it that could fetch, expand or overflow.

What belongs here: expat set up safely: no DOCTYPE (so no entities of a file's own), no network, bounded depth. What does not: what
an element means (odm.py, ods.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol
from xml.parsers import expat

from flows.readers.cells import unreadable

_PIECE = 2**18
_DEEPEST = 100


@dataclass(frozen=True)
class Tag:
    """A name in its namespace: `uri` is "" without one, `prefix` what the document calls it."""

    uri: str
    local: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.prefix or self.uri}:{self.local}" if self.uri else self.local


class Handler(Protocol):
    """What is told of each element. `line` is the line of the file."""

    def start(self, tag: Tag, attributes: dict[str, str], line: int) -> None:
        """An element begins; an attribute of a namespace is named with its prefix."""

    def end(self, tag: Tag, text: str) -> None:
        """An element ends; `text` is all text directly in it or in unknown elements in it."""


class TooDeepError(ValueError):
    """Elements nested deeper than any real document."""


class DoctypeError(ValueError):
    """A DOCTYPE, which could define entities."""


def parse(
    path: Path, file: IO[bytes], handler: Handler, encoding: str | None = None, on_text: Callable[[str], None] | None = None
) -> None:
    """Feed a document to the handler, piece by piece; `on_text` hears text as it stands between elements.

    Raises ReadError: not well-formed (the line is told), a DOCTYPE, too deep.
    """
    parser = expat.ParserCreate(encoding, namespace_separator=" ")
    parser.buffer_text = True
    prefixes: dict[str, str] = {"http://www.w3.org/XML/1998/namespace": "xml"}
    tags: dict[str, Tag] = {}
    names: dict[str, str] = {}
    texts: list[list[str]] = []

    def tag_of(name: str) -> Tag:
        if name not in tags:
            uri, _, local = name.rpartition(" ")
            tags[name] = Tag(uri, local, prefixes.get(uri, ""))
        return tags[name]

    def name_of(key: str) -> str:
        names[key] = str(tag_of(key))
        return names[key]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(texts) >= _DEEPEST:
            raise TooDeepError
        texts.append([])
        tag = tags.get(name) or tag_of(name)
        handler.start(tag, {names.get(key) or name_of(key): value for key, value in attributes.items()}, parser.CurrentLineNumber)

    def end(name: str) -> None:
        handler.end(tags[name], "".join(texts.pop()))

    def text(data: str) -> None:
        if on_text is not None:
            on_text(data)
        elif texts:
            texts[-1].append(data)

    def refuse(*_: object) -> None:
        raise DoctypeError

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartNamespaceDeclHandler = lambda prefix, uri: prefixes.setdefault(uri, prefix or "")
    parser.StartDoctypeDeclHandler = refuse
    _feed(path, file, parser.Parse, lambda: parser.CurrentLineNumber)


def _feed(path: Path, file: IO[bytes], take: Callable[[bytes, bool], object], line: Callable[[], int]) -> None:
    try:
        while piece := file.read(_PIECE):
            take(piece, False)
        take(b"", True)
    except DoctypeError:
        raise unreadable(path, "it has a DOCTYPE, which a data export needs not and could misuse", "export it without one") from None
    except TooDeepError:
        raise unreadable(path, f"its elements are nested more than {_DEEPEST} deep", "export it again") from None
    except (expat.ExpatError, LookupError, UnicodeError, ValueError):
        raise unreadable(path, f"the XML is damaged, cut or not in its encoding, in line {line()}", "fetch or export it again") from None
