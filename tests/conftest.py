"""Fixtures: a warehouse of each test's own, the sample; once per run, a real PostgreSQL and a real Label Studio."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from analytics import Analytics
from loading import Warehouse
from postgres_server import PostgresServer, PostgresUnavailable, postgres_server
from postgres_warehouse import PostgresWarehouse
from real_label_studio import LabelStudioUnavailable, RealLabelStudio, real_label_studio
from seeding import Seed, seed

from pipelines.demo import FakeLabelStudio, load_sample


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings, the token or the working folder of who runs it."""
    for name in list(os.environ):
        if name.startswith(("LABEL_STUDIO_", "SOURCES__", "WAREHOUSE__", "DESTINATION__", "RUNTIME__", "LOAD__")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("DLT_PROJECT_DIR", str(Path(__file__).resolve().parent.parent))
    monkeypatch.setenv("SECRETS_TOML", "")


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse."""
    with Warehouse(tmp_path / "warehouse.duckdb") as warehouse:
        yield warehouse


@pytest.fixture
def analytics() -> Iterator[Analytics]:
    """A warehouse to be filled by hand."""
    analytics = Analytics()
    yield analytics
    analytics.connection.close()


@pytest.fixture
def fake() -> FakeLabelStudio:
    """The fake server with the sample."""
    return load_sample()


@pytest.fixture(scope="session")
def label_studio() -> Iterator[RealLabelStudio]:
    """The real Label Studio, started for this test run."""
    with _or_skipped("the real Label Studio", LabelStudioUnavailable), real_label_studio() as server:
        yield server


@pytest.fixture(scope="session")
def seeded(label_studio: RealLabelStudio) -> Seed:
    """Projects, tasks and all that belongs to them, in the real Label Studio."""
    return seed(label_studio)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL, started for this test run."""
    with _or_skipped("PostgreSQL", PostgresUnavailable), postgres_server() as server:
        yield server


@contextmanager
def _or_skipped(what: str, unavailable: type[Exception]) -> Iterator[None]:
    """A test whose real part is missing skips, and says why; in CI, it fails."""
    try:
        yield
    except unavailable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"{what} can't be had here: {error}")


@pytest.fixture(scope="module")
def postgres_url(postgres: PostgresServer) -> str:
    """The URL of an empty database in a real PostgreSQL, for the tests of a module."""
    return postgres.new_database()


@pytest.fixture
def postgres_warehouse(tmp_path: Path, postgres: PostgresServer) -> Iterator[PostgresWarehouse]:
    """An empty warehouse on PostgreSQL."""
    with PostgresWarehouse(postgres.new_database(), tmp_path) as warehouse:
        yield warehouse
