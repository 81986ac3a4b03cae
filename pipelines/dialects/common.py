"""What more than one dialect says otherwise than sqlglot does."""

from sqlglot import exp

#: Seconds in what can be counted between two moments, beside days.
SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600}


def double(node: exp.Expr) -> exp.Expr:
    """A number with a point is a decimal to others, and makes decimals of what it is divided by."""
    if isinstance(node, exp.Literal) and not node.is_string and "." in node.name and not _is_cast(node.parent):
        return exp.cast(node.copy(), "double")
    return node


def bytewise(node: exp.Expr) -> exp.Expr:
    """Texts are compared by their bytes, where nothing else is said: PostgreSQL alone has to be told."""
    return node.this.copy() if isinstance(node, exp.Collate) and node.expression.name == "C" else node


def without_end_zeros(text: exp.Expr, decimals: int) -> exp.Expr:
    """A number's text as DuckDB has it: one digit after the point at least, and no zeros at its end."""
    if decimals < 2:
        return text
    zeros = exp.Literal.string(f"0{{1,{decimals - 1}}}$")
    return exp.Anonymous(this="REGEXP_REPLACE", expressions=[text, zeros, exp.Literal.string("")])


def rounded(node: exp.Expr) -> int:
    """To how many decimals a node is rounded; 0 where it is not, or to none."""
    decimals = node.args.get("decimals") if isinstance(node, exp.Round) else None
    return int(decimals.name) if isinstance(decimals, exp.Literal) else 0


def is_text(node: exp.Expr) -> bool:
    """Whether a node is read as text, by the node around it."""
    return isinstance(node.parent, exp.DPipe)


def unit(node: exp.Expr) -> str:
    """The unit of a date function."""
    return str(node.args.get("unit") or "DAY").upper()


def _is_cast(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Cast | exp.PercentileCont)
