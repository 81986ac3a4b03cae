"""Fetching: every task exactly once, whatever the server does meanwhile; what can't be had is named."""

import asyncio
import json
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import pytest
from faults import (
    Act,
    Fault,
    FaultyServer,
    Server,
    answer,
    before,
    edited,
    holding,
    html_page,
    refused,
    status,
    timed_out,
)
from fetching import client, fetch, ids, label_studio, task
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_time import run

from pipelines.label_studio.exceptions import (
    AccessDenied,
    ConfigurationError,
    Forbidden,
    SelectionError,
    Unreachable,
    WrongAddress,
)
from pipelines.label_studio.fetch import Fetch
from pipelines.label_studio.pieces import IdList, Interval
from pipelines.label_studio.report import Report
from pipelines.label_studio.selection import Selection, select
from pipelines.label_studio.survey import Work, survey

ALWAYS = 10**6
LIST = "/api/tasks/?$"
PROJECT = select(project_ids=1)


def whole_pages(request: httpx.Request) -> bool:
    """Whether a request is for a page of whole tasks."""
    return request.url.path == "/api/tasks" and "fields" in request.url.params


def sizes(server: FaultyServer) -> list[int]:
    """The page sizes asked for, in order."""
    return [int(request.url.params["page_size"]) for request in server.requests if whole_pages(request)]


def refuses(code: int, detail: str) -> Act:
    """A JSON error."""
    return answer(lambda: httpx.Response(code, json={"detail": detail}))


# what is asked for


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (select("3,4,9999"), [3, 4]),
        (select("290-500"), list(range(290, 301))),
        (select(list(range(1, 60, 2))), list(range(1, 60, 2))),
        (select("5-15,70,80-200"), [*range(5, 16), 70, *range(80, 201)]),
        (select(project_ids=1), list(range(1, 301))),
        (select(project_ids="all"), list(range(1, 301))),
        (select("1-10", project_ids=2), []),
        (select(project_ids=2), []),
        (select(f"1-{2**53}"), list(range(1, 301))),
        (select("5", project_ids=2), []),
    ],
    ids=str,
)
@pytest.mark.parametrize("workers", [1, 4])
def test_what_is_selected_comes_once(selection: Selection, expected: list[int], workers: int) -> None:
    """Ids, ranges, lists and projects give just the tasks that exist, each once."""
    tasks, report = fetch(label_studio(range(1, 301)), selection, workers=workers, page_size=7)
    assert ids(tasks) == expected
    assert list(report.fetched) == expected
    assert report.failures == []


def test_a_few_ids_come_one_by_one() -> None:
    """Up to twenty single ids are fetched by Get task, without a look at any list."""
    server = label_studio(range(1, 31))
    tasks, _ = fetch(server, select(list(range(1, 21))))
    assert ids(tasks) == list(range(1, 21))
    assert server.counts == {"/api/version": 1, "/api/tasks/{id}": 20}


def test_many_ids_come_by_list() -> None:
    """More than twenty single ids are fetched by the list."""
    server = label_studio(range(1, 31))
    tasks, _ = fetch(server, select(list(range(1, 22))))
    assert ids(tasks) == list(range(1, 22))
    assert "/api/tasks/{id}" not in server.counts


def test_ids_that_do_not_exist_are_reported() -> None:
    """Single ids without a task are missing; holes in a range are not."""
    _, report = fetch(label_studio([5, 7]), select([*range(5, 8), *range(100, 125), "200-300"]))
    assert list(report.missing) == [6, *range(100, 125)]
    assert report.failures == []


def test_missing_ids_are_not_looked_up_for_ever() -> None:
    """Once none of a lot of ids exists that no list holds, the others are taken as missing, too."""
    server = label_studio([1])
    _, report = fetch(server, select([1, *range(1000, 9000, 2)]))
    assert len(report.missing) == 4000
    assert server.counts["/api/tasks/{id}"] == 500


def test_an_id_list_is_narrowed_to_projects() -> None:
    """A task of another project than those named is missing, and not handed over."""
    server = label_studio([1, 2])
    server.put(task(3, project=2))
    tasks, report = fetch(server, select("1,2,3", project_ids=2))
    assert ids(tasks) == [3]
    assert list(report.missing) == [1, 2]


