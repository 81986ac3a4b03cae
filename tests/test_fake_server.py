"""The fake Label Studio answers as the real one was measured to answer."""

import asyncio
import gzip
import json
from collections import defaultdict
from datetime import datetime
from email.utils import parsedate_to_datetime
from importlib.resources import files
from pathlib import Path
from statistics import fmean, median
from typing import Any

import httpx
import pytest
from faults import (
    INFINITY,
    INVALID_UTF8,
    LONE_SURROGATE,
    NAN,
    Fault,
    FaultyServer,
    Server,
    before,
    dropped,
    expired,
    html_page,
    raw_value,
    refused,
    status,
    timed_out,
    truncated,
)

from pipelines.demo import FakeLabelStudio, load_sample
from pipelines.demo.make_sample import build
from pipelines.demo.sample_projects import counters
from pipelines.demo.tokens import LEGACY_DISABLED, NO_CREDENTIALS

Json = dict[str, Any]

USERS = [
    {
        "id": 1,
        "first_name": "",
        "last_name": "",
        "avatar": None,
        "email": "one@example.com",
        "initials": "on",
    },
    {
        "id": 2,
        "first_name": "",
        "last_name": "",
        "avatar": None,
        "email": "two@example.com",
        "initials": "tw",
    },
]


def draft(draft_id: int, task_id: int, user: str) -> Json:
    return {"id": draft_id, "task": task_id, "user": user, "result": [], "annotation": None}


def task(task_id: int, project: int = 1, **more: Any) -> Json:
    annotation = {
        "id": task_id * 10,
        "completed_by": 2,
        "result": [{"type": "choices"}],
        "was_cancelled": False,
    }
    moment = f"2026-11-{task_id:02d}T08:00:00.{task_id:06d}Z"
    base = {
        "id": task_id,
        "project": project,
        "inner_id": task_id,
        "data": {"text": f"text {task_id}"},
        "meta": {},
    }
    times = {"created_at": moment, "updated_at": moment, "completed_at": moment if task_id % 2 else None}
    lists = {"annotations": [annotation], "predictions": [], "drafts": [], "annotators": [2]}
    counts = {
        "total_annotations": 1,
        "total_predictions": 0,
        "draft_exists": False,
        "annotations_results": "",
    }
    return {**base, **times, **lists, **counts, **more}


@pytest.fixture
def fake() -> FakeLabelStudio:
    projects = [{"id": 1, "title": "First"}, {"id": 2, "title": "Empty"}, {"id": 3, "title": "Third"}]
    drafts = [draft(1, 4, "one@example.com"), draft(2, 4, "two@example.com")]
    tasks = [task(number) for number in range(1, 8)] + [task(20, project=3)]
    return FakeLabelStudio(tasks, projects, USERS, drafts=drafts, clock=lambda: 1_795_000_000.0)


def send(server: Server, path: str, *, method: str = "GET", **request: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.MockTransport(server)
        async with httpx.AsyncClient(transport=transport, base_url="https://example.com") as client:
            return await client.request(method, path, **request)

    return asyncio.run(run())


def get(server: Server, path: str, **params: Any) -> httpx.Response:
    fake = server.fake if isinstance(server, FaultyServer) else server
    assert isinstance(fake, FakeLabelStudio)
    return send(server, path, params=params or None, headers={"Authorization": f"Token {fake.token}"})


def ids(fake: FakeLabelStudio, query: Json, **params: Any) -> list[int]:
    reply = get(fake, "/api/tasks", project=1, include="id", query=json.dumps(query), **params)
    assert reply.status_code == 200, reply.text
    return [row["id"] for row in reply.json()["tasks"]]


def by(operator: str, value: Any, column: str = "id", kind: str = "Number") -> Json:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def where(*items: Json, conjunction: str = "and") -> Json:
    return {"filters": {"conjunction": conjunction, "items": list(items)}}


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("equal", "2", [2]),
        ("not_equal", 2, [1, 3, 4, 5, 6, 7]),
        ("less", 3, [1, 2]),
        ("less_or_equal", 3, [1, 2, 3]),
        ("greater", 5, [6, 7]),
        ("greater_or_equal", 5, [5, 6, 7]),
        ("in", {"min": 2, "max": "4"}, [2, 3, 4]),
        ("not_in", {"min": 2, "max": 6}, [1, 7]),
        ("in_list", [7, "1", 99], [1, 7]),
        ("not_in_list", [1, 2, 3, 4, 5], [6, 7]),
        ("empty", True, []),
        ("contains", 2, []),
        ("starts_with", 2, [2]),
    ],
)
def test_id_filters(fake: FakeLabelStudio, operator: str, value: Any, expected: list[int]) -> None:
    """Filters on the task id select as the Data Manager does; an unknown operator silently means equality."""
    assert ids(fake, where(by(operator, value))) == expected


