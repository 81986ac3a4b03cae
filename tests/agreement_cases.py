"""Pairs of annotations drawn by chance, for each kind of control tag: as people disagree, and as no one would."""

import json
import math
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from rle import packed

Json = dict[str, Any]
Results = list[Json]

LABELS = ["Car", "Bus", "Tram", "Bicycle"]
TREE = {
    "Money": {"Invoice": {}, "Refund": {}},
    "Law": {"Contract": {"Lease": {}, "Sale": {}}, "Notice": {}},
    "Other": {},
}
WORDS = ["drei", "Öl", "naïve", "日本", "kitten", "sitting", "a", "", "emoji 🙂", "longer words in a row"]


class Kind(NamedTuple):
    """A kind of control tag: how pairs are drawn, our metric, and what evalme compares them by."""

    name: str
    draw: Callable[[Random], tuple[Results, Results]]
    metric: str
    function: str
    arguments: Json
    pairs: int = 1300
    config: str = ""
    weights: Json | None = None
    #: what evalme is given instead of a side's results
    given: Callable[[Results], Results] = lambda results: results


def result(kind: str, **value: Any) -> Json:
    return {
        "from_name": "c",
        "to_name": "t",
        "type": kind,
        "value": value,
        "original_width": 640,
        "original_height": 480,
    }


def _sides(draw: Random, make: Callable[[Random], Json], move: Callable[[Random, Json], Json], most: int = 5) -> Any:
    """What one person gives, and another one who finds most of it again and adds some; now and then nobody anything."""
    a = [make(draw) for _ in range(draw.randint(0, most))]
    b = [move(draw, item) for item in a if draw.random() < 0.8]
    b += [make(draw) for _ in range(draw.choice([0, 0, 1, 2]))]
    if draw.random() < 0.1:
        b += b[:1]
    draw.shuffle(b)
    return (a, b) if draw.random() < 0.97 else (a, [])


def _moved(key: str, shift: float, keys: tuple[str, ...]) -> Callable[[Random, Json], Json]:
    """The same region a little elsewhere, one in ten with another label, one in ten exactly."""

    def move(draw: Random, item: Json) -> Json:
        value = dict(item["value"])
        if draw.random() > 0.1:
            for name in keys:
                value[name] = max(0, value[name] + draw.uniform(-shift, shift))
        if draw.random() < 0.1:
            value[key] = [draw.choice(LABELS)]
        return {**item, "value": value}

    return move


def _choices(draw: Random) -> tuple[Results, Results]:
    def one() -> Results:
        chosen = [label for label in LABELS if draw.random() < 0.4]
        return [result("choices", choices=chosen)] if chosen else []

    a = one()
    return a, a if draw.random() < 0.4 else one()


def _pairwise(draw: Random) -> tuple[Results, Results]:
    a, b = ([result("pairwise", selected=draw.choice(["left", "right"]))] if draw.random() < 0.9 else [] for _ in "ab")
    return a, b


def _date(draw: Random) -> tuple[Results, Results]:
    a, b = ([result("datetime", datetime=f"2026-01-0{draw.randint(1, 3)}")] for _ in "ab")
    return a, b


def _ranker(draw: Random) -> tuple[Results, Results]:
    a, b = ([result("ranker", ranker={"good": draw.sample("xyz", draw.randint(1, 3))})] for _ in "ab")
    return a, b


def _taxonomy(draw: Random) -> tuple[Results, Results]:
    def path() -> list[str]:
        found: list[str] = []
        tree: Json = TREE
        while tree and (not found or draw.random() < 0.7):
            found.append(draw.choice(list(tree)))
            tree = tree[found[-1]]
        return found

    def one() -> Results:
        # of paths one of which leads to the other only the first counts: evalme would count its leaves twice
        paths: list[list[str]] = []
        for _ in range(draw.randint(1, 3)):
            new = path()
            if not any(new[: len(old)] == old or old[: len(new)] == new for old in paths):
                paths.append(new)
        return [result("taxonomy", taxonomy=sorted(paths))]

    a = one()
    return a, a if draw.random() < 0.2 else one()


def _text(draw: Random) -> str:
    return " ".join(draw.choice(WORDS) for _ in range(draw.randint(0, 4)))


