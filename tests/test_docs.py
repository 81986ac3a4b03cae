"""The documentation is true."""

import re
import tomllib
from pathlib import Path

from pipelines.dashboard import command as dashboard_command
from pipelines.export import command as export_command
from pipelines.queries import named_queries
from pipelines.query import command as query_command
from pipelines.reference import README, SQL_README, references
from pipelines.settings import ROOT, SourceSettings, WarehouseSettings
from pipelines.spark import command as spark_command
from pipelines.superset.__main__ import command as superset_command
from pipelines.tasks import command

TEXT = README.read_text(encoding="utf-8")
CONFIG = (ROOT / ".dlt" / "config.toml").read_text(encoding="utf-8")


def test_the_references_are_those_of_the_code() -> None:
    """The READMEs' references of tables and views are what the code would write."""
    for path, text in references().items():
        assert path.read_text(encoding="utf-8") == text, "run python -m pipelines.reference"


def test_every_setting_is_explained_in_the_config_file() -> None:
    """Each setting but the token has its line in config.toml, with its default or commented out."""
    settings = {"sources.label_studio": SourceSettings(), "warehouse": WarehouseSettings()}
    for section, defaults in settings.items():
        part = CONFIG.split(f"[{section}]")[1].split("\n[")[0]
        named = dict(re.findall(r"^(?:# )?(\w+) = (.+)$", part, re.MULTILINE))
        assert named.keys() == set(dict(defaults)) - {"label_studio_api_key", "pseudonym_key"}
    shown = tomllib.loads(CONFIG)
    for name, value in {**shown["sources"]["label_studio"], **shown["warehouse"]}.items():
        assert value == {**dict(SourceSettings()), **dict(WarehouseSettings())}[name]


def test_the_example_of_secrets_is_valid_and_empty() -> None:
    """The example holds the names of the secrets, and no secret."""
    text = (ROOT / ".dlt" / "example.secrets.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text) == {"sources": {"label_studio": {"label_studio_api_key": ""}}}
    uncommented = tomllib.loads(re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE))
    assert uncommented == {
        "sources": {"label_studio": {"label_studio_api_key": "", "pseudonym_key": ""}},
        "runtime": {"slack_incoming_hook": ""},
        "destination": {"postgres": {"credentials": ""}},
        "warehouse": {"lake_catalog": ""},
    }


def test_every_flag_of_the_readme_exists() -> None:
    """The README names no flag that neither the commands nor the queries have."""
    commands = (command, query_command, superset_command, export_command, dashboard_command, spark_command)
    flags = {flag for each in commands for parameter in each.params for flag in parameter.opts} | {"--help"}
    flags |= {f"--{name}" for query in named_queries().values() for name in query.parameters}
    # lines that start other programs have flags of their own
    ours = re.sub(r"`(?:uvx|duckdb|uv run --with) [^`]+`|uv run --extra \w+", "", TEXT)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z_-]+", ours))
    assert named <= flags


def test_linked_files_exist() -> None:
    """Every relative link of the READMEs leads somewhere."""
    packages = [ROOT / "pipelines" / name / "README.md" for name in ("label_studio", "spark_source")]
    for readme in (README, SQL_README, *packages):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", readme.read_text(encoding="utf-8")):
            assert (readme.parent / target).exists(), target


def test_exit_codes_of_help_and_readme_agree() -> None:
    """The codes of --help stand in the README's table."""
    codes = set(re.findall(r"^  (\d+)  ", command.epilog or "", re.MULTILINE))
    table = set(re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE))
    assert codes
    assert codes <= table


def test_the_setup_is_two_lines() -> None:
    """Each of the first two commands does all of its own set-up."""
    commands = re.findall(r"^    (pip install .+)$", TEXT, re.MULTILINE)
    assert commands == [
        "pip install -q uv && uv run python pipelines/tasks.py --demo",
        "pip install -q uv && uv run pytest",
    ]
    assert Path(ROOT / "uv.lock").exists()
