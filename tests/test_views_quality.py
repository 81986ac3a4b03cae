"""The view of what is wrong, or should be looked at."""

from typing import Any

import pytest
from analytics import Analytics
from annotating import Json, annotation, box, choice, prediction, task

from pipelines.label_studio.labeling_config import offered_labels

CONFIG = (
    '<View><RectangleLabels name="box" toName="t"><Label value="Car"/><Label value="Bus"/></RectangleLabels></View>'
)


@pytest.fixture
def project(analytics: Analytics) -> Analytics:
    """A project whose config offers boxes of cars and buses."""
    analytics.insert("projects", id=1, title="Streets", label_config=CONFIG)
    for label in offered_labels(1, CONFIG):
        analytics.insert("project_labels", **label._asdict())
    return analytics


def region(kind: str, region_id: str = "r", *, in_image: bool = True, **value: Any) -> Json:
    """A region, of an image of 800 by 400 pixels where nothing else is said."""
    size = {"original_width": 800, "original_height": 400} if in_image else {}
    return {"id": region_id, "from_name": kind, "to_name": "t", "type": kind, **size, "value": value}


def rectangle(x: float, y: float, width: float, height: float, rotation: float = 0, **more: Any) -> Json:
    """A box without a label."""
    return region("rectangle", x=x, y=y, width=width, height=height, rotation=rotation, **more)


def span(region_id: str = "s", kind: str = "labels", **value: Any) -> Json:
    """A span, of a text or of a recording."""
    return region(kind, region_id, in_image=False, **value)


def findings(analytics: Analytics, *columns: str) -> list[tuple[Any, ...]]:
    """What the view says, sorted: the findings and their details where no columns are named."""
    analytics.refresh()
    names = ", ".join(columns or ("finding", "detail"))
    return analytics.rows(f"select {names} from analytics.data_quality_issues order by all")


def found_in(analytics: Analytics, *results: Json) -> list[tuple[Any, ...]]:
    """What is found in an annotation of these results."""
    analytics.load(task(7, annotation(1, 3, *results), overlap=1, is_labeled=True))
    return findings(analytics)


# results

SHAPES = [
    (rectangle(10, 10, 0, 12.5), "zero_area", "0.0 % × 12.5 %"),
    (rectangle(10, 10, 5, -1), "zero_area", "5.0 % × -1.0 %"),
    (region("ellipse", x=50, y=50, radiusX=3, radiusY=0, rotation=0), "zero_area", "radii 3.0 % × 0.0 %"),
    (region("polygon", points=[[1, 1], [2, 2], [3, 3]], closed=True), "zero_area", "3 points on one line"),
    (region("brush", format="rle", rle=[]), "zero_area", "the mask is empty"),
    (region("polygon", points=[[1, 1], [9, 9]], closed=True), "too_few_points", "2 points"),
    (region("polygonlabels", points=[[1, 1]], polygonlabels=["Road"]), "too_few_points", "1 point"),
    (region("polygon", closed=True), "too_few_points", "0 points"),
    (
        rectangle(95, 10, 7, 10),
        "out_of_frame",
        "reaches from 95.0 to 102.0 % of the width, from 10.0 to 20.0 % of the height",
    ),
    # 40 pixels high, so that a quarter turn to the right reaches 40 pixels, or 5 %, to the left of x
    (
        rectangle(3, 50, 10, 10, 90),
        "out_of_frame",
        "reaches from -2.0 to 3.0 % of the width, from 50.0 to 70.0 % of the height",
    ),
    # half axes of 80 and 20 pixels, turned by 90 degrees: 80 pixels are 20 % of the height
    (
        region("ellipse", x=50, y=15, radiusX=10, radiusY=5, rotation=90),
        "out_of_frame",
        "reaches from 47.5 to 52.5 % of the width, from -5.0 to 35.0 % of the height",
    ),
    (
        region("keypoint", x=50, y=110, width=0.5),
        "out_of_frame",
        "reaches from 50.0 to 50.0 % of the width, from 110.0 to 110.0 % of the height",
    ),
    (
        region("polygon", points=[[-5, 1], [9, 1], [9, 9]], closed=True),
        "out_of_frame",
        "reaches from -5.0 to 9.0 % of the width, from 1.0 to 9.0 % of the height",
    ),
    (span(start=9, end=4, text="", labels=["PER"]), "reversed_span", "from 9.0 to 4.0"),
    (span(start=4, end=4, text="", labels=["PER"]), "empty_span", "from 4.0 to 4.0"),
    (
        span(start="/p[1]/text()[1]", end="/p[1]/text()[1]", startOffset=5, endOffset=2, hypertextlabels=["A"]),
        "reversed_span",
        "from 5.0 to 2.0",
    ),
    (span(start="3", end="1", startOffset=0, endOffset=7, paragraphlabels=["A"]), "reversed_span", "from 3.0 to 1.0"),
    (
        span(start="/p[1]", end="/p[2]", startOffset=0, endOffset=0, globalOffsets={"start": 4, "end": 4}),
        "empty_span",
        "from 4.0 to 4.0",
    ),
    (span(kind="timelinelabels", ranges=[{"start": 9, "end": 3}]), "reversed_span", "from 9.0 to 3.0"),
    (
        {**span(start=1, end=13.5, channel=0, labels=["A"]), "original_length": 12.75},
        "out_of_recording",
        "from 1.0 to 13.5 s of 12.8 s",
    ),
    ({**box(0, "Car"), "score": 1.5}, "score_out_of_range", "score 1.5"),
    (box(0, "Van"), "unknown_label", "box does not offer Van"),
]


