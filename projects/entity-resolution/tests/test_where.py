"""Where parties are linked, as RESOLVE_ON says."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from conftest import Platform, training_alone


@training_alone
def test_no_such_place(platform: Platform) -> None:
    """A place that nobody knows is refused before anything is done."""
    platform.environment = {"RESOLVE_ON": "sparc"}
    finished = platform.run("run")
    assert finished.code == 2
    assert "error: RESOLVE_ON cannot be used: `sparc`" in finished.err
    assert "input should be 'warehouse' or 'spark'" in finished.err


@training_alone
@pytest.mark.skipif(find_spec("pyspark") is not None, reason="in the environment `spark` there is Spark")
def test_no_spark_in_this_environment(platform: Platform) -> None:
    """Where there is no Spark, the error names the environment that has it."""
    platform.environment = {"RESOLVE_ON": "spark"}
    finished = platform.run("run")
    assert finished.code == 2
    assert "error: RESOLVE_ON=spark where there is no Spark" in finished.err
    assert "hint: run it in the environment `spark`: `./pixiw run -e spark resolve`" in finished.err
