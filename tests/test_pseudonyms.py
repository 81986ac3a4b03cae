"""People under pseudonyms: nobody's e-mail or name is left in any table, and joins by e-mail still work."""

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.demo import FakeLabelStudio, load_sample
from pipelines.label_studio.exceptions import ConfigurationError
from pipelines.label_studio.flatten import Flattener, RawTask, arrow_schema
from pipelines.label_studio.pseudonyms import Pseudonyms
from pipelines.label_studio.tables import TABLES

Row = dict[str, Any]
Tables = dict[str, pa.Table]

KEY = "0123456789abcdef"
HIDDEN = Pseudonyms(KEY)

#: Columns that hold what people imported, marked or wrote, or names of the labeling config: somebody's name in them
#: is a part of what is labeled, and a hash in its place would falsify the data set.
CONTENT = {
    "tasks": {"data", "meta", "file_upload", "storage_filename"},
    "task_meta": {"path", "key", "value"},
    "results": {"region_id", "from_name", "to_name", "type", "text", "datetime", "value", "meta", "extra"},
    "result_labels": {"from_name", "type", "label", "label_path"},
    "result_texts": {"from_name", "type", "text"},
    "result_rankings": {"from_name", "type", "bucket", "item_id"},
    "projects": {"title", "description", "label_config", "control_weights"},
}


def _hashed(text: bytes, key: str = KEY) -> str:
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()[:16]


def _pseudonym(text: str, key: str = KEY) -> str:
    return f"user-{_hashed(text.encode(), key)}"


JO = _pseudonym("jo@example.com")


def _rows(table: str, *rows: Row) -> pa.Table:
    schema = arrow_schema(TABLES[table])
    required = {field.name: "0" if field.type == pa.string() else 0 for field in schema if not field.nullable}
    return pa.Table.from_pylist([{**required, **row} for row in rows], schema)


def _applied(table: str, column: str, *values: Any) -> list[Any]:
    applied = HIDDEN.apply(table, _rows(table, *({column: value} for value in values)))
    return list(applied[column].to_pylist())


def _extra(text: str, table: str = "tasks") -> str:
    (extra,) = _applied(table, "extra", text)
    return str(extra)


def _flat(tasks: list[Row], users: list[Row], projects: list[Row]) -> Tables:
    flattener = Flattener()
    tables = flattener.tasks([RawTask(task["id"], task.get("project"), _sent(task)) for task in tasks])
    tables["users"] = flattener.users(map(_sent, users))
    tables["projects"] = flattener.projects([_sent(project) for project in projects])
    assert flattener.unreadable == []
    flattener.close()
    return tables


def _sent(value: Row) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _hidden(tables: Tables, pseudonyms: Pseudonyms = HIDDEN) -> Tables:
    return {name: pseudonyms.apply(name, rows) for name, rows in tables.items()}


def _places(tables: Tables, needles: set[str]) -> set[str]:
    """The columns, content left out, in which one of the texts occurs, as it is or as JSON writes it."""
    written = {form for needle in needles for form in (needle, json.dumps(needle, ensure_ascii=False)[1:-1])}
    found = set()
    for name, rows in tables.items():
        for column in set(rows.column_names) - CONTENT.get(name, set()):
            texts = [text for text in rows[column].to_pylist() if isinstance(text, str)]
            if any(needle in text for text in texts for needle in written):
                found.add(f"{name}.{column}")
    return found


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("users", "email"),
        ("users", "username"),
        ("annotations", "completed_by_email"),
        ("drafts", "user_email"),
    ],
)
def test_an_email_has_one_pseudonym_in_every_column(table: str, column: str) -> None:
    """Case and white space around it do not count, null stays null and an empty text stays empty."""
    assert _applied(table, column, "jo@example.com", " Jo@Example.COM ", None, "") == [JO, JO, None, ""]


@pytest.mark.parametrize("column", ["username", "first_name", "last_name"])
def test_names_are_hashed(column: str) -> None:
    """A name becomes the keyed hash of its lower case."""
    assert _applied("users", column, "Åsa", "åsa ", None, "") == [_pseudonym("åsa"), _pseudonym("åsa"), None, ""]


