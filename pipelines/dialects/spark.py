"""What Spark says otherwise than sqlglot does."""

from sqlglot import exp

from .common import SECONDS, bytewise, double, is_text, rounded, unit, without_end_zeros

REFUSED_BY_SPARK: dict[type[exp.Expr], str] = {
    exp.ArrayAgg: "a list in an order",
    exp.DateDiff: "date_diff in other units than days, hours, minutes and seconds",
}


def _percentile(node: exp.Expr) -> exp.Expr:
    """sqlglot leaves DuckDB's arguments to a function that takes others."""
    if isinstance(node, exp.PercentileCont):
        return exp.Anonymous(this="PERCENTILE", expressions=[node.this.copy(), node.expression.copy()])
    return node


def _round(node: exp.Expr) -> exp.Expr:
    """The text of a double is Java's; that of a decimal has no exponent."""
    if not (is_text(node) and (decimals := rounded(node))):
        return node
    number = exp.TryCast(this=node.this.copy(), to=exp.DataType.build(f"decimal(38, {decimals})"), safe=True)
    return without_end_zeros(exp.cast(number, "text"), decimals)


def _series(node: exp.Expr) -> exp.Expr:
    """A list is made rows of by itself, not within a cast: what it is made of can be cast."""
    if not (isinstance(node, exp.Cast) and isinstance(node.this, exp.Explode)):
        return node
    series = node.this.this
    if not isinstance(series, exp.GenerateSeries):
        return node
    dates = series.copy()
    for end in ("start", "end"):
        dates.set(end, exp.cast(dates.args[end].copy(), node.to))
    return exp.Explode(this=dates)


def _first_of_list(node: exp.Expr) -> exp.Expr:
    """Lists of aggregates have no order; the first one of one that has is found by the least key."""
    if not (isinstance(node, exp.Bracket) and isinstance(node.this, exp.Paren)):
        return node
    inner = node.this.this
    list_ = inner.this if isinstance(inner, exp.Filter) else inner
    if not (_is_ordered_list(list_) and [each.name for each in node.expressions] == ["0"]):
        return node
    if any(key.args.get("desc") for key in list_.this.expressions):
        return node
    keys = [key.this for key in list_.this.expressions]
    # nulls come last in DuckDB
    known = [part for key in keys for part in (exp.Is(this=key.copy(), expression=exp.Null()), key.copy())]
    struct = exp.Anonymous(this="STRUCT", expressions=known)
    first = exp.Anonymous(this="MIN_BY", expressions=[list_.this.this.copy(), struct])
    return exp.Filter(this=first, expression=inner.expression.copy()) if inner is not list_ else first


def _is_ordered_list(node: exp.Expr) -> bool:
    return isinstance(node, exp.ArrayAgg) and isinstance(node.this, exp.Order)


def _utc(node: exp.Expr) -> exp.Expr:
    """A moment as a clock of UTC shows it, whatever the session's zone is."""
    if isinstance(node, exp.AtTimeZone) and node.args["zone"].name == "UTC":
        zone = exp.Anonymous(this="CURRENT_TIMEZONE")
        return exp.Anonymous(this="TO_UTC_TIMESTAMP", expressions=[node.this.copy(), zone])
    return node


def _date_diff(node: exp.Expr) -> exp.Expr:
    """How many ends of days, hours, minutes or seconds lie between two moments; sqlglot would count whole spans."""
    if not isinstance(node, exp.DateDiff):
        return node
    if unit(node) == "DAY":
        days = [exp.cast(end.copy(), "date") for end in (node.this, node.expression)]
        return exp.cast(exp.Anonymous(this="DATEDIFF", expressions=days), "bigint")
    if (seconds := SECONDS.get(unit(node))) is None:
        return node
    later, earlier = (_begun(end, seconds) for end in (node.this, node.expression))
    return exp.Paren(this=exp.Sub(this=later, expression=earlier))


def _begun(moment: exp.Expr, seconds: int) -> exp.Expr:
    """How many spans of so many seconds began from 1970 up to a moment."""
    since = exp.Anonymous(this="UNIX_SECONDS", expressions=[moment.copy()])
    return exp.IntDiv(this=since, expression=exp.Literal.number(seconds))


def _group(node: exp.Expr) -> exp.Expr:
    """Without a number, DuckDB means the whole match, Spark the first group."""
    if isinstance(node, exp.RegexpExtract | exp.RegexpExtractAll) and not node.args.get("group"):
        match = node.copy()
        match.set("group", exp.Literal.number(0))
        return match
    return node


SPARK = (bytewise, double, _percentile, _round, _series, _first_of_list, _utc, _date_diff, _group)
