"""A SELECT in DuckDB's dialect, carried to another engine."""

from collections.abc import Callable, Mapping

from sqlglot import ErrorLevel, exp, parse_one
from sqlglot.errors import SqlglotError

from pipelines.label_studio.exceptions import LabelStudioError

from .bigquery import BIGQUERY
from .common import bytewise
from .postgres import POSTGRES, REFUSED_BY_POSTGRES
from .spark import REFUSED_BY_SPARK, SPARK

Rule = Callable[[exp.Expr], exp.Expr]

#: What is said otherwise, by dialect. The tests run PostgreSQL and Spark; for the others, sqlglot is believed.
RULES: Mapping[str, tuple[Rule, ...]] = {
    "postgres": POSTGRES,
    "spark": SPARK,
    "databricks": SPARK,
    "bigquery": BIGQUERY,
    "snowflake": (bytewise,),
    "redshift": (bytewise,),
    "clickhouse": (bytewise,),
}

DIALECTS = tuple(RULES)

_REFUSED: Mapping[str, Mapping[type[exp.Expr], str]] = {
    "postgres": REFUSED_BY_POSTGRES,
    "redshift": {exp.TryCast: "try_cast"},
    "clickhouse": {exp.TryCast: "try_cast"},
    "spark": REFUSED_BY_SPARK,
    "databricks": REFUSED_BY_SPARK,
}


class NotCarried(LabelStudioError):
    """SQL that would mean something else on the other engine, or nothing."""


def carried(sql: str, dialect: str) -> str:
    """A SELECT of DuckDB's in another dialect, one of DIALECTS, without its comments; `$name` becomes `:name`.

    Raises NotCarried for what can't be said there, or where it is not known whether the rows would be the same.
    """
    try:
        tree = parse_one(sql, read="duckdb")
        for node in reversed(list(tree.dfs())):
            _rewrite(node, RULES[dialect])
        _refuse(tree, dialect)
        return tree.sql(dialect, pretty=True, comments=False, unsupported_level=ErrorLevel.RAISE)
    # sqlglot comes upon trees that it has not reckoned with
    except (SqlglotError, AttributeError, TypeError, ValueError) as error:
        raise NotCarried(f"the SQL can't be carried to {dialect}: {_line(error)}") from error


def _rewrite(node: exp.Expr, rules: tuple[Rule, ...]) -> None:
    """Puts what the rules make of a node in its place; children come before their parents."""
    for rule in rules:
        if (new := rule(node)) is not node:
            node.replace(new)
            return


def _refuse(tree: exp.Expr, dialect: str) -> None:
    """Raises NotCarried for what sqlglot would carry without a word, and wrongly."""
    refused: dict[type[exp.Expr], str] = {exp.Slice: "a slice of a list or a text", **_REFUSED.get(dialect, {})}
    for node in tree.find_all(*refused):
        if isinstance(node, exp.ArrayAgg) and not isinstance(node.this, exp.Order):
            continue
        raise NotCarried(f"{refused[type(node)]} can't be carried to {dialect}: {_short(node)}")
    if dialect == "postgres" and any(group.args.get("all") for group in tree.find_all(exp.Group)):
        raise NotCarried("group by all can't be carried to postgres: name the columns")


def _short(node: exp.Expr) -> str:
    text = node.sql("duckdb")
    return text if len(text) <= 100 else f"{text[:100]}…"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
