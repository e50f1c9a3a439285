"""One web request, told in the words of this project: used by every source that speaks HTTP.

Redirects are followed to the same host over https only, and five at most, so that neither a secret nor a participant's data go where
nobody said. A server that asks for patience (429, 503 with Retry-After) gets it, up to half a minute.

What belongs here: the client, redirects, statuses. What does not: what is asked for (https.py, redcap.py).
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from flows.sources.place import Access
from schemas.findings import TrialweaveError

_HOPS = 5
_PATIENCE_S = 30.0
_REFUSED = (401, 403, 407)
_GONE = (404, 410)
_PASSING = (408, 425, 429)

logging.getLogger("httpx").setLevel(logging.WARNING)


def client(access: Access, **more: Any) -> httpx.Client:
    """A client that trusts the usual certificates, or those that are named. It takes nothing from the environment (proxies, .netrc)."""
    trusted = access.file("ca_file")
    try:
        checked = ssl.create_default_context(cafile=str(trusted) if trusted else None)
    except (ssl.SSLError, OSError):
        raise access.final("ca_file holds no certificate", "correct source.ca_file") from None
    return httpx.Client(timeout=access.source.timeout_s, verify=checked, follow_redirects=False, trust_env=False, **more)


@contextmanager
def asked(access: Access, using: httpx.Client, method: str, url: str, **what: Any) -> Iterator[httpx.Response]:
    """An answer whose body waits to be read. `statuses`: those that the caller deals with.

    Raises ReadError or PassingError: any other status, a redirect that leads elsewhere, a server that is not trusted, away or silent.
    """
    allowed = what.pop("statuses", (200, 206, 304, 416))
    hops, patience = 0, _PATIENCE_S
    try:
        while True:
            access.bound.seconds()
            with using.stream(method, url, **what) as answer:
                wait = _wait(answer)
                if answer.has_redirect_location:
                    hops += 1
                    url = _next(access, answer, url, hops)
                elif wait is None or wait > patience:
                    if answer.status_code not in allowed:
                        raise refused(access, answer.status_code)
                    yield answer
                    return
            if wait is not None:
                patience -= wait
                time.sleep(wait)
    except httpx.ConnectError as error:
        if _is_of_a_certificate(error):
            what_is = "the server's certificate is not trusted; nothing was sent to it"
            raise access.final(what_is, "ask who runs the server, and name the certificate of its authority as source.ca_file") from None
        raise access.passing("the server cannot be reached") from None
    except httpx.HTTPError as error:
        raise access.passing(f"the server hung up or was silent too long ({type(error).__name__})") from None


def refused(access: Access, status: int) -> TrialweaveError:
    """What a status means that is no answer."""
    if status in _REFUSED:
        return access.final(f"the server refuses the user name, password or token ({status})", "look at the secrets the source names")
    if status in _GONE:
        return access.final(f"there is no such file at {access.source.where} ({status})", "correct source.url or source.files")
    if status >= 500 or status in _PASSING:
        return access.passing(f"the server is busy or broken ({status})")
    return access.final(f"the server refuses the request ({status})", "correct source.url")


def _next(access: Access, answer: httpx.Response, url: str, hops: int) -> str:
    """Where a redirect leads, if one may go there."""
    if hops > _HOPS:
        raise access.final("the server sends the request round in circles", "correct source.url")
    try:
        here, there = httpx.URL(url), httpx.URL(url).join(answer.headers.get("location", ""))
    except httpx.InvalidURL:
        raise access.final("the server sends the request to no address", "correct source.url") from None
    if answer.request.method == "POST" and answer.status_code not in (307, 308):
        raise access.final("the server sends the request elsewhere and drops what was asked", f"write the address itself: {there.host}")
    if (there.host, there.port) != (here.host, here.port) or there.scheme != here.scheme:
        what = f"the server sends the request to another place ({there.scheme}://{there.host})"
        raise access.final(what, "write that address as source.url, if it is right")
    return str(there)


def _is_of_a_certificate(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


def _wait(answer: httpx.Response) -> float | None:
    """Seconds the server asks for, at least one, when it does."""
    told = answer.headers.get("retry-after", "")
    return max(float(told), 1.0) if answer.status_code in (429, 503) and told.isdigit() else None
