"""The views of labels."""

from datetime import date

import pytest
from analytics import Analytics
from annotating import Json, annotation, box, choice, prediction, task

from pipelines.label_studio.labeling_config import offered_labels


def project(analytics: Analytics, *controls: str, project_id: int = 1) -> None:
    """A project with a labeling config of these tags, and the values that it offers."""
    config = f"<View>{''.join(controls)}</View>"
    analytics.insert("projects", id=project_id, title="Streets", label_config=config)
    for label in offered_labels(project_id, config):
        analytics.insert("project_labels", **label._asdict())


def boxes(*labels: str) -> str:
    """A control tag for boxes."""
    return f'<RectangleLabels name="box" toName="t">{values("Label", *labels)}</RectangleLabels>'


def values(tag: str, *labels: str) -> str:
    """Tags of values."""
    return "".join(f'<{tag} value="{label}"/>' for label in labels)


def tags(name: str, kind: str, *paths: list[str] | str) -> Json:
    """Choices or taxonomy paths of the whole task."""
    return {"from_name": name, "to_name": "t", "type": kind, "value": {kind: list(paths)}}


def video(label: str) -> Json:
    """A region of a video."""
    sequence = [{"frame": 1, "x": 1, "y": 1, "width": 5, "height": 5, "rotation": 0, "enabled": True}]
    value = {"framesCount": 9, "labels": [label], "sequence": sequence}
    return {"id": "v", "from_name": "track", "to_name": "v", "type": "videorectangle", "value": value}


# annotation_labels


def test_uses_of_an_annotation_are_condensed(analytics: Analytics) -> None:
    """A label that an annotation names twice on a control tag has one row; its first row there holds the whole set."""
    project(analytics, boxes("Car", "Bus", "Tram"))
    analytics.load(
        task(
            7,
            annotation(1, 3, box(0, "Car"), box(20, "Bus"), box(40, "Car"), choice("A"), ground_truth=True),
            predictions=[prediction(2, "m1", box(0, "Car"))],
        )
    )
    analytics.refresh()
    rows = analytics.rows(
        "select source, annotation_id, prediction_id, annotator_id, ground_truth, model_version, created_on, from_name,"
        " type, kind, label, label_path, in_config, offered_by, uses, label_set from analytics.annotation_labels"
        " where project_id = 1 and task_id = 7 order by source, from_name, label"
    )
    made, predicted = date(2026, 3, 2), date(2026, 3, 1)
    of_annotation = ("annotation", 1, None, 3, True, None, made)
    a_box = ("box", "rectanglelabels", "label")
    assert rows == [
        (*of_annotation, *a_box, "Bus", "Bus", True, "box", 1, ["Bus", "Car"]),
        (*of_annotation, *a_box, "Car", "Car", True, "box", 2, None),
        (*of_annotation, "mood", "choices", "choice", "A", "A", None, None, 1, ["A"]),
        ("prediction", None, 2, None, False, "m1", predicted, *a_box, "Car", "Car", True, "box", 1, ["Car"]),
    ]


def test_what_is_not_submitted_is_left_out(analytics: Analytics) -> None:
    """Cancelled annotations, drafts and the labels of relations are no uses."""
    project(analytics, boxes("Car"))
    relation = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right", "labels": ["on"]}
    draft = {"id": 5, "result": [box(0, "Car")], "user": "ada@example.com"}
    analytics.load(
        task(7, annotation(1, 3, box(0, "Car"), was_cancelled=True), annotation(2, 3, relation), drafts=[draft])
    )
    analytics.refresh()
    assert analytics.rows("select source, count(*) from label_studio.result_labels group by all order by all") == [
        ("annotation", 2),
        ("draft", 1),
    ]
    assert analytics.rows("select * from analytics.annotation_labels") == []


def test_a_changed_task_is_worked_out_anew(analytics: Analytics) -> None:
    """What a task said before it was loaded again is gone."""
    project(analytics, boxes("Car", "Bus"))
    analytics.load(task(7, annotation(1, 3, box(0, "Car"))), task(8, annotation(2, 3, box(0, "Car"))))
    assert analytics.refresh() == 2
    analytics.load(task(7, annotation(1, 3, box(0, "Bus"))), load_id="2")
    assert analytics.refresh() == 1
    assert analytics.rows("select task_id, label from analytics.annotation_labels order by task_id") == [
        (7, "Bus"),
        (8, "Car"),
    ]


OPEN = [
    '<Choices name="mood" toName="t" value="$moods"><Choice value="A"/></Choices>',
    '<Choices name="mood" toName="t"><Choice value="A"/><Choice value="$further"/></Choices>',
    "<Choices toName='t' name='mood' apiUrl='https://example.com/values'><Choice value='A'/></Choices>",
    '<Choices name="mood" toName="t" hint="a > b" value="$moods"><Choice value="A"/></Choices><Text name="u"/>',
]
CLOSED = [
    '<Choices name="mood" toName="t"><Choice value="A"/></Choices><Text name="t" value="$text"/>',
    '<Choices name="mood" toName="t"><Choice value="A"/><!-- <Choice value="$further"/> --></Choices>',
    '<Choices name="mood" toName="t"><Choice value="A" hint="value is $5"/></Choices>',
]


