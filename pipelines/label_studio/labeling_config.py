"""What a labeling config offers: the values of its control tags, in the order of the config."""

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

import pyarrow as pa
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .flatten import arrow_schema
from .tables import TABLES

#: Tags that hold one value; a choice can hold further ones.
VALUE_TAGS = {"Label", "Choice"}


class OfferedLabel(NamedTuple):
    """A row of `project_labels`."""

    project_id: int
    from_name: str
    to_name: str | None
    type: str
    label: str
    label_path: str
    position: int


def offered_labels(project_id: int, label_config: str) -> list[OfferedLabel]:
    """The values that each control tag offers, nested choices and taxonomy paths included.

    A value with an alias is offered under it, as results name it so. Values that come from the task's data
    ($name) are not known here. Raises ValueError where the config is no safe XML, or nested too deep.
    """
    root = read_config(project_id, label_config)
    try:
        return [label for control in root.iter() if is_control(control) for label in _labels(project_id, control)]
    except RecursionError as error:
        raise _unreadable(project_id, error) from error


def read_config(project_id: int, label_config: str) -> Element:
    """The root of a labeling config. Raises ValueError where it is no safe XML, or nested too deep."""
    try:
        root: Element = fromstring(label_config, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise _unreadable(project_id, error) from error
    return root


def is_control(element: Element) -> bool:
    """Whether it is a control tag: it has a name, and an object that it works on."""
    return bool(element.get("name") and element.get("toName"))


def as_table(labels: list[OfferedLabel]) -> pa.Table:
    """The labels as rows of `project_labels`."""
    schema = arrow_schema(TABLES["project_labels"])
    return pa.Table.from_pylist([label._asdict() for label in labels], schema=schema)


def _unreadable(project_id: int, error: Exception) -> ValueError:
    return ValueError(f"the labeling config of project {project_id} can't be parsed: {error}")


def _labels(project_id: int, control: Element) -> Iterator[OfferedLabel]:
    name, to_name, kind = control.get("name", ""), control.get("toName"), control.tag.lower()
    # the key of the table: the first of two values that read the same stands
    leaves: dict[str, str] = {}
    for path in _paths(control, ()):
        leaves.setdefault(" / ".join(path), path[-1])
    for position, (label_path, leaf) in enumerate(leaves.items()):
        yield OfferedLabel(project_id, name, to_name, kind, leaf, label_path, position)


def _paths(element: Element, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for child in element:
        value = child.get("alias") or child.get("value")
        if is_control(child) or (child.tag in VALUE_TAGS and not value):
            continue
        path = above
        if child.tag in VALUE_TAGS and value:
            if value.startswith("$"):
                continue
            path = (*above, value)
            yield path
        yield from _paths(child, path)
