"""The control tags of each project as agreement needs them, from its labeling config and its weights."""

import json
import logging
from collections.abc import Iterator
from math import isfinite, nan
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

import pyarrow as pa

from pipelines.label_studio.labeling_config import VALUE_TAGS, is_control, read_config

from .definitions import Schemas
from .temporary import write_temporary

logger = logging.getLogger(__name__)


#: What a rating goes up to where the config does not say.
_MAX_RATING = 5.0


class Control(NamedTuple):
    """A control tag; one that is not `compared` has no say of its own in agreement.

    `to_name` is the object tag that it works on. `span` is what a difference of numbers is divided by; None where the
    config names no range. One that `is_open` takes values from the task's data or from an address, too.
    """

    project_id: int
    from_name: str
    type: str
    to_name: str | None = None
    per_region: bool = False
    weight: float = 1.0
    span: float | None = None
    is_open: bool = False
    compared: bool = True


class LabelWeight(NamedTuple):
    """The weight of a value of a control tag, where it is not 1."""

    project_id: int
    from_name: str
    label: str
    weight: float


_CONTROLS = pa.schema(
    [
        ("project_id", pa.int64()),
        ("from_name", pa.string()),
        ("type", pa.string()),
        ("to_name", pa.string()),
        ("per_region", pa.bool_()),
        ("weight", pa.float64()),
        ("span", pa.float64()),
        ("is_open", pa.bool_()),
        ("compared", pa.bool_()),
    ]
)
_LABEL_WEIGHTS = pa.schema(
    [("project_id", pa.int64()), ("from_name", pa.string()), ("label", pa.string()), ("weight", pa.float64())]
)


def write_controls(connection: Any, schemas: Schemas) -> None:
    """Makes the temp tables `controls` and `label_weights` of all projects."""
    query = "select id, label_config, control_weights::varchar from label_studio.projects order by id"
    controls: list[Control] = []
    weights: list[LabelWeight] = []
    for project_id, config, weighted in connection.execute(schemas.named_in(query)).fetchall():
        settings = _settings(weighted)
        controls += _controls(project_id, config or "", settings)
        weights += _label_weights(project_id, settings)
    for name, rows, schema in (("controls", controls, _CONTROLS), ("label_weights", weights, _LABEL_WEIGHTS)):
        table = pa.Table.from_pylist([row._asdict() for row in rows], schema=schema)
        write_temporary(connection, name, table)


def _controls(project_id: int, config: str, settings: dict[str, Any]) -> list[Control]:
    found = {name: Control(project_id, name, "", compared=False) for name in settings}
    found |= {control.from_name: control for control in _configured(project_id, config)}
    return [
        control._replace(weight=_number(settings.get(name, {}).get("overall"), 1.0)) for name, control in found.items()
    ]


def _configured(project_id: int, config: str) -> Iterator[Control]:
    try:
        elements = list(read_config(project_id, config).iter()) if config else []
    except ValueError as error:
        logger.warning("%s; its control tags stay unknown", error)
        return
    videos = {element.get("name") for element in elements if element.tag == "Video"}
    for element in filter(is_control, elements):
        target = element.get("toName")
        yield Control(
            project_id,
            element.get("name", ""),
            element.tag.lower(),
            target,
            per_region=element.get("perRegion", "").lower() == "true",
            span=_span(element),
            is_open=_is_open(element),
            # labels of videos stand in the results of the regions, under the name of the regions' tag
            compared=not (element.tag == "Labels" and target in videos),
        )


def _is_open(control: Element) -> bool:
    """Whether the tag, or one of its values, takes what it offers from elsewhere."""
    tags = (element for element in control.iter() if element is control or element.tag in VALUE_TAGS)
    return any(tag.get("apiUrl") is not None or tag.get("value", "").startswith("$") for tag in tags)


def _span(element: Element) -> float | None:
    """What the difference of two values is divided by: a rating's maximum, a number's range."""
    if element.tag == "Rating":
        return _number(element.get("maxRating"), _MAX_RATING)
    low, high = _number(element.get("min"), nan), _number(element.get("max"), nan)
    return high - low if high > low else None


def _label_weights(project_id: int, settings: dict[str, Any]) -> Iterator[LabelWeight]:
    for name, setting in settings.items():
        labels = setting.get("labels")
        for label, given in labels.items() if isinstance(labels, dict) else ():
            weight = _number(given, 1.0)
            if weight != 1.0:
                yield LabelWeight(project_id, name, label, weight)


def _settings(text: str | None) -> dict[str, Any]:
    """The settings by control tag; what is none is left out."""
    found = json.loads(text) if text else {}
    return {name: value for name, value in found.items() if isinstance(value, dict)} if isinstance(found, dict) else {}


def _number(value: Any, default: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return default
    return number if isfinite(number) else default
