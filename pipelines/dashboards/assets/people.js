// What the page shows of people.

// A range of lead times ends by this factor above its beginning: 20 of them are a factor of ten.
const STEP = 10 ** (1 / 20);

const MATRIX_SIZE = 30;

function performance(board, filters) {
  const { facts } = board;
  const people = new Map();
  const person = (id) => {
    if (!people.has(id)) people.set(id, { annotator_id: id });
    return people.get(id);
  };
  for (const row of facts.group("annotations", filters, ["annotator_id"], ["submitted", "skipped", "results", "timed", "lead_time"])) {
    Object.assign(person(row.annotator_id), row, {
      skip_rate: ratio(row.skipped, row.submitted + row.skipped),
      results_per_annotation: ratio(row.results, row.submitted),
      lead_time_mean: ratio(row.lead_time, row.timed),
    });
  }
  for (const [id, steps] of leadTimes(board, filters)) person(id).lead_time_median = median(steps);
  for (const [id, sums] of agreementOf(board, filters)) Object.assign(person(id), { agreement: ratio(sums.score, sums.pairs), agreement_pairs: sums.pairs });
  for (const row of facts.group("ground_truth", filters, ["annotator_id"], ["pairs", "score"])) {
    Object.assign(person(row.annotator_id), { ground_truth_agreement: ratio(row.score, row.pairs), ground_truth_pairs: row.pairs });
  }
  for (const row of facts.group("model_agreement", filters, ["annotator_id"], ["pairs", "score"])) {
    Object.assign(person(row.annotator_id), { prediction_agreement: ratio(row.score, row.pairs), prediction_pairs: row.pairs });
  }
  return [...people.values()]
    .filter((row) => row.submitted + row.skipped > 0 && (filters.person == null || row.annotator_id === wantedValue(filters.person)))
    .map((row) => ({ ...row, name: board.personName(row.annotator_id) }))
    .sort((a, b) => b.submitted - a.submitted || a.name.localeCompare(b.name));
}

// Of each person: the annotations in each range of lead times.
function leadTimes(board, filters) {
  const people = new Map();
  for (const row of board.facts.group("lead_times", filters, ["annotator_id", "step"], ["annotations"])) {
    if (!people.has(row.annotator_id)) people.set(row.annotator_id, new Map());
    people.get(row.annotator_id).set(row.step, row.annotations);
  }
  return people;
}

// The median in seconds, of lead times that stand in the middle of their ranges: it is right to 6 %.
function median(steps) {
  const sorted = [...steps].sort((a, b) => a[0] - b[0]);
  const count = sorted.reduce((sum, [, each]) => sum + each, 0);
  if (!count) return null;
  const at = (rank) => {
    let below = 0;
    const [step] = sorted.find(([, each]) => (below += each) > rank);
    return STEP ** (step + 0.5);
  };
  return (at(Math.floor((count - 1) / 2)) + at(Math.ceil((count - 1) / 2))) / 2;
}

// Of all people: the annotations in each range of lead times.
function leadTimeSteps(board, filters) {
  return sumsBy(board.facts.group("lead_times", filters, ["step"], ["annotations"]), (row) => row.step, "annotations");
}

function leadTimeHistogram(board, filters) {
  // two ranges are a bar
  const steps = board.facts.group("lead_times", filters, ["step"], ["annotations"]);
  const bars = sumsBy(steps, (row) => Math.floor(row.step / 2), "annotations");
  return [...bars].sort((a, b) => a[0] - b[0]).map(([bar, annotations]) => ({ from: STEP ** (2 * bar), to: STEP ** (2 * bar + 2), annotations }));
}

// Of each person: the pairs with other people, and their scores.
function agreementOf(board, filters) {
  const people = new Map();
  for (const pair of pairsOfPeople(board, filters)) {
    for (const id of [pair.annotator_id, pair.other_id]) {
      if (id == null) continue;
      const sums = people.get(id) ?? { pairs: 0, score: 0 };
      people.set(id, { pairs: sums.pairs + pair.pairs, score: sums.score + pair.score });
    }
  }
  return people;
}

function pairsOfPeople(board, filters) {
  return board.facts
    .group("agreement", filters, ["annotator_id", "other_id"], ["pairs", "score"])
    .filter((pair) => pair.other_id != null && pair.annotator_id !== pair.other_id);
}

// A symmetric matrix: people, and cells by the ids of both. The people with the most pairs are in it.
function agreementMatrix(board, filters) {
  const pairs = pairsOfPeople(board, filters);
  const sides = pairs.flatMap((pair) => [{ id: pair.annotator_id, pairs: pair.pairs }, { id: pair.other_id, pairs: pair.pairs }]);
  const all = busiest(sides, "id", "pairs", Infinity);
  const shown = [...all].slice(0, MATRIX_SIZE).sort((a, b) => board.personName(a).localeCompare(board.personName(b)));
  const cells = new Map();
  for (const pair of pairs) {
    const cell = { pairs: pair.pairs, agreement: pair.score / pair.pairs };
    cells.set(`${pair.annotator_id} ${pair.other_id}`, cell);
    cells.set(`${pair.other_id} ${pair.annotator_id}`, cell);
  }
  return { people: shown, left: all.size - shown.length, cells };
}
