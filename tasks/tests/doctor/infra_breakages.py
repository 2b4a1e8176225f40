"""What is broken in infra/, for test_checks.py: check, file, what to replace, by what, what the finding must say."""

from tasks.doctor import containers, kubernetes, machines
from tasks.doctor.__main__ import Check

DOCKERFILE = "infra/docker/Dockerfile"
COMPOSE = "infra/docker/compose.yaml"
EXAMPLE = "infra/docker/.env.example"
CADDYFILE = "infra/docker/Caddyfile"
POD = "infra/kubernetes/base/sales.yaml"
OTHERS = "infra/kubernetes/base/others.yaml"
UNIT = "infra/systemd/sales.service"
SHOP = "infra/terraform/shop/main.tf"
EXAMPLE_TF = "infra/terraform/example/main.tf"

INFRA_BREAKAGES: dict[str, tuple[Check, str, str, str, str]] = {
    "image of a missing environment": (containers.images_fit, DOCKERFILE, "default sales", "default sail", "`sail`"),
    "image with another pixi": (containers.images_fit, DOCKERFILE, "pixi:0.77.0", "pixi:0.76.0", "is 0.76.0, but 0.77"),
    "image with a missing path": (containers.images_fit, DOCKERFILE, "/activate.sh", "/active.sh", "`tasks/active.sh`"),
    "compose with a missing environment": (containers.compose_files_fit, COMPOSE, "-e, sales", "-e, sail", "`sail`"),
    "compose with a missing task": (
        containers.compose_files_fit,
        COMPOSE,
        "sell,",
        "buy,",
        "`sales` has no task `buy`",
    ),
    "compose with a missing file": (containers.compose_files_fit, COMPOSE, "./Caddyfile", "./Caddy", "docker/Caddy`"),
    "compose with a variable of no example": (containers.compose_files_fit, COMPOSE, "{TAG", "{TAGS", "yaml: `TAGS`"),
    "example of a variable that nobody reads": (containers.compose_files_fit, EXAMPLE, "", "OLD=1\n", "reads: `OLD`"),
    "login to another port": (containers.login_fits, CADDYFILE, ":3000", ":3001", "port 3001, but on: 3000"),
    "login with another secret": (containers.login_fits, CADDYFILE, "/users", "/people", "not given: `people`"),
    "login with another variable": (containers.login_fits, CADDYFILE, "{$URL}", "{$SITE}", "not given: `SITE`"),
    "pod of a missing environment": (kubernetes.pods_fit, POD, "-e, sales", "-e, sail", "no such environment: `sail`"),
    "pod of a missing task": (kubernetes.pods_fit, POD, "sell,", "buy,", "`sales` has no task `buy`"),
    "pod with a missing path": (kubernetes.pods_fit, POD, "/activate.sh", "/active.sh", "`tasks/active.sh`"),
    "steps of a missing environment": (kubernetes.pods_fit, POD, "sales old", "sales new", "environment: `new`"),
    "pod that asks another port": (kubernetes.pods_fit, POD, "127.0.0.1:3000", "127.0.0.1:3001", "port 3001, but on"),
    "pod of a missing account": (
        kubernetes.references_lead_somewhere,
        POD,
        "seller",
        "buyer",
        "ServiceAccount: `buyer`",
    ),
    "pod with a missing claim": (
        kubernetes.references_lead_somewhere,
        POD,
        "claimName: data",
        "claimName: x",
        "Claim: `x`",
    ),
    "pod with a missing ConfigMap": (
        kubernetes.references_lead_somewhere,
        POD,
        "{ name: ui,",
        "{ name: x,",
        "Map: `x`",
    ),
    "step without a secret": (kubernetes.references_lead_somewhere, OTHERS, "step-old", "step-x", "Secret: `step-old`"),
    "service of a missing port": (
        kubernetes.references_lead_somewhere,
        POD,
        "targetPort: http",
        "targetPort: x",
        "Port: `x`",
    ),
    "unit of a missing task": (machines.units_fit, UNIT, "sales sell", "sales buy", "`sales` has no task `buy`"),
    "timer without a service": (
        machines.units_fit,
        "infra/systemd/x.timer",
        "",
        "[Timer]\n",
        "no unit: `infra/systemd/x.",
    ),
    "variable that is not declared": (machines.terraform_fits, SHOP, "var.size", "var.sizes", "variable: `sizes`"),
    "variable without a description": (
        machines.terraform_fits,
        SHOP,
        '  description = "How large."\n',
        "",
        "n: `size`",
    ),
    "module of no source": (machines.terraform_fits, EXAMPLE_TF, "../shop", "../store", "no such source: `../store`"),
    "module with a variable that it lacks": (
        machines.terraform_fits,
        EXAMPLE_TF,
        "  size ",
        "  length ",
        "no `length`",
    ),
    "module without a variable": (machines.terraform_fits, EXAMPLE_TF, "  size   = 1\n", "", "needs `size`"),
    "output that there is not": (machines.terraform_fits, EXAMPLE_TF, "shop.id", "shop.name", "no output `name`"),
    "path that there is not": (
        machines.named_paths_exist,
        UNIT,
        "",
        "# See docs/sales.md.\n",
        "no such path: `docs/sal",
    ),
}