def _textarea(draw: Random) -> tuple[Results, Results]:
    a = [_text(draw) for _ in range(draw.randint(1, 3))]
    b = [text if draw.random() < 0.3 else text[:-1] + draw.choice(WORDS) for text in a]
    b = [*b, _text(draw)] if draw.random() < 0.2 else b[:1] if draw.random() < 0.2 else b
    return [result("textarea", text=a)], [result("textarea", text=b)]


def _box(key: str) -> Callable[[Random], Json]:
    def make(draw: Random) -> Json:
        x, y = draw.uniform(0, 90), draw.uniform(0, 90)
        if draw.random() < 0.2:  # boxes that touch, and those that lie in one another
            x, y = float(draw.choice([0, 10, 20])), float(draw.choice([0, 10]))
        width, height = (float(draw.choice([10, 20])) if draw.random() < 0.2 else draw.uniform(0.1, 40) for _ in "wh")
        kind = "choices" if key == "choices" else "rectanglelabels"
        value = {"x": x, "y": y, "width": width, "height": height, "rotation": draw.choice([0, 0, 30])}
        return result(kind, **value, **{key: [draw.choice(LABELS)]})

    return make


def _boxes(key: str) -> Callable[[Random], tuple[Results, Results]]:
    return lambda draw: _sides(draw, _box(key), _moved(key, 4, ("x", "y")))


def _polygon(draw: Random) -> Json:
    x, y, corners = draw.uniform(10, 90), draw.uniform(10, 90), draw.randint(3, 9)
    if draw.random() < 0.1:  # a bow tie
        points = [[x, y], [x + 8, y + 8], [x + 8, y], [x, y + 8], [x, y]]
    elif draw.random() < 0.1:  # any line, which may cross itself
        points = [[x + draw.uniform(-9, 9), y + draw.uniform(-9, 9)] for _ in range(corners)]
    else:  # a star, concave as a rule
        turns = sorted(draw.uniform(0, 2 * math.pi) for _ in range(corners))
        far = [draw.uniform(2, 15) for _ in turns]
        points = [[x + r * math.cos(t), y + r * math.sin(t)] for r, t in zip(far, turns, strict=True)]
    return result("polygonlabels", points=points, closed=True, polygonlabels=[draw.choice(LABELS)])


def _moved_polygon(draw: Random, item: Json) -> Json:
    across, down = (draw.uniform(-3, 3) if draw.random() < 0.9 else 0 for _ in "xy")
    points = [[x + across, y + down] for x, y in item["value"]["points"]]
    return {**item, "value": {**item["value"], "points": points}}


def _span(kind: str, key: str, most: int = 2) -> Callable[[Random], Json]:
    def make(draw: Random) -> Json:
        start = draw.choice([float(draw.randint(0, 40)), draw.uniform(0, 40)])
        length = draw.choice([0.0, float(draw.randint(1, 10)), draw.uniform(0, 12)])
        labels = sorted(draw.sample(LABELS, draw.randint(1, most)))
        return result(kind, start=start, end=start + length, **{key: labels})

    return make


def _moved_span(draw: Random, item: Json) -> Json:
    value = dict(item["value"])
    value["end"] = max(value["start"], value["end"] + draw.choice([0, 0, 1.5, -1.5]))
    return {**item, "value": value}


def _spans(kind: str, key: str, most: int = 2) -> Callable[[Random], tuple[Results, Results]]:
    return lambda draw: _sides(draw, _span(kind, key, most), _moved_span)


def _html(kind: str, key: str) -> Callable[[Random], tuple[Results, Results]]:
    def make(draw: Random) -> Json:
        first, last = (draw.choice(["/p[1]/text()[1]", "/p[2]/text()[1]"]) for _ in "ab")
        start = draw.randint(0, 20)
        offsets = {"startOffset": start, "endOffset": start + draw.randint(0, 10)}
        return result(
            kind, start=first, end=last if draw.random() < 0.2 else first, **offsets, **{key: [draw.choice(LABELS)]}
        )

    def move(draw: Random, item: Json) -> Json:
        value = dict(item["value"])
        value["endOffset"] += draw.choice([0, 0, 2, 5])
        return {**item, "value": value}

    return lambda draw: _sides(draw, make, move)


