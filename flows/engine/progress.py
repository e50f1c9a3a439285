"""How far a night has come, told to whoever listens (the command line's progress bar); silent when nobody does.

What belongs here: the one hook between the work and its display. What does not: drawing (flows/cli).
"""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[str, int, int], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Be told (step, done, total) from now on."""
    _listeners.append(listener)


def stop(listener: Listener) -> None:
    """Be told no more."""
    _listeners.remove(listener)


def tell(step: str, done: int = 0, total: int = 0) -> None:
    """Say that `done` of `total` parts of a step are finished; total 0 where it is not known."""
    for listener in _listeners:
        listener(step, done, total)
