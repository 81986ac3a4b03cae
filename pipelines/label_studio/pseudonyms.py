"""People under pseudonyms: the e-mails and names of users in the rows of all tables become keyed hashes.

What people made (`data`, `meta`, `value`, `text`, and all of a result) is content and stays as it is.
"""

import hmac
import json
import re
from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from .exceptions import ConfigurationError

MIN_KEY_LENGTH = 16

#: The columns of text that name a person.
_NAMING = {
    "users": ("email", "username", "first_name", "last_name"),
    "annotations": ("completed_by_email", "created_username"),
    "drafts": ("user_email", "created_username"),
}

#: Of these nothing is kept: a hash of two letters tells them by how often it occurs.
_EMPTIED = {"users": ("initials",)}

#: The tables whose `extra` is content, too.
_CONTENT_TABLES = {"results"}

_NAMING_KEYS = (
    r"(?:e[_-]?mail(?:[_-]?address)?|user[_-]?name|(?:first|last|middle|full|display|nick)[_-]?name"
    r"|phone(?:[_-]?number)?)"
)
_EMPTIED_KEYS = r"(?:initials|avatar(?:[_-]?url)?)"

#: What stands under these is content: a control or label may well be named "email".
_CONTENT_KEYS = {"label_config", "parsed_label_config", "control_weights", "result"}

#: A key is known by its end, as in reviewer_email.
_NAMING_KEY = re.compile(rf"(?:.*[\W_])?{_NAMING_KEYS}", re.IGNORECASE | re.DOTALL)
_EMPTIED_KEY = re.compile(rf"(?:.*[\W_])?{_EMPTIED_KEYS}", re.IGNORECASE | re.DOTALL)

#: Without it, a JSON text has nothing to replace. An escape could hide any character.
_SUSPICION = rf'@|\\u|(?:{_NAMING_KEYS}|{_EMPTIED_KEYS})"'

#: A whole text that is an e-mail address; stricter than the server, so that model@v1.2 is none.
_EMAIL = re.compile(
    r"[^\s@/:;,<>()]+@(?:(?:[\w-]+\.)+(?:[^\W\d_]{2,}|xn--[\w-]+)|localhost|\[[\w.:]+\])", re.IGNORECASE
)

#: The end of " Jo Doe jo@example.com, 3", the API's created_username; also of "Jo Doe <jo@example.com>".
_ACCOUNT = re.compile(r"(?<![^\s<])(?P<email>[^\s<>]+@[^\s<>,@]+)>?(?P<id>,\s*[0-9]+)?\s*\Z")

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'

#: The tokens of JSON; what lies between them is white space, commas and colons.
_TOKEN = re.compile(
    rf'(?P<key>{_STRING}(?=\s*:))|(?P<text>{_STRING})|(?P<open>[{{\[])|(?P<close>[}}\]])|(?P<other>[^\s{{}}\[\]:,"]+)'
)


class _Rule(Enum):
    """What becomes of the texts under a key, at any depth."""

    PLAIN = auto()  # those that are e-mail addresses are replaced
    NAMING = auto()  # all are replaced
    EMPTIED = auto()  # all become null
    CONTENT = auto()  # none is touched


