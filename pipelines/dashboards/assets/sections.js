// The sections of the page: what each figure shows, and what it says where it has nothing to show.

const NOTHING_HERE = "Nothing is here with these filters.";

// What a figure needs to show anything, and how to get it.
const MISSING = {
  annotations: "No annotations yet: annotate tasks in Label Studio, then run pipelines/tasks.py again.",
  pairs: "No task has annotations of two people: give the project an overlap (Settings, Annotation, Overlap) to see agreement.",
  predictions: "No predictions: import them with the tasks, or connect a model in Label Studio.",
  comparisons: "No prediction stands beside a submitted annotation: annotate tasks that have predictions.",
  scores: "No prediction with a score from 0 to 1 stands beside an annotation: let the model give scores.",
  labels: "No labels yet: neither annotations nor predictions use any.",
  runs: "No runs are noted: load with pipelines/tasks.py.",
};

const column = (name, key, show) => ({ name, value: (row) => row[key], show });

// What a date range means for a fact that knows no single days.
function coarse(board, name, filters) {
  const { grain } = board.facts.named[name];
  if (grain === "day" || (filters.from == null && filters.to == null)) return "";
  return grain === "all" ? " Of all time: this warehouse is too large to tell its days apart here." : ` Counted by whole ${grain}s.`;
}

