// The facts of the warehouse, and questions to them: filter, group, add up.
//
// Filters are {project, person, control, model, from, to}; null is no filter. A fact that does not know the person,
// control tag or model version is narrowed to the projects in which there is such a one. Periods count that the range
// of days touches.
const FILTERED_BY = { project: ["project_id"], person: ["annotator_id", "other_id"], control: ["from_name"], model: ["model_version"] };

// Facts whose rows without a control tag are of all control tags together, and must not be added to the others.
const WITH_TOTALS = ["agreement", "ground_truth", "model_agreement"];

// A person whose account was deleted, predictions without a model version.
const NOBODY = "nobody";

class Fact {
  constructor(name, packed) {
    this.name = name;
    this.grain = packed.grain;
    this.columns = packed.columns;
    this.length = (this.columns.project_id ?? []).length;
  }

  has(column) {
    return column in this.columns;
  }

  get(column, row) {
    const values = this.columns[column];
    if (Array.isArray(values)) return values[row];
    const code = values.codes[row];
    return code == null ? null : values.values[code];
  }

  // A test of one row that is true where a column has a value.
  equals(column, value) {
    const values = this.columns[column];
    if (Array.isArray(values)) return (row) => values[row] === value;
    const code = value == null ? null : values.values.indexOf(value);
    return (row) => values.codes[row] === code;
  }
}

class Facts {
  constructor(packed) {
    this.named = Object.fromEntries(Object.entries(packed).map(([name, fact]) => [name, new Fact(name, fact)]));
    this.projectsWith = { person: new Map(), control: new Map(), model: new Map() };
    this.note("person", "annotations", "annotator_id");
    for (const name of ["labels", "agreement", "model_agreement", "confusions", "model_matches"]) {
      this.note("control", name, "from_name");
    }
    this.note("model", "predictions", "model_version");
  }

  note(kind, name, column) {
    const fact = this.named[name];
    for (let row = 0; row < fact.length; row += 1) {
      const key = fact.get(column, row) ?? (kind === "control" ? null : NOBODY);
      if (key === null) continue;
      if (!this.projectsWith[kind].has(key)) this.projectsWith[kind].set(key, new Set());
      this.projectsWith[kind].get(key).add(fact.get("project_id", row));
    }
  }

  // The rows of a fact that filters let through.
  rows(name, filters, also = () => true) {
    const fact = this.named[name];
    const tests = [also, ...this.tests(fact, filters)];
    const found = [];
    for (let row = 0; row < fact.length; row += 1) {
      if (tests.every((test) => test(row))) found.push(row);
    }
    return found;
  }

  tests(fact, filters) {
    const tests = [];
    for (const [kind, columns] of Object.entries(FILTERED_BY)) {
      const wanted = filters[kind];
      const known = columns.filter((column) => fact.has(column));
      if (wanted == null) {
        if (kind === "control" && WITH_TOTALS.includes(fact.name)) tests.push(fact.equals("from_name", null));
      } else if (known.length) {
        const equal = known.map((column) => fact.equals(column, wantedValue(wanted)));
        tests.push((row) => equal.some((test) => test(row)));
      } else {
        const projects = this.projectsWith[kind].get(wanted) ?? new Set();
        tests.push((row) => projects.has(fact.get("project_id", row)));
      }
    }
    const [from, to] = [filters.from, filters.to].map((day) => days.start(day, fact.grain));
    const starts = fact.columns.day;
    if (fact.grain !== "all" && from != null) tests.push((row) => starts[row] != null && starts[row] >= from);
    if (fact.grain !== "all" && to != null) tests.push((row) => starts[row] != null && starts[row] <= to);
    return tests;
  }

  // Groups of rows as objects: the keys, and the sums of the measures.
  group(name, filters, keys, measures, also) {
    const fact = this.named[name];
    const groups = new Map();
    for (const row of this.rows(name, filters, also)) {
      const values = keys.map((key) => fact.get(key, row));
      const key = JSON.stringify(values);
      let group = groups.get(key);
      if (!group) {
        group = Object.fromEntries(keys.map((each, place) => [each, values[place]]));
        for (const measure of measures) group[measure] = 0;
        groups.set(key, group);
      }
      for (const measure of measures) group[measure] += fact.columns[measure][row] ?? 0;
    }
    return [...groups.values()];
  }

  total(name, filters, measures, also) {
    const nothing = Object.fromEntries(measures.map((measure) => [measure, 0]));
    return this.group(name, filters, [], measures, also)[0] ?? nothing;
  }

  // The projects that filters leave: those of which a project's own figures are shown.
  projects(filters, projects) {
    return projects.filter(
      ({ project_id: id }) =>
        (filters.project == null || id === filters.project) &&
        ["person", "control", "model"].every(
          (kind) => filters[kind] == null || (this.projectsWith[kind].get(filters[kind]) ?? new Set()).has(id),
        ),
    );
  }

  // A range of whole periods of a fact, and the one of the same length before it. Without a range of the filters: the
  // last 28 days, four whole weeks, whole month or year up to a day. Null where a fact has no days.
  spans(name, filters, today) {
    const { grain } = this.named[name];
    if (grain === "all") return null;
    let last = days.start(filters.to ?? today, grain);
    let first = days.start(filters.from, grain);
    if (filters.from == null) {
      if (grain !== "day" && filters.to == null && days.shift(last, grain, 1) - 1 > today) last = days.shift(last, grain, -1);
      first = days.shift(last, grain, -({ day: 28, week: 4 }[grain] ?? 1) + 1);
    }
    const length = days.count(first, last, grain);
    const before = days.shift(first, grain, -length);
    return {
      length: format.times(length, grain),
      now: { ...filters, from: first, to: days.shift(last, grain, 1) - 1 },
      before: { ...filters, from: before, to: first - 1 },
    };
  }
}

// What a filter for a person or model version looks for in the facts.
const wantedValue = (filter) => (filter === NOBODY ? null : filter);

const ratio = (part, whole) => (whole ? part / whole : null);
