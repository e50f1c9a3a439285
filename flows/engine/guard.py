"""What keeps participants' values out of error texts, wherever an error comes from.

What belongs here: turning unforeseen errors into ones that may be shown. What does not: errors that are meant (schemas/findings.py).
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.findings import TrialweaveError

#: Troubles of the machine, not of a site: the whole run fails and the last release stands.
_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.EIO}


@contextmanager
def no_values() -> Iterator[None]:
    """Turn any unforeseen error into one that tells its kind and place but never its text, which may hold a participant's value."""
    try:
        yield
    except (TrialweaveError, MemoryError):
        raise
    except OSError as error:
        if error.errno in _MACHINE:
            raise
        raise TrialweaveError(f"{_place(error)}: {error.strerror}") from None
    except Exception as error:  # noqa: BLE001 - whatever it is, its text must not travel
        raise TrialweaveError(_place(error)) from None


def _place(error: BaseException) -> str:
    trace, where = error.__traceback__, ""
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if "site-packages" not in file.parts:
            where = f" in {file.parent.name}/{file.name} line {trace.tb_lineno}"
        trace = trace.tb_next
    return f"unforeseen {type(error).__name__}{where}"
