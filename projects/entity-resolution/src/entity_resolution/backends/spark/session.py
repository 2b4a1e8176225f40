"""A Spark that is started for one run, and takes all that it has written along when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from entity_resolution.backends.spark.settings import Place
from shared.errors import PlatformError, SourceUnavailable, first_line
from shared.redaction import redacted

# For the cluster's first answer, once it has taken us in.
PATIENCE_SECONDS = 120.0
REASON_CHARACTERS = 300
# What fails comes back as an error; all else that Spark logs may show values of somebody's record.
LOGS_NOTHING = "status = off\nrootLogger.level = off\n"


@contextmanager
def spark_session(place: Place, folder: Path, name: str) -> Iterator[SparkSession]:
    """Start Spark for a run, and stop it in the end. Its process stays for the next one, until this one ends.

    Args:
        place: Which Spark.
        folder: For what it writes on this machine while it runs.
        name: What the run is called where others see what their cluster does.

    Raises:
        PlatformError: It does not start.
        SourceUnavailable: The cluster has no worker for us.
    """
    gateway = SparkContext._gateway or _started(place, folder)
    # Asked of the process: spark-defaults.conf is among them by now.
    configuration = SparkConf(_jvm=gateway.jvm).setAll([*_ours(place, folder, name).items()])
    # A web page without a login, which shows what a run compares.
    configuration.setIfMissing("spark.ui.enabled", "false")
    session = SparkSession(SparkContext(conf=configuration, gateway=gateway))
    try:
        _first_answer(session, place)
        yield session
    finally:
        session.stop()


def _started(place: Place, folder: Path) -> Any:
    """Start the process that plans the work, and on this machine does it."""
    silent, said = folder / "log4j2.properties", folder / "started.log"
    silent.write_text(LOGS_NOTHING, encoding="utf-8")
    first = {
        "spark.master": place.master,
        "spark.driver.memory": f"{place.mebibytes}m",
        # Those of the team are `extraJavaOptions`, and come after these.
        "spark.driver.defaultJavaOptions": f"-Dlog4j2.configurationFile={silent.as_uri()}",
    }
    with said.open("wb") as file:
        try:
            configuration = SparkConf(loadDefaults=False).setAll([*first.items()])
            return launch_gateway(configuration, {"stdout": file, "stderr": file})
        except Exception as error:
            reason = [line for line in said.read_text(errors="replace").splitlines() if line.strip()]
            raise PlatformError(
                f"Spark does not start: {redacted(' / '.join(reason[-2:]) or first_line(error))[:REASON_CHARACTERS]}",
                hint="see that `java -version` shows 17 or 21, and that spark-defaults.conf can be read",
            ) from error


def _ours(place: Place, folder: Path, name: str) -> dict[str, str]:
    """Return what no run does without."""
    here = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"} if place.is_here else {}
    return here | {
        "spark.app.name": name,
        "spark.master": place.master,
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "tables"),
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.showConsoleProgress": "false",
    }


def _first_answer(session: SparkSession, place: Place) -> None:
    """Wait until a worker has done something, as Spark would wait for one without end.

    Raises:
        SourceUnavailable: None does.
    """
    impatience = Timer(PATIENCE_SECONDS, session.sparkContext.cancelAllJobs)
    impatience.start()
    try:
        session.range(1).count()
    except Exception as error:
        raise SourceUnavailable(
            f"no worker of the cluster has answered within {PATIENCE_SECONDS:.0f} s: `{redacted(place.master)}`",
            hint="see that it has memory and cores left for what spark-defaults.conf asks, then run the command again",
        ) from error
    finally:
        impatience.cancel()
