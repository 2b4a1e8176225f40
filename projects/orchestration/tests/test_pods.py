"""Steps in pods and a flow as a CronJob, against Kubernetes' API on loopback: how they end, what the ledger tells."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import DagsterInstance, materialize
from kubernetes_stand_in import Cluster, kubernetes_api
from ledger_steps import failure, python, run, table
from orchestration.run import children
from pod_process import ROOT

from shared.config import Settings, get_settings
from shared.warehouse import open_warehouse

TEMPLATE = ROOT / "infra/kubernetes/components/dagster/step-pod.yaml"
NIGHTLY = ROOT / "infra/kubernetes/components/cron/nightly.yaml"
ENVIRONMENT = "py310-connectors"
PATIENCE = 60.0


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings of a Dagster whose steps run in pods of the repository's own template."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("WAREHOUSE_URL", raising=False)
    for name, value in {
        "RETRY_SECONDS": "0",
        "POD_TEMPLATE": str(TEMPLATE),
        "POD_ENVIRONMENTS": f"egress {ENVIRONMENT}",
        "POD_POLL_SECONDS": "0.05",
    }.items():
        monkeypatch.setenv(f"ORCHESTRATION_{name}", value)
    return get_settings()


@pytest.fixture
def cluster(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """Return a cluster that answers."""
    secret = {"TOKEN": "of the secret"}
    found = Cluster(tmp_path, {f"step-{ENVIRONMENT}": secret, "flow": secret})
    with kubernetes_api(found, tmp_path) as config:
        (tmp_path / "pod.yaml").write_text(here(TEMPLATE, settings), encoding="utf-8")
        monkeypatch.setenv("ORCHESTRATION_POD_TEMPLATE", str(tmp_path / "pod.yaml"))
        monkeypatch.setenv("KUBECONFIG", str(config))
        yield found


def here(manifest: Path, settings: Settings) -> str:
    """Return a manifest whose data folder is the test's own."""
    text = manifest.read_text(encoding="utf-8").replace("value: /data", f"value: {settings.data_dir}")
    return text.replace("/run/secrets/platform", str(settings.data_dir))


def ledger(settings: Settings) -> list[tuple[str, str | None]]:
    """Return how each run of the ledger ended, and where it ran, the first one first."""
    with open_warehouse(settings, holder="test", role="reader", mode="read") as warehouse:
        return [(status, environment) for status, environment in warehouse.fetch(
            "select status, environment from ops.run order by sequence"
        )]  # fmt: skip


