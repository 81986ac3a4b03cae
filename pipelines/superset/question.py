"""What a chart asks of its dataset, as Superset's API takes it ("query context").

The browser works it out itself from a chart's parameters. Reports, exports and the API can't, and take what is stored.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

Params = Mapping[str, Any]


def question(params: Params) -> dict[str, Any]:
    """The query context of a chart, of its parameters: a number, a table, a heat map, or a chart with an x axis."""
    query = {
        "columns": _columns(params),
        # with an empty list, Superset would group the rows of a table
        "metrics": _metrics(params) or None,
        "filters": list(_filters(params["adhoc_filters"])),
        "extras": {"where": _where(params["adhoc_filters"])},
        "orderby": _order(params),
        "row_limit": params.get("row_limit", 1),
    }
    if "series_limit" in params:
        query |= {"series_columns": params["groupby"]} | {
            name: params[name] for name in ("series_limit", "series_limit_metric", "order_desc")
        }
    # Superset puts the dataset in when it imports the chart
    return {"datasource": {}, "queries": [query], "result_format": "json", "result_type": "full"}


def _metrics(params: Params) -> list[Any]:
    return list(params.get("metrics", [params["metric"]] if "metric" in params else []))


def _columns(params: Params) -> list[Any]:
    if params.get("query_mode") == "raw":
        return list(params["all_columns"])
    groups = params.get("groupby", [])
    return [*_axis(params), *([groups] if isinstance(groups, str) else groups)]


def _axis(params: Params) -> list[dict[str, Any]]:
    if "x_axis" not in params:
        return []
    name = params["x_axis"]
    axis = {"label": name, "sqlExpression": name, "expressionType": "SQL", "columnType": "BASE_AXIS"}
    axis["isColumnReference"] = True
    return [axis | ({"timeGrain": params["time_grain_sqla"]} if "time_grain_sqla" in params else {})]


def _filters(filters: Iterable[Params]) -> Iterable[dict[str, Any]]:
    for each in filters:
        if each["expressionType"] == "SIMPLE":
            yield {"col": each["subject"], "op": each["operator"], "val": each["comparator"]}


def _where(filters: Iterable[Params]) -> str:
    return " and ".join(f"({each['sqlExpression']})" for each in filters if each["expressionType"] == "SQL")


def _order(params: Params) -> list[Any]:
    """The rows as a table's settings order them; else those with the largest first number come first."""
    if params.get("query_mode") == "raw":
        return [json.loads(order) for order in params["order_by_cols"]]
    return [[metric, False] for metric in _metrics(params)[:1]] if _columns(params) else []
