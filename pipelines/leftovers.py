"""What an earlier run left in the working folder: loaded, where it still goes with the warehouse, else thrown away.

The folder is worth something only while it holds a package that was fetched and not loaded. Everything else of it is
in the warehouse, too: the schema, and how far the projects have been read. So each run begins with what the warehouse
says, whoever wrote it last, and also where an older copy of it was put back.
"""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt
from dlt.common.storages.load_package import TPackageJobState

from pipelines.label_studio.shards import Shard

logger = logging.getLogger(__name__)

#: The name of the pipeline, and of its folder.
PIPELINE = "label_studio"

#: The file that says what the warehouse held when the pending package was fetched.
_BASE = "fetched_after.txt"

#: The states of a package's jobs that tell that its load had begun. What was copied into the staging tables is there
#: then, or is not; dlt 1.31 copies it once more, and the merge would double it.
_BEGUN: tuple[TPackageJobState, ...] = ("started_jobs", "completed_jobs")

#: dlt's table of what was loaded.
_LOADS = "_dlt_loads"


def pipeline_name(shard: Shard | None) -> str:
    """The name of the pipeline that loads a shard, or all: by it, dlt finds how far it came."""
    return f"{PIPELINE}_{shard.name}" if shard else PIPELINE


def pipeline_in(folder: Path, make: Callable[[], dlt.Pipeline]) -> dlt.Pipeline:
    """A pipeline of `make`; where its folder can't be read any more, as after a full disk, in an empty one."""
    try:
        pipeline = make()
        if pipeline.default_schema_name:
            # a run that was killed while it emptied the folder leaves a state that names a schema which is gone
            _ = pipeline.default_schema
        return pipeline
    except Exception as error:  # noqa: BLE001  # whatever it is, all can be fetched again: no cursor has moved
        logger.warning("the working folder %s can't be read and is begun anew: %s", folder, _line(error))
        _discard(folder)
        return make()


def without_leftovers(folder: Path, make: Callable[[], dlt.Pipeline]) -> dlt.Pipeline:
    """A pipeline of `make` with nothing left to do: what is pending in the folder is loaded, or thrown away."""
    try:
        _load_pending(make(), folder)
    except Exception as error:  # noqa: BLE001  # whatever it is, all can be fetched again: no cursor has moved
        logger.warning("what an interrupted run had fetched is fetched again: it can't be loaded (%s)", _line(error))
    # also what was killed while it fetched, which nothing refers to
    _discard(folder)
    return make()


def note_base(folder: Path, client: Any) -> None:
    """Notes what the warehouse holds before a new package is fetched. `client` is dlt's SQL client."""
    (folder / _BASE).write_text(newest_load(client), encoding="utf-8")


def _discard(folder: Path) -> None:
    """Empties the working folder at once: half of a package must never be taken for a whole one."""
    discarded = folder / "discarded"
    shutil.rmtree(discarded, ignore_errors=True)
    for of_pipeline in folder.glob(f"{PIPELINE}*"):
        of_pipeline.rename(discarded)
        shutil.rmtree(discarded, ignore_errors=True)


def _load_pending(pipeline: dlt.Pipeline, folder: Path) -> None:
    if not pipeline.has_pending_data:
        return
    base = folder / _BASE
    with pipeline.sql_client() as client:
        newest = newest_load(client)
    pending = {*pipeline.list_extracted_load_packages(), *pipeline.list_normalized_load_packages()}
    if not base.exists() or newest not in {base.read_text(encoding="utf-8"), *pending}:
        logger.warning("what an interrupted run had fetched is fetched again: the warehouse has changed since")
        return
    if any(pipeline.get_load_package_info(load_id).jobs.get(state) for load_id in pending for state in _BEGUN):
        logger.warning("what an interrupted run had begun to load is fetched again")
        return
    logger.info("loading what an interrupted run had fetched")
    pipeline.run()


def newest_load(client: Any) -> str:
    """The load that the warehouse took last; empty where it has taken none."""
    table = "select 1 from information_schema.tables where table_schema = %s and table_name = %s"
    if not client.execute_sql(table, client.dataset_name, _LOADS):
        return ""
    return client.execute_sql(f"select max(load_id) from {client.make_qualified_table_name(_LOADS)}")[0][0] or ""


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
