"""The settings of the targets, read from the environment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class TargetSettings(BaseSettings):
    """How to reach the targets. Each field is set by the environment variable of its name, in capitals.

    A target's name, not its address, is what the send state is filed under: the CRM, or a database, may move.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    files_csv_text: Literal["escaped", "raw"] = Field(
        default="escaped", description="whether a text that a spreadsheet takes for a formula gets a ' before it"
    )

    crm_api_url: str | None = Field(default=None, pattern=r"^https?://[^/]")
    crm_target_name: str = Field(default="crm", pattern=r"^[a-z][a-z0-9_]*$")
    crm_chunk_rows: int = Field(default=500, ge=1)
    crm_tries: int = Field(default=5, ge=1)
    crm_timeout: float = Field(default=30.0, gt=0, description="seconds to wait for an answer")
    crm_backoff: float = Field(default=0.5, ge=0, description="seconds before the second repetition, doubled for each")

    # No pattern: what an error says of a value would show the password.
    table_target_url: SecretStr | None = None
    table_target_name: str = Field(default="table", pattern=r"^[a-z][a-z0-9_]*$")
    table_target_table: str = Field(default="public.customer_360", pattern=r"^[^.]+\.[^.]+$", description="as written")
    table_target_timeout: float = Field(default=30.0, ge=1, description="seconds to wait for a server or for a lock")
    table_target_delete_share: float = Field(default=0.1, ge=0, le=1, description="of the rows that the table has")
    table_target_delete_rows: int = Field(default=100, ge=0, description="deleted without being asked, whatever share")
