"""Runs through a network on a bad day, against the real Label Studio: what fails is named, and the next run has it."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from equality import (
    Contents,
    Opened,
    Server,
    broken_checks,
    in_warehouse,
    on_server,
    only_tasks,
    task_ids,
    unlike,
    wrong,
    wrong_deletions,
)
from flaky_proxy import Fate, FlakyProxy
from office import Office
from real_label_studio import RealLabelStudio

from pipelines import tasks

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

SEED = 20_251_012
ROUNDS = 6

#: So many runs one after the other may fail.
MOST_RUNS = 30

#: What happens to connections, as weights.
FATES: dict[Fate, int] = {"passed": 6, "refused": 2, "reset": 4, "delayed": 2, "cut": 5, "closed": 3}


class Ended(NamedTuple):
    """How a run ended, and what it said."""

    exit_code: int
    said: str


class Client:
    """Runs the command in this process, through a proxy."""

    def __init__(self, database: Path, office: Office, capsys: pytest.CaptureFixture[str]) -> None:
        self.database = database
        self.office = office
        self._capsys = capsys
        self._arguments = [f"--project={project_id}" for project_id in office.projects]
        self._arguments += ["--database", str(database)]

    def run(self, *mode: str) -> Ended:
        """One run, which may fail and must not break."""
        self._capsys.readouterr()
        self.office.see()
        code = tasks.main([*self._arguments, *mode])
        said = "".join(self._capsys.readouterr())
        assert code in (0, 1), said
        assert "Traceback" not in said
        return Ended(code, said)

    def run_until_done(self, *mode: str) -> int:
        """Runs until one ends well; gives how many failed. None of these loses anything."""
        expected = on_server(self.office.server, self.office.projects)
        before = self._contents()
        for failed in range(MOST_RUNS):
            run = self.run(*mode)
            if run.exit_code == 0:
                assert self.wrong() == []
                self.office.trust()
                return failed
            now = self._contents()
            assert damage(before, now, expected) == [], run.said
            before = now
        pytest.fail(f"no run of {MOST_RUNS} ended well: {run.said}")

    def wrong(self, sample: int = 2) -> list[str]:
        """All that is not as it should be once a run has ended well."""
        office = self.office
        some = office.random.sample(sorted(office.living), sample)
        found = wrong(self.database, office.server, office.projects, some)
        with Opened(self.database) as warehouse:
            return found + wrong_deletions(warehouse, *office.gone())

    def _contents(self) -> Contents | None:
        """What the tables hold; None where there are none yet."""
        if not self.database.exists():
            return None
        with Opened(self.database) as warehouse:
            if not warehouse.rows("select 1 from information_schema.tables where table_name = 'tasks'"):
                return None
            assert broken_checks(warehouse) == []
            return in_warehouse(warehouse)


def damage(before: Contents | None, now: Contents | None, expected: Contents) -> list[str]:
    """What a run that failed has lost, or left half done: each task is whole, as it was before or as it is now."""
    if now is None:
        return [] if before is None else ["the tables are gone"]
    old = task_ids(before) if before else set()
    found = [f"task {task_id} is lost" for task_id in (old & task_ids(expected)) - task_ids(now)]
    found += [f"task {task_id} came from nowhere" for task_id in task_ids(now) - old - task_ids(expected)]
    for task_id in task_ids(now):
        task = only_tasks(now, [task_id])
        kept = before is not None and task_id in old and not unlike(task, only_tasks(before, [task_id]))
        if not kept and (differing := unlike(task, only_tasks(expected, [task_id]))):
            found += differing
    return found


@pytest.fixture
def office(label_studio: RealLabelStudio) -> Iterator[Office]:
    """Projects of this module's own."""
    with Server(label_studio) as server:
        office = Office(server, Random(SEED))
        try:
            office.open("Behind a proxy", (35, 25))
            yield office
        finally:
            office.close()


@pytest.fixture
def client(
    tmp_path: Path,
    label_studio: RealLabelStudio,
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Client:
    """What runs the command; it does not wait long, and reads small pages."""
    settings = {"FETCH_TIMEOUT": "2", "FETCH_ATTEMPTS": "3", "FETCH_PAGE_SIZE": "10", "FETCH_OVERLAP": "2"}
    for name, value in settings.items():
        monkeypatch.setenv(f"SOURCES__LABEL_STUDIO__{name}", value)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", label_studio.personal_token)
    monkeypatch.setattr("pipelines.label_studio.retrying._MAX_BACKOFF", 0.05)
    folder = tmp_path / "warehouse"
    folder.mkdir()
    return Client(folder / "warehouse.duckdb", office, capsys)


def test_on_a_bad_network_runs_fail_in_order_and_the_next_one_completes_them(
    client: Client,
    office: Office,
    label_studio: RealLabelStudio,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With connections that are refused, reset, delayed and cut, a run ends with 0 or 1, and all is loaded at last."""
    failed = []
    with FlakyProxy(label_studio.process.port, SEED, FATES) as proxy:
        monkeypatch.setenv("LABEL_STUDIO_URL", proxy.url)
        failed.append(client.run_until_done())
        for number in range(ROUNDS):
            compared = number % 2 == 0
            office.work(5, in_sight=not compared)
            failed.append(client.run_until_done(*(["--reconcile"] if compared else [])))
    assert client.wrong(len(office.living)) == []
    with capsys.disabled():
        print(f"\nRuns that failed before one ended well: {failed}; connections:", dict(proxy.met.most_common()))
    assert proxy.met.keys() == FATES.keys()
    assert sum(failed) > 0


@pytest.mark.parametrize("attempts", [2, 40])
def test_a_server_that_is_restarted_in_the_middle_of_a_run_is_read_to_the_end(
    attempts: int, client: Client, office: Office, label_studio: RealLabelStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run waits for the server, or fails and the next one has everything."""
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__FETCH_ATTEMPTS", str(attempts))
    monkeypatch.setattr("pipelines.label_studio.retrying._MAX_BACKOFF", 0.5)
    with FlakyProxy(label_studio.process.port, SEED, {"passed": 1}) as proxy:
        monkeypatch.setenv("LABEL_STUDIO_URL", proxy.url)
        client.run_until_done()
        office.work(5, in_sight=True)
        proxy.meanwhile = (proxy.passed + 20_000, label_studio.restart)
        first = client.run("--full")
        assert proxy.meanwhile is None
        proxy.wait_for_calls()
        if first.exit_code == 0:
            assert client.wrong() == []
        client.run_until_done()
        assert client.wrong(len(office.living)) == []
