"""The views of agreement between people."""

import random
from collections.abc import Sequence
from typing import Literal

import krippendorff
import numpy as np
import pytest
from analytics import Analytics
from annotating import Json, annotation, box, choice, rating, task
from sklearn.metrics import cohen_kappa_score

PEOPLE = {1: "ada@example.com", 2: "bo@example.com", 3: "cy@example.com"}


@pytest.fixture
def team(analytics: Analytics) -> Analytics:
    """A project with three people, of whom the third is not in the list of users."""
    analytics.insert("projects", id=1, title="Mail", control_weights={"mood": {"overall": 3.0}})
    for person, email in list(PEOPLE.items())[:2]:
        analytics.insert("users", id=person, email=email)
    return analytics


def moods(task_id: int, *given: str | None) -> Json:
    """A task on which person 1 gives the first mood, person 2 the second, and so on; None gives nothing."""
    made = [annotation(task_id * 10 + place, place, choice(mood)) for place, mood in enumerate(given, 1) if mood]
    return task(task_id, *made)


def test_a_task_has_the_mean_of_its_pairs_and_its_largest_group(team: Analytics) -> None:
    """A, A, B: one of three pairs agrees, and two of three annotations; three different moods agree in nothing."""
    team.load(moods(1, "A", "A", "B"), moods(2, "A", "B", "C"), moods(3, "A", "A"), moods(4, "A"))
    team.refresh()
    assert team.rows(
        "select task_id, annotations, annotators, pairs, round(agreement, 6), round(consensus, 6), lowest_control"
        " from analytics.task_agreement order by task_id"
    ) == [
        (1, 3, 3, 3, 0.333333, 0.666667, "mood"),
        (2, 3, 3, 3, 0.0, 0.0, "mood"),
        (3, 2, 2, 1, 1.0, 1.0, "mood"),
    ]


def test_control_tags_count_by_their_weights(team: Analytics) -> None:
    """Mood (weight 3) agrees, the rating (weight 1) is off by 2 of 5: (3 + 0.6) ÷ 4."""
    team.load(task(1, annotation(1, 1, choice("A"), rating(5)), annotation(2, 2, choice("A"), rating(3))))
    team.refresh()
    assert team.rows("select agreement, consensus, lowest_agreement, lowest_control from analytics.task_agreement") == [
        (pytest.approx(0.9), pytest.approx(0.75), pytest.approx(0.6), "stars")
    ]
    assert team.rows("select agreement from analytics.pair_agreement") == [(pytest.approx(0.9),)]


def test_cancelled_annotations_are_in_no_pair(team: Analytics) -> None:
    """A skipped task says nothing of its annotator's opinion."""
    team.load(task(1, annotation(1, 1, choice("A")), annotation(2, 2, choice("B"), was_cancelled=True)))
    team.refresh()
    assert team.rows("select count(*) from analytics.agreement_pairs") == [(0,)]
    assert team.rows("select count(*) from analytics.task_agreement") == [(0,)]


def test_pairs_carry_their_annotators_the_smaller_id_first(team: Analytics) -> None:
    """Whoever annotated first or has the smaller user id: annotation ids order a pair."""
    team.load(task(1, annotation(8, 1, choice("A"), ground_truth=True), annotation(5, 2, choice("A"))))
    team.refresh()
    assert team.records(
        "select annotation_a_id, annotation_b_id, annotator_a_id, annotator_b_id, ground_truth_a, ground_truth_b,"
        " weight from analytics.agreement_pairs where is_default"
    ) == [
        {
            "annotation_a_id": 5,
            "annotation_b_id": 8,
            "annotator_a_id": 2,
            "annotator_b_id": 1,
            "ground_truth_a": False,
            "ground_truth_b": True,
            "weight": 3.0,
        }
    ]


def test_controls_that_nobody_used_count_as_a_match(team: Analytics) -> None:
    """A control tag of the config that both leave empty scores 1; labels of videos are no control tag of their own."""
    team.connection.execute(
        "update label_studio.projects set label_config = ?",
        [
            '<View><Choices name="mood" toName="v"/><TextArea name="note" toName="v"/><Video name="v"/>'
            '<VideoRectangle name="track" toName="v"/><Labels name="animal" toName="v"/></View>'
        ],
    )
    team.load(task(1, annotation(1, 1), annotation(2, 2)))
    team.refresh()
    assert team.rows(
        "select from_name, metric, score from analytics.agreement_pairs where is_default order by all"
    ) == [
        ("mood", "exact_match", 1.0),
        ("note", "text_similarity", 1.0),
        ("track", "frame_match", 1.0),
    ]


def test_the_control_view_sums_up_all_pairs(team: Analytics) -> None:
    """Scores 1, 0, 0 and 1: two of four pairs."""
    team.load(moods(1, "A", "A", "B"), moods(2, "A", "A"))
    team.refresh()
    assert team.rows(
        "select project_title, from_name, type, metric, is_default, tasks, pairs, agreement, share_equal"
        " from analytics.control_agreement order by metric"
    ) == [
        ("Mail", "mood", "choices", "exact_match", True, 2, 4, 0.5, 0.5),
        ("Mail", "mood", "choices", "jaccard", False, 2, 4, 0.5, 0.5),
    ]


