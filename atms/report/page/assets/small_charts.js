// Charts of short tables: bars, histogram, lines over time, scatter, intervals.
const ATMS = globalThis.ATMS;
const COLOURS = ["accent", "ink2", "ink3", "ink4"];
const { field } = ATMS;

/** What Bokeh would take for a formula stays the text that it is. */
const label = (text) => String(text).replace(/\$\$|\\[[(]/g, (found) => `${found[0]}\u200b${found[1]}`);

/** A chart of a table: its frame, and the table's columns as arrays. */
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
    return this.table.columns[this.reader.column(key)];
  }

  kind(key) {
    return this.column(key).kind === "percent" ? "percent" : "number";
  }

  cells(key) {
    const place = this.reader.column(key);
    if (place < 0) throw new Error(`table ${this.table.id} has no column ${key}`);
    return Array.from({ length: this.reader.length }, (_, row) => this.reader.cell(row, place));
  }

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

  async start() {
    if (!this.reader.length) return this.frame.empty("There is nothing to draw.");
    return this.draw();
  }
}
ATMS.TableChart = TableChart;

/** Write *texts* under the ticks of an axis at 0, 1, 2, …; only so many as have room. */
function named(plot, axis, texts, room) {
  const every = Math.max(1, Math.ceil(texts.length / room));
  plot.center.filter((grid) => grid.dimension === (axis === plot.across ? 0 : 1)).forEach((grid) => (grid.visible = false));
  const places = texts.map((_, at) => at).filter((at) => at % every === 0);
  axis.ticker = new Bokeh.Models.FixedTicker({ ticks: places });
  axis.formatter.doFormat = (ticks) => ticks.map((tick) => label(texts[tick] ?? ""));
}

const shortened = (text) => (text.length > 18 ? `${text.slice(0, 17)}…` : text);

class BarsChart extends TableChart {
  async draw() {
    const { frame, spec } = this;
    const names = this.cells(spec.x).map((value) => this.text(spec.x, value));
    const values = this.numbers(spec.y[0]);
    const others = spec.y.length > 1 ? this.numbers(spec.y[1]) : null;
    const lying = names.length > 14 || names.some((name) => name.length > 7);
    const [least, most] = ATMS.bounds(values, others || []);
    const [low, high] = ATMS.span(Math.min(0, least), Math.max(0, most), 0.08);
    const air = Math.max(0, (4 - names.length) / 2); // one bar alone is not as wide as the page
    const across = this.range(-0.6 - air, names.length - 0.4 + air);
    const along = this.range(low, high);
    if (lying) [across.start, across.end] = [across.end, across.start];
    const height = lying ? Math.min(560, 60 + names.length * 20) : 230;
    const plot = ATMS.newPlot({ height, x: lying ? along : across, y: lying ? across : along,
      xKind: lying ? this.kind(spec.y[0]) : "number", yKind: lying ? "number" : this.kind(spec.y[0]), border: lying ? 110 : 56 }, frame.inks);
    named(plot, lying ? plot.up : plot.across, names.map(shortened), lying ? 40 : Math.max(3, frame.plot.clientWidth / 52));
    for (const [colour, fits] of [["gain", (value) => value >= 0], ["loss", (value) => value < 0]]) {
      const at = values.map((_, row) => row).filter((row) => fits(values[row]));
      const data = { at, to: at.map((row) => values[row]) };
      ATMS.glyph(plot, lying ? "HBar" : "VBar", data, lying
        ? { y: field("at"), right: field("to"), left: { value: 0 }, height: { value: 0.7 }, line_color: null }
        : { x: field("at"), top: field("to"), bottom: { value: 0 }, width: { value: 0.7 }, line_color: null },
        { fill_color: colour }, frame.inks);
    }
    if (others) {
      ATMS.glyph(plot, "Scatter", { at: others.map((_, row) => row), to: others }, { [lying ? "y" : "x"]: field("at"), [lying ? "x" : "y"]: field("to"), marker: { value: "diamond" }, size: { value: 9 }, line_width: 1.5, fill_color: null },
        { line_color: "text" }, frame.inks);
      frame.entry(this.column(spec.y[0]).title, "box", "gain", null);
      frame.entry(this.column(spec.y[1]).title, "diamond", "text", null);
    }
    const zero = new Bokeh.Models.Span({ location: 0, dimension: lying ? "height" : "width", line_width: 1 });
    plot.add_layout(frame.inks.put(zero, { line_color: "muted" }));
    frame.onPoint(plot, (event) => {
      const row = event && Math.round(lying ? event.y : event.x);
      if (event === null || !(row in names)) return frame.read();
      const said = spec.y.map((key) => `${this.column(key).title} ${this.text(key, this.numbers(key)[row])}`);
      return frame.read(ATMS.said(`${names[row]}: ${said.join(", ")}`));
    });
    await frame.show([plot]);
  }
}

