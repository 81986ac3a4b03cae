"""A project of the sample as `GET /api/projects/` gives it, its parsed labeling config included."""

from datetime import timedelta
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from .sample_kinds import Kind
from .sample_people import FIRST_DAY, LEAD, Json, simple_person, stamp

OPTIONS = ("Label", "Choice")


def _options(control: Element) -> dict[str, Json]:
    return {option.attrib["value"]: dict(option.attrib) for option in control.iter() if option.tag in OPTIONS}


def _input(tag: Element) -> Json:
    key = "valueList" if "valueList" in tag.attrib else "value"
    return {"type": tag.tag, "valueType": None, key: tag.attrib[key].removeprefix("$")}


def parsed_config(config: str) -> Json:
    """The control tags of a labeling config, in the form of the API's `parsed_label_config`."""
    root = fromstring(config)
    objects = {tag.attrib["name"]: tag for tag in root.iter() if "name" in tag.attrib and "toName" not in tag.attrib}
    parsed = {}
    for tag in root.iter():
        if "toName" not in tag.attrib:
            continue
        names = tag.attrib["toName"].split(",")
        options = _options(tag)
        inputs = [_input(objects[name]) for name in names]
        more = {"labels": list(options), "labels_attrs": options}
        parsed[tag.attrib["name"]] = {"type": tag.tag, "to_name": names, "inputs": inputs, **more}
    return parsed


def control_weights(parsed: Json) -> Json:
    """The weights the server makes of a parsed config: 1.0 everywhere."""
    return {
        name: {"overall": 1.0, "type": tag["type"], "labels": dict.fromkeys(tag["labels"], 1.0)}
        for name, tag in parsed.items()
    }


def counters(tasks: list[Json]) -> Json:
    """The counters that the server derives from a project's tasks."""
    annotations = [annotation for task in tasks for annotation in task["annotations"]]
    kept = [annotation for annotation in annotations if not annotation["was_cancelled"]]
    golden = [annotation for annotation in annotations if annotation["ground_truth"]]
    useful = [annotation for annotation in kept if not annotation["ground_truth"]]
    mine = [task for task in tasks if LEAD.id in task["annotators"]]
    return {
        "num_tasks_with_annotations": sum(task["total_annotations"] > 0 for task in tasks),
        "task_number": len(tasks),
        "useful_annotation_number": len(useful),
        "ground_truth_number": len(golden),
        "skipped_annotations_number": len(annotations) - len(kept),
        "total_annotations_number": len(kept),
        "total_predictions_number": sum(len(task["predictions"]) for task in tasks),
        "finished_task_number": sum(task["is_labeled"] for task in tasks),
        "queue_total": sum(not task["is_labeled"] or task in mine for task in tasks),
        "queue_done": len(mine),
    }


def project(project_id: int, kind: Kind, tasks: list[Json]) -> Json:
    """The project object, its keys in the server's order."""
    parsed = parsed_config(kind.config)
    counts = counters(tasks)
    late = {key: counts.pop(key) for key in ("finished_task_number", "queue_total", "queue_done")}
    return {
        "id": project_id,
        "title": kind.title,
        "description": kind.description,
        "label_config": kind.config,
        "expert_instruction": "",
        "show_instruction": False,
        "show_skip_button": True,
        "enable_empty_annotation": True,
        "show_annotation_history": False,
        "organization": 1,
        "color": "#FFFFFF",
        "maximum_annotations": kind.overlap,
        "is_published": False,
        "model_version": kind.models[-1][0],
        "is_draft": False,
        "created_by": simple_person(LEAD, initials=False),
        "created_at": stamp(FIRST_DAY - timedelta(days=7 - project_id, microseconds=-104729 * project_id)),
        "min_annotations_to_start_training": 0,
        "start_training_on_annotation_update": False,
        "show_collab_predictions": True,
        **counts,
        "sampling": "Sequential sampling",
        "show_ground_truth_first": False,
        "annotator_evaluation_enabled": False,
        "show_overlap_first": False,
        "overlap_cohort_percentage": kind.cohort,
        "task_data_login": None,
        "task_data_password": None,
        "control_weights": control_weights(parsed),
        "parsed_label_config": parsed,
        "evaluate_predictions_automatically": False,
        "config_has_control_tags": True,
        "skip_queue": "REQUEUE_FOR_OTHERS",
        "reveal_preannotations_interactively": False,
        "pinned_at": None,
        **late,
        "config_suitable_for_bulk_annotation": False,
        "state": None,
    }