def test_conjunctions_and_selected_items(fake: FakeLabelStudio) -> None:
    """Filters join with and or or, and selected items narrow the result further."""
    assert ids(fake, where(by("greater", 2), by("less", 5))) == [3, 4]
    assert ids(fake, where(by("equal", 2), by("equal", 5), conjunction="or")) == [2, 5]
    assert ids(fake, {"selectedItems": {"all": False, "included": [3, 20]}}) == [3]


def test_datetime_filters_are_strict_to_the_microsecond(fake: FakeLabelStudio) -> None:
    """The server's own updated_at makes an exact lower bound that leaves out its own task."""
    moment = fake.tasks[5]["updated_at"]
    assert ids(fake, where(by("greater", moment, "updated_at", "Datetime"))) == [6, 7]
    assert ids(fake, where(by("greater_or_equal", moment, "updated_at", "Datetime"))) == [5, 6, 7]
    assert ids(fake, where(by("empty", True, "completed_at", "Datetime"))) == [2, 4, 6]
    assert ids(fake, where(by("not_equal", moment, "completed_at", "Datetime"))) == [1, 3, 7]


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "[]",
        where(by("greater", "2026-11-01", "updated_at", "Datetime")),
        where(by("equal", None)),
        where(by("equal", "abc")),
        where(by("in", 5)),
        where(by("equal", 1, "nothing")),
        where({**by("equal", 1), "filter": "id"}),
        where(by("equal", 1), conjunction="xor"),
    ],
)
def test_client_mistakes_are_500(fake: FakeLabelStudio, query: Any) -> None:
    """A malformed query is answered with a JSON 500, never with a 400."""
    text = query if isinstance(query, str) else json.dumps(query)
    reply = get(fake, "/api/tasks", project=1, query=text)
    assert (reply.status_code, reply.json()["status_code"]) == (500, 500)


def test_ordering(fake: FakeLabelStudio) -> None:
    """Only the first ordering entry counts, a minus reverses it, and nulls come last either way."""
    assert ids(fake, {"ordering": ["-tasks:id", "tasks:updated_at"]}) == [7, 6, 5, 4, 3, 2, 1]
    assert ids(fake, {"ordering": ["-tasks:completed_at"]}) == [7, 5, 3, 1, 2, 4, 6]


def test_pages(fake: FakeLabelStudio) -> None:
    """Pages count from 1, `last` names the final one, and a page past the end is a JSON 404."""
    assert ids(fake, {}, page=2, page_size=3) == [4, 5, 6]
    assert ids(fake, {}, page="last", page_size=3) == [7]
    assert ids(fake, {}, page_size=0) == [1, 2, 3, 4, 5, 6, 7]
    for page in (0, -1, "abc", 4):
        reply = get(fake, "/api/tasks", project=1, page=page, page_size=3)
        assert (reply.status_code, reply.json()["detail"]) == (404, "Invalid page.")


def test_totals_count_what_the_filter_leaves(fake: FakeLabelStudio) -> None:
    """The reply's totals belong to the filtered tasks, not to the page."""
    reply = get(fake, "/api/tasks", project=1, page_size=1, query=json.dumps(where(by("greater", 4)))).json()
    assert (reply["total"], reply["total_annotations"], len(reply["tasks"])) == (3, 3, 1)
    assert get(fake, "/api/tasks", project=2).json()["total"] == 0


def test_list_equals_get_task(fake: FakeLabelStudio) -> None:
    """With fields=all and completed_by expanded, the list gives Get task's object but for the results' texts."""
    listed = get(fake, "/api/tasks", project=1, fields="all", expand="annotations.completed_by").json()["tasks"]
    single = get(fake, "/api/tasks/4/").json()
    assert single["annotations"][0]["completed_by"]["email"] == "two@example.com"
    assert {**listed[3], "annotations_results": ""} == single
    assert listed[3]["annotations_results"] == "[{type: choices}]"


