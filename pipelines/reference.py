"""The reference of the tables, as it stands in the README: `python -m pipelines.reference` rewrites it."""

from pathlib import Path

from pipelines.label_studio.tables import OPTIONAL_TABLES, TABLES, Table
from pipelines.load_runs import LOAD_RUNS
from pipelines.locks import RUN_LEASE

README = Path(__file__).resolve().parent.parent / "README.md"

BEGIN = "<!-- tables: written by python -m pipelines.reference -->"
END = "<!-- end of tables -->"


def reference() -> str:
    """The tables and their columns, as Markdown."""
    tables = (*TABLES.values(), *OPTIONAL_TABLES.values(), LOAD_RUNS, RUN_LEASE)
    return "\n".join(map(_section, tables))


def with_reference(text: str) -> str:
    """A README's text with the reference between its two marks. Raises ValueError where a mark is missing."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError("the README has lost the marks of its table reference")
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def _section(table: Table) -> str:
    columns = "\n".join(f"| `{c.name}` | {c.type} | {c.description} |" for c in table.columns)
    key = ", ".join(f"`{name}`" for name in table.key)
    return (
        f"<details>\n<summary><b>{table.name}</b> – {table.description}</summary>\n\n"
        f"Key: {key}\n\n| column | type | meaning |\n|---|---|---|\n{columns}\n\n</details>\n"
    )


if __name__ == "__main__":
    README.write_text(with_reference(README.read_text(encoding="utf-8")), encoding="utf-8")