@pytest.mark.parametrize(("result", "finding", "detail"), SHAPES)
def test_a_result_that_is_not_right(project: Analytics, result: Json, finding: str, detail: str) -> None:
    """Each kind of finding in a result is named, with what was found."""
    assert found_in(project, result) == [(finding, detail)]


def video(*frames: Json) -> Json:
    """A region of a video."""
    defaults = {"enabled": True, "x": 1, "y": 1, "width": 5, "height": 5, "rotation": 0}
    sequence = [{"frame": number, **defaults, **frame} for number, frame in enumerate(frames, 1)]
    return span(kind="videorectangle", framesCount=9, sequence=sequence)


KEYFRAMES: list[tuple[list[Json], str, str]] = [
    ([{"width": 0}, {"height": 0}, {"width": 0, "enabled": False}], "zero_area", "2 keyframes without area"),
    (
        [{"x": 97}, {"x": -9, "enabled": False}, {"x": -9, "rotation": 45}],
        "out_of_frame",
        "reaches from 97.0 to 102.0 % of the width, from 1.0 to 6.0 % of the height",
    ),
]


@pytest.mark.parametrize(("frames", "finding", "detail"), KEYFRAMES)
def test_keyframes_are_looked_at(project: Analytics, frames: list[Json], finding: str, detail: str) -> None:
    """Keyframes that are not seen are left out; of rotated ones nobody knows how far they reach."""
    assert found_in(project, video(*frames)) == [(finding, detail)]


RIGHT = [
    rectangle(0, 0, 100.9, 100),
    # reaches from 0 to 15 % of the width, and from 10 to 40 % of the height: without the turn it would be outside
    rectangle(15, 10, 15, 30, 90),
    # of an image of unknown size, nobody knows where a turned box reaches to
    region("rectangle", in_image=False, x=-9, y=1, width=5, height=5, rotation=45),
    region("ellipse", x=50, y=50, radiusX=3, radiusY=3, rotation=0),
    region("polygon", points=[[1, 1], [9, 1], [9, 9]], closed=True),
    region("vector", vertices=[{"id": "a", "x": 1, "y": 1}], closed=False),
    span(start=4, end=9, text="", labels=["PER"]),
    span(start="1", end="1", startOffset=2, endOffset=7, paragraphlabels=["A"]),
    span(start="0", end="1", startOffset=7, endOffset=2, paragraphlabels=["A"]),
    span(start="/p[1]", end="/p[2]", startOffset=7, endOffset=2, hypertextlabels=["A"]),
    span(start=5, end=5, instant=True, timeserieslabels=["A"], kind="timeserieslabels"),
    span(kind="timelinelabels", ranges=[{"start": 3, "end": 3}]),
    {**span(start=0, end=12.9, channel=0, labels=["A"]), "original_length": 12.75},
    {**box(0, "Car"), "score": 1.0},
    choice("A"),
    # a value of a region repeats its geometry
    region("choices", x=150, y=1, width=0, height=0, choices=["A"]),
    {"id": "o", "type": "mystery", "from_name": None, "value": None},
]


