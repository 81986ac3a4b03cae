"""The views of `analytics`, put into PostgreSQL."""

from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dlt.destinations.exceptions import DatabaseException

from pipelines import dialects
from pipelines.analytics.definitions import Definition, Schemas, views
from pipelines.analytics.views import DEPLOYED
from pipelines.comments import comments
from pipelines.label_studio.exceptions import ConfigurationError

_FOUND = """
    select deployed.view_name, deployed.digest
    from analytics.deployed_views as deployed
    inner join pg_views as present on deployed.view_name = present.viewname
    where present.schemaname = %s
"""

#: Views and materialized views that read views of a schema, and are none of them.
_FOREIGN = """
    select distinct reading.oid::regclass::text as view_name
    from pg_rewrite
    inner join pg_class as reading on pg_rewrite.ev_class = reading.oid
    inner join pg_depend on
        pg_depend.classid = 'pg_rewrite'::regclass
        and pg_depend.refclassid = 'pg_class'::regclass
        and pg_depend.objid = pg_rewrite.oid
    inner join pg_class as read on pg_depend.refobjid = read.oid
    where
        read.relnamespace = %s::regnamespace
        and read.relname = any(%s)
        and not (reading.relnamespace = read.relnamespace and reading.relname = any(%s))
    order by view_name
"""

#: Of a view that can't be replaced, as its columns have other names or types than before.
_OTHER_COLUMNS = "42P16"


class ViewsInUse(ConfigurationError):
    """A view that has to be made anew is read by one that a user made."""


def deploy_views(client: Any, schemas: Schemas) -> None:
    """Makes the views that are not there, or were made from another text, with what they and their columns mean.

    `client` is dlt's SQL client for PostgreSQL; the tables and kept tables must be there. All views are changed, or
    none. Raises ViewsInUse where a view with other columns than before is read by a view that is none of ours.
    """
    client.execute_sql(f'create schema if not exists "{schemas.analytics}"')
    client.execute_sql(schemas.named_in(DEPLOYED.sql))
    found = dict(client.execute_sql(schemas.named_in(_FOUND), schemas.analytics))
    wanted = _digests()
    if found == wanted:
        return
    changed = [definition for definition in views() if found.get(definition.name) != wanted[definition.name]]
    statements = {each.name: _statements(each, schemas) for each in views()}
    try:
        _replace(client, schemas, [statements[each.name] for each in changed], wanted)
    except DatabaseException as error:
        if getattr(error.dbapi_exception, "pgcode", None) != _OTHER_COLUMNS:
            raise
        affected = _with_readers(changed)
        _replace(client, schemas, [statements[each.name] for each in affected], wanted, drop=affected)


def drop_views(client: Any, schemas: Schemas) -> None:
    """Drops the views, as a table that they read has to give way; `deploy_views` makes them again.

    `client` is dlt's SQL client for PostgreSQL. Raises ViewsInUse where one is read by a view that is none of ours.
    """
    with client.begin_transaction():
        _drop(client, schemas, [definition.name for definition in views()])


def _digests() -> dict[str, str]:
    """Of each view the hash of what it is made from: its text, and the rules by which it is carried."""
    rules = sorted(Path(dialects.__file__).parent.glob("*.py"))
    common = [version("sqlglot"), *(path.read_text(encoding="utf-8") for path in rules)]
    return {each.name: sha256("\0".join([each.sql, *common]).encode()).hexdigest() for each in views()}


def _statements(definition: Definition, schemas: Schemas) -> list[str]:
    name = schemas.qualified(definition.name)
    select = dialects.carried(schemas.named_in(definition.sql), "postgres")
    return [
        f"create or replace view {name} as {select}",
        *comments("view", name, definition.description, definition.columns),
    ]


def _with_readers(changed: Iterable[Definition]) -> list[Definition]:
    """These views and all that read them, in the order in which they can be made."""
    names = {definition.name for definition in changed}
    affected = []
    for definition in views():
        if definition.name in names or definition.reads & names:
            names.add(definition.name)
            affected.append(definition)
    return affected


def _replace(
    client: Any, schemas: Schemas, made: list[list[str]], wanted: dict[str, str], *, drop: Iterable[Definition] = ()
) -> None:
    """Makes views in one transaction; those that have to give way first are dropped."""
    table = schemas.qualified(DEPLOYED.name)
    noted = ", ".join(f"('{name}', '{digest}')" for name, digest in wanted.items())
    with client.begin_transaction():
        _drop(client, schemas, [definition.name for definition in drop])
        for statements in made:
            client.execute_sql(";\n".join(statements))
        client.execute_sql(";\n".join(comments("table", table, DEPLOYED.description, DEPLOYED.columns)))
        client.execute_sql(f"delete from {table}")
        client.execute_sql(f"insert into {table} values {noted}")


def _drop(client: Any, schemas: Schemas, names: list[str]) -> None:
    if not names:
        return
    foreign = client.execute_sql(_FOREIGN, f'"{schemas.analytics}"', names, names)
    if foreign:
        readers = ", ".join(row[0] for row in foreign)
        raise ViewsInUse(
            f"the views of {schemas.analytics} have to be made anew, with other columns, and can't, as they are read by"
            f" {readers}: drop what reads them, run again, and make it anew"
        )
    for name in reversed(names):
        client.execute_sql(f"drop view if exists {schemas.qualified(name)}")
