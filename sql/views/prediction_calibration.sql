-- One row is a tenth of the scores that a model version gives on a control tag: how often predictions with such
-- scores are right. A well calibrated model is right in 80 of 100 cases where it scores 0.8. The score is that of the
-- region or choice, else that of the prediction; scores that are not from 0 to 1 are left out. Right is what
-- prediction_quality counts as a match from an overlap of 0.5 on.
--
-- project_id: projects.id
-- project_title: title of the project
-- model_version: model that predicted; null where a prediction names none
-- from_name: name of the control tag
-- type: kind of the results, in lower case
-- score_from: lower end of the tenth: 0, 0.1, … 0.9
-- score_to: upper end; it belongs to the next tenth, but for 1
-- predicted: regions or choices predicted with such a score
-- matches: those that are right
-- score_mean: their mean score
-- accuracy: matches ÷ predicted
-- gap: score_mean − accuracy: above 0 the model is too sure of itself
with bins as (
    select
        project_id,
        model_version_b as model_version,
        from_name,
        max(type) as type,
        score_bin,
        sum(regions)::bigint as predicted,
        sum(case when label_a = label_b then regions else 0 end)::bigint as matches,
        sum(score_sum) as score_sum
    from analytics.region_matches
    where source_b = 'prediction' and score_bin is not null
    group by project_id, model_version_b, from_name, score_bin
)

select
    bins.project_id,
    projects.title as project_title,
    bins.model_version,
    bins.from_name,
    bins.type,
    bins.score_bin / 10::double as score_from,
    (bins.score_bin + 1) / 10::double as score_to,
    bins.predicted,
    bins.matches,
    bins.score_sum / bins.predicted as score_mean,
    bins.matches / bins.predicted::double as accuracy,
    (bins.score_sum - bins.matches) / bins.predicted as gap
from bins
left join label_studio.projects on bins.project_id = projects.id
