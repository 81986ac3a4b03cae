// The page: what it shows, its filters, and what happens when they change.

class Board {
  constructor(content) {
    Object.assign(this, content);
    this.facts = new Facts(content.facts);
    this.today = days.read(content.loaded_at);
    this.names = new Map();
    const often = new Map();
    for (const { name } of this.people) often.set(name, (often.get(name) ?? 0) + 1);
    for (const { annotator_id: id, name, email } of this.people) {
      this.names.set(id, often.get(name) > 1 ? `${name} (${email ?? id})` : name);
    }
    this.titles = new Map(this.projects.map((project) => [project.project_id, project.title ?? `project ${project.project_id}`]));
    for (const name of ["findings", "disagreements"]) for (const row of this[name]) row.day = days.read(row.day);
  }

  personName(id) {
    return id == null ? "deleted user" : this.names.get(id) ?? `user ${id}`;
  }

  projectName(id) {
    return this.titles.get(id) ?? `project ${id}`;
  }

  taskLink(task, project) {
    if (!this.url) return `task ${task}`;
    return element("a", { href: `${this.url}/projects/${project}/data?task=${task}`, target: "_blank", rel: "noopener noreferrer" }, `task ${task}`);
  }
}

const versionName = (version) => version ?? "no version";

async function read() {
  const bytes = Uint8Array.from(atob(document.getElementById("content").textContent.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Board(await new Response(stream).json());
}

// A figure: a heading, a note, a place for what it shows, and its rows as a table behind a chart.
function figure(title, { wide = false } = {}) {
  const note = element("p", { class: "note" });
  const chart = element("div", { class: "chart" });
  const details = element("details", {}, element("summary", {}, "Show as table"));
  const made = element("figure", { class: wide ? "wide" : null }, element("figcaption", {}, element("h3", {}, title), note), chart, details);

  function clear() {
    chart.drawn?.finalize();
    chart.drawn = null;
    for (const name of ["role", "aria-label"]) chart.removeAttribute(name);
  }

  return {
    element: made,
    empty(text) {
      clear();
      note.textContent = "";
      chart.replaceChildren(element("p", { class: "empty" }, text));
      details.hidden = true;
    },
    chart(spec, rows, columns, text, described = rows) {
      note.textContent = text;
      details.hidden = false;
      details.replaceChildren(details.firstChild, table(title, columns, described));
      return draw(chart, spec, rows, `${title}. ${text}`);
    },
    content(shown, text = "") {
      clear();
      note.textContent = text;
      chart.replaceChildren(shown);
      details.hidden = true;
    },
  };
}

// ---- Filters

function fillFilters(form, board) {
  const { projectsWith } = board.facts;
  const options = (name, all, values, show = (value) => value) =>
    form.elements[name].replaceChildren(new Option(all, ""), ...values.map((value) => new Option(show(value), String(value))));
  options("project", "All projects", board.projects.map((project) => project.project_id), (id) => `${board.projectName(id)} (${id})`);
  const known = [...projectsWith.person.keys()];
  options("person", "All people", known.sort((a, b) => named(a).localeCompare(named(b))), named);
  options("control", "All control tags", [...projectsWith.control.keys()].sort());
  options("model", "All versions", [...projectsWith.model.keys()].sort(), (version) => versionName(wantedValue(version)));

  function named(id) {
    return board.personName(wantedValue(id));
  }
}

function readFilters(form) {
  const number = (text) => (text === "" || text === NOBODY ? text || null : Number(text));
  const { project, person, control, model, from, to } = Object.fromEntries(new FormData(form));
  const filters = { project: number(project), person: number(person), control: control || null, model: model || null, from: days.read(from), to: days.read(to) };
  return { ...filters, any: Object.values(filters).some((value) => value != null) };
}

function describeFilters(filters, board) {
  const said = [];
  if (filters.project != null) said.push(`project ${board.projectName(filters.project)}`);
  if (filters.from != null || filters.to != null) said.push(`${filters.from == null ? "up" : format.day(filters.from)} to ${filters.to == null ? "today" : format.day(filters.to)}`);
  if (filters.person != null) said.push(board.personName(wantedValue(filters.person)));
  if (filters.control != null) said.push(`control tag ${filters.control}`);
  if (filters.model != null) said.push(`model version ${versionName(wantedValue(filters.model))}`);
  if (!said.length) return "";
  const narrowed = [filters.person, filters.control, filters.model].some((value) => value != null);
  return `Shown: ${said.join(", ")}.${narrowed ? " Figures that don't know the person, control tag or version are of the projects in which there is such a one." : ""}`;
}

// ---- Everything together

function layOut(main) {
  const tiles = element("ul", { class: "tiles" });
  main.append(element("section", { id: "overview", "aria-labelledby": "overview-title" }, element("h2", { id: "overview-title" }, "Overview"), tiles));
  const figures = [];
  for (const [name, shown] of Object.entries(SECTIONS)) {
    const id = name.toLowerCase();
    const grid = element("div", { class: "figures" });
    for (const [title, fill] of Object.entries(shown)) {
      const made = figure(title, { wide: WIDE.includes(title) });
      grid.append(made.element);
      figures.push([made, fill]);
    }
    main.append(element("section", { id, "aria-labelledby": `${id}-title` }, element("h2", { id: `${id}-title` }, name), grid));
  }
  return { tiles, figures };
}

function tile({ name, value, note, change }) {
  const line = (kind, text) => element("span", { class: kind }, text ?? "");
  return element("li", {}, line("name", name), line(value.length > 12 ? "value long" : "value", value), line("note", note), line("change", change));
}

async function main() {
  const board = await read();
  const form = document.getElementById("filters");
  const filtered = document.getElementById("filtered");
  fillFilters(form, board);
  const { tiles, figures } = layOut(document.querySelector("main"));

  async function show() {
    const filters = readFilters(form);
    filtered.textContent = describeFilters(filters, board);
    tiles.replaceChildren(...overview(board, filters).map(tile));
    await Promise.all(figures.map(([made, fill]) => fill(made, board, filters)));
    document.documentElement.dataset.shown = String(Number(document.documentElement.dataset.shown ?? 0) + 1);
  }

  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(show));
  for (const button of form.querySelectorAll("[data-days]")) {
    button.addEventListener("click", () => {
      form.elements.from.value = format.day(board.today - Number(button.dataset.days) + 1);
      form.elements.to.value = format.day(board.today);
      show();
    });
  }
  document.querySelector("footer").textContent = `Made on ${format.moment(board.made_at)} by label-studio-warehouse ${board.version}. Days are UTC.`;
  await show();
}

main().catch((error) => {
  document.querySelector("main").replaceChildren(element("p", { class: "error" }, `This page can't be drawn: ${error.message}. It needs a browser of 2023 or later.`));
  throw error;
});