def test_list_forms(fake: FakeLabelStudio) -> None:
    """Without expand completed_by is an id, without fields=all annotations are missing, include and omit trim."""
    full = get(fake, "/api/tasks", project=1, fields="all").json()["tasks"][0]
    assert full["annotations"][0]["completed_by"] == 2
    assert "annotations" not in get(fake, "/api/tasks", project=1).json()["tasks"][0]
    light = get(fake, "/api/tasks", project=1, include="id,updated_at", omit="updated_at").json()["tasks"][0]
    assert light == {"id": 1}


def test_drafts(fake: FakeLabelStudio) -> None:
    """Get task shows the token user's drafts, the drafts endpoint everybody's, and none for a missing task."""
    assert [each["id"] for each in get(fake, "/api/tasks/4").json()["drafts"]] == [1]
    assert get(fake, "/api/tasks/4").json()["draft_exists"] is True
    assert [each["id"] for each in get(fake, "/api/tasks/4/drafts").json()] == [1, 2]
    assert get(fake, "/api/tasks/99/drafts").json() == []


def test_two_kinds_of_404(fake: FakeLabelStudio) -> None:
    """A missing task is a JSON 404; an unknown path, drafts with a slash too, an HTML one even without a login."""
    missing = get(fake, "/api/tasks/99/")
    assert (missing.status_code, missing.json()["detail"]) == (404, "No Task matches the given query.")
    assert get(fake, "/api/tasks/1", project=2).json()["detail"] == "No Task matches the given query."
    for path in ("/api/tasks/abc/", "/api/tasks/1/drafts/", "/wrong/api/tasks/1"):
        page = send(fake, path)
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_list_needs_a_project(fake: FakeLabelStudio) -> None:
    """No project is a bare 404, an unknown one the usual JSON 404, a wrong one or a bad flag a 400."""
    assert get(fake, "/api/tasks/").json() == {"detail": "Neither project nor view id specified"}
    assert get(fake, "/api/tasks", project=77).json()["detail"] == "No Project matches the given query."
    assert get(fake, "/api/tasks", project="x").json()["validation_errors"].keys() == {"project"}
    assert get(fake, "/api/tasks", project=1, resolve_uri="maybe").status_code == 400


def test_projects_are_paged_newest_first() -> None:
    """At most 100 projects come at once, newest first, with links to the pages around."""
    fake = FakeLabelStudio(projects=[{"id": number, "title": "p"} for number in range(1, 151)])
    first = get(fake, "/api/projects", page_size=500, include="id").json()
    assert (first["count"], len(first["results"]), first["results"][0]) == (150, 100, {"id": 150})
    assert first["next"] == "https://example.com/api/projects/?include=id&page=2&page_size=500"
    second = get(fake, first["next"]).json()
    assert (len(second["results"]), second["next"]) == (50, None)
    assert second["previous"] == "https://example.com/api/projects/?include=id&page_size=500"


def test_users_and_version(fake: FakeLabelStudio) -> None:
    """Users are a plain list; version and health need no credentials."""
    assert [user["id"] for user in get(fake, "/api/users/").json()] == [1, 2]
    assert send(fake, "/api/version").json()["release"] == "1.23.2"
    assert send(fake, "/health").json() == {"status": "UP"}


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, NO_CREDENTIALS),
        ({"Authorization": "Bearer nonsense"}, NO_CREDENTIALS),
        ({"Authorization": "Token nonsense"}, "Invalid token."),
        ({"X-API-Key": "nonsense"}, "Invalid token."),
    ],
)
def test_refused_credentials(fake: FakeLabelStudio, headers: dict[str, str], detail: str) -> None:
    """Bad credentials are a 401 that asks for a Token, whatever their kind."""
    reply = send(fake, "/api/tasks/1", headers=headers)
    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Token")
    assert reply.json()["detail"] == detail


def test_disabled_legacy_token(fake: FakeLabelStudio) -> None:
    """Where the organisation has legacy tokens off, a right one is refused with a text that says so."""
    fake.tokens.legacy_enabled = False
    assert get(fake, "/api/tasks/1").json()["detail"] == LEGACY_DISABLED


def refreshed(fake: FakeLabelStudio, token: str) -> httpx.Response:
    return send(fake, "/api/token/refresh/", method="POST", json={"refresh": token})


