"""The settings of orchestration, read from the environment."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class OrchestrationSettings(BaseSettings):
    """Each field is set by the environment variable of its name, in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    orchestration_retries: int = Field(default=3, ge=0, description="of a step whose failure may pass")
    orchestration_retry_seconds: float = Field(default=5.0, ge=0, description="before the first, doubled for each")
    orchestration_parallel_steps: int = Field(default=4, ge=1, description="at once in one run")
    orchestration_min_f1: float = Field(
        default=0.9, ge=0, le=1, description="of entity resolution, where it is measured"
    )
    orchestration_fresh_hours: float = Field(default=26.0, gt=0, description="that a raw table may be old")
