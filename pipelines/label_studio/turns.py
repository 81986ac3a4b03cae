"""Whose turn it is, where several runs change the tables of one PostgreSQL database."""


def turn(dataset: str) -> str:
    """The key, in SQL, of the advisory lock that a run holds while it changes a dataset's tables, or checks them."""
    name = dataset.replace("'", "''")
    return f"hashtextextended('label-studio-warehouse {name}', 0)"
