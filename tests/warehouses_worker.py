"""What dlt would say to warehouses that no test can reach, to make our tables and to merge a load into them.

Prints JSON: by warehouse, the statements that make the tables (`tables`), and those of each merge by its root table
(`merges`), or why there is none (`refused`).
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlt
import httpx
from dlt.common.schema.utils import get_nested_tables
from dlt.destinations.sql_jobs import SqlJobCreationException

from pipelines.demo import load_sample
from pipelines.label_studio import label_studio

#: Addresses that nobody answers at: nothing is sent.
WAREHOUSES: dict[str, Any] = {
    "bigquery": {"project_id": "p", "client_email": "a@example.com", "private_key": "none"},
    "clickhouse": "clickhouse://user:none@localhost:9440/p",
    "databricks": {"server_hostname": "localhost", "http_path": "none", "catalog": "p", "access_token": "none"},
    "motherduck": "md:///p?motherduck_token=none",
    "redshift": "redshift://user:none@localhost:5439/p",
    "snowflake": "snowflake://user:none@localhost/p?warehouse=w",
}


def schema_of_the_tables() -> dlt.Schema:
    """The schema that the source gives dlt."""
    fake = load_sample()
    with TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "label_studio",
            destination=dlt.destinations.duckdb(f"{folder}/none.duckdb"),
            dataset_name="label_studio",
            pipelines_dir=folder,
        )
        transport = httpx.MockTransport(fake)
        pipeline.extract(
            label_studio("https://label-studio.example.com", fake.token, task_ids=1001, transport=transport)
        )
        pipeline.normalize()
        return pipeline.default_schema.clone()


def told(warehouse: str, schema: dlt.Schema) -> dict[str, Any]:
    """The statements of one warehouse."""
    destination = getattr(dlt.destinations, warehouse)(credentials=WAREHOUSES[warehouse])
    client = destination.client(schema, destination.spec()._bind_dataset_name("label_studio"))
    merges, refused = {}, {}
    for name, table in schema.tables.items():
        if table.get("write_disposition") != "merge" or table.get("parent"):
            continue
        chain = [client.prepare_load_table(each["name"]) for each in get_nested_tables(schema.tables, name)]
        try:
            [job] = client._create_merge_followup_jobs(chain)
        except SqlJobCreationException as error:
            refused[name] = str(error).partition(" Table chain")[0]
        else:
            merges[name] = Path(job.new_file_path()).read_text(encoding="utf-8").splitlines()
    return {"tables": tables(client, schema), "merges": merges, "refused": refused}


def tables(client: Any, schema: dlt.Schema) -> list[str]:
    """What makes the tables."""
    return [
        statement
        for table in schema.data_tables()
        for statement in client._get_table_update_sql(
            table["name"], list(client.prepare_load_table(table["name"])["columns"].values()), False
        )
    ]


if __name__ == "__main__":
    of_all = schema_of_the_tables()
    print(json.dumps({name: told(name, of_all) for name in WAREHOUSES}))
