"""The master layer: entity resolution, and how good it is."""

from collections.abc import Iterator

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
from shared.config import get_settings
from shared.config.settings import read_settings

QUALITY = "pairwise_quality"
JOINED = "some_records_joined"


@definitions
def defs() -> Definitions:
    """Return the master tables and their checks."""
    settings = get_settings()
    listed = read_list(ENTITY_RESOLUTION, settings)
    keys = {written["relation"]: key_of(written["relation"]) for written in listed["writes"]}
    specs = [
        AssetSpec(
            keys[written["relation"]],
            deps=[key_of(relation) for relation in listed["reads"]],
            group_name="master",
            description=written["description"],
            owners=[OWNER],
            kinds={"splink", "python"},
            metadata={**code_of(settings, listed["code"]), "key": ", ".join(written["key"])},
        )
        for written in listed["writes"]
    ]
    checked = next(iter(keys.values()))
    step = step_assets(
        "resolve",
        ENTITY_RESOLUTION.command("run"),
        settings,
        specs=specs,
        relations=keys,
        pool=warehouse_pool(settings),
        check_specs=check_specs(checked),
        check=lambda ended: check(ended, checked),
    )
    return Definitions(assets=[step])


def check_specs(asset: AssetKey) -> list[AssetCheckSpec]:
    """Return the checks; one that fails keeps egress from being built."""
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


def check(ended: Ended, asset: AssetKey) -> Iterator[AssetCheckResult]:
    """Return the results by what entity resolution has measured, if it came so far."""
    measured = ended.metrics
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
