"""Who hears of a run that needs a person, and how: alerts.yaml of a configuration folder.

What belongs here: the typed model. What does not: what is told and when (flows/engine/seen/alerts.py), sending (flows/engine/seen/send.py).
Names of environment variables stand for what is secret: passwords, tokens, and the address of a webhook, which is as good as a password.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Config, Name, Text, Texts


class AlertKind(StrEnum):
    """What may be told."""

    FAILED = "failed"
    DEGRADED = "degraded"
    KILLED = "killed"
    RECOVERED = "recovered"
    STALE = "stale"
    MISSED = "missed"
    SPECIAL_INTEREST = "special_interest"


class Email(Config):
    """Letters through a mail server (SMTP)."""

    kind: Literal["email"]
    host: Text = Field(description="The mail server.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(default="starttls", description="How the line is secured; none: no password.")
    username_env: Text | None = Field(default=None, description="Environment variable that holds the user name.")
    password_env: Text | None = Field(default=None, description="Environment variable that holds the password.")
    sender: Text = Field(alias="from", description="From whom the letters come.")
    to: Texts = Field(min_length=1, description="To whom they go.")
    timeout_s: float = Field(default=15, gt=0, le=120, description="Seconds to wait for the server.")

    @model_validator(mode="after")
    def secured(self) -> Self:
        """A password is never sent in the clear, and a header never has two lines."""
        if self.security == "none" and self.password_env:
            raise ValueError("a password is not sent over a line that is not secured; use security: starttls or tls")
        if any(c in text for text in (self.sender, *self.to) for c in "\r\n"):
            raise ValueError("an address has one line")
        return self


class Webhook(Config):
    """A JSON message to an address (chat, pager, ticket system); its key `text` is what most chats show."""

    kind: Literal["webhook"]
    url_env: Text = Field(description="Environment variable that holds the address.")
    headers_env: dict[Text, Text] = Field(default={}, description="Header -> environment variable that holds its value.")
    timeout_s: float = Field(default=15, gt=0, le=120, description="Seconds to wait for an answer.")


Channel = Annotated[Email | Webhook, Field(discriminator="kind")]


class AlertRule(Config):
    """What goes where."""

    kinds: tuple[AlertKind, ...] = Field(alias="on", min_length=1, description="Kinds that are told.")
    to: Texts = Field(min_length=1, description="Channels.")
    studies: Texts = Field(default=(), description="Only these trials; none: all. A run that failed is told whatever stands here.")


class Alerts(Config):
    """The whole file."""

    channels: dict[Name, Channel] = Field(min_length=1, description="Ways to a person, by names of your own.")
    alerts: tuple[AlertRule, ...] = Field(min_length=1, description="What goes where.")
    stale_days: int = Field(default=7, ge=1, description="A site whose newest data are older than so many days is stale.")
    missed_hours: float = Field(
        default=36, gt=0, description="A run later than so many hours after the one before it tells of missed nights."
    )
    again_days: int = Field(default=7, ge=1, description="What still stands is told again after so many days.")

    def variables(self) -> list[str]:
        """Environment variables that its channels need."""
        needed: set[str | None] = set()
        for channel in self.channels.values():
            if isinstance(channel, Email):
                needed |= {channel.username_env, channel.password_env}
            else:
                needed |= {channel.url_env, *channel.headers_env.values()}
        return sorted(name for name in needed if name)

    @model_validator(mode="after")
    def channels_known(self) -> Self:
        """Every alert names channels that there are."""
        unknown = sorted({name for rule in self.alerts for name in rule.to} - self.channels.keys())
        if unknown:
            raise ValueError(f"no channel {', '.join(unknown)}; there are {', '.join(self.channels)}")
        return self
