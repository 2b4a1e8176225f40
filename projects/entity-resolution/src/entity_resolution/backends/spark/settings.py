"""Which Spark links the parties, and where the two meet."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.config import Settings, read_settings
from shared.errors import ConfigurationError

# What PyArrow reads, and what Spark calls the same place.
SCHEMES = {"file": "file", "s3": "s3a", "gs": "gs", "hdfs": "hdfs", "abfss": "abfss"}
UNITS = {"K": 1, "M": 2, "G": 3, "T": 4}
# Spark refuses to start with less than 450 MiB.
LEAST_MEBIBYTES = 512


class SparkSettings(BaseSettings):
    """Each field is set by the environment variable of its name, in capitals; all else by spark-defaults.conf."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    # As Spark names it: local[4], spark://host:7077, yarn, k8s://https://host:6443.
    spark_master: str = Field(default="local[*]", pattern=r"^(local(\[[\d*,]+\])?|yarn|(spark|k8s)://\S+)$")
    # Parties and clusters go through it as parquet.
    spark_exchange: str | None = None


@dataclass(frozen=True)
class Place:
    """Where a run meets Spark.

    Attributes:
        master: The cluster, or this machine.
        exchange: A folder that this process and all of Spark's see, as a URL; None for one of this machine alone.
        mebibytes: How much memory the process may take that plans the work, and on this machine does it.
    """

    master: str
    exchange: str | None
    mebibytes: int

    @property
    def is_here(self) -> bool:
        """Whether all of Spark is one process of this machine."""
        return self.master.startswith("local")


def read_place(settings: Settings) -> Place:
    """Return where a run meets Spark.

    Raises:
        ConfigurationError: Spark or Java is not there, or a setting cannot be used.
    """
    spark = read_settings(SparkSettings)
    _require_spark()
    place = Place(spark.spark_master, _url(spark.spark_exchange), _mebibytes(settings.warehouse_memory_limit))
    if not place.is_here and place.exchange is None:
        raise ConfigurationError(
            f"nobody says where a cluster finds the parties: `{place.master}`",
            hint="set SPARK_EXCHANGE to a folder that this machine and every worker see, as s3://bucket/folder",
        )
    return place


def _require_spark() -> None:
    if find_spec("pyspark") is None:
        raise ConfigurationError(
            "RESOLVE_ON=spark where there is no Spark",
            hint="run it in the environment `spark`: `./pixiw run -e spark resolve`",
        )
    home = os.environ.get("JAVA_HOME")
    if not (Path(home, "bin", "java").is_file() if home else shutil.which("java")):
        raise ConfigurationError(
            "Spark needs Java, and there is none" + (f" in JAVA_HOME: `{home}`" if home else ""),
            hint="put the `java` of a JDK 17 or 21 on PATH, or its folder into JAVA_HOME",
        )


def _url(place: str | None) -> str | None:
    if place is None:
        return None
    if Path(place).is_absolute():
        return Path(place).as_uri()
    parts = urlsplit(place)
    if parts.scheme not in SCHEMES or parts.query or "@" in parts.netloc or not parts.path.strip("/"):
        raise ConfigurationError(
            # The address may hold a password.
            "SPARK_EXCHANGE is no folder",
            hint=f"a folder from the root, or {', '.join(f'{name}://' for name in SCHEMES)} with a folder and no login",
        )
    return place.rstrip("/")


def _mebibytes(limit: str) -> int:
    """Return a limit as `WAREHOUSE_MEMORY_LIMIT` has it, in MiB."""
    found = re.fullmatch(r"([\d.]+)\s?([KMGT])(i?)B", limit)
    assert found is not None, "the platform's settings have checked it"
    base = 1024 if found[3] else 1000
    return max(LEAST_MEBIBYTES, int(float(found[1]) * base ** UNITS[found[2]]) // 2**20)
