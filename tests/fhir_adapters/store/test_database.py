"""Opening a database: its tables, its version, how long anything may take, and who may read the file."""

import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Pool, event, text

from fhir_adapters.store.database import Database
from fhir_adapters.store.errors import SchemaError, StoreError
from fhir_adapters.store.store import Store
from fhir_adapters.store.tables import metadata
from tests.fhir_adapters.store.examples import decision

Opening = Callable[..., Store]


def test_the_migrations_make_the_tables_that_the_code_works_with(store: Store) -> None:
    with store.database.writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_bringing_tables_up_to_date_again_changes_nothing(store: Store) -> None:
    stored = decision()
    store.record(stored)
    store.database.upgrade()
    assert store.decision(stored.id) == stored


def test_tables_of_a_newer_version_are_left_alone(opening: Opening) -> None:
    with opening().database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store = opening()
    for refused in (store.database.open, store.database.upgrade, lambda: store.record(decision())):
        with pytest.raises(SchemaError, match="newer version of Primum"):
            refused()


@pytest.mark.parametrize("address", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_tables_in_postgresql_are_made_by_the_operator_only(address: str) -> None:
    database = Database(address)
    assert database.exists
    with pytest.raises(SchemaError, match="primum store upgrade"):
        database.open()
    database.upgrade()
    database.open()
    database.close()


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
def test_a_sqlite_file_is_made_when_it_is_first_needed(address: str, tmp_path: Path) -> None:
    store = Store(address)
    assert not store.database.exists
    stored = decision()
    store.record(stored)
    assert store.database.exists
    assert store.decision(stored.id) == stored
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert files == dict.fromkeys(
        ("primum.sqlite3", "primum.sqlite3-shm", "primum.sqlite3-wal"), stat.S_IRUSR | stat.S_IWUSR
    )
    store.close()


def test_commits_are_on_the_disk_before_they_are_acknowledged(store: Store) -> None:
    with store.database.writing() as connection:
        if store.kind == "sqlite":
            pragmas = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
            found = [connection.execute(text(f"PRAGMA {pragma}")).scalar() for pragma in pragmas]
            assert found == ["wal", 2, 1, 1]
        else:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
            assert connection.execute(text("SHOW fsync")).scalar() == "on"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://primum@localhost/primum",
        "postgresql://localhost:port/primum",
        "primum.sqlite3",
        "",
    ],
)
def test_other_places_are_refused(url: str) -> None:
    with pytest.raises(StoreError, match="store is"):
        Store(url)


def test_a_missing_driver_of_postgresql_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"install primum\[postgres\]"):
        Store("postgresql://primum@127.0.0.1/primum")


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/primum.sqlite3", "postgresql://primum@127.0.0.1:1/primum"]
)
def test_a_database_that_cannot_be_reached_is_an_error_of_the_store(url: str) -> None:
    store = Store(url, patience=2)
    with pytest.raises(StoreError, match="the store failed"):
        store.record(decision())


def test_a_reader_does_not_wait_for_a_writer(opening: Opening) -> None:
    stored = decision()
    opening().record(stored)
    with opening().database.writing() as connection:
        connection.execute(text("DELETE FROM card"))
        found = opening().decision(stored.id)
    assert found == stored


def test_a_writer_waits_for_another_and_no_longer_than_it_has_patience(opening: Opening) -> None:
    held, waiting, patient = opening(), opening(patience=0.5), opening()
    stored = decision()
    with held.database.writing() as connection:
        if held.kind == "postgresql":
            connection.execute(text("LOCK TABLE decision"))
        started = monotonic()
        with pytest.raises(StoreError):
            waiting.record(stored)
        assert monotonic() - started < 10
        thread = threading.Thread(target=patient.record, args=[stored])
        thread.start()
    thread.join()
    assert waiting.decision(stored.id) == stored


def test_the_threads_of_a_worker_come_to_sqlite_one_by_one(tmp_path: Path) -> None:
    """Many that wait at once are not served in turn there, and some would wait until they have no patience left."""
    there: set[int] = set()
    most: list[int] = []

    def came(_: object, record: object, __: object) -> None:
        there.add(id(record))
        most.append(len(there))

    def went(_: object, record: object) -> None:
        there.discard(id(record))

    with closing(Store(f"sqlite:///{tmp_path / 'primum.sqlite3'}")) as store:
        store.database.open()
        event.listen(Pool, "checkout", came)
        event.listen(Pool, "checkin", went)
        try:
            with ThreadPoolExecutor(8) as threads:
                list(threads.map(store.record, [decision() for _ in range(24)]))
        finally:
            event.remove(Pool, "checkout", came)
            event.remove(Pool, "checkin", went)
        assert (len(most), max(most)) == (24, 1)


def test_a_thread_whose_turn_does_not_come_gives_up(tmp_path: Path) -> None:
    with (
        closing(Store(f"sqlite:///{tmp_path / 'primum.sqlite3'}", patience=0.1)) as store,
        store.database.writing(),
        ThreadPoolExecutor(1) as threads,
        pytest.raises(StoreError, match="others wrote for too long"),
    ):
        threads.submit(store.record, decision()).result()


_OPEN = "import sys; from fhir_adapters.store.store import Store; Store(sys.argv[1]).database.upgrade()"


def test_workers_may_make_the_tables_at_the_same_time(address: str) -> None:
    workers = [subprocess.Popen([sys.executable, "-c", _OPEN, address]) for _ in range(4)]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0, 0]
    stored = decision()
    with closing(Store(address)) as store:
        store.record(stored)
        assert store.decision(stored.id) == stored
