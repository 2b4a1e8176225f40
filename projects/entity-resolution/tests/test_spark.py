"""On Spark: the same values are alike, the same parties are linked, and it is Spark that does it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from conftest import Finished, Platform, Platforms
from test_engines import TEXTS
from test_kinds import CASES, Values, pair_of

from entity_resolution.kinds import Comparison, functions

pytest.importorskip("pyspark", reason="pyspark is in the environment `spark` alone")
if not shutil.which("java"):
    pytest.skip("Spark needs a `java` on PATH", allow_module_level=True)

from entity_resolution.backends.spark.linking import make_functions
from entity_resolution.backends.spark.session import spark_session
from entity_resolution.backends.spark.settings import Place
from entity_resolution.backends.spark.words import in_sparks_words

Resolved = tuple[Platform, Finished]
ON_SPARK = {"RESOLVE_ON": "spark", "SPARK_MASTER": "local[2]"}
# What Splink calls the tables of blocking, scoring and clustering.
STAGES = ("__splink__blocked_id_pairs", "__splink__df_predict", "__splink__representatives_1")


@pytest.fixture(scope="module", autouse=True)
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Let Spark keep its own log of what it does, by its own settings, and return the folder of the logs."""
    folder = tmp_path_factory.mktemp("spark")
    (folder / "events").mkdir()
    # For so few rows to plan and compile costs more than it saves.
    settings = {
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": (folder / "events").as_uri(),
    }
    (folder / "spark-defaults.conf").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(folder))
        yield folder / "events"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Any]:
    """Return a Spark that has the functions of kinds."""
    with spark_session(Place("local[2]", None, 1024), tmp_path, "test") as session:
        make_functions(session)
        yield session


@pytest.fixture
def embedded() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a DuckDB that has the functions of kinds."""
    with duckdb.connect() as connection:
        connection.execute(functions.duckdb())
        yield connection


def test_texts_are_compared_alike(session: Any, embedded: duckdb.DuckDBPyConnection) -> None:
    """Each pair of odd texts has the same distance, similarity and shared words as on DuckDB."""
    # Nobody asks for the words of a missing text: DuckDB finds none there, others cannot say.
    parts = (
        "coalesce(shared_parts(a.text, b.text, ' '), 0) as shared, "
        "coalesce(share_of_parts(a.text, b.text, '.'), 0) as share"
    )
    query = (
        "select a.number as a, b.number as b, edit_distance(a.text, b.text) as distance, "
        f"edit_similarity(a.text, b.text) as similarity, {parts} from texts as a cross join texts as b order by 1, 2"
    )
    texts = pa.table({"number": range(len(TEXTS)), "text": TEXTS})
    session.createDataFrame(texts).createOrReplaceTempView("texts")
    found = session.sql(query).toArrow().to_pylist()
    assert len(found) == len(TEXTS) ** 2
    assert found == embedded.sql(query).to_arrow_table().to_pylist()


def test_level_of_agreement(session: Any, embedded: duckdb.DuckDBPyConnection) -> None:
    """Two records agree by the level that each kind is documented to see, those of Splink's own among them."""
    found = [level(session, embedded, *case[:4]) for case in CASES]
    assert found == [case[4] for case in CASES]


def level(
    session: Any, embedded: duckdb.DuckDBPyConnection, comparison: Comparison, columns: str, left: Values, right: Values
) -> int:
    """Return by which level two records agree on Spark; their values come there as DuckDB brings them into form."""
    made = comparison.for_splink().create_comparison_dict("duckdb")
    blocking: dict[str, Any] = {"blocking_rules_to_generate_predictions": []}
    spoken = in_sparks_words({**blocking, "comparisons": [made]}, [comparison])["comparisons"][0]
    conditions = [each["sql_condition"] for each in spoken["comparison_levels"]]
    pair = embedded.sql(f"select * from {pair_of(comparison, columns, left, right, 'duckdb')}").to_arrow_table()
    session.createDataFrame(pair).createOrReplaceTempView("pair")
    cases = " ".join(f"when {condition} then {number}" for number, condition in enumerate(conditions[:-1]))
    return int(session.sql(f"select case {cases} else {len(conditions) - 1} end from pair").collect()[0][0])


