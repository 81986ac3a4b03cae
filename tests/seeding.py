"""What the tests put into a fresh Label Studio: five projects that hold every shape its API is known to give back.

`seed(server)` fills the server through its API and tells what is there afterwards.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from real_label_studio import RealLabelStudio

Json = dict[str, Any]
Result = list[Any]

EVERY_RESULT_TYPE: Json = json.loads(
    Path(__file__).with_name("cases").joinpath("every_result_type.json").read_text("utf-8")
)
BOXES = 260
DELETED_BOXES = (50, 51, 52, 99, 180)

EVERY_TYPE_CONFIG = """
<View>
  <Text name="text" value="$text"/>
  <HyperText name="html" value="$html"/>
  <Paragraphs name="dlg" value="$dialogue" layout="dialogue" nameKey="author" textKey="text"/>
  <TimeSeries name="ts" value="$ts" valueType="json" timeColumn="time"><Channel column="v"/></TimeSeries>
  <Image name="img" value="$image"/>
  <Image name="pages" valueList="$pages"/>
  <Video name="video" value="$video"/>
  <Audio name="audio" value="$audio"/>
  <Text name="a1" value="$a1"/>
  <Text name="a2" value="$a2"/>
  <List name="docs" value="$docs" title="Documents"/>
  <List name="docs2" value="$docs" title="Documents again"/>
  <Chat name="chat" value="$chat"/>
  <Pdf name="pdf" value="$pdf"/>

  <Labels name="ner" toName="text"><Label value="PER"/><Label value="ORG"/></Labels>
  <Relations><Relation value="works_for"/></Relations>
  <HyperTextLabels name="hner" toName="html"><Label value="Title"/></HyperTextLabels>
  <ParagraphLabels name="par" toName="dlg"><Label value="Greeting"/></ParagraphLabels>
  <TimeSeriesLabels name="tsl" toName="ts"><Label value="Run"/><Label value="Stop"/></TimeSeriesLabels>

  <Rectangle name="rect" toName="img"/>
  <Labels name="imglab" toName="img"><Label value="Bus"/></Labels>
  <RectangleLabels name="rectl" toName="img"><Label value="Car"/></RectangleLabels>
  <Choices name="imgq" toName="img" perRegion="true"><Choice value="sharp"/><Choice value="blurred"/></Choices>
  <TextArea name="ocr" toName="img" perRegion="true"/>
  <Number name="price" toName="img" perRegion="true"/>
  <Rating name="conf" toName="img" perRegion="true"/>
  <DateTime name="seen" toName="img" perRegion="true" only="date,time"/>
  <Taxonomy name="kind" toName="img" perRegion="true"><Choice value="Vehicle"><Choice value="Car"/></Choice></Taxonomy>
  <Ellipse name="ell" toName="img"/>
  <EllipseLabels name="elll" toName="img"><Label value="Cell"/></EllipseLabels>
  <Polygon name="poly" toName="img"/>
  <PolygonLabels name="polyl" toName="img"><Label value="Roof"/></PolygonLabels>
  <KeyPoint name="kp" toName="img"/>
  <KeyPointLabels name="kpl" toName="img"><Label value="Nose"/></KeyPointLabels>
  <Brush name="br" toName="img"/>
  <BrushLabels name="brl" toName="img"><Label value="Road"/></BrushLabels>
  <MagicWand name="mw" toName="img"/>
  <Bitmask name="bm" toName="img"/>
  <BitmaskLabels name="bml" toName="img"><Label value="Sky"/></BitmaskLabels>
  <Vector name="vec" toName="img"/>
  <VectorLabels name="vecl" toName="img"><Label value="Lane"/></VectorLabels>
  <RectangleLabels name="pagel" toName="pages"><Label value="Stamp"/></RectangleLabels>
  <Choices name="pageq" toName="pages" perItem="true"><Choice value="ok"/><Choice value="bad"/></Choices>

  <VideoRectangle name="vbox" toName="video"/>
  <Labels name="vlab" toName="video"><Label value="Dog"/></Labels>
  <TimelineLabels name="tl" toName="video"><Label value="Jump"/></TimelineLabels>
  <VideoVector name="vvec" toName="video"/>
  <VideoVectorLabels name="vvecl" toName="video"><Label value="Path"/></VideoVectorLabels>
  <Labels name="alab" toName="audio"><Label value="Speech"/></Labels>
  <TextArea name="trans" toName="audio" perRegion="true"/>

  <Choices name="sent" toName="text"><Choice value="pos"/><Choice value="neg"/></Choices>
  <Choices name="topics" toName="text" choice="multiple" allowNested="true">
    <Choice value="Sport"><Choice value="Football"/></Choice><Choice value="Politics"/>
  </Choices>
  <Taxonomy name="tax" toName="text">
    <Choice value="Animal"><Choice value="Mammal"><Choice value="Cat"/></Choice></Choice><Choice value="Plant"/>
  </Taxonomy>
  <TextArea name="note" toName="text"/>
  <Rating name="stars" toName="text"/>
  <Number name="num" toName="text"/>
  <DateTime name="when" toName="text" only="date"/>
  <Pairwise name="pw" toName="a1,a2"/>
  <Ranker name="rank" toName="docs"/>
  <Ranker name="buckets" toName="docs2"><Bucket name="relevant"/><Bucket name="biased"/></Ranker>
  <OcrLabels name="ocrl" toName="pdf"><Label value="Total"/></OcrLabels>
  <ReactCode name="app" toName="app" data="$text"/>
  <Object3D name="obj3d" value="$image"/>
  <Cube name="cubex" toName="obj3d"/>
