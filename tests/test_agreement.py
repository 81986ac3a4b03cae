"""How far two annotations agree, by each metric: against scores worked out by hand."""

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import pytest
from analytics import Analytics

Json = dict[str, Any]
Scores = dict[str, float | None]

PHOTO = {"original_width": 200, "original_height": 100}


class Case(NamedTuple):
    """Two annotations, and what is expected of the control tag that is named."""

    fact: str
    a: list[Json]
    b: list[Json]
    scores: Scores
    rotated: float | None = None
    config: str = ""
    weights: Json | None = None
    offered: tuple[str, ...] = ()


def result(kind: str, **value: Any) -> Json:
    """A result of the control tag `c`."""
    outer = {
        key: value.pop(key) for key in list(value) if key in ("id", "item_index", "original_width", "original_height")
    }
    return {"from_name": "c", "to_name": "t", "type": kind, "value": value, **outer}


def choices(*labels: str, **more: Any) -> Json:
    return result("choices", choices=list(labels), **more)


def taxonomy(*paths: list[str]) -> Json:
    return result("taxonomy", taxonomy=list(paths))


def box(x: float, y: float, width: float, height: float, *labels: str, rotation: float = 0, **more: Any) -> Json:
    geometry = {"x": x, "y": y, "width": width, "height": height, "rotation": rotation}
    return result("rectanglelabels", **geometry, rectanglelabels=list(labels or ("Car",)), **PHOTO, **more)


def polygon(*points: tuple[float, float], label: str = "Road") -> Json:
    return result("polygonlabels", points=[list(point) for point in points], polygonlabels=[label], **PHOTO)


def span(start: float, end: float, *labels: str) -> Json:
    return result("labels", start=start, end=end, labels=list(labels or ("PER",)))


def html(start: str, end: str, start_offset: int, end_offset: int, *offsets: int, label: str = "Title") -> Json:
    more: Json = {"globalOffsets": {"start": offsets[0], "end": offsets[1]}} if offsets else {}
    value: Json = {"start": start, "end": end, "startOffset": start_offset, "endOffset": end_offset}
    return result("hypertextlabels", **value, **more, hypertextlabels=[label])


def keypoint(x: float, y: float, label: str = "Nose") -> Json:
    return result("keypointlabels", x=x, y=y, width=0.4, keypointlabels=[label], **PHOTO)


def vector(prefix: str, *, bezier: bool = False, closed: bool = False) -> Json:
    first = {"id": f"{prefix}0", "x": 1, "y": 2, "prevPointId": None, "isBezier": False}
    second = {"id": f"{prefix}1", "x": 9, "y": 2, "prevPointId": f"{prefix}0", "isBezier": bezier}
    return result("vectorlabels", vertices=[first, second], closed=closed, vectorlabels=["Path"])


def text(*texts: str, **more: Any) -> Json:
    return result("textarea", text=list(texts), **more)


def video(*keyframes: tuple[int, float, bool], label: str = "Fox", frames: int = 10) -> Json:
    """Boxes of 10 by 10 percent that move along: frame, x, whether it stays to be seen."""
    sequence = [
        {
            "frame": frame,
            "x": x,
            "y": 0,
            "width": 10,
            "height": 10,
            "rotation": 0,
            "enabled": enabled,
            "time": frame / 25,
        }
        for frame, x, enabled in keyframes
    ]
    return result("videorectangle", sequence=sequence, framesCount=frames, duration=frames / 25, labels=[label])


def timeline(*ranges: tuple[int, int], label: str = "Jump") -> Json:
    return result("timelinelabels", ranges=[{"start": a, "end": b} for a, b in ranges], timelinelabels=[label])


RATING = '<View><Rating name="c" toName="t" maxRating="4"/><Text name="t"/></View>'
NUMBER = '<View><Number name="c" toName="t" min="10" max="30"/><Text name="t"/></View>'

