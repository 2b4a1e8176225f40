"""Places behind a server, opened by dlt's `filesystem`, which knows how to log in to each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.config.named import settings_of, with_values
from shared.errors import ConfigurationError
from shared.http.redaction import masked
from shared.places import RemotePlace, require_package
from shared.places.names import PATIENCE, shown
from shared.redaction import guard

# Of a login these are told; all else may be secret.
TOLD = ("url", "host", "region", "port", "account_name", "account_host", "project_id", "profile")


def opened(scheme: str, url: str, credentials: Mapping[str, object]) -> RemotePlace:
    """Return a place behind a server.

    Args:
        credentials: As dlt's `filesystem` declares them; where there are none, dlt and the server's own client look for
            them in the environment.

    Raises:
        ConfigurationError: The package for it is not installed, or the credentials are none.
    """
    require_package(scheme, "ingress")
    # Here and not above: it takes a moment to import.
    from dlt.common.configuration import resolve_configuration
    from dlt.common.configuration.exceptions import ConfigurationException
    from dlt.common.storages.configuration import FilesystemConfiguration
    from dlt.common.storages.fsspec_filesystem import fsspec_from_config

    given = with_values(credentials)
    for name, value in given.items():
        if isinstance(value, str) and not name.endswith(TOLD):
            guard(value)
    told: dict[str, Any] = {"bucket_url": url, **({"credentials": given} if given else {})}
    if scheme == "s3":
        told["kwargs"] = {"config_kwargs": dict(PATIENCE)}
    try:
        declared = resolve_configuration(
            FilesystemConfiguration(), sections=("sources", "filesystem"), explicit_value=told
        )
        client, root = fsspec_from_config(declared)
    except (ConfigurationException, ValueError, TypeError) as error:
        names = ", ".join(setting.name for setting in settings_of(credentials))
        # dlt's own say over many lines where it has looked.
        said = "" if isinstance(error, ConfigurationException) else f": {masked(str(error))}"
        raise ConfigurationError(
            f"no credentials for `{shown(url)}` that fit: {type(error).__name__}{said}",
            hint=f"look at {names}"
            if names
            else "declare `credentials=`, each secret a Setting, or set the client's own",
        ) from None
    return RemotePlace(client, str(root).rstrip("/"), shown(url))
