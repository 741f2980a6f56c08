// Cells coloured by value, and estimates with their intervals.
const ATMS = globalThis.ATMS;
const { field } = ATMS;
const WORDS = "11px";

/** Return rows, columns and values of a table, be it long (row, column, value) or wide. */
function gridOf(chart) {
  const { spec, table } = chart;
  const long = spec.by && spec.y.length === 1;
  const cells = [];
  if (long) {
    const [across, down, values] = [chart.cells(spec.x), chart.cells(spec.by), chart.numbers(spec.y[0])];
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
    const { frame } = this;
    const { cells, kind } = gridOf(this);
    const rows = [...new Set(cells.map((cell) => cell[0]))];
    const columns = [...new Set(cells.map((cell) => cell[1]))];
    const filled = cells.filter((cell) => Number.isFinite(cell[2]));
    const total = this.spec.options.total ? this.column(this.spec.options.total).title : null;
    const inner = filled.filter((cell) => cell[1] !== total); // a total would outshine its parts
    const most = Math.max(...inner.map((cell) => Math.abs(cell[2])), 1e-12);
    const plot = ATMS.newPlot({ height: 46 + rows.length * 26, x: this.range(-0.5, columns.length - 0.5),
      y: this.range(rows.length - 0.5, -0.5), xKind: "number", border: 44 }, frame.inks);
    const narrow = (frame.plot.clientWidth - 60) / columns.length < 32;
    const titles = columns.map((title) => (title === total ? "Total" : title));
    ATMS.named(plot, plot.across, titles.map((title) => (narrow ? title.slice(0, 1) : title)), 40);
    ATMS.named(plot, plot.up, rows, 80);
    this.rects(plot, inner, rows, columns, most);
    this.words(plot, filled, rows, columns, kind);
    const found = new Map(filled.map((cell) => [`${cell[0]}\n${cell[1]}`, cell[2]]));
    frame.onPoint(plot, (event) => {
      const key = event && [rows[Math.round(event.y)], columns[Math.round(event.x)]];
      if (!key || !found.has(key.join("\n"))) return frame.read();
      return frame.read(ATMS.said(`${key.join(" ")}: ${ATMS.format(found.get(key.join("\n")), kind)}`));
    });
    await frame.show([plot]);
  }


  rects(plot, filled, rows, columns, most) {
    for (const [colour, fits] of [["gain", (value) => value >= 0], ["loss", (value) => value < 0]]) {
      const mine = filled.filter((cell) => fits(cell[2]));
      const data = { x: mine.map((cell) => columns.indexOf(cell[1])), y: mine.map((cell) => rows.indexOf(cell[0])),
        alpha: mine.map((cell) => 0.06 + 0.5 * Math.sqrt(Math.abs(cell[2]) / most)) };
      ATMS.glyph(plot, "Rect", data, { x: field("x"), y: field("y"), width: { value: 0.94 }, height: { value: 0.9 },
        fill_alpha: field("alpha"), line_color: null }, { fill_color: colour }, this.frame.inks);
    }
  }

  /** Write each value into its cell, in as many digits as the width has room for. */
  words(plot, filled, rows, columns, kind) {
    const room = (this.frame.plot.clientWidth - 60) / columns.length;
    const digits = room > 44 ? 2 : room > 32 ? 1 : 0;
    const text = (value) => (kind === "percent" ? (value * 100).toFixed(digits) : ATMS.compact(value, 10 ** -digits));
    const data = { x: filled.map((cell) => columns.indexOf(cell[1])), y: filled.map((cell) => rows.indexOf(cell[0])),
      text: filled.map((cell) => text(cell[2])) };
    ATMS.glyph(plot, "Text", data, { x: field("x"), y: field("y"), text: field("text"), text_align: { value: "center" },
      text_baseline: { value: "middle" }, text_font_size: { value: room > 32 ? WORDS : "9px" } }, { text_color: "text" }, this.frame.inks);
    if (kind === "percent") this.frame.status.textContent = "Per cent.";
  }
}

class Intervals extends ATMS.TableChart {
  /** Each row has a scale of its own: a ratio and an amount of money share none. */
  async draw() {
    const { frame, spec } = this;
    const names = this.cells(spec.x).map(String);
    const { low: lower, high: upper } = spec.options;
    const [point, low, high] = [spec.y[0], lower, upper].map((key) => this.numbers(key));
    const { kind } = this.column(spec.y[0]);
    const rows = names.map((_, row) => row).filter((row) => Number.isFinite(low[row]) && Number.isFinite(high[row]));
    if (!rows.length) return frame.empty("There is no interval to draw.");
    const plot = ATMS.newPlot({ height: 30 + rows.length * 44, x: this.range(-0.04, 1.04), y: this.range(rows.length - 0.5, -0.6), border: 110 }, frame.inks);
    ATMS.named(plot, plot.up, rows.map((row) => names[row]), 60);
    plot.center.forEach((grid) => (grid.visible = false));
    const scale = (row) => {
      const [from, to] = [Math.min(0, low[row], point[row] || 0), Math.max(0, high[row], point[row] || 0)];
      return (value) => (value - from) / (to - from || 1);
    };
    const at = rows.map((_, place) => place);
    const each = (values) => rows.map((row) => scale(row)(values[row]));
    const zero = rows.map((row) => scale(row)(0));
    ATMS.glyph(plot, "Segment", { x: zero, y0: at.map((y) => y - 0.22), y1: at.map((y) => y + 0.22) },
      { x0: field("x"), x1: field("x"), y0: field("y0"), y1: field("y1"), line_width: 1, line_dash: [3, 2] }, { line_color: "muted" }, frame.inks);
    ATMS.glyph(plot, "Segment", { x0: each(low), x1: each(high), y: at }, { x0: field("x0"), x1: field("x1"), y0: field("y"), y1: field("y"), line_width: 6, line_alpha: 0.4, line_cap: "round" },
      { line_color: "accent" }, frame.inks);
    ATMS.glyph(plot, "Scatter", { x: each(point), y: at }, { x: field("x"), y: field("y"), size: { value: 9 }, marker: { value: "circle" } },
      { fill_color: "accent", line_color: "panel" }, frame.inks);
    const word = (values) => rows.map((row) => ATMS.format(values[row], kind));
    for (const [values, align] of [[low, "left"], [high, "right"]]) {
      ATMS.glyph(plot, "Text", { x: rows.map(() => (align === "left" ? 0 : 1)), y: at.map((y) => y + 0.34), text: word(values) },
        { x: field("x"), y: field("y"), text: field("text"), text_align: { value: align }, text_baseline: { value: "middle" }, text_font_size: { value: WORDS } }, { text_color: "muted" }, frame.inks);
    }
    ATMS.glyph(plot, "Text", { x: each(point), y: at.map((y) => y - 0.32), text: word(point) },
      { x: field("x"), y: field("y"), text: field("text"), text_align: { value: "center" }, text_baseline: { value: "middle" }, text_font_size: { value: WORDS } }, { text_color: "text" }, frame.inks);
    frame.status.textContent = "Dot: measured; bar: 95 % interval, its ends beneath; dashed: zero. Each row has its own scale.";
    await frame.show([plot]);
  }
}

Object.assign(ATMS.kinds, { heatmap: Heatmap, intervals: Intervals });
