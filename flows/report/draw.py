"""Charts as SVG inside the page, each with the table of its numbers behind it.

What belongs here: bars, a grid, lines; the figure around them. What does not: which numbers (site_part.py, overview.py).

A chart is hand-made SVG: no script, no font, no library's run time, a few kilobytes, sharp on paper. What it says in form it also says in
its description and in the table; nothing is told by colour alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

Series = Sequence[tuple[str, int | None]]
_MARKS = re.compile("[&<>\"']")


def e(text: object) -> str:
    """Text for the page. Most cells hold nothing to escape, and looking is a quarter of the work."""
    written = str(text)
    return html.escape(written, quote=True) if _MARKS.search(written) else written


def num(value: float) -> str:
    """A coordinate."""
    written = f"{value:.1f}"
    return written[:-2] if written.endswith(".0") else written


def figure(title: str, told: str, svg: str, table: str) -> str:
    """A chart with its title, what it shows in a sentence, and its numbers."""
    return (
        f'<figure><figcaption><strong>{e(title)}</strong><br><span class="told">{e(told)}</span></figcaption>{svg}'
        f"<details><summary>Numbers of this chart<span class=\"sr\">: {e(title)}</span></summary>{table}</details></figure>"
    )


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[object]], *, kind: str = "", first: str = "row") -> str:
    """A table; numbers stand to the right. The first cell of a row is its head. Cells that begin with < are HTML as they are."""
    head = "".join(f'<th scope="col">{e(h)}</th>' for h in heads)
    body = "\n".join(
        "<tr>" + "".join(_cell(c, is_first=i == 0 and first == "row") for i, c in enumerate(row)) + "</tr>" for row in rows
    )
    mark = f' class="{kind}"' if kind else ""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{e(caption)}"><table{mark}><caption>{e(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def _cell(cell: object, *, is_first: bool) -> str:
    is_number = isinstance(cell, (int, float)) or (isinstance(cell, str) and cell[:1].isdigit() and cell[-1:] in "0123456789%")
    is_number |= isinstance(cell, Html) and "hidden-count" in cell
    inside = cell if isinstance(cell, Html) else "" if cell is None else e(cell)
    if is_first:
        return f'<th scope="row">{inside}</th>'
    return f'<td class="n">{inside}</td>' if is_number else f"<td>{inside}</td>"


def bars(
    title: str, axis: str, values: Series, *, ticks: Sequence[int] = (), band: tuple[float, float] | None = None, band_name: str = "",
    strong: frozenset[int] = frozenset(), is_range: bool = False,
) -> str:  # fmt: skip
    """A bar a value. `ticks`: which bars have their label below; `band`: between which bars (edges) a window lies; `strong`: bars that
    are drawn dark; `is_range`: a bar counts from its value to the next one's, so its label stands at its left edge, not below its middle.
    A value that is None is hidden and drawn as an empty dashed box."""
    width, height, left, bottom, top = 360, 150, 34, 34, 16
    most = max([v for _, v in values if v is not None] + [1])
    step = min(40.0, (width - left - 6) / max(len(values), 1))
    out = [_open(title, width, height)]
    if band is not None:
        low, high = (left + step * b for b in band)
        out.append(f'<rect class="band" x="{num(low)}" y="{top}" width="{num(max(high - low, 1))}" height="{height - top - bottom}"/>')
        out.append(f'<text class="s" x="{num((low + high) / 2)}" y="{top - 4}" text-anchor="middle">{e(band_name)}</text>')
    full = height - top - bottom
    for i, (_, value) in enumerate(values):
        x = left + step * i
        if value is None:
            out.append(f'<rect class="hid" x="{num(x + 0.5)}" y="{height - bottom - 8}" width="{num(step - 1)}" height="8"/>')
        elif value:
            tall = full * value / most
            kind = "bar2" if i in strong else "bar"
            out.append(f'<rect class="{kind}" x="{num(x + 0.5)}" y="{num(height - bottom - tall)}" width="{num(max(step - 1, 0.6))}"'
                       f' height="{num(tall)}"/>')  # fmt: skip
    out.append(_frame(left, top, width - 6, height - bottom))
    out.append(f'<text class="s" x="{left - 4}" y="{top + 8}" text-anchor="end">{most}</text>')
    out.append(f'<text class="s" x="{left - 4}" y="{height - bottom}" text-anchor="end">0</text>')
    for i in ticks:
        at = num(left + step * (i if is_range else i + 0.5))
        out.append(f'<text class="s" x="{at}" y="{height - bottom + 13}" text-anchor="middle">{e(values[i][0])}</text>')
    out.append(f'<text class="s" x="{(left + width) // 2}" y="{height - 4}" text-anchor="middle">{e(axis)}</text></svg>')
    return "".join(out)


def grid(title: str, across: str, up: str, cells: dict[tuple[int, int], int | None]) -> str:
    """A field of ten by ten squares, darker where more is; the diagonal where both axes are equal."""
    side, left, bottom, top = 150, 40, 34, 6
    width, height = left + side + 14, top + side + bottom
    most = max([v for v in cells.values() if v is not None] + [1])
    step = side / 10
    out = [_open(title, width, height, narrow=True)]
    for (i, j), value in sorted(cells.items()):
        x, y = left + step * i, top + side - step * (j + 1)
        if value is None:
            out.append(f'<rect class="hid" x="{num(x)}" y="{num(y)}" width="{num(step)}" height="{num(step)}"/>')
        else:
            shade = 0.2 + 0.8 * value / most
            out.append(f'<rect class="bar" fill-opacity="{shade:.2f}" x="{num(x)}" y="{num(y)}" width="{num(step)}" height="{num(step)}"/>')
    out.append(f'<line class="diag" x1="{left}" y1="{top + side}" x2="{left + side}" y2="{top}"/>')
    out.append(f'<rect class="axis" x="{left}" y="{top}" width="{side}" height="{side}"/>')
    for share in (0, 50, 100):
        at = side * share / 100
        out.append(f'<text class="s" x="{num(left + at)}" y="{top + side + 13}" text-anchor="middle">{share}</text>')
        beside = num(top + side - at + (8 if share == 100 else 0))
        out.append(f'<text class="s" x="{left - 4}" y="{beside}" text-anchor="end">{share}</text>')
    out.append(f'<text class="s" x="{left + side // 2}" y="{height - 4}" text-anchor="middle">{e(across)}</text>')
    middle = top + side // 2
    out.append(f'<text class="s" transform="rotate(-90 11 {middle})" x="11" y="{middle}" text-anchor="middle">{e(up)}</text></svg>')
    return "".join(out)


def line(
    title: str, labels: Sequence[str], middle: Sequence[float | None], low: Sequence[float | None] = (), high: Sequence[float | None] = (),
    *, floor: float | None = None,
) -> str:  # fmt: skip
    """Points joined by a line over equally spaced labels, with bars from low to high where they are given."""
    width, height, left, bottom, top = 360, 142, 40, 18, 10
    known = [v for v in (*middle, *low, *high) if v is not None]
    least = min([*known, floor] if floor is not None else known, default=0.0)
    most = max(known, default=1.0)
    if most == least:
        most += 1
    step = (width - left - 34) / max(len(labels) - 1, 1)

    def at(i: int) -> float:
        return left + 10 + step * i

    def up(value: float) -> float:
        return top + (height - top - bottom) * (most - value) / (most - least)

    out = [_open(title, width, height), _frame(left, top, width - 6, height - bottom)]
    points = [(at(i), up(v)) for i, v in enumerate(middle) if v is not None]
    for i, (a, b) in enumerate(zip(low, high, strict=True)):
        if a is not None and b is not None:
            out.append(f'<line class="range" x1="{num(at(i))}" y1="{num(up(a))}" x2="{num(at(i))}" y2="{num(up(b))}"/>')
    if len(points) > 1:
        out.append(f'<polyline class="line" points="{" ".join(f"{num(x)},{num(y)}" for x, y in points)}"/>')
    out += [f'<circle class="dot" cx="{num(x)}" cy="{num(y)}" r="3"/>' for x, y in points]
    for value in (least, most):
        beside = num(up(value) + (8 if value == most else 0))
        out.append(f'<text class="s" x="{left - 4}" y="{beside}" text-anchor="end">{value:.4g}</text>')
    every = max(1, -(-len(labels) // 7))
    for i in range(0, len(labels), every):
        out.append(f'<text class="s" x="{num(at(i))}" y="{height - bottom + 13}" text-anchor="middle">{e(labels[i])}</text>')
    return "".join(out) + "</svg>"


def _open(title: str, width: int, height: int, *, narrow: bool = False) -> str:
    mark = ' class="narrow"' if narrow else ""
    return f'<svg{mark} viewBox="0 0 {width} {height}" role="img" aria-label="{e(title)}">'


def _frame(left: float, top: float, right: float, bottom: float) -> str:
    return f'<path class="axis" d="M{num(left)} {num(top)}V{num(bottom)}H{num(right)}"/>'
