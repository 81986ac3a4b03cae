-- The keys of the API's objects that the tables have a place for; all others land in `extra`.

create macro task_keys() as [
    'id', 'project', 'inner_id', 'data', 'meta', 'created_at', 'updated_at', 'completed_at', 'is_labeled', 'overlap',
    'total_annotations', 'cancelled_annotations', 'total_predictions', 'avg_lead_time', 'predictions_score',
    'annotations_results', 'predictions_results', 'annotations_ids', 'predictions_model_versions', 'file_upload',
    'storage_filename', 'draft_exists', 'comment_count', 'unresolved_comment_count', 'last_comment_updated_at',
    'annotators', 'comment_authors', 'updated_by'
];

create macro task_lists() as ['annotations', 'predictions', 'drafts'];

create macro annotation_keys() as [
    'id', 'task', 'project', 'completed_by', 'created_username', 'created_ago', 'was_cancelled', 'ground_truth',
    'created_at', 'updated_at', 'draft_created_at', 'lead_time', 'import_id', 'last_action', 'bulk_created',
    'updated_by', 'last_created_by', 'parent_prediction', 'parent_annotation'
];

create macro prediction_keys() as [
    'id', 'task', 'project', 'model_version', 'score', 'cluster', 'neighbors', 'mislabeling', 'model', 'model_run',
    'created_at', 'updated_at', 'created_ago'
];

create macro draft_keys() as [
    'id', 'task', 'project', 'annotation', 'user', 'created_username', 'created_ago', 'lead_time', 'was_postponed',
    'import_id', 'created_at', 'updated_at'
];

create macro result_keys() as [
    'id', 'parentID', 'from_name', 'to_name', 'type', 'origin', 'score', 'item_index', 'original_width',
    'original_height', 'image_rotation', 'original_length', 'readonly', 'hidden', 'is_positive', 'from_id', 'to_id',
    'direction', 'labels', 'value', 'meta'
];

create macro value_keys() as [
    'x', 'y', 'width', 'height', 'rotation', 'radiusX', 'radiusY', 'closed', 'start', 'end', 'startOffset', 'endOffset',
    'globalOffsets', 'channel', 'instant', 'text', 'number', 'rating', 'datetime', 'selected', 'pageIndex',
    'framesCount', 'duration', 'format', 'imageDataURL', 'ranker'
];

create macro value_lists() as [
    'points', 'vertices', 'sequence', 'ranges', 'choices', 'taxonomy', 'labels', 'htmllabels', 'hypertextlabels',
    'paragraphlabels', 'timeserieslabels', 'timelinelabels', 'rectanglelabels', 'ellipselabels', 'polygonlabels',
    'keypointlabels', 'brushlabels', 'bitmasklabels', 'vectorlabels', 'videovectorlabels', 'ocrlabels'
];

-- The keys of a user inside an annotation; names and initials are those of the users table, the avatar's URL expires.
create macro embedded_user_keys() as
    ['id', 'email', 'first_name', 'last_name', 'initials', 'avatar'];

-- an avatar's URL expires
create macro user_keys() as
    ['id', 'email', 'username', 'first_name', 'last_name', 'initials', 'last_activity', 'date_joined', 'avatar'];

create macro project_keys() as [
    'id', 'title', 'description', 'label_config', 'created_at', 'created_by', 'is_published', 'maximum_annotations',
    'overlap_cohort_percentage', 'task_number', 'num_tasks_with_annotations', 'total_annotations_number',
    'total_predictions_number', 'skipped_annotations_number', 'model_version', 'control_weights'
];
