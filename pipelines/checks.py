"""The checks of sql/checks: queries that give the rows that are wrong, and open by saying what they mean."""

import re
from typing import Any, NamedTuple

from pipelines.analytics.definitions import ANALYTICS, SQL, Schemas
from pipelines.check_scope import Since, narrowed
from pipelines.headers import header_lines
from pipelines.label_studio.exceptions import ConfigurationError
from pipelines.peek import client_of, peek
from pipelines.settings import WarehouseSettings
from pipelines.warehouse import sparing

CHECKS = SQL / "checks"

#: Rows of a failed check that are shown.
_SAMPLE = 5

_ANALYTICS = re.compile(rf"\b{ANALYTICS}\.(\w+)")

_TABLES = "select table_name from information_schema.tables where table_schema = %s"


class CheckResult(NamedTuple):
    """A check and the rows that it found: `rows` are the first few of `found`, which is None where it could not run."""

    name: str
    meaning: str
    severity: str
    found: int | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


class Checked(NamedTuple):
    """What the checks found, and where was looked: the warehouse or its readers' copy."""

    results: list[CheckResult]
    place: str

    @property
    def failed(self) -> bool:
        """A check of what must never be found something."""
        return any(result.found and result.severity == "error" for result in self.results)


def check(warehouse: WarehouseSettings) -> Checked:
    """Runs the checks on a warehouse, and writes nothing.

    Raises ConfigurationError where nothing was loaded yet, WarehouseBusy.
    """
    with peek(warehouse) as found:
        if found is None:
            raise ConfigurationError(f"{warehouse.database} does not exist: load tasks, or name another --database")
        with client_of(found.pipeline) as client:
            if "tasks" not in _tables(client, client.dataset_name):
                raise ConfigurationError(
                    f"{found.place} holds no tables in {client.dataset_name}: load tasks, or name another --dataset"
                )
            with sparing(client, warehouse.memory_limit):
                return Checked(run_checks(client), found.place)


def failed_checks(client: Any, since: Since | None = None) -> list[CheckResult]:
    """The checks that found rows. `client` is dlt's SQL client for the dataset."""
    return [result for result in run_checks(client, since) if result.found]


def run_checks(client: Any, since: Since | None = None) -> list[CheckResult]:
    """Runs all checks. Those that read what `analytics` does not hold yet can't run.

    With `since`, only tasks are looked at that came, changed or went since; but by checks that read `analytics`, whose
    tables are whole.
    """
    schemas = Schemas.of(client.dataset_name)
    there = _tables(client, schemas.analytics)
    checks = {path.stem: path.read_text(encoding="utf-8") for path in CHECKS.glob("assert_*.sql")}
    whole = {name: text for name, text in checks.items() if _ANALYTICS.search(text)}
    results = [_result(client, name, text, schemas, there) for name, text in whole.items()]
    with narrowed(client, since):
        rest = checks.items() - whole.items()
        results += [_result(client, name, text, schemas, there) for name, text in rest]
    return sorted(results)


def _result(client: Any, name: str, text: str, schemas: Schemas, there: set[str]) -> CheckResult:
    header = [line.strip() for line in header_lines(text)]
    severity = next((line.partition(":")[2].strip() for line in header if line.startswith("severity:")), "error")
    meaning = " ".join(line for line in header if not line.startswith("severity:"))
    result = CheckResult(name, meaning, severity)
    if not set(_ANALYTICS.findall(text)) <= there:
        return result
    with client.execute_query(_carried(schemas.named_in(text), client)) as cursor:
        columns = tuple(column[0] for column in cursor.native_cursor.description)
        rows = cursor.fetchmany(_SAMPLE)
        found = len(rows)
        while more := cursor.fetchmany(10_000):
            found += len(more)
    return result._replace(found=found, columns=columns, rows=tuple(rows))


def _carried(sql: str, client: Any) -> str:
    dialect = client.capabilities.sqlglot_dialect
    if dialect == "duckdb":
        return sql
    # a parser of SQL takes its time, and who loads into DuckDB needs none
    from pipelines.dialects import carried

    return carried(sql, dialect)


def _tables(client: Any, schema: str) -> set[str]:
    return {row[0] for row in client.execute_sql(_TABLES, schema)}
