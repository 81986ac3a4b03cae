// Charts: Vega-Lite draws them as SVG, in colours that the page's style gives, so that they follow light and dark.

// Okabe and Ito's colours, which the colour-blind can tell apart; the style has them for light and dark.
const COLOURS = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `var(--series-${number})`);

const CONFIG = {
  background: "transparent",
  font: "system-ui, sans-serif",
  view: { stroke: "transparent" },
  axis: { labelColor: "var(--quiet)", titleColor: "var(--quiet)", gridColor: "var(--line)", domainColor: "var(--line)", tickColor: "var(--line)", labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" },
  legend: { labelColor: "var(--ink)", titleColor: "var(--quiet)", labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", orient: "top", symbolStrokeWidth: 2, columnPadding: 16, labelLimit: 180 },
  range: { category: COLOURS },
  line: { strokeWidth: 2 },
  bar: { color: COLOURS[0] },
  point: { size: 50, filled: true, color: COLOURS[0] },
};

const SECONDS_LABEL = "datum.value < 60 ? format(datum.value, '~g') + ' s' : datum.value < 3600 ? format(datum.value / 60, '~g') + ' min' : format(datum.value / 3600, '~g') + ' h'";

const SECONDS_TICKS = [0.1, 1, 10, 60, 600, 3600, 36000, 360000];

const moment = (field) => ({ field, type: "temporal", scale: { type: "utc" }, title: null, axis: { tickCount: 6, labelOverlap: "greedy", labelSeparation: 8 } });

const share = (field, title, more = {}) => ({ field, type: "quantitative", title, axis: { format: ".0%" }, ...more });

const series = (field, domain, title = null) => ({ field, type: "nominal", title, scale: { domain, range: domain.map((_, place) => COLOURS[place % COLOURS.length]) } });

const DASHED = (names) => ({ strokeDash: { field: "series", type: "nominal", scale: { domain: names, range: [[6, 3], [1, 0], [2, 4]] }, title: null } });

// Draws a chart into a place, for people who see it and for those who hear it; takes away what was there.
async function draw(place, spec, rows, description) {
  place.drawn?.finalize();
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", description);
  const whole = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width: "container",
    height: 260,
    autosize: { type: "fit-x", contains: "padding" },
    ...spec,
    data: { values: rows.map(withMoments) },
  };
  const columns = Math.max(1, Math.floor((place.clientWidth - 60) / 150));
  const labelLimit = Math.min(240, 0.4 * place.clientWidth);
  const config = { ...CONFIG, axis: { ...CONFIG.axis, labelLimit }, legend: { ...CONFIG.legend, columns } };
  place.drawn = await vegaEmbed(place, whole, { mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false, config });
}

// Vega counts milliseconds.
function withMoments(row) {
  const given = { ...row };
  for (const name of ["day", "until"]) if (name in row) given[name] = row[name] * 86400000;
  return given;
}

const CHARTS = {
  burnUp: (names, hasForecast) => ({
    layer: [
      { transform: [{ filter: "datum.series !== 'Forecast'" }], mark: { type: "line", interpolate: "step-after" }, encoding: DASHED(names) },
      // a layer without rows would have no extent
      ...(hasForecast ? [{ transform: [{ filter: "datum.series === 'Forecast'" }], mark: "line", encoding: DASHED(names) }] : []),
    ],
    encoding: { x: moment("day"), y: { field: "tasks", type: "quantitative", title: "tasks" }, color: series("series", names) },
  }),

  throughput: (people) => ({
    mark: { type: "bar", orient: "vertical", binSpacing: 1 },
    encoding: {
      x: moment("day"),
      x2: { field: "until" },
      y: { field: "annotations", type: "quantitative", title: "annotations", stack: "zero" },
      color: series("person", people),
      tooltip: { field: "person" },
    },
  }),

  remaining: (projects) => ({
    height: 26 * projects,
    mark: "bar",
    encoding: {
      y: { field: "title", type: "nominal", sort: null, title: null },
      x: { field: "tasks", type: "quantitative", title: "tasks", stack: "zero" },
      color: series("state", STATES),
      order: { field: "order", type: "quantitative" },
    },
  }),

  leadTimes: () => ({
    mark: { type: "bar", orient: "vertical", binSpacing: 1 },
    encoding: {
      x: { field: "from", type: "quantitative", scale: { type: "log", nice: false }, title: "lead time of an annotation", axis: { values: SECONDS_TICKS, labelExpr: SECONDS_LABEL, grid: false } },
      x2: { field: "to" },
      y: { field: "annotations", type: "quantitative", title: "annotations" },
    },
  }),

  performance: () => ({
    layer: [
      { mark: { type: "circle", opacity: 0.8, color: COLOURS[0] }, encoding: { size: { field: "submitted", type: "quantitative", legend: null, scale: { range: [40, 600] } } } },
      { mark: { type: "text", dy: -16, color: "var(--ink)", fontSize: 12 }, encoding: { text: { field: "name" } } },
    ],
    encoding: {
      x: { field: "lead_time_median", type: "quantitative", scale: { type: "log", nice: false, padding: 50 }, title: "median lead time", axis: { values: SECONDS_TICKS.concat([3, 30, 180, 1800]), labelExpr: SECONDS_LABEL } },
      y: share("agreement", "agreement with others", { scale: { zero: false, padding: 24 } }),
    },
  }),

  labels: (labels) => ({
    height: 28 * labels,
    mark: "bar",
    encoding: {
      y: { field: "label", type: "nominal", sort: null, title: null },
      yOffset: { field: "source", type: "nominal", sort: null },
      x: share("share", "share of all uses of the control tag's labels"),
      color: series("source", ["annotations", "predictions"]),
    },
  }),

  drift: (labels) => ({
    mark: { type: "line", point: { size: 30 } },
    encoding: { x: moment("day"), y: share("share", "share of uses"), color: series("label", labels) },
  }),

  models: (versions) => ({
    height: 26 * versions,
    mark: { type: "point", filled: true, size: 80, opacity: 0.85 },
    encoding: {
      y: { field: "version", type: "nominal", sort: null, title: null },
      x: share("value", null, { scale: { domain: [0, 1] } }),
      color: series("measure", MEASURES),
      shape: { field: "measure", type: "nominal", title: null, scale: { domain: MEASURES } },
    },
  }),

  calibration: (versions) => ({
    height: 300,
    layer: [
      { data: { values: [{ score_mean: 0, accuracy: 0 }, { score_mean: 1, accuracy: 1 }] }, mark: { type: "line", strokeDash: [4, 4], color: "var(--quiet)", strokeWidth: 1 } },
      { mark: { type: "line", point: true }, encoding: { color: series("version", versions) } },
    ],
    encoding: {
      x: share("score_mean", "mean score that the model gave", { scale: { domain: [0, 1] } }),
      y: share("accuracy", "share that was right", { scale: { domain: [0, 1] } }),
    },
  }),
};

const STATES = ["done", "in progress", "skipped", "not started"];

const MEASURES = ["precision", "recall", "F1"];