def test_access_tokens_live_300_seconds() -> None:
    """A personal access token gains access tokens of 300 s, and an expired one looks like none at all."""
    now = [1_795_000_000.0]
    fake = FakeLabelStudio([task(1)], users=USERS, clock=lambda: now[0])
    bearer = {"Authorization": "Bearer " + refreshed(fake, fake.personal_access_token).json()["access"]}
    now[0] += 299
    assert send(fake, "/api/tasks/1", headers=bearer).status_code == 200
    now[0] += 1
    assert send(fake, "/api/tasks/1", headers=bearer).json()["detail"] == NO_CREDENTIALS


def test_refresh_errors(fake: FakeLabelStudio) -> None:
    """Only a living personal access token can be refreshed, and it is no credential itself."""
    access = refreshed(fake, fake.personal_access_token).json()["access"]
    assert refreshed(fake, access).json()["detail"] == "Token has wrong type"
    assert refreshed(fake, fake.token).json()["detail"] == "Token is invalid"
    assert refreshed(fake, "").status_code == 400
    headers = {"Authorization": f"Bearer {fake.personal_access_token}"}
    assert send(fake, "/api/tasks/1", headers=headers).status_code == 401
    fake.tokens.revoke(fake.personal_access_token)
    assert refreshed(fake, fake.personal_access_token).json()["detail"] == "Token is invalid"


def test_date_header_and_records(fake: FakeLabelStudio) -> None:
    """Every answer is dated by the server's clock, and every request is kept and counted."""
    reply = get(fake, "/api/tasks/1")
    assert parsedate_to_datetime(reply.headers["date"]).timestamp() == 1_795_000_000
    get(fake, "/api/tasks", project=1)
    assert fake.counts == {"/api/tasks/{id}": 1, "/api/tasks": 1}
    assert [request.url.path for request in fake.requests] == ["/api/tasks/1", "/api/tasks"]


def test_numbers_beyond_64_bits(fake: FakeLabelStudio) -> None:
    """Integers of any size and lone surrogates pass through unchanged."""
    fake.put(task(1, data={"big": 2**80, "half": "\ud83d"}))
    assert get(fake, "/api/tasks/1").json()["data"] == {"big": 2**80, "half": "\ud83d"}


def test_script_strikes_only_what_it_names(fake: FakeLabelStudio) -> None:
    """A fault waits for its path and parameters, lets some requests pass, and is used up."""
    fault = Fault(status(429, retry_after=7, reset=60), path="/api/tasks$", params={"page": "1"}, times=2, skip=1)
    server = FaultyServer(fake, fault)
    codes = [get(server, "/api/tasks", project=1, page=page).status_code for page in (1, 1, 1, 1)]
    assert codes == [200, 429, 429, 200]
    assert get(server, "/api/tasks/1").status_code == 200
    assert (server.pending, len(server.requests), len(fake.requests)) == (0, 5, 3)


def test_rate_limit_headers(fake: FakeLabelStudio) -> None:
    """A 429 carries its waiting time in the headers, as seconds or as a date."""
    when = "Mon, 23 Nov 2026 21:00:00 GMT"
    reply = get(FaultyServer(fake, Fault(status(429, retry_after=when, reset=5))), "/api/tasks/1")
    assert (reply.headers["retry-after"], reply.headers["x-ratelimit-reset"]) == (when, "5")


def test_pages_where_json_is_due(fake: FakeLabelStudio) -> None:
    """HTML comes with 200 or 404, and truncated JSON with a content length that fits."""
    server = FaultyServer(fake, Fault(html_page()), Fault(html_page(404)), Fault(truncated()))
    replies = [get(server, "/api/tasks/1") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 404, 200]
    assert int(replies[2].headers["content-length"]) == len(replies[2].content)
    for reply in replies:
        with pytest.raises(ValueError, match=r".+"):
            reply.json()


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (refused(), httpx.ConnectError),
        (timed_out(), httpx.ReadTimeout),
        (dropped(50), httpx.RemoteProtocolError),
        (dropped(50, httpx.ReadError), httpx.ReadError),
        (dropped(0, httpx.ReadTimeout), httpx.ReadTimeout),
    ],
)
def test_transport_errors(fake: FakeLabelStudio, act: Any, error: type[Exception]) -> None:
    """Connections fail before, at and in the middle of an answer, and the next request works."""
    server = FaultyServer(fake, Fault(act))
    with pytest.raises(error):
        get(server, "/api/tasks/1")
    assert get(server, "/api/tasks/1").status_code == 200


