"""Questions in DuckDB's dialect that other engines answer as DuckDB does, by what is odd about them."""

_MOMENTS = """
    select timestamptz '2026-03-01 23:59:59.7+00' as a, timestamptz '2026-03-02 00:00:00.2+00' as b
    union all
    select timestamptz '2026-03-01 10:10:10+00', timestamptz '2026-03-02 09:09:09+00'
    union all
    select timestamptz '2026-03-02 00:00:00+00', null
"""

_NUMBERS = """
    select 1 as id, 0.05::double as x, 'a' as name
    union all
    select 2, 12.0::double, 'B'
    union all
    select 3, -3.25::double, 'b'
    union all
    select 4, 12345678.8905::double, 'ä'
    union all
    select 5, 0.0004::double, null
    union all
    select 6, null, 'A'
"""

CASES: dict[str, str] = {
    "ends of days": f"select date_diff('day', a, b) as days from ({_MOMENTS}) as moments",
    "ends of hours": f"select date_diff('hour', a, b) as hours from ({_MOMENTS}) as moments",
    "ends of minutes": f"select date_diff('minute', a, b) as minutes from ({_MOMENTS}) as moments",
    "ends of seconds": f"select date_diff('second', a, b) as seconds from ({_MOMENTS}) as moments",
    "days of UTC": f"select (a at time zone 'UTC')::date as day from ({_MOMENTS}) as moments",
    "weeks begin on Mondays": """
        select date_trunc('week', day)::date as week
        from (select date '2026-03-01' as day union all select date '2026-03-02') as days
    """,
    "days in a row": """
        select unnest(generate_series(first_day, first_day + 3, interval 1 day))::date as day
        from (select date '2026-02-27' as first_day) as days
    """,
    "rounded numbers as text": f"select round(x, 1) || ' s' as one, round(x, 3) || '' as three from ({_NUMBERS}) as n",
    "numbers in the middle": """
        select round(x) as away, round(x) || '' as text, (x * 1)::bigint as even, (x + 0)::integer as also_even
        from (values (2.5::double), (3.5), (-2.5), (0.4), (1.6), (null)) as given (x)
    """,
    "rounded numbers": f"select round(x, 2) as rounded, ceil(x)::integer as up from ({_NUMBERS}) as n where x < 99",
    "decimals are doubles": f"select x * 1.5 as a, id / 4.0 as b from ({_NUMBERS}) as n",
    "means": f"select avg(id) as whole, avg(x) as other, avg(case when x > 0 then 1.0 end) as c from ({_NUMBERS}) as n",
    "quantiles": f"""
        select
            quantile_cont(x, 0.9) filter (where id <> 4) as high,
            quantile_cont(x, 0.5) as middle,
            median(x) as also_middle
        from ({_NUMBERS}) as n
    """,
    "divisions": f"select id // 4 as whole, id / 4 as part, id / nullif(id - 1, 0) as some from ({_NUMBERS}) as n",
    "text that may be a number": """
        select try_cast(value as double) as number
        from (values ('1.5'), (' 2 '), ('x'), (''), ('1e3'), ('-.5'), ('1.2.3'), (null)) as given (value)
    """,
    "moments of numbers": "select to_timestamp(try_cast('1795000000.25' as double)) as moment",
    "nulls come last": f"""
        select id, row_number() over (order by x desc, id) as down, row_number() over (order by name collate "C") as up
        from ({_NUMBERS}) as n
    """,
    "texts by their bytes": f"""
        select a.name as one, b.name as other
        from ({_NUMBERS}) as a
        cross join ({_NUMBERS}) as b
        where a.name collate "C" < b.name
    """,
    "texts in order": f"""
        select
            string_agg(name, ' | ' order by id) filter (where id > 1) as some,
            string_agg(name, ' | ' order by id desc) as down,
            string_agg(name, ' | ') filter (where id > 9) as nobody
        from ({_NUMBERS}) as n
    """,
    "the first of a list": f"""
        select
            (list(name order by x, id))[1] as least,
            (list(name order by id) filter (where id > 1))[1] as second,
            (list(name order by name is not null, id))[1] as unknown,
            (list(name order by id) filter (where id > 9))[1] as nobody
        from ({_NUMBERS}) as n
    """,
    "the first that is known": f"""
        select id, first_value(x ignore nulls) over around as first_x, string_agg(name, ', ') over around as names
        from ({_NUMBERS}) as n
        window around as (order by id desc rows between unbounded preceding and unbounded following)
    """,
    "nulls among others": "select greatest(1, null) as most, least(null, 2) as least, concat_ws('-', 'a', null) as c",
    "values in JSON": """
        select
            value ->> '$.a' as a,
            value ->> '$."b c"[1].d' as d,
            json_extract_string(value, '$.a') || '!' as loud
        from (select '{"a": 1.5, "b c": [0, {"d": "x''y"}]}'::json as value union all select '{"a": null}'::json) as j
    """,
    "what matches": """
        select
            regexp_extract(text, '(\\w+)=(\\w*)', 2) as second,
            regexp_extract(text, '\\w+=') as whole,
            regexp_extract(text, '^(\\w+)', 1) as none
        from (values ('<a=1 b="x"'), ('c='), (null)) as given (text)
    """,
    "all that matches": """
        select unnest(regexp_extract_all(text, '(\\w+)=(\\w*)', 1)) as name
        from (values ('a=1 b=2'), ('c='), ('none'), (null)) as given (text)
    """,
    "whole matches": """
        select unnest(regexp_extract_all(text, '(\\w+)=["'']')) as name
        from (values ('a="1" b="2"'), ('c=''')) as given (text)
    """,
}