def _timeline(draw: Random) -> tuple[Results, Results]:
    def make(draw: Random) -> Json:
        starts = sorted(draw.sample(range(100), draw.randint(1, 3)))
        ranges = [{"start": start, "end": start + draw.randint(1, 20)} for start in starts]
        return result("timelinelabels", ranges=ranges, timelinelabels=[draw.choice(LABELS)])

    def move(draw: Random, item: Json) -> Json:
        ranges = [{**span, "end": span["end"] + draw.choice([0, 0, 3])} for span in item["value"]["ranges"]]
        return {**item, "value": {**item["value"], "ranges": ranges}}

    a, b = _sides(draw, make, move, 3)
    return a, b


def _ranges(results: Results) -> Results:
    return [
        {"value": {**span, "timelinelabels": item["value"]["timelinelabels"]}}
        for item in results
        for span in item["value"]["ranges"]
    ]


def _keypoints(draw: Random) -> tuple[Results, Results]:
    def make(draw: Random) -> Json:
        return result(
            "keypointlabels",
            x=draw.uniform(0, 9),
            y=draw.uniform(0, 9),
            width=0.5,
            keypointlabels=[draw.choice(LABELS)],
        )

    a, b = _sides(draw, make, _moved("keypointlabels", 1.5, ("x", "y")), 6)
    return a or [make(draw)], b or [make(draw)]


def _equal_or_not(make: Callable[[Random], Json]) -> Callable[[Random], tuple[Results, Results]]:
    """The same regions in the same order, some of them other ones; or another number of them."""

    def draw_pair(draw: Random) -> tuple[Results, Results]:
        a = [make(draw) for _ in range(draw.randint(1, 5))]
        b = [item if draw.random() < 0.7 else make(draw) for item in a]
        return a, b if draw.random() < 0.8 else b[1:]

    return draw_pair


def _ellipse(draw: Random) -> Json:
    value = {
        "x": draw.uniform(0, 99),
        "y": draw.uniform(0, 99),
        "radiusX": draw.uniform(1, 9),
        "radiusY": 2,
        "rotation": 0,
    }
    return result("ellipselabels", **value, ellipselabels=[draw.choice(LABELS)])


def _vector(draw: Random) -> Json:
    vertices = [
        {"id": f"v{n}", "x": draw.uniform(0, 99), "y": 1.5, "prevPointId": None, "isBezier": False} for n in range(3)
    ]
    return result("vectorlabels", vertices=vertices, closed=False, vectorlabels=[draw.choice(LABELS)])


def _mask(draw: Random) -> Json:
    """A rectangle on an image of 12 by 12 pixels, in all four channels."""
    left, top, width, height = (draw.randint(0, 5) for _ in range(4))
    runs: list[tuple[int, int]] = []
    for pixel in range(144):
        painted = left <= pixel % 12 <= left + width and top <= pixel // 12 <= top + height
        value = 255 if painted else 0
        if runs and runs[-1][1] == value:
            runs[-1] = (runs[-1][0] + 4, value)
        else:
            runs.append((4, value))
    values = [value for length, value in runs for _ in range(length)]
    code = json.loads(packed(values, [(length, True) for length, _ in runs]))
    return result("brushlabels", format="rle", rle=code, brushlabels=[draw.choice(LABELS[:2])])


def _masks(draw: Random) -> tuple[Results, Results]:
    a, b = ([_mask(draw) for _ in range(draw.randint(0, 2))] for _ in "ab")
    return a, b if draw.random() < 0.8 else list(a)


def _spoken(draw: Random) -> tuple[Results, Results]:
    def make(draw: Random) -> Json:
        span = _span("textarea", "labels")(draw)["value"]
        return result("textarea", start=span["start"], end=span["end"], text=[_text(draw) or "-"])

    def move(draw: Random, item: Json) -> Json:
        value = dict(_moved_span(draw, item)["value"])
        value["text"] = [value["text"][0] + draw.choice(["", "", "s", " and more"])]
        return {**item, "value": value}

    a, b = _sides(draw, make, move, 4)
    return a, b


def _choices_of_tree(tree: Json) -> str:
    return "".join(f'<Choice value="{name}">{_choices_of_tree(below)}</Choice>' for name, below in tree.items())


