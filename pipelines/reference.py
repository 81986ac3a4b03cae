"""The references of tables and views, as they stand in the READMEs: `python -m pipelines.reference` rewrites them."""

from pathlib import Path

from pipelines.analytics.definitions import Definition, kept_tables, views
from pipelines.label_studio.tables import OPTIONAL_TABLES, TABLES, Table
from pipelines.load_runs import LOAD_RUNS
from pipelines.locks import RUN_LEASE

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SQL_README = ROOT / "sql" / "README.md"

MARKS = "<!-- {}: written by python -m pipelines.reference -->", "<!-- end of {} -->"


def table_reference() -> str:
    """The tables and their columns, as Markdown."""
    tables = (*TABLES.values(), *OPTIONAL_TABLES.values(), LOAD_RUNS, RUN_LEASE)
    return "\n".join(map(_section, tables))


def view_reference() -> str:
    """The views and kept tables of `analytics` with their columns, by name, as Markdown."""
    return "\n".join(map(_view_section, sorted([*views(), *kept_tables()])))


def references() -> dict[Path, str]:
    """The text of each README that holds a reference, with the reference as it should be.

    Raises ValueError where a README has lost the marks between which it stands.
    """
    return {
        README: _filled(README, "tables", table_reference()),
        SQL_README: _filled(SQL_README, "views", view_reference()),
    }


def _filled(readme: Path, name: str, reference: str) -> str:
    begin, end = (mark.format(name) for mark in MARKS)
    before, _, rest = readme.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{readme} has lost the marks of its reference of {name}")
    return f"{before}{begin}\n\n{reference}\n{end}{after}"


def _section(table: Table) -> str:
    columns = "\n".join(f"| `{c.name}` | {c.type} | {c.description} |" for c in table.columns)
    key = ", ".join(f"`{name}`" for name in table.key)
    return (
        f"<details>\n<summary><b>{table.name}</b> – {table.description}</summary>\n\n"
        f"Key: {key}\n\n| column | type | meaning |\n|---|---|---|\n{columns}\n\n</details>\n"
    )


def _view_section(view: Definition) -> str:
    columns = "\n".join(f"| `{name}` | {_cell(meaning)} |" for name, meaning in view.columns.items())
    grain, _, more = _cell(view.description).partition(". ")
    return (
        f"<details>\n<summary><b>{view.name}</b> – {grain.removesuffix('.')}.</summary>\n\n"
        f"{more}\n\n| column | meaning |\n|---|---|\n{columns}\n\n</details>\n"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    for path, text in references().items():
        path.write_text(text, encoding="utf-8")
