"""What people schedule: Label Studio's tasks into the warehouse. `python pipelines/tasks.py --help` says how."""

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

if not __package__:
    # run as a script: the project's folder, not this one, is where its packages are
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

if TYPE_CHECKING:
    from pipelines.settings import SourceSettings, WarehouseSettings

_EPILOG = """
\b
Exit codes:
  0   done
  1   failed, nothing lost: run again
  2   bad arguments or configuration (a refused token, a wrong address)
  3   loaded, but a data check failed; --check: one failed
  4   --status: not as fresh as it should be
  75  another run is in progress
  130 interrupted, nothing lost: run again
  143 terminated, nothing lost: run again

The token comes from LABEL_STUDIO_API_KEY or .dlt/secrets.toml, the address from --url, LABEL_STUDIO_URL or
.dlt/config.toml, where all settings are explained.
"""


@click.command(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--ids", multiple=True, metavar="IDS", help="Ids and inclusive ranges: 1,5,10-20. Can be repeated.")
@click.option(
    "--ids-file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="A file (-: standard input) with one id or range a line, or a CSV with a column named id.",
)
@click.option(
    "--project", multiple=True, metavar="ID|all", help="All tasks of a project; with --ids, only those in it."
)
@click.option("--shard", metavar="K/N", help="Only the third of eight shares of the ids: 3/8.")
@click.option("--demo", is_flag=True, help="Run on the sample that comes with the project, into demo.duckdb.")
@click.option("--url", metavar="URL", help="Where Label Studio opens in a browser.")
@click.option("--database", type=click.Path(dir_okay=False), help="The DuckDB file.  [default: warehouse.duckdb]")
@click.option(
    "--destination",
    metavar="NAME",
    help="duckdb, postgres, filesystem (a lake) or ducklake.  [default: duckdb]",
)
@click.option("--lake", metavar="FOLDER", help="Of filesystem and ducklake: where the tables go, a folder or a URI.")
@click.option("--lake-format", metavar="NAME", help="Of filesystem: delta or iceberg.  [default: delta]")
@click.option("--dataset", metavar="NAME", help="The schema of the tables.  [default: label_studio]")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Requests in flight at once.  [default: as many as make the server faster]",
)
@click.option("--reconcile", is_flag=True, help="Compare every task with the warehouse, not only what changed.")
@click.option("--full", is_flag=True, help="Read every task again.")
@click.option("--prune-projects", is_flag=True, help="Remove the tasks of projects that are gone or emptied.")
@click.option(
    "--publish", type=click.Path(dir_okay=False), help="The readers' copy.  [default: warehouse_readers.duckdb]"
)
@click.option("--no-publish", is_flag=True, help="Write no readers' copy.")
@click.option("--dashboard", type=click.Path(dir_okay=False), help="Draw the warehouse as a page, into this HTML file.")
@click.option("--status", is_flag=True, help="Say how fresh the warehouse is, and fetch nothing.")
@click.option("--max-age", metavar="TIME", help="With --status: how old is fresh enough, such as 2h, 90min or 1d.")
@click.option("--check", is_flag=True, help="Run the data checks on what the warehouse holds, and fetch nothing.")
@click.option("--dry-run", is_flag=True, help="Say what would be fetched, and write nothing.")
@click.option("--quiet", is_flag=True, help="Log warnings only, show no progress.")
@click.option("--verbose", is_flag=True, help="Log each request.")
@click.option("--log-json", is_flag=True, help="Log JSON lines.")
@click.version_option(package_name="label-studio-warehouse", prog_name="label-studio-warehouse")
def command(**options: Any) -> int:
    """Load Label Studio's tasks, with their annotations, predictions and drafts, into DuckDB.

    Without --ids, --ids-file, --project or --demo, loads what .dlt/config.toml selects. A task that is loaded again
    replaces all of its rows.
    """
    if options["verbose"]:
        os.environ.setdefault("RUNTIME__LOG_LEVEL", "WARNING")
    from pipelines.alarm import raise_alarm
    from pipelines.exits import BAD_ARGUMENTS
    from pipelines.label_studio.exceptions import ConfigurationError
    from pipelines.logs import set_up_logging
    from pipelines.settings import use_project_folder

    use_project_folder()
    run_id = uuid4().hex[:12]
    set_up_logging(run_id, quiet=options["quiet"], verbose=options["verbose"], as_json=options["log_json"])
    if options["status"] and options["check"]:
        raise click.UsageError("--status and --check: give one of the two")
    if options["status"]:
        return _status(options)
    if options["max_age"]:
        raise click.UsageError("--max-age goes with --status")
    if options["check"]:
        return _check(options)
    try:
        source, warehouse, transport = _settings(options)
    except ConfigurationError as error:
        raise_alarm(run_id, BAD_ARGUMENTS, str(error))
        raise
    if options["dry_run"]:
        return _dry_run(source, warehouse, transport)
    return _run(source, warehouse, transport, run_id, quiet=options["quiet"])


