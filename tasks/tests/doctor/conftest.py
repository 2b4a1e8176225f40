"""A small repository in which every check is content, to be broken by the tests."""

from pathlib import Path

import pytest

from tasks.lock_inputs import inputs_digest

FILES = {
    "pixi.toml": """\
[workspace]
channels = ["conda-forge"]
platforms = ["linux-64"]
readme = "README.md"

[activation]
scripts = ["tasks/activate.sh"]

[environments]
default = ["py311"]
sales = { features = ["py311", "sales"], solve-group = "main" }
old = { features = ["py310"], solve-group = "old" }

[tasks.demo]
description = "Demo"
cmd = "true"
default-environment = "old"

# Tools run on it.
[feature.py311.dependencies]
python = "3.11.*"

# Connectors need it.
[feature.py310.dependencies]
python = "3.10.*"

# Sells.
[feature.sales.tasks.sell]
description = "Sell"
cmd = "python -m sales run"
depends-on = ["count"]

[feature.sales.tasks.test-in-turn]
description = "Test"
depends-on = [{ task = "test-sales", environment = "sales" }]

[feature.sales.tasks.count]
description = "Count"
cmd = "python -m sales count"

[feature.sales.tasks.demo-postgres]
description = "Demo on PostgreSQL"
cmd = "true"

[feature.sales.tasks.test-sales]
description = "Test sales"
cmd = "pytest projects/sales"
default-environment = "sales"

[tool.pixiw.environments]
default = { project = "shared", groups = ["test"] }
old = { project = "shared", groups = ["test"] }
sales = { project = "projects/sales" }
""",
    "pixi.lock": """\
version: 7
environments:
  default: &python311
    packages:
      linux-64:
      - conda: linux-64/python-3.11.9-h123_0_cpython.conda
  sales: *python311
  old:
    packages:
      linux-64:
      - conda: linux-64/python-3.10.20-h123_0_cpython.conda
""",
    "README.md": "Run `./pixiw run sell`, or `pixi run -e sales python -m sales`.\n",
    ".github/workflows/ci.yml": """\
on:
  push:
    paths: ["projects/**"]
jobs:
  test:
    strategy:
      matrix:
        include:
          - { environment: sales, task: test-sales }
    steps:
      - uses: prefix-dev/setup-pixi@v0.10.0
        with: { environments: "${{ matrix.environment }}" }
      - run: pixi run -e ${{ matrix.environment }} ${{ matrix.task }}
  sell:
    steps:
      - uses: ./.github/actions/pixi
        with: { environments: sales old }
      - run: pixi run sell
      - run: pixi run demo-postgres
""",
    ".devcontainer/devcontainer.json": '{"build": {"dockerfile": "../infra/Dockerfile"}}\n',
    "infra/Dockerfile": "COPY projects/sales /app/\n",
    ".github/actions/pixi/action.yml": "pixi-version: v0.77.0\n",
    "infra/docker/Dockerfile": """\
ARG PIXI_IMAGE=example/pixi:0.77.0
ARG ENVIRONMENTS="default sales"
ENTRYPOINT ["/app/tasks/activate.sh"]
""",
    "infra/docker/compose.yaml": """\
services:
  sales:
    image: sales:${TAG:-1}
    command: [run, -e, sales, sell, --port, "3000"]
    volumes: ["./Caddyfile:/etc/caddy/Caddyfile:ro", "data:/data"]
  login:
    image: caddy:2
    command: caddy run
    network_mode: "service:sales"
    secrets: [users]
    environment: { URL: https://localhost }
""",
    "infra/docker/.env.example": "# Which.\nTAG=1\n",
    "infra/docker/Caddyfile": "{$URL} {\n\timport /run/secrets/users\n\treverse_proxy 127.0.0.1:3000\n}\n",
    "infra/systemd/sales.service": "[Service]\nExecStart=/opt/sales/pixiw run -e sales sell\n",
    "infra/systemd/sales.timer": "[Timer]\nOnCalendar=daily\n",
    "infra/terraform/shop/main.tf": """\
variable "size" {
  description = "How large."
}

output "id" {
  value = var.size
}
""",
    "infra/terraform/example/main.tf": """\
module "shop" {
  source = "../shop"
  size   = 1
}

output "id" {
  value = module.shop.id
}
""",
    "infra/kubernetes/base/sales.yaml": """\
kind: Deployment
metadata: { name: sales }
spec:
  template:
    spec:
      serviceAccountName: seller
      containers:
        - name: sales
          image: sales:1
          command: [/app/tasks/activate.sh]
          args: [run, -e, sales, sell, --port, "3000"]
          env:
            - { name: SALES_POD_ENVIRONMENTS, value: sales old }
            - { name: URL, valueFrom: { configMapKeyRef: { name: ui, key: url } } }
          envFrom: [{ secretRef: { name: "step-{environment}" } }]
        - name: login
          image: login:1
          args: [--upstream=http://127.0.0.1:3000]
          ports: [{ name: http, containerPort: 80 }]
      volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
---
kind: Service
metadata: { name: sales }
spec: { ports: [{ port: 80, targetPort: http }] }
""",
    "infra/kubernetes/base/others.yaml": "---\n".join(
        f"kind: {kind}\nmetadata: {{ name: {name} }}\n"
        for kind, name in {
            "data": "PersistentVolumeClaim",
            "seller": "ServiceAccount",
            "step-sales": "ExternalSecret",
            "step-old": "ExternalSecret",
        }.items()
        for kind, name in [(name, kind)]
    ),
    "infra/kubernetes/base/kustomization.yaml": "kind: Kustomization\nconfigMapGenerator: [{ name: ui }]\n",
    "tasks/activate.sh": "true\n",
    "tasks/demo/data.py": "import json\n\nfrom shared import errors\n",
    "shared/pyproject.toml": """\
[project]
requires-python = ">=3.10,<3.13"
[dependency-groups]
test = ["pytest"]
""",
    "shared/.python-version": "3.10\n",
    "shared/src/shared/errors.py": "import sys\n",
    "shared/src/shared/postgres/__init__.py": "from shared.postgres.target import LIMIT\n",
    "shared/src/shared/postgres/target.py": "LIMIT = 63\n",
    "shared/src/shared/postgres/server.py": "from shared.warehouse.quoting import quote\n",
    "shared/src/shared/warehouse/__main__.py": "import shared.postgres.server\n",
    "shared/src/shared/warehouse/quoting.py": "import re\n\nHINT = '`./pixiw run demo`, `./pixiw run -e ENV demo`'\n",
    "shared/src/shared/warehouse/migrations/0001_ledger.sql": "create table ops.quarantine (i integer);\n",
    "projects/sales/pyproject.toml": """\
[project]
requires-python = ">=3.11,<3.12"
[tool.platform]
role = "seller"
writes = ["shop"]
[tool.platform.ops]
quarantine = ["select"]
""",
    "projects/sales/.python-version": "3.11\n",
    "projects/sales/README.md": "Sales.\n",
    "projects/sales/src/sales/__main__.py": "from sales import shop\nfrom shared import errors\n",
    "projects/sales/src/sales/bakery.py": "from sales import shop\n",
    "projects/sales/src/sales/shop.py": "import json\n\nHINT = 'run `./pixiw run sell`'\n",
    "projects/sales/src/sales/wait.py": """\
import fcntl
import subprocess

names = ", ".join(["a"])
child = subprocess.Popen(["true"])
child.wait(5)
child.communicate(None, 5)
subprocess.run(["true"], timeout=5)
subprocess.run(["true"], **{"timeout": 5})
fcntl.flock(3, fcntl.LOCK_EX | fcntl.LOCK_NB)
fcntl.flock(3, fcntl.LOCK_UN)
""",
    "projects/sales/tests/test_shop.py": "child.wait()\n",
}
LOCKS = {
    "default": {"python": "3.11", "project": "shared", "groups": "test", "extras": ""},
    "old": {"python": "3.10", "project": "shared", "groups": "test", "extras": ""},
    "sales": {"python": "3.11", "project": "projects/sales", "groups": "", "extras": ""},
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make the small repository, its locks included."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "locks").mkdir()
    for environment, header in LOCKS.items():
        lines = {"environment": environment, **header, "inputs": inputs_digest(tmp_path, header)}
        top = "".join(f"# {key}: {value}".rstrip() + "\n" for key, value in lines.items())
        (tmp_path / f"locks/{environment}.txt").write_text(
            f"{top}\nduckdb==1.5.5 \\\n    --hash=sha256:00ff\n    # via shared\n"
        )
    return tmp_path