def test_every_request_for_tasks_asks_for_original_urls() -> None:
    """resolve_uri=false goes with every request for a task, alone or in a list."""
    server = label_studio(range(1, 60))
    fetch(server, select(list(range(1, 60, 2))))
    fetch(server, select("1,99"))
    asked = [request for request in server.requests if request.url.path.startswith("/api/tasks")]
    assert {request.url.params["resolve_uri"] for request in asked} == {"false"}


def test_thousands_of_projects_are_searched() -> None:
    """Ids of unknown project are found among thousands of projects."""
    server = label_studio()
    for project in range(1, 2001):
        server.projects[project] = {"id": project}
        server.put(task(project * 10, project))
    tasks, report = fetch(server, select("15000-15999"))
    assert ids(tasks) == list(range(15000, 16000, 10))
    assert report.projects == set(range(1500, 1600))


# while the server changes


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_every_task_that_exists_throughout_comes_exactly_once(data: st.DataObject) -> None:
    """Whatever is deleted and inserted while pages are fetched, no other task is missed and none comes twice."""
    present = data.draw(st.sets(st.integers(1, 400), max_size=120), label="present")
    doomed = data.draw(st.sets(st.sampled_from(sorted(present))) if present else st.just(set()), label="doomed")
    late = data.draw(st.sets(st.integers(1, 450), max_size=40), label="late") - present
    workers = data.draw(st.integers(1, 5), label="workers")
    page_size = data.draw(st.integers(1, 30), label="page_size")
    cap = data.draw(st.none() | st.integers(1, 10), label="cap")
    random = Random(data.draw(st.integers(0, 2**16), label="seed"))
    fake = label_studio(present)
    changes: list[Callable[[], None]] = [
        *(lambda task_id=task_id: fake.delete(task_id) for task_id in doomed),
        *(lambda task_id=task_id: fake.put(task(task_id)) for task_id in late),
    ]
    random.shuffle(changes)

    async def server(request: httpx.Request) -> httpx.Response:
        for _ in range(random.randrange(8)):
            if changes:
                changes.pop()()
        await asyncio.sleep(random.random())
        return await capped(cap)(request, fake)

    selection = data.draw(
        st.sampled_from([PROJECT, select(project_ids="all"), select("1-450"), select([*range(1, 450, 3), "200-260"])])
    )
    tasks, report = fetch(server, selection, workers=workers, page_size=page_size)
    wanted = present if selection.ids is None else {i for i in present if any(a <= i <= b for a, b in selection.ids)}
    assert ids(tasks) == sorted(set(ids(tasks)))
    assert wanted - doomed <= set(ids(tasks)) <= present | late
    assert report.failures == []


def capped(cap: int | None) -> Act:
    """A server with TASK_API_PAGE_SIZE_MAX."""

    async def act(request: httpx.Request, server: Server) -> httpx.Response:
        size = request.url.params.get("page_size")
        if cap and size and int(size) > cap:
            request = httpx.Request("GET", request.url.copy_set_param("page_size", cap), headers=request.headers)
        return await server(request)

    return act


def test_a_server_may_cap_its_pages() -> None:
    """Where pages come smaller than asked for, all tasks come nevertheless."""
    server = FaultyServer(label_studio(range(1, 101)), Fault(capped(9), path=LIST, times=ALWAYS))
    tasks, report = fetch(server, PROJECT)
    assert ids(tasks) == list(range(1, 101))
    assert report.failures == []


def test_a_page_emptied_between_two_looks_is_asked_for_again() -> None:
    """A page that counts tasks and holds none, as all were just deleted, does not end its piece."""

    def emptied(body: bytes) -> bytes:
        return json.dumps({**json.loads(body), "tasks": []}).encode()

    fault = Fault(edited(emptied), path=LIST, params={"fields": "all"}, times=2)
    tasks, report = fetch(FaultyServer(label_studio(range(1, 101)), fault), PROJECT, workers=2, page_size=10)
    assert ids(tasks) == list(range(1, 101))
    assert report.failures == []


