"""Packs the dashboards for Superset: `python -m pipelines.superset --help`."""

import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import click

from pipelines.commands import run_command

_EPILOG = """
\b
  python -m pipelines.superset
  superset import-dashboards -p superset.zip -u admin

\b
Exit codes:
  0   done
  1   the file is held by a run
  2   no warehouse, or not the views that the dashboards need; bad arguments
  130 interrupted
"""


@click.command(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--database", type=click.Path(dir_okay=False), help="The DuckDB file.  [default: the readers' copy]")
@click.option("--dataset", metavar="NAME", help="The schema of the tables.  [default: label_studio]")
@click.option("--path", metavar="PATH", help="Where Superset finds the file, if it has another path there.")
@click.option(
    "--output", type=click.Path(dir_okay=False), default="superset.zip", show_default=True, help="What to write."
)
def command(database: str | None, dataset: str | None, path: str | None, output: str) -> int:
    """Pack the dashboards for `superset import-dashboards`, with the columns that the views of the warehouse have."""
    from pipelines.queries import opened, place_asked
    from pipelines.settings import use_project_folder, warehouse_settings
    from pipelines.superset import Place, bundle

    use_project_folder()
    settings = warehouse_settings({"dataset_name": dataset})
    file = place_asked(settings, Path(database).absolute() if database else None)
    place = Place(Path(path) if path else file, settings.dataset_name)
    with opened(settings, file) as connection:
        files = bundle(connection, place)
    _write(files, Path(output))
    click.echo(f"{len(files)} files written to {output}; they read {place.path}", err=True)
    return 0


def _write(files: dict[str, str], path: Path) -> None:
    """Writes an archive that is whole, or leaves the one before."""
    from pipelines.files import replacing

    try:
        with replacing(path) as temporary, ZipFile(temporary, "w", ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(f"label_studio/{name}", text)
    except OSError as error:
        raise click.UsageError(f"{path} can't be written: {error.strerror or error}") from error


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; gives its exit code."""
    return run_command(command, arguments, "pipelines.superset")


if __name__ == "__main__":
    sys.exit(main())
