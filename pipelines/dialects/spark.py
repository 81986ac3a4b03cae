"""What Spark says otherwise than sqlglot does."""

from sqlglot import exp

from .common import SECONDS, bytewise, double, is_text, rounded, unit, without_end_zeros

REFUSED_BY_SPARK: dict[type[exp.Expr], str] = {
    exp.ArrayAgg: "a list in an order",
    exp.AtTimeZone: "the clock of a zone, other than for days of UTC,",
    exp.DateDiff: "date_diff in other units than days, hours, minutes and seconds",
}

_WORKED_OUT = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Avg, exp.Median, exp.Sqrt, exp.Pow)


def _percentile(node: exp.Expr) -> exp.Expr:
    """sqlglot leaves DuckDB's arguments to a function that takes others."""
    if isinstance(node, exp.PercentileCont):
        return exp.Anonymous(this="PERCENTILE", expressions=[node.this.copy(), node.expression.copy()])
    return node


def _round(node: exp.Expr) -> exp.Expr:
    """The text of a double is Java's; that of a decimal has no exponent."""
    if not (is_text(node) and isinstance(node, exp.Round)):
        return node
    shown = max(rounded(node), 1)
    number = exp.TryCast(this=node.copy(), to=exp.DataType.build(f"decimal(38, {shown})"), safe=True)
    return without_end_zeros(exp.cast(number, "text"), shown)


def _whole(node: exp.Expr) -> exp.Expr:
    """What is worked out is rounded, to even numbers where it lies in the middle, and not cut off."""
    if not (isinstance(node, exp.Cast) and node.to.is_type(*exp.DataType.INTEGER_TYPES)):
        return node
    if not isinstance(node.this.unnest(), _WORKED_OUT):
        return node
    number = exp.Anonymous(this="BROUND", expressions=[node.this.copy()])
    return exp.cast(number, node.to.copy())


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
    known = [part for key in keys for part in (exp.Paren(this=key.copy()).is_(exp.Null()), key.copy())]
    struct = exp.Anonymous(this="STRUCT", expressions=known)
    first = exp.Anonymous(this="MIN_BY", expressions=[list_.this.this.copy(), struct])
    return exp.Filter(this=first, expression=inner.expression.copy()) if inner is not list_ else first


def _is_ordered_list(node: exp.Expr) -> bool:
    return isinstance(node, exp.ArrayAgg) and isinstance(node.this, exp.Order)


def _day(node: exp.Expr) -> exp.Expr:
    """A day of UTC. What Spark has for other zones goes by the session's, and by another one within views."""
    if not (isinstance(node, exp.Cast) and node.to.is_type("date")):
        return node
    clock = node.this.unnest()
    if not (isinstance(clock, exp.AtTimeZone) and clock.args["zone"].name == "UTC"):
        return node
    seconds = exp.Anonymous(this="UNIX_SECONDS", expressions=[clock.this.copy()])
    days = exp.Floor(this=exp.Div(this=seconds, expression=exp.Literal.number(86400)))
    return exp.Anonymous(this="DATE_FROM_UNIX_DATE", expressions=[exp.cast(days, "int")])


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


def _moment(node: exp.Expr) -> exp.Expr:
    """What sqlglot says of it loses parts of seconds."""
    if isinstance(node, exp.UnixToTime):
        return exp.Anonymous(this="TIMESTAMP_SECONDS", expressions=[node.this.copy()])
    return node


def _place(node: exp.Expr) -> exp.Expr:
    """A row's number is an integer here, and a bigint elsewhere."""
    is_place = isinstance(node, exp.Window) and isinstance(node.this, exp.RowNumber)
    return exp.cast(node.copy(), "bigint") if is_place else node


def _json(node: exp.Expr) -> exp.Expr:
    """JSON is text; sqlglot would make a JSON text of the text."""
    return exp.cast(node.this.copy(), "text") if isinstance(node, exp.Cast) and node.to.is_type("json") else node


def _group(node: exp.Expr) -> exp.Expr:
    """Without a number, DuckDB means the whole match, Spark the first group."""
    if isinstance(node, exp.RegexpExtract | exp.RegexpExtractAll) and not node.args.get("group"):
        match = node.copy()
        match.set("group", exp.Literal.number(0))
        return match
    return node


SPARK = (
    bytewise,
    double,
    _whole,
    _percentile,
    _round,
    _series,
    _first_of_list,
    _day,
    _date_diff,
    _moment,
    _place,
    _json,
    _group,
)
