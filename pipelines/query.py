"""Asks the warehouse: `python pipelines/query.py` says what there is to ask, `--help` how.

In Python, `from pipelines.query import query` gives a DataFrame:

    query("tasks_to_reannotate", project_id=3)
    query("select * from tasks where project_id = $project_id", project_id=3)
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if not __package__:
    # run as a script: the project's folder, not this one, is where its packages are
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from pipelines.commands import run_command

if TYPE_CHECKING:
    from pipelines.queries import Answer

#: Formats; stands here, too, so that --help does not wait for the imports behind it.
_FORMATS = ("table", "csv", "parquet", "json", "xlsx", "md")

#: Rows that a terminal is shown.
_SHOWN = 500

_EPILOG = """
\b
  query.py
  query.py tasks_to_reannotate --project_id 3
  query.py tasks_to_reannotate --help
  query.py "select * from tasks where id = $id" --id 17 --format json
  query.py - --output figures.xlsx < figures.sql

Alone, on a terminal, it says what there is to ask, and how other programs open the file; where its output goes
elsewhere, it shows this message and exits with 2.

Numbers, moments and so on are read from the text of a value as the query declares it; in SQL of your own, a value is
text that DuckDB casts to what it is compared with ($limit::bigint where it can't tell). Moments are in UTC. The file
is opened for reading only; SQL may read other files (read_parquet, read_csv).

\b
Exit codes:
  0   done
  1   the machine can't work it out, or the file is held by a run
  2   no such query, a bad value, bad SQL, no warehouse
  130 interrupted
"""


def query(text: str, /, *, database: str | Path | None = None, **parameters: Any) -> Any:
    """The answer to a query of sql/queries, by its name, or to SQL, as a pandas DataFrame.

    `parameters` are the values of its $parameters. `database` is a DuckDB file; else the readers' copy is asked, or the
    warehouse where there is no copy. Integers stay integers beside nulls, moments are in UTC. Raises QueryError, a
    ConfigurationError, where the query can't be run as it was asked.
    """
    from pipelines.queries import to_frame

    return to_frame(_ask(text, parameters, database))


@click.command(
    epilog=_EPILOG,
    context_settings={"ignore_unknown_options": True, "max_content_width": 110},
    add_help_option=False,
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="NAME|SQL|- [--PARAMETER VALUE]...")
@click.option("--list", "lists", is_flag=True, help="List the queries, with their parameters.")
@click.option("--describe", metavar="NAME", help="Explain a query; NAME --help does, too.")
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="How to write the answer.  [default: table]")
@click.option(
    "--output",
    type=click.Path(dir_okay=False),
    help="Write to this file; what it ends with is the format where --format is not given.",
)
@click.option("--database", type=click.Path(dir_okay=False), help="The DuckDB file.  [default: the readers' copy]")
@click.option("-h", "--help", "helps", is_flag=True, help="Show this message; after NAME, what the query is.")
@click.pass_context
def command(context: click.Context, /, words: tuple[str, ...], **options: Any) -> int:
    """Ask the warehouse: run a query of sql/queries, or SQL, and print its answer."""
    if options["lists"]:
        return _list()
    text, parameters = _read_words(words)
    described = options["describe"] or (text if options["helps"] else None)
    if described:
        return _describe(described)
    if options["helps"] or not text:
        if _asks_for_nothing(options) and not parameters and sys.stdout.isatty():
            return _overview(options["database"])
        click.echo(context.get_help())
        return 0 if options["helps"] else 2
    format_, output = _format(options["format_"], options["output"]), options["output"]
    if text == "-":
        text = sys.stdin.buffer.read().decode("utf-8")
    answer = _ask(text, parameters, options["database"])
    if output:
        _write_file(answer, format_, Path(output))
    else:
        _print(answer, format_)
    return 0


def _read_words(words: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """The query's name or SQL, and the values of its parameters, from what is none of our own options."""
    text: str | None = None
    parameters: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word.startswith("--") and not word.startswith("-- ") and "\n" not in word:
            name, has_value, value = word[2:].partition("=")
            if not has_value:
                value = next(rest, "--")
                if value.startswith("--"):
                    raise click.UsageError(f"--{name} needs a value: --{name} VALUE, or --{name}=VALUE")
            name = name.replace("-", "_")
            if name in parameters:
                raise click.UsageError(f"--{name} is given twice")
            parameters[name] = value
        elif text is None:
            text = word
        else:
            raise click.UsageError(f"one query at a time: {word!r} is one too many (SQL goes into quotes)")
    return text, parameters


def _format(given: str | None, output: str | None) -> str:
    from pipelines.queries import BINARY

    ending = Path(output).suffix.lstrip(".").lower() if output else ""
    format_ = given or (ending if ending in _FORMATS else "table")
    if format_ in BINARY and not output and sys.stdout.isatty():
        raise click.UsageError(f"{format_} is nothing for a terminal: give --output FILE.{format_}")
    if output and not Path(output).absolute().parent.is_dir():
        raise click.UsageError(f"the folder of {output} does not exist")
    return format_


def _ask(text: str, parameters: dict[str, Any], database: str | Path | None) -> "Answer":
    from pipelines.queries import ask
    from pipelines.settings import use_project_folder, warehouse_settings

    use_project_folder()
    return ask(text, parameters, warehouse_settings({}), Path(database).absolute() if database else None)


def _write_file(answer: "Answer", format_: str, path: Path) -> None:
    """Writes a file that is whole, or leaves the one before."""
    from pipelines.files import replacing
    from pipelines.queries import write

    try:
        with replacing(path) as temporary, temporary.open("wb") as stream:
            write(answer, format_, stream)
    except OSError as error:
        raise click.UsageError(f"{path} can't be written: {error.strerror or error}") from error
    rows = answer.table.num_rows
    click.echo(f"{rows:,} row{'' if rows == 1 else 's'} written to {path}", err=True)


def _print(answer: "Answer", format_: str) -> None:
    from pipelines.queries import draw, write

    stream = sys.stdout.buffer
    if format_ != "table" or not sys.stdout.isatty():
        write(answer, format_, stream)
        return
    first = answer._replace(table=answer.table.slice(0, _SHOWN))
    stream.write(draw(first, shutil.get_terminal_size().columns).encode())
    if answer.table.num_rows > _SHOWN:
        click.echo(f"the first {_SHOWN} of {answer.table.num_rows:,} rows; --output FILE.csv has all", err=True)


def _asks_for_nothing(options: dict[str, Any]) -> bool:
    return not any(value for name, value in options.items() if name != "database")


def _overview(database: str | None) -> int:
    from pipelines.queries import named_queries
    from pipelines.queries.contents import contents
    from pipelines.queries.overview import overview
    from pipelines.settings import use_project_folder, warehouse_settings

    use_project_folder()
    found = contents(warehouse_settings({}), Path(database).absolute() if database else None)
    width = shutil.get_terminal_size().columns
    click.echo(overview(named_queries().values(), found, width, is_default=not database), nl=False)
    return 0


def _list() -> int:
    from pipelines.queries import named_queries

    for named in named_queries().values():
        click.echo(f"{named.name}\n    {named.question}")
        for parameter in named.parameters.values():
            click.echo(f"    {parameter.usage}")
        click.echo()
    return 0


def _describe(name: str) -> int:
    from pipelines.queries import find_query

    named = find_query(name)
    if named is None:
        raise click.UsageError("SQL of your own is explained by nobody: name a query of --list")
    formatter = click.HelpFormatter(width=110)
    formatter.write_text(f"{named.name}: {named.description}")
    with formatter.section("Parameters"):
        formatter.write_dl([(parameter.usage, parameter.meaning) for parameter in named.parameters.values()])
    with formatter.section("Columns"):
        formatter.write_dl(list(named.columns.items()))
    click.echo(formatter.getvalue(), nl=False)
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; gives its exit code."""
    return run_command(command, arguments, "query.py")


if __name__ == "__main__":
    sys.exit(main())
