"""Hold the files of infra/ against the tools that read them: `python -m tasks.lint_infra [NAME …]` (task `lint-infra`).

Nothing is started, built or fetched: each checker reads files, and every one has its say even when another fails.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import which

from shared.command_line import Parser, command
from shared.config import get_settings
from tasks.lint import of_names, run_and_count

DOCKERFILE = "infra/docker/Dockerfile"
COMPOSE = ("infra/docker/compose.yaml", "infra/lightdash/compose.yaml")
# NixOS' own parser, which is no locked package and may be missing; .ci/packages brings it.
NIX = "nix"
OVERLAYS = "infra/kubernetes/overlays/*/kustomization.yaml"
VALIDATE = "kubernetes-validate --strict"
# The fork that checkov brings: checkov itself passes over what it cannot parse.
PARSE_HCL = """
import sys, hcl2
bad = 0
for name in sys.argv[1:]:
    try:
        hcl2.load(open(name))
    except Exception as error:
        bad = 1
        print(f"{name}: {str(error)[:300]}")
sys.exit(bad)
"""
# systemd looks for the program that a unit starts, and warns of what it does not know with a status of 0.
VERIFY_UNITS = """
made=.pixi/units && rm -rf $made && mkdir -p $made
for unit; do sed "s#/opt/data-platform/pixiw#$PWD/pixiw#" "$unit" >"$made/${unit##*/}"; done
said=$(
    systemd-analyze verify --man=no $made/* 2>&1
    systemd-analyze security --offline=true --threshold=20 $made/*.service >$made/.log 2>&1 || grep Overall $made/.log
)
[ -z "$said" ] || { printf '%s\\n' "$said" | sed "s#.*\\.pixi/units#infra/systemd#"; exit 1; }
"""
SCHEMA = ["check-jsonschema", "--builtin-schema"]


def checkers(root: Path) -> dict[str, list[str]]:
    """Every checker by name, with its command line; what takes longest first."""
    return {
        # Its own rules come with it; with this nothing of them is asked for elsewhere.
        "checkov": ["checkov", "--config-file", "infra/checkov.yaml"],
        **{f"compose-{Path(file).parent.name}": configured(root, file) for file in COMPOSE},
        "manifests": [*VALIDATE.split(), *manifests(root)],
        **{f"kustomize-{Path(file).parent.name}": rendered(Path(file).parent) for file in found(root, OVERLAYS)},
        "compose-rules": [
            *("compose-lint", "check", "--config", "infra/docker/compose-lint.yaml", "--strict-config"),
            *("--fail-on", "low", "--no-env", "--skip-suppressed", "--no-pager", *COMPOSE),
        ],
        "schema-compose": [*SCHEMA, "vendor.compose-spec", *COMPOSE],
        "schema-workflows": [*SCHEMA, "vendor.github-workflows", *found(root, ".github/workflows/*.yml")],
        "schema-actions": [*SCHEMA, "vendor.github-actions", *found(root, ".github/actions/*/action.yml")],
        "terraform": ["python", "-c", PARSE_HCL, *found(root, "infra/terraform/**/*.tf")],
        "units": ["sh", "-c", VERIFY_UNITS, "sh", *found(root, "infra/systemd/*")],
        NIX: ["nix-instantiate", "--parse", *found(root, "infra/nix/*.nix")],
        "dockerfile": ["hadolint", "--no-color", DOCKERFILE],
        "workflows": [
            *("zizmor", "--offline", "--no-progress", "--quiet", "--color=never", "--min-severity=medium"),
            *("--config", ".github/zizmor.yml", ".github"),
        ],
    }


def configured(root: Path, file: str) -> list[str]:
    """The command line that reads a compose file with all its profiles; values are those of the example beside it."""
    example = str(Path(file).with_name(".env.example"))
    filled = [f"{name}=x" for name in unset(root / example)]
    return [*("env", *filled), *("docker-compose", "--env-file", example, "-f", file, "--profile", "*", "config", "-q")]


def manifests(root: Path) -> list[str]:
    """Every file with objects of Kubernetes, each by itself: what is wrong is named with its own file."""
    return [file for file in found(root, "infra/kubernetes/**/*.yaml") if not file.endswith("/kustomization.yaml")]


def rendered(overlay: Path) -> list[str]:
    """The command line that puts an overlay together and validates what comes of it."""
    made = f".pixi/{overlay.name}.yaml"
    named = f'{{ echo "in {overlay}/kustomization.yaml:"; cat {made}.log; false; }}'
    put_together = f"kubectl kustomize {overlay} 2>{made}.log >{made}"
    return ["sh", "-c", f"{put_together} && {VALIDATE} {made} >{made}.log || {named}"]


def unset(example: Path) -> list[str]:
    """The variables that an example leaves to whoever copies it; those of digests may stay empty."""
    lines = example.read_text(encoding="utf-8").splitlines()
    names = [line.removesuffix("=") for line in lines if line.endswith("=") and not line.startswith("#")]
    return [name for name in names if not name.endswith("_DIGEST")]


def found(root: Path, pattern: str) -> list[str]:
    """The files of a pattern, from the root."""
    return [str(path.relative_to(root)) for path in sorted(root.glob(pattern))]


def main(argv: Sequence[str]) -> int:
    """Run the checkers side by side.

    Returns:
        1 where one of them failed, else 0.

    Raises:
        UserError: There is no checker of a name.
    """
    parser = Parser(prog="lint-infra", description="Hold the files of infra/ against the tools that read them.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these checkers, or those whose names begin so")
    names = parser.parse_args(argv).names
    root = get_settings().root
    chosen = of_names(checkers(root), names)
    if NIX in chosen and not which(chosen[NIX][0]):
        print(f"- {NIX}: skipped, not installed: `{chosen[NIX][0]}` (Debian and Ubuntu have it in `nix-bin`)")
        del chosen[NIX]
    return run_and_count([{name: line} for name, line in chosen.items()], root)


if __name__ == "__main__":
    sys.exit(command(main))