def _settings(options: dict[str, Any]) -> "tuple[SourceSettings, WarehouseSettings, Any]":
    from pipelines.settings import source_settings

    given, transport = _server(options)
    if options["reconcile"] and options["full"]:
        raise click.UsageError("--full reads all that --reconcile compares: give one of the two")
    given |= _selected(options) | {
        "fetch_mode": "full" if options["full"] else "reconcile" if options["reconcile"] else None,
        "prune_projects": options["prune_projects"] or None,
        "shard": options["shard"],
    }
    return source_settings(given), _warehouse(options), transport


def _server(options: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    given: dict[str, Any] = {"label_studio_url": options["url"], "fetch_workers": options["workers"]}
    if not options["demo"]:
        return given, None
    import httpx

    from pipelines.demo import load_sample

    fake = load_sample()
    demo = {"label_studio_url": "https://label-studio.example.com", "label_studio_api_key": fake.token}
    return given | demo, httpx.MockTransport(fake)


def _warehouse(options: dict[str, Any]) -> "WarehouseSettings":
    from pipelines.settings import ROOT, warehouse_settings

    if options["publish"] and options["no_publish"]:
        raise click.UsageError("--publish and --no-publish: give one of the two")
    database = options["database"] or (ROOT / "demo.duckdb" if options["demo"] else None)
    # the sample must not replace what dashboards read
    publish_path = str(Path(options["publish"]).absolute()) if options["publish"] else "" if options["demo"] else None
    return warehouse_settings(
        {
            "duckdb_path": str(Path(database).absolute()) if database else None,
            "destination_name": options["destination"],
            "dataset_name": options["dataset"],
            "publish_path": publish_path,
            "dashboard_path": str(Path(options["dashboard"]).absolute()) if options["dashboard"] else None,
            "lake_url": _absolute(options["lake"]),
            "lake_format": options["lake_format"],
            "publish": False if options["no_publish"] else True if options["publish"] else None,
        }
    )


def _absolute(lake: str | None) -> str | None:
    return str(Path(lake).absolute()) if lake and "://" not in lake else lake


def _selected(options: dict[str, Any]) -> dict[str, Any]:
    """What the flags select; where they select anything, it is all that counts, whatever the config file says."""
    from pipelines.label_studio.selection import read_ids

    ids = list(options["ids"])
    if options["ids_file"]:
        with click.open_file(options["ids_file"], encoding="utf-8") as file:
            ids += read_ids(file) or [""]
    projects = list(options["project"]) or (["all"] if options["demo"] and not ids else [])
    if not ids and not projects:
        return {}
    return {"task_ids": ids or False, "project_ids": projects or False}


def _run(source: "SourceSettings", warehouse: "WarehouseSettings", transport: Any, run_id: str, *, quiet: bool) -> int:
    from pipelines.alarm import raise_alarm
    from pipelines.exits import explained
    from pipelines.label_studio import Report
    from pipelines.logs import progress
    from pipelines.run import run
    from pipelines.summary import in_short, show_outcome

    report = Report()
    try:
        with progress(report, quiet=quiet):
            outcome = run(source, warehouse, report, run_id, transport)
    except Exception as error:
        reason, code = explained(error)
        raise_alarm(run_id, code, reason)
        raise
    show_outcome(outcome)
    raise_alarm(run_id, outcome.exit_code, in_short(outcome))
    if outcome.unpublished:
        raise outcome.unpublished
    return outcome.exit_code


def _dry_run(source: "SourceSettings", warehouse: "WarehouseSettings", transport: Any) -> int:
    from pipelines.exits import DONE, FAILED
    from pipelines.label_studio import Report
    from pipelines.label_studio.dry_run import dry_run
    from pipelines.label_studio.known import Known
    from pipelines.label_studio.shards import Shard
    from pipelines.peek import peek
    from pipelines.progress import cursors_of
    from pipelines.summary import show_plan

    report = Report()
    with peek(warehouse) as found:
        if found is None:
            plan = dry_run(source, report, transport)
        else:
            shard = Shard.read(source.shard) if source.shard else None
            with Known.of(found.pipeline, shard) as known:
                plan = dry_run(source, report, transport, known, cursors_of(found.pipeline, shard))
    show_plan(plan, report)
    return FAILED if report.failures else DONE


def _status(options: dict[str, Any]) -> int:
    from pipelines.exits import DONE, STALE
    from pipelines.label_studio.exceptions import ConfigurationError
    from pipelines.label_studio.selection import select
    from pipelines.settings import source_settings
    from pipelines.status import status
    from pipelines.summary import show_status

    max_age = _duration(options["max_age"]) if options["max_age"] else None
    given, transport = _server(options)
    given |= _selected(options)
    try:
        source = source_settings(given)
        projects = source.project_ids
    except ConfigurationError:
        # a machine that only watches needs neither the address nor the token
        source = None
        projects = source_settings(given | {"label_studio_url": "-", "label_studio_api_key": "-"}).project_ids
    named = select(project_ids=projects).projects if projects else None
    found = status(_warehouse(options), named if isinstance(named, tuple) else None, source, transport)
    show_status(found)
    return DONE if found.is_fresh(max_age) else STALE


def _check(options: dict[str, Any]) -> int:
    from pipelines.checks import check
    from pipelines.exits import CHECK_FAILED, DONE
    from pipelines.summary import show_checks

    checked = check(_warehouse(options))
    show_checks(checked)
    return CHECK_FAILED if checked.failed else DONE


def _duration(text: str) -> Any:
    import pandas

    # pandas will not know the small letters much longer
    units = re.sub(r"(?<=[\d\s])[dw](?![a-z])", lambda unit: unit[0].upper(), text)
    try:
        duration = pandas.Timedelta(units)
    except ValueError:
        duration = pandas.NaT
    # a number alone would be nanoseconds
    if not duration > pandas.Timedelta(0) or not re.search("[a-z]", text, re.IGNORECASE):
        raise click.UsageError(f"--max-age {text!r} is no time: write 2h, 90min or 1d")
    return duration.to_pytimedelta()


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; gives its exit code. Whatever goes wrong ends in one line on stderr."""
    try:
        return command.main(arguments, standalone_mode=False) or 0
    except (Exception, KeyboardInterrupt) as error:  # a user gets a line, not a traceback
        import logging

        from pipelines.exits import explained

        logging.getLogger("pipelines").debug("what went wrong:", exc_info=error)
        text, code = explained(error)
        click.echo(f"tasks.py: {text}", err=True)
        return code


def _script() -> None:
    code = main()
    from pipelines.stopping import received

    if received():
        # Python would wait for dlt's threads, and these for a statement that may take minutes
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    _script()
