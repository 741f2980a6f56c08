// Bars of a table: a name each, and beside them, where told, what they are compared with.
const ATMS = globalThis.ATMS;
const LONG = 18;

const shortened = (text) => (text.length > LONG ? `${text.slice(0, LONG - 1)}…` : text);

class BarsChart extends ATMS.TableChart {
  async draw() {
    const { spec } = this;
    this.names = this.cells(spec.x).map((value) => this.text(spec.x, value));
    this.values = this.numbers(spec.y[0]);
    this.others = spec.y.length > 1 ? this.numbers(spec.y[1]) : null;
    this.lying = this.names.length > 14 || this.names.some((name) => name.length > 7);
    const plot = this.plot();
    this.bars(plot);
    if (this.others) this.compared(plot);
    const zero = { location: 0, dimension: this.lying ? "height" : "width", line_width: 1 };
    plot.add_layout(this.frame.inks.put(new Bokeh.Models.Span(zero), { line_color: "muted" }));
    this.frame.onPoint(plot, (event) => this.read(event));
    await this.frame.show([plot]);
  }

  plot() {
    const { frame, names, lying } = this;
    const [least, most] = ATMS.bounds(this.values, this.others || []);
    const along = this.range(...ATMS.span(Math.min(0, least), Math.max(0, most), 0.08));
    const air = Math.max(0, (4 - names.length) / 2); // one bar alone is not as wide as the page
    const [first, last] = [-0.6 - air, names.length - 0.4 + air];
    const kind = this.kind(this.spec.y[0]);
    const plot = lying
      ? ATMS.newPlot({ height: Math.min(560, 60 + names.length * 20), x: along,
        y: this.range(last, first), xKind: kind, yKind: "number", border: 110 }, frame.inks)
      : ATMS.newPlot({ height: 230, x: this.range(first, last), y: along, xKind: "number",
        yKind: kind }, frame.inks);
    const room = lying ? 40 : Math.max(3, frame.plot.clientWidth / 52);
    ATMS.named(plot, lying ? plot.up : plot.across, names.map(shortened), room);
    return plot;
  }

  bars(plot) {
    const { field, values } = ATMS;
    const look = this.lying
      ? { y: field("at"), right: field("to"), ...values({ left: 0, height: 0.7 }) }
      : { x: field("at"), top: field("to"), ...values({ bottom: 0, width: 0.7 }) };
    for (const { colour, fits } of ATMS.SIDES) {
      const at = this.values.map((_, row) => row).filter((row) => fits(this.values[row]));
      const data = { at, to: at.map((row) => this.values[row]) };
      this.glyph(plot, this.lying ? "HBar" : "VBar", data, { ...look, line_color: null }, { fill_color: colour });
    }
  }

  /** What the bars are compared with, as hollow diamonds. */
  compared(plot) {
    const { field, values } = ATMS;
    const [x, y] = this.lying ? ["to", "at"] : ["at", "to"];
    const data = { at: this.others.map((_, row) => row), to: this.others };
    const look = { x: field(x), y: field(y), ...values({ marker: "diamond", size: 9 }) };
    this.glyph(plot, "Scatter", data, { ...look, line_width: 1.5, fill_color: null }, { line_color: "text" });
    const [own, other] = this.spec.y.map((key) => this.column(key).title);
    this.frame.entry(own, "box", "gain", null);
    this.frame.entry(other, "diamond", "text", null);
  }

  read(event) {
    const row = event && Math.round(this.lying ? event.y : event.x);
    if (event === null || !(row in this.names)) return this.frame.read();
    const said = this.spec.y.map((key) => `${this.column(key).title} ${this.text(key, this.numbers(key)[row])}`);
    return this.frame.read(ATMS.said(`${this.names[row]}: ${said.join(", ")}`));
  }
}

ATMS.kinds.bars = BarsChart;
