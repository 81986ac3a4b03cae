"""What each chart of the Superset dashboard shows, asked once more in SQL of its own: columns in the chart's order."""

_PROJECT = "project_title || ' (' || project_id || ')'"
_PERSON = "case when annotator_email is not null then annotator_email else 'user ' || annotator_id end"


def _said(label: str) -> str:
    return f"case when {label} is null then '(nothing)' when {label} = '' then '(no label)' else {label} end"


QUESTIONS = {
    "Tasks": "select count(*) from label_studio.tasks",
    "Tasks done": "select count(*) from label_studio.tasks where is_labeled",
    "Annotations": "select count(*) from label_studio.annotations where not was_cancelled",
    "People": "select count(distinct completed_by_id) from label_studio.annotations",
    "Agreement": "select avg(agreement) from analytics.task_overview",
    "Data as of": "select max(inserted_at) at time zone 'UTC' from label_studio._dlt_loads where status = 0",
    "Projects": f"""
        select {_PROJECT}, tasks, tasks_done, tasks_done / tasks, submitted, skipped, annotations_left, annotators,
            agreement, lead_time_median, last_activity_at
        from analytics.project_progress
    """,
    "Tasks by state": f"""
        select {_PROJECT}, count(*) filter (where state = 'done'), count(*) filter (where state = 'in progress'),
            count(*) filter (where state = 'skipped'), count(*) filter (where state = 'not started')
        from analytics.task_overview
        group by all
    """,
    "Tasks done so far": f"select day, {_PROJECT}, tasks_done_total from analytics.throughput_daily",
    "Annotations a day": """
        select (created_at at time zone 'UTC')::date, users.email, count(*) filter (where not was_cancelled)
        from label_studio.annotations
        inner join label_studio.users on annotations.completed_by_id = users.id
        group by all
    """,
    "Remaining tasks": f"""
        select {_PROJECT}, tasks, tasks_done, tasks - tasks_done, annotations_left, tasks_per_day, days_left,
            forecast_date, lead_time_hours_left
        from analytics.remaining_tasks
    """,
    "Performance": f"""
        select {_PERSON}, {_PROJECT}, submitted, skipped, skipped / (submitted + skipped), lead_time_median,
            lead_time_p90, agreement, agreement_pairs, ground_truth_agreement, prediction_agreement, last_active_at
        from analytics.annotator_performance
    """,
    "Agreement between people": """
        select others.email, users.email, avg(agreement)
        from analytics.pair_agreement
        inner join label_studio.users
            on users.id in (pair_agreement.annotator_a_id, pair_agreement.annotator_b_id)
        inner join label_studio.users as others
            on others.id in (pair_agreement.annotator_a_id, pair_agreement.annotator_b_id)
        where source_b = 'annotation' and users.id <> others.id
        group by all
    """,
    "Time per annotation": """
        select users.email, median(lead_time), quantile_cont(lead_time, 0.9)
        from label_studio.annotations
        inner join label_studio.users on annotations.completed_by_id = users.id
        where not was_cancelled
        group by all
    """,
    "Labels in annotations and predictions": """
        select from_name || ': ' || label_path, sum(annotation_uses), sum(prediction_uses)
        from analytics.label_distribution
        group by all
        order by 2 desc
        limit 30
    """,
    "Labels taken for each other": f"""
        select {_PROJECT}, from_name, {_said("label")}, {_said("other_label")}, times
        from analytics.label_confusion
        where label is distinct from other_label and not coalesce(label > other_label, false)
    """,
    "Shares of labels by week": """
        select week, from_name || ': ' || label_path, sum(uses) / sum(control_uses)
        from analytics.label_drift
        where source = 'annotation' and from_name || ': ' || label_path in (
            select from_name || ': ' || label_path
            from analytics.label_drift
            where source = 'annotation'
            group by all
            order by sum(uses) desc
            limit 10
        )
        group by all
    """,
    "Precision, recall and F1": """
        select coalesce(model_version, 'no version'),
            sum(case when label_a = label_b then regions else 0 end) / sum(regions) filter (where label_b is not null),
            sum(case when label_a = label_b then regions else 0 end) / sum(regions) filter (where label_a is not null),
            2 * sum(case when label_a = label_b then regions else 0 end)
            / (sum(regions) filter (where label_b is not null) + sum(regions) filter (where label_a is not null))
        from (select *, model_version_b as model_version from analytics.region_matches where source_b = 'prediction')
        group by all
    """,
    "Calibration": """
        select score_bin / 10, sum(case when label_a = label_b then regions else 0 end) / sum(regions),
            sum(score_sum) / sum(regions)
        from analytics.region_matches
        where source_b = 'prediction' and score_bin is not null
        group by all
    """,
    "Confusion of models": f"""
        select {_said("label_b")}, {_said("label_a")}, sum(regions)
        from analytics.region_matches
        where source_b = 'prediction'
        group by all
    """,
    "Model versions": f"""
        select {_PROJECT}, coalesce(model_version, 'no version'), predictions, tasks_compared, agreement, precision,
            recall, f1, previous_version, tasks_shared, agreement_shared, previous_agreement_shared, better, worse
        from analytics.model_comparison
    """,
    "Findings by kind": """
        select finding, severity, source, count(*), count(distinct task_id)
        from analytics.data_quality_issues
        group by all
    """,
    "Worst disagreements": f"""
        select {_PROJECT}, task_id::varchar, from_name, agreement, annotator_a, annotator_b, value_a, value_b
        from analytics.disagreements
        order by agreement, annotations desc, disagreements.task_id, from_name
        limit 500
    """,
    "Findings": """
        select severity, finding, projects.title || ' (' || project_id || ')', task_id::varchar, annotation_id::varchar,
            prediction_id::varchar, users.email, issues.model_version, from_name, detail,
            (issues.created_at at time zone 'UTC')::date
        from analytics.data_quality_issues as issues
        inner join label_studio.projects on issues.project_id = projects.id
        left join label_studio.users on issues.annotator_id = users.id
    """,
}
