"""The targets that there are. A new one is a class in a module of its own, and a line here."""

from __future__ import annotations

from egress.crm import CrmTarget
from egress.files import FilesTarget
from egress.plan import Target
from egress.settings import TargetSettings
from egress.table import TableTarget
from shared.config import Settings, read_settings
from shared.errors import ConfigurationError


def all_targets(settings: Settings) -> list[Target]:
    """Return every target, in the order of delivery.

    Raises:
        ConfigurationError: Two have the same name, so their send states would be mixed.
    """
    outside = read_settings(TargetSettings)
    targets: list[Target] = [
        FilesTarget(settings.exports_dir, raw_csv=outside.files_csv_text == "raw"),
        TableTarget(outside),
        CrmTarget(outside),
    ]
    names = [target.name for target in targets]
    if len(set(names)) < len(names):
        raise ConfigurationError(
            f"two targets have one name: `{', '.join(names)}`", hint="change CRM_TARGET_NAME or TABLE_TARGET_NAME"
        )
    return targets
