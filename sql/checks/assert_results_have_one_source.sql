-- Results that stand in none, or in several, of an annotation, a prediction and a draft, or not in what they say.
-- severity: error
select
    result_key,
    source,
    annotation_id,
    prediction_id,
    draft_id
from results
where
    case source
        when 'annotation' then annotation_id is null or prediction_id is not null or draft_id is not null
        when 'prediction' then prediction_id is null or annotation_id is not null or draft_id is not null
        when 'draft' then draft_id is null or annotation_id is not null or prediction_id is not null
        else true
    end
