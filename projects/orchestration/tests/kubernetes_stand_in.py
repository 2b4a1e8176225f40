"""A Kubernetes API on loopback that speaks the calls which steps and jobs make; its containers are processes here."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pod_process import LOOK_SECONDS, Pod


class Cluster:
    """What is asked of the API, and the pods that came of it; `history` has all that there ever were.

    Attributes:
        has_room: Whether pods are started.
        asked: Method and path of each request.
    """

    def __init__(self, folder: Path, secrets: dict[str, dict[str, str]]) -> None:
        self.variables = {"PATH": os.environ["PATH"], "PIXIW_BACKEND": "uv", "HOME": str(folder)}
        self.secrets = secrets
        self.has_room = True
        self.pods: dict[str, Pod] = {}
        self.history: list[Pod] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []

    def create_pod(self, manifest: dict[str, Any]) -> Pod:
        """Start a pod."""
        pod = Pod(manifest, self.variables, self.secrets, started=self.has_room)
        self.pods[pod.name] = pod
        self.history.append(pod)
        return pod

    def delete_pod(self, name: str, seconds: float) -> dict[str, Any]:
        """End a pod; it is shown until it has ended, and not found from then on."""
        pod = self.pods[name]

        def end() -> None:
            pod.end(seconds)
            self.pods.pop(name, None)

        threading.Thread(target=end, daemon=True).start()
        return pod.shown()

    def evict(self, name: str) -> None:
        """Do to a pod what a kubelet does whose node runs out of memory."""
        self.pods[name].evicted = True
        self.pods[name].kill()

    def create_job(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Start a job, and keep to its backoffLimit and podFailurePolicy."""
        job = {**manifest, "status": {"active": 1}}
        self.jobs[manifest["metadata"]["name"]] = job
        threading.Thread(target=self._control, args=(job,), daemon=True).start()
        return job

    def _control(self, job: dict[str, Any]) -> None:
        name, failed = job["metadata"]["name"], 0
        template = job["spec"]["template"]
        for number in range(20):
            metadata = {**template.get("metadata", {}), "name": f"{name}-{number}"}
            pod = self.create_pod({"metadata": metadata, "spec": template["spec"]})
            while not pod.is_over and name in self.jobs:
                time.sleep(LOOK_SECONDS)
            if name not in self.jobs:
                self.delete_pod(pod.name, template["spec"].get("terminationGracePeriodSeconds", 30))
                return
            if not pod.code:
                job["status"] = {"succeeded": 1}
                return
            action = policy(job["spec"].get("podFailurePolicy", {}), pod)
            failed += action != "Ignore"
            if action == "FailJob" or failed > job["spec"].get("backoffLimit", 6):
                job["status"] = {"failed": failed}
                return


def policy(rules: dict[str, Any], pod: Pod) -> str:
    """What a job is to do about a pod that has failed."""
    conditions = [condition["type"] for condition in pod.shown()["status"].get("conditions", [])]
    for rule in rules.get("rules", []):
        codes = rule.get("onExitCodes", {"values": []})["values"]
        if pod.code in codes or any(each["type"] in conditions for each in rule.get("onPodConditions", [])):
            return str(rule["action"])
    return "Count"


class Api(BaseHTTPRequestHandler):
    """Answers as the API server does."""

    cluster: Cluster

    def do_GET(self) -> None:
        """Show pods, a log or a job."""
        kind, name, rest, query = self.take()
        if rest == "log":
            self.send_log(self.cluster.pods.get(name))
        elif kind == "pods" and not name:
            selected = [field.removeprefix("metadata.name=") for field in query.get("fieldSelector", [])]
            pods = [pod.shown() for key, pod in [*self.cluster.pods.items()] if not selected or key in selected]
            self.answer({"kind": "PodList", "apiVersion": "v1", "items": pods})
        elif kind == "pods" and name in self.cluster.pods:
            self.answer(self.cluster.pods[name].shown())
        elif kind == "jobs" and name in self.cluster.jobs:
            self.answer(self.cluster.jobs[name])
        else:
            self.answer({"kind": "Status", "reason": "NotFound"}, 404)

    def do_POST(self) -> None:
        """Start a pod or a job."""
        kind, *_ = self.take()
        manifest = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if kind == "pods":
            self.answer(self.cluster.create_pod(manifest).shown(), 201)
        else:
            self.answer(self.cluster.create_job(manifest), 201)

    def do_DELETE(self) -> None:
        """End a pod or a job."""
        kind, name, _, query = self.take()
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        seconds = float(query.get("gracePeriodSeconds", [body.get("gracePeriodSeconds", 30)])[0])
        if kind == "pods" and name in self.cluster.pods:
            self.answer(self.cluster.delete_pod(name, seconds))
        elif kind == "jobs" and name in self.cluster.jobs:
            self.answer(self.cluster.jobs.pop(name))
        else:
            self.answer({"kind": "Status", "reason": "NotFound"}, 404)

    def take(self) -> tuple[str, str, str, dict[str, list[str]]]:
        """Take the request's path apart: kind, name, what of it, parameters."""
        parts = urlsplit(self.path)
        self.cluster.asked.append(f"{self.command} {parts.path}")
        _, found = parts.path.split("/namespaces/", 1)
        _namespace, kind, name, rest, *_ = [*found.split("/"), "", ""]
        return kind, name, rest, parse_qs(parts.query)

    def send_log(self, pod: Pod | None) -> None:
        """Send a pod's log as it comes, to its end."""
        if pod is None:
            self.answer({"kind": "Status", "reason": "NotFound"}, 404)
            return
        self.send_response(200)
        self.end_headers()
        sent = 0
        while True:
            ended = pod.is_over or pod.code is not None
            if ended:
                # What is still in the pipe.
                time.sleep(5 * LOOK_SECONDS)
            lines = pod.lines[sent:]
            sent += len(lines)
            self.wfile.write("".join(lines).encode())
            self.wfile.flush()
            if ended and not lines:
                return
            time.sleep(LOOK_SECONDS)

    def answer(self, body: dict[str, Any], status: int = 200) -> None:
        """Send an object."""
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(BrokenPipeError):
            self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def kubernetes_api(cluster: Cluster, folder: Path) -> Iterator[Path]:
    """Serve the API, and yield a kubeconfig that leads to it; no pod is left."""
    handler = type("Api", (Api,), {"cluster": cluster})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(LOOK_SECONDS,), daemon=True).start()
        config = folder / "kubeconfig"
        entry = {"cluster": "here", "user": "here", "namespace": "platform"}
        config.write_text(json.dumps({
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
            "contexts": [{"name": "here", "context": entry}],
            "users": [{"name": "here", "user": {}}],
        }))  # fmt: skip
        try:
            yield config
        finally:
            cluster.jobs.clear()
            for pod in cluster.history:
                if pod.process and pod.process.poll() is None:
                    pod.kill()
            server.shutdown()
