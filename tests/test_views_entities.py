"""Results, regions and relations with what belongs to them, worked out by hand."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from math import pi
from typing import Any

import pytest
from analytics import Analytics

CONFIG = """
<View>
  <Image name="image" value="$image"/>
  <Text value="$text"
        name="text"/>
  <HyperText name='html' value="$html"/><Audio name="audio" value="$audio"/><Video name="video" value="$video"/>
  <TimeSeries name="series" value="$series"/>
  <RectangleLabels name="box" toName="image"><Label value="Car"/><Label value="Red"/></RectangleLabels>
</View>
"""
Json = dict[str, Any]

IMAGE: Json = {"to_name": "image", "original_width": 800, "original_height": 600}
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Filled:
    """A warehouse with a task, Ada's annotation 10 of it, prediction 20 and Bo's draft 30, to add results to."""

    def __init__(self, analytics: Analytics) -> None:
        self.analytics = analytics
        analytics.insert("projects", id=1, title="Streets", label_config=CONFIG)
        analytics.insert("tasks", id=1, project_id=1, inner_id=7, overlap=1, is_labeled=True, created_at=DAY)
        analytics.insert("users", id=5, email="ada@example.com", first_name="Ada", last_name="Hill")
        analytics.insert("users", id=6, email="bo@example.com", first_name="", last_name="")
        owner: Json = {"task_id": 1, "project_id": 1, "created_at": DAY}
        analytics.insert(
            "annotations", id=10, completed_by_id=5, ground_truth=True, lead_time=12.5, result_count=1, **owner
        )
        analytics.insert("predictions", id=20, model_version="v1", score=0.75, result_count=1, **owner)
        analytics.insert("drafts", id=30, user_email="bo@example.com", result_count=1, **owner)

    def add(
        self, result_key: str, *labels: str, kind: str = "label", texts: tuple[str, ...] = (), **values: Any
    ) -> None:
        """A result and its labels, written as paths, and texts."""
        source, source_id, index = result_key.split("/")
        owner = {"result_key": result_key, "source": source, "task_id": 1, "project_id": 1, "type": values["type"]}
        row = owner | {f"{source}_id": int(source_id), "result_index": int(index)} | values
        self.analytics.insert("results", **row)
        for place, path in enumerate(labels):
            label = path.rpartition(" / ")[2]
            self.analytics.insert("result_labels", label_index=place, label=label, label_path=path, kind=kind, **owner)
        for place, text in enumerate(texts):
            self.analytics.insert("result_texts", text_index=place, text=text, **owner)

    def add_points(self, result_key: str, *points: tuple[float | None, float], **values: Any) -> None:
        """The corners of a polygon or vector."""
        owner = {"result_key": result_key, "source": result_key.split("/")[0], "task_id": 1, "project_id": 1}
        for place, (x, y) in enumerate(points):
            self.analytics.insert("result_points", point_index=place, x=x, y=y, **owner, **values)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query, once views are made."""
        self.analytics.refresh()
        return self.analytics.rows(query)

    def region(self) -> Json:
        """The only region."""
        self.analytics.refresh()
        (region,) = self.analytics.records("select * from analytics.regions")
        return region


@pytest.fixture
def filled(analytics: Analytics) -> Filled:
    """The warehouse to add results to."""
    return Filled(analytics)


def test_a_result_of_an_annotation_stands_with_its_parents(filled: Filled) -> None:
    """Project, task, annotation and annotator are beside it, its labels in one text, paths with their steps."""
    filled.add("annotation/10/0", "Animal / Cat", "Plant", type="taxonomy", kind="taxonomy", from_name="kind")
    assert filled.rows(
        """
        select result_key, project_title, inner_id, annotation_id, annotator_id, annotator_email, annotator_name,
            was_cancelled, ground_truth, annotated_at, lead_time, from_name, type, label, labels, texts
        from analytics.annotation_results
        """
    ) == [
        (
            *("annotation/10/0", "Streets", 7, 10, 5, "ada@example.com", "Ada Hill"),
            *(False, True, DAY, 12.5, "kind", "taxonomy", "Cat", "Animal / Cat | Plant", None),
        )
    ]


