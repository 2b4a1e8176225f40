"""Dagster's web server behind the guard of `shared.web`: `python -m orchestration.supervise.dagster_webserver`.

It takes the options of `dagster-webserver`, which come from variables as DAGSTER_WEBSERVER_READ_ONLY too. The host is
always this machine's own, and uvicorn's log level its own: it would write addresses and cookies.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dagster._cli.utils import get_possibly_temporary_instance_for_cli
from dagster._cli.workspace.cli_target import workspace_opts_to_load_target
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._utils.log import configure_loggers
from dagster_shared.cli import WorkspaceOpts
from dagster_webserver import cli
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__

from orchestration.supervise.access import take_access
from shared.web.guard import guarded
from shared.web.local import run


def main(arguments: Sequence[str]) -> None:
    """Serve until a signal ends it."""
    access = take_access()
    command = cli.cli.make_context("dagster-webserver", [*arguments], auto_envvar_prefix="DAGSTER_WEBSERVER")
    options = command.params
    configure_loggers(formatter=options["log_format"], log_level=options["dagster_log_level"].upper())
    with get_possibly_temporary_instance_for_cli(cli_command="ui") as instance:
        instance.optimize_for_webserver(
            options["db_statement_timeout"], options["db_pool_recycle"], options["db_pool_max_overflow"]
        )
        with WorkspaceProcessContext(
            instance,
            version=__version__,
            read_only=options["read_only"],
            workspace_load_target=workspace_opts_to_load_target(WorkspaceOpts.extract_from_cli_options(options)),
            code_server_log_level=options["code_server_log_level"],
        ) as workspace:
            app = create_app_from_workspace_process_context(
                workspace, options["path_prefix"], options["live_data_poll_rate"], lifespan=cli._lifespan
            )
            run(guarded(app, access), access.port)


if __name__ == "__main__":
    main(sys.argv[1:])