@pytest.mark.parametrize(("config", "judged"), [*((one, None) for one in OPEN), *((one, False) for one in CLOSED)])
def test_values_from_the_data_can_not_be_judged(analytics: Analytics, config: str, judged: bool | None) -> None:
    """A label that is not offered is unknown only where the config holds all values of the control tag."""
    project(analytics, config)
    analytics.load(task(7, annotation(1, 3, choice("A", "Z"))))
    analytics.refresh()
    assert analytics.rows("select label, in_config from analytics.annotation_labels order by label") == [
        ("A", True),
        ("Z", judged),
    ]


def test_leaves_of_nested_choices_are_found(analytics: Analytics) -> None:
    """A result that names a leaf alone means its path; where two paths end so, it can be neither."""
    nested = '<Choice value="North"><Choice value="Coast"/><Choice value="Hills"/></Choice>'
    other = '<Choice value="South"><Choice value="Hills"/></Choice>'
    project(analytics, f'<Choices name="place" toName="t">{nested}{other}</Choices>')
    analytics.load(task(7, annotation(1, 3, tags("place", "choices", "Coast", "Hills", ["South", "Hills"]))))
    analytics.refresh()
    assert analytics.rows("select label, label_path, in_config from analytics.annotation_labels order by 2") == [
        ("Hills", "Hills", False),
        ("Coast", "North / Coast", True),
        ("Hills", "South / Hills", True),
    ]


# label_distribution


def test_the_distribution_holds_unused_and_unknown_labels(analytics: Analytics) -> None:
    """Three annotations of five boxes, and a prediction; one label is never used, one is not in the config."""
    project(analytics, boxes("Car", "Bus", "Tram"))
    analytics.load(
        task(1, annotation(1, 3, box(0, "Car"), box(20, "Car"), box(40, "Bus"))),
        task(
            2,
            annotation(2, 3, box(0, "Car")),
            annotation(3, 4, box(0, "Van")),
            predictions=[prediction(1, "m", box(0, "Bus"))],
        ),
        task(3, annotation(4, 3, box(0, "Tram"), was_cancelled=True), annotation(5, 4)),
    )
    analytics.refresh()
    rows = analytics.rows(
        "select label, position, in_config, annotation_uses, annotation_use_share, annotations, annotation_share,"
        " prediction_uses, prediction_use_share, predictions, prediction_share from analytics.label_distribution"
        " where project_id = 1 and from_name = 'box' and type = 'rectanglelabels' order by position nulls last"
    )
    third = pytest.approx(1 / 3)
    assert rows == [
        ("Car", 0, True, 3, 0.6, 2, pytest.approx(2 / 3), 0, 0.0, 0, 0.0),
        ("Bus", 1, True, 1, 0.2, 1, third, 1, 1.0, 1, 1.0),
        ("Tram", 2, True, 0, 0.0, 0, 0.0, 0, 0.0, 0, 0.0),
        ("Van", None, False, 1, 0.2, 1, third, 0, 0.0, 0, 0.0),
    ]


def test_a_distribution_without_uses_has_no_shares(analytics: Analytics) -> None:
    """Nothing is divided by zero: a project that nobody worked on has zeros, and shares that are null."""
    project(analytics, boxes("Car"), '<Choices name="mood" toName="t"><Choice value="A"/></Choices>')
    analytics.refresh()
    assert analytics.rows(
        "select from_name, type, label, annotation_uses, annotation_use_share, annotation_share, prediction_share"
        " from analytics.label_distribution order by from_name"
    ) == [
        ("box", "rectanglelabels", "Car", 0, None, None, None),
        ("mood", "choices", "A", 0, None, None, None),
    ]


def test_labels_of_videos_stand_under_the_tag_of_the_regions(analytics: Analytics) -> None:
    """The values of the Labels tag are listed where results name them, used and unused ones."""
    labels = f'<Labels name="animal" toName="v">{values("Label", "Fox", "Owl")}</Labels>'
    project(analytics, '<Video name="v" value="$v"/><VideoRectangle name="track" toName="v"/>', labels)
    analytics.refresh()
    query = "select from_name, type, label, in_config, annotation_uses from analytics.label_distribution order by label"
    assert analytics.rows(query) == [("animal", "labels", "Fox", True, 0), ("animal", "labels", "Owl", True, 0)]
    analytics.load(task(1, annotation(1, 3, video("Fox"), video("Cat"))))
    analytics.refresh()
    assert analytics.rows(query) == [
        ("track", "videorectangle", "Cat", False, 1),
        ("track", "videorectangle", "Fox", True, 1),
        ("track", "videorectangle", "Owl", True, 0),
    ]


