"""An answer as a pandas DataFrame."""

from typing import Any

import pandas as pd
import pyarrow as pa

from .answer import Answer

_TYPES = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def to_frame(answer: Answer) -> Any:
    """A DataFrame that holds every value exactly: integers and truth values stay what they are beside nulls.

    Moments are datetime64 in UTC, days datetime64; lists, structs and decimals are Python's own; JSON is text.
    """
    table = answer.table
    frame = table.to_pandas(types_mapper=_TYPES.get, date_as_object=False)
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_nested(column.type):
            frame[name] = pd.Series(column.to_pylist(maps_as_pydicts="strict"), dtype=object, index=frame.index)
    return frame