def test_a_list_that_always_counts_tasks_and_holds_none_ends() -> None:
    """A server that never shows the tasks it counts is reported; the run comes to an end."""
    emptied = edited(lambda body: json.dumps({**json.loads(body), "tasks": []}).encode())
    server = FaultyServer(label_studio(range(1, 101)), Fault(emptied, path=LIST, skip=2, times=ALWAYS))
    tasks, report = fetch(server, PROJECT, workers=1)
    assert tasks == []
    [failure] = report.failures
    assert failure.what == "tasks 1-100 of project 1"
    assert "counts 100 tasks and holds none" in failure.reason


def test_a_full_page_is_not_the_end_though_the_total_says_so() -> None:
    """Where a task comes into the project between the server's count and its page, the tasks behind are not lost."""
    fake = label_studio([1, 9])

    def moved_in(body: bytes) -> bytes:
        return json.dumps({**json.loads(body), "total": 2}).encode()

    async def act(request: httpx.Request, server: Server) -> httpx.Response:
        fake.put(task(5))
        return await edited(moved_in)(request, server)

    server = FaultyServer(fake, Fault(act, path=LIST, params={"fields": "all"}))
    tasks, _ = fetch(server, PROJECT, workers=1, page_size=2)
    assert ids(tasks) == [1, 5, 9]


def test_an_id_in_two_projects_comes_once() -> None:
    """A task that two projects list, as the server gives ids anew, is handed over once."""
    fake = label_studio([1, 2, 3])
    fake.put(*(task(number, draft_exists=True, drafts=[{"id": number, "task": number}]) for number in (1, 2, 3)))

    async def server(request: httpx.Request) -> httpx.Response:
        if request.url.params.get("project") == "2":
            request = httpx.Request("GET", request.url.copy_set_param("project", 1), headers=request.headers)
        await asyncio.sleep(1)
        return await fake(request)

    tasks, report = fetch(server, select(project_ids="all"))
    assert ids(tasks) == [1, 2, 3]
    assert report.failures == []


def test_a_project_that_goes_away_is_reported() -> None:
    """A project deleted in mid-run is a failure of what was left of it; other projects are loaded."""
    fake = label_studio(range(1, 51))
    fake.put(*(task(number, project=2) for number in range(51, 101)))
    gone = before(lambda: fake.projects.pop(1, None))
    server = FaultyServer(fake, Fault(gone, path=LIST, params={"fields": "all", "project": "1"}, times=ALWAYS))
    tasks, report = fetch(server, select(project_ids="all"))
    assert ids(tasks) == list(range(51, 101))
    assert [failure.what for failure in report.failures] == ["tasks 1-50 of project 1"]
    assert "the project is gone" in report.failures[0].reason


def test_a_project_deleted_while_projects_are_listed_hides_no_other() -> None:
    """The list of projects is read again where it became shorter between two of its pages."""
    fake = label_studio()
    fake.projects = {number: {"id": number} for number in range(1, 251)}
    second = Fault(before(lambda: fake.projects.pop(250, None)), path="/api/projects", params={"page": "2"})

    async def main() -> list[int]:
        async with client(FaultyServer(fake, second)) as connected:
            return await connected.project_ids()

    assert set(run(main())) == set(range(1, 251))


def test_a_list_of_projects_may_lose_its_last_page() -> None:
    """A page that is gone when it is asked for ends the list of projects, not the run."""
    fake = label_studio()
    fake.projects = {number: {"id": number} for number in range(1, 102)}
    second = Fault(before(lambda: fake.projects.pop(101, None)), path="/api/projects", params={"page": "2"})

    async def main() -> list[int]:
        async with client(FaultyServer(fake, second)) as connected:
            return await connected.project_ids()

    assert set(run(main())) == set(range(1, 102))


# pages that adapt


@pytest.mark.parametrize("act", [timed_out(), status(500), status(502), status(504)], ids=["time", "500", "502", "504"])
def test_one_task_that_cannot_be_had_is_named(act: Act) -> None:
    """Pages are halved down to the task that can't be had: it is reported by id, all others come."""
    server = FaultyServer(label_studio(range(1, 201)), Fault(holding({77}, act), times=ALWAYS))
    tasks, report = fetch(server, PROJECT, page_size=50)
    assert ids(tasks) == [number for number in range(1, 201) if number != 77]
    assert [failure.what for failure in report.failures] == ["task 77"]
    assert 1 in sizes(server)


