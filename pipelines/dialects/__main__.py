"""Prints the views in another engine's dialect: `python -m pipelines.dialects --help`."""

import re
import sys

import click

from pipelines.commands import run_command

from .carrying import DIALECTS

_EPILOG = """
\b
  python -m pipelines.dialects spark > views.sql
  python -m pipelines.dialects snowflake --dataset annotations

Views that read kept tables, which runs into DuckDB and PostgreSQL alone make, name them above their statement. Views
that can't be carried are named on stderr. Of these dialects, the tests run postgres and spark.

\b
Exit codes:
  0   done
  2   bad arguments
"""


@click.command(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("dialect", type=click.Choice(DIALECTS))
@click.option("--dataset", metavar="NAME", default="label_studio", show_default=True, help="The schema of the tables.")
def command(dialect: str, dataset: str) -> int:
    """Print what makes the views of schema analytics in another engine, each after those that it reads."""
    from pipelines.analytics.definitions import Schemas, kept_tables, views
    from pipelines.dialects import NotCarried, carried

    schemas = Schemas.of(dataset)
    kept = {definition.name for definition in kept_tables()}
    left_out: set[str] = set()
    for view in views():
        missing = sorted(view.reads & left_out)
        try:
            if missing:
                raise NotCarried(f"it reads {', '.join(missing)}")
            select = carried(view.sql, dialect)
        except NotCarried as error:
            left_out.add(view.name)
            click.echo(f"left out: {view.name}: {error}", err=True)
            continue
        needed = sorted(view.reads & kept)
        click.echo(f"-- {view.description}")
        if needed:
            click.echo(f"-- Reads the kept tables {', '.join(needed)}.")
        click.echo(f"create or replace view {schemas.analytics}.{view.name} as\n{_named(select, schemas)};\n")
    return 0


def _named(select: str, schemas: tuple[str, str]) -> str:
    """The select with the schemas of the dataset, in no quotes: what quotes are differs."""
    dataset, analytics = schemas
    select = re.sub(r"\banalytics\.", f"{analytics}.", select)
    return re.sub(r"\blabel_studio\.", f"{dataset}.", select)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; gives its exit code."""
    return run_command(command, arguments, "pipelines.dialects")


if __name__ == "__main__":
    sys.exit(main())
