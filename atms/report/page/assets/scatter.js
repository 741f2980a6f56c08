// Points of a table; a tap on a trade's point shows the trade.
const ATMS = globalThis.ATMS;
const POINTS = 3000;
const CELLS = 250; // a side: about a point's size
const NEAR = 0.002; // squared share of the picture

/** Of points that would cover each other keep one, where there are more than can be told apart. */
function apart(rows, x, y) {
  if (rows.length <= POINTS) return rows;
  const cell = (values) => {
    const [low, high] = ATMS.bounds(rows.map((row) => values[row]));
    return (row) => Math.floor((CELLS * (values[row] - low)) / (high - low || 1));
  };
  const [across, up] = [cell(x), cell(y)];
  const taken = new Set();
  const kept = rows.filter((row) => {
    const place = across(row) * 1000 + up(row);
    return taken.has(place) ? false : taken.add(place);
  });
  const every = Math.ceil(kept.length / POINTS);
  return kept.filter((_, place) => place % every === 0);
}

class ScatterChart extends ATMS.TableChart {
  async draw() {
    const { frame, spec } = this;
    const x = (this.x = this.numbers(spec.x));
    const y = (this.y = this.numbers(spec.y[0]));
    const both = (row) => Number.isFinite(x[row]) && Number.isFinite(y[row]);
    this.all = x.map((_, row) => row).filter(both);
    if (!this.all.length) return frame.empty("There is nothing to draw.");
    this.rows = apart(this.all, x, y);
    const plot = this.plot();
    this.points(plot);
    ATMS.level(plot, 0, frame.inks);
    frame.onPoint(plot, (event) => this.read(event && this.nearest(plot, event)));
    if (this.table.series === "trades") {
      plot.on_event("tap", (event) => {
        const row = this.nearest(plot, event);
        if (row >= 0) ATMS.showTrade(row, true);
      });
    }
    this.say();
    return frame.show([plot]);
  }

  plot() {
    const span = (values) => this.range(...ATMS.span(...ATMS.bounds(this.all.map((row) => values[row]))));
    const kinds = { xKind: this.kind(this.spec.x), yKind: this.kind(this.spec.y[0]) };
    return ATMS.newPlot({ height: 260, x: span(this.x), y: span(this.y), ...kinds }, this.frame.inks);
  }

  /** Gains and losses, told apart by shape too. */
  points(plot) {
    const { rows, x, y, all } = this;
    const profit = this.has("net_pnl") ? this.numbers("net_pnl") : y;
    for (const { name, colour, marker, swatch, fits } of ATMS.SIDES) {
      const mine = rows.filter((row) => fits(profit[row]));
      const data = { x: mine.map((row) => x[row]), y: mine.map((row) => y[row]) };
      const mark = ATMS.values({ size: rows.length > 1000 ? 4 : 6, marker });
      const look = { ...ATMS.fields("x", "y"), ...mark, fill_alpha: 0.6, line_color: null };
      this.glyph(plot, "Scatter", data, look, { fill_color: colour });
      const count = ATMS.format(all.filter((row) => fits(profit[row])).length, "count");
      this.frame.entry(`${name} (${count})`, swatch, colour, null);
    }
  }

  /** Return the row whose point is nearest to an event, or -1 where none is near. */
  nearest(plot, event) {
    const { x, y, rows } = this;
    const wide = plot.x_range.end - plot.x_range.start;
    const tall = plot.y_range.end - plot.y_range.start;
    const far = (row) => ((x[row] - event.x) / wide) ** 2 + ((y[row] - event.y) / tall) ** 2;
    const best = rows.reduce((found, row) => (far(row) < far(found) ? row : found), rows[0]);
    return far(best) < NEAR ? best : -1;
  }

  read(row) {
    if (row === null || row < 0) return this.frame.read();
    const [first] = this.table.columns;
    const said = [[this.spec.x, this.x], [this.spec.y[0], this.y]].map(
      ([key, values]) => `${this.column(key).title} ${this.text(key, values[row])}`);
    const name = ATMS.format(this.reader.cell(row, 0), first.kind);
    return this.frame.read(ATMS.said(`${first.title} ${name}: ${said.join(", ")}`));
  }

  say() {
    const [shown, all] = [this.rows, this.all].map((rows) => ATMS.format(rows.length, "count"));
    const left = shown === all ? "" : ` ${shown} of ${all} points: the others lie on these.`;
    const titles = `Across: ${this.column(this.spec.x).title}; up: ${this.column(this.spec.y[0]).title}.`;
    this.frame.status.textContent = titles + left;
  }
}

ATMS.kinds.scatter = ScatterChart;
