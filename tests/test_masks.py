"""Masks: what is taken out before a task is parsed comes back whole, or as the setting says."""

import base64
import json
from hashlib import md5
from pathlib import Path
from random import Random
from typing import Any

import pytest
from analytics import Analytics
from rle import packed
from test_cli import Shell

from pipelines.label_studio import masks
from pipelines.label_studio.flatten import Flattener, RawTask
from pipelines.label_studio.masks import MASKS, Masks

Json = dict[str, Any]

IMAGE = "data:image/png;base64,iVBORw0KGgo="


def mask(seed: int, length: int = 5000) -> list[int]:
    """Numbers of a mask; the code that they make is none."""
    draw = Random(seed)
    return [draw.randrange(256) for _ in range(length)]


def digest_of(text: str) -> str:
    """What stands for a mask."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def brush(numbers: list[Any], **more: Any) -> Json:
    """A result of a brush."""
    value = {"format": "rle", "rle": numbers, "brushlabels": ["Road"], **more}
    return {"id": "m", "from_name": "mask", "to_name": "image", "type": "brushlabels", "value": value}


def task(*results: Json, task_id: int = 7, **more: Any) -> Json:
    """A task with one annotation."""
    annotation = {"id": 70 + task_id, "updated_at": "2026-03-01T08:00:00.000000Z", "result": list(results)}
    return {"id": task_id, "project": 1, "annotations": [annotation], "predictions": [], "drafts": [], **more}


def flat(*tasks: Json, setting: Masks = "keep", drafts: list[Json] | None = None) -> dict[str, list[Json]]:
    """The rows of tasks, by table, with the history of annotations."""
    flattener = Flattener(history=True, masks=setting)
    try:
        raw = [RawTask(one["id"], 1, as_sent(one), None if drafts is None else as_sent(drafts)) for one in tasks]
        rows = flattener.tasks(raw)
        assert not flattener.unreadable
    finally:
        flattener.close()
    found = {name: table.to_pylist() for name, table in rows.items()}
    for row in found["annotation_history"]:
        del row["seen_at"]
    return found


def as_sent(answer: Any) -> bytes:
    """JSON as the server writes it."""
    return json.dumps(answer, separators=(",", ":")).encode()


def values(rows: dict[str, list[Json]]) -> list[Json]:
    """The values of all results."""
    return [json.loads(row["value"]) for row in rows["results"]]


ODD = [
    task(brush(mask(1)), brush(mask(2)), brush(mask(1))),
    task(brush([0]), brush([]), brush([1.5] * 900), brush([300] * 900), brush([-1] * 900)),
    task(brush(mask(3)), data={"rle": mask(3), "text": '"rle":[1,2,3]'}),
    task(brush(mask(3)), data={"text": f'"rle":{mask(3)}'.replace(" ", "")}),
    task(brush(mask(4)), meta={"rle": mask(4)}),
    task(brush(mask(5), note="md5:d41d8cd98f00b204e9800998ecf8427e:9"), data={"a": "md5:1:2"}),
    task(brush(mask(6), rle_of="x", nested={"rle": mask(6)}), brush(mask(6)) | {"meta": {"rle": mask(8)}}),
    task(brush(mask(7)), predictions=[{"id": 5, "result": [brush(mask(7)), brush(mask(9))], "score": 0.5}]),
    task(brush(mask(1)), brush([]), note="[ ]"),
    task(brush(mask(7)) | {"rle": mask(7)}, {"type": "bitmask", "value": {"imageDataURL": IMAGE}}),
]


@pytest.mark.parametrize("place", range(len(ODD)))
def test_a_mask_that_is_kept_is_what_it_was(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row is the one that a parser makes that sees the whole task, also the hash of the history's result."""
    kept = flat(ODD[place])
    monkeypatch.setattr(masks.MaskCut, "without", lambda _, raw: raw)
    uncut = flat(ODD[place])
    for row in [*kept["annotation_history"], *uncut["annotation_history"]]:
        # of what stands for the masks, so that the setting does not change it
        row["result_hash"] = len(row["result_hash"])
    assert kept == uncut


def test_drafts_that_came_by_themselves_keep_their_masks() -> None:
    """The list of everybody's drafts is no task, but holds masks all the same."""
    draft = {"id": 3, "annotation": None, "result": [brush(mask(1))]}
    rows = flat(task(), drafts=[draft])
    assert values(rows) == [brush(mask(1))["value"]]
    assert [row["mask_length"] for row in rows["results"]] == [5000]


def test_the_tasks_of_a_batch_keep_their_own_masks() -> None:
    """Two tasks with masks of their own, and one that they share."""
    rows = flat(task(brush(mask(1)), brush(mask(2))), task(brush(mask(2)), brush(mask(3)), task_id=8))
    assert [value["rle"] for value in values(rows)] == [mask(1), mask(2), mask(2), mask(3)]


