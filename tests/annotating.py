"""Tasks as the API gives them, in few words."""

from itertools import count
from typing import Any

Json = dict[str, Any]

_ids = count(1)


def choice(*labels: str, name: str = "mood", score: float | None = None) -> Json:
    """A choice of the whole task."""
    more = {} if score is None else {"score": score}
    return {"from_name": name, "to_name": "t", "type": "choices", "value": {"choices": list(labels)}, **more}


def rating(stars: float, name: str = "stars") -> Json:
    """A rating of the whole task."""
    return {"from_name": name, "to_name": "t", "type": "rating", "value": {"rating": stars}}


def box(x: float, label: str, *, width: float = 10, score: float | None = None, name: str = "box") -> Json:
    """A box 10 percent high, at y = 0."""
    value = {"x": x, "y": 0, "width": width, "height": 10, "rotation": 0, "rectanglelabels": [label]}
    more = {} if score is None else {"score": score}
    return {
        "id": f"r{next(_ids)}",
        "from_name": name,
        "to_name": "t",
        "type": "rectanglelabels",
        "value": value,
        **more,
    }


def annotation(annotation_id: int, person: int | None, *results: Json, **more: Any) -> Json:
    """An annotation, submitted on 2026-03-02."""
    at = "2026-03-02T10:00:00Z"
    base = {
        "id": annotation_id,
        "completed_by": person,
        "was_cancelled": False,
        "ground_truth": False,
        "lead_time": 10.0,
    }
    return {**base, "created_at": at, "updated_at": at, "result": list(results), **more}


def prediction(prediction_id: int, version: str | None, *results: Json, **more: Any) -> Json:
    """A prediction of 2026-03-01."""
    at = "2026-03-01T10:00:00Z"
    base = {"id": prediction_id, "model_version": version, "created_at": at, "updated_at": at}
    return {**base, "result": list(results), **more}


def task(
    task_id: int, *annotations: Json, predictions: list[Json] | None = None, project: int = 1, **more: Any
) -> Json:
    """A task of project 1."""
    return {
        "id": task_id,
        "project": project,
        "annotations": list(annotations),
        "predictions": predictions or [],
        **more,
    }