class Histogram extends TableChart {
  async draw() {
    const { frame, spec } = this;
    const left = this.numbers(spec.x);
    const top = this.numbers(spec.y[0]);
    const width = left.length > 1 ? left[1] - left[0] : 1;
    const { to, normal } = spec.options;
    const right = this.has(to) ? this.numbers(to) : left.map((value) => value + width);
    const curve = this.has(normal) ? this.numbers(normal) : null;
    const high = Math.max(...top.filter(Number.isFinite), ...(curve || []).filter(Number.isFinite));
    const plot = ATMS.newPlot({ height: 230, x: this.range(...ATMS.span(left[0], right[right.length - 1], 0.02)),
      y: this.range(0, high * 1.06 || 1), xKind: this.kind(spec.x), yKind: "number" }, frame.inks);
    const middle = (at) => (left[at] + right[at]) / 2;
    for (const [colour, fits] of [["gain", (at) => middle(at) >= 0], ["loss", (at) => middle(at) < 0]]) {
      const places = left.map((_, at) => at).filter((at) => fits(at) && top[at] > 0);
      const data = { left: places.map((at) => left[at]), right: places.map((at) => right[at]), top: places.map((at) => top[at]) };
      ATMS.glyph(plot, "Quad", data, { left: field("left"), right: field("right"), top: field("top"), bottom: { value: 0 }, fill_alpha: 0.8 },
        { fill_color: colour, line_color: "panel" }, frame.inks);
    }
    if (curve) {
      ATMS.glyph(plot, "Line", { x: left.map((_, at) => middle(at)), y: curve }, { x: field("x"), y: field("y"), line_width: 1.5, line_dash: [5, 3] },
        { line_color: "muted" }, frame.inks);
      frame.entry(this.column(normal).title, "line", "muted", null);
    }
    frame.onPoint(plot, (event) => {
      const at = event === null ? -1 : left.findIndex((value, row) => event.x >= value && event.x < right[row]);
      if (at < 0) return frame.read();
      return frame.read(ATMS.said(`${this.text(spec.x, left[at])} to ${this.text(spec.x, right[at])}: ${this.text(spec.y[0], top[at])}`));
    });
    await frame.show([plot]);
  }
}

class Lines extends TableChart {
  async draw() {
    const { frame, spec } = this;
    const time = Float64Array.from(this.numbers(spec.x));
    const curves = spec.y.map((key, at) => ({ key, title: this.column(key).title, colour: COLOURS[at % 4],
      kind: this.kind(key), value: Float64Array.from(this.numbers(key)) }))
      .filter((curve) => curve.value.some(Number.isFinite));
    if (!curves.length) return frame.empty("It is undefined throughout: there is nothing to draw.");
    const view = new ATMS.TimeView(time[0] / 1000, time[time.length - 1] / 1000);
    ATMS.viewButtons(frame, view);
    const kinds = [...new Set(curves.map((curve) => curve.kind))]; // another scale, another pane
    const cross = ATMS.cross(frame.inks);
    const plots = kinds.map((kind, at) => {
      const mine = curves.filter((curve) => curve.kind === kind);
      const y = this.range(0, 1);
      const last = at === kinds.length - 1;
      const plot = ATMS.newPlot({ height: (kinds.length > 1 ? 130 : 210) + (last ? 20 : 0), x: view.range, y, xKind: last ? "time" : null, yKind: kind, right: true, border: 62 }, frame.inks);
      const lines = mine.map((curve) => ATMS.addLine(plot, view, { time, value: curve.value }, { colour: curve.colour }, frame.inks));
      if (mine.some((curve) => curve.value.some((value) => value < 0))) ATMS.level(plot, 0, frame.inks);
      mine.forEach((curve, place) => frame.entry(curve.title, "line", curve.colour, (on) => {
        for (const one of lines[place].renderers) one.visible = on;
      }));
      view.drawers.push(() => {
        const [start, end] = ATMS.span(Math.min(...lines.map((one) => one.extremes()[0])), Math.max(...lines.map((one) => one.extremes()[1])));
        y.setv({ start, end });
      });
      ATMS.tools(plot, { cross });
      frame.onPoint(plot, (event) => this.read(event, time, curves));
      return plot;
    });
    view.draw();
    return frame.show(plots);
  }

