"""dlt's PostgreSQL destination, mended where dlt 1.31 stumbles: over a file without rows, over odd logins."""

from __future__ import annotations

import pyarrow.parquet as pq
from dlt.common.configuration import configspec
from dlt.common.destination.client import LoadJob
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.typing import TSecretStrValue
from dlt.destinations import postgres
from dlt.destinations.impl.postgres.configuration import PostgresClientConfiguration, PostgresCredentials
from dlt.destinations.impl.postgres.postgres import PostgresClient, PostgresParquetCopyJob
from typing_extensions import override

from ingress.load.configured_once import ConfiguredOnce
from ingress.load.merge import MergesChanges
from shared.postgres.target import PostgresTarget


def destination(target: PostgresTarget) -> postgres:
    """Return what dlt calls a database with the login to use."""
    login = Login(
        {"host": target.host, "port": target.port, "database": target.database, "query": dict(target.options)}
    )
    login.url = target.url()
    return Postgres(login, destination_name="postgres")


@configspec(init=False)
class Login(PostgresCredentials):
    """A login whose URL is used as it is: in dlt's own, spaces in names and at the ends of passwords get lost."""

    url: TSecretStrValue = None  # type: ignore[assignment]
    # In the URL, or known to libpq alone: dlt need not look for them.
    username: str | None = None  # type: ignore[assignment]
    password: TSecretStrValue | None = None  # type: ignore[assignment]

    @override
    def to_native_representation(self) -> str:
        return self.url


@configspec
class Configuration(PostgresClientConfiguration):
    """dlt's configuration, with a login of ours."""

    credentials: Login = None  # type: ignore[assignment]


class CopyJob(PostgresParquetCopyJob):
    """Copies a parquet file into a table, in one transaction."""

    @override
    def run(self) -> None:
        if pq.read_metadata(self._file_path).num_rows:
            super().run()


class Client(MergesChanges, PostgresClient):
    """Makes the jobs of a load."""

    @override
    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        job = super().create_load_job(table, file_path, load_id, restore)
        return CopyJob(file_path) if isinstance(job, PostgresParquetCopyJob) else job


class Postgres(ConfiguredOnce, postgres):
    """A database of a PostgreSQL server, as dlt loads into it."""

    spec = Configuration  # type: ignore[assignment]

    @property
    @override
    def client_class(self) -> type[PostgresClient]:
        return Client
