"""How far the projects of a warehouse have been read, by the pipeline that loads all, or by those of the shards."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import dlt
from dlt.destinations.sql_client import SqlClientBase
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from pipelines.label_studio.cursors import Cursors, Progress
from pipelines.label_studio.shards import Shard
from pipelines.leftovers import PIPELINE, pipeline_name

_STATES = "_dlt_pipeline_state"


def cursors_of(pipeline: dlt.Pipeline, shard: Shard | None = None) -> Cursors:
    """What the warehouse behind a pipeline says of the runs of a shard, or of those that load all."""
    if shard is None:
        return _cursors(pipeline.state)
    return _cursors(load_pipeline_state_from_destination(pipeline_name(shard), _job_client(pipeline)) or {})


def cursors_together(pipeline: dlt.Pipeline) -> Cursors:
    """What the runs that load all have read, or all shards of a division have, whichever is newer."""
    whole = cursors_of(pipeline)
    for shards in _divisions(pipeline):
        each = [dict(cursors_of(pipeline, shard).items()) for shard in shards]
        for project_id in set.intersection(*map(set, each)):
            least = min((progress[project_id] for progress in each), key=_read_at)
            known = whole.get(project_id)
            if known is None or known.read_at < least.read_at:
                whole.put(project_id, least)
    return whole


def _divisions(pipeline: dlt.Pipeline) -> Iterable[Sequence[Shard]]:
    """The divisions of the ids of which every shard has been loaded."""
    found: defaultdict[int, list[Shard]] = defaultdict(list)
    client: SqlClientBase[Any]
    with _job_client(pipeline).sql_client as client:
        there = "select 1 from information_schema.tables where table_schema = %s and table_name = %s"
        if not client.execute_sql(there, client.dataset_name, _STATES):
            return []
        names = client.execute_sql(f"select distinct pipeline_name from {client.make_qualified_table_name(_STATES)}")
    for (name,) in names or ():
        if match := re.fullmatch(rf"{PIPELINE}_(\d+)_of_(\d+)", name):
            found[int(match[2])].append(Shard(int(match[1]), int(match[2])))
    return [shards for count, shards in found.items() if len(shards) == count]


def _job_client(pipeline: dlt.Pipeline) -> Any:
    return pipeline.destination_client()


def _cursors(state: Any) -> Cursors:
    source = state.get("sources", {}).get("label_studio", {})
    return Cursors(source.get("resources", {}).get("tasks", {}))


def _read_at(progress: Progress) -> Any:
    return progress.read_at