def test_values_of_results_keep_their_types(filled: Filled) -> None:
    """Numbers, texts and times are columns of their own; texts are joined in their order."""
    filled.add("annotation/10/0", type="rating", rating=4)
    filled.add("annotation/10/1", type="textarea", texts=("first", "second"), text="first\nsecond")
    filled.add("annotation/10/2", type="rectangle", x=1.5, y=2, width=3, height=4, value='{"x": 1.5}', **IMAGE)
    assert filled.rows(
        "select rating, texts, text, x, original_width, value from analytics.annotation_results order by result_index"
    ) == [
        (4.0, None, None, None, None, None),
        (None, "first | second", "first\nsecond", None, None, None),
        (None, None, None, 1.5, 800, '{"x": 1.5}'),
    ]


def test_results_of_skipped_annotations_are_marked(filled: Filled) -> None:
    """They are in annotation_results, and say so; results of predictions and drafts are not in it."""
    filled.analytics.insert(
        "annotations", id=11, task_id=1, project_id=1, was_cancelled=True, completed_by_id=9, result_count=1
    )
    filled.add("annotation/10/0", "a", type="choices", kind="choice")
    filled.add("annotation/11/0", "b", type="choices", kind="choice")
    filled.add("prediction/20/0", "c", type="choices", kind="choice")
    filled.add("draft/30/0", "d", type="choices", kind="choice")
    assert filled.rows(
        "select annotation_id, was_cancelled, label, annotator_name from analytics.annotation_results order by 1"
    ) == [(10, False, "a", "Ada Hill"), (11, True, "b", "user 9")]


def test_a_result_of_a_prediction_stands_with_its_model(filled: Filled) -> None:
    """The model version and the prediction's own score are beside the region's score."""
    filled.add("prediction/20/0", "Car", "Red", type="rectanglelabels", score=0.5, x=1, **IMAGE)
    filled.add("annotation/10/0", "Car", type="rectanglelabels")
    assert filled.rows(
        """
        select result_key, project_title, inner_id, prediction_id, model_version, prediction_score, predicted_at, score,
            label, labels, x
        from analytics.prediction_results
        """
    ) == [("prediction/20/0", "Streets", 7, 20, "v1", 0.75, DAY, 0.5, "Car", "Car | Red", 1.0)]


def test_results_of_a_region_are_folded_together(filled: Filled) -> None:
    """The box, a choice, a text, a number and a rating on it are one region."""
    box: Json = {"region_id": "r", "x": 10, "y": 20, "width": 30, "height": 40, "rotation": 15, **IMAGE}
    filled.add("annotation/10/0", "old", "rusty", kind="choice", type="choices", from_name="state", **box)
    filled.add("annotation/10/1", "Car", "Red", type="rectanglelabels", from_name="box", origin="manual", **box)
    filled.add("annotation/10/2", type="textarea", texts=("AB 1", "x"), text="AB 1\nx", from_name="plate", **box)
    filled.add("annotation/10/3", type="number", number=12.5, from_name="price", **box)
    filled.add("annotation/10/4", type="rating", rating=3, from_name="sure", **box)
    filled.add("annotation/10/5", "Vehicle / Car", kind="taxonomy", type="taxonomy", from_name="kind", **box)
    filled.add("annotation/10/6", type="datetime", datetime="2026-01-02", from_name="seen", **box)
    region = filled.region()
    assert {name: value for name, value in region.items() if value is not None} == {
        "project_id": 1,
        "project_title": "Streets",
        "task_id": 1,
        "inner_id": 7,
        "source": "annotation",
        "annotation_id": 10,
        "annotator_id": 5,
        "annotator_email": "ada@example.com",
        "annotator_name": "Ada Hill",
        "was_cancelled": False,
        "ground_truth": True,
        "region_id": "r",
        "result_key": "annotation/10/1",
        "result_rows": 7,
        "from_name": "box",
        "to_name": "image",
        "object_type": "Image",
        "type": "rectanglelabels",
        "shape": "box",
        "label": "Car",
        "labels": "Car | Red",
        "choices": "old | rusty",
        "taxonomy": "Vehicle / Car",
        "texts": "AB 1 | x",
        "number": 12.5,
        "rating": 3.0,
        "datetime": "2026-01-02",
        "origin": "manual",
        "original_width": 800,
        "original_height": 600,
        "x": 10.0,
        "y": 20.0,
        "width": 30.0,
        "height": 40.0,
        "rotation": 15.0,
        "x_px": 80.0,
        "y_px": 120.0,
        "width_px": 240.0,
        "height_px": 240.0,
        "area_percent": 12.0,
        "area_px": pytest.approx(57_600),
    }