def test_the_matrix_has_each_pair_of_people_from_both_sides(team: Analytics) -> None:
    """1 and 2 agree on one of two tasks; who annotated a task twice is not compared with oneself."""
    twice = task(3, annotation(31, 1, choice("A")), annotation(32, 1, choice("B")))
    team.load(moods(1, "A", "A"), moods(2, "A", "B", "B"), twice)
    team.refresh()
    assert team.rows(
        "select annotator, other, tasks, pairs, agreement from analytics.annotator_agreement_matrix order by all"
    ) == [
        ("ada@example.com", "bo@example.com", 2, 2, 0.5),
        ("ada@example.com", "user 3", 1, 1, 0.0),
        ("bo@example.com", "ada@example.com", 2, 2, 0.5),
        ("bo@example.com", "user 3", 1, 1, 1.0),
        ("user 3", "ada@example.com", 1, 1, 0.0),
        ("user 3", "bo@example.com", 1, 1, 1.0),
    ]


def test_the_matrix_holds_models_beside_people(team: Analytics) -> None:
    """A model version stands where another person would."""
    team.load(
        task(1, annotation(1, 1, choice("A")), predictions=[{"id": 1, "model_version": "m1", "result": [choice("A")]}])
    )
    team.refresh()
    assert team.rows(
        "select annotator, other_source, other, other_annotator_id, tasks, agreement"
        " from analytics.annotator_agreement_matrix"
    ) == [("ada@example.com", "prediction", "m1", None, 1, 1.0)]


def test_kappa_takes_chance_off(team: Analytics) -> None:
    """3 of 4 equal; chance: 6/16 + 2/16 = 0.5; (0.75 - 0.5) ÷ 0.5 = 0.5."""
    team.load(moods(1, "A", "A"), moods(2, "A", "A"), moods(3, "B", "B"), moods(4, "B", "A"))
    team.refresh()
    assert team.rows(
        "select annotator_a, annotator_b, tasks, values_compared, categories, observed, expected, kappa"
        " from analytics.agreement_cohen_kappa"
    ) == [("ada@example.com", "bo@example.com", 4, 4, 2, 0.75, 0.5, 0.5)]


def test_kappa_is_null_where_all_say_the_same(team: Analytics) -> None:
    """Chance alone makes all equal then."""
    team.load(moods(1, "A", "A"), moods(2, "A", "A"))
    team.refresh()
    assert team.rows("select observed, expected, kappa from analytics.agreement_cohen_kappa") == [(1.0, 1.0, None)]


def _drawn(seed: int, tasks: int, people: int, missing: float) -> list[list[str | None]]:
    """Moods by task and person, drawn so that people agree more than by chance."""
    draw = random.Random(seed)
    rows: list[list[str | None]] = []
    for _ in range(tasks):
        truth = draw.choice("ABCD")
        rows.append(
            [
                None if draw.random() < missing else truth if draw.random() < 0.6 else draw.choice("ABCD")
                for _ in range(people)
            ]
        )
    return rows


def test_kappa_is_that_of_scikit_learn(team: Analytics) -> None:
    """For each of ten pairs of people on 300 drawn tasks, to 1e-12."""
    given = _drawn(1, 300, 5, 0.3)
    team.load(*(moods(number, *row) for number, row in enumerate(given, 1)))
    team.refresh()
    found = team.rows("select annotator_a_id, annotator_b_id, kappa from analytics.agreement_cohen_kappa order by all")
    assert len(found) == 10
    for a, b, kappa in found:
        both = [(row[a - 1], row[b - 1]) for row in given if row[a - 1] and row[b - 1]]
        assert kappa == pytest.approx(cohen_kappa_score(*zip(*both, strict=True)), abs=1e-12)


def _alpha(rows: Sequence[Sequence[float | None]], level: Literal["nominal", "interval"]) -> float:
    units = np.array([[np.nan if value is None else value for value in row] for row in rows]).T
    return float(krippendorff.alpha(reliability_data=units, level_of_measurement=level))


def test_nominal_alpha_is_that_of_the_krippendorff_package(team: Analytics) -> None:
    """For five people with missing values on 300 drawn tasks, to 1e-12."""
    given = _drawn(2, 300, 5, 0.4)
    team.load(*(moods(number, *row) for number, row in enumerate(given, 1)))
    team.refresh()
    numbered = [[None if mood is None else float("ABCD".index(mood)) for mood in row] for row in given]
    assert team.rows("select level, alpha from analytics.agreement_krippendorff_alpha") == [
        ("nominal", pytest.approx(_alpha(numbered, "nominal"), abs=1e-12))
    ]


def test_interval_alpha_is_that_of_the_krippendorff_package(team: Analytics) -> None:
    """Ratings are measured on both levels."""
    draw = random.Random(3)
    given = [[draw.choice([1.0, 2.0, 2.0, 3.0, 5.0, None]) for _ in range(4)] for _ in range(200)]
    team.load(
        *(
            task(
                number,
                *(annotation(number * 10 + person, person, rating(stars)) for person, stars in enumerate(row) if stars),
            )
            for number, row in enumerate(given, 1)
        )
    )
    team.refresh()
    assert team.rows("select level, alpha from analytics.agreement_krippendorff_alpha order by level") == [
        ("interval", pytest.approx(_alpha(given, "interval"), abs=1e-12)),
        ("nominal", pytest.approx(_alpha(given, "nominal"), abs=1e-12)),
    ]