  read(event, time, curves) {
    if (event === null) return this.frame.read();
    const at = ATMS.placeAt(time, event.x * 1000);
    return this.frame.read(ATMS.said(ATMS.format(time[at], "time")),
      ...curves.map((curve) => ATMS.said(`${curve.title} ${this.text(curve.key, curve.value[at])}`, curve.colour)));
  }
}

const POINTS = 3000;

/** Of points that would cover each other keep one, where there are more than can be told apart. */
function apart(rows, x, y) {
  if (rows.length <= POINTS) return rows;
  const at = (values) => {
    const [low, high] = ATMS.bounds(rows.map((row) => values[row]));
    return (row) => Math.floor((250 * (values[row] - low)) / (high - low || 1));
  };
  const [across, up] = [at(x), at(y)];
  const taken = new Set();
  const kept = rows.filter((row) => {
    const cell = across(row) * 1000 + up(row);
    return taken.has(cell) ? false : taken.add(cell);
  });
  const every = Math.ceil(kept.length / POINTS);
  return kept.filter((_, place) => place % every === 0);
}

class ScatterChart extends TableChart {
  async draw() {
    const { frame, spec } = this;
    const x = this.numbers(spec.x);
    const y = this.numbers(spec.y[0]);
    const all = x.map((_, row) => row).filter((row) => Number.isFinite(x[row]) && Number.isFinite(y[row]));
    if (!all.length) return frame.empty("There is nothing to draw.");
    const rows = apart(all, x, y);
    const pick = (values, places) => places.map((row) => values[row]);
    const plot = ATMS.newPlot({ height: 260, x: this.range(...ATMS.span(...ATMS.bounds(pick(x, all)))),
      y: this.range(...ATMS.span(...ATMS.bounds(pick(y, all)))), xKind: this.kind(spec.x), yKind: this.kind(spec.y[0]) }, frame.inks);
    this.sides(plot, rows, all, x, y);
    ATMS.level(plot, 0, frame.inks);
    const nearest = (event) => {
      const wide = plot.x_range.end - plot.x_range.start;
      const tall = plot.y_range.end - plot.y_range.start;
      const far = (row) => ((x[row] - event.x) / wide) ** 2 + ((y[row] - event.y) / tall) ** 2;
      const best = rows.reduce((found, row) => (far(row) < far(found) ? row : found), rows[0]);
      return far(best) < 0.002 ? best : -1;
    };
    const first = this.table.columns[0];
    frame.onPoint(plot, (event) => {
      const row = event === null ? -1 : nearest(event);
      if (row < 0) return frame.read();
      const name = ATMS.format(this.reader.cell(row, 0), first.kind);
      return frame.read(ATMS.said(`${first.title} ${name}: ${this.column(spec.x).title} ${this.text(spec.x, x[row])}, ${this.column(spec.y[0]).title} ${this.text(spec.y[0], y[row])}`));
    });
    if (this.table.series === "trades") {
      plot.on_event("tap", (event) => nearest(event) >= 0 && ATMS.showTrade(nearest(event), true));
    }
    const some = rows.length < all.length ? ` ${ATMS.format(rows.length, "count")} of ${ATMS.format(all.length, "count")} points: the others lie on these.` : "";
    frame.status.textContent = `Across: ${this.column(spec.x).title}; up: ${this.column(spec.y[0]).title}.${some}`;
    return frame.show([plot]);
  }

  /** Gains and losses, told apart by shape too. */
  sides(plot, rows, all, x, y) {
    const profit = this.has("net_pnl") ? this.numbers("net_pnl") : y;
    const size = { value: rows.length > 1000 ? 4 : 6 };
    for (const [colour, marker, fits, name] of [
      ["gain", "circle", (row) => profit[row] >= 0, "gain"], ["loss", "square", (row) => profit[row] < 0, "loss"],
    ]) {
      const mine = rows.filter(fits);
      ATMS.glyph(plot, "Scatter", { x: mine.map((row) => x[row]), y: mine.map((row) => y[row]) },
        { x: field("x"), y: field("y"), size, marker: { value: marker }, fill_alpha: 0.6, line_color: null }, { fill_color: colour }, this.frame.inks);
      this.frame.entry(`${name} (${ATMS.format(all.filter(fits).length, "count")})`, marker === "circle" ? "dot" : "square", colour, null);
    }
  }
}

Object.assign(ATMS.kinds, { bars: BarsChart, histogram: Histogram, lines: Lines, scatter: ScatterChart });
ATMS.named = named;
ATMS.label = label;
