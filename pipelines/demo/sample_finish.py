"""The fields of a task that follow from its annotations and predictions, its `meta` and its comments."""

from datetime import timedelta
from random import Random
from typing import Any

from .sample_people import ANNOTATORS, LAST_DAY, Json, stamp
from .sample_tasks import Plan

UPLOADS = {
    "Customer messages": "messages.csv",
    "Support calls": "calls.json",
    "Scanned letters": "letters.json",
}
SOURCES = ("crawl", "partner", "archive", "upload")
TAGS = ("night", "rain", "retry", "vip", "pilot", "blurred", "long")


def _meta(rng: Random, plan: Plan) -> Any:
    kind = rng.random()
    if kind < 0.1:
        return {}
    if kind < 0.16:
        return [{"step": step, "ok": rng.random() < 0.9} for step in ("fetched", "checked", "loaded")]
    meta: Json = {
        "source": {
            "name": rng.choice(SOURCES),
            "batch": plan.number // 12 + 1,
            "site.id": f"s-{rng.randrange(9)}",
        },
        "tags": rng.sample(TAGS, rng.randrange(4)),
        "priority": rng.choice((1, 2, 3, None)),
    }
    if rng.random() < 0.5:
        vector = [round(rng.gauss(0, 0.4), 5) for _ in range(6)]
        meta["embedding"] = {"model": "demo-embed-s", "dim": len(vector), "vector": vector}
    if rng.random() < 0.3:
        meta["checks"] = {
            "license": rng.random() < 0.95,
            "duplicates": [],
            "history": [{"by": "import", "n": 1}],
        }
    return meta


def _comments(rng: Random, plan: Plan) -> Json:
    count = rng.choice((1, 1, 2, 3)) if plan.annotations and rng.random() < 0.09 else 0
    last = LAST_DAY + timedelta(hours=9 + rng.random() * 6, days=-rng.randrange(5)) if count else None
    return {
        "comment_count": count,
        "unresolved_comment_count": rng.randrange(count + 1),
        "last_comment_updated_at": stamp(last) if last else None,
        "project": plan.project,
        "comment_authors": sorted(person.id for person in rng.sample(ANNOTATORS, min(count, 2))),
    }


def _file(plan: Plan) -> tuple[str | None, str | None]:
    if plan.kind.storage:
        return None, plan.data[plan.kind.storage].removeprefix("s3://example-bucket/")
    batch = plan.number // 12 + 1
    return f"{batch * 0x1F3D5B79 % 0xFFFFFFFF:08x}-{UPLOADS[plan.kind.title]}", None


def _updated(plan: Plan) -> str:
    moments = [stamp(plan.created + timedelta(microseconds=27))]
    moments += [row["updated_at"] for row in (*plan.predictions, *plan.annotations)]
    return max(moments)


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _derived(plan: Plan, inner_id: int) -> Json:
    annotations, predictions = plan.annotations, plan.predictions
    cancelled = sum(annotation["was_cancelled"] for annotation in annotations)
    labeled = len(annotations) - cancelled >= plan.overlap
    current = [each["score"] for each in predictions if each["model_version"] == plan.kind.models[-1][0]]
    upload, stored = _file(plan)
    newest_edit = max(annotations, key=lambda each: str(each["updated_at"])) if annotations else None
    return {
        "annotators": sorted({annotation["completed_by"]["id"] for annotation in annotations}),
        "inner_id": inner_id,
        "cancelled_annotations": cancelled,
        "total_annotations": len(annotations) - cancelled,
        "total_predictions": len(predictions),
        "completed_at": max(annotation["created_at"] for annotation in annotations) if labeled else None,
        "annotations_results": "",
        "predictions_results": "",
        "predictions_score": _mean(current),
        "file_upload": upload,
        "storage_filename": stored,
        "annotations_ids": ",".join(str(annotation["id"]) for annotation in annotations),
        "predictions_model_versions": ",".join(sorted({each["model_version"] for each in predictions})),
        "avg_lead_time": _mean([each["lead_time"] for each in annotations if each["lead_time"] is not None]),
        "draft_exists": bool(plan.drafts),
        "updated_by": [{"user_id": newest_edit["updated_by"]}] if newest_edit else [],
        "is_labeled": labeled,
    }


def finish(rng: Random, plan: Plan, inner_id: int) -> Json:
    """The whole task, its keys in the server's order; drafts are kept apart, as they belong to users."""
    derived = _derived(plan, inner_id)
    labeled = derived.pop("is_labeled")
    return {
        "id": plan.id,
        "predictions": plan.predictions,
        "annotations": plan.annotations,
        "drafts": [],
        **derived,
        "data": plan.data,
        "meta": _meta(rng, plan),
        "created_at": stamp(plan.created),
        "updated_at": _updated(plan),
        "is_labeled": labeled,
        "overlap": plan.overlap,
        **_comments(rng, plan),
    }