CASES = [
    Case("equal choices match", [choices("A")], [choices("A")], {"exact_match": 1, "jaccard": 1}),
    Case("other choices don't match", [choices("A")], [choices("B")], {"exact_match": 0, "jaccard": 0}),
    Case("choices match in any order", [choices("A", "B")], [choices("B", "A")], {"exact_match": 1, "jaccard": 1}),
    # A, B against B, C: one of three
    Case(
        "some shared choices count for jaccard only",
        [choices("A", "B")],
        [choices("B", "C")],
        {"exact_match": 0, "jaccard": 1 / 3},
    ),
    Case(
        "a control tag that one side leaves empty does not match", [choices("A")], [], {"exact_match": 0, "jaccard": 0}
    ),
    # (0.5 + 1) / 2
    Case(
        "equal choices score the mean weight of their labels",
        [choices("A", "B")],
        [choices("A", "B")],
        {"exact_match": 0.75, "jaccard": 1},
        weights={"c": {"overall": 2.0, "labels": {"A": 0.5}}},
    ),
    Case(
        "choices of one page don't match those of another",
        [choices("A", item_index=0)],
        [choices("A", item_index=1)],
        {"exact_match": 0, "jaccard": 0},
    ),
    # the longest common beginning has 2 steps, of 3 and of 2: 2/3 and 1
    Case(
        "taxonomy paths score by their common beginning",
        [taxonomy(["Law", "Contract", "Lease"])],
        [taxonomy(["Law", "Contract"])],
        {"exact_match": 0, "jaccard": 0, "path_match": 2 / 3, "subtree_match": 0},
    ),
    Case(
        "the best pair of taxonomy paths counts",
        [taxonomy(["Law", "Notice"], ["Money"])],
        [taxonomy(["Money"], ["Other"])],
        {"exact_match": 0, "jaccard": 1 / 3, "path_match": 1, "subtree_match": 0.5},
    ),
    # Contract stands for Lease and Sale, Law for these and Notice: 2 of 3
    Case(
        "a taxonomy's node stands for the leaves beneath it",
        [taxonomy(["Law", "Contract"])],
        [taxonomy(["Law"])],
        {"exact_match": 0, "jaccard": 0, "path_match": 0.5, "subtree_match": 2 / 3},
        offered=("Law", "Law / Contract", "Law / Contract / Lease", "Law / Contract / Sale", "Law / Notice", "Money"),
    ),
    # 1 - 1 / 4
    Case(
        "ratings score by difference of the maximum",
        [result("rating", rating=3)],
        [result("rating", rating=4)],
        {"numeric_difference": 0.75},
        config=RATING,
    ),
    # 1 - 5 / (30 - 10)
    Case(
        "numbers score by difference of the range",
        [result("number", number=15)],
        [result("number", number=20)],
        {"numeric_difference": 0.75},
        config=NUMBER,
    ),
    # 1 - 2 / 10
    Case(
        "without a range numbers score by difference of the larger",
        [result("number", number=8)],
        [result("number", number=-10 + 20)],
        {"numeric_difference": 0.8},
    ),
    Case(
        "numbers with other signs have nothing in common",
        [result("number", number=-8)],
        [result("number", number=10)],
        {"numeric_difference": 0},
    ),
    Case("two zeros are equal", [result("number", number=0)], [result("number", number=0)], {"numeric_difference": 1}),
    Case(
        "the better of two matches or doesn't",
        [result("pairwise", selected="left")],
        [result("pairwise", selected="right")],
        {"exact_match": 0},
    ),
    Case(
        "equal dates match",
        [result("datetime", datetime="2026-01-02")],
        [result("datetime", datetime="2026-01-02")],
        {"exact_match": 1},
    ),
    Case(
        "rankings match where they are in the same order",
        [result("ranker", ranker={"best": ["x", "y"]})],
        [result("ranker", ranker={"best": ["y", "x"]})],
        {"exact_match": 0},
    ),
    # kitten - sitting: 3 edits of 7 letters
    Case("texts score by edit distance", [text("kitten")], [text("sitting")], {"text_similarity": 4 / 7}),
    Case("letters are counted, not bytes", [text("äöü")], [text("aöü")], {"text_similarity": 2 / 3}),
    # the first is equal, the second is missing
    Case("a missing text scores nothing", [text("a", "b")], [text("a")], {"text_similarity": 0.5}),
    Case("empty texts are equal", [text("")], [text("")], {"text_similarity": 1}),
    # shared 5 x 10, covered 200 - 50
    Case("boxes score by IoU", [box(0, 0, 10, 10)], [box(5, 0, 10, 10)], {"iou": 1 / 3}, rotated=1 / 3),
    Case(
        "boxes with other labels don't match", [box(0, 0, 9, 9, "Car")], [box(0, 0, 9, 9, "Bus")], {"iou": 0}, rotated=0
    ),
    Case("boxes that touch share nothing", [box(0, 0, 10, 10)], [box(10, 0, 10, 10)], {"iou": 0}, rotated=0),
    Case("boxes without area share nothing", [box(5, 5, 0, 0)], [box(5, 5, 0, 0)], {"iou": 0}, rotated=0),
    # a: 1 and 0, mean 0.5; b: 1; the smaller counts
    Case(
        "of both sides' means the smaller counts",
        [box(0, 0, 10, 10), box(50, 50, 10, 10)],
        [box(0, 0, 10, 10)],
        {"iou": 0.5},
        rotated=0.5,
    ),
    # one box of b serves both of a: a has 1 and 1/3, b has 1
    Case(
        "a box may be the best of two others",
        [box(0, 0, 10, 10), box(5, 0, 10, 10)],
        [box(0, 0, 10, 10)],
        {"iou": 2 / 3},
        rotated=2 / 3,
    ),
    # a: (3 x 1 + 1 x 0) / 4, b: 1
    Case(
        "regions count by the weights of their labels",
        [box(0, 0, 10, 10, "Car"), box(50, 50, 10, 10, "Bus")],
        [box(0, 0, 10, 10, "Car")],
        {"iou": 0.75},
        rotated=0.75,
        weights={"c": {"labels": {"Car": 3}}},
    ),
    Case(
        "labels that weigh nothing give no score",
        [box(0, 0, 10, 10)],
        [box(0, 0, 10, 10)],
        {"iou": None},
        weights={"c": {"labels": {"Car": 0}}},
    ),
    # in pixels 20 x 10 turned by 90 degrees about the upper left corner: it lies to the left of it, from -10 to 0
    Case(
        "turned boxes are compared by their true corners beside",
        [box(50, 0, 10, 10, rotation=90)],
        [box(50, 0, 10, 10)],
        {"iou": 1},
        rotated=0,
    ),
    # b covers in pixels what a covers when turned: x 90 to 100, y 0 to 20
    Case(
        "a turned box can equal one that is not turned",
        [box(50, 0, 10, 10, rotation=90)],
        [box(45, 0, 5, 20)],
        {"iou": 0},
        rotated=1,
    ),
    Case(
        "boxes of other pages don't match",
        [box(0, 0, 9, 9, item_index=0)],
        [box(0, 0, 9, 9, item_index=1)],
        {"iou": 0},
        0,
    ),
    # triangle of half the square
    Case(
        "polygons score by IoU",
        [polygon((0, 0), (10, 0), (10, 10), (0, 10))],
        [polygon((0, 0), (10, 0), (0, 10))],
        {"polygon_iou": 0.5},
    ),
    # a bow tie of two triangles of 25 within a square of 100
    Case(
        "a polygon that crosses itself covers its loops",
        [polygon((0, 0), (10, 10), (10, 0), (0, 10), (0, 0))],
        [polygon((0, 0), (10, 0), (10, 10), (0, 10))],
        {"polygon_iou": 0.5},
    ),
    Case(
        "a polygon of two points covers nothing",
        [polygon((0, 0), (9, 9))],
        [polygon((0, 0), (9, 9))],
        {"polygon_iou": 0},
    ),
    # 10 of 30, as the documentation has it
    Case("spans score by overlap of their hull", [span(0, 20)], [span(10, 30)], {"span_iou": 1 / 3}),
    Case("spans with other labels don't match", [span(0, 20, "PER")], [span(0, 20, "ORG")], {"span_iou": 0}),
    Case("labels match in any order", [span(0, 20, "PER", "ORG")], [span(0, 20, "ORG", "PER")], {"span_iou": 1}),
    # 0-10 against 0-10: 1; 20-30 against none: 0; b: 1
    Case("ranges of a timeline are spans", [timeline((0, 10), (20, 30))], [timeline((0, 10))], {"span_iou": 0.5}),
    Case(
        "times as text are spans",
        [result("timeserieslabels", start="2026-01-01 00:00", end="2026-01-01 02:00", timeserieslabels=["Run"])],
        [result("timeserieslabels", start="2026-01-01 01:00", end="2026-01-01 03:00", timeserieslabels=["Run"])],
        {"span_iou": 1 / 3},
    ),
    Case(
        "spans of HTML compare within equal anchors",
        [html("/p[1]", "/p[1]", 0, 4)],
        [html("/p[1]", "/p[1]", 2, 6)],
        {"html_span_iou": 1 / 3},
    ),
    Case(
        "spans of HTML with other anchors share nothing",
        [html("/p[1]", "/p[1]", 0, 4)],
        [html("/p[2]", "/p[2]", 0, 4)],
        {"html_span_iou": 0},
    ),
    Case(
        "global offsets reach across anchors",
        [html("/p[1]", "/p[2]", 0, 4, 0, 20)],
        [html("/p[1]", "/p[1]", 0, 10, 0, 10)],
        {"html_span_iou": 0.5},
    ),
    Case(
        "near keypoints are near, not equal",
        [keypoint(10, 10)],
        [keypoint(10.5, 10.9)],
        {"exact_match": 0, "keypoint_distance": 1},
    ),
    Case(
        "a percent is too far for keypoints",
        [keypoint(10, 10)],
        [keypoint(11, 10)],
        {"exact_match": 0, "keypoint_distance": 0},
    ),
    # equal ones in another order
    Case(
        "equal keypoints match in any order",
        [keypoint(1, 1), keypoint(5, 5)],
        [keypoint(5, 5), keypoint(1, 1)],
        {"exact_match": 1, "keypoint_distance": 1},
    ),
    # numbers differ: nothing; near: a 1/2, b 1
    Case(
        "another number of keypoints is no exact match",
        [keypoint(1, 1), keypoint(50, 50)],
        [keypoint(1, 1)],
        {"exact_match": 0, "keypoint_distance": 0.5},
    ),
    Case(
        "ellipses match where they are equal",
        [result("ellipselabels", x=5, y=5, radiusX=2, radiusY=3, ellipselabels=["Cell"])],
        [result("ellipselabels", x=5, y=5, radiusX=2, radiusY=3, ellipselabels=["Cell"])],
        {"exact_match": 1},
    ),
    # boxes 0-10 and 0-10 for 10 frames, and 5-15 for the last 5 of them
    Case(
        "video regions score by their frames",
        [video((1, 0, True))],
        [video((1, 0, True), (5, 0, True), (6, 5, True))],
        {"frame_match": 0.5, "frame_iou": (5 + 5 / 3) / 10},
    ),
    # a moves by 1 percent a frame, b stands still where a is in frame 3
    Case(
        "regions move in a straight line between keyframes",
        [video((1, 0, True), (5, 4, False), frames=5)],
        [video((3, 2, False), frames=5)],
        {"frame_match": 0.2, "frame_iou": 0.2},
    ),
    # hidden after frame 2, until it comes again in frame 9: 1, 2, 9, 10 of b's ten frames
    Case(
        "a region is hidden after a keyframe that is not enabled",
        [video((1, 0, True), (2, 0, False), (9, 0, True))],
        [video((1, 0, True))],
        {"frame_match": 0.4, "frame_iou": 0.4},
    ),
    # IoU 1/3 of boxes, same choice
    Case(
        "choices of regions score by overlap and equality",
        [choices("A", x=0, y=0, width=10, height=10), choices("B", x=50, y=50, width=10, height=10)],
        [choices("A", x=5, y=0, width=10, height=10), choices("A", x=50, y=50, width=10, height=10)],
        {"region_choices": 1 / 6},
    ),
    # spans of 1/3, texts of 4/7
    Case(
        "texts of regions score by overlap and similarity",
        [text("kitten", start=0, end=20)],
        [text("sitting", start=10, end=30)],
        {"region_text": 4 / 21},
    ),
    # overlap 1, one of two numbers is equal
    Case(
        "numbers of regions score where they are equal",
        [result("number", number=1, start=0, end=5), result("number", number=2, start=10, end=15)],
        [result("number", number=1, start=0, end=5), result("number", number=3, start=10, end=15)],
        {"region_value": 0.5},
    ),
    # values of another type than usual, and what stands beside them
    Case(
        "choices that are no list are compared",
        [result("choices", choices="A")],
        [result("choices", choices="B")],
        {"exact_match": 0, "jaccard": 0},
    ),
    Case(
        "choices that are no texts are compared",
        [result("choices", choices=[1])],
        [result("choices", choices=[1])],
        {"exact_match": 1, "jaccard": 1},
    ),
    Case(
        "a label that is no list is a label",
        [result("rectanglelabels", x=0, y=0, width=9, height=9, rectanglelabels="Car")],
        [result("rectanglelabels", x=0, y=0, width=9, height=9, rectanglelabels="Bus")],
        {"iou": 0},
    ),
    Case(
        "dates that are numbers are compared",
        [result("datetime", datetime=2026)],
        [result("datetime", datetime=2025)],
        {"exact_match": 0},
    ),
    Case(
        "the better of two that is a list is compared",
        [result("pairwise", selected=["left"])],
        [result("pairwise", selected=["right"])],
        {"exact_match": 0},
    ),
    Case(
        "ratings that are texts are equal or not",
        [result("rating", rating="4")],
        [result("rating", rating="4")],
        {"numeric_difference": 1},
    ),
    Case(
        "masks without a code are compared",
        [result("brushlabels", touches=[1], brushlabels=["A"])],
        [result("brushlabels", touches=[2], brushlabels=["A"])],
        {"exact_match": 0, "mask_iou": 0},
    ),
    Case("choosing nothing is saying nothing", [choices()], [choices("A")], {"exact_match": 0, "jaccard": 0}),
    Case(
        "the order of buckets is nothing",
        [result("ranker", ranker={"good": ["x"], "_": ["y"]})],
        [result("ranker", ranker={"_": ["y"], "good": ["x"]})],
        {"exact_match": 1},
    ),
    Case(
        "the order of keys is nothing",
        [result("reactcode", reactcode={"a": 1, "b": [2]})],
        [result("reactcode", reactcode={"b": [2.0], "a": 1.0})],
        {"exact_match": 1},
    ),
    Case(
        "an empty list is not none",
        [result("reactcode", reactcode={"a": 1, "b": []})],
        [result("reactcode", reactcode={"a": 1})],
        {"exact_match": 0},
    ),
    Case(
        "equal vectors match, whatever their vertices' ids",
        [vector("v", bezier=True)],
        [vector("w", bezier=True)],
        {"exact_match": 1},
    ),
    Case("a curve is no straight line", [vector("v", bezier=True)], [vector("v", bezier=False)], {"exact_match": 0}),
    Case("a closed vector is no open one", [vector("v", closed=True)], [vector("v", closed=False)], {"exact_match": 0}),
    Case(
        "equal regions of other pages don't match",
        [{**keypoint(1, 1), "item_index": 0}],
        [{**keypoint(1, 1), "item_index": 1}],
        {"exact_match": 0, "keypoint_distance": 0},
    ),
    Case("a timeline region without ranges is nowhere", [timeline()], [timeline((1, 5))], {"span_iou": 0}),
    Case(
        "a span without an end is nowhere",
        [result("hypertextlabels", start="/p[1]", end="/p[1]", startOffset=3, hypertextlabels=["A"])],
        [result("hypertextlabels", start="/p[1]", end="/p[1]", startOffset=0, endOffset=9, hypertextlabels=["A"])],
        {"html_span_iou": 0},
    ),
    Case(
        "a polygon of one point covers nothing",
        [polygon((1, 2), (1, 2), (1, 2))],
        [polygon((1, 2), (1, 2), (1, 2))],
        {"polygon_iou": 0},
    ),
    Case(
        "what nobody knows is compared whole",
        [result("reactcode", reactcode={"decision": "yes"})],
        [result("reactcode", reactcode={"decision": "yes"})],
        {"exact_match": 1},
    ),
]


