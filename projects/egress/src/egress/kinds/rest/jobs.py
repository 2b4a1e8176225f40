"""Jobs that an API does behind its answer: asked after until they have ended, which then is the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping

from egress.engine.errors import TargetRefused, TargetUnavailable
from egress.kinds.rest.answers import NotUnderstood, reason_at, value_at
from egress.kinds.rest.api import RestApi, not_understood, refusal
from egress.kinds.rest.declared import GONE, JOB_ID, NOT_FOUND, Job
from shared.http.answers import Answer, NotText
from shared.http.echoes import Echoes
from shared.http.places import Unfit, filled
from shared.utils.strict_json import NotJson

# Seconds between two questions at most.
LONGEST_PAUSE = 15.0


class JobRunning(TargetUnavailable):
    """A job goes on."""


class JobLost(TargetRefused):
    """A job has come to nothing: it has failed, or the API knows it no more."""


def result_of(
    job: Job,
    api: RestApi,
    answer: Answer,
    headers: Mapping[str, str],
    sent: Collection[str],
    note: Callable[[str], None],
) -> tuple[Answer, str]:
    """Wait for the job that an answer names, and return the answer that says what came of it, and the job's id.

    Args:
        headers: What each request says.
        sent: The rows that were sent, which no message repeats.
        note: Called with the id before anything is waited for.

    Raises:
        PlatformError: It has failed, has not ended in time, or nobody can say.
    """
    called = _said(api, job.id, answer)
    if called is None:
        raise not_understood(api, job.path, answer, NotUnderstood("no id of the job"))
    note(called)
    return end_of(job, api, called, headers, sent, time.monotonic() + api.job_seconds), called


def end_of(
    job: Job, api: RestApi, called: str, headers: Mapping[str, str], sent: Collection[str], until: float
) -> Answer:
    """Wait for a job, and return the answer that says what came of it; it is asked after once in any case.

    Raises:
        PlatformError: It has failed, has not ended in time, or nobody can say.
    """
    pause = api.bounds.http_backoff
    while True:
        said = _asked(job.path, called, api, headers, sent)
        status = _said(api, job.status, said)
        if status in job.done:
            return _asked(job.results, called, api, headers, sent) if job.results else said
        if status in job.failed:
            reason = Echoes(sent).reason(reason_at(job.reason, said.json()) or "without a reason")
            raise JobLost(
                f"the API's job has failed: `{called}`: {reason}",
                hint=f"look there what it has done of it; no row of it was marked; check {api.setting}",
            )
        if time.monotonic() + pause > until:
            raise JobRunning(
                f"the API's job has not ended after {api.job_seconds:g} s: `{called}`",
                hint="its rows count as not delivered; the next run asks after it before it sends any; if it needs "
                f"longer, set {api.setting.removesuffix('API_URL')}JOB_SECONDS",
            )
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _asked(path: str, called: str, api: RestApi, headers: Mapping[str, str], sent: Collection[str]) -> Answer:
    try:
        to = filled(path, {JOB_ID: called}.get)
    except Unfit as error:
        raise TargetRefused(f"the API's job has an id that no path can hold: {error}") from None
    answer = api.ask("GET", to, None, headers, call=path)
    if answer.status in (NOT_FOUND, GONE):
        raise JobLost(
            f"the API does not know its job: `{called}`: {answer.status}",
            hint="no row of it was marked: they are sent again by the next run; check the paths of `job`",
        )
    if not answer.is_success:
        raise refusal(answer, sent, api.setting)
    return answer


def _said(api: RestApi, where: str, answer: Answer) -> str | None:
    try:
        return value_at(where, answer.json())
    except (NotJson, NotText, NotUnderstood) as error:
        raise not_understood(api, where, answer, error) from None
