"""How a stored task becomes the answer of Get task or of the list: which keys it has, and in which form."""

import json
from typing import Any

import httpx

from .filters import Json

# the list computes these for fields=all only
HEAVY = {"annotations", "predictions", "completed_at", "predictions_score", "avg_lead_time", "draft_exists"}
BARE = {
    "drafts": [], "annotators": [], "annotations_ids": "", "predictions_model_versions": "",
    "annotations_results": "", "predictions_results": "",
}  # fmt: skip
PERSON = ("id", "first_name", "last_name", "avatar", "email", "initials")


def get_keys(row: Json, params: httpx.QueryParams) -> list[str]:
    """The keys of `row` that the `include` and `omit` parameters leave."""
    include = params["include"].split(",") if "include" in params else row
    omit = params.get("omit", "").split(",")
    return [key for key in row if key in include and key not in omit]


def list_keys(row: Json, params: httpx.QueryParams) -> list[str]:
    """The keys a listed task has; without `fields=all` the dear ones are missing."""
    keys = get_keys(row, params)
    return keys if params.get("fields") == "all" else [key for key in keys if key not in HEAVY]


def trimmed(row: Json) -> Json:
    """A listed task without `fields=all`: what the server did not compute is empty."""
    return {key: BARE.get(key, value) for key, value in row.items()}


def flat(annotation: Json) -> Json:
    """The annotation with `completed_by` as a bare id."""
    person = annotation["completed_by"]
    return {**annotation, "completed_by": person["id"]} if isinstance(person, dict) else annotation


def expanded(annotation: Json, users: dict[int, Json]) -> Json:
    """The annotation with `completed_by` as an object."""
    person = annotation["completed_by"]
    if not isinstance(person, int) or person not in users:
        return annotation
    return {**annotation, "completed_by": {key: users[person].get(key) for key in PERSON}}


def condensed(rows: list[Any]) -> str:
    """The list's text form of results: joined, cut at 500 characters, then quotes stripped."""
    text = ""
    for row in rows:
        text += ("," if text else "") + json.dumps(row.get("result"), default=str)
        if len(text) > 500:
            break
    return text[:500].replace(',"', ', "').replace("],[", "] [").replace('"', "")
