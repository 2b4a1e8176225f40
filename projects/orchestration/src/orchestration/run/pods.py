"""Run a step's command in a pod of Kubernetes, by Dagster Pipes over the pod's log: the second way to run a step.

`PipesK8sClient` starts the pod and reads its log. Ours is how long is waited for what, and what becomes of a pod that
fails, is deleted or evicted: by itself the client loses what a step that failed has said, and waits a day for a pod
that is gone.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from dagster import PipesMessageReader
from dagster_k8s.client import DagsterKubernetesClient
from dagster_k8s.pipes import PipesK8sClient, PipesK8sPodLogsMessageReader
from kubernetes.client import ApiException, CoreV1Api, V1Pod
from typing_extensions import override

from orchestration.graph.projects import Command
from orchestration.run import children
from orchestration.run.children import Children
from orchestration.run.ended import Context, Ended
from orchestration.settings import OrchestrationSettings
from shared.errors import ConfigurationError
from shared.utils.processes import GRACE_SECONDS

GONE = 404
WATCH_SECONDS = 0.2
MESSAGE_LENGTH = 500
# As a process that was killed: what ended the pod is nothing that the step did.
KILLED = -9


class PodEnded(Exception):
    """A pod that did not end well: the step's exit code, below zero for a signal, and what Kubernetes says of it."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason[:MESSAGE_LENGTH]


class KeepingReader(PipesK8sPodLogsMessageReader):
    """Keeps what a pod has said for after a failure, too."""

    said: Any = None

    @contextmanager
    @override
    def read_messages(self, handler: Any) -> Iterator[Any]:
        self.said = handler
        with super().read_messages(handler) as parameters:
            yield parameters


class StepPod(PipesK8sClient):
    """A client for one pod."""

    def __init__(self, settings: OrchestrationSettings, run: Children) -> None:
        self.reader = KeepingReader()
        super().__init__(
            message_reader=self.reader,
            poll_interval=settings.orchestration_pod_poll_seconds,
            # The library reads the variable when it is imported, and never again. In a cluster there is none.
            kubeconfig_file=os.environ.get("KUBECONFIG"),
        )
        self._settings = settings
        self._run = run
        self._where: tuple[CoreV1Api, str, str] | None = None

    @contextmanager
    @override
    def consume_pod_logs(
        self,
        context: Context,
        client: DagsterKubernetesClient,
        namespace: str,
        pod_name: str,
        enable_multi_container_logs: bool = False,
        ignore_containers: set[Any] | None = None,
    ) -> Iterator[None]:
        """Follow the pod to its end, its log included.

        Raises:
            PodEnded: It ended in any way but by itself and well.
        """
        self._where = (client.core_api, namespace, pod_name)
        with self._deleted_on_interrupt():
            self._wait_until(begun, self._settings.orchestration_pod_start_seconds, "has not started")
            reader: PipesMessageReader = self.message_reader
            assert isinstance(reader, KeepingReader)
            with suppress(ApiException):
                reader.consume_pod_logs(context, client.core_api, pod_name, namespace)
            # The log ends with the container; Kubernetes says so a moment later.
            pod = self._wait_until(over, self._settings.orchestration_pod_start_seconds, "does not end after its log")
        require_success(pod)
        yield

    def delete(self) -> None:
        """Ask the pod to end as an interrupt would, and let Kubernetes kill it after the grace period."""
        if self._where:
            core, namespace, name = self._where
            with suppress(ApiException):
                core.delete_namespaced_pod(name, namespace, grace_period_seconds=int(GRACE_SECONDS))

    def _wait_until(self, reached: Any, seconds: float, what: str) -> V1Pod:
        assert self._where
        core, namespace, name = self._where
        deadline = time.monotonic() + seconds
        while True:
            try:
                pod = core.read_namespaced_pod(name, namespace)
            except ApiException as error:
                if error.status != GONE:
                    raise
                raise PodEnded(KILLED, f"the pod was deleted: `{name}`") from error
            if reached(pod):
                return pod
            if time.monotonic() > deadline:
                raise PodEnded(1, f"the pod {what} within {seconds:.0f} s: `{name}`: {waits_for(pod)}")
            # An interrupt deletes the pod, and the next look says so.
            time.sleep(self.poll_interval or WATCH_SECONDS)

    @contextmanager
    def _deleted_on_interrupt(self) -> Iterator[None]:
        done = threading.Event()

        def watch() -> None:
            while not done.wait(WATCH_SECONDS):
                if self._run.interrupted.is_set():
                    self.delete()
                    return

        threading.Thread(target=watch, daemon=True).start()
        try:
            yield
        finally:
            done.set()


