"""What a labeling config offers, read from its XML."""

import pytest

from pipelines.label_studio.flatten import arrow_schema
from pipelines.label_studio.labeling_config import as_table, offered_labels
from pipelines.label_studio.tables import TABLES


def _paths(config: str) -> list[str]:
    return [label.label_path for label in offered_labels(2, config)]


def test_each_control_offers_its_values_in_order() -> None:
    """Each control's values are rows with its name, object and kind, in the order of the config."""
    config = """
    <View>
      <Text name="text" value="$text"/>
      <Labels name="ner" toName="text"><Label value="PER"/><Label value="ORG" background="red"/></Labels>
      <View><Choices name="mood" toName="text"><Choice value="good"/></Choices></View>
    </View>
    """
    assert [tuple(label) for label in offered_labels(2, config)] == [
        (2, "ner", "text", "labels", "PER", "PER", 0),
        (2, "ner", "text", "labels", "ORG", "ORG", 1),
        (2, "mood", "text", "choices", "good", "good", 0),
    ]


def test_nested_choices_have_paths() -> None:
    """A choice inside of a choice is offered under its path, the outer one as well."""
    config = """
    <View><Taxonomy name="t" toName="x">
      <Choice value="Animal"><Choice value="Cat"/><Choice value="Dog"><Choice value="Pug"/></Choice></Choice>
      <Choice value="Plant"/>
    </Taxonomy></View>
    """
    labels = offered_labels(2, config)
    paths = ["Animal", "Animal / Cat", "Animal / Dog", "Animal / Dog / Pug", "Plant"]
    assert [label.label_path for label in labels] == paths
    assert [label.label for label in labels] == ["Animal", "Cat", "Dog", "Pug", "Plant"]
    assert [label.position for label in labels] == [0, 1, 2, 3, 4]


def test_an_alias_is_what_results_name() -> None:
    """A value with an alias is offered under the alias."""
    assert _paths('<View><Choices name="c" toName="x"><Choice value="Yes, it is" alias="yes"/></Choices></View>') == [
        "yes"
    ]


def test_values_of_the_tasks_data_are_not_known() -> None:
    """A value or a list of values that comes from the task's data is no row, nor is a path through one."""
    config = """
    <View><Labels name="l" toName="x" value="$labels"><Label value="$dynamic"/><Label value="A"/></Labels>
    <Choices name="c" toName="x" value="$choices"/>
    <Taxonomy name="t" toName="x"><Choice value="$root"><Choice value="leaf"/></Choice></Taxonomy></View>
    """
    assert _paths(config) == ["A"]


def test_a_value_offered_twice_is_one_row() -> None:
    """A value that a control names twice is one row; two controls may name the same."""
    config = """
    <View><Labels name="a" toName="x"><Label value="A"/><Label value="A"/><Label value="B"/></Labels>
    <Labels name="b" toName="x"><Label value="A"/></Labels></View>
    """
    rows = [(label.from_name, label.label, label.position) for label in offered_labels(2, config)]
    assert rows == [("a", "A", 0), ("a", "B", 1), ("b", "A", 0)]


def test_paths_that_read_the_same_are_one_row() -> None:
    """A value with the separator in it and the path that reads the same share a key, so they are one row."""
    config = """
    <View><Taxonomy name="t" toName="x"><Choice value="a"><Choice value="b"/></Choice><Choice value="a / b"/></Taxonomy>
    </View>
    """
    assert _paths(config) == ["a", "a / b"]


def test_controls_inside_of_tags_of_layout_are_found() -> None:
    """Labels inside of a layout tag within their control count, and controls in any view do."""
    config = """
    <View visibleWhen="x"><Choices name="c" toName="x">
      <View><Choice value="1"/></View><Header value="no"/>
    </Choices></View>
    """
    assert _paths(config) == ["1"]


@pytest.mark.parametrize(
    "config",
    [
        "<View/>",
        '<View><TextArea name="t" toName="x"/><Rating name="r" toName="x"/></View>',
        '<View><Labels name="l" toName="x"/></View>',
        '<View><Labels name="l" toName="x"><Label/><Label value=""/></Labels></View>',
        '<View><Labels toName="x"><Label value="A"/></Labels></View>',
    ],
)
def test_controls_without_values_offer_none(config: str) -> None:
    """A control without values, or without a name, offers no rows."""
    assert _paths(config) == []


_BOMB = (
    """<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY c "&a;&a;&a;">]><View><Labels name="l" toName="x">&c;</Labels></View>"""
)


@pytest.mark.parametrize(
    "config",
    [
        "",
        "   ",
        "<View>",
        "no XML",
        '<View a="1" a="2"/>',
        "<View>&nbsp;</View>",
        "<View>\0</View>",
        "<View>\ud83d</View>",
        '<!DOCTYPE v SYSTEM "file:///etc/passwd"><View/>',
        _BOMB,
    ],
)
def test_unsafe_or_broken_xml_is_refused(config: str) -> None:
    """An empty, broken or dangerous config raises ValueError that names the project."""
    with pytest.raises(ValueError, match="the labeling config of project 2 can't be parsed: "):
        offered_labels(2, config)


def test_a_deep_config_is_read_or_refused() -> None:
    """A config nested deeper than Python goes raises ValueError, not RecursionError."""
    deep = '<Choice value="a">' * 50_000 + "</Choice>" * 50_000
    with pytest.raises(ValueError, match="the labeling config of project 2 can't be parsed: "):
        offered_labels(2, f'<View><Taxonomy name="t" toName="x">{deep}</Taxonomy></View>')


def test_labels_make_a_table() -> None:
    """The rows fit the table project_labels, also when there are none."""
    labels = offered_labels(2, '<View><Labels name="l" toName="x"><Label value="A"/></Labels></View>')
    schema = arrow_schema(TABLES["project_labels"])
    assert as_table(labels).schema == as_table([]).schema == schema
    assert as_table(labels).to_pylist() == [labels[0]._asdict()]
    assert as_table([]).num_rows == 0