def test_initials_are_emptied() -> None:
    """Nothing stands in place of initials: two letters would be told by how often their hash occurs."""
    assert _applied("users", "initials", "JD", "", None) == [None, None, None]


@pytest.mark.parametrize("table", ["annotations", "drafts"])
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("Jo Doe jo@example.com, 3", f"{JO}, 3"),
        (" Jo@example.com, 3", f"{JO}, 3"),
        ("Jo @home jo@example.com, 3", f"{JO}, 3"),
        ("Jo Doe <jo@example.com>", JO),
        ("jo@example.com", JO),
        ("Jo Doe, 3", _pseudonym("jo doe, 3")),
        ("jo@example.com is Jo Doe", _pseudonym("jo@example.com is jo doe")),
        ("", ""),
        (None, None),
    ],
)
def test_created_username_keeps_the_id(table: str, sent: str | None, expected: str | None) -> None:
    """Name and e-mail become the e-mail's pseudonym, the id stays; a text without an e-mail is hashed whole."""
    assert _applied(table, "created_username", sent) == [expected]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ('{"email":"jo@example.com"}', {"email": JO}),
        ('{"EMAIL":"Jo"}', {"EMAIL": _pseudonym("jo")}),
        ('{"firstName":"Jo","last_name":""}', {"firstName": _pseudonym("jo"), "last_name": ""}),
        ('{"reviewer_full_name":"Jo Doe"}', {"reviewer_full_name": _pseudonym("jo doe")}),
        ('{"display_name":"Jo","phone":"+1 23"}', {"display_name": _pseudonym("jo"), "phone": _pseudonym("+1 23")}),
        ('{"created_username":"Jo Doe jo@example.com, 3"}', {"created_username": f"{JO}, 3"}),
        ('{"initials":"JD","avatar":"/jo.png"}', {"initials": None, "avatar": None}),
        ('{"user":"jo@example.com"}', {"user": JO}),
        ('{"user":"oauth","invited_by":["jo@example.com"]}', {"user": "oauth", "invited_by": [JO]}),
        ('{"agreement_by":{"jo@example.com":0.5}}', {"agreement_by": {JO: 0.5}}),
        (
            '{"first_name":["Jo",{"x":"Jo"}],"a":"b"}',
            {"first_name": [_pseudonym("jo"), {"x": _pseudonym("jo")}], "a": "b"},
        ),
        (r'{"e\u006dail":"J\u006f"}', {"email": _pseudonym("jo")}),
        (r'{"a":"jo\u0040example.com"}', {"a": JO}),
        ('{"by":"root@localhost"}', {"by": _pseudonym("root@localhost")}),
        (r'{"username":"\ud800"}', {"username": "user-" + _hashed(b"\xed\xa0\x80")}),
        ('"jo@example.com"', JO),
        ('[{"email":null},"Jo",{"email":true}]', [{"email": None}, "Jo", {"email": True}]),
        ('[{"email":"jo@example.com"},"Jo"]', [{"email": JO}, "Jo"]),
    ],
)
def test_people_in_extra(sent: str, expected: Any) -> None:
    """Texts under keys that name people are replaced at any depth, and so is whatever is an e-mail address."""
    assert json.loads(_extra(sent)) == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"agreement":1.10,"big":123456789012345678901234567890,"a":1e400,"a":-0}',
        '{ "email" : null, "username": 3, "phone": true }',
        '{"comments":"ask jo@example.com, or @jo","repository":"git@host:a/b.git","model":"bert@v1.2"}',
        '{"url":"https://jo@example.com/","workspace_title":"Names","microphone":"on"}',
        '{"parsed_label_config":{"email":{"type":"TextArea","labels":["jo@example.com"]}}}',
        '{"reviews":[{"result":[{"value":{"email":["Jo"]}}]}],"result":"jo@example.com"}',
        '{"agreement_by_control":{"email":0.75,"first_name":1}}',
        r'{"a":"\"email\":\"Jo\"","b":"\u0041\ud83d\ude00"}',
    ],
)
def test_what_names_nobody_stays_as_it_was_sent(text: str) -> None:
    """Not a character changes: numbers keep their digits, and content under a known key is not looked into."""
    assert _extra(text) == text


