// Long tables: headings that sort, a filter, menus, pages of rows, and the table as a file.
const ATMS = globalThis.ATMS;
const PAGE = 50;
const PRINTED = 500;
const views = [];

/** One long table on the page. */
class TableView {
  constructor(place, table) {
    this.table = table;
    this.rows = new ATMS.Rows(table, ATMS.reader(table));
    this.page = 0;
    this.size = PAGE;
    this.marked = -1;
    this.body = ATMS.make("tbody");
    this.count = ATMS.make("p", { class: "count", role: "status" });
    this.headings = table.columns.map((column, at) => this.heading(column, at));
    const title = ATMS.make("h3", { text: table.title, "aria-hidden": "true" }); // the caption says it
    place.classList.toggle("many", table.columns.length > 9); // it is printed across
    const note = place.querySelector(".note");
    place.replaceChildren(title, this.controls(), this.scroller(), this.pager(), ...(note ? [note] : []));
    this.show();
  }

  heading(column, at) {
    const unit = column.unit && !column.title.includes(column.unit) ? ` (${column.unit})` : "";
    const button = ATMS.make("button", {
      type: "button",
      text: column.title + unit,
      onclick: () => {
        this.rows.sortBy(at);
        this.turnTo(0);
      },
    });
    return ATMS.make("th", { scope: "col", class: `kind-${column.kind}`, "aria-sort": "none" }, button);
  }

  scroller() {
    const caption = ATMS.make("caption", { text: this.table.title, class: "unseen" });
    const head = ATMS.make("thead", {}, ATMS.make("tr", {}, ...this.headings));
    const grid = ATMS.make("table", {}, caption, head, this.body);
    const names = { class: "scroll", tabindex: 0, role: "group", "aria-label": this.table.title };
    return ATMS.make("div", names, grid);
  }

  controls() {
    const search = ATMS.make("input", {
      type: "search",
      placeholder: "filter rows",
      "aria-label": `Filter the rows of ${this.table.title}`,
      oninput: () => {
        this.rows.search(search.value);
        this.turnTo(0);
      },
    });
    const file = ATMS.button("CSV", `Download ${this.table.title} as CSV`, () => {
      const text = ATMS.csv(this.table, this.rows.reader, this.rows.places);
      ATMS.download(`${this.table.id}.csv`, text);
    });
    const menus = this.rows.menus().map((one) => this.menu(one));
    return ATMS.make("div", { class: "controls" }, search, ...menus, file);
  }

  menu({ column, place, values }) {
    const all = ATMS.make("option", { value: "all", text: `${column.title}: all` });
    const options = values.map((value, at) =>
      ATMS.make("option", { value: at, text: value === "" ? "–" : value }),
    );
    const select = ATMS.make("select", {
      "aria-label": `${column.title} in ${this.table.title}`,
      onchange: () => {
        this.rows.choose(place, select.value === "all" ? null : values[Number(select.value)]);
        this.turnTo(0);
      },
    });
    select.append(all, ...options);
    return select;
  }

  pager() {
    const turn = (step) => () => this.turnTo(this.page + step);
    this.before = ATMS.button("‹ Back", `Rows before these of ${this.table.title}`, turn(-1));
    this.after = ATMS.button("More ›", `Rows after these of ${this.table.title}`, turn(1));
    return ATMS.make("div", { class: "pager" }, this.before, this.count, this.after);
  }

  turnTo(page) {
    const pages = Math.max(1, Math.ceil(this.rows.places.length / this.size));
    this.page = Math.min(Math.max(0, page), pages - 1);
    this.show();
  }

  show() {
    const { places, sorted, descending } = this.rows;
    const from = this.page * this.size;
    const shown = places.slice(from, from + this.size);
    this.body.replaceChildren(...shown.map((row) => this.row(row)));
    this.headings.forEach((heading, at) => {
      const order = at === sorted ? (descending ? "descending" : "ascending") : "none";
      heading.setAttribute("aria-sort", order);
    });
    this.before.disabled = this.page === 0;
    this.after.disabled = from + this.size >= places.length;
    this.count.textContent = this.counted(from, shown.length);
  }

