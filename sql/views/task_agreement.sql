-- One row is a task with two or more submitted annotations: how far they agree, by default metrics. agreement: per
-- control tag the mean score of all pairs, then the mean over control tags by their weights. consensus: per control
-- tag the share of annotations in the largest group that agrees: those that score 0.75 or more with the same
-- annotation (choices: that say the same); 0 where no two agree; then the mean over control tags by their weights.
-- The paid edition's documentation gives a third and nothing for three different choices: it is nothing here, as for
-- regions.
--
-- project_id: projects.id
-- task_id: tasks.id
-- annotations: submitted annotations
-- annotators: people who made them
-- pairs: pairs of annotations
-- agreement: mean over pairs, 0 to 1; null where all weights are 0
-- consensus: share of the largest group that agrees, 0 to 1
-- lowest_agreement: the mean score of the control tag that they agree on least
-- lowest_control: name of that control tag
with scores as (
    select
        project_id,
        task_id,
        from_name,
        annotation_a_id,
        annotation_b_id,
        weight,
        score,
        score >= 0.75 or (metric = 'exact_match' and type in ('choices', 'taxonomy') and score > 0) as agrees
    from analytics.agreement_scores
    where source_b = 'annotation' and is_default and score is not null
),

sides as (
    select
        project_id,
        task_id,
        from_name,
        annotation_a_id as annotation_id,
        agrees
    from scores
    union all
    select
        project_id,
        task_id,
        from_name,
        annotation_b_id,
        agrees
    from scores
),

groups as (
    select
        project_id,
        task_id,
        from_name,
        annotation_id,
        1 + count(*) as annotations,
        1 + count(*) filter (where agrees) as agreeing
    from sides
    group by project_id, task_id, from_name, annotation_id
),

control_consensus as (
    select
        project_id,
        task_id,
        from_name,
        case when max(agreeing) > 1 then max(agreeing) / max(annotations)::double else 0 end as consensus
    from groups
    group by project_id, task_id, from_name
),

control_scores as (
    select
        project_id,
        task_id,
        from_name,
        max(weight) as weight,
        avg(score) as agreement
    from scores
    group by project_id, task_id, from_name
),

ranked as (
    select
        control_scores.project_id,
        control_scores.task_id,
        control_scores.from_name,
        control_scores.weight,
        control_scores.agreement,
        control_consensus.consensus,
        row_number() over (
            partition by control_scores.task_id
            order by control_scores.agreement, control_scores.from_name collate "C"
        ) as place
    from control_scores
    inner join control_consensus
        on
            control_scores.task_id = control_consensus.task_id
            and control_scores.from_name = control_consensus.from_name
),

annotated as (
    select
        annotations.project_id,
        annotations.task_id,
        count(*) as annotations,
        count(distinct annotations.completed_by_id) as annotators
    from label_studio.annotations
    where not coalesce(annotations.was_cancelled, false)
    group by annotations.project_id, annotations.task_id
    having count(*) > 1
),

agreed as (
    select
        task_id,
        sum(weight * agreement) / nullif(sum(weight), 0) as agreement,
        sum(weight * consensus) / nullif(sum(weight), 0) as consensus,
        min(agreement) as lowest_agreement,
        max(case when place = 1 then from_name end) as lowest_control
    from ranked
    group by task_id
)

select
    annotated.project_id,
    annotated.task_id,
    annotated.annotations,
    annotated.annotators,
    annotated.annotations * (annotated.annotations - 1) // 2 as pairs,
    agreed.agreement,
    agreed.consensus,
    agreed.lowest_agreement,
    agreed.lowest_control
from annotated
left join agreed on annotated.task_id = agreed.task_id
