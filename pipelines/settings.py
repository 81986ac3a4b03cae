"""The settings of a run: flags, then the environment, then .dlt/secrets.toml and .dlt/config.toml."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.exceptions import ConfigFieldMissingException, ConfigValueCannotBeCoercedException
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue

from pipelines.label_studio.cursors import EVERY, MODES
from pipelines.label_studio.exceptions import ConfigurationError
from pipelines.label_studio.masks import MASKS
from pipelines.label_studio.selection import select
from pipelines.label_studio.shards import Shard
from pipelines.lake import FORMATS

ROOT = Path(__file__).resolve().parent.parent

#: Where a load is whole or not at all, and every value arrives as it was sent; lakes follow a DuckDB file.
DESTINATIONS = ("duckdb", "postgres", "filesystem", "ducklake")

#: Those that keep a lake.
_LAKES = ("filesystem", "ducklake")

#: The catalog of a DuckLake: the address of a PostgreSQL database, or a path.
_CATALOG = r"postgres(ql)?://.+|[^=:]+"

#: The schema of the views.
_ANALYTICS = "analytics"

_HINTS = {
    "label_studio_url": "no address of a server: give --url, or set LABEL_STUDIO_URL",
    "label_studio_api_key": (
        "no token: set LABEL_STUDIO_API_KEY, or label_studio_api_key under [sources.label_studio] in .dlt/secrets.toml;"
        " Label Studio gives one under Account & Settings"
    ),
}


@configspec
class SourceSettings(BaseConfiguration):
    """[sources.label_studio]: the arguments of the source of that name."""

    label_studio_url: str = None  # type: ignore[assignment]  # dlt's way to say: must be set
    label_studio_api_key: TSecretStrValue = None  # type: ignore[assignment]  # the same
    task_ids: Any | None = None
    project_ids: Any | None = None
    shard: str | None = None
    fetch_workers: int | None = None
    fetch_page_size: int = 100
    fetch_timeout: float = 90.0
    fetch_attempts: int = 6
    fetch_requests_per_second: float = 0.0
    fetch_mode: str = "incremental"
    fetch_overlap: float = 60.0
    reconcile_every: str = "day"
    prune_projects: bool = False
    annotation_history: bool = False
    masks: str = "keep"
    pseudonymize_users: bool = False
    pseudonym_key: TSecretStrValue | None = None


@configspec
class WarehouseSettings(BaseConfiguration):
    """[warehouse]: where the tables go."""

    duckdb_path: str = "warehouse.duckdb"
    destination_name: str = "duckdb"
    dataset_name: str = "label_studio"
    lock_timeout: float = 30.0
    memory_limit: str | None = None
    lease_seconds: float = 180.0
    wide_projects: Any | None = None
    publish: bool = True
    publish_path: str | None = None
    dashboard_path: str | None = None
    lake_url: str | None = None
    lake_format: str = "delta"
    lake_catalog: TSecretStrValue | None = None

    @property
    def is_file(self) -> bool:
        """The tables are in a DuckDB file, whatever follows it."""
        return self.destination_name != "postgres"

    @property
    def lake(self) -> str | None:
        """The folder of the lake, absolute, or its URI; None where there is none."""
        if not self.lake_url or "://" in self.lake_url:
            return self.lake_url
        return str(ROOT / self.lake_url)

    @property
    def database(self) -> Path:
        """The DuckDB file, absolute; a relative path of a config file starts at the project's folder."""
        return ROOT / self.duckdb_path

    @property
    def readers_copy(self) -> Path | None:
        """The file that readers open, absolute; None where none is published, or readers go to a server."""
        if not self.publish or not self.is_file:
            return None
        if self.publish_path:
            return ROOT / self.publish_path
        return self.database.with_name(f"{self.database.stem}_readers{self.database.suffix}")

    @property
    def dashboard(self) -> Path | None:
        """The file of the page, absolute; None where none is drawn."""
        return ROOT / self.dashboard_path if self.dashboard_path else None


@configspec
class AlarmSettings(BaseConfiguration):
    """[runtime]: the part of dlt's own settings that we heed ourselves."""

    slack_incoming_hook: TSecretStrValue | None = None


def webhook() -> str | None:
    """The address to tell of failed runs: a secret."""
    settings: AlarmSettings = _resolved(AlarmSettings(), ("runtime",), {})
    return settings.slack_incoming_hook or None


def source_settings(given: Mapping[str, Any]) -> SourceSettings:
    """The settings of the source; `given` wins. Raises ConfigurationError."""
    settings: SourceSettings = _resolved(SourceSettings(), ("sources", "label_studio"), given)
    for name in ("fetch_workers", "fetch_page_size", "fetch_timeout", "fetch_attempts"):
        if getattr(settings, name) is not None and getattr(settings, name) <= 0:
            raise ConfigurationError(f"{name} is {getattr(settings, name)}: it must be more than 0")
    for name, words in (("fetch_mode", MODES), ("reconcile_every", EVERY), ("masks", MASKS)):
        if getattr(settings, name) not in words:
            raise ConfigurationError(f"{name} is {getattr(settings, name)!r}: it takes {', '.join(words)}")
    if settings.shard:
        Shard.read(settings.shard)
    if settings.fetch_overlap < 0:
        raise ConfigurationError("fetch_overlap is less than 0: it is in seconds")
    if settings.fetch_requests_per_second < 0:
        raise ConfigurationError("fetch_requests_per_second is less than 0: 0 is no limit")
    return settings