def test_alpha_by_hand(team: Analytics) -> None:
    """A A, A B: each unit of two, one disagrees; 4 values, 3 A and 1 B: 1 - 6 ÷ (16 - 10) = 0."""
    team.load(moods(1, "A", "A"), moods(2, "A", "B"), moods(3, "C"))
    team.refresh()
    assert team.rows(
        "select tasks, annotators, values_compared, observed_disagreement, expected_disagreement, alpha"
        " from analytics.agreement_krippendorff_alpha"
    ) == [(2, 2, 4, 0.5, 0.5, 0.0)]


def test_disagreements_begin_with_the_worst(team: Analytics) -> None:
    """No agreement among three comes before none among two, and both before a third."""
    team.load(moods(1, "A", "A", "B"), moods(2, "A", "B"), moods(3, "A", "B", "C"), moods(4, "A", "A"))
    team.refresh()
    assert team.rows(
        "select place, task_id, from_name, annotations, round(agreement, 3), lowest, annotation_a_id, annotation_b_id,"
        " annotator_a, annotator_b, value_a, value_b from analytics.disagreements order by place"
    ) == [
        (1, 3, "mood", 3, 0.0, 0.0, 31, 32, "ada@example.com", "bo@example.com", "A", "B"),
        (2, 2, "mood", 2, 0.0, 0.0, 21, 22, "ada@example.com", "bo@example.com", "A", "B"),
        (3, 1, "mood", 3, 0.333, 0.0, 11, 13, "ada@example.com", "user 3", "A", "B"),
    ]


def test_confusions_are_counted_from_both_sides(team: Analytics) -> None:
    """Twice A and A, once A and B: of six times that A or B was said, A met A four times, B once; B met A once."""
    team.load(moods(1, "A", "A"), moods(2, "A", "A"), moods(3, "A", "B"))
    team.refresh()
    assert team.rows(
        "select label, other_label, is_same, times, share from analytics.label_confusion order by label, other_label"
    ) == [("A", "A", True, 4, 0.8), ("A", "B", False, 1, 0.2), ("B", "A", False, 1, 1.0)]


def test_regions_are_confused_where_they_overlap(team: Analytics) -> None:
    """A car that is a bus to the other, a car that both see, and one that only the first one sees."""
    first = annotation(1, 1, box(0, "Car"), box(20, "Car"), box(60, "Car"))
    second = annotation(2, 2, box(1, "Bus"), box(20, "Car"))
    team.load(task(1, first, second))
    team.refresh()
    assert team.rows("select label, other_label, times from analytics.label_confusion order by all nulls last") == [
        ("Bus", "Car", 1),
        ("Car", "Bus", 1),
        ("Car", "Car", 2),
        ("Car", None, 1),
    ]


def test_each_region_is_matched_once_the_same_label_first(team: Analytics) -> None:
    """The bus lies nearer to the first car, but the second car has its label."""
    first = annotation(1, 1, box(0, "Car"), box(2, "Bus"))
    second = annotation(2, 2, box(0, "Bus"), box(3, "Car"))
    team.load(task(1, first, second))
    team.refresh()
    # Car 0-10 and 3-13: 7/13; Bus 2-12 and 0-10: 8/12
    assert team.rows(
        "select label_a, label_b, iou_step, regions from analytics.region_matches where from_name = 'box' order by all"
    ) == [("Bus", "Bus", 0.65, 1), ("Car", "Car", 0.5, 1)]


def test_a_region_that_lost_its_best_match_takes_the_next(team: Analytics) -> None:
    """Both of the first's boxes are nearest to the same one; the second best pair is made of what is left."""
    first = annotation(1, 1, box(0, "Car"), box(3, "Car"))
    second = annotation(2, 2, box(1, "Car"), box(6, "Car"))
    team.load(task(1, first, second))
    team.refresh()
    # 0 and 1: 9/11; then 3 and 6: 7/13
    assert team.rows("select iou_step, regions from analytics.region_matches where from_name = 'box' order by all") == [
        (0.5, 1),
        (0.8, 1),
    ]


def test_several_choices_are_confused_one_by_one(team: Analytics) -> None:
    """A is common; B and C are what is left of each. Of two left ones none stands opposite a third."""
    team.load(
        task(1, annotation(1, 1, choice("A", "B")), annotation(2, 2, choice("A", "C"))),
        task(2, annotation(3, 1, choice("A", "B", "C")), annotation(4, 2, choice("A"))),
    )
    team.refresh()
    assert team.rows(
        "select task_id, label_a, label_b, regions from analytics.region_matches order by all nulls last"
    ) == [(1, "A", "A", 1), (1, "B", "C", 1), (2, "A", "A", 1), (2, "B", None, 1), (2, "C", None, 1)]
