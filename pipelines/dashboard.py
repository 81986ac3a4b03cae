"""Draws the warehouse: `python pipelines/dashboard.py` writes one HTML file that opens anywhere. `--help` says how."""

import sys
from pathlib import Path
from typing import Any

import click

if not __package__:
    # run as a script: the project's folder, not this one, is where its packages are
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from pipelines.commands import run_command

_EPILOG = """
The page holds sums, names and the worst cases, no tasks: at a million tasks it is a few megabytes. It asks no server
for anything. Links to tasks lead to --url, LABEL_STUDIO_URL or the address in .dlt/config.toml.

\b
Exit codes:
  0   done
  1   the file can't be written, or the warehouse is held by a run
  2   no warehouse, no such project, bad arguments
  130 interrupted
"""


@click.command(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--output", type=click.Path(dir_okay=False), default="dashboard.html", show_default=True)
@click.option("--project", "projects", multiple=True, metavar="ID", help="Only this project. Can be repeated.")
@click.option("--database", type=click.Path(dir_okay=False), help="The DuckDB file.  [default: the readers' copy]")
@click.option("--dataset", metavar="NAME", help="The schema of the tables.  [default: label_studio]")
@click.option("--check", is_flag=True, help="Run the data checks, and show what they find.")
@click.option("--url", metavar="URL", help="Where Label Studio opens in a browser.")
def command(**options: Any) -> int:
    """Write a page that shows the warehouse: progress, people, labels, models and quality, with filters."""
    from pipelines.dashboards.drawing import draw
    from pipelines.exits import DONE
    from pipelines.settings import label_studio_url, use_project_folder, warehouse_settings

    use_project_folder()
    output = Path(options["output"]).absolute()
    database = Path(options["database"]).absolute() if options["database"] else None
    warehouse = warehouse_settings({"dataset_name": options["dataset"]})
    url, projects = label_studio_url(options["url"]), _ids(options["projects"])
    draw(warehouse, database, output, url, projects, with_checks=options["check"])
    click.echo(f"{output.stat().st_size / 1e6:.1f} MB written to {options['output']}", err=True)
    return DONE


def _ids(texts: tuple[str, ...]) -> tuple[int, ...]:
    for text in texts:
        if not text.isascii() or not text.isdigit():
            raise click.UsageError(f"--project {text!r} is no id: give the number in the project's address")
    return tuple(dict.fromkeys(map(int, texts)))


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; gives its exit code."""
    return run_command(command, arguments, "dashboard.py")


if __name__ == "__main__":
    sys.exit(main())
