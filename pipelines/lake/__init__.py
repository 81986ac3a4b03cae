"""Tables of a lake, Delta or Iceberg, made of Parquet files that others wrote: what a run replaces, in one commit."""
