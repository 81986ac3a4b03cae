"""Runs into PostgreSQL that are killed at moments drawn by chance: the next one makes all good there, too."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from equality import (
    Server,
    in_warehouse,
    infidelities,
    on_server,
    unlike,
    wrong_deletions,
)
from killing import MODES, Runner, ended, kill, wrong_records
from office import Office
from postgres_warehouse import PostgresWarehouse
from real_label_studio import RealLabelStudio

from pipelines.analytics.definitions import kept_tables
from pipelines.checks import run_checks

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

SEED = 20_261_128
ROUNDS = 6


@pytest.fixture
def office(label_studio: RealLabelStudio) -> Iterator[Office]:
    """The projects, and people at work in them."""
    with Server(label_studio) as server:
        office = Office(server, Random(SEED))
        try:
            office.open("Killed on the way to PostgreSQL", (35, 25))
            yield office
        finally:
            office.close()


def test_whenever_a_run_is_killed_the_next_one_makes_everything_right(
    tmp_path: Path, postgres_warehouse: PostgresWarehouse, label_studio: RealLabelStudio, office: Office
) -> None:
    """After runs that were killed at any moment, one that ends well leaves every row as the server has it."""
    warehouse = postgres_warehouse
    place = {"DESTINATION__POSTGRES__CREDENTIALS": warehouse.url}
    runner = Runner(tmp_path, label_studio, office.projects, "--destination", "postgres", **place)
    try:
        longest = {mode: runner.undisturbed(*mode) for mode in MODES}
        office.see()
        office.trust()
        hit: Counter[str] = Counter()
        for number in range(ROUNDS):
            compared = office.random.random() < 0.5
            office.work(office.random.randint(1, 6), in_sight=not compared)
            run = kill(runner, office, longest, at_work=compared)
            hit[f"{run.stage} ({ended(run)})"] += 1
            office.see()
            # what no comparison could see is no matter of the warehouse
            runner.undisturbed(*(["--full"] if compared else []))
            found = wrong(warehouse, runner, office)
            assert not found, "\n".join([f"round {number} after {run}", *found])
            office.trust()
        assert stale_kept_tables(warehouse, runner) == []
    finally:
        runner.close()
    assert sum(hit[stage] for stage in hit if "(-9)" in stage or "(143)" in stage) > 0, hit


def wrong(warehouse: PostgresWarehouse, runner: Runner, office: Office) -> list[str]:
    """All that is not as it should be once a run has ended well."""
    some = office.random.sample(sorted(office.living), 2)
    found = unlike(in_warehouse(warehouse), on_server(office.server, office.projects))
    found += wrong_deletions(warehouse, *office.gone())
    found += [f"a lease is left: {lease}" for lease in warehouse.rows("select * from run_lease")]
    with warehouse.pipeline.destination_client().sql_client as client:  # type: ignore[attr-defined]  # it has one
        found += [f"check {check}" for check in run_checks(client) if check.found and check.severity == "error"]
    found += [] if found else infidelities(warehouse, office.server, some)
    rows = warehouse.rows("select pid, exit_code, ended_at is not null from load_runs")
    return [*found, *wrong_records(rows, runner.runs)]


def stale_kept_tables(warehouse: PostgresWarehouse, runner: Runner) -> list[str]:
    """The kept tables that hold something else than they would, were they all worked out anew."""
    names = [definition.name for definition in kept_tables()]
    kept = {name: _rows(warehouse, name) for name in names}
    warehouse.execute("update analytics.kept_tasks set basis = 'another'")
    runner.undisturbed()
    return [name for name in names if _rows(warehouse, name) != kept[name]]


def _rows(warehouse: PostgresWarehouse, name: str) -> list[str]:
    rows = warehouse.rows(f"select * from analytics.{name}")
    return sorted(repr([round(value, 9) if isinstance(value, float) else value for value in row]) for row in rows)
