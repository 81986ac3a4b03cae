"""Masks: taken out of the tasks before these are parsed, and put back behind it, as they were or as the setting says.

A brush mask is a list of some hundred thousand numbers, on which a JSON parser spends more time and memory than on all
else. In its place stands a text, `md5:<MD5 of the list as text>:<length of the list>`, while the task is parsed.
"""

import base64
import re
from collections.abc import Sequence
from hashlib import md5
from typing import Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

#: What becomes of the numbers: they stay; the text that stands for them does; or they become bytes in base64.
Masks = Literal["keep", "drop", "blob"]
MASKS: tuple[Masks, ...] = ("keep", "drop", "blob")

#: A shorter list is no burden, and stays in its place where masks are kept: characters.
_LONG = 1000

_SPACES = b" \t\r\n"
_RLE = rb'"rle":\s*(\[[0-9,\s]{%d,}\])'
_IMAGE = rb'"imageDataURL":\s*"(data:[^"\\]*)"'

_STANDS_FOR = re.compile(r'"md5:([0-9a-f]{32}):[0-9]+"')


class _Own(msgspec.Struct):
    """What its users put into a task: a list named rle in there is no mask."""

    data: msgspec.Raw = msgspec.Raw()
    meta: msgspec.Raw = msgspec.Raw()


class MaskCut:
    """Takes the masks out of the tasks of a batch, and puts into its rows what `masks` says."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._rle = re.compile(_RLE % (_LONG if masks == "keep" else 1))
        self._image = re.compile(_IMAGE) if masks == "drop" else None
        self._taken: dict[str, str] = {}

    def without(self, task: bytes) -> bytes:
        """A task, or a list of drafts, with texts in place of its masks."""
        if not self._has_some(task) or self._has_its_own(task):
            return task
        task = self._rle.sub(self._take_list, task)
        return self._image.sub(_digest_of_image, task) if self._image else task

    def put_back(self, rows: pa.Table) -> pa.Table:
        """The rows with what the setting wants of the masks in place of their texts."""
        if not self._taken:
            return rows
        for place, field in enumerate(rows.schema):
            if pa.types.is_string(field.type):
                rows = rows.set_column(place, field, self._column(rows[place]))
        return rows

    def forget(self) -> None:
        """Ends a batch."""
        self._taken.clear()

    def _has_some(self, task: bytes) -> bool:
        return b'"rle":' in task or (self._image is not None and b'"imageDataURL":' in task)

    def _has_its_own(self, task: bytes) -> bool:
        if task.startswith(b"["):
            return False
        try:
            own = msgspec.json.decode(task, type=_Own)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return True
        return self._has_some(bytes(own.data)) or self._has_some(bytes(own.meta))

    def _take_list(self, found: re.Match[bytes]) -> bytes:
        numbers = found[1].translate(None, _SPACES)
        if numbers == b"[]":
            return found[0]
        digest = md5(numbers, usedforsecurity=False).hexdigest()
        if self._masks != "drop":
            self._taken[digest] = _as_base64(digest, numbers) if self._masks == "blob" else numbers.decode()
        return b'"rle":"md5:%b:%d"' % (digest.encode(), numbers.count(b",") + 1)

    def _column(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        has_some = pc.match_substring(column, '"md5:')
        if not pc.any(has_some).as_py():
            return column
        whole: Sequence[str] = column.filter(has_some).to_pylist()
        texts = [_STANDS_FOR.sub(lambda found: self._taken.get(found[1], found[0]), text) for text in whole]
        return pc.replace_with_mask(column, has_some.combine_chunks(), pa.array(texts, column.type))


def _digest_of_image(found: re.Match[bytes]) -> bytes:
    digest = md5(found[1], usedforsecurity=False).hexdigest()
    return b'"imageDataURL":"md5:%b:%d"' % (digest.encode(), len(found[1]))


def _as_base64(digest: str, numbers: bytes) -> str:
    """The numbers as bytes; as they were where one is none."""
    try:
        data = bytes(msgspec.json.decode(numbers, type=list[int]))
    except (ValueError, msgspec.MsgspecError):
        return numbers.decode()
    return f'"base64:{digest}:{base64.b64encode(data).decode()}"'
