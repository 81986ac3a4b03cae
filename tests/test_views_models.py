"""The views of models."""

import pytest
from analytics import Analytics
from annotating import annotation, box, choice, prediction, task


@pytest.fixture
def model(analytics: Analytics) -> Analytics:
    """A project."""
    analytics.insert("projects", id=1, title="Streets")
    return analytics


def test_quality_counts_matches_at_each_threshold(model: Analytics) -> None:
    """Cars: overlaps 1 and 8/12 of two, one missed; a bus that is none."""
    actual = annotation(1, 1, box(0, "Car"), box(20, "Car"), box(40, "Car"))
    predicted = prediction(1, "m1", box(0, "Car"), box(22, "Car"), box(80, "Bus"))
    model.load(task(1, actual, predictions=[predicted]))
    model.refresh()
    assert model.rows(
        "select label, iou_threshold, predicted, actual, matches, precision, round(recall, 4), round(f1, 4), iou_mean"
        " from analytics.prediction_quality where model_version = 'm1' order by label desc, iou_threshold"
    ) == [
        ("Car", 0.5, 2, 3, 2, 1.0, 0.6667, 0.8, pytest.approx(0.825)),
        ("Car", 0.75, 2, 3, 1, 0.5, 0.3333, 0.4, 1.0),
        ("Car", 0.9, 2, 3, 1, 0.5, 0.3333, 0.4, 1.0),
        ("Bus", 0.5, 1, 0, 0, 0.0, None, 0.0, None),
        ("Bus", 0.75, 1, 0, 0, 0.0, None, 0.0, None),
        ("Bus", 0.9, 1, 0, 0, 0.0, None, 0.0, None),
    ]


def test_quality_of_choices_has_no_threshold(model: Analytics) -> None:
    """One of two predicted A is right; the other one is a B."""
    model.load(
        task(1, annotation(1, 1, choice("A")), predictions=[prediction(1, "m1", choice("A"))]),
        task(2, annotation(2, 1, choice("B")), predictions=[prediction(2, "m1", choice("A"))]),
    )
    model.refresh()
    assert model.rows(
        "select label, iou_threshold, predicted, actual, matches, precision, recall"
        " from analytics.prediction_quality order by label"
    ) == [("A", None, 2, 1, 1, 0.5, 1.0), ("B", None, 0, 1, 0, None, 0.0)]


def test_the_reference_is_ground_truth_before_what_is_newer(model: Analytics) -> None:
    """Of three annotations the ground truth counts, and without one the newest that is not cancelled."""
    model.load(
        task(
            1,
            annotation(1, 1, choice("A"), ground_truth=True),
            annotation(2, 2, choice("B"), updated_at="2026-03-05T00:00:00Z"),
            predictions=[prediction(1, "m1", choice("A"))],
        ),
        task(
            2,
            annotation(3, 1, choice("A"), updated_at="2026-03-04T00:00:00Z"),
            annotation(4, 2, choice("B")),
            annotation(5, 3, choice("C"), updated_at="2026-03-05T00:00:00Z", was_cancelled=True),
            predictions=[prediction(2, "m1", choice("A"))],
        ),
    )
    model.refresh()
    assert model.rows("select predicted_label, actual_label, times from analytics.prediction_confusion") == [
        ("A", "A", 2)
    ]


def test_confusion_shows_what_was_missed_and_made_up(model: Analytics) -> None:
    """A car taken for a bus, a bus that is none, a car that was not found."""
    actual = annotation(1, 1, box(0, "Car"), box(40, "Car"))
    model.load(task(1, actual, predictions=[prediction(1, "m1", box(0, "Bus"), box(80, "Bus"))]))
    model.refresh()
    assert model.rows(
        "select predicted_label, actual_label, is_right, times, share_of_predicted, share_of_actual"
        " from analytics.prediction_confusion order by 1 nulls last, 2 nulls last"
    ) == [("Bus", "Car", False, 1, 0.5, 0.5), ("Bus", None, False, 1, 0.5, None), (None, "Car", False, 1, None, 0.5)]