@pytest.mark.parametrize("raw", [LONE_SURROGATE, NAN, INFINITY, INVALID_UTF8])
def test_odd_bytes(fake: FakeLabelStudio, raw: bytes) -> None:
    """A value can be replaced by bytes that a JSON encoder would not write."""
    reply = get(FaultyServer(fake, Fault(raw_value("text", raw))), "/api/tasks/1")
    assert b'"data":{"text":' + raw + b"}" in reply.content


def test_hooks_change_the_server_between_pages(fake: FakeLabelStudio) -> None:
    """Tasks deleted while a client pages by number are skipped, as on the real server."""
    server = FaultyServer(fake, Fault(before(lambda: fake.delete(1, 2)), params={"page": "2"}))
    pages = [get(server, "/api/tasks", project=1, page=page, page_size=3).json() for page in (1, 2)]
    assert [row["id"] for page in pages for row in page["tasks"]] == [1, 2, 3, 6, 7]


def test_token_can_expire_in_mid_run(fake: FakeLabelStudio) -> None:
    """An access token that runs out early is refused until it is refreshed."""
    server = FaultyServer(fake, Fault(expired(fake), skip=1))
    bearer = {"Authorization": "Bearer " + refreshed(fake, fake.personal_access_token).json()["access"]}
    assert [send(server, "/api/tasks/1", headers=bearer).status_code for _ in range(2)] == [200, 401]
    bearer = {"Authorization": "Bearer " + refreshed(fake, fake.personal_access_token).json()["access"]}
    assert send(server, "/api/tasks/1", headers=bearer).status_code == 200


REAL_TASK = json.loads((Path(__file__).parent / "cases" / "every_result_type.json").read_bytes())
SAMPLE = load_sample()
TASKS = list(SAMPLE.tasks.values())
ANNOTATIONS = [annotation for task in TASKS for annotation in task["annotations"]]
JUNIOR, QUICK, SLOW = 5, 3, 4


def test_sample_is_reproducible() -> None:
    """The kept script gives the packed sample again, byte for byte, and the pack stays small."""
    packed = files("pipelines.demo").joinpath("sample.json.gz").read_bytes()
    assert json.dumps(build()) == json.dumps(json.loads(gzip.decompress(packed)))
    assert packed[4:8] == b"\0\0\0\0"
    assert len(packed) < 600_000


def test_sample_has_the_keys_of_a_real_task() -> None:
    """Tasks, annotations, their authors and predictions have exactly the keys of a real server's answer."""
    [annotation, *_], [prediction, *_] = REAL_TASK["annotations"], REAL_TASK["predictions"]
    for task in TASKS:
        assert list(task) == list(REAL_TASK)
        assert all(list(each) == list(prediction) for each in task["predictions"])
    for each in ANNOTATIONS:
        assert list(each) == list(annotation)
        assert list(each["completed_by"]) == list(annotation["completed_by"])


def test_sample_task_counters() -> None:
    """A task's counters, flags and lists follow from its annotations, predictions and drafts."""
    for task in TASKS:
        annotations = task["annotations"]
        skipped = [each for each in annotations if each["was_cancelled"]]
        times = [each["lead_time"] for each in annotations if each["lead_time"] is not None]
        assert task["cancelled_annotations"] == len(skipped)
        assert task["total_annotations"] == len(annotations) - len(skipped)
        assert task["total_predictions"] == len(task["predictions"])
        assert task["is_labeled"] == (task["total_annotations"] >= task["overlap"])
        assert (task["completed_at"] is not None) == task["is_labeled"]
        assert task["avg_lead_time"] == (pytest.approx(fmean(times)) if times else None)
        assert task["annotators"] == sorted({each["completed_by"]["id"] for each in annotations})
        assert task["annotations_ids"] == ",".join(str(each["id"]) for each in annotations)
        assert task["draft_exists"] == any(draft["task"] == task["id"] for draft in SAMPLE.drafts)
        assert task["updated_at"] >= max((each["updated_at"] for each in annotations), default="")


def test_sample_project_counters() -> None:
    """A project's counters follow from its tasks, and its model version is one that predicted."""
    for project in SAMPLE.projects.values():
        own = [task for task in TASKS if task["project"] == project["id"]]
        expected = counters(own)
        assert {key: project[key] for key in expected} == expected
        assert project["model_version"] in {row["model_version"] for task in own for row in task["predictions"]}


