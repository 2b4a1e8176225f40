"""What an outside system may take of time, memory and patience, read from the environment."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.config import read_settings


class HttpBounds(BaseSettings):
    """The bounds of requests and lists. Each field is set by the environment variable of its name, in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    http_seconds: float = Field(default=120.0, gt=0, description="for an answer, from connecting to its last byte")
    http_silence: float = Field(default=60.0, gt=0, description="seconds in which no byte comes")
    http_answer_bytes: int = Field(default=20_000_000, ge=1, description="of an answer, as it unpacks")
    http_redirects: int = Field(default=5, ge=0, description="that one request follows")
    http_tries: int = Field(default=5, ge=1, description="of a request, the first one included")
    http_backoff: float = Field(default=0.5, ge=0, description="seconds, doubled with each repetition")
    http_wait: float = Field(default=120.0, ge=0, description="seconds between two tries at most")

    http_pages: int = Field(default=10_000, ge=1, description="of a list")
    http_requests: int = Field(default=1_000_000, ge=1, description="for pages of a list and of the lists of its rows")
    http_rows: int = Field(default=10_000_000, ge=1, description="of a list")
    http_list_bytes: int = Field(default=5_000_000_000, ge=1, description="of all pages of a list, as they unpack")
    http_list_seconds: float = Field(default=14_400.0, gt=0, description="for all pages of a list")
    http_readings: int = Field(default=3, ge=1, description="of a list that changes while it is read")


def bounds_with(*, http_silence: float, **own: float) -> HttpBounds:
    """Return the platform's bounds with what one kind of server has of its own; an answer may take its silence too."""
    bounds = read_settings(HttpBounds)
    seconds = max(bounds.http_seconds, http_silence)
    return bounds.model_copy(update={"http_seconds": seconds, "http_silence": http_silence, **own})