def test_more_tasks_in_a_row_than_a_few_may_be_unreadable() -> None:
    """Ten tasks one behind the other that can't be had are ten failures, not a server that is gone."""
    bad = set(range(40, 50))
    server = FaultyServer(label_studio(range(1, 101)), Fault(holding(bad, status(500)), times=ALWAYS))
    tasks, report = fetch(server, PROJECT)
    assert ids(tasks) == [number for number in range(1, 101) if number not in bad]
    assert sorted(failure.what for failure in report.failures) == [f"task {number}" for number in sorted(bad)]


def test_pages_grow_again() -> None:
    """After a page that came too late, pages are halved, and grow again with each that comes."""
    server = FaultyServer(label_studio(range(1, 1001)), Fault(timed_out(), path=LIST, params={"fields": "all"}))
    tasks, _ = fetch(server, PROJECT, workers=1, page_size=64)
    assert ids(tasks) == list(range(1, 1001))
    assert sizes(server)[:5] == [64, 32, 64, 128, 200]


def test_a_page_that_came_too_late_is_not_asked_for_again() -> None:
    """What takes too long as a page is asked for in halves at once, without another try of the same."""
    server = FaultyServer(label_studio(range(1, 101)), Fault(timed_out(), path=LIST, params={"fields": "all"}, times=3))
    _, report = fetch(server, PROJECT, workers=1, page_size=80)
    assert sizes(server)[:4] == [80, 40, 20, 10]
    assert report.retries == 0


def test_a_list_that_fails_on_ids_gives_way_to_get_task() -> None:
    """Where the list can't answer for an id list at all, its tasks come one by one."""
    wanted = list(range(1, 100, 3))
    server = FaultyServer(label_studio(range(1, 101)), Fault(status(414), path=LIST, skip=2, times=ALWAYS))
    tasks, report = fetch(server, select(wanted, project_ids=1))
    assert ids(tasks) == wanted
    assert report.failures == []


def test_a_server_that_ignores_filters_is_found_out() -> None:
    """Tasks that were not asked for are not taken, and the run ends with a failure that says so."""

    async def act(request: httpx.Request, server: Server) -> httpx.Response:
        return await server(httpx.Request("GET", request.url.copy_remove_param("query"), headers=request.headers))

    server = FaultyServer(label_studio(range(1, 101)), Fault(act, path=LIST, times=ALWAYS))
    tasks, report = fetch(server, PROJECT, work=[Work(1, Interval(40, 99))], workers=1)
    assert tasks == []
    [failure] = report.failures
    assert (failure.what, "not asked for" in failure.reason) == ("tasks 40-99 of project 1", True)


# servers that go away


def test_what_came_before_the_server_went_is_kept() -> None:
    """A server that dies in mid-run: what was fetched stands, what is left is reported with the reason."""
    server = FaultyServer(label_studio(range(1, 501)), Fault(refused(), skip=8, times=ALWAYS))
    tasks, report = fetch(server, PROJECT, page_size=20)
    assert 0 < len(tasks) < 500
    assert report.failures
    assert all("no connection" in failure.reason for failure in report.failures)


def test_single_ids_that_came_before_the_server_went_are_kept() -> None:
    """Also of a few single ids, those that came stand, and each other one is reported."""
    server = FaultyServer(label_studio(range(1, 21)), Fault(refused(), skip=8, times=ALWAYS))
    tasks, report = fetch(server, select(list(range(1, 21))), workers=2)
    failed = {int(failure.what.removeprefix("task ")) for failure in report.failures}
    assert len(tasks) == 7
    assert failed == set(range(1, 21)) - set(ids(tasks))


def test_a_server_that_comes_back_is_waited_for() -> None:
    """A server that is away for some seconds costs nothing but the wait."""
    server = FaultyServer(label_studio(range(1, 501)), Fault(refused(), skip=8, times=12))
    tasks, report = fetch(server, PROJECT, page_size=20)
    assert ids(tasks) == list(range(1, 501))
    assert report.failures == []
    assert report.retries == 12


@pytest.mark.parametrize(
    "act", [html_page(404), html_page(200), status(503)], ids=["a page for 404", "a page for 200", "503"]
)
def test_a_proxy_whose_server_starts_anew_is_waited_for(act: Act) -> None:
    """Once the server has answered, a web page in its place is a passing trouble."""
    server = FaultyServer(label_studio(range(1, 301)), Fault(act, skip=6, times=4))
    tasks, report = fetch(server, PROJECT, page_size=50)
    assert ids(tasks) == list(range(1, 301))
    assert report.failures == []


