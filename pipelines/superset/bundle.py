"""The files of the bundle, filled in for one warehouse."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import yaml

from .columns import described
from .place import Place
from .question import question

FOLDER = Path(__file__).parent

# libyaml's, where PyYAML was built with it, are ten times as fast
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


def bundle(connection: duckdb.DuckDBPyConnection, place: Place) -> dict[str, str]:
    """The files as Superset imports them, by their paths in the bundle.

    `connection` has the warehouse open, whose views say what their columns are. Raises ConfigurationError where it does
    not have them.
    """
    files: dict[str, str] = {}
    for path in sorted(FOLDER.rglob("*.yaml")):
        name = path.relative_to(FOLDER).as_posix()
        text = _UUID.sub(lambda found: place.identified(found[0]), path.read_text(encoding="utf-8"))
        config = yaml.load(text, _LOADER)  # noqa: S506  # both loaders are safe ones
        filled = _filled(name.partition("/")[0], config, connection, place)
        files[name] = yaml.dump(filled, Dumper=_DUMPER, sort_keys=False, allow_unicode=True)
    return files


def _filled(kind: str, config: dict[str, Any], connection: duckdb.DuckDBPyConnection, place: Place) -> dict[str, Any]:
    if kind == "databases":
        return config | {"database_name": place.named(config["database_name"]), "sqlalchemy_uri": place.uri}
    if kind == "datasets":
        return described(config, connection, place.schemas)
    if kind == "charts":
        return config | {"query_context": json.dumps(question(config["params"]))}
    if kind == "dashboards":
        title = place.named(config["dashboard_title"])
        return config | {"dashboard_title": title, "slug": re.sub("[^a-z0-9_]+", "-", title.lower())}
    return config
