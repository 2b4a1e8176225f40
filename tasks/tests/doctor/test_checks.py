"""Every check of the doctor finds what it is there for, and nothing in a repository that is whole."""

from pathlib import Path

import pytest

from tasks.doctor import code, commands, files, imports, ledger, locks, manifest, nested, roles, versions, waits
from tasks.doctor.__main__ import CHECKS, Check, main, title_and_hint
from tasks.doctor.repo import Repo
from tasks.tests.doctor.infra_breakages import INFRA_BREAKAGES

CI = ".github/workflows/ci.yml"
# Read once, as the checks read all of it.
THIS = Repo(Path(__file__).parents[3])
SHOP = "projects/sales/src/sales/shop.py"
SALES = "projects/sales/pyproject.toml"
QUOTING = "shared/src/shared/warehouse/quoting.py"

# The check, the file to break, the text to replace (empty: append), its replacement, and what the finding must say.
BREAKAGES: dict[str, tuple[Check, str, str, str, str]] = {
    "feature that is missing": (manifest.features_exist, "pixi.toml", '"sales"], solve', '"sail"], solve', "`sail`"),
    "feature of no environment": (manifest.features_are_used, "pixi.toml", ', "sales"]', "]", "`sales`"),
    "feature without a reason": (manifest.features_say_why, "pixi.toml", "# Sells.", "", "`sales`"),
    "task without description": (manifest.tasks_are_described, "pixi.toml", 'description = "Sell"\n', "", "`sell`"),
    "variable without a value": (
        manifest.variables_have_values,
        "pixi.toml",
        "",
        '[feature.sales.activation.env]\nCOLOUR = ""\n',
        "`sales` sets to nothing: `COLOUR`",
    ),
    "depends-on a missing task": (manifest.dependencies_resolve, "pixi.toml", '["count"]', '["cuont"]', "`cuont`"),
    "depends-on in an environment without the task": (
        manifest.dependencies_resolve,
        "pixi.toml",
        '["count"]',
        '[{ task = "count", environment = "old" }]',
        "environment `old` lacks",
    ),
    "missing default-environment": (
        manifest.dependencies_resolve,
        "pixi.toml",
        'default-environment = "sales"',
        'default-environment = "sail"',
        "does not exist: `sail`",
    ),
    "solve-group over two Pythons": (
        manifest.solve_groups_have_one_python,
        "pixi.toml",
        'solve-group = "old"',
        'solve-group = "main"',
        "3.10, 3.11",
    ),
    "package that `pixi add --pypi` wrote": (
        manifest.python_packages_are_the_projects,
        "pixi.toml",
        "",
        '[feature.sales.pypi-dependencies]\nrich = "*"\n',
        "`rich`, which belongs in projects/sales/pyproject.toml",
    ),
    "package of one platform that `pixi add --pypi` wrote": (
        manifest.python_packages_are_the_projects,
        "pixi.toml",
        "",
        '[target.linux-64.pypi-dependencies]\nrich = "*"\n',
        "`default` has `rich`",
    ),
    **{
        f"pixi without an environment in {name}": (nested.nested_runs_name_their_environment, file, "", text, said)
        for name, (file, text, said) in {
            "code": (SHOP, "import subprocess\nsubprocess.run(['pixi', 'run', 'sell'])\n", "shop.py:5: starts pixi"),
            "code by another name": (SHOP, "p = str(ROOT / 'pixiw')\ncall([p, 'run', task])\n", "`run …`"),
            "code as text": (SHOP, "os.system('./pixiw run sell --now')\n", "`run sell --now`"),
            "code with an option": (SHOP, "run(['pixi', '--no-progress', 'run', 'sell'])\n", "run sell`"),
            "code as joined text": (SHOP, "os.system('pixi run ' + name)\n", "`run …`"),
            "a test": ("projects/sales/tests/test_it.py", "x = f(['./pixiw', 'run', 'sell'])\n", "`run sell`"),
            "a benchmark": ("benchmarks/speed.py", "run(f'./pixiw run {name}'.split())\n", "`run …`"),
            "a shell script": (".ci/run", "#!/bin/sh\nstep ./pixiw run sell # -e sales\n", "`run sell`"),
            "a hook": (
                ".pre-commit-config.yaml",
                "repos: [{repo: local, hooks: [{entry: ./pixiw run sell}]}]\n",
                "`run sell`",
            ),
            "a task": ("pixi.toml", "[feature.sales.tasks.twice]\ncmd = 'pixi run sell'\n", "task `twice` starts pixi"),
        }.items()
    },
    "pixi without an environment in a container": (
        nested.nested_runs_name_their_environment,
        ".devcontainer/devcontainer.json",
        '{"build"',
        '{"postCreateCommand": "pixi run sell", "build"',
        "`run sell`",
    ),
    "missing activation script": (manifest.paths_exist, "pixi.toml", "tasks/activate.sh", "tasks/on.sh", "tasks/on.sh"),
    "missing test folder": (manifest.paths_exist, "pixi.toml", "pytest projects/sales", "pytest spec", "`spec`"),
    "missing module": (manifest.paths_exist, "pixi.toml", "-m sales run", "-m sail run", "`sail`"),
    "missing dependency group": (
        manifest.paths_exist,
        "pixi.toml",
        'ps = ["test"] }\no',
        'ps = ["tset"] }\no',
        "`tset`",
    ),
    "unknown environment in a README": (commands.environments_exist, "README.md", "-e sales", "-e sail", "`sail`"),
    "unknown environment in a matrix": (
        commands.environments_exist,
        CI,
        "environment: sales",
        "environment: sail",
        "sail",
    ),
    "job without its task's environment": (
        commands.environments_are_installed,
        CI,
        '${{ matrix.environment }}" }',
        'default" }',
        "`test-sales` needs, but its job does not install: sales",
    ),
    "job without the environment of what a dependency depends on": (
        commands.environments_are_installed,
        "pixi.toml",
        'description = "Count"\n',
        'description = "Count"\ndepends-on = [{ task = "demo", environment = "default" }]\n',
        "`sell` needs, but its job does not install: default",
    ),
    "job without the environment of what a task's Python starts": (
        commands.environments_are_installed,
        CI,
        "sales old",
        "sales",
        "`demo-postgres` needs, but its job does not install: old",
    ),
    "unknown task in a README": (commands.tasks_exist, "README.md", "run sell", "run sall", "`sall`"),
    "unknown task in a matrix": (commands.tasks_exist, CI, "task: test-sales", "task: test-sails", "`test-sails`"),
    "task of another environment": (
        commands.tasks_exist,
        "README.md",
        "run sell",
        "run -e old sell",
        "has no task `sell`",
    ),
    "test left out of `test`": (
        commands.tests_are_run,
        "pixi.toml",
        'depends-on = [{ task = "test-sales", environment = "sales" }]',
        'cmd = "true"',
        "pixi.toml: `test` does not run `test-sales`",
    ),
    "test left out of the workflow": (commands.tests_are_run, CI, "pixi run", "echo", "workflows/: does not run"),
    "path filter without a file": (commands.filters_match, CI, "projects/**", "project/**", "`project/**`"),
    "missing Dockerfile": (
        commands.containers_fit,
        ".devcontainer/devcontainer.json",
        "infra/",
        "docker/",
        "docker/Dock",
    ),
    "missing file in a COPY": (commands.containers_fit, "infra/Dockerfile", "projects/sales", "sales", "`sales`"),
    "lock of other dependencies": (
        locks.locks_fit,
        "projects/sales/pyproject.toml",
        "[project]",
        '[project]\ndependencies = ["dlt"]',
        "inputs was",
    ),
    "lock of no environment": (locks.locks_fit, "locks/extra.txt", "", "# environment: extra\n", "not in [tool.pixiw"),
    "environment made from nothing": (
        locks.locks_fit,
        "pixi.toml",
        'sales = { project = "projects/sales" }\n',
        "",
        "only one of [environments] and [tool.pixiw.environments]: `sales`",
    ),
    "package without a hash": (locks.packages_are_hashed, "locks/old.txt", "--hash=sha256:00ff", "", "`duckdb==1.5.5`"),
    "package without a pin": (locks.packages_are_hashed, "locks/old.txt", "", "dlt>=1\n", "`dlt>=1`"),
    "package from an address": (
        locks.packages_are_hashed,
        "locks/old.txt",
        "duckdb==1.5.5",
        "duckdb @ https://example.com/duckdb.whl",
        "duckdb @ https",
    ),
    "another requires-python": (
        locks.pythons_agree,
        "projects/sales/pyproject.toml",
        ">=3.11,<3.12",
        ">=3.12",
        "`>=3.12` shuts out: 3.11",
    ),
    "another .python-version": (locks.pythons_agree, "projects/sales/.python-version", "3.11", "3.12", "3.12 is not"),
    "two versions of DuckDB": (locks.one_version_everywhere, "locks/old.txt", "1.5.5", "1.5.4", "1.5.4 in old"),
    "environment missing in pixi.lock": (locks.pixi_lock_is_complete, "pixi.lock", "  sales:", "  sail:", "`sales`"),
    "platform missing in pixi.lock": (
        locks.pixi_lock_is_complete,
        "pixi.toml",
        '["linux-64"]',
        '["linux-64", "osx-arm64"]',
        "osx-arm64 asks for python",
    ),
    "another Python in pixi.lock": (locks.pixi_lock_is_complete, "pixi.lock", "3.10.20", "3.12.1", "has 3.12.1"),
    "project of no environment": (code.projects_are_whole, "projects/new/README.md", "", "New.\n", "`projects/new`"),
    "project without a pyproject": (code.projects_are_whole, "projects/new/README.md", "", "New.\n", "does not exist"),
    "import of a project by shared": (
        imports.projects_stay_apart,
        "shared/src/shared/errors.py",
        "import sys",
        "import sales.shop",
        "`projects/sales`",
    ),
    "SQL on the run ledger": (
        ledger.the_ledger_is_read_in_one_place,
        "projects/new/src/new/app.py",
        "",
        'SQL = "select 1 from ops.run where step = 1"\n',
        "app.py:1: reads: `ops.run`",
    ),
    **{
        f"fingerprint of its own, {name}": (versions.versions_are_told_in_one_place, file, "", text, said)
        for name, (file, text, said) in {
            "in Python": (SHOP, "def fingerprint():\n    import hashlib\n", "shop.py:5: hashes by itself: `hashlib`"),
            "in SQL": (SHOP, "SQL = 'select md5(string_agg(md5(a), a)) from t'\n", "shop.py:4: hashes by itself"),
            "of a table": (SHOP, "from shared.warehouse.fingerprint import table_fingerprint\n", "shop.py:4: hashes"),
            "of files": (SHOP, "from shared.utils.files import sha256_of, write_whole\n", "`sha256_of`"),
            "in the inspector": ("shared/src/shared/inspector/changes.py", "import hashlib\n", "changes.py:1: hashes"),
            "that is gone": (
                "projects/egress/src/egress/kinds/rest/calls.py",
                "import json\n",
                "any more: `projects/egress",
            ),
        }.items()
    },
    "role with a key that there is not": (
        roles.declared_roles_can_be_given,
        SALES,
        "writes",
        "wirtes",
        "platform.wirtes",
    ),
    "role that reads what nobody writes": (
        roles.declared_roles_can_be_given,
        SALES,
        'writes = ["shop"]',
        'reads = ["core"]',
        "`seller` reads what no project writes: `core`",
    ),
    "role for a table that there is not": (
        roles.declared_roles_can_be_given,
        SALES,
        "quarantine",
        "run_output",
        "for `seller`: `ops.run_output`",
    ),
    "replay that is no task": (
        roles.replays_are_tasks,
        SALES,
        'writes = ["shop"]',
        'writes = ["shop"]\nreplay = "sell-again"',
        "`sell-again`",
    ),
    "role that nobody declares": (
        roles.roles_are_declared,
        SHOP,
        "",
        "w = f(role='saler')\n",
        "shop.py:4: nobody declares",
    ),
    "role that nobody declares, by a name": (roles.roles_are_declared, SHOP, "", "ROLE: Role = 'saler'\n", "`saler`"),
    "role of a project in shared": (
        roles.shared_knows_no_project,
        QUOTING,
        "",
        "ROLE = 'seller'\n",
        "py:4: names a project",
    ),
    "project in shared": (roles.shared_knows_no_project, QUOTING, "", "x = f(project='sales')\n", "`sales`"),
    "login of a project in shared": (
        roles.shared_knows_no_project,
        "shared/src/shared/warehouse/migrations/0002_grant.sql",
        "",
        "grant select on ops.run to platform_seller;\n",
        "sql:1: names a project's: `platform_seller`",
    ),
    "folder of a project in shared": (
        roles.shared_knows_no_project,
        QUOTING,
        "",
        "# projects/sales/x\n",
        "`projects/sales`",
    ),
    "module of a project in shared": (
        roles.shared_knows_no_project,
        QUOTING,
        "",
        "x = 'python -m sales'\n",
        "`-m sales`",
    ),
    "task of a project in shared": (roles.shared_knows_no_project, QUOTING, "run demo", "run sell", "`pixiw run sell`"),
    "environment of a project in shared": (
        roles.shared_knows_no_project,
        QUOTING,
        "-e ENV",
        "-e sales",
        "`pixiw run -e sales demo`",
    ),
    "import of a project by another": (
        imports.projects_stay_apart,
        "projects/new/src/new/app.py",
        "",
        "def late():\n    from sales import shop\n",
        "`projects/sales`",
    ),
    "import of the workspace by a project": (imports.projects_stay_apart, SHOP, "json", "tasks.demo", "`tasks.demo`"),
    "import of a library by the demo": (imports.projects_stay_apart, "tasks/demo/data.py", "json", "rich", "`rich`"),
    "circle of two modules": (
        imports.imports_run_one_way,
        SHOP,
        "import json",
        "from sales.bakery import bread",
        "circle: sales.bakery -> sales.shop -> sales.bakery",
    ),
    "circle through a function": (
        imports.imports_run_one_way,
        SHOP,
        "import json",
        "def late():\n    from sales import bakery",
        "sales/bakery.py:1: imports run in a circle",
    ),
    "circle for types alone": (
        imports.imports_run_one_way,
        SHOP,
        "import json",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import sales.bakery",
        "sales.bakery",
    ),
    "circle of two packages whose modules are in none": (
        imports.imports_run_one_way,
        "shared/src/shared/warehouse/copy.py",
        "",
        "from shared.postgres import target\n",
        "circle: shared.postgres -> shared.warehouse -> shared.postgres",
    ),
    "circle of a module and its package": (
        imports.imports_run_one_way,
        "shared/src/shared/postgres/target.py",
        "",
        "from shared.postgres import LIMIT\n",
        "circle: shared.postgres.__init__ -> shared.postgres.target -> shared.postgres.__init__",
    ),
    "wait for a process without a bound": (
        waits.waits_have_a_bound,
        SHOP,
        "",
        "\n\ndef late(child):\n    child.wait(timeout=None)\n",
        "shop.py:7: waits without a bound: `child.wait`",
    ),
    "output of a process without a bound": (
        waits.waits_have_a_bound,
        SHOP,
        "",
        "x = child.communicate(b'')\n",
        "`child.c",
    ),
    "wait for a thread without a bound": (waits.waits_have_a_bound, SHOP, "", "thread.join()\n", "`thread.join`"),
    "program without a bound": (waits.waits_have_a_bound, SHOP, "", "subprocess.run(['true'], check=True)\n", "`subp"),
    "lock without a bound": (
        waits.waits_have_a_bound,
        "tasks/demo/data.py",
        "",
        "fcntl.flock(file, fcntl.LOCK_EX)\n",
        "`fcntl.flock`",
    ),
    "address of an index": (files.no_index_is_named, "README.md", "", "https://" + "pypi." + "org/simple\n", "pypi."),
    "option for an index": (files.no_index_is_named, "tasks/activate.sh", "", "uv pip --index" + "-url x\n", "-url"),
    "one machine's path": (files.no_machine_is_named, SHOP, "", "# /home" + "/ann/data\n", "/home" + "/ann"),
    "large file": (files.files_are_small, "README.md", "", "x" * 500_000 + "\n", "0.5 MB"),
    "no line end": (files.files_end_with_a_line_end, "README.md", "", "end", "one line end"),
    "two line ends": (files.files_end_with_a_line_end, "README.md", "", "\n", "one line end"),
    **INFRA_BREAKAGES,
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_each_breakage_is_found(root: Path, name: str) -> None:
    """A repository with one thing broken has a finding that names it."""
    check, file, before, after, expected = BREAKAGES[name]
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text() if path.exists() else ""
    assert before in text
    path.write_text(text.replace(before, after, 1) if before else text + after)
    told = [f"{finding.file}: {finding.problem}" for finding in check(Repo(root))]
    assert any(expected in line for line in told), told


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_whole_repository_has_no_finding(root: Path, check: Check) -> None:
    """A repository in which all fits has no finding."""
    assert list(check(Repo(root))) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_this_repository_has_no_finding(check: Check) -> None:
    """This repository itself passes the check."""
    assert list(check(THIS)) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_check_is_broken_by_a_test(check: Check) -> None:
    """No check is without a breakage above that it finds."""
    assert check in {breakage[0] for breakage in BREAKAGES.values()}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_check_says_what_is_true_and_what_to_do(check: Check) -> None:
    """Every check's docstring has a line on what is true and a paragraph on what to do otherwise."""
    title, hint = title_and_hint(check)
    assert title != hint


def test_a_finding_is_shown_with_its_hint_and_fails(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints the failed check, file, problem and hint, and exits with 1."""
    (root / "projects/sales/README.md").unlink()
    assert main(["--root", str(root)]) == 1
    output = capsys.readouterr().out
    assert "✗ Every project has" in output
    assert "projects/sales/README.md: does not exist" in output
    assert "hint: Copy another project's file" in output


def test_a_whole_repository_passes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints one line for each check and exits with 0."""
    assert main(["--root", str(root)]) == 0
    assert capsys.readouterr().out.count("✓") == len(CHECKS)
