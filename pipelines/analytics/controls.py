"""The control tags of each project as agreement needs them, from its labeling config and its weights."""

import json
import logging
from collections.abc import Iterator
from math import isfinite, nan
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError

import pyarrow as pa
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .definitions import Schemas

logger = logging.getLogger(__name__)


#: What a rating goes up to where the config does not say.
_MAX_RATING = 5.0


class Control(NamedTuple):
    """A control tag; one that is not `configured` is known by its weight alone.

    `span` is what a difference of numbers is divided by; None where the config names no range.
    """

    project_id: int
    from_name: str
    type: str
    per_region: bool = False
    weight: float = 1.0
    span: float | None = None
    configured: bool = True


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
        ("per_region", pa.bool_()),
        ("weight", pa.float64()),
        ("span", pa.float64()),
        ("configured", pa.bool_()),
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
    _write(connection, "controls", controls, _CONTROLS)
    _write(connection, "label_weights", weights, _LABEL_WEIGHTS)


def _controls(project_id: int, config: str, settings: dict[str, Any]) -> list[Control]:
    found = {name: Control(project_id, name, "", configured=False) for name in settings}
    found |= {control.from_name: control for control in _configured(project_id, config)}
    return [
        control._replace(weight=_number(settings.get(name, {}).get("overall"), 1.0)) for name, control in found.items()
    ]


def _configured(project_id: int, config: str) -> Iterator[Control]:
    try:
        root = fromstring(config, forbid_dtd=True) if config else None
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        logger.warning(
            "the labeling config of project %d can't be parsed, its controls stay unknown: %s", project_id, error
        )
        return
    elements = list(root.iter()) if root is not None else []
    videos = {element.get("name") for element in elements if element.tag == "Video"}
    for element in elements:
        name, target = element.get("name"), element.get("toName")
        # labels of videos stand in the results of the regions, under the name of the regions' tag
        if name and target and not (element.tag == "Labels" and target in videos):
            per_region = element.get("perRegion", "").lower() == "true"
            yield Control(project_id, name, element.tag.lower(), per_region, span=_span(element))


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


def _write(connection: Any, name: str, rows: list[Any], schema: pa.Schema) -> None:
    table = pa.Table.from_pylist([row._asdict() for row in rows], schema=schema)
    connection.register("written", table)
    connection.execute(f"create or replace temp table {name} as select * from written")
    connection.unregister("written")
