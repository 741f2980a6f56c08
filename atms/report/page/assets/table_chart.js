// What every chart of a table has: its frame, the table's columns as arrays, names under an axis.
const ATMS = globalThis.ATMS;

/** What Bokeh would take for a formula stays the text that it is. */
const label = (text) => String(text).replace(/\$\$|\\[[(]/g, (found) => `${found[0]}\u200b${found[1]}`);

/** A chart of a table. */
class TableChart {
  constructor(spec) {
    this.frame = new ATMS.Frame(spec);
    this.spec = spec;
    this.table = ATMS.tables.get(spec.table);
    if (!this.table) throw new Error(`there is no table ${spec.table} behind it`);
    this.reader = ATMS.reader(this.table);
  }

  has(key) {
    return this.reader.column(key) >= 0;
  }

  column(key) {
    if (!this.has(key)) throw new Error(`table ${this.table.id} has no column ${key}`);
    return this.table.columns[this.reader.column(key)];
  }

  /** The kind of axis that a column takes. */
  kind(key) {
    return this.column(key).kind === "percent" ? "percent" : "number";
  }

  cells(key) {
    this.column(key);
    const place = this.reader.column(key);
    return Array.from({ length: this.reader.length }, (_, row) => this.reader.cell(row, place));
  }

  /** A column's numbers; NaN where there is none that can be drawn. */
  numbers(key) {
    return this.cells(key).map((value) => {
      const number = ATMS.number(value);
      return number === null || !Number.isFinite(number) ? NaN : number;
    });
  }

  /** Return a value of a column as text. */
  text(key, value) {
    return ATMS.format(value, this.column(key).kind);
  }

  range(start, end) {
    return new Bokeh.Models.Range1d({ start, end });
  }

  /** Add a glyph in the frame's colours. */
  glyph(plot, kind, data, settings, colours) {
    return ATMS.glyph(plot, kind, data, settings, colours, this.frame.inks);
  }

  async start() {
    if (!this.reader.length) return this.frame.empty("There is nothing to draw.");
    return this.draw();
  }
}
ATMS.TableChart = TableChart;

/** Gains and losses, each with its colour and shape. */
ATMS.SIDES = [
  { name: "gain", colour: "gain", marker: "circle", swatch: "dot", fits: (value) => value >= 0 },
  { name: "loss", colour: "loss", marker: "square", swatch: "square", fits: (value) => value < 0 },
];

/** Write *texts* under the ticks of an axis at 0, 1, 2, …; only so many as have room. */
ATMS.named = (plot, axis, texts, room) => {
  const every = Math.max(1, Math.ceil(texts.length / room));
  const dimension = axis === plot.across ? 0 : 1;
  for (const grid of plot.center) if (grid.dimension === dimension) grid.visible = false;
  const ticks = texts.map((_, at) => at).filter((at) => at % every === 0);
  axis.ticker = new Bokeh.Models.FixedTicker({ ticks });
  axis.formatter.doFormat = (shown) => shown.map((tick) => label(texts[tick] ?? ""));
};
