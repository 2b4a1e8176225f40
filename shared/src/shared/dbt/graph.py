"""What comes of what in a dbt project: asked of dbt, without opening a database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from shared.dbt.results import BUILT, relation_of
from shared.dbt.run import QUIETLY, WITHOUT_FILES, invoke, parsed


class Graph:
    """The nodes of a project, by dbt's ids.

    Args:
        environment: Variables that the project's profile reads.

    Raises:
        PlatformError: dbt cannot read the project.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._manifest = parsed(environment)
        self._manifest.build_parent_and_child_maps()

    def chosen(self, options: Sequence[str]) -> set[str]:
        """Return the nodes that dbt's options `--select` and `--exclude` choose.

        Raises:
            PlatformError: They choose nothing.
        """
        arguments = ["ls", *QUIETLY, *WITHOUT_FILES, "--output", "json", "--output-keys", "unique_id", *options]
        listed = invoke(arguments, self._environment, manifest=self._manifest)
        return {json.loads(line)["unique_id"] for line in listed}

    def below(self, relation: str) -> set[str]:
        """Return what is made of a source, directly or by way of others, tests too; `relation` is `raw.suppliers`."""
        found: set[str] = set()
        ahead = [name for name, source in self._manifest.sources.items() if relation_of(source) == relation]
        while ahead:
            children = {child for name in ahead for child in self._manifest.child_map[name]}
            ahead = list(children - found)
            found |= children
        return found

    def relations(self, nodes: Iterable[str]) -> list[str]:
        """Return `schema.table` of those nodes that are tables or views, in the order of their names."""
        known = (self._manifest.nodes.get(name) for name in nodes)
        return sorted(relation_of(node) for node in known if node and str(node.resource_type) in BUILT)