def test_a_server_that_never_gives_a_task_is_gone() -> None:
    """Where not one task came, the error that ended the run is raised."""
    server = FaultyServer(label_studio(range(1, 51)), Fault(refused(), skip=3, times=ALWAYS))
    with pytest.raises(Unreachable, match="no connection to https://label-studio"):
        fetch(server, PROJECT)


def test_a_wrong_address_is_told_from_a_missing_task() -> None:
    """A 404 that is a web page means a wrong address, also where single ids are asked for."""
    server = FaultyServer(label_studio([1]), Fault(html_page(404), path="/api/tasks/1", times=ALWAYS))
    with pytest.raises(WrongAddress, match="without /api"):
        fetch(server, select("1"))


def test_a_server_that_fails_on_every_task_is_given_up() -> None:
    """A server that says its version and fails on one task after the other is not asked for thousands."""
    server = FaultyServer(label_studio(range(1, 5001)), Fault(holding(set(range(1, 5001)), status(500)), times=ALWAYS))
    with pytest.raises(Unreachable, match="one task after the other"):
        fetch(server, PROJECT)
    assert len(server.requests) < 1000


def test_a_token_revoked_in_mid_run_keeps_what_came() -> None:
    """A refused token ends the run; what was fetched stands, and the failures name the cause."""
    fake = label_studio(range(1, 501))
    revoke = before(lambda: setattr(fake.tokens, "legacy_enabled", False))
    tasks, report = fetch(FaultyServer(fake, Fault(revoke, skip=8)), PROJECT, page_size=20)
    assert 0 < len(tasks) < 500
    assert all("Legacy tokens are switched off" in failure.reason for failure in report.failures)


def test_one_forbidden_task_does_not_end_the_run() -> None:
    """A 403 for one task is reported for this one; the others come."""
    server = FaultyServer(label_studio([1, 2, 3]), Fault(refuses(403, "No."), path="/api/tasks/2", times=ALWAYS))
    tasks, report = fetch(server, select("1,2,3"))
    assert ids(tasks) == [1, 3]
    assert [failure.what for failure in report.failures] == ["task 2"]


def test_nothing_but_forbidden_tasks_is_a_refusal() -> None:
    """Where all that was asked for is forbidden, the run ends with the refusal."""
    server = FaultyServer(label_studio([1, 2]), Fault(refuses(403, "No."), path="/api/tasks/", times=ALWAYS))
    with pytest.raises(Forbidden, match=r"403: No\."):
        fetch(server, select("1,2"))


@pytest.mark.parametrize(
    "body",
    [b"[]", b'{"id": "x"}', b'{"detail": "odd"}', b'{"id": 2}', b'{"id": 1, "data', b"", b"null"],
    ids=["a list", "a text as id", "no id", "another id", "cut", "nothing", "null"],
)
def test_an_answer_that_is_no_such_task_is_a_failure_of_this_task(body: bytes) -> None:
    """Whatever comes in place of a task, the task is reported and the run goes on."""
    server = FaultyServer(label_studio([1, 3]), Fault(edited(lambda _: body), path="/api/tasks/1", times=ALWAYS))
    tasks, report = fetch(server, select("1,3"))
    assert ids(tasks) == [3]
    assert [failure.what for failure in report.failures] == ["task 1"]


@pytest.mark.parametrize(
    "body", [b"[]", b'{"total": 1}', b'{"total": 1, "tasks": [{"id": null}]}', b'{"total": 1, "tasks": [5]}']
)
def test_an_answer_that_is_no_list_of_tasks_is_a_failure(body: bytes) -> None:
    """Whatever comes in place of a list, the run ends with a failure that names the tasks."""
    odd = Fault(edited(lambda _: body), path=LIST, skip=2, times=ALWAYS)
    tasks, report = fetch(FaultyServer(label_studio([1, 3]), odd), PROJECT, workers=1)
    assert tasks == []
    assert [failure.what for failure in report.failures] == ["tasks 1-3 of project 1"]


# surveys