def test_sample_ids_are_unique_and_in_order() -> None:
    """Ids of annotations, predictions and drafts are unique and rise with the time of creation."""
    predictions = [row for task in TASKS for row in task["predictions"]]
    for rows in (TASKS, ANNOTATIONS, predictions, SAMPLE.drafts):
        named = sorted(rows, key=lambda row: int(row["id"]))
        assert len({row["id"] for row in named}) == len(named)
        assert [row["created_at"] for row in named] == sorted(row["created_at"] for row in named)


def test_sample_parents_and_region_links_exist() -> None:
    """Parent predictions belong to the same task, and relations join regions of the same annotation."""
    for task in TASKS:
        for annotation in task["annotations"]:
            parents = {None, *(row["id"] for row in task["predictions"])}
            regions = {row.get("id") for row in annotation["result"]}
            links = [row for row in annotation["result"] if row["type"] == "relation"]
            assert annotation["parent_prediction"] in parents
            assert all({row["from_id"], row["to_id"]} <= regions for row in links)


def test_sample_spans_mark_their_text() -> None:
    """A text span's offsets cut its own words out of the task's text."""
    for task in TASKS:
        for row in (row for each in task["annotations"] for row in each["result"] if row["type"] == "labels"):
            value = row["value"]
            if row["to_name"] == "text":
                assert task["data"]["text"][value["start"] : value["end"]] == value["text"]


def sentiments(rows: list[Json]) -> list[tuple[int, str]]:
    """Who chose what, among annotations that were not skipped."""
    return [
        (each["completed_by"]["id"], row["value"]["choices"][0])
        for each in rows
        if not each["was_cancelled"]
        for row in each["result"]
        if row.get("from_name") == "sentiment"
    ]


def test_sample_annotators_differ() -> None:
    """Annotators disagree, one clearly more than the others, and they work at very different speeds."""
    agreed: dict[int, list[bool]] = defaultdict(list)
    for task in TASKS:
        chosen = sentiments(task["annotations"])
        for person, choice in chosen:
            agreed[person] += [choice == other for someone, other in chosen if someone != person]
    rates = {person: fmean(values) for person, values in agreed.items()}
    assert max(rates.values()) < 0.95
    assert all(rates[JUNIOR] < rate - 0.08 for person, rate in rates.items() if person != JUNIOR)
    speeds = {
        person: median(each["lead_time"] or 0 for each in ANNOTATIONS if each["completed_by"]["id"] == person)
        for person in rates
    }
    assert speeds[QUICK] * 3 < speeds[SLOW]


def test_sample_models_improve() -> None:
    """The newest text model is right more often than the oldest, and scores say about how often."""
    right: dict[str, list[bool]] = defaultdict(list)
    scores: dict[str, list[float]] = defaultdict(list)
    for task in (task for task in TASKS if task["project"] == 1 and task["annotations"]):
        votes = [choice for _, choice in sentiments(task["annotations"])]
        for row in task["predictions"] if votes else []:
            guess = row["result"][0]["value"]["choices"][0]
            right[row["model_version"]].append(guess == max(sorted(set(votes)), key=votes.count))
            scores[row["model_version"]].append(row["score"])
    rates = [fmean(right[version]) for version in sorted(right)]
    assert rates[0] < rates[-1]
    assert all(abs(fmean(right[version]) - fmean(scores[version])) < 0.15 for version in right)


def test_sample_covers_eight_weeks() -> None:
    """Work spreads over eight weeks that end on 2026-11-20, and weekends are quiet."""
    days = [datetime.fromisoformat(each["created_at"]) for each in ANNOTATIONS]
    assert (min(days).date().isoformat(), max(days).date().isoformat()) == ("2026-09-28", "2026-11-20")
    assert len({day.isocalendar().week for day in days}) == 8
    assert sum(day.weekday() > 4 for day in days) < len(days) / 10
    skipped = sum(each["was_cancelled"] for each in ANNOTATIONS)
    assert 0.04 < skipped / len(ANNOTATIONS) < 0.08


def test_sample_people_are_fictional() -> None:
    """Every address belongs to a domain that is reserved for examples."""
    domains = {user["email"].partition("@")[2] for user in SAMPLE.users.values()}
    assert domains == {"example.com", "example.org"}
