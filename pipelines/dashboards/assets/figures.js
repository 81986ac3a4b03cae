// What the page shows of tasks, labels and models, worked out from the facts: each function gives plain rows.

// Groups that a chart shows one by one; the rest stands together.
const MOST_SERIES = 7;

const LABELS_SHOWN = 15;

// ---- Overview

function overview(board, filters) {
  const { facts, today } = board;
  const spans = (name) => facts.spans(name, filters, today);
  const tasks = facts.total("tasks", filters, ["created", "done"]);
  const worked = facts.total("annotations", filters, ["submitted", "skipped"]);
  const agreed = facts.total("agreement", filters, ["pairs", "score"]);
  return [
    { name: "Tasks", value: format.number(tasks.created), change: changed(spans("tasks"), (range) => facts.total("tasks", range, ["created"]).created) },
    { name: "Done", value: format.number(tasks.done), note: `${format.percent(ratio(tasks.done, tasks.created))} of tasks`, change: changed(spans("tasks"), (range) => facts.total("tasks", range, ["done"]).done) },
    { name: "Annotations", value: format.number(worked.submitted), note: `${format.number(worked.skipped)} skipped`, change: changed(spans("annotations"), (range) => facts.total("annotations", range, ["submitted"]).submitted) },
    { name: "People", value: format.number(activePeople(facts, filters)), note: "who annotated", change: changed(spans("annotations"), (range) => activePeople(facts, range)) },
    {
      name: "Mean agreement",
      value: format.percent(ratio(agreed.score, agreed.pairs)),
      note: agreed.pairs ? `of ${format.times(agreed.pairs, "pair")} of annotations` : "no task has two annotations",
      change: changed(spans("agreement"), (range) => {
        const { pairs, score } = facts.total("agreement", range, ["pairs", "score"]);
        return ratio(score, pairs);
      }, true),
    },
    { name: "Data as of", value: format.moment(board.loaded_at).replace(" UTC", ""), note: `UTC, ${format.ago(board.loaded_at)}`, change: runBefore(board) },
  ];
}

function changed(spans, measure, isShare = false) {
  if (!spans) return "";
  const [now, before] = [measure(spans.now), measure(spans.before)];
  const shown = isShare ? format.percent : format.number;
  const text = `${spans.length} to ${format.day(spans.now.to).replaceAll("-", "\u2011")}: ${shown(now)}`;
  if (before == null || now == null) return text;
  const change = isShare ? format.points(now - before) : before ? format.change(now / before - 1) : "";
  return `${text}, before: ${shown(before)}${change && ` (${change})`}`;
}

function activePeople(facts, filters) {
  const people = facts.group("annotations", filters, ["annotator_id"], ["submitted", "skipped"]);
  return people.filter((person) => person.annotator_id != null && person.submitted + person.skipped > 0).length;
}

function runBefore(board) {
  const good = board.runs.filter((run) => run.exit_code === 0 || run.exit_code === 3);
  return good.length > 1 ? `the run before: ${format.moment(good[1].started_at)}` : "";
}

// ---- Progress

function burnUp(board, filters) {
  const { facts } = board;
  const undated = { ...filters, from: null, to: null };
  const events = facts.group("tasks", undated, ["day"], ["created", "done"]).sort((a, b) => (a.day ?? -1e9) - (b.day ?? -1e9));
  const rows = [];
  const sums = { created: 0, done: 0 };
  for (const event of events) {
    sums.created += event.created;
    sums.done += event.done;
    const inRange = event.day != null && (filters.from == null || event.day >= days.start(filters.from, facts.named.tasks.grain)) && (filters.to == null || event.day <= filters.to);
    if (inRange) rows.push({ day: event.day, series: "Tasks", tasks: sums.created }, { day: event.day, series: "Done", tasks: sums.done });
  }
  if (rows.length && (filters.to == null || filters.to >= board.today)) {
    rows.push({ day: board.today, series: "Tasks", tasks: sums.created }, { day: board.today, series: "Done", tasks: sums.done });
  }
  return rows;
}

function forecast(board, filters) {
  const projects = board.facts.projects(filters, board.projects);
  const tasks = projects.reduce((sum, project) => sum + project.tasks, 0);
  const done = projects.reduce((sum, project) => sum + project.done, 0);
  const pace = projects.reduce((sum, project) => sum + project.tasks_per_day, 0);
  const left = tasks - done;
  const daysLeft = pace && left ? left / pace : null;
  const day = daysLeft != null && daysLeft <= 36500 ? board.today + Math.ceil(daysLeft) : null;
  return { tasks, done, left, pace, day };
}

function burnUpLine(board, filters) {
  const { tasks, done, left, day } = forecast(board, filters);
  const isOpen = filters.to == null || filters.to >= board.today;
  if (!left || day == null || !isOpen || day - board.today > 1825) return [];
  return [
    { day: board.today, series: "Forecast", tasks: done },
    { day, series: "Forecast", tasks },
  ];
}

