"""The settings of orchestration, read from the environment."""

from __future__ import annotations

from pathlib import Path

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
    orchestration_pod_template: Path | None = Field(
        default=None, description="a pod of Kubernetes in YAML, in which steps run; without it they run here"
    )
    orchestration_pod_image: str = Field(default="data-platform:local", description="what pods run, see the template")
    orchestration_pod_environments: str = Field(
        default="ingress entity-resolution egress", description="whose steps run in pods, with blanks between"
    )
    orchestration_pod_start_seconds: float = Field(default=900.0, gt=0, description="that a pod may wait to start")
    orchestration_pod_poll_seconds: float = Field(default=2.0, gt=0, description="between two looks at a pod")
    orchestration_fresh_hours: float = Field(default=26.0, gt=0, description="that a raw table may be old")

    def has_pod(self, environment: str) -> bool:
        """Tell whether the steps of an environment run in pods."""
        return (
            self.orchestration_pod_template is not None and environment in self.orchestration_pod_environments.split()
        )
