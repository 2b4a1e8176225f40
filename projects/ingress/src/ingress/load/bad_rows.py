"""Stops a load that is mostly bad before anything of it is published."""

from __future__ import annotations

from ingress.load.job import Job
from shared.errors import PlatformError

LEAST = 100
"""Fewer bad rows never stop a load: a file of ten lines may be all wrong without the source's having changed."""


class MostlyBad(PlatformError):
    """So many rows of a load are bad that its form has changed rather than a row."""

    code = "mostly_bad"


def hold_to_share(job: Job) -> None:
    """Let a load pass whose share of bad rows its resource allows.

    Raises:
        MostlyBad: It has more. What is bad is in quarantine.
    """
    bad = job.counts["bad"] + job.counts["conflict"]
    read = sum(job.read.values())
    allowed = job.resource.most_bad
    if bad < LEAST or bad <= allowed * read:
        return
    source, name, model = job.quarantine.source, job.resource.name, job.resource.model.__name__
    ((reason, times),) = job.reasons.most_common(1)
    raise MostlyBad(
        f"{bad:,} of the {read:,} rows of `{source}.{name}` are bad, more than {allowed:.0%}; "
        f"{times:,} of them: {reason}",
        hint=f"nothing was loaded; `./pixiw run quarantine list --source {source} --resource {name}` shows why: "
        f"correct the source or the row model `{model}` and run the command again, or raise `most_bad` at `{name}`",
    )
