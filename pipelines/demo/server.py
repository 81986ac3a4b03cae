"""A Label Studio that is a plain callable: it answers httpx requests from lists of dicts, without a network.

It gives what Label Studio 1.23.2 (open source) was seen to give. Use it as the transport of a client:
`httpx.AsyncClient(transport=httpx.MockTransport(FakeLabelStudio(tasks, projects, users)))`.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from email.utils import formatdate

import httpx
import orjson

from .filters import BadQuery, Json, parse, select
from .paging import page_count, page_number, page_of, page_size, page_url
from .replies import error_reply, invalid, json_reply, missing, not_found_page, version_reply
from .shapes import condensed, expanded, flat, get_keys, list_keys, trimmed
from .tokens import Tokens

PAGE_SIZE = 100
BOOLEANS = {"1", "0", "true", "false", "yes", "no"}
LEGACY_TOKEN = "0123456789abcdef0123456789abcdef01234567"

Handler = Callable[..., httpx.Response]


class FakeLabelStudio:
    """One organisation's tasks, projects and users behind the HTTP API.

    `tasks`, `projects` and `users` are dicts by id, `drafts` is a list of everybody's drafts; all of them may be
    changed at any time, also while a client is paging. Tasks are given as Get task gives them. A task's own
    `drafts` list counts as drafts of the token's user. `requests` holds every request seen, `counts` how often each
    endpoint was asked; `tokens` issues and revokes credentials. `clock` gives epoch seconds.
    """

    def __init__(
        self,
        tasks: Iterable[Json] = (),
        projects: Iterable[Json] = (),
        users: Iterable[Json] = (),
        *,
        drafts: Iterable[Json] = (),
        token: str = LEGACY_TOKEN,
        user_id: int = 1,
        clock: Callable[[], float] = time.time,
        legacy_enabled: bool = True,
    ) -> None:
        self.tasks = {task["id"]: task for task in tasks}
        self.projects = {project["id"]: project for project in projects}
        self.users = {user["id"]: user for user in users}
        self.drafts = list(drafts)
        self.user_id = user_id
        self.clock = clock
        self.tokens = Tokens(token, user_id, clock, legacy_enabled)
        self.requests: list[httpx.Request] = []
        self.counts: Counter[str] = Counter()
        self._routes = self._table()

    @property
    def token(self) -> str:
        """The legacy token of the server's user."""
        return self.tokens.legacy

    @property
    def personal_access_token(self) -> str:
        """The personal access token (a refresh JWT) of the server's user."""
        return self.tokens.personal

    def delete(self, *task_ids: int) -> None:
        """Delete tasks, and the drafts on them."""
        for task_id in task_ids:
            self.tasks.pop(task_id, None)
        self.drafts = [draft for draft in self.drafts if draft["task"] not in task_ids]

    def put(self, *tasks: Json) -> None:
        """Insert tasks, or replace those with the same id."""
        self.tasks.update((task["id"], task) for task in tasks)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.requests.append(request)
        response = self._answer(request)
        response.headers["Date"] = formatdate(self.clock(), usegmt=True)
        return response

    def _table(self) -> list[tuple[re.Pattern[str], str, bool, Handler]]:
        routes: list[tuple[str, str, bool, Handler]] = [
            ("/api/tasks/?", "GET", True, self._list_tasks),
            ("/api/tasks/([0-9]+)/?", "GET", True, self._get_task),
            # the one path that the server knows without a trailing slash only
            ("/api/tasks/([0-9]+)/drafts", "GET", True, self._list_drafts),
            ("/api/projects/?", "GET", True, self._list_projects),
            ("/api/projects/([0-9]+)/?", "GET", True, self._get_project),
            ("/api/users/?", "GET", True, self._list_users),
            ("/api/users/([0-9]+)/?", "GET", True, self._get_user),
            ("/api/token/refresh/?", "POST", False, self._refresh),
            ("/api/version/?", "GET", False, lambda _: version_reply()),
            ("/health/?", "GET", False, lambda _: httpx.Response(200, html='{"status": "UP"}')),
        ]
        return [(re.compile(path), method, guarded, handle) for path, method, guarded, handle in routes]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        for pattern, method, guarded, handle in self._routes:
            matched = pattern.fullmatch(request.url.path)
            if matched is None:
                continue
            self.counts[pattern.pattern.removesuffix("/?").replace("([0-9]+)", "{id}")] += 1
            objection = self.tokens.objection(request) if guarded else None
            if objection:
                return error_reply(401, objection, {"WWW-Authenticate": "Token"})
            if request.method != method:
                return error_reply(405, f'Method "{request.method}" not allowed.', {"Allow": f"{method}, OPTIONS"})
            return handle(request, *map(int, matched.groups()))
        return not_found_page()

    def _refresh(self, request: httpx.Request) -> httpx.Response:
        return self.tokens.refresh(request.content)

    def _drafts(self, task: Json) -> list[Json]:
        inline: list[Json] = task.get("drafts") or []
        return [*inline, *(draft for draft in self.drafts if draft["task"] == task["id"])]

    def _own_drafts(self, task: Json) -> list[Json]:
        email = self.users.get(self.user_id, {}).get("email")
        inline: list[Json] = task.get("drafts") or []
        others = self.drafts
        return [
            *inline,
            *(draft for draft in others if draft["task"] == task["id"] and draft["user"] == email),
        ]

    def _get_task(self, request: httpx.Request, task_id: int) -> httpx.Response:
        task = self.tasks.get(task_id)
        project = request.url.params.get("project")
        if task is None or (project and project != str(task["project"])):
            return missing("Task")
        row = {key: task[key] for key in get_keys(task, request.url.params)}
        return json_reply(self._filled(row, task, {"annotations_results": "", "predictions_results": ""}, expand=True))

    def _filled(self, row: Json, task: Json, texts: Json, *, expand: bool) -> Json:
        """`row` with the fields that depend on who asks, and how."""
        row.update((key, value) for key, value in texts.items() if key in row)
        if "annotations" in row:
            people = self.users if expand else None
            row["annotations"] = [
                expanded(each, people) if people is not None else flat(each) for each in row["annotations"] or []
            ]
        if "drafts" in row:
            row["drafts"] = self._own_drafts(task)
        if "draft_exists" in row:
            row["draft_exists"] = bool(self._drafts(task))
        return row

    def _list_drafts(self, _: httpx.Request, task_id: int) -> httpx.Response:
        task = self.tasks.get(task_id)
        return json_reply(self._drafts(task) if task else [])

    def _list_tasks(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        refusal = self._refused_listing(params)
        if refusal:
            return refusal
        project = int(params["project"])
        try:
            query = parse(params["query"]) if "query" in params else orjson.loads(request.content or b"{}")
            found = select((task for task in self.tasks.values() if task["project"] == project), query)
        except BadQuery as error:
            return error_reply(500, str(error))
        page = page_of(found, params, PAGE_SIZE, None)
        if page is None:
            return error_reply(404, "Invalid page.")
        return json_reply(
            {
                "total_annotations": sum(task.get("total_annotations") or 0 for task in found),
                "total_predictions": sum(task.get("total_predictions") or 0 for task in found),
                "total": len(found),
                "tasks": [self._listed(task, params) for task in page],
            }
        )

    def _refused_listing(self, params: httpx.QueryParams) -> httpx.Response | None:
        project = params.get("project", "")
        if not project:
            return json_reply({"detail": "Neither project nor view id specified"}, 404)
        if not project.isdigit():
            return invalid(project=f'Incorrect value in key "project" = "{project}". It should be digit string.')
        if int(project) not in self.projects:
            return missing("Project")
        resolve = params.get("resolve_uri", "true")
        if resolve.lower() not in BOOLEANS:
            return invalid(
                resolve_uri=f'Incorrect bool value "{resolve}". It should be one of [1, 0, true, false, yes, no]'
            )
        return None

    def _listed(self, task: Json, params: httpx.QueryParams) -> Json:
        expand = "annotations.completed_by" in params.get("expand", "")
        row = {key: task[key] for key in list_keys(task, params)}
        if params.get("fields") != "all":
            return trimmed(row)
        texts: Json = {
            name: condensed(task.get(name.removesuffix("_results")) or [])
            for name in ("annotations_results", "predictions_results")
            if name in row
        }
        self._filled(row, task, texts, expand=expand)
        if "include" in params and "annotations" in row and not expand:
            row["annotations"] = [{"id": annotation["id"]} for annotation in row["annotations"]]
        return row

    def _list_projects(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        newest_first = [self.projects[key] for key in sorted(self.projects, reverse=True)]
        page = page_of(newest_first, params, PAGE_SIZE, PAGE_SIZE)
        if page is None:
            return error_reply(404, "Invalid page.")
        number, last = (
            page_number(params),
            page_count(len(newest_first), page_size(params, PAGE_SIZE, PAGE_SIZE)),
        )
        number = last if number is None else number
        return json_reply(
            {
                "count": len(newest_first),
                "next": page_url(request.url, number + 1) if number < last else None,
                "previous": page_url(request.url, number - 1) if number > 1 else None,
                "results": [{key: each[key] for key in get_keys(each, params)} for each in page],
            }
        )

    def _get_project(self, _: httpx.Request, project_id: int) -> httpx.Response:
        project = self.projects.get(project_id)
        return json_reply({**project, **self._counters(project_id, project)}) if project else missing("Project")

    def _counters(self, project_id: int, project: Json) -> Json:
        """The project's counters, as its tasks are now."""
        tasks = [task for task in self.tasks.values() if task["project"] == project_id]
        annotations = [annotation for task in tasks for annotation in task.get("annotations") or ()]
        skipped = sum(bool(annotation.get("was_cancelled")) for annotation in annotations)
        now = {
            "task_number": len(tasks),
            "total_annotations_number": len(annotations) - skipped,
            "skipped_annotations_number": skipped,
            "total_predictions_number": sum(len(task.get("predictions") or ()) for task in tasks),
        }
        return {name: number for name, number in now.items() if name in project}

    def _list_users(self, _: httpx.Request) -> httpx.Response:
        return json_reply(list(self.users.values()))

    def _get_user(self, _: httpx.Request, user_id: int) -> httpx.Response:
        user = self.users.get(user_id)
        return json_reply(user) if user else missing("User")