def test_a_shape_and_its_labels_in_rows_of_their_own_are_one_region(filled: Filled) -> None:
    """The older form, a rectangle row and a labels row, gives the rectangle with the labels; the score is found."""
    box: Json = {"region_id": "r", "x": 0, "y": 0, "width": 10, "height": 10, **IMAGE}
    filled.add("prediction/20/0", type="rectangle", from_name="shape", **box)
    filled.add("prediction/20/1", "Car", type="labels", from_name="label", score=0.25, **box)
    region = filled.region()
    wanted = {"from_name": "shape", "type": "rectangle", "labels": "Car", "score": 0.25, "model_version": "v1"}
    assert wanted.items() <= region.items()


def test_regions_of_annotations_predictions_and_drafts_are_apart(filled: Filled) -> None:
    """The same region id in another annotation is another region, and a result without an id is one of its own."""
    filled.analytics.insert("annotations", id=11, task_id=1, project_id=1, was_cancelled=True, result_count=1)
    for key in ("annotation/10/0", "annotation/11/0", "prediction/20/0", "draft/30/0"):
        filled.add(key, type="labels", start=1, end=3, region_id="same", to_name="text")
    filled.add("prediction/20/1", type="labels", start=1, end=3, to_name="text")
    filled.add("prediction/20/2", type="labels", start=1, end=3, to_name="text")
    assert filled.rows(
        """
        select result_key, region_id, was_cancelled, model_version, annotator_id, annotator_name
        from analytics.regions
        order by result_key
        """
    ) == [
        ("annotation/10/0", "same", False, None, 5, "Ada Hill"),
        ("annotation/11/0", "same", True, None, None, None),
        ("draft/30/0", "same", False, None, 6, "bo@example.com"),
        ("prediction/20/0", "same", False, "v1", None, None),
        ("prediction/20/1", None, False, "v1", None, None),
        ("prediction/20/2", None, False, "v1", None, None),
    ]


def test_what_has_no_place_is_no_region(filled: Filled) -> None:
    """Choices, texts and relations of the whole task are left out, although they have ids."""
    filled.add("annotation/10/0", "good", kind="choice", type="choices", region_id="c")
    filled.add("annotation/10/1", type="textarea", texts=("a",), text="a", region_id="t")
    filled.add("annotation/10/2", type="relation", from_region_id="c", to_region_id="t")
    filled.add("annotation/10/3", type="hologram", region_id="h", value='{"hologram": {}}')
    assert filled.rows("select * from analytics.regions") == []


