"""Text of a cell whose parts look different: what is struck through in it, and small numbers set above or below the line.

What belongs here: joining the parts so that no new number comes about. What does not: finding the parts (the readers of workbooks).

A 4 that is struck through and a 5 beside it are no 45, and a 5 with a footnote 1 is no 51. The parts stay, and a sign between them makes
a number that nobody wrote unreadable: ~4~5, 5^1. A cell that is struck through as a whole stays as it is; its row is told otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Look = Literal["", "struck", "raised"]
Run = tuple[str, Look]


def joined(runs: Sequence[Run]) -> str:
    """The parts as one text."""
    filled = [(text, look) for text, look in runs if text]
    if all(look == "struck" for text, look in filled if text.strip()):
        return "".join(text for text, _ in filled)
    out, before = "", ""
    for text, look in filled:
        touching = out[-1:].isdigit() and text[:1].isdigit() and "raised" in (look, before)
        out += f"~{text}~" if look == "struck" and text.strip() else f"^{text}" if touching else text
        before = look
    return out
