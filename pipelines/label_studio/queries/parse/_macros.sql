-- A JSON value read as a type: null where the value is of another type, so that nothing is guessed or rounded.
-- The values come out of from_json, which writes them without spaces and makes a JSON null an SQL null; a number is
-- then told by its text, as nothing else that JSON knows can be cast.

create macro as_boolean(j) as
    case j::varchar when 'true' then true when 'false' then false end;

create macro as_double(j) as
    case when isfinite(try_cast(j::varchar as double)) then try_cast(j::varchar as double) end;

-- 12.0 is an integer; one with more digits before the point may have lost its last ones already
create macro as_bigint(j) as
    case
        when regexp_full_match(j::varchar, '-?(\d+|\d{1,15}\.0)') then try_cast(j::varchar as bigint)
    end;

-- not every warehouse stores U+0000 in text
create macro as_text(j) as
    case
        when
            starts_with(j::varchar, '"')
            and not (contains(j::varchar, '\u0000') and contains(json_extract_string(j, '$'), chr(0)))
            then json_extract_string(j, '$')
    end;

create macro as_key(j) as
    coalesce(as_text(j), case when regexp_full_match(j::varchar, '-?\d+') then j::varchar end);

-- A time without a zone could be anywhere, and a seventh digit of the second would be cut off.
create macro as_timestamp(j) as
    case
        when
            regexp_full_match(
                j::varchar,
                '"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d(:?\d\d)?)"'
            )
            then try_cast(json_extract_string(j, '$') as timestamptz)
    end;

create macro as_list(j) as
    from_json(j, '["JSON"]');

-- What from_json is to read: each of the keys as JSON, each of the lists as a list of JSON, else null.
create macro structure(keys, lists) as
    '{' || concat_ws(
        ',',
        array_to_string(['"' || k || '":"JSON"' for k in keys], ','),
        array_to_string(['"' || k || '":["JSON"]' for k in lists], ',')
    ) || '}';

create macro removal(keys) as
    ('{' || array_to_string(['"' || k || '":null' for k in keys], ',') || '}')::json;

-- What an object holds beside `keys`; an element that is no object, whole.
create macro rest_of(j, keys) as
    case
        when not regexp_matches(j::varchar, '^\s*\{') then j::varchar
        when len([k for k in json_keys(j) if not list_contains(keys, k)]) > 0
            then json_merge_patch(j, removal(keys))::varchar
    end;

-- The value under a key whose list could not be read as one.
create macro instead_of(list, j, path) as
    case when list is null then json_extract(j, path) end;

-- A member for `extra`, where a value was sent that the typed column could not take.
create macro unread(k, j, typed) as
    case when j is not null and typed is null then '"' || k || '":' || j::varchar end;

-- Members of JSON objects, at any depth, that are not loaded: what changes on every read, and what opens doors. A
-- quote inside of a text is escaped, so that `"name":` can be nothing but a key.
create macro unwanted() as
    '"(?:avatar|created_ago|task_data_login'
    || '|\w*(?i:passw|secret|credential|api_?key|private_?key)\w*|(?:\w+_)?(?i:token))":'
    || '(?:"(?:[^"\\]|\\.)*"|null|(?:\{|\[)(?:[^{}\[\]"]|"(?:[^"\\]|\\.)*")*(?:\}|\]))'
    || '|"[^"\\]*":"https?://[^"\\]*[?&](?i:x-amz-|x-goog-|sig=|signature=|token=)[^"\\]*"';

create macro without_unwanted(j) as
    regexp_replace(
        regexp_replace(j, ',(?:' || unwanted() || ')', '', 'g'),
        '\{(?:' || unwanted() || '),?', '{', 'g'
    );

-- The column `extra`: the members that were not read as their columns, and what the object holds beside known keys.
create macro extra_of(unread_members, rest) as
    case
        when unread_members = '' then rest
        when rest is null then '{' || unread_members || '}'
        else '{' || unread_members || ',' || substring(rest, 2)
    end;

-- The same for objects that the API makes itself, not its users.
create macro api_extra_of(unread_members, rest) as
    case
        when unread_members <> '' or rest is not null
            then nullif(without_unwanted(extra_of(unread_members, rest)), '{}')
    end;

-- True for a user's id, or an object with nothing in it that the tables have no place for; else null.
create macro user_is_read(j) as
    case
        when as_bigint(j) is not null then true
        when
            as_bigint(json_extract(j, '$.id')) is not null
            and rest_of(j, embedded_user_keys()) is null
            and (
                as_text(json_extract(j, '$.email')) is not null
                or coalesce(json_extract(j, '$.email'), 'null') = 'null'
            )
            then true
    end;

-- True for a list of texts with something in it, else null.
create macro all_texts(list) as
    case when len(list) > 0 and len([e for e in list if as_text(e) is null]) = 0 then true end;
