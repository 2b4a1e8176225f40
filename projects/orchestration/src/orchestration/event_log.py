"""Dagster's history in SQLite, with the databases of events kept open.

Dagster opens, compiles and closes for each of the statements that record an event, which adds up to seconds in a run
whose hundreds of checks and tables are events.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine
from typing_extensions import override

# A run has a database of its own, and a web server reads those of many runs.
KEPT_OPEN = 8


class EventLog(SqliteEventLogStorage):
    """The events: a database for each run, and an index of them all."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @override
    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            if len(self._engines) == KEPT_OPEN:
                self._engines.pop(next(iter(self._engines))).dispose()
            waiting = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            self._engines[shard] = create_engine(self.conn_string_for_shard(shard), connect_args=waiting)
        return self._engines[shard]

    @override
    def dispose(self) -> None:
        """Close the databases."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


class History(DagsterSqliteStorage):
    """Runs, events and schedules below a folder, as `dagster.yaml` asks for them."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = EventLog(self._event_log_storage._base_dir)

    @classmethod
    @override
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Any) -> History:
        """Return what the configuration describes."""
        return cls.from_local(inst_data=inst_data, **config_value)