class Pseudonyms:
    """Replaces e-mails and names by "user-" and 16 hex digits of their HMAC-SHA256 under `key`.

    The same text has the same pseudonym in every table and every run with the same key; case and white space around
    it don't count, so that joins by e-mail still work. Without the key nobody can tell or try whom a pseudonym
    stands for. Raises ConfigurationError where the key is too short.
    """

    def __init__(self, key: str) -> None:
        key = key.strip()
        if len(key) < MIN_KEY_LENGTH:
            raise ConfigurationError(
                "pseudonymize_users needs a secret key: set pseudonym_key under [sources.label_studio] in"
                f" .dlt/secrets.toml, at least {MIN_KEY_LENGTH} characters, e.g. the output of: openssl rand -hex 32"
            )
        # the key itself is not kept, so that nothing can show it
        mac = hmac.new(key.encode("utf-8", "surrogatepass"), digestmod="sha256")
        self._digest = lru_cache(maxsize=2**16)(lambda text: _digest(mac, text))

    @property
    def fingerprint(self) -> str:
        """The same text for the same key; it says nothing about the key."""
        # in capitals, as no text is when it is hashed
        return self._digest("FINGERPRINT")

    def of(self, text: str) -> str:
        """The pseudonym of an e-mail or a name; an empty text stays as it is.

        A text that ends with an e-mail, or an e-mail and a user's id, has the pseudonym of the e-mail and keeps the
        id: " Jo Doe jo@example.com, 3" becomes "user-0123456789abcdef, 3".
        """
        if not text.strip():
            return text
        account = _ACCOUNT.search(text)
        if account is None:
            return self._pseudonym(text)
        return self._pseudonym(account["email"]) + (account["id"] or "")

    def apply(self, table: str, rows: pa.Table) -> pa.Table:
        """The rows of `table` under pseudonyms, with the same schema; `rows` itself where it names nobody."""
        for name in _NAMING.get(table, ()):
            rows = _with_column(rows, name, lambda column: _mapped(column, self.of))
        for name in _EMPTIED.get(table, ()):
            rows = _with_column(rows, name, lambda column: pa.chunked_array([pa.nulls(len(column), column.type)]))
        return rows if table in _CONTENT_TABLES else _with_column(rows, "extra", self._in_json)

    def _pseudonym(self, text: str) -> str:
        return f"user-{self._digest(text.strip().lower())}"

    def _in_json(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        suspicious = pc.match_substring_regex(column, _SUSPICION, ignore_case=True).fill_null(False)
        if not pc.any(suspicious).as_py():
            return column
        replaced = _mapped(column.filter(suspicious), self._of_json)
        return pc.replace_with_mask(column, suspicious.combine_chunks(), replaced.combine_chunks())

    def _of_json(self, text: str) -> str:
        return _TOKEN.sub(_Reader(self.of), text)


class _Reader:
    """Says what each token of a JSON text becomes, from the first to the last.

    JSON is read as text and not parsed: whatever is not replaced stays as it was sent, numbers of any length and
    repeated keys among it, and no depth is too deep.
    """

    def __init__(self, pseudonym: Callable[[str], str]) -> None:
        self._pseudonym = pseudonym
        #: the rules of the objects and lists that are open, outermost first
        self._open = [_Rule.PLAIN]
        #: the rule of the next value
        self._next = _Rule.PLAIN

    def __call__(self, token: re.Match[str]) -> str:
        text, kind = token.group(), token.lastgroup
        if kind == "key":
            around = self._open[-1]
            self._next = _rule(_decoded(text)) if around is _Rule.PLAIN else around
            return text if around is _Rule.CONTENT else self._without_email(text)
        if kind == "open":
            self._open.append(self._next)
            return text
        if kind == "close":
            self._open.pop()
        replaced = self._replaced(text) if kind == "text" else text
        self._next = self._open[-1]
        return replaced

    def _replaced(self, text: str) -> str:
        if self._next is _Rule.EMPTIED:
            return "null"
        if self._next is _Rule.NAMING:
            return json.dumps(self._pseudonym(_decoded(text)))
        return text if self._next is _Rule.CONTENT else self._without_email(text)

    def _without_email(self, text: str) -> str:
        if "@" not in text and "\\u" not in text:
            return text
        decoded = _decoded(text)
        return json.dumps(self._pseudonym(decoded)) if _EMAIL.fullmatch(decoded.strip()) else text


def _digest(mac: hmac.HMAC, text: str) -> str:
    of_text = mac.copy()
    of_text.update(text.encode("utf-8", "surrogatepass"))
    return of_text.hexdigest()[:16]


@lru_cache(maxsize=2**10)
def _rule(key: str) -> _Rule:
    if _NAMING_KEY.fullmatch(key):
        return _Rule.NAMING
    if _EMPTIED_KEY.fullmatch(key):
        return _Rule.EMPTIED
    return _Rule.CONTENT if key in _CONTENT_KEYS else _Rule.PLAIN


def _decoded(string: str) -> str:
    return str(json.loads(string, strict=False)) if "\\" in string else string[1:-1]


def _with_column(rows: pa.Table, name: str, change: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> pa.Table:
    place = rows.schema.get_field_index(name)
    if place < 0 or not rows.num_rows:
        return rows
    column = rows.column(place)
    changed = change(column)
    return rows if changed is column else rows.set_column(place, rows.schema.field(place), changed)


def _mapped(column: pa.ChunkedArray, change: Callable[[str], str]) -> pa.ChunkedArray:
    """Each text changed, each distinct one once; null stays null."""
    distinct = column.unique()
    changed = [None if text is None else change(text) for text in distinct.to_pylist()]
    return pa.array(changed, column.type).take(pc.index_in(column, value_set=distinct))
