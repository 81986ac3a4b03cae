"""The real Label Studio gives back what was put into it, and what the rest of the tests take for granted about it."""

from typing import Any

import httpx
import pytest
from real_label_studio import RealLabelStudio
from seeding import EVERY_RESULT_TYPE, ODD_PREDICTIONS, ODD_RESULTS, Seed, SeededProject

pytestmark = pytest.mark.real

LISTING = "/api/tasks?fields=all&expand=annotations.completed_by&resolve_uri=false&page_size=1000&project="
VOLATILE = {"annotations_ids", "predictions_model_versions", "annotations_results", "predictions_results"}


def get_task(server: RealLabelStudio, task: int, token: str | None = None) -> dict[str, Any]:
    """The server's Get task answer."""
    answer: dict[str, Any] = server.api("GET", f"/api/tasks/{task}/", token=token)
    return answer


def list_tasks(server: RealLabelStudio, project: SeededProject) -> list[dict[str, Any]]:
    """All tasks of a project from the listing."""
    tasks: list[dict[str, Any]] = server.api("GET", f"{LISTING}{project.id}")["tasks"]
    return tasks


def test_every_result_type_comes_back_as_it_was_sent(label_studio: RealLabelStudio, seeded: Seed) -> None:
    """Label Studio stores results untouched, in their order."""
    task = get_task(label_studio, seeded.every_type.task_ids[0])

    assert [a["result"] for a in task["annotations"]] == [a["result"] for a in EVERY_RESULT_TYPE["annotations"]]
    assert [p["result"] for p in task["predictions"]] == [p["result"] for p in EVERY_RESULT_TYPE["predictions"]]
    assert (task["data"], task["meta"]) == (EVERY_RESULT_TYPE["data"], EVERY_RESULT_TYPE["meta"])


def test_get_task_has_the_keys_of_the_kept_case(label_studio: RealLabelStudio, seeded: Seed) -> None:
    """The case that the other tests rest on has the same keys at every level as this server's answer."""
    task = get_task(label_studio, seeded.every_type.task_ids[0])

    assert task.keys() == EVERY_RESULT_TYPE.keys()
    for child in ("annotations", "predictions"):
        assert task[child][0].keys() == EVERY_RESULT_TYPE[child][0].keys()


def test_the_seed_counts_what_the_server_holds(label_studio: RealLabelStudio, seeded: Seed) -> None:
    """Ids and counts in the Seed are those of the listing; deleted tasks leave holes in the ids."""
    for project in seeded.projects:
        tasks = list_tasks(label_studio, project)
        annotations = [annotation for task in tasks for annotation in task["annotations"]]

        assert tuple(task["id"] for task in tasks) == project.task_ids
        assert len(annotations) == project.annotations
        assert sum(annotation["was_cancelled"] for annotation in annotations) == project.cancelled
        assert sum(len(task["predictions"]) for task in tasks) == project.predictions
    assert len(seeded.boxes.deleted) == 5
    assert not set(seeded.boxes.deleted) & set(seeded.task_ids)


def test_get_task_shows_only_the_drafts_of_the_token(label_studio: RealLabelStudio, seeded: Seed) -> None:
    """A task's own drafts address shows everybody's; Get task says only that there are some."""
    with_drafts = [task["id"] for task in list_tasks(label_studio, seeded.sentiment) if task["draft_exists"]]
    tokens = {"admin@example.com": label_studio.legacy_token, "annotator@example.com": label_studio.other_legacy_token}

    for task in with_drafts:
        everybodys = label_studio.api("GET", f"/api/tasks/{task}/drafts")
        assert {draft["user"] for draft in everybodys} == tokens.keys()
        for email, token in tokens.items():
            assert [draft["user"] for draft in get_task(label_studio, task, token)["drafts"]] == [email]
    drafts = [draft for task in with_drafts for draft in label_studio.api("GET", f"/api/tasks/{task}/drafts")]
    assert len(drafts) == seeded.sentiment.drafts
    assert {draft["annotation"] is None for draft in drafts} == {True, False}


def test_the_listing_gives_what_get_task_gives(label_studio: RealLabelStudio, seeded: Seed) -> None:
    """All that differs are texts made for the screen, and `created_ago`, which counts the minutes."""

    def steady(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: steady(item) for key, item in value.items() if key not in VOLATILE | {"created_ago"}}
        return [steady(item) for item in value] if isinstance(value, list) else value

    for project in (seeded.every_type, seeded.sentiment, seeded.odd_rows):
        for listed in list_tasks(label_studio, project):
            assert steady(listed) == steady(get_task(label_studio, listed["id"]))


@pytest.mark.parametrize(("position", "name"), list(enumerate(ODD_RESULTS)))
def test_odd_results_come_back_unchanged(label_studio: RealLabelStudio, seeded: Seed, position: int, name: str) -> None:
    """The server checks no more of an annotation's result than that it is a list."""
    task = get_task(label_studio, seeded.odd_rows.task_ids[position])

    assert task["data"]["text"] == name
    assert [annotation["result"] for annotation in task["annotations"]] == [ODD_RESULTS[name]]


def test_short_predictions_become_rows_without_id(label_studio: RealLabelStudio, seeded: Seed) -> None:
    """A string or an object becomes one row; what fits no control becomes null."""
    task = get_task(label_studio, seeded.odd_rows.task_ids[0])

    assert [prediction["result"] for prediction in task["predictions"]] == [kept for _, kept in ODD_PREDICTIONS]


def test_the_annotators_answers_differ(label_studio: RealLabelStudio, seeded: Seed) -> None:
    """The sentiment project has what agreement needs: both users, equal and differing answers, ground truth."""
    tasks = list_tasks(label_studio, seeded.sentiment)
    annotations = [annotation for task in tasks for annotation in task["annotations"]]

    authors = {annotation["completed_by"]["id"] for annotation in annotations}
    assert authors == {label_studio.user_id, label_studio.other_user_id}
    assert sum(annotation["ground_truth"] for annotation in annotations) == 1
    assert any(annotation["updated_by"] != annotation["completed_by"]["id"] for annotation in annotations)
    assert any(annotation["parent_prediction"] for annotation in annotations)
    assert {p["model_version"] for task in tasks for p in task["predictions"]} == {"mood-1", "mood-2"}


def test_personal_tokens_are_exchanged_for_access_tokens(label_studio: RealLabelStudio) -> None:
    """Each personal token opens the door as its own user once it is exchanged, and not before."""
    own = {
        label_studio.personal_token: label_studio.user_id,
        label_studio.other_personal_token: label_studio.other_user_id,
    }
    for token, user in own.items():
        assert label_studio.api("GET", "/api/current-user/whoami", token=token)["id"] == user
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{label_studio.url}/api/projects/", headers=headers, trust_env=False).status_code == 401


def test_a_refused_call_says_what_the_server_said(label_studio: RealLabelStudio) -> None:
    """The helper's error holds the call, the status and the server's own words."""
    with pytest.raises(httpx.HTTPStatusError, match=r"GET /api/tasks/999999: 404 .*No Task matches"):
        label_studio.api("GET", "/api/tasks/999999")