def test_taxonomy_paths_are_told_apart(analytics: Analytics) -> None:
    """Two leaves of one name are two rows, and a branch that nobody chose is one with zeros."""
    branches = "".join(f'<Choice value="{name}"><Choice value="Other"/></Choice>' for name in ("Law", "Money"))
    project(analytics, f'<Taxonomy name="topic" toName="t">{branches}</Taxonomy>')
    analytics.load(task(1, annotation(1, 3, tags("topic", "taxonomy", ["Law", "Other"]))))
    analytics.refresh()
    assert analytics.rows(
        "select label, label_path, annotations from analytics.label_distribution order by position"
    ) == [
        ("Law", "Law", 0),
        ("Other", "Law / Other", 1),
        ("Money", "Money", 0),
        ("Other", "Money / Other", 0),
    ]


# label_cooccurrence


def test_labels_that_stand_together(analytics: Analytics) -> None:
    """Of four annotations with boxes two hold Car and Bus, one Car alone, one Bus and Tram."""
    project(analytics, boxes("Car", "Bus", "Tram"))
    analytics.load(
        task(
            1,
            annotation(1, 3, box(0, "Car"), box(20, "Bus"), box(40, "Bus")),
            annotation(2, 4, box(0, "Bus"), box(20, "Car")),
        ),
        task(2, annotation(3, 3, box(0, "Car")), annotation(4, 4, box(0, "Tram"), box(20, "Bus"))),
        task(3, annotation(5, 3), predictions=[prediction(1, "m", box(0, "Car"), box(20, "Tram"))]),
    )
    analytics.refresh()
    assert analytics.rows("select * exclude (project_title) from analytics.label_cooccurrence order by label_b") == [
        (1, "box", "Bus", "Car", 2, 3, 3, 4, 0.5, pytest.approx(2 * 4 / 9)),
        (1, "box", "Bus", "Tram", 1, 3, 1, 4, pytest.approx(1 / 3), pytest.approx(4 / 3)),
    ]


def test_labels_of_two_control_tags_make_no_pair(analytics: Analytics) -> None:
    """A box and a choice of one annotation stand on different control tags; three choices make three pairs."""
    project(analytics, boxes("Car"))
    analytics.load(task(1, annotation(1, 3, box(0, "Car"), choice("A", "B", "C"))))
    analytics.refresh()
    assert analytics.rows(
        "select from_name, label_a, label_b, jaccard, lift from analytics.label_cooccurrence order by all"
    ) == [
        ("mood", "A", "B", 1.0, 1.0),
        ("mood", "A", "C", 1.0, 1.0),
        ("mood", "B", "C", 1.0, 1.0),
    ]


# label_drift


def test_shares_of_weeks_are_compared_with_the_last_week_that_has_data(analytics: Analytics) -> None:
    """Weeks begin on Monday, UTC; a week without data is left out, a label without uses has a share of 0."""

    def at(annotation_id: int, moment: str, *results: Json) -> Json:
        return annotation(annotation_id, 3, *results, created_at=moment)

    project(analytics, boxes("Car", "Bus"))
    analytics.load(
        task(1, at(1, "2026-03-02T00:00:00Z", box(0, "Car"), box(20, "Car"), box(40, "Bus"))),
        task(2, at(2, "2026-03-08T23:59:59Z", box(0, "Car"))),
        # Monday in Sydney, Sunday in UTC
        task(3, at(3, "2026-03-23T05:00:00+11:00", box(0, "Bus")), at(4, "2026-03-16T00:00:00Z", box(0, "Bus"))),
    )
    analytics.refresh()
    assert analytics.rows("select * exclude (project_title) from analytics.label_drift order by week, label_path") == [
        (1, "box", "annotation", date(2026, 3, 2), "Bus", 1, 4, 0.25, None, None, None),
        (1, "box", "annotation", date(2026, 3, 2), "Car", 3, 4, 0.75, None, None, None),
        (1, "box", "annotation", date(2026, 3, 16), "Bus", 2, 2, 1.0, date(2026, 3, 2), 0.25, 0.75),
        (1, "box", "annotation", date(2026, 3, 16), "Car", 0, 2, 0.0, date(2026, 3, 2), 0.75, -0.75),
    ]


def test_predictions_drift_for_themselves(analytics: Analytics) -> None:
    """Shares of predictions are of predictions."""
    project(analytics, boxes("Car", "Bus"))
    analytics.load(
        task(1, annotation(1, 3, box(0, "Car")), predictions=[prediction(1, "m", box(0, "Bus"))]),
        task(2, predictions=[prediction(2, "m", box(0, "Bus"), created_at="2026-03-09T10:00:00Z")]),
    )
    analytics.refresh()
    assert analytics.rows(
        "select source, week, label_path, share, change from analytics.label_drift order by source, week"
    ) == [
        ("annotation", date(2026, 3, 2), "Car", 1.0, None),
        ("prediction", date(2026, 2, 23), "Bus", 1.0, None),
        ("prediction", date(2026, 3, 9), "Bus", 1.0, 0.0),
    ]


@pytest.mark.parametrize("view", ["annotation_labels", "label_distribution", "label_cooccurrence", "label_drift"])
def test_an_empty_warehouse_has_no_labels(analytics: Analytics, view: str) -> None:
    """Where nothing was loaded, there are no rows, and no error."""
    analytics.refresh()
    assert analytics.rows(f"select * from analytics.{view}") == []