</View>
"""
SENTIMENT_CONFIG = """
<View>
  <Text name="text" value="$text"/>
  <Choices name="sentiment" toName="text">
    <Choice value="positive"/><Choice value="neutral"/><Choice value="negative"/>
  </Choices>
  <Labels name="entity" toName="text"><Label value="PER"/><Label value="LOC"/><Label value="DISH"/></Labels>
  <TextArea name="reason" toName="text"/>
</View>
"""
BOXES_CONFIG = """
<View>
  <Image name="image" value="$image"/>
  <RectangleLabels name="box" toName="image">
    <Label value="Car"/><Label value="Bus"/><Label value="Bike"/>
  </RectangleLabels>
  <Choices name="quality" toName="image"><Choice value="sharp"/><Choice value="blurred"/></Choices>
</View>
"""
ODD_CONFIG = """
<View>
  <Text name="text" value="$text"/>
  <Labels name="entity" toName="text"><Label value="PER"/></Labels>
  <Choices name="sentiment" toName="text"><Choice value="positive"/><Choice value="negative"/></Choices>
</View>
"""

METAS: tuple[Any, ...] = (
    {"source": {"file": "a.csv", "row": 1, "tags": ["x", None, {"deep": [[]]}]}, "checked": True},
    ["a list", 1, None, {"k": "v"}],
    {},
    [],
    {
        "a.b": 1,
        'quo"te': 2,
        "single'quote": 3,
        "do$lar": 4,
        "br[0]ackets": 5,
        "two words": 6,
        "": "empty key",
        "back\\slash": 7,
        "line\nbreak": 8,
        "Ünïcode 🔑": 9,
        "Case": "upper",
        "case": "lower",
    },
    {"big": 2**63, "bigger": 2**80, "least": -(2**70), "float": 1e300, "tiny": 5e-324, "third": 1 / 3, "none": None},
)


def odd_row(**changed: Any) -> Json:
    """One plain result row with `changed` keys; a key given as `...` is left out."""
    span = {"start": 0, "end": 3, "text": "odd", "labels": ["PER"]}
    row = {"id": "odd", "from_name": "entity", "to_name": "text", "type": "labels", "value": span} | changed
    return {key: value for key, value in row.items() if value is not ...}


ODD_RESULTS: dict[str, Result] = {
    "unknown type": [odd_row(type="hologram", value={"hologram": {"depth": 3}})],
    "unknown from_name": [odd_row(from_name="no_such_tag")],
    "no from_name and no to_name": [odd_row(from_name=..., to_name=...)],
    "missing value": [odd_row(value=...)],
    "value null": [odd_row(value=None)],
    "value a list": [odd_row(value=[1, "two", None])],
    "value a string": [odd_row(value="PER")],
    "no type": [odd_row(type=...)],
    "type null": [odd_row(type=None)],
    "id a number": [odd_row(id=17)],
    "no id": [odd_row(id=...)],
    "identical ids": [odd_row(id="same"), odd_row(id="same")],
    "score a string": [odd_row(score="0.75")],
    "labels a bare string": [odd_row(value={"start": 0, "end": 3, "labels": "PER"})],
    "labels with null": [odd_row(value={"start": 0, "end": 3, "labels": ["PER", None, 3]})],
    "start a string": [odd_row(value={"start": "0", "end": None, "labels": ["PER"]})],
    "elements that are no objects": ["a string", None, 5, ["nested"], True, odd_row()],
    "empty object": [{}],
    "zero character": [odd_row(value={"start": 0, "end": 3, "text": "a\0b", "labels": ["P\0ER"]})],
    "beyond int64": [odd_row(value={"start": 2**63, "end": 2**80, "labels": ["PER"]}, score=-(2**64))],
    "huge float": [odd_row(value={"start": 1e300, "end": -1e300, "labels": ["PER"]}, score=1e300)],
    "relation to nowhere": [{"type": "relation", "from_id": "gone", "to_id": None, "direction": "sideways"}],
    "emoji": [odd_row(id="🙂", value={"start": 0, "end": 2, "text": "🙂", "labels": ["PER", "пёс", "犬"]})],
    "odd keys": [odd_row(value={"a.b": 1, 'q"': 2, "": 3, "$x": 4}, meta="no object", origin=7)],
}
SHORT_FORM = {"from_name": "sentiment", "to_name": "text", "type": "choices"}
ODD_PREDICTIONS: tuple[tuple[Any, Any], ...] = (
    ([], []),
    (7, None),
    ({"no such control": 1}, None),
    ("positive", [SHORT_FORM | {"value": {"choices": ["positive"]}}]),
    ({"choices": "negative"}, [SHORT_FORM | {"value": {"choices": "negative"}}]),
    ([odd_row(id=..., score=0.5)], [odd_row(id=..., score=0.5)]),
    ([odd_row(type="hologram", value=None), {}], [odd_row(type="hologram", value=None), {}]),
)


@dataclass(frozen=True)
class SeededProject:
    """One project as it stands after seeding; the counts are of what lives, cancelled annotations included."""

    id: int
    title: str
    task_ids: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()
    annotations: int = 0
    cancelled: int = 0
    predictions: int = 0
    drafts: int = 0


@dataclass(frozen=True)
class Seed:
    """The five projects that `seed` makes."""

    every_type: SeededProject
    sentiment: SeededProject
    boxes: SeededProject
    odd_rows: SeededProject
    empty: SeededProject

    @property
    def projects(self) -> tuple[SeededProject, ...]:
        """All of them, in the order of their ids."""
        return (self.every_type, self.sentiment, self.boxes, self.odd_rows, self.empty)

    @property
    def project_ids(self) -> dict[str, int]:
        """Title -> project id."""
        return {project.title: project.id for project in self.projects}

    @property
    def task_ids(self) -> tuple[int, ...]:
        """The ids of all living tasks, ascending."""
        return tuple(sorted(task for project in self.projects for task in project.task_ids))


def seed(server: RealLabelStudio) -> Seed:
    """Fill a fresh server; takes some seconds."""
    return Seed(
        every_type=_every_type(server),
        sentiment=_sentiment(server),
        boxes=_boxes(server),
        odd_rows=_odd_rows(server),
        empty=SeededProject(_create_project(server, "Empty", SENTIMENT_CONFIG), "Empty"),
    )


def _every_type(server: RealLabelStudio) -> SeededProject:
    """The case's task: its annotations by import, its predictions one by one as a model would send them."""
    case, title = EVERY_RESULT_TYPE, "Every result type"
    keys = ("result", "was_cancelled", "ground_truth", "lead_time")
    annotations = [{key: annotation[key] for key in keys} for annotation in case["annotations"]]
    project = _create_project(server, title, EVERY_TYPE_CONFIG)
    task = {"data": case["data"], "meta": case["meta"], "annotations": annotations}
    (task_id,) = _import(server, project, [task])
    for prediction in case["predictions"]:
        sent = {key: prediction[key] for key in ("result", "model_version", "score")}
        server.api("POST", "/api/predictions/", sent | {"task": task_id})
    return _seeded(project, title, [task], [task_id], predictions=len(case["predictions"]))