@pytest.fixture(scope="module")
def on_server(
    platforms: Platforms, sample: pa.Table, truth: Path, tmp_path_factory: pytest.TempPathFactory, events: Path
) -> Resolved:
    """Return a platform with its warehouse on PostgreSQL that has resolved the sample on Spark, and how that ended."""
    platform = platforms.new(tmp_path_factory.mktemp("server"), "postgres").put(sample)
    platform.environment = ON_SPARK
    return platform, platform.resolve("--truth", str(truth))


@pytest.fixture(scope="module")
def embedded_platform(
    platforms: Platforms, sample: pa.Table, truth: Path, tmp_path_factory: pytest.TempPathFactory
) -> Platform:
    """Return a platform with its warehouse in DuckDB that has resolved the sample there."""
    platform = platforms.new(tmp_path_factory.mktemp("embedded"), "duckdb").put(sample)
    platform.resolve("--truth", str(truth))
    return platform


def test_as_good_as_duckdb(on_server: Resolved, embedded_platform: Platform) -> None:
    """F1 on Spark is within 0.005 of DuckDB's on the same parties, by the very same model."""
    platform, _ = on_server
    assert abs(platform.measures()["f1"] - embedded_platform.measures()["f1"]) <= 0.005
    models = [(each.model_folder / "model-1.json").read_text() for each in (platform, embedded_platform)]
    assert models[0] == models[1]


def test_spark_does_the_work(on_server: Resolved, events: Path) -> None:
    """Spark's own log has the tasks that blocked, scored and clustered."""
    logs = [path for path in events.rglob("events_*") if "entity resolution: customer" in path.read_text()]
    lines = [json.loads(line) for path in logs for line in path.read_text().splitlines()]
    begun = [json.dumps(line) for line in lines if line["Event"].endswith("SQLExecutionStart")]
    assert [stage for stage in STAGES if not any(stage in query for query in begun)] == []
    ended = [line["Task End Reason"]["Reason"] for line in lines if line["Event"] == "SparkListenerTaskEnd"]
    assert len(ended) > len(STAGES)
    assert set(ended) == {"Success"}


def test_nothing_is_left(on_server: Resolved) -> None:
    """A run shows its steps and no word of Spark's, and leaves none of its files."""
    platform, finished = on_server
    steps = [line.split("✓")[1].rpartition("(")[0].strip() for line in finished.err.splitlines() if "✓" in line]
    assert steps == ["read parties", "start Splink", "train", "link", "choose golden records", "write master"]
    assert "WARN" not in finished.err + finished.out
    assert not [path for path in platform.data_dir.rglob("*") if "spark" in path.name or path.suffix == ".parquet"]


def test_a_rerun_keeps_ids(embedded_platform: Platform) -> None:
    """Who moves to Spark keeps each id, as Spark finds the same entities under other names."""
    before = embedded_platform.master()
    embedded_platform.environment = ON_SPARK
    embedded_platform.resolve("--full")
    after = embedded_platform.master()
    assert after["xref"] == before["xref"]
    assert after["events"] == before["events"]


@pytest.mark.parametrize(
    ("settings", "error", "hint"),
    [
        ({"JAVA_HOME": "/nowhere"}, "Spark needs Java, and there is none in JAVA_HOME: `/nowhere`", "a JDK 17 or 21"),
        ({"SPARK_MASTER": "spark://host:7077"}, "nobody says where a cluster finds the parties", "SPARK_EXCHANGE"),
        ({"SPARK_MASTER": "sc://host"}, "SPARK_MASTER cannot be used: `sc://host`", "string should match pattern"),
        ({"SPARK_EXCHANGE": "s3://me:secret@bucket/a"}, "SPARK_EXCHANGE is no folder", "and no login"),
    ],
    ids=["java", "exchange", "master", "login"],
)
def test_mistakes(platforms: Platforms, tmp_path: Path, settings: dict[str, str], error: str, hint: str) -> None:
    """A setting that cannot be is told before anything is done, without what is secret in it."""
    platform = platforms.new(tmp_path, "duckdb")
    platform.environment = ON_SPARK | settings
    finished = platform.run("run")
    assert finished.code == 2
    assert f"error: {error}" in finished.err
    assert hint in finished.err
    assert "secret" not in finished.err