def wait_until(reached: Callable[[], bool]) -> None:
    """Wait for what another thread or process does."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_pod_makes_an_asset(settings: Settings, cluster: Cluster, capfd: pytest.CaptureFixture[str]) -> None:
    """A step runs in a pod of its environment, and Dagster has its log and the facts of its run; the pod is deleted."""
    command = python("""
        print("said by the step, with", os.environ["TOKEN"])
        run.output('raw.t', rows=3, detail={'quarantined': 2})
    """, ENVIRONMENT)  # fmt: skip
    (made,) = run(table("t", command, settings)).asset_materializations_for_node("t")
    facts = {name: value.value for name, value in made.metadata.items()}
    assert (facts["dagster/row_count"], facts["environment"]) == (3, ENVIRONMENT)
    assert facts["detail"] == {"quarantined": 2}
    assert "said by the step, with of the secret" in capfd.readouterr().out
    (pod,) = cluster.history
    assert pod.manifest["metadata"]["labels"]["data-platform/environment"] == ENVIRONMENT
    assert pod.manifest["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    wait_until(lambda: not cluster.pods)
    assert ledger(settings) == [("succeeded", ENVIRONMENT)]


def test_steps_of_other_environments_stay_here(settings: Settings, cluster: Cluster) -> None:
    """A step whose environment is not among those of pods runs as a process beside Dagster."""
    assert run(table("t", python("run.output('raw.t', rows=1)"), settings)).success
    assert cluster.asked == []


def test_a_mistake_in_a_pod_fails_the_step_at_once(settings: Settings, cluster: Cluster) -> None:
    """What a person has to mend is shown with its hint, however fast the pod was over, and is not tried again."""
    command = python('raise InputError("no such file: `a.csv`", hint="bring it")', ENVIRONMENT)
    assert failure(run(table("t", command, settings)), "t") == "no such file: `a.csv`\nhint: bring it"
    assert len(cluster.history) == 1
    assert ledger(settings) == [("failed", ENVIRONMENT)]


@pytest.mark.parametrize("how", ["evicted", "deleted"])
def test_what_kubernetes_ends_is_tried_again(how: str, settings: Settings, cluster: Cluster, tmp_path: Path) -> None:
    """A step whose pod is evicted, or deleted by somebody, runs again in another pod; the ledger tells both."""
    started = tmp_path / "started"
    wait = f"Path({str(started)!r}).touch(); import time; time.sleep(120)"
    command = python(f"if not Path({str(started)!r}).exists(): {wait}\nrun.output('raw.t', rows=1)", ENVIRONMENT)

    def end() -> None:
        wait_until(started.exists)
        name = cluster.history[0].name
        if how == "evicted":
            cluster.evict(name)
        else:
            cluster.delete_pod(name, 30)

    threading.Thread(target=end, daemon=True).start()
    result = run(table("t", command, settings))
    assert result.success
    assert len(cluster.history) == 2
    assert ledger(settings) == [("interrupted", ENVIRONMENT), ("succeeded", ENVIRONMENT)]


def test_an_eviction_is_named(
    settings: Settings, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is not tried again, the step says what Kubernetes has said of the pod."""
    monkeypatch.setenv("ORCHESTRATION_RETRIES", "0")
    started = tmp_path / "started"
    command = python(f"Path({str(started)!r}).touch(); import time; time.sleep(120)", ENVIRONMENT)

    def end() -> None:
        wait_until(started.exists)
        cluster.evict(cluster.history[0].name)

    threading.Thread(target=end, daemon=True).start()
    assert "Evicted: The node was low on resource: memory." in failure(run(table("t", command, settings)), "t")


def test_cancelling_ends_the_pod(settings: Settings, cluster: Cluster, tmp_path: Path) -> None:
    """A run that is cancelled deletes its pod, whose step undoes what it has begun and is entered as interrupted."""
    started = tmp_path / "started"
    command = python(f"Path({str(started)!r}).touch(); import time; time.sleep(120)", ENVIRONMENT)
    with DagsterInstance.ephemeral() as instance:

        def cancel() -> None:
            wait_until(started.exists)
            (found,) = instance.get_runs()
            children.of_run(found.run_id).interrupt()

        threading.Thread(target=cancel, daemon=True).start()
        result = materialize([table("t", command, settings)], instance=instance, raise_on_error=False)
    assert not result.success
    wait_until(lambda: not cluster.pods)
    (pod,) = cluster.history
    assert pod.code == 130
    assert ledger(settings) == [("interrupted", ENVIRONMENT)]