const SECTIONS = {
  Progress: {
    "Burn-up": (figure, board, filters) => {
      const foreseen = burnUpLine(board, filters);
      const rows = [...burnUp(board, filters), ...foreseen];
      if (!rows.length) return figure.empty(NOTHING_HERE);
      const { tasks, done, left, pace, day } = forecast(board, filters);
      const outlook = !left ? "All are done." : day == null ? "None was done in the last 28 days, so the end can't be foreseen." : `At the pace of the last 28 days (${format.number(pace)} a day), the other ${format.number(left)} are done on ${format.day(day)}.`;
      const named = { Tasks: "tasks", Done: "done", Forecast: "forecast" };
      return figure.chart(CHARTS.burnUp(["Tasks", "Done", "Forecast"], foreseen.length > 0), rows, [column("day", "day", format.day), { name: "what", value: (row) => named[row.series] }, column("tasks", "tasks")], `${format.number(done)} of ${format.number(tasks)} tasks are done. ${outlook}${coarse(board, "tasks", filters)}`);
    },
    Throughput: (figure, board, filters) => {
      const { rows, grain } = throughput(board, filters);
      if (!rows.length) return figure.empty(filters.any ? NOTHING_HERE : MISSING.annotations);
      const people = [...new Set(rows.map((row) => row.person))].sort((a, b) => (a === "others") - (b === "others") || a.localeCompare(b));
      const sum = rows.reduce((total, row) => total + row.annotations, 0);
      return figure.chart(CHARTS.throughput(people), rows, [column(grain, "day", format.day), column("person", "person"), column("annotations", "annotations")], `${format.times(sum, "submitted annotation")} by person, per ${grain}.${coarse(board, "annotations", filters)}`);
    },
    "Remaining by project": (figure, board, filters) => {
      const projects = remaining(board, filters);
      if (!projects.length) return figure.empty(NOTHING_HERE);
      const names = new Map(projects.map((project) => [project.project_id, `${project.title ?? "project"} (${project.project_id})`]));
      const rows = projects.slice(0, 20).flatMap((project) => [["done", project.done], ["in progress", project.in_progress], ["skipped", project.skipped], ["not started", project.not_started]].map(([state, tasks], order) => ({ title: names.get(project.project_id), state, tasks, order })));
      const columns = [{ name: "project", value: (row) => names.get(row.project_id) }, column("tasks", "tasks"), column("done", "done"), column("in progress", "in_progress"), column("skipped", "skipped"), column("not started", "not_started"), column("done a day", "tasks_per_day"), column("done on", "forecast_date", (day) => day ?? "–"), column("hours left", "hours_left")];
      return figure.chart(CHARTS.remaining(Math.min(projects.length, 20)), rows, columns, `As of ${format.moment(board.loaded_at)}, whatever the dates chosen above.${projects.length > 20 ? " The 20 projects with most left; the table has all." : ""}`, projects);
    },
  },
  People: {
    "Performance": (figure, board, filters) => {
      const rows = performance(board, filters);
      if (!rows.length) return figure.empty(filters.any ? NOTHING_HERE : MISSING.annotations);
      const of = (share, pairs) => (value, row) => (row[pairs] ? `${format.percent(value)} (${format.number(row[pairs])})` : "–");
      const columns = [column("person", "name"), column("submitted", "submitted"), column("skipped", "skipped"), column("skip rate", "skip_rate", format.percent), column("results each", "results_per_annotation"), column("lead time: hours", "lead_time", (seconds) => format.number(seconds / 3600)), column("mean", "lead_time_mean", format.duration), column("median ≈", "lead_time_median", format.duration), column("agreement (pairs)", "agreement", of("agreement", "agreement_pairs")), column("with ground truth", "ground_truth_agreement", of("", "ground_truth_pairs")), column("with predictions", "prediction_agreement", of("", "prediction_pairs"))];
      return figure.content(table("Performance by person", columns, rows), `Medians are right to 6 %.${coarse(board, "annotations", filters)}`);
    },
    "Speed and agreement": (figure, board, filters) => {
      const rows = performance(board, filters).filter((row) => row.agreement != null && row.lead_time_median != null);
      if (!rows.length) return figure.empty(MISSING.pairs);
      return figure.chart(CHARTS.performance(), rows, [column("person", "name"), column("median lead time", "lead_time_median", format.duration), column("agreement", "agreement", format.percent), column("annotations", "submitted")], `${format.times(rows.length, "point")}, one for each person; the more annotations, the larger.${coarse(board, "agreement", filters)}`);
    },
    "Time per task": (figure, board, filters) => {
      const rows = leadTimeHistogram(board, filters);
      if (!rows.length) return figure.empty(filters.any ? NOTHING_HERE : MISSING.annotations);
      const sum = rows.reduce((total, row) => total + row.annotations, 0);
      return figure.chart(CHARTS.leadTimes(), rows, [column("from", "from", format.duration), column("to", "to", format.duration), column("annotations", "annotations")], `${format.times(sum, "annotation")}, half of them in about ${format.duration(median(leadTimeSteps(board, filters)))} or less.${coarse(board, "lead_times", filters)}`);
    },
    "Agreement between people": (figure, board, filters) => {
      const { people, left, cells } = agreementMatrix(board, filters);
      if (!people.length) return figure.empty(MISSING.pairs);
      const names = people.map((id) => board.personName(id));
      const shown = heatMap("Mean agreement of each two people", "person", names, names, (y, x) => {
        const cell = cells.get(`${people[y]} ${people[x]}`);
        if (!cell) return { share: null, text: y === x ? "" : "–" };
        return { share: cell.agreement, text: `${Math.round(100 * cell.agreement)}`, title: format.times(cell.pairs, "pair") };
      });
      return figure.content(shown, `Mean agreement of the pairs of annotations of two people, in percent.${left ? ` ${format.times(left, "person")} with fewer pairs not shown.` : ""}${coarse(board, "agreement", filters)}`);
    },
  },
  Labels: {
    "Labels: annotations beside predictions": (figure, board, filters) => {
      const all = labelDistribution(board, filters);
      if (!all.length) return figure.empty(filters.any ? NOTHING_HERE : MISSING.labels);
      const name = labelNames(all, board);
      const rows = all.slice(0, LABELS_SHOWN).flatMap((row) => [["annotations", row.annotation_share], ["predictions", row.prediction_share]].map(([source, value]) => ({ label: name(row), source, share: value })));
      return figure.chart(CHARTS.labels(Math.min(all.length, LABELS_SHOWN)), rows, [{ name: "label", value: name }, column("in annotations", "annotation_uses"), column("share", "annotation_share", format.percent), column("in predictions", "prediction_uses"), column("share", "prediction_share", format.percent)], `${format.times(all.length, "label")}${all.length > LABELS_SHOWN ? `, the ${LABELS_SHOWN} most used ones drawn` : ""}. Shares are of the uses of a control tag's labels.${coarse(board, "labels", filters)}`, all);
    },
    "Labels that people confuse": (figure, board, filters) => {
      const rows = labelConfusions(board, filters);
      if (!rows.length) return figure.empty(board.facts.named.confusions.length ? "Where two people labeled the same, they said the same, with these filters." : MISSING.pairs);
      return figure.content(table("Labels that people confuse", [column("one says", "label", format.label), column("the other says", "other_label", format.label), column("times", "times"), column("share of the first", "share", format.percent), column("control tag", "from_name"), { name: "project", value: (row) => board.projectName(row.project_id) }], rows), `Two people on the same task; each pair of labels is counted from both sides.${coarse(board, "confusions", filters)}`);
    },
    "Drift by week": (figure, board, filters) => {
      const { rows, grain, control, project } = drift(board, filters);
      if (!rows.length) return figure.empty(filters.any ? NOTHING_HERE : MISSING.labels);
      const labels = [...new Set(rows.map((row) => row.label))];
      return figure.chart(CHARTS.drift(labels), rows, [column(grain, "day", format.day), column("label", "label"), column("uses", "uses"), column("share", "share", format.percent)], `Of control tag ${control} in ${board.projectName(project)}, which has most annotations here: its ${labels.length} most used labels per ${grain}.`);
    },
  },
  Models: {
    "Precision, recall and F1 by version": (figure, board, filters) => {
      const all = modelVersions(board, filters);
      if (!all.length) return figure.empty(filters.any ? NOTHING_HERE : MISSING.predictions);
      const several = new Set(all.map((row) => row.project_id)).size > 1;
      const name = (row) => (several ? `${versionName(row.model_version)} · ${board.projectName(row.project_id)}` : versionName(row.model_version));
      const rows = all.filter((row) => row.f1 != null).flatMap((row) => [["precision", row.precision], ["recall", row.recall], ["F1", row.f1]].filter(([, value]) => value != null).map(([measure, value]) => ({ version: name(row), measure, value })));
      const columns = [{ name: "version", value: name }, column("predictions", "predictions"), column("mean score", "score_mean", (value) => (value == null ? "–" : value.toFixed(2))), column("tasks compared", "compared"), column("agreement", "agreement", format.percent), column("precision", "precision", format.percent), column("recall", "recall", format.percent), column("F1", "f1", format.percent)];
      if (!rows.length) return figure.content(table("Model versions", columns, all), MISSING.comparisons);
      return figure.chart(CHARTS.models(new Set(rows.map((row) => row.version)).size), rows, columns, `Against the reference annotation of each task; regions count from an overlap of 0.5 on. Versions that saw other tasks can't be compared by this alone.${coarse(board, "model_matches", filters)}`, all);
    },
    Calibration: (figure, board, filters) => {
      const rows = calibration(board, filters).map((row) => ({ ...row, version: versionName(row.model_version) }));
      if (!rows.length) return figure.empty(filters.any ? NOTHING_HERE : MISSING.scores);
      return figure.chart(CHARTS.calibration([...new Set(rows.map((row) => row.version))]), rows, [column("version", "version"), column("mean score", "score_mean", (value) => value.toFixed(2)), column("right", "accuracy", format.percent), column("predicted", "predicted")], `A model that knows how sure it is stays on the dashed line; below it, it is too sure.${coarse(board, "calibration", filters)}`);
    },
    "What models say, and what annotations say": (figure, board, filters) => {
      const rows = modelConfusions(board, filters);
      if (!rows.length) return figure.empty(filters.any ? NOTHING_HERE : MISSING.comparisons);
      const actual = [...busiest(rows, "actual_label", "regions", 15)];
      const predicted = [...new Set([...actual, ...busiest(rows, "predicted_label", "regions", 15)])];
      const totals = sumsBy(rows, (row) => row.actual_label, "regions");
      const counts = new Map(rows.map((row) => [JSON.stringify([row.actual_label, row.predicted_label]), row.regions]));
      const shown = heatMap("Labels of annotations, by labels of predictions", "annotation ↓ model →", actual.map(format.label), predicted.map(format.label), (y, x) => {
        const count = counts.get(JSON.stringify([actual[y], predicted[x]]));
        return count ? { share: count / totals.get(actual[y]), text: format.number(count), title: format.percent(count / totals.get(actual[y])) } : { share: null };
      });
      const left = new Set(rows.map((row) => row.actual_label)).size - actual.length;
      const mixed = board.facts.group("model_matches", filters, ["from_name"], []).length > 1;
      return figure.content(shown, `Regions and choices; the shade is the share of the row.${mixed ? " All control tags together: choose one above to tell them apart." : ""}${left > 0 ? ` ${format.times(left, "rarer label")} not shown.` : ""}${coarse(board, "model_matches", filters)}`);
    },
  },
  Quality: {
    Findings: (figure, board, filters) => {
      const rows = findingKinds(board, filters);
      if (!rows.length) return figure.empty(filters.any ? "Nothing was found with these filters." : "Nothing was found: no region out of its frame, no empty annotation, no unknown label.");
      return figure.content(table("Findings", [column("finding", "finding", format.words), column("severity", "severity", severity), column("how many", "findings")], rows), `An error can't be right, a warning should be looked at.${coarse(board, "findings", filters)}`);
    },
    "Data checks": (figure, board) => {
      if (board.checks == null) return figure.empty(checksOfLastRun(board));
      if (!board.checks.length) return figure.empty("All checks passed: nothing is lost, doubled or out of step.");
      return figure.content(table("Data checks", [column("check", "name", format.words), column("severity", "severity", severity), column("rows", "found"), column("meaning", "meaning")], board.checks), "Checks that found something.");
    },
    "Newest findings": (figure, board, filters) => {
      const rows = listed(board, "findings", filters);
      if (!rows.length) return figure.empty("Nothing was found with these filters.");
      return figure.content(table("Newest findings", [{ name: "task", value: (row) => Number(row.task_id), show: (_, row) => board.taskLink(row.task_id, row.project_id) }, column("finding", "finding", format.words), column("severity", "severity", severity), column("detail", "detail"), column("control tag", "from_name", (name) => name ?? ""), { name: "by", value: (row) => row.model_version ?? (row.annotator_id == null ? "" : board.personName(row.annotator_id)) }, column("day", "day", format.day)], rows), "The newest twenty of each kind and project.");
    },
    "Worst disagreements": (figure, board, filters) => {
      const rows = listed(board, "disagreements", filters);
      if (!rows.length) return figure.empty(board.facts.named.agreement.length ? "No two annotations disagree with these filters." : MISSING.pairs);
      const said = (value) => value ?? "regions";
      return figure.content(table("Worst disagreements", [{ name: "task", value: (row) => Number(row.task_id), show: (_, row) => board.taskLink(row.task_id, row.project_id) }, column("agreement", "agreement", format.percent), column("control tag", "from_name"), { name: "one", value: (row) => board.personName(row.annotator_id) }, column("says", "value_a", said), { name: "the other", value: (row) => board.personName(row.other_id) }, column("says", "value_b", said), column("annotations", "annotations")], rows), "The hundred worst of each project, the least agreement first.");
    },
    "Last runs": (figure, board) => {
      if (!board.runs.length) return figure.empty(MISSING.runs);
      const ended = (code, row) => (code == null ? "not ended" : code === 0 ? "done" : `exit code ${code}${row.error ? `: ${row.error}` : ""}`);
      return figure.content(table("Last runs", [column("began", "started_at", format.moment), column("took", "seconds", format.duration), column("mode", "mode", (mode) => mode ?? "–"), column("fetched", "fetched"), column("changed", "changed"), column("deleted", "deleted"), column("failed", "failed"), column("ended", "exit_code", ended)], board.runs), "Whatever the filters.");
    },
  },
};

const WIDE = ["Remaining by project", "Performance", "Agreement between people", "Drift by week", "What models say, and what annotations say", "Newest findings", "Worst disagreements", "Last runs"];

function checksOfLastRun({ runs: [last] }) {
  const how = "python pipelines/dashboard.py --check runs them, and shows what they find.";
  if (last?.exit_code === 0) return `The last run passed its checks. ${how}`;
  if (last?.exit_code === 3) return `A check failed in the last run. ${how}`;
  return `The checks were not run for this page. ${how}`;
}

function severity(text) {
  return text === "error" ? element("span", { class: "error" }, "error") : text;
}
