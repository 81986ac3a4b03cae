"""Agreement against HumanSignal's own library, label-studio-evalme: the same scores to 1e-9, and where not, why.

The library's functions score thousands of drawn pairs of each kind of control tag, and the pairs of the sample. It runs
in an environment of its own, which uv makes of the head and the lock file of `evalme_worker.py`.
"""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from agreement_cases import KINDS, TAXONOMY, Json, Kind, Results, result
from analytics import Analytics
from rle import packed

from pipelines.demo import load_sample
from pipelines.label_studio.labeling_config import offered_labels

WORKER = Path(__file__).with_name("evalme_worker.py")

Pair = tuple[str, Results, Results, Json]


class Evalme:
    """The library, behind a process."""

    def __init__(self) -> None:
        self._command = ["uv", "run", "--quiet", "--script", str(WORKER)]
        self.scores([])

    def scores(self, pairs: list[Pair]) -> list[Json]:
        """For each pair its score, or the name of the error that the library raised."""
        # the project's own environment must not be taken for the script's
        own = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
        done = subprocess.run(
            self._command, input=json.dumps(pairs), capture_output=True, text=True, check=False, env=own, timeout=600
        )
        if done.returncode:
            raise OSError(done.stderr.strip()[-500:])
        scores: list[Json] = json.loads(done.stdout)
        return scores


@pytest.fixture(scope="module")
def evalme() -> Evalme:
    """The library; where it can't be installed, the tests are skipped, but not in CI."""
    try:
        return Evalme()
    except OSError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"label-studio-evalme can't be had here: {error}")


class Drawn(NamedTuple):
    """The pairs of each kind, and how our tables score them: by kind's place, then by pair's place."""

    pairs: list[list[tuple[Results, Results]]]
    scores: list[list[float]]


@pytest.fixture(scope="module")
def drawn() -> Iterator[Drawn]:
    """Each kind is a project, each pair one of its tasks."""
    analytics = Analytics()
    pairs = [
        [kind.draw(draw) for _ in range(kind.pairs)] for kind in KINDS for draw in [Random(kind.name + kind.metric)]
    ]
    ids = count(1)
    tasks: list[Json] = []
    for project_id, kind in enumerate(KINDS, 1):
        add_project(analytics, project_id, kind)
        for a, b in pairs[project_id - 1]:
            sides = [{"id": next(ids), "completed_by": n, "result": side} for n, side in enumerate((a, b), 1)]
            tasks.append({"id": len(tasks) + 1, "project": project_id, "annotations": sides})
    for place in range(0, len(tasks), 2000):
        analytics.load(*tasks[place : place + 2000])
    analytics.refresh()
    yield Drawn(pairs, [ours(analytics, project_id, kind) for project_id, kind in enumerate(KINDS, 1)])
    analytics.connection.close()


def add_project(analytics: Analytics, project_id: int, kind: Kind) -> None:
    """A project with the config, the labels and the weights of a kind."""
    weights = kind.weights and json.dumps(kind.weights)
    analytics.insert("projects", id=project_id, label_config=kind.config or None, control_weights=weights)
    for label in offered_labels(project_id, kind.config) if kind.config else []:
        analytics.insert("project_labels", **label._asdict())


def ours(analytics: Analytics, project_id: int, kind: Kind) -> list[float]:
    """Our scores in the order of the tasks; a pair of which both say nothing has none, as no config asks for it."""
    rows = analytics.rows(
        "select tasks.id, pairs.score from label_studio.tasks left join analytics.agreement_pairs as pairs"
        " on tasks.id = pairs.task_id and pairs.metric = $metric and pairs.from_name = 'c'"
        " where tasks.project_id = $project_id order by tasks.id",
        metric=kind.metric,
        project_id=project_id,
    )
    return [score for _, score in rows]


