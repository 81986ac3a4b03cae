"""What can be asked, and how, as a page for a terminal."""

import io
from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .cells import for_people
from .contents import Contents
from .elsewhere import ways
from .named import NamedQuery


def overview(queries: Iterable[NamedQuery], found: Contents, width: int, *, is_default: bool) -> str:
    """The queries, views and tables, in lines of at most `width`; and lines to be copied, which are never broken."""
    page = io.StringIO()
    console = Console(file=page, width=width, color_system=None)

    def head(text: str) -> None:
        console.print()
        console.print(Text(for_people(text)))

    console.print(Text(for_people(f"{found.place}{f', for DuckDB {found.oldest} or later' if found.oldest else ''}")))
    console.print(Text(for_people(found.remark)))
    head("Saved queries (NAME --help explains one):")
    console.print(_explained({query.name: query.question for query in queries}))
    head(f"Views, in the schema {found.schemas.analytics}:")
    console.print(_explained(found.views))
    head(f"Tables that the views are made of, in the same schema: {', '.join(found.kept) or 'none'}")
    head(f"Tables, in the schema {found.schemas.dataset}: {', '.join(found.tables) or 'none'}")
    for way in ways(found, is_default=is_default):
        head(f"{way.meaning}:")
        for line in way.lines:
            # the terminal goes on in its next line, and what is copied stays one
            console.print(Text(line), soft_wrap=True)
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines())


def _explained(meanings: Mapping[str, str]) -> Padding:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, meaning in meanings.items():
        table.add_row(Text(for_people(name)), Text(for_people(meaning)))
    return Padding(table, (0, 0, 0, 2))
