"""What people schedule: Label Studio's tasks into the warehouse. `python pipelines/tasks.py --help` says how."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if not __package__:
    # run as a script: the project's folder, not this one, is where its packages are
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

if TYPE_CHECKING:
    from pipelines.settings import SourceSettings, WarehouseSettings

DONE, FAILED, BAD_ARGUMENTS, CHECK_FAILED, BUSY, INTERRUPTED = 0, 1, 2, 3, 75, 130

_EPILOG = """
\b
Exit codes:
  0   done
  1   failed, nothing lost: run again
  2   bad arguments or configuration (a refused token, a wrong address)
  3   loaded, but a data check failed
  75  another run is in progress

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
@click.option("--demo", is_flag=True, help="Run on the sample that comes with the project, into demo.duckdb.")
@click.option("--url", metavar="URL", help="Where Label Studio opens in a browser.")
@click.option("--database", type=click.Path(dir_okay=False), help="The DuckDB file.  [default: warehouse.duckdb]")
@click.option("--destination", metavar="NAME", help="Kind of warehouse; only duckdb so far.  [default: duckdb]")
@click.option("--dataset", metavar="NAME", help="The schema of the tables.  [default: label_studio]")
@click.option("--workers", type=click.IntRange(1, 64), help="Requests in flight at once.  [default: 4]")
@click.option(
    "--full", is_flag=True, help="Read everything that is selected, as a run does unless it is told otherwise."
)
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
    import os

    if options["verbose"]:
        os.environ.setdefault("RUNTIME__LOG_LEVEL", "WARNING")
    from pipelines.logs import set_up_logging
    from pipelines.settings import use_project_folder

    use_project_folder()
    set_up_logging(quiet=options["quiet"], verbose=options["verbose"], as_json=options["log_json"])
    source, warehouse, transport = _settings(options)
    if options["dry_run"]:
        return _dry_run(source, transport)
    return _run(source, warehouse, transport, quiet=options["quiet"])


def _settings(options: dict[str, Any]) -> "tuple[SourceSettings, WarehouseSettings, Any]":
    from pipelines.settings import ROOT, source_settings, warehouse_settings

    given: dict[str, Any] = {"label_studio_url": options["url"], "fetch_workers": options["workers"]}
    database, transport = options["database"], None
    if options["demo"]:
        import httpx

        from pipelines.demo import load_sample

        fake = load_sample()
        transport = httpx.MockTransport(fake)
        given |= {"label_studio_url": "https://label-studio.example.com", "label_studio_api_key": fake.token}
        database = database or ROOT / "demo.duckdb"
    given |= _selected(options)
    return (
        source_settings(given),
        warehouse_settings(
            {
                "duckdb_path": str(Path(database).absolute()) if database else None,
                "destination_name": options["destination"],
                "dataset_name": options["dataset"],
            }
        ),
        transport,
    )


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


def _run(source: "SourceSettings", warehouse: "WarehouseSettings", transport: Any, *, quiet: bool) -> int:
    from pipelines.label_studio import Report
    from pipelines.logs import progress
    from pipelines.run import run
    from pipelines.summary import show_outcome

    report = Report()
    with progress(report, quiet=quiet):
        outcome = run(source, warehouse, report, transport)
    show_outcome(outcome, warehouse)
    if report.failures:
        return FAILED
    return CHECK_FAILED if any(check.severity == "error" for check in outcome.failed_checks) else DONE


def _dry_run(source: "SourceSettings", transport: Any) -> int:
    from pipelines.label_studio import Report
    from pipelines.label_studio.dry_run import dry_run
    from pipelines.summary import show_plan

    report = Report()
    show_plan(dry_run(source, report, transport), report)
    return FAILED if report.failures else DONE


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; gives its exit code. Whatever goes wrong ends in one line on stderr."""
    try:
        code: int = command.main(arguments, standalone_mode=False) or DONE
    except click.ClickException as error:
        return _say(error.format_message(), BAD_ARGUMENTS)
    except (click.Abort, KeyboardInterrupt):
        return _say("interrupted: nothing is lost, run again", INTERRUPTED)
    except Exception as error:  # noqa: BLE001  # a user gets a line, not a traceback
        return _explain(error)
    return code


def _explain(error: Exception) -> int:
    import logging

    from dlt.common.configuration.exceptions import ConfigurationException

    from pipelines.label_studio.exceptions import ConfigurationError, LabelStudioError, SelectionError
    from pipelines.run import AnotherRun

    logging.getLogger("pipelines").debug("what went wrong:", exc_info=error)
    if isinstance(error, ConfigurationError | SelectionError):
        return _say(str(error), BAD_ARGUMENTS)
    if isinstance(error, AnotherRun):
        return _say(str(error), BUSY)
    if isinstance(error, LabelStudioError):
        return _say(f"{error}; nothing is lost, run again", FAILED)
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    if isinstance(error, ConfigurationException):
        return _say(reason, BAD_ARGUMENTS)
    return _say(f"{reason}; nothing is lost, run again; --verbose tells more", FAILED)


def _say(text: str, code: int) -> int:
    click.echo(f"tasks.py: {text}", err=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
