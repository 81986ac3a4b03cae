"""How dlt is told to replace a task with all of its rows: a root table and its children, merged in one transaction.

dlt merges a nested table together with its root: it deletes the rows of every root key in the load from the
whole chain, then inserts. So the children are declared as nested tables of `tasks`, by their natural keys.
"""

from typing import Any

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema, TDeleteInsertStrategyDict, TUpsertStrategyDict
from dlt.extract import make_hints
from dlt.extract.hints import TResourceHints

from .flatten import arrow_schema
from .tables import Column, Table, Type, family

_DATA_TYPES: dict[Type, str] = {
    "bigint": "bigint",
    "double": "double",
    "boolean": "bool",
    "text": "text",
    "json": "json",
    "timestamp": "timestamp",
}


class Families:
    """Marks Arrow tables with the table that they belong to; a table's hints go with its first rows only.

    To be asked while dlt extracts: each extraction has a schema of its own.
    """

    def __init__(self) -> None:
        self._schema: dlt.Schema | None = None
        self._hinted: set[str] = set()

    def rows(self, root: str, tables: dict[str, pa.Table]) -> list[Any]:
        """The rows of a family's tables, as dlt takes them; tables without rows are passed on once, to exist."""
        if self._schema is not dlt.current.source_schema():
            self._schema = dlt.current.source_schema()
            self._hinted.clear()
            _name_resource_of_nested_tables(self._schema)
        marked = []
        for table in family(root):
            rows = tables[table.name]
            if table.name not in self._hinted:
                self._hinted.add(table.name)
                marked.append(dlt.mark.with_hints(rows, _hints(table), create_table_variant=True))
            elif rows.num_rows:
                marked.append(dlt.mark.with_table_name(rows, table.name))
        return marked

    def empty(self, root: str) -> list[Any]:
        """The tables of a family without rows, so that they exist after a load that brought none."""
        # Schema.empty_table() would do, but imports pandas
        nothing = {table.name: pa.Table.from_batches([], arrow_schema(table)) for table in family(root)}
        return self.rows(root, nothing)


#: For the resource: the tables of its families inherit it. Each root key comes once in a load (the client sees to it),
#: so dlt need not sort to find out.
REPLACE_FAMILY: TDeleteInsertStrategyDict = {
    "disposition": "merge",
    "strategy": "delete-insert",
    "deduplicated": True,
}

#: For a table without children: one statement, so that it holds or fails as a whole.
_REPLACE_ROW: TUpsertStrategyDict = {"disposition": "merge", "strategy": "upsert"}

#: What is not replaced: deleted tasks are noted by the statements that remove them, history is only ever added to.
_OTHERWISE: dict[str, Any] = {
    "deleted_tasks": "append",
    "annotation_history": {"disposition": "merge", "strategy": "insert-only"},
}


def _hints(table: Table) -> TResourceHints:
    columns = [_column(table, column) for column in table.columns]
    if table.parent:
        return make_hints(table_name=table.name, parent_table_name=table.parent, columns=columns)
    alone = len(family(table.name)) == 1
    disposition = _OTHERWISE.get(table.name, _REPLACE_ROW if alone else REPLACE_FAMILY)
    return make_hints(table_name=table.name, write_disposition=disposition, columns=columns)


def _column(table: Table, column: Column) -> TColumnSchema:
    schema: dict[str, Any] = {
        "name": column.name,
        "data_type": _DATA_TYPES[column.type],
        "nullable": column.nullable,
        "description": column.description,
    }
    if table.parent:
        if column.name == f"{table.parent.removesuffix('s')}_id":
            schema |= {"root_key": True, "parent_key": True}
        if column.name == table.key[-1]:
            # dlt wants one named; with rows that come once it is not read
            schema |= {"row_key": True}
    elif column.name in table.key:
        schema |= {"primary_key": True}
    return schema  # type: ignore[return-value]  # built key by key


def _name_resource_of_nested_tables(schema: dlt.Schema) -> None:
    """Let dlt 1.31 count the rows of a nested table that a resource wrote itself.

    Its metrics read table["resource"], which only root tables have (KeyError in Extract._compute_metrics);
    storing the name there fails later. So it is added to what this one schema object answers, for this extract.
    """
    resource = dlt.current.resource_name()
    get_table = type(schema).get_table

    def with_resource(table_name: str) -> Any:
        table = get_table(schema, table_name)
        return {**table, "resource": resource} if table.get("parent") else table

    schema.get_table = with_resource  # type: ignore[method-assign]  # of this object only
