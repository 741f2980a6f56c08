// How often values lay between two edges, with the curve that they are compared with.
const ATMS = globalThis.ATMS;

class Histogram extends ATMS.TableChart {
  async draw() {
    const { frame, spec } = this;
    const { to, normal } = spec.options;
    this.left = this.numbers(spec.x);
    this.top = this.numbers(spec.y[0]);
    const width = this.left.length > 1 ? this.left[1] - this.left[0] : 1;
    this.right = this.has(to) ? this.numbers(to) : this.left.map((value) => value + width);
    const curve = this.has(normal) ? this.numbers(normal) : [];
    const high = ATMS.bounds(this.top, curve)[1];
    const x = this.range(...ATMS.span(this.left[0], this.right[this.right.length - 1], 0.02));
    const y = this.range(0, high > 0 ? high * 1.06 : 1);
    const plot = ATMS.newPlot({ height: 230, x, y, xKind: this.kind(spec.x) }, frame.inks);
    this.bars(plot);
    if (curve.length) this.curve(plot, curve, this.column(normal).title);
    frame.onPoint(plot, (event) => this.read(event));
    await frame.show([plot]);
  }

  middle(at) {
    return (this.left[at] + this.right[at]) / 2;
  }

  bars(plot) {
    const { left, right, top } = this;
    const look = { ...ATMS.fields("left", "right", "top"), ...ATMS.values({ bottom: 0 }), fill_alpha: 0.8 };
    for (const { colour, fits } of ATMS.SIDES) {
      const places = left.map((_, at) => at).filter((at) => fits(this.middle(at)) && top[at] > 0);
      const part = (values) => places.map((at) => values[at]);
      const data = { left: part(left), right: part(right), top: part(top) };
      this.glyph(plot, "Quad", data, look, { fill_color: colour, line_color: "panel" });
    }
  }

  curve(plot, curve, title) {
    const data = { x: curve.map((_, at) => this.middle(at)), y: curve };
    const look = { ...ATMS.fields("x", "y"), line_width: 1.5, line_dash: [5, 3] };
    this.glyph(plot, "Line", data, look, { line_color: "muted" });
    this.frame.entry(title, "line", "muted", null);
  }

  read(event) {
    const { left, right, top, spec } = this;
    const at = event === null ? -1 : left.findIndex((value, row) => event.x >= value && event.x < right[row]);
    if (at < 0) return this.frame.read();
    const edges = `${this.text(spec.x, left[at])} to ${this.text(spec.x, right[at])}`;
    return this.frame.read(ATMS.said(`${edges}: ${this.text(spec.y[0], top[at])}`));
  }
}

ATMS.kinds.histogram = Histogram;
