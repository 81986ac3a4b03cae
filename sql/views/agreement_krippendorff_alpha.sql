-- One row is a control tag whose value is of the whole task, and a level of measurement: Krippendorff's alpha over
-- all annotators, 1 − observed ÷ expected disagreement (Krippendorff 2011, computing alpha-reliability). It takes any
-- number of annotators and missing values. Each submitted annotation is a value of its task (of a page or image where
-- there are several); tasks with one value don't count. Several choices count as one value.
--
-- project_id: projects.id
-- project_title: title of the project
-- from_name: name of the control tag
-- type: kind of the results, in lower case
-- level: nominal (values are equal or not), or interval (ratings and numbers: squared difference)
-- tasks: tasks with two or more values
-- annotators: people who gave them
-- values_compared: these values
-- observed_disagreement: mean disagreement of two values of the same task
-- expected_disagreement: mean disagreement of any two values
-- alpha: 1: all agree; 0: as by chance; null where all values are the same
with units as (
    select
        project_id,
        from_name,
        type,
        task_id,
        item_index,
        value,
        number,
        annotator_id,
        count(*) over (partition by project_id, from_name, task_id, item_index) as unit_values
    from analytics.annotation_values
    where source = 'annotation'
),

comparable as (
    select *
    from units
    where unit_values > 1
),

people as (
    select
        project_id,
        from_name,
        max(type) as type,
        count(distinct task_id) as tasks,
        count(distinct annotator_id) as annotators
    from comparable
    group by project_id, from_name
),

unit_categories as (
    select
        project_id,
        from_name,
        task_id,
        item_index,
        value,
        max(unit_values) as unit_values,
        count(*) as times
    from comparable
    group by project_id, from_name, task_id, item_index, value
),

nominal_units as (
    select
        project_id,
        from_name,
        max(unit_values) as unit_values,
        (pow(max(unit_values), 2) - sum(pow(times, 2))) / (max(unit_values) - 1) as disagreement
    from unit_categories
    group by project_id, from_name, task_id, item_index
),

nominal_observed as (
    select
        project_id,
        from_name,
        sum(unit_values)::double as n,
        sum(disagreement) as disagreement
    from nominal_units
    group by project_id, from_name
),

categories as (
    select
        project_id,
        from_name,
        value,
        sum(times)::double as times
    from unit_categories
    group by project_id, from_name, value
),

nominal_expected as (
    select
        project_id,
        from_name,
        pow(sum(times), 2) - sum(pow(times, 2)) as disagreement
    from categories
    group by project_id, from_name
),

centered as (
    select
        *,
        number - avg(number) over (partition by project_id, from_name) as distance
    from comparable
    where number is not null
),

interval_units as (
    select
        project_id,
        from_name,
        count(*) as unit_values,
        2 * (count(*) * sum(pow(distance, 2)) - pow(sum(distance), 2)) / (count(*) - 1) as disagreement,
        sum(distance) as distance_sum,
        sum(pow(distance, 2)) as square_sum
    from centered
    group by project_id, from_name, task_id, item_index
    having count(*) > 1
),

interval_all as (
    select
        project_id,
        from_name,
        sum(unit_values)::double as n,
        sum(disagreement) as observed,
        2 * (sum(unit_values) * sum(square_sum) - pow(sum(distance_sum), 2)) as expected
    from interval_units
    group by project_id, from_name
),

levels as (
    select
        nominal_observed.project_id,
        nominal_observed.from_name,
        'nominal' as level,
        nominal_observed.n,
        nominal_observed.disagreement as observed,
        nominal_expected.disagreement as expected
    from nominal_observed
    inner join nominal_expected
        on
            nominal_observed.project_id = nominal_expected.project_id
            and nominal_observed.from_name = nominal_expected.from_name
    union all
    select
        project_id,
        from_name,
        'interval',
        n,
        observed,
        expected
    from interval_all
)

select
    levels.project_id,
    projects.title as project_title,
    levels.from_name,
    people.type,
    levels.level,
    people.tasks,
    people.annotators,
    levels.n::bigint as values_compared,
    levels.observed / levels.n as observed_disagreement,
    levels.expected / nullif(levels.n * (levels.n - 1), 0) as expected_disagreement,
    1 - (levels.n - 1) * levels.observed / nullif(levels.expected, 0) as alpha
from levels
inner join people on levels.project_id = people.project_id and levels.from_name = people.from_name
left join label_studio.projects on levels.project_id = projects.id