def _sentiment(server: RealLabelStudio) -> SeededProject:
    title, tasks = "Sentiment", _sentiment_tasks(server.user_id, server.other_user_id)
    project = _create_project(server, title, SENTIMENT_CONFIG)
    task_ids = _import(server, project, tasks)
    drafts = _add_drafts(server, unannotated=task_ids[5], annotated=task_ids[6])
    _edit_annotations(server, edited=task_ids[1], predicted=task_ids[9])
    return _seeded(project, title, tasks, task_ids, annotations=1, drafts=drafts)


def _sentiment_tasks(admin: int, annotator: int) -> list[Json]:
    """Twelve tasks, each with what its `text` says; the first six have metadata of different shapes."""
    good, bad, fair = _choice("positive"), _choice("negative"), _choice("neutral")
    tasks = [
        _task(
            "Ada liked the soup.",
            _annotation(admin, [good, _span(0, 3, "Ada", "PER"), _span(14, 18, "soup", "DISH")], ground_truth=True),
            _annotation(annotator, [good, _span(0, 3, "Ada", "PER")]),
        ),
        _task(
            "Never again in Łódź!",
            _annotation(admin, [bad, _span(15, 19, "Łódź", "LOC"), _reason("a clear no")]),
            _annotation(annotator, [fair, _span(15, 20, "Łódź!", "LOC")]),
        ),
        _task(
            "Great 👍🏽 pho in Hà Nội 🇻🇳",
            _annotation(admin, [good, _span(11, 14, "pho", "DISH")]),
            _annotation(annotator, [bad, _span(11, 14, "pho", "LOC")]),
        ),
        _task("One skipped, one not", _annotation(admin, [fair]), _annotation(annotator, [], was_cancelled=True)),
        _task(
            "Skipped by both",
            _annotation(admin, [bad], was_cancelled=True),
            _annotation(annotator, [], was_cancelled=True, lead_time=None),
        ),
        _task("No annotation, drafts of both"),
        _task("An annotation with drafts of both", _annotation(admin, [good])),
        _task("An empty result", _annotation(annotator, [])),
        _task("Nothing at all"),
        _task("Predictions only"),
        _task("Twice the same user", *(_annotation(user, [good, fair]) for user in (admin, admin, annotator))),
        _task("שלום, العالم\u200f, 你好", _annotation(admin, [fair, _reason("two\nlines", "🙃")])),
    ]
    for task, meta in zip(tasks, METAS, strict=False):
        task["meta"] = meta
    for number in (0, 1, 2, 9):
        tasks[number]["predictions"] = [
            {"model_version": "mood-1", "score": 0.4 + number / 100, "result": [bad]},
            {"model_version": "mood-2", "score": 0.9, "result": [good, _span(0, 5, "Great", "DISH")]},
        ]
    tasks[8]["data"] |= {"customer": {"id": 2**70, "tags": ["vip", None]}, "a.b": 1, "": "empty key", "$": 1e300}
    return tasks


