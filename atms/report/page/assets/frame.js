// A chart's frame: buttons, legend, readout, status, the rows behind it; and what fails in it.
const ATMS = globalThis.ATMS;
const ROWS = 200;

/** Say in an element's place that it could not be drawn, and why. */
ATMS.fail = (place, error) => {
  ATMS.failures.push(`${place.id}: ${error && error.stack ? error.stack : error}`);
  const said = ATMS.make("p", {
    class: "said bad",
    text: `This could not be drawn: ${error && error.message ? error.message : error}`,
  });
  const plot = place.querySelector(".plot");
  if (plot) plot.replaceChildren(said);
  else place.append(said);
};

/** The place of one chart on the page. */
class Frame {
  constructor(spec) {
    this.spec = spec;
    this.figure = ATMS.byId(spec.id);
    this.shown = null;
    for (const part of ["controls", "legend", "readout", "plot", "status"]) {
      this[part] = this.figure.querySelector(`.${part}`);
    }
    this.renew();
    this.figure.querySelector(".unscripted")?.remove();
    this.behind = this.figure.querySelector("details.behind[data-rows]");
    this.behind?.addEventListener("toggle", () => this.behind.open && this.fillRows());
  }

  /** Say beneath the chart that there is nothing to draw. */
  empty(reason) {
    this.plot.replaceChildren(ATMS.make("p", { class: "said none", text: reason }));
  }

  /** Show *plots*; those that were shown before are taken away. */
  async show(plots) {
    this.shown?.remove();
    this.plot.style.minHeight = `${plots.reduce((sum, plot) => sum + plot.height, 0)}px`;
    this.plots = plots;
    this.shown = await ATMS.showPlots(this.plot, plots);
    let top = 0;
    for (const plot of plots) {
      const place = { class: "pane", "aria-hidden": "true", style: `top:${top}px` };
      if (plot.says) this.plot.append(ATMS.make("span", { ...place, text: plot.says }));
      top += plot.height;
    }
  }

  /** Forget the colours of plots that are about to be replaced. */
  renew() {
    this.inks = new ATMS.Inks(this.plot.clientWidth);
  }

  /** Add a button; *label* is its whole name. */
  button(text, label, act) {
    const button = ATMS.button(text, `${label}: ${this.spec.title}`, act);
    this.controls.append(button);
    return button;
  }

  /**
   * Add a legend's entry, which hides and shows.
   * @param {string} mark a css class: line, dot, square, up, box
   * @param {function(boolean): void} [toggle] takes whether it is shown
   */
  entry(name, mark, colour, toggle, on = true) {
    const swatch = ATMS.make("span", { class: `swatch ${mark}`, "aria-hidden": "true" });
    swatch.style.color = `var(--${colour})`;
    if (!toggle) {
      this.legend.append(ATMS.make("span", { class: "entry" }, swatch, document.createTextNode(name)));
      return;
    }
    const button = ATMS.make("button", { type: "button", class: "entry", "aria-pressed": String(on) });
    button.append(swatch, document.createTextNode(name));
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      toggle(shown);
    });
    this.legend.append(button);
  }

  /** Call *act* with the pointer's place in data, and with null when it leaves. */
  onPoint(plot, act) {
    plot.on_event("mousemove", (event) => act(event));
    plot.on_event("mouseleave", () => act(null));
  }

  /** Show a text in the readout; parts may be elements. */
  read(...parts) {
    this.readout.replaceChildren(...parts);
  }

  /** Give what the table behind a chart of series shows: columns, and rows of the visible part. */
  setRows(columns, rows, whole) {
    this.rows = { columns, rows, whole };
    if (this.behind?.open) this.fillRows();
  }

  /** Fill the rows again, if somebody looks at them. */
  refreshRows() {
    if (!this.behind?.open) return;
    clearTimeout(this.later);
    this.later = setTimeout(() => this.fillRows(), 150);
  }

  fillRows() {
    if (!this.rows) return;
    const { columns, rows, whole } = this.rows;
    this.behind.querySelector(".scroll")?.remove();
    this.behind.querySelector(".note")?.remove();
    const shown = rows().slice(0, ROWS);
    this.behind.append(ATMS.plainTable(this.spec.title, columns, shown));
    if (whole() > shown.length) {
      const count = ATMS.format(whole(), "count");
      const text = `The first ${shown.length} of ${count} rows that the chart shows now; zoom in for others.`;
      this.behind.append(ATMS.make("p", { class: "note", text }));
    }
  }
}
ATMS.Frame = Frame;

ATMS.onTheme((theme) => {
  for (const chart of Object.values(ATMS.charts)) chart.frame.inks.set(theme);
});
