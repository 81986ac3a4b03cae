"""What BigQuery says otherwise than sqlglot does."""

from sqlglot import exp

from .common import bytewise, unit


def _monday(node: exp.Expr) -> exp.Expr:
    """BigQuery's WEEK begins on Sunday."""
    if isinstance(node, exp.DateTrunc | exp.TimestampTrunc) and unit(node) == "WEEK":
        week = node.copy()
        week.set("unit", exp.var("ISOWEEK"))
        return week
    return node


BIGQUERY = (bytewise, _monday)