def test_a_named_project_that_does_not_exist_is_reported() -> None:
    """Of the projects named, those that exist are loaded, the others reported."""
    tasks, report = fetch(label_studio([1]), select(project_ids=[1, 99]))
    assert ids(tasks) == [1]
    assert [failure.what for failure in report.failures] == ["project 99"]


def test_no_named_project_exists() -> None:
    """Where no project named exists, nothing is fetched, and the text says where its number stands."""
    with pytest.raises(SelectionError, match=r"no project 98, 99.*after /projects/"):
        fetch(label_studio([1]), select(project_ids=[98, 99]))


def test_a_project_that_cannot_be_counted_is_reported() -> None:
    """A project whose tasks can't be counted is reported; the others are loaded."""
    fake = label_studio([1])
    fake.put(task(2, project=2))
    server = FaultyServer(fake, Fault(status(500), path=LIST, params={"project": "2"}, times=ALWAYS))
    tasks, report = fetch(server, select(project_ids="all"))
    assert ids(tasks) == [1]
    assert [failure.what for failure in report.failures] == ["project 2"]


def test_a_project_deleted_since_it_was_listed_is_passed_over() -> None:
    """A project that goes away between the list of projects and its count is no failure: nobody named it."""
    fake = label_studio([1])
    server = FaultyServer(fake, Fault(before(lambda: fake.projects.pop(2, None)), path=LIST))
    tasks, report = fetch(server, select(project_ids="all"))
    assert ids(tasks) == [1]
    assert report.failures == []


def test_a_survey_that_fails_leaves_nothing_running() -> None:
    """Once one project's survey ends the run, the requests for the other projects end, too."""
    fake = label_studio()
    fake.projects = {number: {"id": number} for number in range(1, 101)}
    seen = 0

    async def server(request: httpx.Request) -> httpx.Response:
        nonlocal seen
        seen += 1
        await asyncio.sleep(1)
        return await fake(request)

    async def main() -> tuple[int, int]:
        async with client(server, key="f" * 40) as refused:
            with pytest.raises(AccessDenied):
                await survey(refused, select(project_ids=list(range(1, 101))), Report())
            before = seen
            await asyncio.sleep(60)
            return before, len(asyncio.all_tasks())

    assert run(main()) == (seen, 1)


# drafts


def with_drafts(*task_ids: int) -> Any:
    fake = label_studio(range(1, 6))
    for task_id in task_ids:
        fake.put(task(task_id, draft_exists=True))
        fake.drafts += [{"id": task_id * 10 + n, "task": task_id, "user": f"{n}@example.com"} for n in range(2)]
    return fake


@pytest.mark.parametrize("selection", [PROJECT, select("1,2,3,4,5")], ids=["list", "single"])
def test_drafts_of_all_users_come_with_their_task(selection: Selection) -> None:
    """A task with drafts brings everybody's; a task without costs no request."""
    fake = with_drafts(2, 4)
    tasks, _ = fetch(fake, selection)
    drafts = {task.id: [draft["id"] for draft in json.loads(task.drafts)] for task in tasks if task.drafts}
    assert drafts == {2: [20, 21], 4: [40, 41]}
    assert fake.counts["/api/tasks/{id}/drafts"] == 2


def test_a_task_whose_drafts_cannot_be_had_is_reported() -> None:
    """Without its drafts a task is not whole: it is reported and not handed over."""
    server = FaultyServer(with_drafts(2), Fault(status(500), path="/drafts", times=ALWAYS))
    tasks, report = fetch(server, PROJECT)
    assert ids(tasks) == [1, 3, 4, 5]
    assert report.failures[0].what == "task 2"
    assert report.failures[0].reason.startswith("its drafts: ")
    assert 2 not in report.fetched


def test_drafts_that_the_user_may_not_see_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Where the server forbids other users' drafts, tasks come with their own, and a warning says so once."""
    server = FaultyServer(with_drafts(2, 4), Fault(refuses(403, "No."), path="/drafts", times=ALWAYS))
    tasks, report = fetch(server, PROJECT)
    assert ids(tasks) == [1, 2, 3, 4, 5]
    assert all(task.drafts is None for task in tasks)
    assert report.failures == []
    assert caplog.text.count("only drafts of the token's own user") == 1


