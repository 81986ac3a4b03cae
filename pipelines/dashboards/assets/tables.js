// Tables. All text goes in as text: a label that looks like HTML is shown, not run.

const ROWS_SHOWN = 15;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value != null && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

// A table of rows. Columns are {name, value: (row) => number or text, show: (value, row) => text or element}. Its
// headers sort, and it begins with its first rows.
function table(caption, columns, rows, { shown = ROWS_SHOWN, empty = "nothing" } = {}) {
  if (!rows.length) return element("p", { class: "empty" }, empty);
  const isNumber = columns.map(({ value }) => rows.every((row) => value(row) == null || typeof value(row) === "number"));
  const body = element("tbody");
  let sorted = rows;
  let limit = shown;
  const more = element("button", { type: "button", class: "more", onclick: () => { limit = rows.length; fill(); } });

  function fill() {
    body.replaceChildren(
      ...sorted.slice(0, limit).map((row) =>
        element("tr", {}, ...columns.map(({ value, show = plain }, place) =>
          element(place ? "td" : "th", { scope: place ? null : "row", class: isNumber[place] ? "number" : null }, show(value(row), row)))),
      ),
    );
    more.textContent = `Show all ${format.number(rows.length)} rows`;
    more.hidden = limit >= rows.length;
  }

  const headers = columns.map(({ name, value }, place) => {
    const header = element("th", { scope: "col", class: isNumber[place] ? "number" : null });
    const sort = () => {
      const down = header.getAttribute("aria-sort") !== "descending";
      for (const each of headers) each.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", down ? "descending" : "ascending");
      sorted = [...rows].sort((a, b) => compared(value(a), value(b)) * (down ? -1 : 1));
      fill();
    };
    header.append(element("button", { type: "button", onclick: sort }, name));
    return header;
  });
  fill();
  const made = element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, ...headers)), body);
  return element("div", {}, scrolled(caption, made), more);
}

function scrolled(label, ...children) {
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, ...children);
}

// Nothing is smaller than anything.
function compared(a, b) {
  if (a == null || b == null) return (a != null) - (b != null);
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}

function plain(value) {
  return typeof value === "number" || value == null ? format.number(value) : value;
}

// A matrix as a table whose cells are shaded: share is from 0 to 1, or null where there is nothing.
function heatMap(caption, corner, rows, columns, cell) {
  const head = element("tr", {}, element("th", { scope: "col" }, corner), ...columns.map((column) => element("th", { scope: "col" }, column)));
  const body = rows.map((row, y) =>
    element("tr", {}, element("th", { scope: "row" }, row), ...columns.map((_, x) => {
      const { share, text, title } = cell(y, x);
      if (share == null) return element("td", { class: "heat" }, text ?? "");
      return element("td", { class: "heat", style: `--share: ${share.toFixed(3)}`, title }, text);
    })),
  );
  return scrolled(caption, element("table", { class: "matrix" }, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, ...body)));
}
