"""Label Studio's tasks into a lake, read by Spark's executors: `spark-submit pipelines/spark.py --help` says how."""

import os
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

if not __package__:
    # run as a script: the project's folder, not this one, is where its packages are
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from pipelines.commands import run_command

_EPILOG = """
\b
  spark-submit pipelines/spark.py --project 3 --output /lake
  spark-submit pipelines/spark.py --project all --output /lake --format iceberg
  spark-submit pipelines/spark.py --ids 1-5000000 --output /lake

A run reads all that is selected and replaces it in the tables: run again, it leaves the same rows. Nothing is visible
before all is read; then each table is committed by itself, the tasks' last.

\b
Exit codes:
  0   done
  1   failed, nothing lost: run again
  2   bad arguments or configuration (a refused token, a wrong address, no PySpark)
  130 interrupted, nothing lost: run again
  143 terminated, nothing lost: run again

The token comes from LABEL_STUDIO_API_KEY or .dlt/secrets.toml, the address from --url, LABEL_STUDIO_URL or
.dlt/config.toml, as do the settings of how the server is asked.
"""

#: An error of ours within what Spark says of it.
_OURS = re.compile(r"pipelines\.label_studio\.exceptions\.(\w+): ([^\n]+)")


@click.command(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--ids", multiple=True, metavar="IDS", help="Ids and inclusive ranges: 1,5,10-20. Can be repeated.")
@click.option(
    "--project", multiple=True, metavar="ID|all", help="All tasks of a project; with --ids, only those in it."
)
@click.option("--url", metavar="URL", help="Where Label Studio opens in a browser.")
@click.option("--output", required=True, metavar="FOLDER", help="The lake: a folder, or a URI that Arrow knows.")
@click.option("--format", "format_", type=click.Choice(["delta", "iceberg"]), default="delta", show_default=True)
@click.option("--catalog", metavar="NAME", help="Of Iceberg: one that PyIceberg's configuration names.")
@click.option("--partitions", type=click.IntRange(1), help="Parts that are read on their own.")
@click.option("--tasks-per-partition", type=click.IntRange(1), help="Tasks of a part.  [default: 10000]")
@click.option("--quiet", is_flag=True, help="Log warnings only.")
@click.option("--verbose", is_flag=True, help="Log each request of the driver, and what Spark logs.")
@click.option("--log-json", is_flag=True, help="Log JSON lines.")
def command(**options: Any) -> int:
    """Load Label Studio's tasks, with all that belongs to them, into Delta or Iceberg tables.

    Without --ids or --project, loads what .dlt/config.toml selects. What is for Spark, such as --master, goes to
    spark-submit, before the name of this script.
    """
    from pipelines.exits import DONE
    from pipelines.logs import set_up_logging
    from pipelines.settings import use_project_folder
    from pipelines.stopping import stopped_by_signals

    use_project_folder()
    run_id = uuid4().hex[:12]
    set_up_logging(run_id, quiet=options["quiet"], verbose=options["verbose"], as_json=options["log_json"])
    given = _given(options, run_id)
    with stopped_by_signals(lambda: click.echo("spark.py: ended: nothing is lost, run again", err=True)):
        outcome = _run(options, given)
    tasks = f"{outcome.rows.get('tasks', 0):,} tasks, {outcome.rows.get('results', 0):,} results"
    took = (
        f"{outcome.figures.get('requests', 0):,.0f} requests, {outcome.partitions} partitions, {outcome.seconds:.0f} s"
    )
    click.echo(f"{tasks} in {options['output']} ({options['format_']}, run {run_id}): {took}")
    return DONE


def _given(options: dict[str, Any], run_id: str) -> dict[str, str]:
    """The options of the data source, of the flags and the settings. Raises ConfigurationError, SelectionError."""
    from pipelines.settings import source_settings
    from pipelines.spark_source.options import parse_files

    selected = {"task_ids": list(options["ids"]) or False, "project_ids": list(options["project"]) or False}
    settings = source_settings({"label_studio_url": options["url"], **(selected if any(selected.values()) else {})})
    given = {
        **_asked(settings),
        "numPartitions": options["partitions"],
        "tasksPerPartition": options["tasks_per_partition"],
        "folder": options["output"],
        "format": options["format_"],
        "run": run_id,
    }
    texts = {name: str(value) for name, value in given.items() if value}
    # what is wrong shows before Spark starts
    parse_files(texts)
    return texts


def _asked(settings: Any) -> dict[str, Any]:
    """What the settings say of the server, of what is read, and how."""
    from pipelines.label_studio.pseudonyms import Pseudonyms
    from pipelines.label_studio.selection import select

    selection = select(settings.task_ids, settings.project_ids)
    projects = selection.projects
    if settings.pseudonymize_users:
        # without a key, nobody would be under a pseudonym
        Pseudonyms(settings.pseudonym_key or "")
    return {
        "url": settings.label_studio_url,
        "token": settings.label_studio_api_key,
        "ids": ",".join(f"{first}-{last}" for first, last in selection.ids or ()),
        "project": projects if isinstance(projects, str) else ",".join(map(str, projects or ())),
        "requestsPerSecond": settings.fetch_requests_per_second,
        "workers": settings.fetch_workers,
        "pageSize": settings.fetch_page_size,
        "timeout": settings.fetch_timeout,
        "attempts": settings.fetch_attempts,
        "masks": settings.masks,
        "pseudonymSecret": settings.pseudonym_key if settings.pseudonymize_users else None,
    }


def _run(options: dict[str, Any], given: dict[str, str]) -> Any:
    from pipelines.label_studio import exceptions
    from pipelines.lake.job import load
    from pipelines.lake.lakes import lake_in

    try:
        lake = lake_in(options["output"], options["format_"], options["catalog"])
        return load(partial(_session, verbose=options["verbose"]), given, lake)
    except Exception as error:
        # Spark tells of it with the tracebacks of two languages
        ours = _OURS.findall(str(error))
        kind = getattr(exceptions, ours[-1][0], None) if ours else None
        if kind is None:
            raise
        raise kind(ours[-1][1].strip()) from error
    finally:
        _stop_session()


def _session(*, verbose: bool) -> Any:
    from pipelines.label_studio.exceptions import ConfigurationError

    # else Spark's workers are whatever python3 the PATH leads to
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        from pyspark.sql import SparkSession

        from pipelines.spark_source.source import LabelStudioFiles
    except ImportError as error:
        raise ConfigurationError(f"{error}: install the project with its extra «spark»") from error
    builder = SparkSession.builder.appName("label-studio").config("spark.sql.session.timeZone", "UTC")
    if not verbose:
        builder = builder.config("spark.ui.showConsoleProgress", "false").config("spark.log.level", "FATAL")
    spark = builder.getOrCreate()
    spark.dataSource.register(LabelStudioFiles)
    return spark


def _stop_session() -> None:
    sql = sys.modules.get("pyspark.sql")
    if sql is not None and (spark := sql.SparkSession.getActiveSession()) is not None:
        spark.stop()


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; gives its exit code. Whatever goes wrong ends in one line on stderr."""
    return run_command(command, arguments, "spark.py")


if __name__ == "__main__":
    sys.exit(main())
