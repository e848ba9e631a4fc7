"""The database: SQLite in one file or PostgreSQL, opened so that what is committed stays.

SQLite runs with a write-ahead log and ``synchronous=FULL``: a commit returns when the log is on the disk. Writing
transactions take the write lock when they begin, so two workers wait for each other and neither has to try again. Who
waits for SQLite looks again now and then, and may always come too late where many do; so the threads of a process queue
here first, and only one of them waits there.
PostgreSQL is asked for ``synchronous_commit=on``, its own default. Statements are never shown with their values.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from fhir_adapters.store import schema
from fhir_adapters.store.errors import SchemaError, StoreError

_READING: Final = "primum_reading"
_PATIENT: Final = 30.0


class Database:
    """One database, shared by the threads of a process; several processes may open the same.

    ``patience`` is how many seconds anything may take before it fails: short in the service, where a prescriber waits.
    Without it only locks and connections are bounded.
    """

    def __init__(self, url: str, *, patience: float | None = None) -> None:
        """Name the database; nothing is opened yet.

        Raises:
            StoreError: the address is not one of SQLite or PostgreSQL, or the driver of PostgreSQL is not installed.
        """
        address = _address(url)
        self.kind: Literal["sqlite", "postgresql"] = (
            "sqlite" if address.get_backend_name() == "sqlite" else "postgresql"
        )
        self._file = Path(address.database or "")
        try:
            self._engine = (_sqlite if self.kind == "sqlite" else _postgresql)(address, patience)
        except ImportError:
            raise StoreError(
                "PostgreSQL needs a driver that is not installed: install primum[postgres]"
            ) from None
        self._opening = Lock()
        self._turn = Lock()
        self._patience = patience or _PATIENT
        self._is_open = False

    @property
    def exists(self) -> bool:
        """Whether there may be something to read; a SQLite file that is not there would be made."""
        return self.kind == "postgresql" or self._file.exists()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads; it waits for no writer.

        Raises:
            StoreError: the database cannot be reached, or takes too long.
        """
        with self._transaction(reading=True) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction; when the block ends without an exception, what was written has been committed.

        Raises:
            StoreError: nothing was written, unless the connection was lost in the midst of the commit.
        """
        with self._my_turn(), self._transaction(reading=False) as connection:
            yield connection

    def open(self) -> None:
        """See that the tables are the right ones; a SQLite file is made, and brought up to date, where needed.

        Every transaction does so first, once.

        Raises:
            SchemaError: the tables are of another version.
            StoreError: the database cannot be reached.
        """
        if self._is_open:
            return
        with self._opening:
            with _failures(), self._beginning(reading=True) as connection:
                present = schema.is_present(connection)
            if not present and self.kind == "postgresql":
                raise SchemaError("the tables of the store are not up to date: run  primum store upgrade")
            if not present:
                self.upgrade()
            self._is_open = True

    def upgrade(self) -> None:
        """Make the tables, or bring them up to date; several processes may try at once.

        Raises:
            SchemaError: they are newer than this version of Primum.
            StoreError: it could not be done, and nothing was changed.
        """
        with _failures(), self._beginning(reading=False) as connection:
            if self.kind == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('primum store'))"))
            schema.upgrade(connection)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if self.kind == "postgresql":
            yield
            return
        if not self._turn.acquire(timeout=self._patience):
            raise StoreError("the store failed (others wrote for too long)")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _transaction(self, *, reading: bool) -> Iterator[Connection]:
        self.open()
        with _failures(), self._beginning(reading=reading) as connection:
            yield connection

    @contextmanager
    def _beginning(self, *, reading: bool) -> Iterator[Connection]:
        if self.kind == "sqlite" and not self._file.exists():
            # Only its owner may read it; the files that SQLite puts beside it are given the same rights.
            self._file.touch(mode=0o600)
        with (
            self._engine.connect() as connection,
            connection.execution_options(**{_READING: reading}).begin(),
        ):
            yield connection


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what the libraries raise into words of ours: their messages may quote what was to be stored."""
    try:
        yield
    except DBAPIError as error:
        code = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
        raise StoreError(f"the store failed ({code or type(error).__name__})") from None
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(f"the store failed ({type(error).__name__})") from None


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("the address of the store is none that is understood") from None
    if address.get_backend_name() == "sqlite" and address.database not in (None, "", ":memory:"):
        return address.set(drivername="sqlite+pysqlite")
    if address.get_backend_name() == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    raise StoreError("the store is a file of SQLite or a database of PostgreSQL")


def _sqlite(address: URL, patience: float | None) -> Engine:
    engine = create_engine(
        address,
        hide_parameters=True,
        pool_timeout=patience or _PATIENT,
        connect_args={"timeout": patience or _PATIENT},
    )

    def configure(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun here, not guessed at by the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get(_READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", begin)
    return engine


def _postgresql(address: URL, patience: float | None) -> Engine:
    options = ["-c synchronous_commit=on"]
    bounds: dict[str, Any] = {"connect_timeout": int(_PATIENT)}
    if patience is not None:
        milliseconds = int(patience * 1000)
        options += [f"-c statement_timeout={milliseconds}", f"-c lock_timeout={milliseconds}"]
        bounds = {"connect_timeout": max(2, int(patience)), "tcp_user_timeout": milliseconds}
    return create_engine(
        address,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=patience or _PATIENT,
        connect_args=bounds | {"options": " ".join(options)},
    )
