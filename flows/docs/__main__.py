"""`python -m flows.docs`: write docs/ and the table in README (`make docs`). With --check, write nothing and end 1 when a page is stale."""

from __future__ import annotations

import sys

from flows.docs import build


def main() -> int:
    """Write or check; print one line a page that changed."""
    check = "--check" in sys.argv[1:]
    changed = [f"docs/{name}" for name in (build.stale() if check else build.write())]
    path = build.DOCS.parent / "README.md"
    text = path.read_text(encoding="utf-8")
    if (wanted := build.readme(text)) != text:
        changed.append(path.name)
        if not check:
            path.write_text(wanted, encoding="utf-8")
    for name in changed:
        sys.stdout.write(f"{name}{' is not what the code gives: make docs' if check else ''}\n")
    return 1 if check and changed else 0


if __name__ == "__main__":
    raise SystemExit(main())