TAXONOMY = f'<View><Taxonomy name="c" toName="t">{_choices_of_tree(TREE)}</Taxonomy><Text name="t"/></View>'
WEIGHTS = {"Car": 0.5, "Bus": 2.0, "Tram": 0.0}
WEIGHTED = {"c": {"overall": 1.0, "labels": WEIGHTS}}

KINDS = [
    Kind("Choices", _choices, "exact_match", "exact_matching_choices", {"shape_key": "choices"}),
    Kind(
        "Choices with weights",
        _choices,
        "exact_match",
        "exact_matching_choices",
        {"shape_key": "choices", "label_weights": WEIGHTS},
        weights=WEIGHTED,
    ),
    Kind("Pairwise", _pairwise, "exact_match", "exact_matching_pairwise", {"shape_key": "selected"}),
    Kind("DateTime", _date, "exact_match", "naive", {}),
    Kind("Ranker", _ranker, "exact_match", "naive", {}),
    Kind("Taxonomy", _taxonomy, "exact_match", "intersection_taxonomy", {}, config=TAXONOMY),
    Kind("Taxonomy", _taxonomy, "path_match", "path_match_taxonomy", {}, config=TAXONOMY),
    Kind("Taxonomy", _taxonomy, "subtree_match", "intersection_taxonomy", {"label_config": TAXONOMY}, config=TAXONOMY),
    Kind("TextArea", _textarea, "text_similarity", "match_textareas", {"algorithm": "Levenshtein", "qval": 1}),
    Kind("RectangleLabels", _boxes("rectanglelabels"), "iou", "iou_bboxes", {"shape_key": "rectanglelabels"}, 2600),
    Kind(
        "PolygonLabels",
        lambda draw: _sides(draw, _polygon, _moved_polygon, 4),
        "polygon_iou",
        "iou_polygons",
        {"shape_key": "polygonlabels"},
        2000,
    ),
    Kind(
        "Labels (text, audio)",
        _spans("labels", "labels"),
        "span_iou",
        "intersection_text_tagging",
        {"shape_key": "labels"},
        2000,
    ),
    Kind(
        "Labels with weights",
        _spans("labels", "labels"),
        "span_iou",
        "intersection_text_tagging",
        {"shape_key": "labels", "label_weights": {"Car": 0.5, "Bus": 2.0}},
        weights={"c": {"labels": {"Car": 0.5, "Bus": 2.0}}},
    ),
    Kind(
        "TimeSeriesLabels",
        _spans("timeserieslabels", "timeserieslabels"),
        "span_iou",
        "intersection_text_tagging",
        {"shape_key": "timeserieslabels"},
    ),
    Kind(
        "TimelineLabels",
        _timeline,
        "span_iou",
        "intersection_text_tagging",
        {"shape_key": "timelinelabels"},
        given=_ranges,
    ),
    Kind(
        "HyperTextLabels",
        _html("hypertextlabels", "hypertextlabels"),
        "html_span_iou",
        "intersection_html_tagging",
        {"shape_key": "hypertextlabels"},
    ),
    Kind(
        "ParagraphLabels",
        _html("paragraphlabels", "paragraphlabels"),
        "html_span_iou",
        "intersection_html_tagging",
        {"shape_key": "paragraphlabels"},
    ),
    Kind("KeyPointLabels", _keypoints, "keypoint_distance", "keypoints_distance", {"label_weights": {}}),
    Kind("EllipseLabels", _equal_or_not(_ellipse), "exact_match", "naive", {}),
    Kind("VectorLabels", _equal_or_not(_vector), "exact_match", "naive", {}),
    Kind("BrushLabels", _equal_or_not(_mask), "exact_match", "naive", {}),
    Kind("BrushLabels", _masks, "mask_iou", "iou_brush", {"label_weights": {}}),
    Kind("Choices of boxes", _boxes("choices"), "region_choices", "iou_bboxes", {"shape_key": "choices"}),
    Kind(
        "Choices of spans",
        _spans("choices", "choices"),
        "region_choices",
        "intersection_text_tagging",
        {"shape_key": "choices"},
    ),
    Kind("TextArea of spans", _spoken, "region_text", "intersection_textarea_tagging", {"shape_key": "text"}),
]