# how a fetch ends


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("taken", [0, 1, 5])
def test_a_consumer_may_stop_early(workers: int, taken: int) -> None:
    """Leaving in the middle ends all requests at once, also while pages wait to be taken."""

    async def main() -> int:
        async with client(label_studio(range(1, 201)), connections=workers) as connected:
            work = [Work(1, Interval(1, 200))]
            async with Fetch(connected, PROJECT, work, Report(), page_size=1) as fetching:
                for _ in range(taken):
                    await fetching.page()
                await asyncio.sleep(1)
        return len(asyncio.all_tasks())

    assert run(main()) == 1


def test_a_consumer_may_fail() -> None:
    """An error of the one who takes the pages passes through, and nothing is left running."""

    async def consume() -> None:
        async with (
            client(label_studio(range(1, 201))) as connected,
            Fetch(connected, PROJECT, [Work(1, Interval(1, 200))], Report(), page_size=1) as fetching,
        ):
            await fetching.page()
            raise ZeroDivisionError

    async def main() -> int:
        with pytest.raises(ZeroDivisionError):
            await consume()
        return len(asyncio.all_tasks())

    assert run(main()) == 1


def test_a_fetch_may_be_cancelled() -> None:
    """Cancelling whoever waits for a page ends the fetch, and nothing is left running."""

    async def consume() -> None:
        async with (
            client(FaultyServer(label_studio([1]), Fault(slow(1000), times=ALWAYS))) as connected,
            Fetch(connected, PROJECT, [Work(1, Interval(1, 9))], Report()) as fetching,
        ):
            await fetching.page()

    async def main() -> int:
        consumer = asyncio.create_task(consume())
        await asyncio.sleep(1)
        consumer.cancel()
        await asyncio.gather(consumer, return_exceptions=True)
        assert consumer.cancelled()
        return len(asyncio.all_tasks())

    assert run(main()) == 1


def slow(seconds: float) -> Act:
    """The true answer, late."""

    async def act(request: httpx.Request, server: Server) -> httpx.Response:
        await asyncio.sleep(seconds)
        return await server(request)

    return act


def test_an_unforeseen_error_in_one_worker_ends_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in one worker is raised to the consumer, and the other workers end."""

    async def main() -> int:
        async with client(label_studio(range(1, 101)), connections=2) as connected:
            real = connected.page

            async def page(project_id: int, piece: Any, size: int, since: Any) -> Any:
                if piece.first > 50:
                    raise ZeroDivisionError
                await asyncio.sleep(1000)
                return await real(project_id, piece, size, since)

            monkeypatch.setattr(connected, "page", page)
            work = [Work(1, Interval(1, 50)), Work(1, Interval(51, 100))]
            async with Fetch(connected, PROJECT, work, Report()) as fetching:
                with pytest.raises(ZeroDivisionError):
                    await fetching.page()
                return len(asyncio.all_tasks())

    assert run(main()) == 1


def test_the_end_can_be_asked_for_again() -> None:
    """After the last page comes None, however often it is asked for."""

    async def main() -> list[Any]:
        async with (
            client(label_studio([1])) as connected,
            Fetch(connected, PROJECT, [Work(1, Interval(1, 9))], Report()) as fetching,
        ):
            return [await fetching.page() for _ in range(3)]

    first, *others = run(main())
    assert ids(first) == [1]
    assert others == [None, None]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(Interval, st.integers(1, 50), st.integers(51, 90))
        | st.just(IdList((200, 300)))
        | st.just(Interval(100, 100)),
        max_size=8,
    ),
    st.integers(1, 6),
    st.integers(1, 9),
)
def test_any_pieces_come_to_an_end(pieces: list[Any], workers: int, page_size: int) -> None:
    """Empty pieces, overlapping pieces, more workers than pieces: the fetch ends, and no task comes twice."""
    work = [Work(1, piece) for piece in pieces]
    tasks, report = fetch(label_studio(range(20, 70, 3)), PROJECT, work=work, workers=workers, page_size=page_size)
    expected = {number for number in range(20, 70, 3) if any(number in piece for piece in pieces)}
    assert ids(tasks) == sorted(expected)
    assert report.failures == []


def test_a_page_holds_at_least_one_task() -> None:
    """A page size of 0 is refused."""
    with pytest.raises(ConfigurationError, match="at least one task"):
        fetch(label_studio([1]), PROJECT, page_size=0)
