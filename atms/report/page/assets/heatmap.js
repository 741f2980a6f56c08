// Cells coloured by value, rows by columns: months of years.
const ATMS = globalThis.ATMS;

/** Return rows, columns and values of a table, be it long (row, column, value) or wide. */
function gridOf(chart) {
  const { spec, table } = chart;
  const long = spec.by && spec.y.length === 1;
  const cells = [];
  if (long) {
    const [across, down] = [chart.cells(spec.x), chart.cells(spec.by)];
    const values = chart.numbers(spec.y[0]);
    values.forEach((value, row) => cells.push([String(down[row]), String(across[row]), value]));
    return { cells, kind: chart.column(spec.y[0]).kind };
  }
  const first = spec.x || table.columns[0].key;
  const keys = spec.y.length ? [...spec.y] : table.columns.slice(1).map((column) => column.key);
  const { total } = spec.options;
  if (total) keys.push(total);
  const down = chart.cells(first);
  for (const key of keys) {
    const title = chart.column(key).title;
    chart.numbers(key).forEach((value, row) => cells.push([String(down[row]), title, value]));
  }
  return { cells, kind: chart.column(keys[0]).kind };
}

class Heatmap extends ATMS.TableChart {
  async draw() {
    const { cells, kind } = gridOf(this);
    this.cellKind = kind;
    this.rows = [...new Set(cells.map((cell) => cell[0]))];
    this.columns = [...new Set(cells.map((cell) => cell[1]))];
    this.filled = cells.filter((cell) => Number.isFinite(cell[2]));
    const { total } = this.spec.options;
    this.total = total ? this.column(total).title : null;
    this.room = (this.frame.plot.clientWidth - 60) / this.columns.length;
    const plot = this.plot();
    this.rects(plot);
    this.words(plot);
    const found = new Map(this.filled.map((cell) => [`${cell[0]} ${cell[1]}`, cell[2]]));
    this.frame.onPoint(plot, (event) => this.read(event, found));
    await this.frame.show([plot]);
  }

  plot() {
    const { rows, columns, frame } = this;
    const [x, y] = [this.range(-0.5, columns.length - 0.5), this.range(rows.length - 0.5, -0.5)];
    const plot = ATMS.newPlot({ height: 46 + rows.length * 26, x, y, xKind: "number", border: 44 }, frame.inks);
    const titles = columns.map((title) => (title === this.total ? "Total" : title));
    ATMS.named(plot, plot.across, titles.map((title) => (this.room < 32 ? title.slice(0, 1) : title)), 40);
    ATMS.named(plot, plot.up, rows, 80);
    return plot;
  }

  /** Return where cells stand. */
  places(cells) {
    return {
      x: cells.map((cell) => this.columns.indexOf(cell[1])),
      y: cells.map((cell) => this.rows.indexOf(cell[0])),
    };
  }

  rects(plot) {
    const inner = this.filled.filter((cell) => cell[1] !== this.total); // it would outshine its parts
    const most = Math.max(...inner.map((cell) => Math.abs(cell[2])), 1e-12);
    const look = { ...ATMS.fields("x", "y"), ...ATMS.values({ width: 0.94, height: 0.9 }) };
    for (const { colour, fits } of ATMS.SIDES) {
      const mine = inner.filter((cell) => fits(cell[2]));
      const alpha = mine.map((cell) => 0.06 + 0.5 * Math.sqrt(Math.abs(cell[2]) / most));
      const settings = { ...look, fill_alpha: ATMS.field("alpha"), line_color: null };
      this.glyph(plot, "Rect", { ...this.places(mine), alpha }, settings, { fill_color: colour });
    }
  }

  /** Write each value into its cell, in as many digits as the width has room for. */
  words(plot) {
    const percent = this.cellKind === "percent";
    const digits = this.room > 44 ? 2 : this.room > 32 ? 1 : 0;
    const text = (value) => (percent ? (value * 100).toFixed(digits) : ATMS.compact(value, 10 ** -digits));
    const data = { ...this.places(this.filled), text: this.filled.map((cell) => text(cell[2])) };
    ATMS.words(plot, data, "center", this.frame.inks, "text", this.room > 32 ? "11px" : "9px");
    if (percent) this.frame.status.textContent = "Per cent.";
  }

  read(event, found) {
    const key = event && `${this.rows[Math.round(event.y)]} ${this.columns[Math.round(event.x)]}`;
    if (!key || !found.has(key)) return this.frame.read();
    return this.frame.read(ATMS.said(`${key}: ${ATMS.format(found.get(key), this.cellKind)}`));
  }
}

ATMS.kinds.heatmap = Heatmap;