def test_thousands_of_drawn_pairs_score_as_with_evalme(
    evalme: Evalme, drawn: Drawn, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each kind of control tag, to 1e-9; pairs of which both sides are empty are among the differences below.

    Of some polygons that cross themselves the library can't make anything, or takes out corners at random.
    """
    asked: list[Pair] = []
    for kind, pairs in zip(KINDS, drawn.pairs, strict=True):
        asked += [(kind.function, kind.given(a), kind.given(b), kind.arguments) for a, b in pairs]
    theirs = iter(evalme.scores(asked))
    lines, wrong, given_up = [], [], 0
    for kind, pairs, scores in zip(KINDS, drawn.pairs, drawn.scores, strict=True):
        compared, largest, between = 0, 0.0, 0
        for (a, b), score in zip(pairs, scores, strict=True):
            found = next(theirs)
            if not a and not b:
                continue
            if "error" in found and kind.name == "PolygonLabels":
                given_up += 1
                continue
            if "error" in found or abs(found["score"] - score) > 1e-9:
                wrong.append((kind.name, kind.metric, a, b, score, found))
                continue
            compared += 1
            between += 0 < score < 1
            largest = max(largest, abs(found["score"] - score))
        lines.append(f"{kind.name:24} {kind.metric:18} {kind.function:32} {compared:5} {between:5} {largest:.1e}")
        assert compared > 0.8 * kind.pairs - len(wrong)
    assert given_up < 60
    with capsys.disabled():
        print(f"\n{'control tag':24} {'metric':18} {'evalme':32} pairs  0<s<1 largest difference", *lines, sep="\n")
    assert not wrong, f"{len(wrong)} pairs, such as {wrong[:3]}"


#: The control tags of the sample that evalme can compare, with how it does.
SAMPLE: dict[tuple[int, str], tuple[str, str, Json]] = {
    (1, "sentiment"): ("exact_match", "exact_matching_choices", {"shape_key": "choices"}),
    (1, "ner"): ("span_iou", "intersection_text_tagging", {"shape_key": "labels"}),
    (2, "box"): ("iou", "iou_bboxes", {"shape_key": "rectanglelabels"}),
    (2, "visibility"): ("region_choices", "iou_bboxes", {"shape_key": "choices"}),
    (2, "area"): ("polygon_iou", "iou_polygons", {"shape_key": "polygonlabels"}),
    (2, "light"): ("keypoint_distance", "keypoints_distance", {"label_weights": {}}),
    (2, "mask"): ("mask_iou", "iou_brush", {"label_weights": {}}),
    (3, "speaker"): ("span_iou", "intersection_text_tagging", {"shape_key": "labels"}),
    (3, "transcription"): ("region_text", "intersection_textarea_tagging", {"shape_key": "text"}),
    (3, "reason"): ("exact_match", "exact_matching_choices", {"shape_key": "choices"}),
    (5, "better"): ("exact_match", "exact_matching_pairwise", {"shape_key": "selected"}),
    (5, "issued"): ("exact_match", "naive", {}),
    (5, "ranking"): ("exact_match", "naive", {}),
    (5, "topic"): ("path_match", "path_match_taxonomy", {}),
}


@pytest.fixture(scope="module")
def sample() -> Iterator[tuple[Analytics, dict[int, Results]]]:
    """The sample in tables, and the results of its annotations by id."""
    fake = load_sample()
    analytics = Analytics.holding(fake)
    analytics.refresh()
    yield (
        analytics,
        {made["id"]: made["result"] for task in fake.tasks.values() for made in task["annotations"]},
    )
    analytics.connection.close()


def test_every_pair_of_the_sample_scores_as_with_evalme(
    evalme: Evalme, sample: tuple[Analytics, dict[int, Results]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Of each control tag that it can compare, all pairs of which both sides say something."""
    analytics, results = sample
    asked: list[Pair] = []
    found: list[tuple[int, str, float]] = []
    for (project_id, name), (metric, function, arguments) in SAMPLE.items():
        rows = analytics.rows(
            "select annotation_a_id, annotation_b_id, score from analytics.agreement_pairs"
            " where project_id = $project_id and from_name = $name and metric = $metric order by all",
            project_id=project_id,
            name=name,
            metric=metric,
        )
        for a, b, score in rows:
            sides = [[item for item in results[side] or [] if item.get("from_name") == name] for side in (a, b)]
            if all(sides):
                asked.append((function, sides[0], sides[1], arguments))
                found.append((project_id, name, score))
    counts: Counter[tuple[int, str]] = Counter()
    for (project_id, name, score), theirs, pair in zip(found, evalme.scores(asked), asked, strict=True):
        assert theirs == {"score": pytest.approx(score, abs=1e-9)}, pair
        counts[project_id, name] += 1
    assert counts.keys() == SAMPLE.keys()
    with capsys.disabled():
        print("\nequal to 1e-9 in the sample:", ", ".join(f"{name} {n}" for (_, name), n in counts.items()))


class Difference(NamedTuple):
    """Where we score otherwise on purpose: what evalme gives, what we give, and why."""

    name: str
    reason: str
    metric: str
    function: str
    arguments: Json
    a: Results
    b: Results
    theirs: float | str
    ours: float
    weights: Json | None = None
    config: str = ""


def box(x: float, *labels: str, **more: Any) -> Json:
    """A box of 10 by 10 percent."""
    value = {"x": x, "y": 0, "width": 10, "height": 10, "rotation": 0, "rectanglelabels": list(labels or ("Car",))}
    return {**result("rectanglelabels", **value), **more}


def html(text: str | None, start: int, end: int, **offsets: Json) -> Json:
    """A span within one element."""
    said = {} if text is None else {"text": text}
    value = {"start": "/p[1]", "end": "/p[1]", "startOffset": start, "endOffset": end, "hypertextlabels": ["A"]}
    return result("hypertextlabels", **value, **said, **offsets)


def line(text: list[str], x: float) -> Json:
    """What somebody reads in a box of 10 by 10 percent."""
    return result("textarea", x=x, y=0, width=10, height=10, rotation=0, text=text)


def keypoint(x: float, label: str) -> Json:
    """A point on the upper edge."""
    return result("keypointlabels", x=x, y=0, width=1, keypointlabels=[label])


def mask() -> Json:
    """Eight painted values."""
    code = json.loads(packed([255] * 8, [(8, True)]))
    return result("brushlabels", format="rle", rle=code, brushlabels=["A"])


CHOICES = {"shape_key": "choices"}
BOXES = {"shape_key": "rectanglelabels"}
HTML = {"shape_key": "hypertextlabels"}

DIFFERENCES = [
    Difference(
        "both are empty",
        "the documentation counts a control tag that both leave empty as a match; the library gives it no score, or 0",
        "iou",
        "iou_bboxes",
        BOXES,
        [],
        [],
        0.0,
        1.0,
        config='<View><RectangleLabels name="c" toName="t"/><Image name="t"/></View>',
    ),
    Difference(
        "order of choices",
        "choices are a set, as the documentation says; the library compares lists",
        "exact_match",
        "exact_matching_choices",
        CHOICES,
        [result("choices", choices=["A", "B"])],
        [result("choices", choices=["B", "A"])],
        0.0,
        1.0,
    ),
    Difference(
        "nested choices",
        "a nested choice is a path, as a taxonomy's; the library takes texts only",
        "exact_match",
        "exact_matching_choices",
        CHOICES,
        [result("choices", choices=[["North", "Coast"]])],
        [result("choices", choices=[["North", "Coast"]])],
        "TypeError",
        1.0,
    ),
    Difference(
        "order of a region's labels",
        "labels of a region are a set, too",
        "iou",
        "iou_bboxes",
        BOXES,
        [box(0, "A", "B")],
        [box(0, "B", "A")],
        0.0,
        1.0,
    ),
    Difference(
        "weights of boxes",
        "a mean weighted by w divides the sum of w × score by the sum of w; the library's divides that of w² × score"
        " (9 ÷ 4, clipped to 1), though it does not for spans",
        "iou",
        "iou_bboxes",
        {**BOXES, "label_weights": {"Car": 3}},
        [box(0, "Car"), box(50, "Bus")],
        [box(0, "Car")],
        1.0,
        0.75,
        weights={"c": {"labels": {"Car": 3}}},
    ),
    Difference(
        "boxes with several labels",
        "the same sum gives a box with two labels twice its score: 2 × 1/3",
        "iou",
        "iou_bboxes",
        BOXES,
        [box(0, "A", "B")],
        [box(5, "A", "B")],
        2 / 3,
        1 / 3,
    ),
    Difference(
        "boxes without area",
        "nothing is shared of nothing; the library divides by zero",
        "iou",
        "iou_bboxes",
        BOXES,
        [{**box(0), "value": {**box(0)["value"], "width": 0}}],
        [{**box(0), "value": {**box(0)["value"], "width": 0}}],
        "ZeroDivisionError",
        0.0,
    ),
    Difference(
        "several pages",
        "boxes on two pages of a document are not in one place; the library does not look at the page",
        "iou",
        "iou_bboxes",
        BOXES,
        [box(0, item_index=0)],
        [box(0, item_index=1)],
        1.0,
        0.0,
    ),
    Difference(
        "text of HTML spans",
        "where a span lies decides, not what it says: the same word elsewhere is another span",
        "html_span_iou",
        "intersection_html_tagging",
        HTML,
        [html("the", 0, 3)],
        [html("the", 20, 23)],
        1.0,
        0.0,
    ),
    Difference(
        "global offsets",
        "they measure across elements, and Label Studio sends them today; the library knows the others only",
        "html_span_iou",
        "intersection_html_tagging",
        HTML,
        [html(None, 0, 4, globalOffsets={"start": 0, "end": 10})],
        [html(None, 0, 4, globalOffsets={"start": 5, "end": 10})],
        1.0,
        0.5,
    ),
    Difference(
        "order of regions in exact matching",
        "whoever begins elsewhere has not annotated otherwise; the library compares the first with the first",
        "exact_match",
        "naive",
        {},
        [keypoint(1, "A"), keypoint(2, "A")],
        [keypoint(2, "A"), keypoint(1, "A")],
        0.0,
        1.0,
    ),
    Difference(
        "weights of keypoints",
        "a weighted mean divides by the weights; the library's divides by the number, so that equal points score 0.5",
        "keypoint_distance",
        "keypoints_distance",
        {"label_weights": {"A": 0.5}},
        [keypoint(1, "A")],
        [keypoint(1, "A")],
        0.5,
        1.0,
        weights={"c": {"labels": {"A": 0.5}}},
    ),
    Difference(
        "no keypoints on one side",
        "one empty side scores 0; the library divides by zero",
        "keypoint_distance",
        "keypoints_distance",
        {"label_weights": {}},
        [keypoint(1, "A")],
        [],
        "ZeroDivisionError",
        0.0,
    ),
    Difference(
        "texts of boxes",
        "overlap × text similarity, as the documentation has it, and as the library does for spans; for boxes it takes"
        " texts that are alike at all for equal",
        "region_text",
        "iou_bboxes_textarea",
        {"shape_key": "text"},
        [line(["kitten"], 0)],
        [line(["sitting"], 5)],
        1 / 3,
        4 / 21,
    ),
    Difference(
        "number of a region's lines",
        "each region counts once; the library counts each by its number of lines",
        "region_text",
        "intersection_textarea_tagging",
        {"shape_key": "text"},
        [
            result("textarea", start=0, end=5, text=["a", "b", "c"]),
            result("textarea", start=10, end=15, text=["d"]),
        ],
        [result("textarea", start=0, end=5, text=["a", "b", "c"])],
        0.75,
        0.5,
    ),
    Difference(
        "results of a textarea",
        "what only one side has written scores 0; the library leaves it out where it is a result of its own",
        "text_similarity",
        "match_textareas",
        {},
        [result("textarea", text=["a"]), result("textarea", text=["b"])],
        [result("textarea", text=["a"])],
        1.0,
        0.5,
    ),
    Difference(
        "times as text",
        "time series may have dates for ends; the library takes numbers only",
        "span_iou",
        "intersection_text_tagging",
        {"shape_key": "timeserieslabels"},
        [result("timeserieslabels", start="2026-01-01", end="2026-01-03", timeserieslabels=["A"])],
        [result("timeserieslabels", start="2026-01-02", end="2026-01-04", timeserieslabels=["A"])],
        "ValueError",
        1 / 3,
    ),
    Difference(
        "ratings",
        "the documentation names numeric difference for them; the library's exact match knows nothing in between",
        "numeric_difference",
        "exact_matching_choices",
        {"shape_key": "rating"},
        [result("rating", rating=4)],
        [result("rating", rating=5)],
        0.0,
        0.8,
        config='<View><Rating name="c" toName="t"/><Text name="t"/></View>',
    ),
    Difference(
        "second labels of keypoints",
        "all labels of a region count; of keypoints the library reads the first one",
        "keypoint_distance",
        "keypoints_distance",
        {"label_weights": {}},
        [result("keypointlabels", x=1, y=0, width=1, keypointlabels=["A", "B"])],
        [keypoint(1, "A")],
        1.0,
        0.0,
    ),
    Difference(
        "a label given twice",
        "labels are a set",
        "iou",
        "iou_bboxes",
        BOXES,
        [box(0, "A", "A")],
        [box(0, "A")],
        0.0,
        1.0,
    ),
    Difference(
        "regions without labels",
        "they agree by place alone; the library wants labels",
        "iou",
        "iou_bboxes",
        BOXES,
        [result("rectangle", x=0, y=0, width=10, height=10, rotation=0)],
        [result("rectangle", x=0, y=0, width=10, height=10, rotation=0)],
        "KeyError",
        1.0,
    ),
    Difference(
        "a text that is no list",
        "it is one text; the library compares letter by letter what is no list",
        "text_similarity",
        "match_textareas",
        {},
        [result("textarea", text="abc")],
        [result("textarea", text=["abc"])],
        1 / 9,
        1.0,
    ),
    Difference(
        "weights of masks",
        "as of boxes: the library's mean divides once, but multiplies twice",
        "mask_iou",
        "iou_brush",
        {"label_weights": {"A": 0.5}},
        [mask()],
        [mask()],
        0.5,
        1.0,
        weights={"c": {"labels": {"A": 0.5}}},
    ),
    Difference(
        "lines without area",
        "two corners cover nothing; the library can't make a polygon of them",
        "polygon_iou",
        "iou_polygons",
        {"shape_key": "polygonlabels"},
        [result("polygonlabels", points=[[0, 0], [9, 9]], polygonlabels=["A"])],
        [result("polygonlabels", points=[[0, 0], [9, 9]], polygonlabels=["A"])],
        "ValueError",
        0.0,
    ),
    Difference(
        "a node and a leaf beneath it",
        "a leaf counts once; the library counts it for each path that leads to it: 3 of 2, clipped to 1, and 2 of 3",
        "subtree_match",
        "intersection_taxonomy",
        {"label_config": TAXONOMY},
        [result("taxonomy", taxonomy=[["Law", "Contract"], ["Law", "Contract", "Sale"]])],
        [result("taxonomy", taxonomy=[["Law", "Contract"]])],
        2 / 3,
        1.0,
        config=TAXONOMY,
    ),
]


@pytest.fixture(scope="module")
def scored_by_evalme(evalme: Evalme) -> list[Json]:
    """What the library says of each difference."""
    return evalme.scores([(one.function, one.a, one.b, one.arguments) for one in DIFFERENCES])


@pytest.mark.parametrize("place", range(len(DIFFERENCES)), ids=[difference.name for difference in DIFFERENCES])
def test_where_scores_differ_from_evalme_it_is_meant(
    scored_by_evalme: list[Json], place: int, analytics: Analytics
) -> None:
    """Each difference is as it is described, on both sides."""
    difference = DIFFERENCES[place]
    kind = Kind(
        difference.name,
        lambda _: (difference.a, difference.b),
        difference.metric,
        difference.function,
        difference.arguments,
        config=difference.config,
        weights=difference.weights,
    )
    add_project(analytics, 1, kind)
    sides = [{"id": n, "completed_by": n, "result": side} for n, side in enumerate((difference.a, difference.b), 1)]
    analytics.load({"id": 1, "project": 1, "annotations": sides})
    analytics.refresh()
    assert ours(analytics, 1, kind) == [pytest.approx(difference.ours)]
    theirs = scored_by_evalme[place]
    assert theirs.get("error", theirs.get("score")) == (
        difference.theirs if isinstance(difference.theirs, str) else pytest.approx(difference.theirs)
    )
