"""The tables: their names, keys, columns, types and descriptions. Pure data.

Everything that needs a table's shape reads it here: the flattening, dlt's hints, the comments in the
database and the reference in the README.
"""

from dataclasses import dataclass
from typing import Literal

Type = Literal["bigint", "double", "boolean", "text", "json", "timestamp"]


@dataclass(frozen=True)
class Column:
    """A column; `description` says what it holds, the unit, and the API field it comes from."""

    name: str
    type: Type
    description: str
    nullable: bool = True


@dataclass(frozen=True)
class Table:
    """A table; `parent` names the root of the family that is replaced together with it."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    parent: str | None = None

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column {name}")


def _id(name: str, description: str) -> Column:
    return Column(name, "bigint", description, nullable=False)


def _key(name: str, description: str) -> Column:
    return Column(name, "text", description, nullable=False)


def _int(name: str, description: str) -> Column:
    return Column(name, "bigint", description)


def _num(name: str, description: str) -> Column:
    return Column(name, "double", description)


def _bool(name: str, description: str) -> Column:
    return Column(name, "boolean", description)


def _text(name: str, description: str) -> Column:
    return Column(name, "text", description)


def _json(name: str, description: str) -> Column:
    return Column(name, "json", description)


def _time(name: str, description: str) -> Column:
    return Column(name, "timestamp", description)


_TASK_ID = _id("task_id", "Task it belongs to: tasks.id.")
_PROJECT_ID = _int("project_id", "Project of the task: projects.id.")
_EXTRA = _json("extra", "Keys of the API object that no other column carries, as sent; null where there are none.")
_OWNER = (_TASK_ID, _PROJECT_ID)

_TASKS = Table(
    "tasks",
    "One row is a task (API: GET /api/tasks/{id}).",
    ("id",),
    (
        _id("id", "Task id (API: id)."),
        _int("project_id", "Project of the task (API: project)."),
        _int("inner_id", "Number of the task within its project, from 1 (API: inner_id)."),
        _json("data", "What was imported for the task; its keys follow the project's labeling config (API: data)."),
        _json("meta", "What was imported beside data, an object or a list (API: meta)."),
        _time("created_at", "When the task was created (API: created_at)."),
        _time(
            "updated_at",
            "When the task or one of its annotations last changed; drafts and bulk-imported predictions"
            " do not move it (API: updated_at).",
        ),
        _time("completed_at", "When the newest annotation was created, once the task is labeled (API: completed_at)."),
        _bool("is_labeled", "The task has as many annotations as its overlap asks for (API: is_labeled)."),
        _int("overlap", "Number of distinct annotators that the task asks for (API: overlap)."),
        _int("total_annotations", "Annotations, cancelled ones not counted (API: total_annotations)."),
        _int("cancelled_annotations", "Cancelled (skipped) annotations (API: cancelled_annotations)."),
        _int("total_predictions", "Predictions (API: total_predictions)."),
        _num(
            "avg_lead_time",
            "Mean lead time of all annotations, cancelled ones included, in seconds (API: avg_lead_time).",
        ),
        _num("predictions_score", "Score of the project's current model version on the task (API: predictions_score)."),
        _text("annotations_results", "Always empty in the open-source edition (API: annotations_results of Get task)."),
        _text("predictions_results", "Always empty in the open-source edition (API: predictions_results of Get task)."),
        _text("annotations_ids", "Annotation ids joined by commas, in no stable order (API: annotations_ids)."),
        _text(
            "predictions_model_versions",
            "Model versions joined by commas, in no stable order (API: predictions_model_versions).",
        ),
        _text("file_upload", "Base name of the uploaded file that the task came from (API: file_upload)."),
        _text("storage_filename", "Key of the task's file in the connected storage (API: storage_filename)."),
        _bool("draft_exists", "Somebody has a draft on the task (API: draft_exists)."),
        _int("comment_count", "Comments on the task and its annotations (API: comment_count)."),
        _int("unresolved_comment_count", "Comments that are not resolved (API: unresolved_comment_count)."),
        _time("last_comment_updated_at", "When the newest comment changed (API: last_comment_updated_at)."),
        _EXTRA,
    ),
)

_TASK_META = Table(
    "task_meta",
    "One row is a leaf of a task's meta: a scalar, or an empty object or list.",
    ("task_id", "path"),
    (
        *_OWNER,
        _key("path", "Path of the leaf from the root $, as DuckDB's json_tree writes fullkey."),
        _text("key", "Last object key on the path; null where there is none."),
        _text("value", "The leaf as text; null for JSON null."),
        _text("value_type", "string, number, boolean or null; object or array for an empty one."),
        _num("number", "The leaf as a number, where it is one."),
        _bool("boolean", "The leaf as a truth value, where it is one."),
    ),
    "tasks",
)

_TASK_USERS = Table(
    "task_users",
    "One row is a user in one of the task's lists of users.",
    ("task_id", "role", "position"),
    (
        *_OWNER,
        _key("role", "annotator, comment_author or updated_by (API: annotators, comment_authors, updated_by)."),
        Column("position", "bigint", "Place in the list, from 0.", nullable=False),
        _int("user_id", "The user: users.id."),
        _json("extra", "What else the list's element holds, where the API sends more than an id."),
    ),
    "tasks",
)

_ANNOTATIONS = Table(
    "annotations",
    "One row is an annotation, cancelled (skipped) ones included (API: annotations of a task).",
    ("id",),
    (
        _id("id", "Annotation id (API: id)."),
        *_OWNER,
        _int(
            "completed_by_id", "Who made the annotation: users.id; null after the user's deletion (API: completed_by)."
        ),
        _text("completed_by_email", "E-mail of who made it, where the API sends the object (API: completed_by.email)."),
        _text("created_username", "Name, e-mail and id of the creator in one text (API: created_username)."),
        _bool("was_cancelled", "The annotator skipped the task (API: was_cancelled)."),
        _bool("ground_truth", "The annotation is marked as ground truth (API: ground_truth)."),
        _time("created_at", "When the annotation was created (API: created_at)."),
        _time("updated_at", "When the annotation last changed (API: updated_at)."),
        _time("draft_created_at", "When the draft that it grew from was created (API: draft_created_at)."),
        _num(
            "lead_time",
            "Time spent on the annotation over all sessions, idle time included, in seconds (API: lead_time).",
        ),
        _int("import_id", "Id that the annotation had where it was imported from (API: import_id)."),
        _text("last_action", "Last action on the annotation; null in the open-source edition (API: last_action)."),
        _bool("bulk_created", "The annotation was made in bulk (API: bulk_created)."),
        _int("updated_by_id", "Who changed it last: users.id (API: updated_by)."),
        _int("last_created_by_id", "User of the last action: users.id (API: last_created_by)."),
        _int("parent_prediction_id", "Prediction that it was made from: predictions.id (API: parent_prediction)."),
        _int("parent_annotation_id", "Annotation that it was made from: annotations.id (API: parent_annotation)."),
        Column("result_count", "bigint", "Length of the result list; 0 where result is no list.", nullable=False),
        _EXTRA,
    ),
    "tasks",
)

_PREDICTIONS = Table(
    "predictions",
    "One row is a model's prediction for a task (API: predictions of a task).",
    ("id",),
    (
        _id("id", "Prediction id (API: id)."),
        *_OWNER,
        _text("model_version", "Version of the model, as it named itself (API: model_version)."),
        _num("score", "Score of the whole prediction, in the model's own unit, mostly 0 to 1 (API: score)."),
        _int("cluster", "Cluster that the model put the task in (API: cluster)."),
        _json("neighbors", "Task ids that the model holds for near (API: neighbors)."),
        _num("mislabeling", "Score of being labeled wrongly (API: mislabeling)."),
        _int("model_id", "Model that predicted, where Label Studio ran it (API: model)."),
        _int("model_run_id", "Run of that model (API: model_run)."),
        _time("created_at", "When the prediction was created (API: created_at)."),
        _time("updated_at", "When the prediction last changed (API: updated_at)."),
        Column("result_count", "bigint", "Length of the result list; 0 where result is no list.", nullable=False),
        _EXTRA,
    ),
    "tasks",
)

_DRAFTS = Table(
    "drafts",
    "One row is a draft: work of one user that is not submitted yet (API: drafts of a task, all users').",
    ("id",),
    (
        _id("id", "Draft id (API: id)."),
        *_OWNER,
        _int(
            "annotation_id", "Annotation that the draft changes: annotations.id; null for a new one (API: annotation)."
        ),
        _text("user_email", "E-mail of the draft's user (API: user)."),
        _text("created_username", "Name, e-mail and id of the user in one text (API: created_username)."),
        _num("lead_time", "Time spent so far, in seconds (API: lead_time)."),
        _bool("was_postponed", "The user put the task off (API: was_postponed)."),
        _int("import_id", "Id that the draft had where it was imported from (API: import_id)."),
        _time("created_at", "When the draft was created (API: created_at)."),
        _time("updated_at", "When the draft last changed (API: updated_at)."),
        Column("result_count", "bigint", "Length of the result list; 0 where result is no list.", nullable=False),
        _EXTRA,
    ),
    "tasks",
)

_RESULTS = Table(
    "results",
    "One row is an element of the result list of an annotation, prediction or draft.",
    ("result_key",),
    (
        _key("result_key", "source/id/position, as annotation/42/0."),
        _key("source", "annotation, prediction or draft."),
        _int("annotation_id", "Annotation it stands in, where source is annotation: annotations.id."),
        _int("prediction_id", "Prediction it stands in, where source is prediction: predictions.id."),
        _int("draft_id", "Draft it stands in, where source is draft: drafts.id."),
        *_OWNER,
        Column("result_index", "bigint", "Place in the result list, from 0.", nullable=False),
        _text("region_id", "Region that the row describes; rows that share it describe one region (API: id)."),
        _text("parent_region_id", "Region that this one is grouped under (API: parentID)."),
        _text("from_name", "Control tag of the labeling config (API: from_name)."),
        _text("to_name", "Object tag, or several joined by commas (API: to_name)."),
        _text("type", "Kind of result: the control tag's name in lower case, or relation (API: type)."),
        _text("origin", "manual, prediction or prediction-changed (API: origin)."),
        _num("score", "Confidence of the region, in the model's unit, mostly 0 to 1 (API: score)."),
        _int("item_index", "Page or image of a multi-page object, from 0 (API: item_index)."),
        _int("original_width", "Width of the image in pixels (API: original_width)."),
        _int("original_height", "Height of the image in pixels (API: original_height)."),
        _num("image_rotation", "Rotation of the image in degrees: 0, 90, 180 or 270 (API: image_rotation)."),
        _num("original_length", "Length of the audio in seconds (API: original_length)."),
        _bool("readonly", "The region can't be changed (API: readonly)."),
        _bool("hidden", "The region is hidden in the editor (API: hidden)."),
        _bool("is_positive", "A prompt that says what belongs to the object, not what doesn't (API: is_positive)."),
        _num("x", "Left edge, or centre of an ellipse, in percent of the width (API: value.x)."),
        _num("y", "Top edge, or centre of an ellipse, in percent of the height (API: value.y)."),
        _num("width", "Width in percent of the object's width (API: value.width)."),
        _num("height", "Height in percent of the object's height (API: value.height)."),
        _num("rotation", "Clockwise rotation about (x, y) in degrees (API: value.rotation)."),
        _num("radius_x", "Horizontal radius of an ellipse in percent of the width (API: value.radiusX)."),
        _num("radius_y", "Vertical radius of an ellipse in percent of the height (API: value.radiusY)."),
        _bool("closed", "The polygon or vector is closed (API: value.closed)."),
        _num("start", "Start of a span: characters in text, seconds in audio, the series' unit (API: value.start)."),
        _num("end", "End of a span, in the unit of start, exclusive in text (API: value.end)."),
        _text("start_text", "Start where it is text: an XPath, a paragraph's number, a time (API: value.start)."),
        _text("end_text", "End where it is text (API: value.end)."),
        _int("start_offset", "Characters into the start node or paragraph (API: value.startOffset)."),
        _int("end_offset", "Characters into the end node or paragraph (API: value.endOffset)."),
        _int("global_start", "Start in characters of the whole text (API: value.globalOffsets.start)."),
        _int("global_end", "End in characters of the whole text (API: value.globalOffsets.end)."),
        _int("channel", "Audio channel, from 0 (API: value.channel)."),
        _bool("instant", "The span of a time series is one moment (API: value.instant)."),
        _text("text", "Marked text of a span, or the lines of a textarea joined by newlines (API: value.text)."),
        _num("number", "Value of a number control (API: value.number)."),
        _num("rating", "Stars of a rating control (API: value.rating)."),
        _text("datetime", "Date or time in the control's own format (API: value.datetime)."),
        _text("selected", "left or right, of a pairwise comparison (API: value.selected)."),
        _int("page_index", "Page of a document, from 1 (API: value.pageIndex)."),
        _int("frames_count", "Frames of the video (API: value.framesCount)."),
        _num("duration", "Length of the video in seconds (API: value.duration)."),
        _text("mask_format", "Format of a mask, mostly rle (API: value.format)."),
        _int("mask_length", "Elements of rle, or characters of imageDataURL (API: value.rle, value.imageDataURL)."),
        _text("from_region_id", "Region where a relation starts (API: from_id)."),
        _text("to_region_id", "Region where a relation ends (API: to_id)."),
        _text("direction", "left, right or bi, of a relation (API: direction)."),
        _json("value", "The value, complete (API: value)."),
        _json("meta", "Notes on the region and what controls add to it (API: meta)."),
        _EXTRA,
    ),
    "tasks",
)

_RESULT_OWNER = (
    _key("result_key", "The result it belongs to: results.result_key."),
    _key("source", "annotation, prediction or draft."),
    *_OWNER,
    _text("from_name", "Control tag of the result."),
    _text("type", "Kind of the result."),
)


def _result_child(name: str, description: str, key: tuple[str, ...], *columns: Column) -> Table:
    return Table(name, description, ("result_key", *key), (*_RESULT_OWNER, *columns), "tasks")


def _place(name: str, description: str) -> Column:
    return Column(name, "bigint", description, nullable=False)


_RESULT_CHILDREN = (
    _result_child(
        "result_labels",
        "One row is a label, choice or taxonomy path that a result names.",
        ("label_index",),
        _place("label_index", "Place in the list of labels, from 0."),
        _text("label", "The label; of a path, its leaf."),
        _text("label_path", "Root to leaf joined by ' / '; equal to label where there is no path."),
        _text("kind", "label, choice, taxonomy or relation."),
    ),
    _result_child(
        "result_texts",
        "One row is an element of a textarea's list of texts.",
        ("text_index",),
        _place("text_index", "Place in the list of texts, from 0."),
        _text("text", "The text; null where the element is none."),
    ),
    _result_child(
        "result_points",
        "One row is a polygon point or a vector vertex.",
        ("point_index",),
        _place("point_index", "Place in the list of points, from 0."),
        _num("x", "Percent of the image's width."),
        _num("y", "Percent of the image's height."),
        _text("vertex_id", "Id of a vector's vertex."),
        _text("prev_vertex_id", "Vertex that it is joined to."),
        _bool("is_bezier", "The vertex lies on a Bezier curve; its control points are in results.value."),
    ),
    _result_child(
        "result_keyframes",
        "One row is a keyframe of a video region.",
        ("keyframe_index",),
        _place("keyframe_index", "Place in the sequence, from 0."),
        _int("frame", "Frame of the video, from 1."),
        _num("time", "Time in the video in seconds."),
        _bool("enabled", "The region is seen from here on, up to the next keyframe."),
        _num("x", "Left edge in percent of the frame's width."),
        _num("y", "Top edge in percent of the frame's height."),
        _num("width", "Width in percent of the frame's width."),
        _num("height", "Height in percent of the frame's height."),
        _num("rotation", "Clockwise rotation in degrees."),
        _json("vertices", "Vertices of a video vector."),
    ),
    _result_child(
        "result_ranges",
        "One row is a range of a timeline region.",
        ("range_index",),
        _place("range_index", "Place in the list of ranges, from 0."),
        _num("start", "First frame, from 1."),
        _num("end", "Last frame."),
        _bool("enabled", "The range is switched on; null where the API doesn't say."),
    ),
    _result_child(
        "result_rankings",
        "One row is an item placed by a ranker.",
        ("bucket", "rank"),
        _key("bucket", "Bucket of the item; the control's name of a plain ranking; _ for items left in the list."),
        _place("rank", "Place in the bucket, from 0."),
        _text("item_id", "Id of the item in the task's data."),
    ),
)

_USERS = Table(
    "users",
    "One row is a user of the organisation, or one who left it and is named in an annotation.",
    ("id",),
    (
        _id("id", "User id (API: GET /api/users, id)."),
        _text("email", "E-mail address (API: email)."),
        _text("username", "User name (API: username)."),
        _text("first_name", "First name (API: first_name)."),
        _text("last_name", "Last name (API: last_name)."),
        _text("initials", "Initials (API: initials)."),
        _time("last_activity", "When the user was last active (API: last_activity)."),
        _time("date_joined", "When the user joined (API: date_joined)."),
        _EXTRA,
    ),
)

_PROJECTS = Table(
    "projects",
    "One row is a project (API: GET /api/projects/{id}).",
    ("id",),
    (
        _id("id", "Project id (API: id)."),
        _text("title", "Title (API: title)."),
        _text("description", "Description (API: description)."),
        _text("label_config", "Labeling config, as XML (API: label_config)."),
        _time("created_at", "When the project was created (API: created_at)."),
        _int("created_by_id", "Who created it: users.id (API: created_by)."),
        _bool("is_published", "Annotators can see it (API: is_published)."),
        _int("maximum_annotations", "Annotations that a task asks for (API: maximum_annotations)."),
        _num(
            "overlap_cohort_percentage",
            "Share of tasks that maximum_annotations holds for, in percent (API: overlap_cohort_percentage).",
        ),
        _int("task_number", "Tasks (API: task_number)."),
        _int("num_tasks_with_annotations", "Tasks with annotations (API: num_tasks_with_annotations)."),
        _int("total_annotations_number", "Annotations (API: total_annotations_number)."),
        _int("total_predictions_number", "Predictions (API: total_predictions_number)."),
        _int("skipped_annotations_number", "Cancelled annotations (API: skipped_annotations_number)."),
        _text("model_version", "Model version that the project shows (API: model_version)."),
        _json("control_weights", "Weights of controls and labels in agreement (API: control_weights)."),
        _EXTRA,
    ),
)

_PROJECT_LABELS = Table(
    "project_labels",
    "One row is a value that a project's labeling config offers.",
    ("project_id", "from_name", "label_path"),
    (
        _id("project_id", "Project: projects.id."),
        _key("from_name", "Control tag that offers it (labeling config: name)."),
        _text("to_name", "Object tag that the control works on (labeling config: toName)."),
        _key("type", "Kind of the control: its tag in lower case."),
        _text("label", "The value that a result names; of a path, its leaf."),
        _key("label_path", "Root to leaf joined by ' / '; equal to label where there is no path."),
        _place("position", "Place among the control's values, from 0, in the config's order."),
    ),
    "projects",
)

_DELETED_TASKS = Table(
    "deleted_tasks",
    "One row is a task that was loaded once and was found gone from Label Studio; all of its other rows are removed.",
    ("task_id", "detected_at"),
    (
        _id("task_id", "Id that the task had; a server on SQLite gives the ids of deleted tasks anew."),
        _int("project_id", "Project that it stood in: projects.id."),
        Column("detected_at", "timestamp", "When a run found it gone; it was deleted before.", nullable=False),
        _time("last_updated_at", "The task's updated_at when it was last loaded."),
    ),
)

_ANNOTATION_HISTORY = Table(
    "annotation_history",
    "One row is a version of an annotation, as a run saw it; rows are only ever added. Kept where the setting"
    " annotation_history is on.",
    ("annotation_id", "updated_at", "result_hash"),
    (
        _id("annotation_id", "The annotation: annotations.id, as long as it is not deleted."),
        _TASK_ID,
        _PROJECT_ID,
        Column("updated_at", "timestamp", "When this version was made (API: updated_at).", nullable=False),
        _key("result_hash", "SHA-256 of the result, in hexadecimal digits: equal where the result is."),
        _int("completed_by_id", "Who made the annotation: users.id (API: completed_by)."),
        _int("updated_by_id", "Who made this version, as far as the API says: users.id (API: updated_by)."),
        _bool("was_cancelled", "The annotator skipped the task (API: was_cancelled)."),
        _bool("ground_truth", "The annotation was marked as ground truth (API: ground_truth)."),
        _num("lead_time", "Time spent on the annotation so far, in seconds (API: lead_time)."),
        _int("result_count", "Length of the result list; 0 where result is no list."),
        _json("result", "The result, complete (API: result)."),
        Column("seen_at", "timestamp", "When a run saw this version first.", nullable=False),
    ),
)

#: All tables, roots before their children.
TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _TASKS,
        _TASK_META,
        _TASK_USERS,
        _ANNOTATIONS,
        _PREDICTIONS,
        _DRAFTS,
        _RESULTS,
        *_RESULT_CHILDREN,
        _USERS,
        _PROJECTS,
        _PROJECT_LABELS,
        _DELETED_TASKS,
    )
}

#: Tables that are there where a setting asks for them.
OPTIONAL_TABLES: dict[str, Table] = {_ANNOTATION_HISTORY.name: _ANNOTATION_HISTORY}


def family(root: str) -> list[Table]:
    """The tables that are replaced together: `root` first, then its children."""
    return [table for table in (TABLES | OPTIONAL_TABLES).values() if root in (table.name, table.parent)]
