"""A Superset in one process, in an environment of its own: set up and filled by its own commands, asked by its API.

Takes a folder for its things, and two bundles; prints a line of JSON: what it answered, by name.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

CONFIG = """
SECRET_KEY = "only-for-tests-of-this-project-0123456789"
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"
DATA_DIR = "{folder}"
"""

NAME, PASSWORD = "admin", "only-for-tests"

KINDS = ("database", "dataset", "chart", "dashboard")

#: What the dashboard's filters are set to.
SET = {
    "Project": "Street scenes (2)",
    "Time range": "2026-10-05 : 2026-11-02",
    "Person": "quick@example.com",
    "Control tag of the confusion": "box",
}

#: What SQL Lab is asked.
STATEMENTS = {
    "count": "select count(*) as tasks from label_studio.tasks",
    "delete": "delete from label_studio.tasks",
    "create": "create table label_studio.x as select 1 as x",
    "read a file": "select * from read_text('/etc/hostname')",
}


class Superset:
    """The application, with a user who may do anything."""

    def __init__(self, folder: Path) -> None:
        config = folder / "superset_config.py"
        config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
        os.environ |= {"SUPERSET_CONFIG_PATH": str(config), "SUPERSET_HOME": str(folder)}
        from superset.app import create_app
        from superset.cli.main import superset

        self.app = create_app()
        self.cli = superset
        self.client = self.app.test_client()
        self.headers = {"Referer": "http://localhost/"}

    def command(self, *words: str) -> None:
        """Runs one of Superset's commands; ends with what it said where it fails."""
        result = self.app.test_cli_runner().invoke(self.cli, list(words))
        if result.exit_code:
            sys.exit(f"superset {' '.join(words)}: {result.output[-3000:]} {result.exception!r}")

    def set_up(self) -> None:
        """Makes Superset's own database, as its documentation says."""
        user = ["--username", NAME, "--firstname", "A", "--lastname", "B", "--email", "admin@example.com"]
        self.command("db", "upgrade")
        self.command("fab", "create-admin", *user, "--password", PASSWORD)
        self.command("init")

    def log_in(self) -> None:
        """Lets the user ask the API."""
        given = self.post("security/login", json={"username": NAME, "password": PASSWORD, "provider": "db"})
        self.headers["Authorization"] = f"Bearer {given['access_token']}"
        self.headers["X-CSRFToken"] = self.get("security/csrf_token/")["result"]

    def get(self, path: str) -> Any:
        """The JSON of an answer."""
        return self.client.get(f"/api/v1/{path}", headers=self.headers).get_json()

    def post(self, path: str, **given: Any) -> Any:
        """The JSON of an answer."""
        return self.client.post(f"/api/v1/{path}", headers=self.headers, **given).get_json()

    def all(self, kind: str) -> list[dict[str, Any]]:
        """All databases, datasets, charts or dashboards."""
        return list(self.get(f"{kind}/?q=(page_size:100)")["result"])

    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        return {kind: len(self.all(kind)) for kind in KINDS}

    def chart(self, name: str) -> Any:
        """What a chart shows."""
        [number] = [chart["id"] for chart in self.all("chart") if chart["slice_name"] == name]
        return self.get(f"chart/{number}/data/")

    def charts(self) -> dict[str, Any]:
        """What each chart shows, by its name."""
        return {chart["slice_name"]: self.get(f"chart/{chart['id']}/data/") for chart in self.all("chart")}

    def filtered(self) -> dict[str, dict[str, Any]]:
        """What each chart shows with each filter of the dashboard that has it in its scope, by filter and chart."""
        metadata = json.loads(self.get("dashboard/label-studio")["result"]["json_metadata"])
        charts = [self.get(f"chart/{chart['id']}")["result"] for chart in self.all("chart")]
        return {
            native["name"]: {
                chart["slice_name"]: self.post("chart/data", json=with_filter(chart, native))
                for chart in charts
                if chart["id"] not in native["scope"]["excluded"]
            }
            for native in metadata["native_filter_configuration"]
        }

    def run_sql(self, sql: str) -> Any:
        """What SQL Lab answers."""
        [database] = self.all("database")
        return self.post("sqllab/execute/", json={"database_id": database["id"], "sql": sql, "runAsync": False})


def with_filter(chart: dict[str, Any], native: dict[str, Any]) -> Any:
    """A chart's question as the dashboard asks it where the filter is set."""
    question = json.loads(chart["query_context"])
    [query], value = question["queries"], SET[native["name"]]
    if native["filterType"] == "filter_time":
        query["time_range"] = value
    else:
        [target] = native["targets"]
        query["filters"].append({"col": target["column"]["name"], "op": "IN", "val": [value]})
    return question


def answers(folder: Path, first: str, second: str) -> dict[str, Any]:
    """All that the tests want to know."""
    superset = Superset(folder)
    superset.set_up()
    superset.log_in()
    superset.command("import-dashboards", "-p", first, "-u", NAME)
    told = {"first": superset.chart("Tasks"), "counts": [superset.counts()]}
    superset.command("import-dashboards", "-p", first, "-u", NAME)
    told["counts"].append(superset.counts())
    with Path(second).open("rb") as bundle:
        told["update"] = superset.post("assets/import/", data={"bundle": (bundle, "superset.zip")})
    told["counts"].append(superset.counts())
    told["charts"] = superset.charts()
    told["filtered"] = superset.filtered()
    told["datasets"] = [superset.get(f"dataset/{each['id']}")["result"] for each in superset.all("dataset")]
    told["on the dashboard"] = [
        chart["slice_name"] for chart in superset.get("dashboard/label-studio/charts")["result"]
    ]
    told["sql"] = {name: superset.run_sql(sql) for name, sql in STATEMENTS.items()}
    return told


if __name__ == "__main__":
    print(json.dumps(answers(Path(sys.argv[1]), sys.argv[2], sys.argv[3])))