def test_what_stands_around_a_name_stays_as_it_was_sent() -> None:
    """Only the name is replaced: white space, numbers of any length and repeated keys stay."""
    around = '{{ "n": 1.10, "n": 123456789012345678901234567890, "email": "{}", "z": [ 1e400 ] }}'
    assert _extra(around.format("jo@example.com")) == around.format(JO)


def test_no_depth_is_too_deep() -> None:
    """An e-mail is found under a hundred thousand brackets."""
    deep = "[" * 100_000 + '"{}"' + "]" * 100_000
    assert _extra(deep.format("jo@example.com")) == deep.format(JO)


@pytest.mark.parametrize("table", [name for name in TABLES if "extra" in arrow_schema(TABLES[name]).names])
def test_extra_of_every_table(table: str) -> None:
    """The API's extra is replaced in every table that has one; the extra of results is content."""
    expected = "jo@example.com" if table == "results" else JO
    assert json.loads(_extra('{"created_by":{"email":"jo@example.com"}}', table))["created_by"]["email"] == expected


def test_enterprise_objects() -> None:
    """What Label Studio Enterprise sends about people in tasks, annotations and projects is replaced, ids stay."""
    profile = {"id": 3, "first_name": "Xyzzy", "last_name": "Plugh", "email": "xyzzy@example.com", "avatar": "/xyzzy"}
    review = {"id": 5, "accepted": True, "created_by": {**profile, "username": "xyzzy", "initials": "XP"}}
    annotation = {
        "id": 2,
        "completed_by": {**profile, "phone": "+1 23"},
        "reviews": [review],
        "updated_by": "xyzzy@example.com",
    }
    task: Row = {"id": 1, "project": 7, "annotations": [annotation], "reviewers": [{"user_id": 3, "profile": profile}]}
    task |= {"annotators": [{"user_id": 3, "profile": profile, "reviewed": True}], "comment_authors": [profile]}
    project = {"id": 7, "created_by": {**profile, "username": "xyzzy"}, "members": [{"user": profile}]}
    tables = _flat([task], [], [project])
    extras = {"tasks.extra", "task_users.extra", "annotations.extra", "users.email", "projects.extra"}
    assert extras <= _places(tables, {"xyzzy@example.com"})
    hidden = _hidden(tables)
    assert _places(hidden, {"xyzzy", "Xyzzy", "Plugh", "+1 23", "XP"}) == set()
    assert json.loads(hidden["annotations"]["extra"][0].as_py())["reviews"][0]["created_by"]["id"] == 3
    assert json.loads(hidden["projects"]["extra"][0].as_py())["members"][0]["user"]["email"] == _pseudonym(
        "xyzzy@example.com"
    )


def test_content_is_not_touched() -> None:
    """Data, meta, values and texts stay as they are, and tables that name nobody are handed back themselves."""
    result = {"id": "r", "type": "textarea", "from_name": "email", "value": {"text": ["jo@example.com"]}}
    content = {"email": "jo@example.com", "first_name": "Jo"}
    annotation = {"id": 2, "result": [{**result, "meta": content, "username": "Jo"}]}
    tables = _flat([{"id": 1, "data": content, "meta": content, "annotations": [annotation]}], [], [])
    hidden = _hidden(tables)
    assert all(hidden[name] is rows for name, rows in tables.items() if name != "annotations")
    assert hidden["annotations"].equals(tables["annotations"])


@pytest.mark.parametrize("table", TABLES)
def test_the_schema_stays(table: str) -> None:
    """Names, order, types, nullability and metadata of the columns are the same, also of no rows and of many chunks."""
    extra = {"extra": '{"email":"jo@example.com"}'} if "extra" in arrow_schema(TABLES[table]).names else {}
    row = _rows(table, extra)
    row = row.cast(pa.schema([field.with_metadata({"of": "api"}) for field in row.schema], {"made": "here"}))
    for rows in (row.slice(0, 0), row, pa.concat_tables([row, row, row.slice(0, 0)])):
        applied = HIDDEN.apply(table, rows)
        assert applied.schema.equals(rows.schema, check_metadata=True)
        assert applied.num_rows == rows.num_rows
        applied.validate(full=True)


