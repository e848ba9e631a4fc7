"""The live services that conformance and imitation clients are shown on, each started when a test first needs it; and a full disk."""

import resource
from collections.abc import Iterator

import pytest

from tests.conformance.live import MINI, ORIGIN, PREFIX, PUBLIC_URL, Live, clients_file, running


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A service without any setting but the small rules of the fixtures."""
    with running(tmp_path_factory.mktemp("bare"), rules=MINI) as live:
        yield live


@pytest.fixture(scope="session")
def browsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A service for browsers of one origin that stores what it decides, and asks nobody who they are."""
    folder = tmp_path_factory.mktemp("browsed")
    store = f"sqlite:///{folder / 'store.db'}"
    with running(folder, cors_origins=ORIGIN, database_url=store, body_limit=1024 * 1024) as live:
        yield live


@pytest.fixture(scope="session")
def authenticated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A service behind a proxy and a path prefix, with a file of clients that speak 1.0, 2.0.1 and 3.0."""
    folder = tmp_path_factory.mktemp("authenticated")
    clients = clients_file(
        folder,
        old={"cds_hooks_1": True},
        new={"cds_hooks_3": True, "action_selection_behavior": True},
    )
    store = f"sqlite:///{folder / 'store.db'}"
    with running(folder, PREFIX, clients=clients, public_url=PUBLIC_URL, database_url=store) as live:
        yield live


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