function throughput(board, filters) {
  const rows = board.facts.group("annotations", filters, ["day", "annotator_id"], ["submitted"]).filter((row) => row.day != null && row.submitted);
  const grain = chartGrain(rows, board.facts.named.annotations.grain);
  const names = busiest(rows, "annotator_id", "submitted");
  const sums = new Map();
  for (const row of rows) {
    const person = names.has(row.annotator_id) ? board.personName(row.annotator_id) : "others";
    const day = days.start(row.day, grain);
    const key = JSON.stringify([day, person]);
    sums.set(key, { day, until: days.shift(day, grain, 1), person, annotations: (sums.get(key)?.annotations ?? 0) + row.submitted });
  }
  return { grain, rows: [...sums.values()].sort((a, b) => a.day - b.day || a.person.localeCompare(b.person)) };
}

// The grain in which bars of a chart are not too thin.
function chartGrain(rows, grain) {
  const [first, last] = extent(rows.map((row) => row.day));
  const length = last - first;
  const wanted = length > 1000 ? "month" : length > 130 ? "week" : "day";
  const grains = ["day", "week", "month", "year"];
  return grains[Math.max(grains.indexOf(wanted), grains.indexOf(grain))] ?? "day";
}

function extent(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

// Sums of a measure, by what rows have in common.
function sumsBy(rows, key, measure) {
  const sums = new Map();
  for (const row of rows) sums.set(key(row), (sums.get(key(row)) ?? 0) + row[measure]);
  return sums;
}

function busiest(rows, key, measure, most = MOST_SERIES) {
  return new Set([...sumsBy(rows, (row) => row[key], measure)].sort((a, b) => b[1] - a[1]).slice(0, most).map(([value]) => value));
}

function remaining(board, filters) {
  return board.facts.projects(filters, board.projects).sort((a, b) => b.tasks - b.done - (a.tasks - a.done));
}

// ---- Labels

function labelDistribution(board, filters) {
  const keys = ["project_id", "from_name", "label_path"];
  const sides = ["annotation", "prediction"].map((source) => {
    const is = board.facts.named.labels.equals("source", source);
    // a person has made no predictions, a model version no annotations
    const own = source === "annotation" ? { ...filters, model: null } : { ...filters, person: null };
    return board.facts.group("labels", own, keys, ["uses"], is);
  });
  const control = (row) => JSON.stringify([row.project_id, row.from_name]);
  const rows = new Map();
  sides.forEach((side, place) => {
    const totals = sumsBy(side, control, "uses");
    for (const row of side) {
      const key = JSON.stringify([row.project_id, row.from_name, row.label_path]);
      const found = rows.get(key) ?? { project_id: row.project_id, from_name: row.from_name, label: row.label_path, uses: [0, 0], shares: [0, 0] };
      found.uses[place] = row.uses;
      found.shares[place] = row.uses / totals.get(control(row));
      rows.set(key, found);
    }
  });
  return [...rows.values()]
    .map(({ uses, shares, ...row }) => ({ ...row, annotation_uses: uses[0], prediction_uses: uses[1], annotation_share: shares[0], prediction_share: shares[1] }))
    .sort((a, b) => b.annotation_uses + b.prediction_uses - a.annotation_uses - a.prediction_uses);
}

// Names of labels that say which control tag they are of, where there are several.
function labelNames(rows, board) {
  const projects = new Set(rows.map((row) => row.project_id)).size > 1;
  const controls = projects || new Set(rows.map((row) => row.from_name)).size > 1;
  return (row) => [projects && board.projectName(row.project_id), controls && row.from_name, format.label(row.label)].filter(Boolean).join(" · ");
}

function labelConfusions(board, filters) {
  const rows = board.facts.group("confusions", { ...filters, model: null }, ["project_id", "from_name", "label", "other_label"], ["times"]);
  const key = (row) => JSON.stringify([row.project_id, row.from_name, row.label]);
  const totals = sumsBy(rows, key, "times");
  return rows
    .filter((row) => row.label !== row.other_label)
    .map((row) => ({ ...row, share: row.times / totals.get(key(row)) }))
    .sort((a, b) => b.times - a.times || b.share - a.share);
}

function drift(board, filters) {
  const fact = board.facts.named.labels;
  const is = fact.equals("source", "annotation");
  const own = { ...filters, model: null };
  const rows = board.facts.group("labels", own, ["project_id", "from_name", "label_path", "day"], ["uses"], is).filter((row) => row.day != null);
  // the shares of one control tag: that of which there is most
  const [control] = busiest(rows.map((row) => ({ ...row, control: JSON.stringify([row.project_id, row.from_name]) })), "control", "uses", 1);
  if (!control) return { rows: [], grain: "week" };
  const [project, name] = JSON.parse(control);
  const grain = ["day", "week"].includes(fact.grain) ? "week" : fact.grain;
  const mine = rows.filter((row) => row.project_id === project && row.from_name === name);
  const labels = busiest(mine, "label_path", "uses");
  const periods = new Map();
  for (const row of mine) {
    const start = days.start(row.day, grain);
    const period = periods.get(start) ?? { all: 0, labels: new Map() };
    period.all += row.uses;
    period.labels.set(row.label_path, (period.labels.get(row.label_path) ?? 0) + row.uses);
    periods.set(start, period);
  }
  const shown = [...periods].sort((a, b) => a[0] - b[0]).flatMap(([day, period]) =>
    [...labels].map((label) => ({ day, label, uses: period.labels.get(label) ?? 0, share: (period.labels.get(label) ?? 0) / period.all })),
  );
  return { rows: shown, grain, control: name, project };
}

// ---- Models

function modelVersions(board, filters) {
  const { facts } = board;
  const keys = ["project_id", "model_version"];
  const undated = facts.group("predictions", { ...filters, from: null, to: null }, [...keys, "day"], ["predictions"]);
  const first = new Map();
  for (const row of undated) {
    const key = JSON.stringify([row.project_id, row.model_version]);
    first.set(key, Math.min(first.get(key) ?? Infinity, row.day ?? Infinity));
  }
  const versions = new Map();
  const merge = (rows) => {
    for (const row of rows) {
      const key = JSON.stringify([row.project_id, row.model_version]);
      versions.set(key, { ...(versions.get(key) ?? { first: first.get(key) ?? Infinity }), ...row });
    }
  };
  merge(facts.group("predictions", filters, keys, ["predictions", "scored", "score"]).map(({ score, scored, ...row }) => ({ ...row, score_mean: ratio(score, scored) })));
  merge(facts.group("model_agreement", filters, keys, ["compared", "compared_score"]));
  merge(matchCounts(facts.group("model_matches", filters, [...keys, "predicted_label", "actual_label"], ["regions"]), keys));
  return [...versions.values()]
    .map((row) => ({
      ...row,
      agreement: ratio(row.compared_score, row.compared),
      precision: ratio(row.matches, row.predicted),
      recall: ratio(row.matches, row.actual),
      f1: ratio(2 * row.matches, row.predicted + row.actual),
    }))
    .sort((a, b) => a.project_id - b.project_id || a.first - b.first || String(a.model_version).localeCompare(String(b.model_version)));
}

// Regions that were predicted, that are there, and that are right, of each group.
function matchCounts(rows, keys) {
  const groups = new Map();
  for (const row of rows) {
    const key = JSON.stringify(keys.map((each) => row[each]));
    const group = groups.get(key) ?? { ...Object.fromEntries(keys.map((each) => [each, row[each]])), predicted: 0, actual: 0, matches: 0 };
    if (row.predicted_label != null) group.predicted += row.regions;
    if (row.actual_label != null) group.actual += row.regions;
    if (row.predicted_label != null && row.predicted_label === row.actual_label) group.matches += row.regions;
    groups.set(key, group);
  }
  return [...groups.values()];
}

function calibration(board, filters) {
  const bins = board.facts.group("calibration", filters, ["model_version", "score_bin"], ["predicted", "matches", "score"]);
  const shown = busiest(bins, "model_version", "predicted");
  return bins
    .filter((bin) => shown.has(bin.model_version))
    .map((bin) => ({ ...bin, score_mean: bin.score / bin.predicted, accuracy: bin.matches / bin.predicted }))
    .sort((a, b) => String(a.model_version).localeCompare(String(b.model_version)) || a.score_bin - b.score_bin);
}

function modelConfusions(board, filters) {
  return board.facts.group("model_matches", filters, ["predicted_label", "actual_label"], ["regions"]);
}

// ---- Quality

function findingKinds(board, filters) {
  return board.facts
    .group("findings", filters, ["finding", "severity"], ["findings"])
    .sort((a, b) => a.severity.localeCompare(b.severity) || b.findings - a.findings);
}

// Rows of a list that the filters let through.
function listed(board, name, filters) {
  const { from, to } = filters;
  const projects = new Set(board.facts.projects({ ...filters, project: null, model: name === "findings" ? null : filters.model, person: null, control: null }, board.projects).map((project) => project.project_id));
  return board[name].filter(
    (row) =>
      (filters.project == null || row.project_id === filters.project) &&
      projects.has(row.project_id) &&
      (filters.person == null || [row.annotator_id, ...("other_id" in row ? [row.other_id] : [])].includes(wantedValue(filters.person))) &&
      (filters.control == null || row.from_name === filters.control) &&
      (filters.model == null || !("model_version" in row) || row.model_version === wantedValue(filters.model)) &&
      (from == null || (row.day != null && row.day >= from)) &&
      (to == null || (row.day != null && row.day <= to)),
  );
}
