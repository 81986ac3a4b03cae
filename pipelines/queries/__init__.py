"""Questions to the warehouse: the queries of sql/queries, or any SQL, and their answers in all formats."""

from .answer import Answer, ask
from .drawing import draw
from .errors import QueryError
from .formats import BINARY, FORMATS, write
from .frame import to_frame
from .named import NamedQuery, Parameter, find_query, named_queries

__all__ = [
    "BINARY",
    "FORMATS",
    "Answer",
    "NamedQuery",
    "Parameter",
    "QueryError",
    "ask",
    "draw",
    "find_query",
    "named_queries",
    "to_frame",
    "write",
]
