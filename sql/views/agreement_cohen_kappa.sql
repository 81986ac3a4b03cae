-- One row is two people and a control tag whose value is of the whole task: Cohen's kappa, (observed − expected) ÷ (1
-- − expected): how much more often they say the same than by chance. Expected is the chance that two values drawn
-- from what each of them said on these tasks are equal (Cohen 1960). Several choices count as one value.
--
-- project_id: projects.id
-- project_title: title of the project
-- from_name: name of the control tag
-- type: kind of the results, in lower case
-- annotator_a_id: users.id, the smaller of both
-- annotator_b_id: users.id, the larger of both
-- annotator_a: e-mail of person a, or 'user' and the id
-- annotator_b: e-mail of person b, or 'user' and the id
-- tasks: tasks on which both gave a value
-- values_compared: pairs of values; more than tasks where they annotated twice, or tasks have several pages
-- categories: different values that they gave
-- observed: share of equal values
-- expected: share of equal values by chance
-- kappa: 1: always the same; 0: no more than by chance; null where chance alone makes all equal
with pairs as (
    select
        a.project_id,
        a.task_id,
        a.from_name,
        a.type,
        a.annotator_id as annotator_a_id,
        b.annotator_id as annotator_b_id,
        a.value as value_a,
        b.value as value_b
    from analytics.annotation_values as a
    inner join analytics.annotation_values as b
        on a.task_id = b.task_id and a.from_name = b.from_name and a.item_index = b.item_index
    where a.source = 'annotation' and b.source = 'annotation' and a.annotator_id < b.annotator_id
),

observed as (
    select
        project_id,
        from_name,
        annotator_a_id,
        annotator_b_id,
        max(type) as type,
        count(distinct task_id) as tasks,
        count(*) as values_compared,
        avg(case when value_a = value_b then 1.0 else 0.0 end) as observed
    from pairs
    group by project_id, from_name, annotator_a_id, annotator_b_id
),

given as (
    select
        project_id,
        from_name,
        annotator_a_id,
        annotator_b_id,
        value_a as value,
        count(*) as times_a,
        0 as times_b
    from pairs
    group by project_id, from_name, annotator_a_id, annotator_b_id, value_a
    union all
    select
        project_id,
        from_name,
        annotator_a_id,
        annotator_b_id,
        value_b,
        0,
        count(*)
    from pairs
    group by project_id, from_name, annotator_a_id, annotator_b_id, value_b
),

times as (
    select
        project_id,
        from_name,
        annotator_a_id,
        annotator_b_id,
        value,
        sum(times_a)::double as times_a,
        sum(times_b)::double as times_b
    from given
    group by project_id, from_name, annotator_a_id, annotator_b_id, value
),

chance as (
    select
        project_id,
        from_name,
        annotator_a_id,
        annotator_b_id,
        count(*) as categories,
        sum(times_a * times_b) / (sum(times_a) * sum(times_b)) as expected
    from times
    group by project_id, from_name, annotator_a_id, annotator_b_id
)

select
    observed.project_id,
    projects.title as project_title,
    observed.from_name,
    observed.type,
    observed.annotator_a_id,
    observed.annotator_b_id,
    coalesce(users_a.email, 'user ' || observed.annotator_a_id) as annotator_a,
    coalesce(users_b.email, 'user ' || observed.annotator_b_id) as annotator_b,
    observed.tasks,
    observed.values_compared,
    chance.categories,
    observed.observed,
    chance.expected,
    case
        when chance.categories > 1 then (observed.observed - chance.expected) / nullif(1 - chance.expected, 0)
    end as kappa
from observed
inner join chance
    on
        observed.project_id = chance.project_id
        and observed.from_name = chance.from_name
        and observed.annotator_a_id = chance.annotator_a_id
        and observed.annotator_b_id = chance.annotator_b_id
left join label_studio.projects on observed.project_id = projects.id
left join label_studio.users as users_a on observed.annotator_a_id = users_a.id
left join label_studio.users as users_b on observed.annotator_b_id = users_b.id
