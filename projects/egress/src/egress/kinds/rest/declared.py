"""How an API answers for rows, and how it is reached: what a target of the kind declares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import AliasPath, BaseModel, Field, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import ConfigurationError


class RestSettings(BaseSettings):
    """How to reach an API. Each field is set by the variable of its name behind the target's prefix, in capitals.

    A target's name, not its address, is what the send state is filed under: the API may move.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    api_url: str | None = Field(default=None, pattern=r"^https?://[^/]")
    target_name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")
    chunk_rows: int = Field(default=500, ge=1)
    tries: int = Field(default=5, ge=1)
    timeout: float = Field(default=30.0, gt=0, description="seconds to wait for an answer")
    backoff: float = Field(default=0.5, ge=0, description="seconds before the second repetition, doubled for each")


class Result(BaseModel):
    """What became of one row."""

    key: str
    status: str
    reason: str | None


@dataclass(frozen=True)
class Answers:
    """Where an answer says what became of each row. Fields within fields are written `error.message`.

    Attributes:
        rows: The field with the list that has an entry for each row.
        key: An entry's field with the row's key, a text.
        taken: The statuses of rows that the API has taken.
        refused: The statuses of rows that it has refused; any other status is none of an answer that is understood.
        status: An entry's field with its status.
        reason: An entry's field with the reason why a row was refused.
    """

    rows: str
    key: str
    taken: tuple[str, ...]
    refused: tuple[str, ...]
    status: str = "status"
    reason: str = "reason"

    def __post_init__(self) -> None:
        if not self.taken or set(self.taken) & set(self.refused):
            raise ConfigurationError(
                f"a status has to say that a row was taken, or that it was not: {[*self.taken, *self.refused]}",
                hint="give `taken` at least one status, and none that `refused` has",
            )

    @cached_property
    def _form(self) -> Any:
        """The form of a whole answer, which pydantic holds it against."""
        statuses: Any = Literal[(*self.taken, *self.refused)]
        entry: Any = create_model(
            "Entry",
            __base__=Result,
            key=(str, Field(validation_alias=path(self.key))),
            status=(statuses, Field(validation_alias=path(self.status))),
            reason=(str | None, Field(default=None, validation_alias=path(self.reason))),
        )
        return create_model("Answer", results=(list[entry], Field(validation_alias=path(self.rows))))

    def read(self, body: object) -> list[Result]:
        """Return what an answer's JSON says of rows.

        Raises:
            pydantic.ValidationError: Its fields are not those.
        """
        found: list[Result] = self._form.model_validate(body).results
        return found


def path(written: str) -> AliasPath:
    """Return a path as pydantic follows it."""
    first, *others = written.split(".")
    return AliasPath(first, *others)
