-- A JSON value read as a type: null where the value is of another type, so that nothing is guessed or rounded.

create macro as_boolean(j) as
    case when json_type(j) = 'BOOLEAN' then j::varchar = 'true' end;

create macro as_double(j) as
    case
        when json_type(j) in ('DOUBLE', 'BIGINT', 'UBIGINT') and isfinite(try_cast(j::varchar as double))
            then try_cast(j::varchar as double)
    end;

-- 2^53: a larger number with a fraction part has lost its last digits already
create macro as_bigint(j) as
    case
        when json_type(j) in ('BIGINT', 'UBIGINT') then try_cast(j::varchar as bigint)
        when
            json_type(j) = 'DOUBLE'
            and abs(try_cast(j::varchar as double)) <= 9007199254740992
            and try_cast(j::varchar as double) = trunc(try_cast(j::varchar as double))
            then try_cast(try_cast(j::varchar as double) as bigint)
    end;

-- not every warehouse stores U+0000 in text
create macro as_text(j) as
    case when json_type(j) = 'VARCHAR' and not contains(j ->> '$', chr(0)) then j ->> '$' end;

create macro as_key(j) as
    case when json_type(j) in ('BIGINT', 'UBIGINT') then j::varchar else as_text(j) end;

create macro as_timestamp(j) as
    case
        when json_type(j) = 'VARCHAR' and regexp_matches(j ->> '$', '^\d{4}-\d{2}-\d{2}[T ]')
            then try_cast(j ->> '$' as timestamptz)
    end;

create macro as_list(j) as
    from_json(j, '["JSON"]');

-- The key, where a value was sent that the typed column could not take.
create macro unread(k, j, typed) as
    case when j is not null and typed is null then k end;

create macro compact(list) as
    [element for element in list if element is not null];

create macro structure(keys) as
    '{' || array_to_string(['"' || k || '":"JSON"' for k in keys], ',') || '}';

create macro removal(keys) as
    ('{' || array_to_string(['"' || k || '":null' for k in keys], ',') || '}')::json;

-- What an object holds beside `keys`; those in `kept` stay, and so does an element that is no object. Nearly always
-- nothing is kept: then the removal is a constant, four times as fast as one built for each row.
create macro rest_of(j, keys, kept) as
    case
        when json_type(j) <> 'OBJECT' then j::varchar
        when len(kept) = 0 and list_has_all(keys, json_keys(j)) then null
        when len(kept) = 0 then nullif(json_merge_patch(j, removal(keys))::varchar, '{}')
        else nullif(
            json_merge_patch(j, removal([k for k in keys if not list_contains(kept, k)]))::varchar, '{}'
        )
    end;

-- True where each element can be a row of its own, else null.
create macro all_have_ids(list) as
    case when len([e for e in list if as_bigint(json_extract(e, '$.id')) is null]) = 0 then true end;

create macro user_is_read(j) as
    case
        when as_bigint(j) is not null then true
        when as_bigint(json_extract(j, '$.id')) is not null and rest_of(j, embedded_user_keys(), []) is null then true
    end;

-- True for a list of texts with something in it, else null.
create macro all_texts(j) as
    case
        when json_array_length(j) > 0 and len([e for e in as_list(j) if as_text(e) is null]) = 0 then true
    end;

-- Users and projects as the API gives them can hold what opens other doors: task_data_login, task_data_password, token.
create macro without_credentials(j) as
    json_merge_patch(
        j,
        removal([
            k for k in json_keys(j)
            if regexp_matches(k, '(?i)(token|passw|secret|credential|api_?key|task_data_login|signature)')
        ])
    );
