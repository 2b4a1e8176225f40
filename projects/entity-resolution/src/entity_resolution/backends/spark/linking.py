"""What Spark does of a run: Splink's queries, on parties that come there as parquet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
from splink.internals.spark.database_api import SparkAPI
from splink.internals.spark.jar_location import similarity_jar_location
from splink.internals.splink_dataframe import SplinkDataFrame
from typing_extensions import override

from entity_resolution.backends.spark.exchange import Exchange
from entity_resolution.backends.spark.words import in_sparks_words
from entity_resolution.engine.linking.linking import Clusters, Session, cluster_parties
from entity_resolution.engine.linking.workplace import CLUSTER_COLUMNS
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.tables import FORMED
from entity_resolution.entity import Entity
from entity_resolution.kinds import functions

CLUSTERS, CHECKPOINTS = "clusters", "checkpoints"
PARTITIONS, EXCLUDED = "spark.sql.shuffle.partitions", "spark.sql.optimizer.excludedRules"
# It makes a pair's weight part of a join's condition, where Spark works out equal parts anew: five times the work.
PUSHING_DOWN = "org.apache.spark.sql.catalyst.optimizer.PushDownPredicates"
BATCH_ROWS = 100_000
# A task's share of the parties, and of what is joined to them: some tens of MB.
PARTIES_A_PARTITION = 100_000


class BringingAPI(SparkAPI):
    """Brings a table to Spark when Splink asks for it: only then is it known what is held out of comparison."""

    def __init__(self, spark: Any, bring: Callable[[str], None]) -> None:
        # Without files between its steps a plan would grow with each of them.
        super().__init__(spark_session=spark, break_lineage_method="parquet")  # type: ignore[no-untyped-call]
        self._bring = bring

    @override
    def register(self, table: Any, **names: Any) -> SplinkDataFrame:
        self._bring(table)
        return super().register(table, **names)


def link(
    spark: Any, files: Exchange, parties: duckdb.DuckDBPyConnection, entity: Entity, model: Model, threshold: float
) -> Clusters:
    """Group parties into entities, and write `CLUSTERS`, columns `CLUSTER_COLUMNS`.

    What grows with the parties is asked where they are; what grows with their pairs is Spark's.

    Args:
        spark: The session of a Spark that does the work.
        files: Where it finds what it is to read, and writes what it has found.
        parties: A DuckDB that holds them in the table `FORMED`.
        entity: What they are parties of.
        model: How they are compared.
        threshold: The match probability from which a pair is joined.
    """

    def ask(statement: str) -> list[tuple[Any, ...]]:
        return parties.execute(statement).fetchall()

    def bring(table: str) -> None:
        files.write(table, parties.sql(f"select * from {table}").to_arrow_reader(BATCH_ROWS))
        spark.read.parquet(files.for_spark(table)).createOrReplaceTempView(table)

    spark.sparkContext.setCheckpointDir(files.for_spark(CHECKPOINTS))
    if not spark.sparkContext.getConf().contains(PARTITIONS):
        ((many,),) = ask(f"select count(*) from {FORMED}")
        spark.conf.set(PARTITIONS, max(2 * spark.sparkContext.defaultParallelism, many // PARTIES_A_PARTITION))
    spark.conf.set(EXCLUDED, ",".join(filter(None, (spark.conf.get(EXCLUDED, ""), PUSHING_DOWN))))
    make_functions(spark)
    session = Session(BringingAPI(spark, bring), ask, entity, lambda each: in_sparks_words(each, entity.compare))
    found = cluster_parties(session, model, threshold)
    spark.sql(f"select {CLUSTER_COLUMNS} from {found.table}").write.parquet(files.for_spark(CLUSTERS))
    return found


def make_functions(spark: Any) -> None:
    """Make the functions of kinds, and those that Splink's jar has, which workers get from here."""
    spark.sql(f"add jar '{similarity_jar_location()}'")
    for statement in functions.spark():
        spark.sql(statement)
