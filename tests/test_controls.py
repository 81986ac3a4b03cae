"""The control tags of a project, from its labeling config and its weights."""

import logging

import pytest
from analytics import Analytics

from pipelines.analytics.controls import write_controls
from pipelines.analytics.definitions import Schemas


def controls(analytics: Analytics, config: str | None, weights: str | None = None) -> list[tuple[object, ...]]:
    """The rows of `controls` of a project, without its id."""
    analytics.insert("projects", id=1, label_config=config, control_weights=weights)
    cursor = analytics.connection.cursor()
    write_controls(cursor, Schemas())
    return cursor.execute(
        "select from_name, type, per_region, weight, span, compared from controls order by all"
    ).fetchall()


def test_controls_are_tags_with_a_name_and_a_target(analytics: Analytics) -> None:
    """Objects, labels and styles are none."""
    config = """<View><Image name="i" value="$i"/>
        <RectangleLabels name="box" toName="i"><Label value="Car"/></RectangleLabels>
        <Choices name="mood" toName="i" perRegion="True"/><Relations/></View>"""
    assert controls(analytics, config) == [
        ("box", "rectanglelabels", False, 1.0, None, True),
        ("mood", "choices", True, 1.0, None, True),
    ]


def test_differences_of_numbers_have_a_range(analytics: Analytics) -> None:
    """A rating's maximum, 5 where none is named; of a number both ends, else none."""
    config = """<View><Rating name="a" toName="t"/><Rating name="b" toName="t" maxRating="10"/>
        <Number name="c" toName="t" min="-5" max="5"/><Number name="d" toName="t" min="5"/>
        <Number name="e" toName="t" min="5" max="5"/><Number name="f" toName="t" min="x" max="inf"/></View>"""
    assert [(row[0], row[4]) for row in controls(analytics, config)] == [
        ("a", 5.0),
        ("b", 10.0),
        ("c", 10.0),
        ("d", None),
        ("e", None),
        ("f", None),
    ]


def test_weights_are_those_of_the_project(analytics: Analytics) -> None:
    """Also of control tags that the config does not hold; what is no number weighs 1."""
    config = '<View><Choices name="a" toName="t"/><Choices name="b" toName="t"/></View>'
    weights = '{"a": {"overall": 0.5}, "b": {"overall": "much"}, "c": {"overall": 2}, "d": 7}'
    assert [(row[0], row[3], row[5]) for row in controls(analytics, config, weights)] == [
        ("a", 0.5, True),
        ("b", 1.0, True),
        ("c", 2.0, False),
    ]


@pytest.mark.parametrize("weights", [None, "null", "[]", '{"a": {"labels": [1]}}', '{"a": null}', '"text"'])
def test_odd_weights_are_weights_of_1(analytics: Analytics, weights: str | None) -> None:
    """They fail no run."""
    config = '<View><Choices name="a" toName="t"/></View>'
    assert [(row[0], row[3]) for row in controls(analytics, config, weights)] == [("a", 1.0)]


@pytest.mark.parametrize("config", ["<View><Choices", "no XML", '<!DOCTYPE x [<!ENTITY a "b">]><View>&a;</View>'])
def test_a_config_that_cant_be_parsed_has_no_controls(
    analytics: Analytics, caplog: pytest.LogCaptureFixture, config: str
) -> None:
    """A warning names the project."""
    with caplog.at_level(logging.WARNING):
        assert controls(analytics, config) == []
    assert "labeling config of project 1 can't be parsed" in caplog.text


@pytest.mark.parametrize("config", [None, ""])
def test_no_config_has_no_controls(analytics: Analytics, config: str | None) -> None:
    """A project that was never set up."""
    assert controls(analytics, config) == []