def test_of_a_mask_that_is_dropped_its_digest_stays() -> None:
    """Equal masks have equal ones; format, labels and length are what they were; a bitmask is dropped, too."""
    image = {"type": "bitmask", "value": {"imageDataURL": IMAGE}}
    rows = flat(task(brush(mask(1)), brush(mask(2)), brush(mask(1)), brush([7]), image), setting="drop")
    first, second, third, short, bitmap = values(rows)
    text = json.dumps(mask(1), separators=(",", ":"))
    assert first == {"format": "rle", "rle": f"md5:{digest_of(text)}:5000", "brushlabels": ["Road"]}
    assert first == third != second
    assert short["rle"] == f"md5:{digest_of('[7]')}:1"
    assert bitmap == {"imageDataURL": f"md5:{digest_of(IMAGE)}:{len(IMAGE)}"}
    assert [row["mask_length"] for row in rows["results"]] == [5000, 5000, 5000, 1, len(IMAGE)]
    assert [row["mask_format"] for row in rows["results"]] == ["rle"] * 4 + [None]
    assert "md5:" in rows["annotation_history"][0]["result"]


def test_a_blob_holds_the_numbers_as_bytes() -> None:
    """In base64, which DuckDB reads; a list with a number that is no byte stays what it is, and so does an image."""
    image = {"type": "bitmask", "value": {"imageDataURL": IMAGE}}
    rows = flat(task(brush(mask(1)), brush([300, 1]), image), setting="blob")
    first, second, bitmap = values(rows)
    kind, digest, data = first["rle"].split(":")
    assert kind == "base64"
    assert digest == digest_of(json.dumps(mask(1), separators=(",", ":")))
    assert list(base64.b64decode(data)) == mask(1)
    assert second["rle"] == [300, 1]
    assert bitmap == {"imageDataURL": IMAGE}
    assert [row["mask_length"] for row in rows["results"]] == [5000, 2, len(IMAGE)]


@pytest.mark.parametrize("setting", MASKS)
def test_spaces_in_the_answer_change_nothing(setting: Masks) -> None:
    """A proxy may write JSON anew, with spaces."""
    flattener = Flattener(masks=setting)
    try:
        spaced = flattener.tasks([RawTask(7, 1, json.dumps(ODD[0], indent=1).encode())])["results"].to_pylist()
    finally:
        flattener.close()
    assert spaced == flat(ODD[0], setting=setting)["results"]


@pytest.mark.parametrize("setting", MASKS)
def test_what_people_put_into_a_task_is_no_mask(setting: Masks) -> None:
    """Data and meta with a list of that name come as they were sent."""
    sent = task(brush(mask(1)), data={"rle": mask(2)}, meta={"rle": mask(3)})
    rows = flat(sent, setting=setting)
    assert json.loads(rows["tasks"][0]["data"]) == {"rle": mask(2)}
    assert json.loads(rows["tasks"][0]["meta"]) == {"rle": mask(3)}


@pytest.mark.parametrize("setting", MASKS)
def test_the_history_knows_a_version_whatever_the_setting(setting: Masks) -> None:
    """The hash of its result does not depend on what becomes of the masks."""
    digests = [flat(ODD[0], setting=each)["annotation_history"][0]["result_hash"] for each in ("keep", setting)]
    assert digests[0] == digests[1]


PAINTED = {"a": [255] * 400 + [0] * 400, "b": [0] * 200 + [7] * 400 + [0] * 200}

CONFIG = """<View><Image name="image" value="$image"/><BrushLabels name="mask" toName="image"><Label value="Road"/>
</BrushLabels></View>"""


def painted(name: str) -> list[int]:
    """A code of a mask."""
    numbers: list[int] = json.loads(packed(PAINTED[name], [(1, False)] * 800))
    return numbers


@pytest.mark.parametrize(("setting", "iou"), [("keep", 1 / 3), ("blob", 1 / 3), ("drop", 0.0)])
def test_agreement_on_masks(setting: Masks, iou: float) -> None:
    """Equal masks agree however they were loaded; how far others do is known as long as their numbers are."""
    analytics = Analytics()
    analytics.insert("projects", id=1, label_config=CONFIG, control_weights=None)
    for task_id, second in ((7, "a"), (8, "b")):
        pair = [
            {
                "id": 10 * task_id + place,
                "completed_by": place,
                "was_cancelled": False,
                "result": [brush(painted(name))],
            }
            for place, name in enumerate(("a", second), 1)
        ]
        analytics.load({**task(task_id=task_id), "annotations": pair}, masks=setting)
    analytics.refresh()
    query = "select task_id, metric, score from analytics.agreement_scores"
    scores = {(row[0], row[1]): row[2] for row in analytics.rows(query)}
    assert scores[7, "exact_match"] == 1
    assert scores[8, "exact_match"] == 0
    assert scores[7, "mask_iou"] == 1
    assert scores[8, "mask_iou"] == pytest.approx(iou)


def test_a_run_drops_masks_where_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The setting is read; a word that it does not know is refused in one line."""
    shell = Shell(tmp_path, monkeypatch, capsys)
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__MASKS", "drop")
    assert shell.run("--project", "all", "--quiet")[0] == 0
    query = "select count(*), count(*) filter (value::varchar like '%md5:%') from label_studio.results"
    total, dropped = map(str, shell.rows(f"{query} where mask_length is not null")[0])
    assert total == dropped != "0"
    monkeypatch.setenv("SOURCES__LABEL_STUDIO__MASKS", "shrink")
    code, _, err = shell.run("--project", "all", "--quiet")
    assert code == 2
    assert err.strip().endswith("masks is 'shrink': it takes keep, drop, blob")