def test_calibration_puts_scores_beside_being_right(model: Analytics) -> None:
    """Scores 0.81 and 0.89, one of them right; a score of 1 is in the last tenth; 95 is no score; none has no bin."""
    given = [("A", 0.81), ("B", 0.89), ("A", 1.0), ("A", 95.0), ("A", None)]
    model.load(
        *(
            task(
                number,
                annotation(number, 1, choice("A")),
                predictions=[prediction(number, "m1", choice(label, score=score))],
            )
            for number, (label, score) in enumerate(given, 1)
        )
    )
    model.refresh()
    assert model.rows(
        "select score_from, score_to, predicted, matches, score_mean, accuracy, gap"
        " from analytics.prediction_calibration order by score_from"
    ) == [
        (0.8, 0.9, 2, 1, pytest.approx(0.85), 0.5, pytest.approx(0.35)),
        (0.9, 1.0, 1, 1, 1.0, 1.0, 0.0),
    ]


def test_the_score_of_a_prediction_stands_in_for_those_of_its_regions(model: Analytics) -> None:
    """A region's own score comes first."""
    predicted = prediction(1, "m1", box(0, "Car", score=0.35), box(20, "Car"), score=0.62)
    model.load(task(1, annotation(1, 1, box(0, "Car")), predictions=[predicted]))
    model.refresh()
    assert model.rows(
        "select score_from, predicted, matches from analytics.prediction_calibration order by score_from"
    ) == [(0.3, 1, 1), (0.6, 1, 0)]


def test_versions_are_compared_on_what_both_predicted(model: Analytics) -> None:
    """m2 is right on both shared tasks, m1 on one of them; a third task has m2 alone."""
    later = {"created_at": "2026-03-08T10:00:00Z"}

    def predicted(number: int, first: str | None, second: str) -> list[dict[str, object]]:
        made = [prediction(number * 10 + 1, "m1", choice(first), score=0.5)] if first else []
        return [*made, prediction(number * 10 + 2, "m2", choice(second), score=0.75, **later)]

    model.load(
        task(1, annotation(1, 1, choice("A")), predictions=predicted(1, "A", "A")),
        task(2, annotation(2, 1, choice("A")), predictions=predicted(2, "B", "A")),
        task(3, annotation(3, 1, choice("A")), predictions=predicted(3, None, "B")),
        task(4, predictions=predicted(4, "A", "A")),
    )
    model.refresh()
    assert model.rows(
        "select model_version, predictions, tasks, score_mean, tasks_compared, round(agreement, 4),"
        " round(precision, 4), round(f1, 4), previous_version, tasks_shared, agreement_shared,"
        " previous_agreement_shared, better, worse"
        " from analytics.model_comparison order by first_predicted_at"
    ) == [
        ("m1", 3, 3, 0.5, 2, 0.5, 0.5, 0.5, None, 0, None, None, 0, 0),
        ("m2", 4, 4, 0.75, 3, 0.6667, 0.6667, 0.6667, "m1", 2, 1.0, 0.5, 1, 0),
    ]


def test_predictions_without_a_version_are_a_version(model: Analytics) -> None:
    """They are compared like others."""
    model.load(task(1, annotation(1, 1, choice("A")), predictions=[prediction(1, None, choice("A"))]))
    model.refresh()
    assert model.rows("select model_version, tasks_compared, f1 from analytics.model_comparison") == [(None, 1, 1.0)]
    assert model.rows("select model_version, precision from analytics.prediction_quality") == [(None, 1.0)]


def test_a_task_without_annotation_says_nothing_of_a_model(model: Analytics) -> None:
    """There is nothing to measure against: not even wrong predictions."""
    model.load(task(1, predictions=[prediction(1, "m1", choice("A", score=0.5))]))
    model.refresh()
    for view in ("prediction_quality", "prediction_confusion", "prediction_calibration"):
        assert model.rows(f"select count(*) from analytics.{view}") == [(0,)]
    assert model.rows("select tasks, tasks_compared, agreement, precision from analytics.model_comparison") == [
        (1, 0, None, None)
    ]


def test_a_box_matches_one_prediction_only(model: Analytics) -> None:
    """Two predictions on one car: the second one is a false alarm."""
    predicted = prediction(1, "m1", box(0, "Car"), box(1, "Car"))
    model.load(task(1, annotation(1, 1, box(0, "Car")), predictions=[predicted]))
    model.refresh()
    assert model.rows(
        "select predicted, actual, matches from analytics.prediction_quality where iou_threshold = 0.5"
    ) == [(2, 1, 1)]
