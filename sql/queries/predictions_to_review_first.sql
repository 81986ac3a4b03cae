-- Which predicted tasks should people annotate next?
-- Tasks without a submitted annotation, the least sure prediction of the newest model version first.
--
-- $project_id bigint, required: the project
-- $limit bigint = 20: rows at most
--
-- task_id: tasks.id
-- inner_id: number of the task within its project
-- model_version: model that predicted last
-- score: the prediction's score, else the mean score of its results
-- lowest_score: the lowest score of one of its results
-- results: results of the prediction
with newest as (
    select
        predictions.*,
        row_number() over (
            partition by predictions.task_id
            order by predictions.created_at desc nulls last, predictions.id desc
        ) as place
    from label_studio.predictions
    where predictions.project_id = $project_id
),

scored as (
    select
        prediction_id,
        avg(score) as mean_score,
        min(score) as lowest_score
    from label_studio.results
    where project_id = $project_id and source = 'prediction'
    group by prediction_id
)

select
    newest.task_id,
    tasks.inner_id,
    newest.model_version,
    coalesce(newest.score, scored.mean_score) as score,
    scored.lowest_score,
    newest.result_count as results
from newest
inner join label_studio.tasks on newest.task_id = tasks.id
left join scored on newest.id = scored.prediction_id
where
    newest.place = 1
    and newest.task_id not in (
        select annotations.task_id
        from label_studio.annotations
        where annotations.project_id = $project_id and not coalesce(annotations.was_cancelled, false)
    )
order by score asc nulls last, scored.lowest_score asc nulls last, newest.task_id asc
limit $limit