@pytest.mark.parametrize("result", RIGHT)
def test_a_result_that_is_right(project: Analytics, result: Json) -> None:
    """What is as it should be, or can't be judged, is no finding."""
    assert found_in(project, result) == []


def test_a_finding_leads_to_its_region(project: Analytics) -> None:
    """A row names all that a link into Label Studio needs; of annotations who made it, of predictions which model."""
    bad = rectangle(10, 10, 0, 12)
    project.load(task(7, annotation(1, 3, box(0, "Car"), bad), predictions=[prediction(2, "m1", bad)]))
    assert findings(
        project,
        *("project_id", "task_id", "finding", "severity", "source", "annotation_id", "prediction_id", "annotator_id"),
        *("model_version", "created_at::date::varchar", "result_key", "region_id", "from_name"),
    ) == [
        (1, 7, "zero_area", "error", "annotation", 1, None, 3, None, "2026-03-02", "annotation/1/1", "r", "rectangle"),
        (
            1,
            7,
            "zero_area",
            "error",
            "prediction",
            None,
            2,
            None,
            "m1",
            "2026-03-01",
            "prediction/2/0",
            "r",
            "rectangle",
        ),
    ]


def test_a_region_is_found_once(project: Analytics) -> None:
    """A region whose results all repeat its geometry, is one finding."""
    place: Json = {"x": 10, "y": 10, "width": 0, "height": 5, "rotation": 0}
    labels = {**region("rectangle", **place), "type": "labels", "value": {**place, "labels": ["Car"]}}
    text = {**region("textarea", **place), "value": {**place, "text": ["AB 123"]}}
    project.load(task(7, annotation(1, 3, region("rectangle", **place), labels, text)))
    assert findings(project, "finding", "result_key") == [("zero_area", "annotation/1/0")]


def test_cancelled_annotations_and_drafts_are_left_out(project: Analytics) -> None:
    """What was not submitted need not be right."""
    bad = rectangle(10, 10, 0, 12)
    draft = {"id": 5, "result": [bad], "user": "ada@example.com"}
    project.load(task(7, annotation(1, 3, bad, was_cancelled=True, lead_time=-1.0), drafts=[draft]))
    assert findings(project) == []


def test_unknown_labels_are_one_finding_an_annotation(project: Analytics) -> None:
    """Two regions of a label that is not offered make one row, which leads to the first of them."""
    first, second = box(20, "Van"), box(40, "Van")
    project.load(task(7, annotation(1, 3, box(0, "Car"), first, second, box(60, "Cab"))))
    assert findings(project, "finding", "severity", "result_key", "detail") == [
        ("unknown_label", "warning", "annotation/1/1", "box does not offer Van"),
        ("unknown_label", "warning", "annotation/1/3", "box does not offer Cab"),
    ]


def test_the_same_region_twice(project: Analytics) -> None:
    """Another id, and all else the same; another label, geometry, page or annotation is another region."""
    same = [{**box(0, "Car"), "id": region_id} for region_id in "abc"]
    project.load(
        task(7, annotation(1, 3, *same, box(0, "Bus"), box(1, "Car"), {**same[0], "id": "d", "item_index": 1})),
        task(8, annotation(2, 3, same[0])),
    )
    assert findings(project, "finding", "annotation_id", "region_id", "detail") == [
        ("duplicate_region", 1, "b", "the same as region a"),
        ("duplicate_region", 1, "c", "the same as region a"),
    ]