  counted(from, shown) {
    const whole = ATMS.format(this.rows.reader.length, "count");
    const found = ATMS.format(this.rows.places.length, "count");
    const matched = found === whole ? `${whole} rows` : `${found} of ${whole} rows`;
    if (!shown) return matched;
    const [first, last] = [from + 1, from + shown].map((at) => ATMS.format(at, "count"));
    return `${matched}; shown ${first} to ${last}`;
  }

  row(row) {
    const { reader } = this.rows;
    const cells = this.table.columns.map((column, at) => {
      const value = reader.cell(row, at);
      const number = ATMS.number(value);
      const cell = ATMS.make("td", { class: `kind-${column.kind}`, "data-value": number });
      cell.textContent = ATMS.format(value, column.kind);
      if (column.kind === "text" && cell.textContent.length > 30) cell.title = cell.textContent;
      return cell;
    });
    const marks = { "data-row": row, class: row === this.marked ? "marked" : null };
    const line = ATMS.make("tr", marks, ...cells);
    if (this.table.series === "trades" && ATMS.price) this.linked(line, cells[0], row);
    return line;
  }

  /** Let a trade's row show the trade in the price chart. */
  linked(line, cell, row) {
    line.classList.add("linked");
    const label = `Show trade ${cell.textContent} in the price chart`;
    const button = ATMS.make("button", { type: "button", class: "link", title: label });
    button.setAttribute("aria-label", label);
    button.textContent = cell.textContent;
    cell.replaceChildren(button);
    line.addEventListener("click", () => ATMS.showTrade(row, true));
  }

  /** Mark a row and turn to its page, if it is among the rows that are shown. */
  mark(row) {
    this.marked = row;
    const at = this.rows.places.indexOf(row);
    this.turnTo(at < 0 ? this.page : Math.floor(at / this.size));
  }

  /** Show as many rows as are printed, and say what was left; *on* false goes back. */
  print(on) {
    this.size = on ? PRINTED : PAGE;
    this.turnTo(0);
    if (on && this.rows.places.length > PRINTED) this.count.textContent += "; the rest is not printed";
  }
}

/** Fill the places of long tables; one that fails says so in its place. */
ATMS.startTables = async () => {
  for (const place of document.querySelectorAll(".table.tall")) {
    try {
      const table = ATMS.tables.get(place.id);
      const view = new TableView(place, table);
      views.push(view);
    } catch (error) {
      ATMS.fail(place, error);
    }
    await ATMS.pause();
  }
};

/** Mark a trade in every table of trades. */
ATMS.markTrade = (row) => {
  for (const view of views) if (view.table.series === "trades") view.mark(row);
};

/** Before and after printing: all rows, or a page of them. */
ATMS.printTables = (on) => views.forEach((view) => view.print(on));

/** Return a plain table for the rows behind a chart. */
ATMS.plainTable = (title, columns, rows) => {
  const head = columns.map((column) =>
    ATMS.make("th", { scope: "col", class: `kind-${column.kind}`, text: column.title }),
  );
  const body = rows.map((row) => {
    const cells = row.map((value, at) =>
      ATMS.make("td", {
        class: `kind-${columns[at].kind}`,
        "data-value": ATMS.number(value),
        text: ATMS.format(value, columns[at].kind),
      }),
    );
    return ATMS.make("tr", {}, ...cells);
  });
  const grid = ATMS.make(
    "table", {}, ATMS.make("caption", { text: title }),
    ATMS.make("thead", {}, ATMS.make("tr", {}, ...head)), ATMS.make("tbody", {}, ...body),
  );
  return ATMS.make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": title }, grid);
};
