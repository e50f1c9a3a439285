"""Messages to persons: a letter by SMTP, JSON to a webhook. Bounded in time; an error names the channel's trouble and no secret.

What belongs here: sending one message over one channel. What does not: what it says (alerts.py).
"""

from __future__ import annotations

import email.utils
import json
import os
import smtplib
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

from schemas.alerts import Channel, Email, Webhook


class SendError(RuntimeError):
    """The message did not get out; the text may be shown."""


class _Straight(urllib.request.HTTPRedirectHandler):
    """What is sent to one address is not carried on to another."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """None: a redirection is an error."""


def send(channel: Channel, subject: str, text: str, facts: Mapping[str, Any]) -> None:
    """Send one message. Raises SendError."""
    try:
        if isinstance(channel, Email):
            _mail(channel, subject, text)
        else:
            post(_secret(channel.url_env), {"text": f"{subject}\n{text}", **facts}, _headers(channel), channel.timeout_s)
    except smtplib.SMTPException as error:
        raise SendError(f"the mail server refused: {type(error).__name__}") from None
    except OSError as error:
        raise SendError(f"not reached: {error.strerror or type(error).__name__}") from None


def _mail(channel: Email, subject: str, text: str) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, channel.sender, ", ".join(channel.to)
    message["Date"], message["Message-ID"] = email.utils.localtime(), email.utils.make_msgid(domain="trialweave.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    context = ssl.create_default_context()
    tls = channel.security == "tls"
    made = smtplib.SMTP_SSL(channel.host, channel.port, timeout=channel.timeout_s, context=context) if tls else smtplib.SMTP(
        channel.host, channel.port, timeout=channel.timeout_s
    )  # fmt: skip
    with made as server:
        if channel.security == "starttls":
            server.starttls(context=context)
        if channel.username_env and channel.password_env:
            server.login(_secret(channel.username_env), _secret(channel.password_env))
        server.send_message(message)


def post(url: str, body: Any, headers: Mapping[str, str], timeout_s: float) -> None:
    """POST JSON. Raises SendError for anything but a 2xx, OSError when the place is not reached."""
    if urllib.parse.urlsplit(url).scheme not in ("https", "http"):
        raise SendError("the address is not http or https")
    asked = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", **headers}, method="POST")
    try:
        with urllib.request.build_opener(_Straight).open(asked, timeout=timeout_s) as answer:
            answer.read(65536)
    except urllib.error.HTTPError as error:
        raise SendError(f"answered {error.code}") from None
    except urllib.error.URLError as error:
        reason = error.reason
        raise SendError(f"not reached: {getattr(reason, 'strerror', None) or type(reason).__name__}") from None
    except ValueError:
        raise SendError("the address or a header cannot be used") from None


def _headers(channel: Webhook) -> dict[str, str]:
    return {name: _secret(variable) for name, variable in channel.headers_env.items()}


def _secret(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise SendError(f"environment variable {variable} is not set")
    return value
