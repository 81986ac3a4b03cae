"""Questions to the warehouse: the queries of sql/queries, or any SQL, and their answers in all formats."""

from .answer import AS_TEXT, Answer, ask
from .drawing import draw
from .errors import QueryError
from .formats import BINARY, FORMATS, write
from .frame import to_frame
from .named import NamedQuery, Parameter, did_you_mean, find_query, named_queries
from .opening import interruptible, opened, place_asked

__all__ = [
    "AS_TEXT",
    "BINARY",
    "FORMATS",
    "Answer",
    "NamedQuery",
    "Parameter",
    "QueryError",
    "ask",
    "did_you_mean",
    "draw",
    "find_query",
    "interruptible",
    "named_queries",
    "opened",
    "place_asked",
    "to_frame",
    "write",
]
