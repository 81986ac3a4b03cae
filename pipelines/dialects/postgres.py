"""What PostgreSQL says otherwise than sqlglot does."""

import re

from sqlglot import exp

from .common import SECONDS, double, is_text, rounded, unit, without_end_zeros

#: What a text looks like that can be cast to a number.
_NUMBER = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$"

REFUSED_BY_POSTGRES: dict[type[exp.Expr], str] = {
    exp.TryCast: "try_cast to another type than double",
    exp.JSONExtract: "a path into JSON that is no list of keys",
    exp.JSONExtractScalar: "a path into JSON that is no list of keys",
    exp.DateDiff: "date_diff in other units than days, hours, minutes and seconds",
}


def _average(node: exp.Expr) -> exp.Expr:
    """The mean of whole numbers is a numeric, where DuckDB's is a double."""
    if isinstance(node, exp.Avg) and not isinstance(node.this, exp.Cast | exp.Distinct):
        return exp.Avg(this=exp.cast(node.this.copy(), "double"))
    return node


def _round(node: exp.Expr) -> exp.Expr:
    """Only numerics can be rounded to decimals, and away from zero; their text keeps all decimals."""
    if not isinstance(node, exp.Round):
        return node
    decimals = node.args.get("decimals")
    number = exp.Round(this=exp.cast(node.this.copy(), "decimal"), decimals=decimals and decimals.copy())
    if not is_text(node):
        return exp.cast(number, "double")
    shown = max(rounded(node), 1)
    text = exp.cast(exp.Round(this=number, decimals=exp.Literal.number(shown)), "text")
    return without_end_zeros(text, shown)


def _whole_division(node: exp.Expr) -> exp.Expr:
    """What sqlglot divides with gives a numeric."""
    return exp.cast(node.copy(), "bigint") if isinstance(node, exp.IntDiv) else node


def _series(node: exp.Expr) -> exp.Expr:
    """A series is rows already."""
    return node.this.copy() if isinstance(node, exp.Explode) and isinstance(node.this, exp.GenerateSeries) else node


def _first_known(node: exp.Expr) -> exp.Expr:
    """There is no `first_value(… ignore nulls)`."""
    if not (isinstance(node, exp.Window) and isinstance(node.this, exp.IgnoreNulls)):
        return node
    value = node.this.this.this
    known = exp.Where(this=exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null())))
    window = node.copy()
    window.set("this", exp.Filter(this=exp.ArrayAgg(this=value.copy()), expression=known))
    return exp.Bracket(this=exp.Paren(this=window), expressions=[exp.Literal.number(0)])


def _all_matches(node: exp.Expr) -> exp.Expr:
    """The matches of a pattern as rows."""
    if not (isinstance(node, exp.Explode) and isinstance(node.this, exp.RegexpExtractAll)):
        return node
    text, pattern = node.this.this, node.this.expression
    found = exp.Anonymous(this="REGEXP_MATCHES", expressions=[text.copy(), pattern.copy(), exp.Literal.string("g")])
    return _group(found, pattern, node.this.args.get("group"))


def _match(node: exp.Expr) -> exp.Expr:
    """The first match of a pattern; where there is none, an empty text, as of DuckDB."""
    if not isinstance(node, exp.RegexpExtract):
        return node
    found = exp.Anonymous(this="REGEXP_MATCH", expressions=[node.this.copy(), node.expression.copy()])
    empty = exp.Anonymous(this="LEFT", expressions=[node.this.copy(), exp.Literal.number(0)])
    return exp.Coalesce(this=_group(found, node.expression, node.args.get("group")), expressions=[empty])


def _group(found: exp.Expr, pattern: exp.Expr, group: exp.Expr | None) -> exp.Expr:
    """A group of a match; the whole match can be had of a pattern without groups only."""
    wanted = int(group.name) if group else 0
    groups = re.compile(pattern.name).groups
    if wanted == 0 and groups:
        pattern_of_one = exp.Literal.string(f"({pattern.name})")
        found.set("expressions", [found.expressions[0], pattern_of_one, *found.expressions[2:]])
    return exp.Bracket(this=exp.Paren(this=found), expressions=[exp.Literal.number(max(wanted, 1) - 1)])


def _json(node: exp.Expr) -> exp.Expr:
    """The operators take json and jsonb, sqlglot's functions only json."""
    path = node.args.get("expression")
    if not (isinstance(node, exp.JSONExtract | exp.JSONExtractScalar) and isinstance(path, exp.JSONPath)):
        return node
    steps = path.expressions[1:]
    if not all(isinstance(step.this, str | int) for step in steps):
        return node
    keys = exp.Array(expressions=[exp.Literal.string(str(step.this)) for step in steps])
    operator = exp.JSONBExtractScalar if isinstance(node, exp.JSONExtractScalar) else exp.JSONBExtract
    return exp.Paren(this=operator(this=node.this.copy(), expression=keys))


def _hash(node: exp.Expr) -> exp.Expr:
    """Another hash than DuckDB's: good to find what is equal, as a number it means nothing."""
    if not (isinstance(node, exp.Anonymous) and node.name.lower() == "hash"):
        return node
    row = exp.Anonymous(this="ROW", expressions=[each.copy() for each in node.expressions])
    return exp.Anonymous(this="HASHTEXTEXTENDED", expressions=[exp.cast(row, "text"), exp.Literal.number(0)])


def _try_cast(node: exp.Expr) -> exp.Expr:
    """Null for a text that is no number; sqlglot would raise."""
    if not (isinstance(node, exp.TryCast) and node.to.is_type("double")):
        return node
    is_number = exp.RegexpLike(this=exp.cast(node.this.copy(), "text"), expression=exp.Literal.string(_NUMBER))
    return exp.Case().when(is_number, exp.cast(node.this.copy(), "double"))


def _date_diff(node: exp.Expr) -> exp.Expr:
    """How many ends of days, hours, minutes or seconds lie between two moments; sqlglot would count whole spans."""
    if not isinstance(node, exp.DateDiff):
        return node
    later, earlier = node.this.copy(), node.expression.copy()
    if unit(node) == "DAY":
        days = exp.Sub(this=exp.cast(later, "date"), expression=exp.cast(earlier, "date"))
        return exp.cast(exp.Paren(this=days), "bigint")
    if (span := unit(node)) not in SECONDS:
        return node
    seconds = exp.Sub(this=_begun(later, span), expression=_begun(earlier, span))
    return exp.cast(exp.IntDiv(this=exp.Paren(this=seconds), expression=exp.Literal.number(SECONDS[span])), "bigint")


def _begun(moment: exp.Expr, span: str) -> exp.Expr:
    """Seconds since 1970 at which a moment's hour, minute or second began."""
    begin = exp.Anonymous(this="DATE_TRUNC", expressions=[exp.Literal.string(span.lower()), moment])
    return exp.Extract(this=exp.var("epoch"), expression=begin)


def _parameter(node: exp.Expr) -> exp.Expr:
    """As psql and other programs take parameters."""
    return exp.var(f":{node.name}") if isinstance(node, exp.Placeholder) else node


POSTGRES = (
    double,
    _average,
    _round,
    _whole_division,
    _series,
    _first_known,
    _all_matches,
    _match,
    _json,
    _hash,
    _try_cast,
    _date_diff,
    _parameter,
)
