"""Runs that are killed at moments drawn by chance, against the real Label Studio: the next one makes all good."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import equality
import pytest
from equality import Opened, Server
from killing import MODES, Runner, ended, kill, wrong_records
from office import Office
from real_label_studio import RealLabelStudio

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

SEED = 20_250_917
ROUNDS = 16


@pytest.fixture
def office(label_studio: RealLabelStudio) -> Iterator[Office]:
    """The projects, and people at work in them."""
    with Server(label_studio) as server:
        office = Office(server, Random(SEED))
        try:
            office.open("Killed", (35, 25))
            yield office
        finally:
            office.close()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The file that the runs load into, in a folder of its own."""
    folder = tmp_path / "warehouse"
    folder.mkdir()
    return folder / "warehouse.duckdb"


@pytest.fixture
def runner(tmp_path: Path, database: Path, label_studio: RealLabelStudio, office: Office) -> Iterator[Runner]:
    """What starts the runs."""
    runner = Runner(tmp_path, label_studio, office.projects, "--database", str(database))
    try:
        yield runner
    finally:
        runner.close()


def wrong(database: Path, runner: Runner, office: Office, sample: int) -> list[str]:
    """All that is not as it should be once a run has ended well."""
    some = office.random.sample(sorted(office.living), min(sample, len(office.living)))
    found = equality.wrong(database, office.server, office.projects, some)
    with Opened(database) as warehouse:
        found += equality.wrong_deletions(warehouse, *office.gone())
        rows = warehouse.rows("select pid, exit_code, ended_at is not null from load_runs")
    return [*found, *wrong_records(rows, runner.runs)]


def test_whenever_a_run_is_killed_the_next_one_makes_everything_right(
    database: Path, runner: Runner, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """After runs that were killed at any moment, one that ends well leaves every row as the server has it."""
    random = office.random
    runner.undisturbed()
    longest = {mode: runner.undisturbed(*mode) for mode in MODES}
    office.see()
    assert wrong(database, runner, office, 5) == []
    office.trust()
    hit: Counter[str] = Counter()
    for number in range(ROUNDS):
        compared = random.random() < 0.5
        office.work(random.randint(1, 6), in_sight=not compared)
        for _ in range(2 if random.random() < 0.3 else 1):
            run = kill(runner, office, longest, at_work=compared)
            hit[f"{run.stage} ({ended(run)})"] += 1
        office.see()
        # an incremental run must do where it can see all that has changed
        runner.undisturbed(*(["--reconcile"] if compared else []))
        found = wrong(database, runner, office, 2)
        # working all out anew takes a second
        found += equality.stale_kept_tables(database) if number % 6 == 0 else []
        assert found == [], f"round {number}, {'compared' if compared else 'incremental'}, after {run}"
        office.trust()
    assert wrong(database, runner, office, len(office.living)) == []
    assert equality.stale_kept_tables(database) == []
    with capsys.disabled():
        print(f"\nkilled in {ROUNDS} rounds:", ", ".join(f"{stage} {n}" for stage, n in hit.most_common()))
    for stage in ("fetching", "loading"):
        assert hit[f"{stage} (-9)"] > 0