@pytest.mark.parametrize(("label", "found"), [("Car", ["b"]), ("Bus", [])])
def test_labels_in_results_of_their_own_count(project: Analytics, label: str, found: list[str]) -> None:
    """Boxes at the same place are the same where their labels, in other results, are."""

    def split(region_id: str, label: str) -> list[Json]:
        shape: Json = {"x": 1, "y": 1, "width": 5, "height": 5}
        labels = {**region("labels", region_id, **shape), "value": {**shape, "labels": [label]}}
        return [region("rectangle", region_id, **shape), labels]

    project.load(task(7, annotation(1, 3, *split("a", "Car"), *split("b", label))))
    assert [row[0] for row in findings(project, "region_id")] == found


def test_values_that_are_alike_are_no_regions(project: Analytics) -> None:
    """The same choice of two regions, or twice of a task, is no duplicate."""
    project.load(task(7, annotation(1, 3, choice("A"), choice("A"))))
    assert findings(project) == []


def test_scores_of_regions_are_one_finding_a_prediction(project: Analytics) -> None:
    """A model that scores from 0 to 100 has one row a prediction, which leads to its first region."""
    project.load(task(7, predictions=[prediction(1, "m1", *(box(x, "Car", score=x) for x in (0.0, 20.0, 40.0)))]))
    assert findings(project, "finding", "severity", "result_key", "detail") == [
        ("score_out_of_range", "warning", "prediction/1/1", "score 20.0")
    ]


def test_relations_need_both_ends(project: Analytics) -> None:
    """An end must be a region of the same annotation."""

    def relation(from_id: str | None, to_id: str | None) -> Json:
        return {"type": "relation", "from_id": from_id, "to_id": to_id, "direction": "right"}

    one, other = {**box(0, "Car"), "id": "a"}, {**box(20, "Car"), "id": "b"}
    relations = [relation("a", "b"), relation("a", "x"), relation("x", "b"), relation("x", None)]
    project.load(task(7, annotation(1, 3, one, other, *relations), annotation(2, 4, {**box(0, "Bus"), "id": "x"})))
    assert findings(project, "result_key", "finding", "severity", "detail") == [
        ("annotation/1/3", "dangling_relation", "error", "the end is not there: a to x"),
        ("annotation/1/4", "dangling_relation", "error", "the beginning is not there: x to b"),
        ("annotation/1/5", "dangling_relation", "error", "neither end is there: x to nothing"),
    ]


# annotations and predictions


def test_annotations_without_results(project: Analytics) -> None:
    """Submitted, and nothing in it; a skipped task has nothing to hold."""
    project.load(task(7, annotation(1, 3), annotation(2, 4, was_cancelled=True), annotation(3, 5, choice("A"))))
    assert findings(project, "finding", "severity", "source", "annotation_id", "annotator_id", "detail") == [
        ("empty_annotation", "warning", "annotation", 1, 3, "no results")
    ]


def test_lead_times_beyond_reason(project: Analytics) -> None:
    """Below 0, 0 though there is something, over 8 hours; none at all is what imported annotations have."""
    times = [-2.0, 0.0, 28_800.0, 28_801.0, None]
    made = [annotation(number, number, choice("A"), lead_time=time) for number, time in enumerate(times, 1)]
    project.load(task(7, *made))
    assert findings(project, "annotation_id", "finding", "severity", "detail") == [
        (1, "lead_time_negative", "error", "-2.0 s"),
        (2, "lead_time_zero", "warning", "0.0 s"),
        (4, "lead_time_too_long", "warning", "480.0 min"),
    ]


@pytest.mark.parametrize(
    ("usual", "found"), [(20, []), (60, [(1300.0, "21.7 min, median of the project 1.0 min")]), (70, [])]
)
def test_lead_times_beyond_the_usual(project: Analytics, usual: float, found: list[tuple[float, str]]) -> None:
    """Over 10 minutes and over 20 times the median of the project; a median is known from 20 annotations on."""
    times = [usual] * 19 + [1300.0 if usual > 20 else 599.0]
    project.load(
        *(task(number, annotation(number, 3, choice("A"), lead_time=time)) for number, time in enumerate(times, 1))
    )
    assert [(1300.0, row[0]) for row in findings(project, "detail")] == found
    project.remove(1)
    assert findings(project) == []