def _add_drafts(server: RealLabelStudio, unannotated: int, annotated: int) -> int:
    """Both users' drafts, on a task without annotations and linked to an annotation; gives their number."""
    (annotation,) = server.api("GET", f"/api/tasks/{annotated}/annotations/")
    places = (f"/api/tasks/{unannotated}/drafts", f"/api/tasks/{annotated}/annotations/{annotation['id']}/drafts")
    for place in places:
        for token, choice in ((server.legacy_token, "positive"), (server.other_legacy_token, "neutral")):
            draft = {"result": [_choice(choice), _span(0, 2, "No", "DISH")], "lead_time": 3.5}
            server.api("POST", place, draft, token)
    return 4


def _edit_annotations(server: RealLabelStudio, edited: int, predicted: int) -> None:
    """One annotation changed by the other user, and one made from a prediction."""
    first = server.api("GET", f"/api/tasks/{edited}/annotations/")[0]
    changed = {"result": [*first["result"], _reason("seen twice")], "lead_time": 21.25}
    server.api("PATCH", f"/api/annotations/{first['id']}/", changed, server.other_legacy_token)
    prediction = server.api("GET", f"/api/predictions/?task={predicted}")[0]
    result = [row | {"origin": "prediction-changed"} for row in prediction["result"]]
    made = {"result": result, "lead_time": 2, "parent_prediction": prediction["id"]}
    server.api("POST", f"/api/tasks/{predicted}/annotations/", made, server.other_legacy_token)


def _boxes(server: RealLabelStudio) -> SeededProject:
    title, tasks = "Boxes", _boxes_tasks((server.user_id, server.other_user_id))
    project = _create_project(server, title, BOXES_CONFIG)
    task_ids = _import(server, project, tasks)
    deleted = [task_ids[number] for number in DELETED_BOXES]
    chosen = {"selectedItems": {"all": False, "included": deleted}}
    server.api("POST", f"/api/dm/actions?id=delete_tasks&project={project}", chosen)
    return _seeded(project, title, tasks, task_ids, deleted)


