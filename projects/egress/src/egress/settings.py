"""The settings of the targets, read from the environment."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TargetSettings(BaseSettings):
    """How to reach the CRM. Each field is set by the environment variable of its name, in capitals.

    The target's name, not its address, is what the send state is filed under: the CRM may move.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    crm_api_url: str | None = Field(default=None, pattern=r"^https?://[^/]")
    crm_target_name: str = Field(default="crm", pattern=r"^[a-z][a-z0-9_]*$")
    crm_chunk_rows: int = Field(default=500, ge=1)
    crm_tries: int = Field(default=5, ge=1)
    crm_timeout: float = Field(default=30.0, gt=0, description="seconds that an answer may take")
    crm_backoff: float = Field(default=0.5, ge=0, description="seconds before the second repetition, doubled for each")
