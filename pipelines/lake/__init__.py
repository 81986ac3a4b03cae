"""Tables of a lake: Delta and Iceberg, made of Parquet files that others wrote, and DuckLake."""

#: The kinds of tables that files can be written for.
FORMATS = ("delta", "iceberg")