def begun(pod: V1Pod) -> bool:
    """Whether the step's container has started, or nothing will."""
    statuses = pod.status.container_statuses or []
    return over(pod) or any(status.state.running or status.state.terminated for status in statuses)


def over(pod: V1Pod) -> bool:
    """Whether nothing of the pod runs any more."""
    return pod.status.phase in ("Succeeded", "Failed")


def waits_for(pod: V1Pod) -> str:
    """What Kubernetes says that a pod waits for: an image, a node, a quota."""
    states = [status.state.waiting for status in pod.status.container_statuses or [] if status.state.waiting]
    conditions = [found for found in pod.status.conditions or [] if found.status == "False"]
    said = [f"{found.reason}: {found.message}" for found in [*states, *conditions] if found.reason]
    return "; ".join(said) or f"phase {pod.status.phase}"


def require_success(pod: V1Pod) -> None:
    """Raise how a pod that is over has ended, unless it ended well.

    Raises:
        PodEnded: By a failure, or by Kubernetes: evicted, preempted, out of memory.
    """
    if pod.status.phase == "Succeeded":
        return
    ends = [status.state.terminated for status in pod.status.container_statuses or [] if status.state.terminated]
    code = ends[0].exit_code if ends else 128 - KILLED
    reason = pod.status.reason or (ends[0].reason if ends and ends[0].reason != "Error" else None)
    told = f"the pod was ended by Kubernetes: {reason}: {pod.status.message or 'no more is said'}" if reason else ""
    raise PodEnded(KILLED if pod.status.reason else signed(code), told)


def signed(code: int) -> int:
    """An exit code as of a process of our own: below zero where a signal ended it."""
    return 128 - code if code > 128 else code


def read_template(file: Path, **values: str) -> dict[str, Any]:
    """Read the pod that steps run in, with values in place of `{environment}` and `{image}`.

    Raises:
        ConfigurationError: It cannot be read, or is no pod with a container.
    """
    try:
        text = file.read_text(encoding="utf-8")
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        pod = yaml.safe_load(text)
        pod["spec"]["containers"][0]["image"]
    except (OSError, yaml.YAMLError, KeyError, IndexError, TypeError) as error:
        raise ConfigurationError(
            f"no pod with a container that has an image: `{file}`: {type(error).__name__}",
            hint="ORCHESTRATION_POD_TEMPLATE names a file like infra/kubernetes/components/dagster/step-pod.yaml",
        ) from error
    return dict(pod)


def run_in_pod(context: Context, command: Command, settings: OrchestrationSettings) -> Ended:
    """Run a command in a pod to its end; what it prints goes where this process's output goes.

    Raises:
        ConfigurationError: The template of pods cannot be used.
    """
    assert settings.orchestration_pod_template
    template = read_template(
        settings.orchestration_pod_template, environment=command.environment, image=settings.orchestration_pod_image
    )
    spec = template["spec"]
    spec["containers"][0]["args"] = ["run", "-e", command.environment, "python", *command.arguments]
    ended, run = Ended(command), children.of_run(context.run.run_id)
    pod = StepPod(settings, run)
    meta: Mapping[str, Any] = template.get("metadata") or {}
    context.log.info(f"running {command.text} in a pod of {spec['containers'][0]['image']}")
    try:
        pod.run(
            context=context,
            namespace=meta.get("namespace"),
            base_pod_meta=meta,
            base_pod_spec=spec,
            delete_pod_on_completion=False,
        )
    except PodEnded as error:
        ended.code = error.code
        if error.reason:
            hint = "it is tried again" if error.code < 0 else "`kubectl describe pod` and the cluster's events say more"
            ended.error = {"message": error.reason, "hint": hint, "retryable": error.code < 0}
    finally:
        pod.delete()
    if pod.reader.said is not None:
        ended.take(pod.reader.said.get_custom_messages())
    return ended
