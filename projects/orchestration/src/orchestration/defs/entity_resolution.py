"""The master layer: entity resolution, and how good it is."""

from collections.abc import Iterator, Mapping
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    AssetSpec,
    Definitions,
    definitions,
)

from orchestration.graph.assets import OWNER, code_of, key_of, warehouse_pool
from orchestration.graph.lists import read_list
from orchestration.graph.projects import ENTITY_RESOLUTION
from orchestration.run.command_assets import step_assets
from orchestration.run.ended import Ended
from orchestration.settings import OrchestrationSettings
from shared.config import Settings, get_settings
from shared.config.settings import read_settings

QUALITY = "pairwise_quality"
JOINED = "some_records_joined"


@definitions
def defs() -> Definitions:
    """Return the master tables and their checks, by what entities are declared."""
    settings = get_settings()
    listed = read_list(ENTITY_RESOLUTION, settings)
    entities = listed["entities"]
    everything = {"reads": [each for entity in entities for each in entity["reads"]], **listed["shared"]}
    specs = [spec for each in (*entities, everything) for spec in asset_specs(settings, each)]
    # The first of its tables says which record is part of which entity.
    checked = {entity["writes"][0]["relation"]: key_of(entity["writes"][0]["relation"]) for entity in entities}
    step = step_assets(
        "resolve",
        ENTITY_RESOLUTION.command("run"),
        settings,
        specs=specs,
        relations={spec.metadata["relation"]: spec.key for spec in specs},
        pool=warehouse_pool(settings),
        check_specs=[spec for key in checked.values() for spec in check_specs(key)],
        check=lambda ended: (result for relation, key in checked.items() for result in check(ended, relation, key)),
    )
    return Definitions(assets=[step])


def asset_specs(settings: Settings, listed: Mapping[str, Any]) -> list[AssetSpec]:
    """Return the assets of tables that are listed together."""
    return [
        AssetSpec(
            key_of(written["relation"]),
            deps=sorted({key_of(relation) for relation in listed["reads"]}),
            group_name="master",
            description=written["description"],
            owners=[OWNER],
            kinds={"splink", "python"},
            metadata={
                **code_of(settings, listed["code"]),
                "relation": written["relation"],
                "key": ", ".join(written["key"]),
            },
        )
        for written in listed["writes"]
    ]


def check_specs(asset: AssetKey) -> list[AssetCheckSpec]:
    """Return the checks of an entity; one that fails keeps what reads its table from being built."""
    return [
        AssetCheckSpec(
            QUALITY,
            asset=asset,
            blocking=True,
            description="F1 against the truth is at least ORCHESTRATION_MIN_F1; passes where there is no truth.",
        ),
        AssetCheckSpec(
            JOINED,
            asset=asset,
            description="At least one entity has several records: a model that joins nothing is a broken one.",
        ),
    ]


def check(ended: Ended, relation: str, asset: AssetKey) -> Iterator[AssetCheckResult]:
    """Return the results by what the run that wrote a relation has measured, if it came so far."""
    measured = ended.metrics_of(relation)
    if "entities_joined" not in measured:
        return
    f1, least = measured.get("f1"), read_settings(OrchestrationSettings).orchestration_min_f1
    yield AssetCheckResult(
        check_name=QUALITY,
        asset_key=asset,
        passed=f1 is None or f1 >= least,
        metadata={name: value for name, value in measured.items() if name in ("precision", "recall", "f1")}
        | {"least f1": least, "measured": f1 is not None},
    )
    yield AssetCheckResult(
        check_name=JOINED,
        asset_key=asset,
        passed=measured["entities_joined"] > 0,
        severity=AssetCheckSeverity.WARN,
        metadata={name: measured[name] for name in ("parties", "entities", "entities_joined") if name in measured},
    )
