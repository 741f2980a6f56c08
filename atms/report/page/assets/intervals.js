// Estimates with their intervals, a row each. Each row has a scale of its own: a return of 900 %
// and a drawdown of 20 % would share none that shows both.
const ATMS = globalThis.ATMS;
const SAID = "Dot: measured; bar: 95 % interval, its ends beneath; dashed: zero. Each row has its own scale.";

class Intervals extends ATMS.TableChart {
  async draw() {
    const { frame, spec } = this;
    const names = this.cells(spec.x).map(String);
    const { low, high } = spec.options;
    [this.point, this.low, this.high] = [spec.y[0], low, high].map((key) => this.numbers(key));
    const known = (row) => Number.isFinite(this.low[row]) && Number.isFinite(this.high[row]);
    this.rows = names.map((_, row) => row).filter(known);
    const count = this.rows.length;
    if (!count) return frame.empty("There is no interval to draw.");
    this.at = this.rows.map((_, place) => place);
    const [x, y] = [this.range(-0.04, 1.04), this.range(count - 0.5, -0.6)];
    const plot = ATMS.newPlot({ height: 30 + count * 44, x, y, border: 110 }, frame.inks);
    ATMS.named(plot, plot.up, this.rows.map((row) => names[row]), 60);
    for (const grid of plot.center) grid.visible = false;
    this.bars(plot);
    this.words(plot);
    frame.status.textContent = SAID;
    return frame.show([plot]);
  }

  /** Return values as shares of their rows' scales, which hold zero and the whole interval. */
  scaled(values) {
    return this.rows.map((row) => {
      const point = this.point[row] || 0;
      const from = Math.min(0, this.low[row], point);
      const to = Math.max(0, this.high[row], point);
      return (values[row] - from) / (to - from || 1);
    });
  }

  bars(plot) {
    const { field, fields, values } = ATMS;
    const zero = this.scaled(this.low.map(() => 0));
    const ends = { x: zero, y0: this.at.map((y) => y - 0.22), y1: this.at.map((y) => y + 0.22) };
    const upright = { x0: field("x"), x1: field("x"), ...fields("y0", "y1"), line_width: 1, line_dash: [3, 2] };
    this.glyph(plot, "Segment", ends, upright, { line_color: "muted" });
    const bar = { x0: this.scaled(this.low), x1: this.scaled(this.high), y: this.at };
    const flat = { ...fields("x0", "x1"), y0: field("y"), y1: field("y") };
    const thick = { line_width: 6, line_alpha: 0.4, line_cap: "round" };
    this.glyph(plot, "Segment", bar, { ...flat, ...thick }, { line_color: "accent" });
    const dot = { ...fields("x", "y"), ...values({ size: 9, marker: "circle" }) };
    const points = { x: this.scaled(this.point), y: this.at };
    this.glyph(plot, "Scatter", points, dot, { fill_color: "accent", line_color: "panel" });
  }

  words(plot) {
    const { inks } = this.frame;
    const text = (values) => this.rows.map((row) => this.text(this.spec.y[0], values[row]));
    const beneath = this.at.map((y) => y + 0.34);
    ATMS.words(plot, { x: this.at.map(() => 0), y: beneath, text: text(this.low) }, "left", inks, "muted");
    ATMS.words(plot, { x: this.at.map(() => 1), y: beneath, text: text(this.high) }, "right", inks, "muted");
    const above = { x: this.scaled(this.point), y: this.at.map((y) => y - 0.32), text: text(this.point) };
    ATMS.words(plot, above, "center", inks, "text");
  }
}

ATMS.kinds.intervals = Intervals;