def test_a_shape_has_its_area(filled: Filled) -> None:
    """In percent of the object, and in pixels of its 800 by 600; null where no SQL can tell."""
    cases: list[tuple[str, float | None, Json]] = [
        ("box", 5, {"type": "rectangle", "x": 0, "y": 0, "width": 50, "height": 10, "rotation": 45}),
        ("box", 5, {"type": "choices", "x": 0, "y": 0, "width": 50, "height": 10}),
        ("box", None, {"type": "ocrlabels", "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.05}),
        ("cube", None, {"type": "cube", "x": 1, "y": 2, "width": 4, "height": 5}),
        ("ellipse", pi / 2, {"type": "ellipselabels", "x": 50, "y": 50, "radius_x": 10, "radius_y": 5}),
        ("keypoint", None, {"type": "keypointlabels", "x": 50, "y": 50, "width": 0.5}),
        ("mask", None, {"type": "brushlabels", "mask_format": "rle", "mask_length": 21}),
        ("mask", None, {"type": "bitmask", "mask_length": 300}),
        ("video", None, {"type": "videorectangle", "frames_count": 250}),
    ]
    for place, (_, _, values) in enumerate(cases):
        filled.add(f"annotation/10/{place}", region_id=f"r{place}", **values, **IMAGE)
    assert filled.rows("select shape, area_percent, area_px from analytics.regions order by result_key") == [
        (shape, area and pytest.approx(area), area and pytest.approx(area * 4_800)) for shape, area, _ in cases
    ]


def test_an_ellipse_and_a_keypoint_have_their_sizes_in_pixels(filled: Filled) -> None:
    """Horizontal percent are of the width, vertical ones of the height."""
    filled.add("annotation/10/0", type="ellipse", x=50, y=50, radius_x=10, radius_y=5, **IMAGE)
    filled.add("annotation/10/1", type="keypoint", x=25, y=10, width=0.5, **IMAGE)
    filled.add("annotation/10/2", type="keypoint", x=25, y=10, width=0.5, to_name="image")
    assert filled.rows(
        "select x_px, y_px, width_px, radius_x_px, radius_y_px from analytics.regions order by result_key"
    ) == [(400, 300, None, 80, 30), (200, 60, 4, None, None), (None, None, None, None, None)]


def test_corners_enclose_an_area(filled: Filled) -> None:
    """A polygon's corners do, in either direction; a vector's do if it is closed and has no curves."""
    triangle: list[tuple[float | None, float]] = [(0, 0), (40, 0), (40, 50)]
    vertex, curve = {"vertex_id": "v"}, {"vertex_id": "v", "is_bezier": True}
    cases: list[tuple[str, float | None, Json, list[tuple[float | None, float]], Json]] = [
        ("polygon", 10, {"type": "polygonlabels"}, triangle, {}),
        ("polygon", 10, {"type": "polygonlabels", "closed": False}, triangle[::-1], {}),
        # an L of three squares of 10 by 10
        ("polygon", 3, {"type": "polygon"}, [(0, 0), (20, 0), (20, 10), (10, 10), (10, 20), (0, 20)], {}),
        ("polygon", 0, {"type": "polygon"}, [(0, 0), (10, 10)], {}),
        ("polygon", None, {"type": "polygon"}, [(0, 0), (None, 10), (10, 10)], {}),
        ("vector", 10, {"type": "vector", "closed": True}, triangle, vertex),
        ("vector", None, {"type": "vector", "closed": False}, triangle, vertex),
        ("vector", None, {"type": "vectorlabels", "closed": True}, triangle, curve),
    ]
    for place, (_, _, values, points, point_values) in enumerate(cases):
        filled.add(f"annotation/10/{place}", **values, **IMAGE)
        filled.add_points(f"annotation/10/{place}", *points, **point_values)
    assert filled.rows("select shape, points, area_percent, area_px from analytics.regions order by result_key") == [
        (shape, len(points), area, area and pytest.approx(area * 4_800)) for shape, area, _, points, _ in cases
    ]


def test_a_span_has_its_length(filled: Filled) -> None:
    """In characters, seconds or the series' unit, as the object that the labeling config names says."""
    html: Json = {"type": "hypertextlabels", "to_name": "html", "start_text": "/p[1]"}
    cases: list[tuple[float | None, str, Json]] = [
        (7, "characters", {"type": "labels", "to_name": "text", "start": 3, "end": 10}),
        (1.75, "seconds", {"type": "labels", "to_name": "audio", "start": 1.5, "end": 3.25}),
        (1.75, "seconds", {"type": "labels", "to_name": "unknown", "start": 1.5, "end": 3.25, "channel": 0}),
        (5.5, "series", {"type": "timeserieslabels", "to_name": "series", "start": 2, "end": 7.5}),
        (None, "series", {"type": "timeserieslabels", "to_name": "series", "start_text": "a", "end_text": "b"}),
        (26, "characters", html | {"end_text": "/p[2]", "start_offset": 4, "global_start": 4, "global_end": 30}),
        (5, "characters", html | {"end_text": "/p[1]", "start_offset": 4, "end_offset": 9}),
        (None, "characters", html | {"end_text": "/p[2]", "start_offset": 4, "end_offset": 9}),
    ]
    for place, (_, _, values) in enumerate(cases):
        filled.add(f"annotation/10/{place}", "Car", text="marked", **values)
    assert filled.rows("select shape, length, length_unit, text from analytics.regions order by result_key") == [
        ("span", length, unit, "marked") for length, unit, _ in cases
    ]


def test_a_text_written_on_a_span_is_not_the_marked_text(filled: Filled) -> None:
    """A transcription shares the audio region's place; it is in texts."""
    span: Json = {"region_id": "r", "start": 1, "end": 3, "to_name": "audio", "original_length": 12.5}
    filled.add("annotation/10/0", type="textarea", texts=("hello",), text="hello", **span)
    filled.add("annotation/10/1", "Agent", type="labels", **span)
    region = filled.region()
    assert (region["type"], region["texts"], region["text"], region["label"]) == ("labels", "hello", None, "Agent")


def test_regions_of_videos_count_their_keyframes_and_ranges(filled: Filled) -> None:
    """A timeline region has the frames of its ranges, first and last included."""
    owner: Json = {"source": "annotation", "task_id": 1, "project_id": 1}
    filled.add("annotation/10/0", "Dog", type="videorectangle", to_name="video", frames_count=250)
    for place, frame in enumerate((5, 1, 90)):
        filled.analytics.insert(
            "result_keyframes", result_key="annotation/10/0", keyframe_index=place, frame=frame, **owner
        )
    filled.add("annotation/10/1", "Jump", type="timelinelabels", to_name="video")
    for place, (start, end) in enumerate(((3, 45), (50, 50))):
        filled.analytics.insert(
            "result_ranges", result_key="annotation/10/1", range_index=place, start=start, end=end, **owner
        )
    assert filled.rows(
        """
        select shape, label, keyframes, first_frame, last_frame, ranges, "start", "end", length, length_unit
        from analytics.regions
        order by result_key
        """
    ) == [
        ("video", "Dog", 3, 1, 90, None, None, None, None, None),
        ("timeline", "Jump", None, None, None, 2, 3.0, 50.0, 44.0, "frames"),
    ]


def test_a_relation_stands_with_both_of_its_regions(filled: Filled) -> None:
    """Their labels and marked texts are beside the relation's own labels and direction."""
    filled.add("annotation/10/0", "PER", type="labels", from_name="ner", region_id="a", text="Ada", start=0, end=3)
    filled.add("annotation/10/1", "sure", kind="choice", type="choices", from_name="q", region_id="a", start=0, end=3)
    filled.add("annotation/10/2", type="rectangle", from_name="shape", region_id="b", x=1, **IMAGE)
    filled.add("annotation/10/3", "Car", "Red", type="labels", from_name="box", region_id="b", x=1, **IMAGE)
    filled.add("annotation/10/4", type="textarea", from_name="plate", texts=("AB 1",), text="AB 1", region_id="b")
    ends: Json = {"from_region_id": "a", "to_region_id": "b", "direction": "right"}
    filled.add("annotation/10/5", "owns", "drives", kind="relation", type="relation", **ends)
    filled.analytics.refresh()
    (relation,) = filled.analytics.records("select * from analytics.relations")
    assert {name: value for name, value in relation.items() if value is not None} == {
        "result_key": "annotation/10/5",
        "project_id": 1,
        "project_title": "Streets",
        "task_id": 1,
        "inner_id": 7,
        "source": "annotation",
        "annotation_id": 10,
        "annotator_id": 5,
        "annotator_email": "ada@example.com",
        "annotator_name": "Ada Hill",
        "was_cancelled": False,
        "ground_truth": True,
        "direction": "right",
        "label": "owns",
        "labels": "owns | drives",
        "from_region_id": "a",
        "from_found": True,
        "from_control": "ner",
        "from_type": "labels",
        "from_labels": "PER",
        "from_text": "Ada",
        "to_region_id": "b",
        "to_found": True,
        "to_control": "shape",
        "to_type": "rectangle",
        "to_labels": "Car | Red",
        "to_text": "AB 1",
    }


def test_a_relation_to_nowhere_is_there(filled: Filled) -> None:
    """A region of the same id in another annotation is not its end."""
    filled.add("annotation/10/0", "PER", type="labels", region_id="a", text="Ada", start=0, end=3)
    filled.add("prediction/20/0", "PER", type="labels", region_id="b", text="Bo", start=0, end=2)
    filled.add("annotation/10/1", type="relation", from_region_id="a", to_region_id="b", direction="bi")
    filled.add("draft/30/0", type="relation", from_region_id="a")
    assert filled.rows(
        """
        select result_key, from_found, from_text, to_found, to_text, labels, annotator_name
        from analytics.relations
        order by result_key
        """
    ) == [
        ("annotation/10/1", True, "Ada", False, None, None, "Ada Hill"),
        ("draft/30/0", False, None, False, None, None, "bo@example.com"),
    ]


@pytest.mark.parametrize("key", ["task_id", "project_id"])
@pytest.mark.parametrize("view", ["annotation_results", "prediction_results", "regions", "relations", "task_overview"])
def test_a_filter_reaches_the_tables(analytics: Analytics, view: str, key: str) -> None:
    """Who asks for a task or a project does not wait for all results to be read."""
    for number in (1, 2):
        owner = {"task_id": number, "project_id": number, "result_key": f"annotation/{number}/0", "type": "relation"}
        analytics.insert("tasks", id=number, project_id=number)
        analytics.insert("results", source="annotation", annotation_id=number, result_index=0, region_id="r", **owner)
        analytics.insert("results", source="prediction", prediction_id=number, result_index=0, region_id="r", **owner)
        for source, kind in (("annotation", "label"), ("prediction", "relation")):
            analytics.insert("result_labels", source=source, label_index=0, label="a", kind=kind, **owner)
            analytics.insert("result_texts", source=source, text_index=0, **owner)
        analytics.insert("result_points", point_index=0, **owner)
        analytics.insert("result_keyframes", keyframe_index=0, **owner)
        analytics.insert("result_ranges", range_index=0, **owner)
    analytics.refresh()
    ((_, plan),) = analytics.rows(f"explain (format json) select * from analytics.{view} where {key} = 1")
    scans = dict(_scans(json.loads(plan)[0]))
    read = {name for name in scans if name.startswith("result")} or {"tasks"} & scans.keys()
    assert read
    for name in read:
        assert all(key in filters or (name == "tasks" and "id" in filters) for filters in scans[name]), (name, scans)


def _scans(plan: Json) -> Iterator[tuple[str, list[str]]]:
    """The tables that a plan reads, with what each is filtered by."""
    found: dict[str, list[str]] = {}
    nodes = [plan]
    for node in nodes:
        nodes += node["children"]
        table = node.get("extra_info", {}).get("Table")
        if table:
            found.setdefault(table.rpartition(".")[2], []).append(str(node["extra_info"].get("Filters", "")))
    return iter(found.items())