def _boxes_tasks(users: tuple[int, int]) -> list[Json]:
    """Every seventh task has no annotation, every fifth of the others has one of each user, the rest has one."""
    random = Random(BOXES)
    tasks = []
    for number in range(BOXES):
        annotators = () if number % 7 == 0 else users if number % 5 == 0 else (users[number % 2],)
        boxes = [_box(random, f"b{index}") for index in range(random.randint(1, 4))]
        annotations = [
            _annotation(user, [_moved(box, random) for box in boxes] + [_quality(random)], random.uniform(2, 90))
            for user in annotators
        ]
        prediction = {"model_version": "detector-1", "score": round(random.random(), 4), "result": boxes}
        image = {"image": f"http://127.0.0.1/image-{number}.png"}
        tasks.append({"data": image, "annotations": annotations, "predictions": [prediction]})
    return tasks


def _odd_rows(server: RealLabelStudio) -> SeededProject:
    """A task for each odd result; the first one also has the odd predictions."""
    title = "Odd rows"
    tasks = [_task(name, _annotation(server.user_id, result)) for name, result in ODD_RESULTS.items()]
    tasks[0]["predictions"] = [{"result": sent, "model_version": "odd"} for sent, _ in ODD_PREDICTIONS]
    tasks.append(_task("zero \0 character", data={"beyond": 2**64, "huge": 1e300, "none": None, "flag": False}))
    project = _create_project(server, title, ODD_CONFIG)
    return _seeded(project, title, tasks, _import(server, project, tasks))


def _create_project(server: RealLabelStudio, title: str, label_config: str) -> int:
    return int(server.api("POST", "/api/projects/", {"title": title, "label_config": label_config})["id"])


def _import(server: RealLabelStudio, project: int, tasks: list[Json]) -> list[int]:
    """The ids of the new tasks, in the order given."""
    answer = server.api("POST", f"/api/projects/{project}/import?return_task_ids=true", tasks)
    return [int(task) for task in answer["task_ids"]]


def _seeded(
    project: int,
    title: str,
    tasks: list[Json],
    task_ids: list[int],
    deleted: list[int] | None = None,
    **added: int,
) -> SeededProject:
    """Counts what came with the import and was not deleted, and what was `added` to it afterwards."""
    gone = tuple(deleted or ())
    living = [task for task, task_id in zip(tasks, task_ids, strict=True) if task_id not in gone]
    annotations = [annotation for task in living for annotation in task["annotations"]]
    return SeededProject(
        id=project,
        title=title,
        task_ids=tuple(task_id for task_id in task_ids if task_id not in gone),
        deleted=gone,
        annotations=len(annotations) + added.get("annotations", 0),
        cancelled=sum(annotation["was_cancelled"] for annotation in annotations),
        predictions=sum(len(task.get("predictions", ())) for task in living) + added.get("predictions", 0),
        drafts=added.get("drafts", 0),
    )


def _task(text: str, *annotations: Json, data: Json | None = None) -> Json:
    return {"data": {"text": text, **(data or {})}, "annotations": list(annotations)}


def _annotation(
    user: int,
    result: Result,
    lead_time: float | None = 12.5,
    *,
    was_cancelled: bool = False,
    ground_truth: bool = False,
) -> Json:
    """Says whether it is ground truth, as an imported annotation that does not say so becomes ground truth."""
    return {
        "completed_by": user,
        "result": result,
        "lead_time": lead_time,
        "was_cancelled": was_cancelled,
        "ground_truth": ground_truth,
    }


def _row(id_: str, control: str, target: str, type_: str, value: Json, **more: Any) -> Json:
    row = {"id": id_, "from_name": control, "to_name": target, "type": type_, "origin": "manual", "value": value}
    return row | more


def _choice(choice: str) -> Json:
    return _row("mood", "sentiment", "text", "choices", {"choices": [choice]})


def _span(start: int, end: int, text: str, label: str) -> Json:
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    return _row(f"s{start}-{end}", "entity", "text", "labels", value)


def _reason(*lines: str) -> Json:
    return _row("why", "reason", "text", "textarea", {"text": list(lines)})


def _box(random: Random, id_: str) -> Json:
    value: Json = {key: round(random.uniform(1, 50), 3) for key in ("x", "y", "width", "height")}
    value |= {"rotation": 0, "rectanglelabels": [random.choice(("Car", "Bus", "Bike"))]}
    size = {"original_width": 800, "original_height": 600, "image_rotation": 0}
    return _row(id_, "box", "image", "rectanglelabels", value, **size)


def _moved(box: Json, random: Random) -> Json:
    return box | {"value": box["value"] | {"x": round(box["value"]["x"] + random.uniform(0, 2), 3)}}


def _quality(random: Random) -> Json:
    return _row("quality", "quality", "image", "choices", {"choices": [random.choice(("sharp", "blurred"))]})
