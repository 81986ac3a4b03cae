-- One row is a label of a control tag in a week in which submitted annotations, or predictions, use the control tag.
-- A label's share is that of all uses of the control tag's labels in the week: the shares of a week add up to 1.
-- Every label that was used in any week has a row in each of these weeks, with zeros where it was not used. Weeks begin
-- on Monday (UTC); the day that an annotation or prediction was created on counts. Weeks without data have no rows:
-- changes are against the last week that has some.
--
-- project_id: projects.id
-- project_title: title of the project
-- from_name: name of the control tag
-- source: annotation or prediction
-- week: Monday of the week
-- label_path: root to leaf joined by ' / '; equal to the label where there is no path
-- uses: results that name the label in the week
-- control_uses: results that name any label of the control tag in the week; the smaller, the less a share says
-- share: uses ÷ control_uses, 0 to 1
-- previous_week: Monday of the last week before it with data on the control tag; null in the first
-- previous_share: share of the label in that week
-- change: share − previous_share, −1 to 1
with used as (
    select
        project_id,
        from_name,
        source,
        date_trunc('week', created_on)::date as week,
        label_path,
        sum(uses) as uses
    from analytics.annotation_labels
    where created_on is not null
    group by project_id, from_name, source, date_trunc('week', created_on)::date, label_path
),

weeks as (
    select
        project_id,
        from_name,
        source,
        week,
        sum(uses) as uses,
        lag(week) over (partition by project_id, from_name, source order by week) as previous_week
    from used
    group by project_id, from_name, source, week
),

labels as (
    select distinct
        project_id,
        from_name,
        source,
        label_path
    from used
),

shares as (
    select
        weeks.project_id,
        weeks.from_name,
        weeks.source,
        weeks.week,
        weeks.previous_week,
        labels.label_path,
        coalesce(used.uses, 0) as uses,
        weeks.uses as control_uses,
        coalesce(used.uses, 0) / weeks.uses::double as share
    from weeks
    inner join labels
        on
            weeks.project_id = labels.project_id
            and weeks.from_name = labels.from_name
            and weeks.source = labels.source
    left join used
        on
            weeks.project_id = used.project_id
            and weeks.from_name = used.from_name
            and weeks.source = used.source
            and weeks.week = used.week
            and labels.label_path = used.label_path
),

with_previous as (
    select
        *,
        lag(share) over (partition by project_id, from_name, source, label_path order by week) as previous_share
    from shares
)

select
    with_previous.project_id,
    projects.title as project_title,
    with_previous.from_name,
    with_previous.source,
    with_previous.week,
    with_previous.label_path,
    with_previous.uses::bigint as uses,
    with_previous.control_uses::bigint as control_uses,
    with_previous.share,
    with_previous.previous_week,
    with_previous.previous_share,
    with_previous.share - with_previous.previous_share as change
from with_previous
left join label_studio.projects on with_previous.project_id = projects.id