def test_chunks_and_nulls_keep_their_places() -> None:
    """Every row keeps what is its own, over several chunks with nulls and rows that name nobody between."""
    texts = [None, '{"a":1}', '{"email":"jo@example.com"}', None, '{"a":2}', '{"email":"Jo@example.com"}']
    rows = pa.concat_tables([_rows("tasks", {"extra": text}) for text in texts])
    hidden = '{"email":"' + JO + '"}'
    assert HIDDEN.apply("tasks", rows)["extra"].to_pylist() == [None, '{"a":1}', hidden, None, '{"a":2}', hidden]


@pytest.mark.parametrize("key", ["", "0123456789abcde", " 0123456789abcde\n"])
def test_a_short_key_is_refused(key: str) -> None:
    """The error is one line that says what to do, and never repeats the key."""
    with pytest.raises(ConfigurationError) as caught:
        Pseudonyms(key)
    assert str(caught.value) == (
        "pseudonymize_users needs a secret key: set pseudonym_key under [sources.label_studio] in .dlt/secrets.toml,"
        " at least 16 characters, e.g. the output of: openssl rand -hex 32"
    )


@pytest.mark.parametrize("shown", [repr, str, lambda it: str(vars(it)), lambda it: it.fingerprint])
def test_the_key_is_not_shown(shown: Callable[[Pseudonyms], str]) -> None:
    """Neither the object nor what it holds shows the key."""
    assert KEY not in shown(Pseudonyms(KEY))


def test_another_key_gives_other_pseudonyms() -> None:
    """Pseudonyms are the key's; the fingerprint tells keys apart, and white space around a key does not count."""
    same, other = Pseudonyms(f" {KEY}\n"), Pseudonyms(KEY.upper())
    assert same.of("jo@example.com") == JO == HIDDEN.of("jo@example.com")
    assert other.of("jo@example.com") == _pseudonym("jo@example.com", KEY.upper()) != JO
    assert same.fingerprint == HIDDEN.fingerprint != other.fingerprint


@settings(deadline=None)
@given(emails=st.lists(st.emails(), unique_by=lambda email: email.strip().lower(), min_size=2))
def test_different_emails_have_different_pseudonyms(emails: list[str]) -> None:
    """As many pseudonyms as e-mails, in every run the same."""
    pseudonyms = [HIDDEN.of(email) for email in emails]
    assert len(set(pseudonyms)) == len(emails)
    assert pseudonyms == [Pseudonyms(KEY).of(f" {email.upper()}") for email in emails]


# letters that no pseudonym and no key of the API is made of
_NAME = st.text("XYZΩß\"\\' 😀-", min_size=6).filter(lambda name: len(name.strip()) >= 6)
_PERSON: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {
        "id": st.integers(1, 2**63 - 1),
        "email": st.from_regex(r"[xyzXYZ]{6,9}[.+]?[xyz]{0,3}@[xyz]{3}\.example", fullmatch=True),
        "username": _NAME,
        "first_name": _NAME,
        "last_name": _NAME | st.just(""),
        "phone": _NAME,
    }
)


def _task_of(task_id: int, person: Row) -> Row:
    username = f"{person['first_name']} {person['last_name']} {person['email']}, {person['id']}"
    known = {name: person[name] for name in ("id", "email", "first_name", "last_name")}
    made = {"id": task_id, "created_username": username, "history": [{"by": person}], "to": {person["email"]: person}}
    return {
        "id": task_id,
        "annotators": [person, person["email"], person["id"]],
        "reviewers": [{"profile": person}],
        "annotations": [{**made, "completed_by": known}],
        "predictions": [made],
        "drafts": [{**made, "user": person["email"]}],
    }


@settings(max_examples=15, deadline=None)
@given(
    people=st.lists(_PERSON, min_size=1, max_size=4, unique_by=(lambda it: it["id"], lambda it: it["email"].lower()))
)
def test_nothing_of_anybody_is_left(people: list[Row]) -> None:
    """Whoever the users are, no e-mail and no name of theirs is in any table, and each person is found by one hash."""
    projects = [{"id": place, "created_by": person} for place, person in enumerate(people)]
    tables = _flat([_task_of(place, person) for place, person in enumerate(people)], people, projects)
    hidden = _hidden(tables)
    assert (
        _places(hidden, {text for person in people for text in person.values() if isinstance(text, str) and text})
        == set()
    )
    expected = [_pseudonym(person["email"].lower()) for person in people]
    assert hidden["annotations"]["completed_by_email"].to_pylist() == expected
    assert hidden["drafts"]["user_email"].to_pylist() == expected
    assert _hidden(tables, Pseudonyms(KEY)) == hidden


