// The plots of a price chart: candles with what is drawn over them, volume, indicators beneath.
const ATMS = globalThis.ATMS;
const CANDLES = 1200;
const PIXELS = 1.6; // a candle's least width
const LINES = ["accent", "ink2", "ink3", "ink5", "ink6", "ink4"]; // the last one is near a gain's

/** Return the bars of a view as candles: first, least, most and last of each bin. */
function candles(bars, range) {
  const { from, to, size } = range;
  const count = Math.max(0, Math.ceil((to - from) / size));
  const { open, high, low, close, time } = bars;
  const found = { x: new Float64Array(count), open: new Float64Array(count), close: new Float64Array(count) };
  for (let bin = 0; bin < count; bin++) {
    const first = from + bin * size;
    const last = Math.min(to, first + size) - 1;
    found.x[bin] = (time[first] + time[last]) / 2000;
    found.open[bin] = open[first];
    found.close[bin] = close[last];
  }
  found.low = ATMS.extremes(low, from, to, size).low;
  found.high = ATMS.extremes(high, from, to, size).high;
  return found;
}

const picked = (values, places) => Float64Array.from(places, (place) => values[place]);

/** Candles of one feed, and the range of prices that they need. */
class Candles {
  constructor(plot, bars, inks) {
    const { field } = ATMS;
    this.bars = bars;
    const nothing = { x: [], low: [], high: [], open: [], close: [] };
    this.sides = ["gain", "loss"].map((colour) => {
      const wick = ATMS.glyph(plot, "Segment", { ...nothing },
        { x0: field("x"), x1: field("x"), y0: field("low"), y1: field("high"), line_width: 1 },
        { line_color: colour }, inks);
      const body = ATMS.glyph(plot, "VBar", { ...nothing },
        { x: field("x"), top: field("close"), bottom: field("open"), width: { value: 1 }, line_width: 1 },
        { fill_color: colour, line_color: colour }, inks);
      body.data_source = wick.data_source;
      return { source: wick.data_source, body };
    });
  }

  /** Hand a range to Bokeh; returns [low, high] of its prices and how many candles it became. */
  draw(range, step) {
    const found = candles(this.bars, range);
    const width = step * range.size * 0.7;
    const up = [];
    const down = [];
    for (let place = 0; place < found.x.length; place++) {
      if (Number.isNaN(found.close[place]) && Number.isNaN(found.low[place])) continue;
      (found.close[place] >= found.open[place] ? up : down).push(place);
    }
    [up, down].forEach((places, at) => {
      const { source, body } = this.sides[at];
      body.glyph.width = { value: width };
      source.data = Object.fromEntries(
        ["x", "open", "high", "low", "close"].map((name) => [name, picked(found[name], places)]),
      );
    });
    return { bounds: ATMS.bounds(found.low, found.high), count: up.length + down.length };
  }
}
ATMS.Candles = Candles;

/** Volume as bars, that of a candle's bars together. */
ATMS.volumePane = (view, bars, inks, step, note) => {
  const y = new Bokeh.Models.Range1d({ start: 0, end: 1 });
  const says = note ? `volume (${note})` : "volume";
  const plot = ATMS.newPlot({ height: 86, says, x: view.range, y, right: true, border: 66 }, inks);
  const bar = ATMS.glyph(plot, "VBar", { x: [], top: [] },
    { ...ATMS.fields("x", "top"), ...ATMS.values({ bottom: 0, width: 1 }), line_color: null, fill_alpha: 0.55 },
    { fill_color: "muted" }, inks);
  const draw = (range) => {
    const { from, to, size } = range;
    const top = ATMS.sums(bars.volume, from, to, size);
    const x = new Float64Array(top.length);
    for (let bin = 0; bin < x.length; bin++) {
      const first = from + bin * size;
      x[bin] = (bars.time[first] + bars.time[Math.min(to, first + size) - 1]) / 2000;
    }
    bar.glyph.width = { value: step * size * 0.7 };
    bar.data_source.data = { x, top };
    const high = ATMS.bounds(top)[1];
    y.setv({ start: 0, end: high > 0 ? high * 1.08 : 1 });
  };
  return { plot, draw };
};

/** Return in words what packing made of a column, or nothing. */
ATMS.coarser = (series, column) => (ATMS.meta.coarser || {})[series]?.[column] || "";

/** Return pane -> columns of a feed's indicators; `price` first. */
ATMS.panesOf = (feed) => {
  const name = `lines:${feed}`;
  const columns = ATMS.series[name];
  const panes = new Map([["price", []]]);
  if (!columns) return panes;
  const told = (ATMS.meta.panes || {})[name] || {};
  let colour = 0;
  for (const [column, values] of Object.entries(columns)) {
    if (column === "time" || !values.some((value) => Number.isFinite(value))) continue;
    const pane = told[column] || column;
    if (!panes.has(pane)) panes.set(pane, []);
    const look = pane === "price" ? LINES[colour++ % LINES.length] : LINES[panes.get(pane).length % LINES.length];
    const note = ATMS.coarser(name, column);
    const title = note ? `${column} (${note})` : column;
    panes.get(pane).push({ name: column, title, note, values, time: columns.time, colour: look });
  }
  return panes;
};

/** A pane of its own for one indicator's lines. */
ATMS.indicatorPane = (view, title, columns, inks) => {
  const y = new Bokeh.Models.Range1d({ start: 0, end: 1 });
  const [{ note }] = columns;
  const says = note ? `${title} (${note})` : title;
  const plot = ATMS.newPlot({ height: 116, says, x: view.range, y, right: true, border: 66 }, inks);
  const own = { drawers: [] };
  const lines = columns.map(({ time, values, colour }) =>
    ATMS.addLine(plot, own, { time, value: values }, { colour, width: 1.3 }, inks));
  columns.forEach((column, at) => (column.renderers = lines[at].renderers));
  const draw = (_, start, end) => {
    own.drawers.forEach((drawer) => drawer(start, end));
    ATMS.fit(y, lines);
  };
  return { plot, draw };
};

/** Return how many candles a plot of that width shows at most. */
ATMS.candleLimit = (width) => Math.max(60, Math.min(CANDLES, Math.floor(width / PIXELS)));

/** Return the step of a feed's bars in milliseconds: the least that is usual. */
ATMS.barStep = (time) => {
  if (time.length < 2) return 86_400_000;
  const steps = [];
  const every = Math.max(1, Math.floor(time.length / 500));
  for (let place = 1; place < time.length; place += every) steps.push(time[place] - time[place - 1]);
  steps.sort((left, right) => left - right);
  return (steps[Math.floor(steps.length / 4)] || 60_000_000) / 1000;
};