def test_scores_of_predictions(project: Analytics) -> None:
    """A score is 0 to 1, or there is none."""
    scores = [-0.1, 0.0, 1.0, 98.7654, None]
    made = [prediction(number, "m1", score=score) for number, score in enumerate(scores, 1)]
    project.load(task(7, predictions=made))
    assert findings(project, "prediction_id", "finding", "severity", "model_version", "detail") == [
        (1, "score_out_of_range", "warning", "m1", "score -0.1"),
        (4, "score_out_of_range", "warning", "m1", "score 98.765"),
    ]


# tasks


def labeled(task_id: int, overlap: int | None, is_labeled: bool, *people: int, **more: Any) -> Json:
    """A task with an annotation of each of the people; who skipped it, has a negative number."""
    made = [
        annotation(task_id * 10 + place, abs(person), choice("A"), was_cancelled=person < 0)
        for place, person in enumerate(people)
    ]
    return task(task_id, *made, overlap=overlap, is_labeled=is_labeled, **more)


def test_tasks_with_too_many_and_too_few_annotations(project: Analytics) -> None:
    """Submitted annotations are held against the overlap; persons, as Label Studio counts them, against is_labeled."""
    project.load(
        labeled(1, 2, True, 3, 4),
        labeled(2, 2, True, 3, 4, 5, -6),
        labeled(3, 2, True, 3, -4),
        labeled(4, 2, False, 3, 4),
        labeled(5, 2, False, 3),
        labeled(6, 2, True),
        labeled(7, None, True, 3),
        labeled(8, 2, False),
    )
    assert findings(project, "task_id", "finding", "severity", "source", "annotation_id", "detail") == [
        (2, "over_annotated", "warning", "task", None, "3 submitted, 2 asked for"),
        (3, "under_annotated", "warning", "task", None, "done by 1, 2 asked for"),
        (4, "not_marked_labeled", "warning", "task", None, "done by 2, 2 asked for"),
        (6, "under_annotated", "warning", "task", None, "done by 0, 2 asked for"),
    ]


def test_who_skipped_is_done_where_skipped_tasks_are_ignored(project: Analytics) -> None:
    """In a project that ignores skipped tasks, a task is labeled by those who skipped it, too."""
    project.connection.execute("""update label_studio.projects set extra = '{"skip_queue": "IGNORE_SKIPPED"}'""")
    project.load(labeled(1, 2, True, 3, -4), labeled(2, 2, False, 3, -4))
    assert findings(project, "task_id", "finding", "detail") == [(2, "not_marked_labeled", "done by 2, 2 asked for")]


def test_ground_truth_is_not_too_much(project: Analytics) -> None:
    """An annotation that was added as ground truth makes no task over-annotated."""
    golden = annotation(19, 9, choice("A"), ground_truth=True)
    given = labeled(1, 1, True, 3)
    project.load({**given, "annotations": [*given["annotations"], golden]})
    assert findings(project) == []


def test_a_person_with_two_annotations(project: Analytics) -> None:
    """Two submitted by one person are named with the newest; a skipped one, and two of nobody, are none."""
    project.load(
        labeled(1, 3, False, 3, 3, 4, -4),
        task(2, annotation(21, None, choice("A")), annotation(22, None, choice("A")), overlap=2, is_labeled=False),
    )
    assert findings(project, "task_id", "finding", "annotation_id", "annotator_id", "detail") == [
        (1, "repeated_annotator", 11, 3, "2 annotations, from 10 to 11")
    ]


@pytest.mark.parametrize("view", ["result_findings", "data_quality_issues"])
def test_an_empty_warehouse_has_no_findings(analytics: Analytics, view: str) -> None:
    """Where nothing was loaded, there are no rows, and no error."""
    analytics.refresh()
    assert analytics.rows(f"select * from analytics.{view}") == []
