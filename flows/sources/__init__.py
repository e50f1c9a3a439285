"""One file = one kind of place exports are fetched from: flows/sources/<kind>.py, its keys in schemas/source.py.

What belongs here: opening a place by its kind. What does not: a kind of its own, what is wanted of it (flows/engine/incoming.py).
A folder of files (files.py) needs no fetching. Every other kind has connect(access) -> Place (place.py); it is imported when it is used,
so that "nothing changed" is answered at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from flows.sources.place import Access, Place


@contextmanager
def opened(access: Access) -> Iterator[Place]:
    """A remote place, left again at the end. Raises PassingError or ReadError when it cannot be entered."""
    place: Place = import_module(f"flows.sources.{access.source.kind}").connect(access)
    try:
        yield place
    finally:
        place.close()