def test_a_pod_without_a_node_is_given_up(
    settings: Settings, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pod that does not start in its time fails the step with what it waits for, and is deleted."""
    monkeypatch.setenv("ORCHESTRATION_POD_START_SECONDS", "0.2")
    cluster.has_room = False
    shown = failure(run(table("t", python("pass", ENVIRONMENT), settings)), "t")
    assert "has not started within 0 s" in shown
    assert "Unschedulable: 0/1 nodes are available" in shown
    wait_until(lambda: not cluster.pods)


@pytest.mark.parametrize("text", ["kind: Pod\n", "spec: [\n", None], ids=["no container", "no YAML", "no file"])
def test_a_template_that_is_no_pod_is_the_users_mistake(
    text: str | None, settings: Settings, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A template that cannot be used fails the step with its name, and nothing is asked of Kubernetes."""
    file = tmp_path / "mine.yaml"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv("ORCHESTRATION_POD_TEMPLATE", str(file))
    assert f"`{file}`" in failure(run(table("t", python("pass", ENVIRONMENT), settings)), "t")
    assert cluster.asked == []


# ---- the third way: a CronJob, without Dagster ----------------------------------------------------------------------


class Nightly:
    """The CronJob's job, running a step of the test's own in place of the whole flow."""

    def __init__(self, cluster: Cluster, settings: Settings, config: Path, work: str) -> None:
        manifest = yaml.safe_load(here(NIGHTLY, settings))
        self.job: dict[str, Any] = manifest["spec"]["jobTemplate"]
        container = self.job["spec"]["template"]["spec"]["containers"][0]
        assert container["args"] == ["run", "-e", "default", "flow"]
        container["args"] = ["run", "-e", ENVIRONMENT, "python", *python(work, ENVIRONMENT).arguments]
        self.server = json.loads(config.read_text())["clusters"][0]["cluster"]["server"]
        self.cluster = cluster
        self.ask("POST", "", {"kind": "Job", "metadata": {"name": "nightly-1"}, **self.job})

    def ask(self, method: str, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the API about the job, as the CronJob's controller and kubectl do."""
        request = urllib.request.Request(
            f"{self.server}/apis/batch/v1/namespaces/data-platform/jobs{name}",
            method=method,
            data=json.dumps(body).encode() if body else None,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def ended(self) -> dict[str, Any]:
        """Wait for the job's end and return its status."""
        wait_until(lambda: "active" not in self.ask("GET", "/nightly-1")["status"])
        status: dict[str, Any] = self.ask("GET", "/nightly-1")["status"]
        return status


@pytest.fixture
def nightly(cluster: Cluster, settings: Settings, tmp_path: Path) -> Callable[[str], Nightly]:
    """Return what starts the CronJob's job with some work."""
    return lambda work: Nightly(cluster, settings, tmp_path / "kubeconfig", work)


def test_a_cronjob_runs_and_is_in_the_ledger(
    nightly: Callable[[str], Nightly], settings: Settings, cluster: Cluster
) -> None:
    """The CronJob's pod runs its command with its secret, its log can be read, and the ledger has the run."""
    assert nightly("print(os.environ['TOKEN']); run.output('raw.t', rows=3)").ended() == {"succeeded": 1}
    assert any("of the secret" in line for line in cluster.history[0].lines)
    assert ledger(settings) == [("succeeded", ENVIRONMENT)]


def test_a_mistake_ends_a_cronjobs_job(nightly: Callable[[str], Nightly], settings: Settings, cluster: Cluster) -> None:
    """What a person has to mend fails the job at once; another failure is tried again as often as the job says."""
    assert nightly("raise InputError('no such file: `a.csv`', hint='bring it')").ended() == {"failed": 1}
    assert any("hint: bring it" in line for line in cluster.history[0].lines)
    assert ledger(settings) == [("failed", ENVIRONMENT)]


def test_an_evicted_pod_of_a_cronjob_is_started_again(
    nightly: Callable[[str], Nightly], settings: Settings, cluster: Cluster, tmp_path: Path
) -> None:
    """The job starts another pod for one that was evicted, and the ledger tells both."""
    started = tmp_path / "started"
    wait = f"Path({str(started)!r}).touch(); import time; time.sleep(120)"
    job = nightly(f"if not Path({str(started)!r}).exists(): {wait}\nrun.output('raw.t', rows=1)")
    wait_until(started.exists)
    cluster.evict(cluster.history[0].name)
    assert job.ended() == {"succeeded": 1}
    assert ledger(settings) == [("interrupted", ENVIRONMENT), ("succeeded", ENVIRONMENT)]


def test_a_cancelled_job_is_interrupted(
    nightly: Callable[[str], Nightly], settings: Settings, cluster: Cluster, tmp_path: Path
) -> None:
    """Deleting the job interrupts its command, which undoes what it has begun and says so in the ledger."""
    started = tmp_path / "started"
    job = nightly(f"Path({str(started)!r}).touch(); import time; time.sleep(120)")
    wait_until(started.exists)
    job.ask("DELETE", "/nightly-1")
    wait_until(lambda: not cluster.pods)
    assert ledger(settings) == [("interrupted", ENVIRONMENT)]
