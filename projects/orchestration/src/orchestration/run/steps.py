"""Run one step: a project's command, in its own environment, and what Dagster hears of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dagster import (
    Failure,
    PipesTempFileContextInjector,
    PipesTempFileMessageReader,
    PreviewWarning,
    open_pipes_session,
)

from orchestration.graph.projects import Command
from orchestration.run import children
from orchestration.run.ended import Context, Ended
from orchestration.settings import OrchestrationSettings
from shared.config import Settings
from shared.config.settings import read_settings
from shared.errors import PlatformError
from shared.utils.processes import started

# Dagster warns of a preview feature that it uses itself, at each step.
warnings.filterwarnings("ignore", category=PreviewWarning, module="dagster")


def prepared(command: Command, settings: Settings) -> tuple[list[str], Mapping[str, str]]:
    """Return command line and variables of a command.

    Raises:
        Failure: Its environment is not installed, or not as it should be.
    """
    try:
        return command.line(settings), command.variables(settings)
    except PlatformError as error:
        raise Failure(f"{error.message}\nhint: {error.hint}", allow_retries=False) from error


@contextmanager
def reported(context: Context, command: Command) -> Iterator[tuple[Ended, Mapping[str, str]]]:
    """Open the channel by which a command reports.

    Inside there are the result, still to be given its exit code, and the variables for the process; its word is in
    the result after.
    """
    ended = Ended(command)
    with open_pipes_session(
        context=context, context_injector=PipesTempFileContextInjector(), message_reader=PipesTempFileMessageReader()
    ) as session:
        yield ended, session.get_bootstrap_env_vars()
    ended.take(session.get_custom_messages())


def run_command(context: Context, settings: Settings, command: Command) -> Ended:
    """Run a command to its end, here or in a pod; its output goes where this process's goes.

    Raises:
        Failure: Its environment is not installed, or the template of pods cannot be used.
    """
    own = read_settings(OrchestrationSettings)
    if own.has_pod(command.environment):
        # Kubernetes' client takes a second to import.
        from orchestration.run.pods import run_in_pod

        try:
            return run_in_pod(context, command, own)
        except PlatformError as error:
            raise Failure(f"{error.message}\nhint: {error.hint}", allow_retries=False) from error
    line, variables = prepared(command, settings)
    context.log.info(f"running {command.text}")
    with reported(context, command) as (ended, channel):
        # In a session of its own: Ctrl-C is for Dagster, which tells the child once.
        ours = children.of_run(context.run.run_id)
        with (
            started(line, env={**variables, **channel}, cwd=settings.root, start_new_session=True) as child,
            ours.watched(child),
        ):
            ended.code = ours.wait(child)
    return ended
