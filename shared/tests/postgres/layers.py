"""The layers of the warehouse, as tests of what roles may do know them."""

from __future__ import annotations

from shared.warehouse import Role

# Who writes a layer, that is who owns it.
OWNERS: dict[str, Role] = {
    "raw": "ingress",
    "raw_staging": "ingress",
    "staging": "transformation",
    "core": "transformation",
    "egress": "transformation",
    "master": "entity_resolution",
    "splink": "entity_resolution",
    "reporting": "reporting",
}
