"""Writes the views of the warehouse as files, for tools that read files: `export.py --help` says how."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if not __package__:
    # run as a script: the project's folder, not this one, is where its packages are
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from pipelines.commands import run_command

if TYPE_CHECKING:
    from pipelines.exports import Export
    from pipelines.exports.manifest import File

#: Formats; stands here, too, so that --help does not wait for the imports behind it.
_FORMATS = ("parquet", "csv", "xlsx")

_EPILOG = """
\b
  export.py --output files
  export.py --format csv,xlsx --project 3
  export.py --view project_progress --view annotator_performance --format xlsx
  export.py --tables --output /srv/files

Parquet and CSV have a file for each view; Excel is one file, analytics.xlsx, with a sheet for each. manifest.json names
the files, with their rows, bytes, SHA-256 and the meaning of each column. All are of the same load. They are put in
place once all are written; files of the export before that are no part of this one are removed.

\b
Exit codes:
  0   done
  1   failed, and the files are as they were; or written, but for what Excel has no room for, which is named
  2   bad arguments, no warehouse, a folder that can't be written
  75  another export writes to the same folder
  130, 143  ended by Ctrl-C (SIGINT) or SIGTERM: the files are as they were
"""


def _split(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The values of an option that is given several times, or once with commas."""
    parts = (part.strip() for value in values for part in value.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


@click.command(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--output", default="export", type=click.Path(), show_default=True, help="The folder to write to; made if missing."
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    callback=_split,
    metavar="FORMAT,…",
    help="parquet, csv, xlsx.  [default: parquet]",
)
@click.option(
    "--view",
    "views",
    multiple=True,
    callback=_split,
    metavar="NAME,…",
    help="Only these views or tables.  [default: all views]",
)
@click.option("--tables", is_flag=True, help="The loaded tables (tasks, annotations, results …), too.")
@click.option(
    "--project",
    "projects",
    multiple=True,
    callback=_split,
    metavar="ID,…",
    help="Only rows of these projects, where a view has project_id.",
)
@click.option("--database", type=click.Path(dir_okay=False), help="The DuckDB file.  [default: the readers' copy]")
@click.option("--quiet", is_flag=True, help="Say nothing but what is wrong.")
def command(
    output: str,
    formats: tuple[str, ...],
    views: tuple[str, ...],
    tables: bool,
    projects: tuple[str, ...],
    database: str | None,
    quiet: bool,
) -> int:
    """Write the views of the warehouse as Parquet, CSV or Excel files."""
    for format_ in formats:
        if format_ not in _FORMATS:
            raise click.UsageError(f"--format takes {', '.join(_FORMATS)}, not {format_!r}")
    numbers = tuple(_number(project) for project in projects)

    from pipelines.exports import Request, export
    from pipelines.settings import use_project_folder, warehouse_settings
    from pipelines.stopping import stopped_by_signals

    use_project_folder()
    request = Request(Path(output), formats or _FORMATS[:1], views, numbers, tables)
    place = Path(database).absolute() if database else None
    with stopped_by_signals(lambda: click.echo("export.py: ended: the files are as they were", err=True)):
        written = export(request, warehouse_settings({}), place, _silent if quiet else _say)
    return _sum_up(written, output, quiet=quiet)


def _number(project: str) -> int:
    if not (project.isascii() and project.isdecimal()) or len(project) > 18:
        raise click.UsageError(f"--project takes ids of projects, not {project!r}")
    return int(project)


def _silent(_: "File") -> None:
    pass


def _say(file: "File") -> None:
    place = f"{file.name}, sheet {file.sheet}" if file.sheet else file.name
    click.echo(f"{place}: {_counted(file.rows, 'row')}", err=True)


def _sum_up(written: "Export", output: str, *, quiet: bool) -> int:
    """Says what was written and what was not; gives the exit code."""
    for relation, format_, reason in written.left_out:
        click.echo(f"export.py: {relation.name} is left out of {format_}: {reason}", err=True)
    noted = [file for file in written.files if file.note]
    for file in noted:
        click.echo(f"export.py: {file.name}, sheet {file.sheet}: {file.note}", err=True)
    if written.whole:
        click.echo(f"export.py: of all projects, as rows have no project_id: {', '.join(written.whole)}", err=True)
    if not quiet:
        names = {file.name for file in written.files}
        click.echo(
            f"{_counted(len(names), 'file')}, {_size(written.size)}, written to {output};"
            " manifest.json says what they hold"
        )
    return 1 if written.left_out or noted else 0


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; gives its exit code."""
    return run_command(command, arguments, "export.py")


if __name__ == "__main__":
    sys.exit(main())
