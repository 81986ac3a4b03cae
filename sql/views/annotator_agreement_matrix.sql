-- One row is a person, and another person or a model version, who annotated or predicted the same tasks of a project,
-- with how far they agree. Each pair of people stands in it twice, once from each side, as a matrix shows it. Pairs
-- of annotations by the same person are left out.
--
-- project_id: projects.id
-- project_title: title of the project
-- annotator_id: users.id
-- annotator: e-mail of the person, or 'user' and the id
-- other_source: annotation (another person) or prediction (a model)
-- other_annotator_id: the other person: users.id
-- other_model_version: the model version; null where a prediction names none
-- other: e-mail of the other person, or the model version
-- tasks: tasks that both have annotated or predicted
-- pairs: pairs of annotations, or of an annotation and a prediction
-- agreement: mean agreement of the pairs, 0 to 1
with sides as (
    select
        project_id,
        task_id,
        annotator_a_id as annotator_id,
        source_b as other_source,
        annotator_b_id as other_annotator_id,
        model_version_b as other_model_version,
        agreement
    from analytics.pair_agreement
    where annotator_a_id is not null and annotator_a_id is distinct from annotator_b_id
    union all
    select
        project_id,
        task_id,
        annotator_b_id,
        source_b,
        annotator_a_id,
        null,
        agreement
    from analytics.pair_agreement
    where source_b = 'annotation' and annotator_b_id is not null and annotator_a_id is distinct from annotator_b_id
),

cells as (
    select
        project_id,
        annotator_id,
        other_source,
        other_annotator_id,
        other_model_version,
        count(distinct task_id) as tasks,
        count(*) as pairs,
        avg(agreement) as agreement
    from sides
    where other_source = 'prediction' or other_annotator_id is not null
    group by project_id, annotator_id, other_source, other_annotator_id, other_model_version
)

select
    cells.project_id,
    projects.title as project_title,
    cells.annotator_id,
    coalesce(users.email, 'user ' || cells.annotator_id) as annotator,
    cells.other_source,
    cells.other_annotator_id,
    cells.other_model_version,
    case
        when cells.other_source = 'prediction' then coalesce(cells.other_model_version, 'no model version')
        else coalesce(others.email, 'user ' || cells.other_annotator_id)
    end as other,
    cells.tasks,
    cells.pairs,
    cells.agreement
from cells
left join label_studio.projects on cells.project_id = projects.id
left join label_studio.users on cells.annotator_id = users.id
left join label_studio.users as others on cells.other_annotator_id = others.id