def label_studio_url(given: str | None) -> str | None:
    """The address of the server, where one is set: what needs no more than links needs no token."""
    try:
        settings: SourceSettings = _resolved(
            SourceSettings(), ("sources", "label_studio"), {"label_studio_url": given, "label_studio_api_key": "-"}
        )
    except ConfigurationError:
        return None
    return settings.label_studio_url


def warehouse_settings(given: Mapping[str, Any]) -> WarehouseSettings:
    """The settings of the warehouse; `given` wins. Raises ConfigurationError."""
    settings: WarehouseSettings = _resolved(WarehouseSettings(), ("warehouse",), given)
    if settings.lock_timeout < 0 or settings.lease_seconds <= 0:
        raise ConfigurationError("lock_timeout and lease_seconds are in seconds: not less than 0, and more than 0")
    if settings.destination_name not in DESTINATIONS:
        raise ConfigurationError(
            f"destination {settings.destination_name!r} is not supported, only {', '.join(DESTINATIONS)} are:"
            " elsewhere a load could be left half done, or values changed, without a word"
        )
    if not re.fullmatch("[a-z][a-z0-9_]*", settings.dataset_name) or re.fullmatch(
        f"(.*_)?{_ANALYTICS}", settings.dataset_name
    ):
        raise ConfigurationError(
            f"dataset {settings.dataset_name!r} can't be the schema of the tables:"
            f" use lower-case letters, digits and _, and not {_ANALYTICS}, where the views are"
        )
    if settings.is_file:
        _expect_files(settings)
    else:
        _expect_no_files(settings)
    _expect_lake(settings)
    if settings.wide_projects:
        named = select(project_ids=settings.wide_projects).projects
        if not isinstance(named, tuple):
            raise ConfigurationError("wide_projects takes ids of projects: each gets a view")
        settings.wide_projects = named
    return settings


def _expect_files(settings: WarehouseSettings) -> None:
    for file, flag in ((settings.database, "--database"), (settings.readers_copy, "--publish")):
        if file and file.stem == settings.dataset_name:
            raise ConfigurationError(
                f"the file {file.name} is named like its dataset, which DuckDB can't tell apart:"
                f" name another {flag}, or another --dataset"
            )
    _expect_place(settings.database, settings.readers_copy)
    page = settings.dashboard
    if page and (page.is_dir() or not page.parent.is_dir()):
        raise ConfigurationError(f"the dashboard can't be {page}: name a file in a folder that exists")


def _expect_no_files(settings: WarehouseSettings) -> None:
    """What only a DuckDB file has must not be asked for, and not be given, in silence."""
    for name, what in (
        ("publish_path", "a readers' copy is made"),
        ("dashboard_path", "the dashboard is drawn"),
        ("wide_projects", "wide views are made"),
    ):
        if getattr(settings, name):
            raise ConfigurationError(
                f"{what} of a DuckDB file only: with destination {settings.destination_name}, leave {name} out"
            )


def _expect_lake(settings: WarehouseSettings) -> None:
    name = settings.destination_name
    if settings.lake_format not in FORMATS:
        raise ConfigurationError(f"lake_format is {settings.lake_format!r}: it takes {' or '.join(FORMATS)}")
    if name in _LAKES and not settings.lake_url:
        raise ConfigurationError(f"destination {name} needs a place for its tables: give --lake, or set lake_url")
    if settings.lake_url and name not in _LAKES:
        raise ConfigurationError(f"a lake goes with destination {' or '.join(_LAKES)}, not with {name}")
    if "@" in urlsplit(settings.lake_url or "").netloc:
        # nor is it shown, as it may hold a secret
        raise ConfigurationError("the lake's address must hold no credentials: set them as the storage's own variables")
    if settings.lake_catalog and name == "filesystem" and settings.lake_format == "delta":
        raise ConfigurationError("Delta tables have no catalog: leave lake_catalog out, or set lake_format to iceberg")
    if settings.lake_catalog and name == "ducklake" and not re.fullmatch(_CATALOG, settings.lake_catalog):
        # nor is it shown
        raise ConfigurationError(
            "lake_catalog can't be read, and is not shown, as it may hold a secret: for destination ducklake, write"
            " postgresql://user:password@host:5432/database, or the path of a SQLite file"
        )


def _expect_place(database: Path, copy: Path | None) -> None:
    if copy is None:
        return
    if copy.resolve() == database.resolve():
        raise ConfigurationError(f"the readers' copy can't be the database itself: name another file than {copy}")
    if copy.is_dir() or (copy.parent != database.parent and not copy.parent.is_dir()):
        raise ConfigurationError(f"the readers' copy can't be {copy}: name a file in a folder that exists")


def use_project_folder() -> None:
    """Let dlt read .dlt of this project, whatever the working directory is."""
    os.environ.setdefault("DLT_PROJECT_DIR", str(ROOT))


def _resolved(settings: Any, sections: tuple[str, ...], given: Mapping[str, Any]) -> Any:
    explicit = {name: value for name, value in given.items() if value is not None}
    try:
        return resolve_configuration(settings, sections=sections, explicit_value=explicit)
    except ConfigFieldMissingException as error:
        missing = next(iter(error.traces))
        raise ConfigurationError(_HINTS.get(missing, f"{missing} is not set")) from error
    except ConfigValueCannotBeCoercedException as error:
        raise ConfigurationError(
            f"{'.'.join(sections)}.{error.field_name} can't be {error.field_value!r}: it takes a"
            f" {getattr(error.hint, '__name__', error.hint)}"
        ) from error