_LEAF = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
_TEXT = st.text(max_size=4) | st.sampled_from(["jo@example.com", "Jo", "Jo Doe jo@example.com, 3", "\\", '"', "@", ""])
_KEYS = st.text(max_size=3) | st.sampled_from(
    ["email", "Username", "user", "initials", "avatar", "result", "a@b.example"]
)
_JSON = st.recursive(
    _LEAF | _TEXT, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=15
)


def _expected(value: Any, rule: str = "") -> Any:
    """The same by walking the parsed JSON."""
    if isinstance(value, list):
        return [_expected(element, rule) for element in value]
    if isinstance(value, dict):
        return {_expected_key(key, rule): _expected(inner, rule or _RULES.get(key, "")) for key, inner in value.items()}
    if not isinstance(value, str) or rule == "content":
        return value
    if rule == "emptied":
        return None
    return HIDDEN.of(value) if rule == "naming" or value.strip() == "jo@example.com" else value


_RULES = {"email": "naming", "Username": "naming", "initials": "emptied", "avatar": "emptied", "result": "content"}


def _expected_key(key: str, rule: str) -> str:
    return HIDDEN.of(key) if key == "a@b.example" and rule != "content" else key


@settings(deadline=None)
@given(value=_JSON, escaped=st.booleans(), indent=st.none() | st.just(1))
def test_reading_by_token_is_reading_json(value: Any, escaped: bool, indent: int | None) -> None:
    """Whatever the JSON, however it is written, the outcome is that of walking the parsed value."""
    text = json.dumps(value, ensure_ascii=escaped, indent=indent)
    assert json.loads(_extra(text)) == _expected(value)


@pytest.fixture(scope="module")
def sample() -> FakeLabelStudio:
    """The sample organisation."""
    return load_sample()


@pytest.fixture(scope="module")
def tables(sample: FakeLabelStudio) -> Tables:
    """The whole sample, flattened, with the names of its users as they are."""
    drafts = defaultdict(list)
    for draft in sample.drafts:
        drafts[draft["task"]].append(draft)
    tasks = [{**task, "drafts": drafts[task["id"]]} for task in sample.tasks.values()]
    return _flat(tasks, list(sample.users.values()), list(sample.projects.values()))


def test_nobody_of_the_sample_is_left(sample: FakeLabelStudio, tables: Tables) -> None:
    """No user's e-mail or name, as the API writes it, is in any column but those of content."""
    names = {user[name] for user in sample.users.values() for name in ("email", "first_name", "last_name")}
    assert {"annotations.completed_by_email", "drafts.created_username", "users.extra"} <= _places(tables, names)
    assert _places(_hidden(tables), {name for name in names if len(name) > 2}) == set()


def test_usernames_of_the_sample_are_hashed(sample: FakeLabelStudio, tables: Tables) -> None:
    """Usernames, which are common words in the sample, stand nowhere but in texts of content."""
    usernames = {user["username"] for user in sample.users.values()}
    assert _places(tables, usernames) >= {"users.username", "users.email", "annotations.created_username"}
    assert _places(_hidden(tables), usernames) == set()


def test_joins_by_email_still_work(tables: Tables) -> None:
    """Users, annotations and drafts join by e-mail to as many rows as without pseudonyms."""
    counted = _joined(tables)
    assert len(counted) == 5
    assert [row[1:] for row in _joined(_hidden(tables))] == [row[1:] for row in counted]
    assert {row[0] for row in _joined(_hidden(tables))} == {_pseudonym(email) for email, *_ in counted}


def _joined(tables: Tables) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        for name in ("users", "annotations", "drafts"):
            connection.register(name, tables[name])
        return connection.execute("""
            select users.email, users.id, count(distinct annotations.id), count(distinct drafts.id)
            from users
            join annotations on annotations.completed_by_email = users.email
            join drafts on drafts.user_email = users.email
            group by all
            order by users.id
        """).fetchall()