@pytest.fixture(scope="module")
def scored() -> Iterator[Analytics]:
    """Each case is a project with one task, by its place in the list."""
    analytics = Analytics()
    ids = count(1)
    tasks = []
    for project_id, case in enumerate(CASES, 1):
        analytics.insert("projects", id=project_id, label_config=case.config, control_weights=case.weights)
        for path in case.offered:
            analytics.insert("project_labels", project_id=project_id, from_name="c", type="taxonomy", label_path=path)
        sides = [
            {"id": next(ids), "completed_by": person, "was_cancelled": False, "result": results}
            for person, results in enumerate((case.a, case.b), 1)
        ]
        tasks.append({"id": project_id, "project": project_id, "annotations": sides})
    analytics.load(*tasks)
    analytics.refresh()
    yield analytics
    analytics.connection.close()


@pytest.mark.parametrize("project_id", range(1, len(CASES) + 1), ids=[case.fact for case in CASES])
def test_two_annotations_score_as_worked_out_by_hand(scored: Analytics, project_id: int) -> None:
    """Each metric of a control tag gives what its formula says, whichever annotation comes first."""
    case = CASES[project_id - 1]
    found = dict(
        scored.rows(
            "select metric, score from analytics.agreement_pairs where project_id = $project_id and from_name = 'c'",
            project_id=project_id,
        )
    )
    assert found == pytest.approx(case.scores, abs=1e-12)
    if case.rotated is not None:
        (rotated,) = scored.rows(
            "select score_rotated from analytics.agreement_pairs where project_id = $project_id and metric = 'iou'",
            project_id=project_id,
        )
        assert rotated[0] == pytest.approx(case.rotated, abs=1e-9)
