// What is marked on the price: fills, signals, trades, stop and target levels of one feed.
const ATMS = globalThis.ATMS;
const MOST = 1500;
const CELL = 7; // pixels: of marks that would cover each other one is drawn

/** Places in a series that belong to a feed, sorted by a column of times. */
function ofFeed(series, feed, key = "time") {
  const found = [];
  if (!series || !series[key]) return found;
  for (let row = 0; row < series[key].length; row++) if (series.feed[row] === feed) found.push(row);
  return found.sort((left, right) => series[key][left] - series[key][right]);
}

/** Return the part of sorted *rows* whose time lies in [start, end]. */
function within(rows, time, start, end) {
  const times = { length: rows.length };
  const first = (wanted) => {
    let [low, high] = [0, times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (time[rows[middle]] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return rows.slice(first(start), first(end + 1));
}

/** Of rows that fall on the same few pixels keep one, where there are more than can be told apart. */
function thinned(rows, place) {
  if (rows.length <= MOST) return rows;
  const taken = new Set();
  const kept = rows.filter((row) => {
    const { x, y } = place(row);
    const cell = Math.floor(x / CELL) * 65536 + Math.floor(y / CELL);
    if (taken.has(cell)) return false;
    taken.add(cell);
    return true;
  });
  if (kept.length <= MOST) return kept;
  const every = Math.ceil(kept.length / MOST);
  return kept.filter((_, at) => at % every === 0);
}

const GAINED = (trades, row) => trades.net_pnl[row] >= 0;

/** The marks of one feed, in layers that can be hidden. */
class Marks {
  /**
   * @param {Object} bars the feed's columns
   * @param {number} feed its place
   */
  constructor(feed, bars) {
    const { fills, trades, signals, levels } = ATMS.series;
    this.bars = bars;
    this.fills = ofFeed(fills, feed);
    this.trades = ofFeed(trades, feed);
    this.signals = ofFeed(signals, feed);
    this.levels = ofFeed(levels, feed);
    this.layers = {};
    this.hidden = new Set();
    this.selected = -1;
    this.exits = this.trades.map((row) => trades.exit_time[row]);
    this.longest = this.trades.reduce((most, row) => Math.max(most, this.end(row) - trades.time[row]), 0);
    this.standing = this.levels.reduce((most, row) => Math.max(most, levels.end[row] - levels.time[row] || 0), 0);
  }

  /** When a trade ended; one that is open lasts to the last bar. */
  end(row) {
    const at = ATMS.series.trades.exit_time[row];
    return Number.isNaN(at) ? this.bars.time[this.bars.time.length - 1] : at;
  }

  /** Add the layers to the price's plot. */
  build(plot, inks) {
    const lines = ATMS.fields("x0", "y0", "x1", "y1");
    const nothing = { x0: [], y0: [], x1: [], y1: [] };
    const points = { x: [], y: [] };
    const segment = (settings, colour) =>
      ATMS.glyph(plot, "Segment", { ...nothing }, { ...lines, ...settings }, { line_color: colour }, inks);
    const scatter = (marker, size, settings, colours) => {
      const look = { ...ATMS.fields("x", "y"), ...ATMS.values({ marker, size }), ...settings };
      return ATMS.glyph(plot, "Scatter", { ...points }, look, colours, inks);
    };
    const hollow = { fill_color: null, line_width: 1.6 };
    const full = { line_width: 1 };
    this.layers = {
      chosen: [segment({ line_width: 9, line_alpha: 0.3, line_cap: "round" }, "accent")],
      stops: [segment({ line_width: 1.2, line_dash: [4, 3] }, "loss")],
      targets: [segment({ line_width: 1.2, line_dash: [4, 3] }, "gain")],
      gained: [segment({ line_width: 1.8 }, "gain")],
      lost: [segment({ line_width: 1.8 }, "loss")],
      long: [scatter("triangle", 10, hollow, { line_color: "signal" })],
      short: [scatter("inverted_triangle", 10, hollow, { line_color: "signal" })],
      exit: [scatter("diamond", 10, hollow, { line_color: "signal" })],
      refused: [scatter("x", 8, { line_width: 1.4 }, { line_color: "muted" })],
      buys: [scatter("circle", 8, full, { fill_color: "gain", line_color: "panel" })],
      sells: [scatter("square", 8, full, { fill_color: "loss", line_color: "panel" })],
    };
    for (const [name, group] of Object.entries(GROUPS)) this.show(name, !this.hidden.has(name), group);
  }

  /** Show or hide a group of layers, as the legend has them. */
  show(name, on, group = GROUPS[name]) {
    this.hidden[on ? "delete" : "add"](name);
    for (const layer of group) for (const one of this.layers[layer] || []) one.visible = on;
  }

  /** Return which groups there is anything of. */
  groups() {
    const found = [];
    if (this.fills.length) found.push("buys", "sells");
    if (this.signals.length) found.push("signals");
    if (this.trades.length) found.push("trades");
    if (this.levels.length) found.push("levels");
    return found;
  }

  /**
   * Hand the marks of a view to Bokeh.
   * @param {Object} view start and end in microseconds, low and high of the y range, width and height
   *   in pixels
   * @returns {Array<string>} what was left out, in words
   */
  draw(view) {
    const said = [this.drawFills(view), this.drawSignals(view), this.drawTrades(view), this.drawLevels(view)];
    return said.filter(Boolean);
  }

  points(name, rows, x, y) {
    this.layers[name][0].data_source.data = {
      x: Float64Array.from(rows, x), y: Float64Array.from(rows, y),
    };
  }

  segments(name, rows, ends) {
    const data = { x0: [], y0: [], x1: [], y1: [] };
    for (const row of rows) {
      const [x0, y0, x1, y1] = ends(row);
      data.x0.push(x0 / 1000);
      data.y0.push(y0);
      data.x1.push(x1 / 1000);
      data.y1.push(y1);
    }
    this.layers[name][0].data_source.data = data;
  }

  pixel(view, time, price) {
    return {
      x: ((time - view.start) / (view.end - view.start)) * view.width,
      y: ((view.high - price) / (view.high - view.low || 1)) * view.height,
    };
  }

  count(name, word, shown, all) {
    ATMS.drawn[name] = shown;
    if (shown === all) return "";
    return `${ATMS.format(shown, "count")} of ${ATMS.format(all, "count")} ${word} shown; zoom in`;
  }

  drawFills(view) {
    const { fills } = ATMS.series;
    const rows = within(this.fills, fills.time, view.start, view.end);
    const kept = thinned(rows, (row) => this.pixel(view, fills.time[row], fills.price[row]));
    for (const [name, side] of [["buys", "buy"], ["sells", "sell"]]) {
      const mine = kept.filter((row) => fills.side[row] === side);
      this.points(name, mine, (row) => fills.time[row] / 1000, (row) => fills.price[row]);
      this.layers[name][0].glyph.size = { value: kept.length > 300 ? 6 : 8 };
    }
    return this.count("fills", "fills", kept.length, rows.length);
  }

  drawSignals(view) {
    const { signals } = ATMS.series;
    const { high, low, close } = this.bars;
    const rows = within(this.signals, signals.time, view.start, view.end);
    const kept = thinned(rows, (row) => this.pixel(view, signals.time[row], close[signals.bar[row]]));
    const air = (14 / view.height) * (view.high - view.low);
    const refused = (row) => Boolean(signals.refused[row]) || !signals.signal[row];
    const under = (row) => signals.signal[row] === "long";
    const y = (row) => (under(row) ? low[signals.bar[row]] - air : high[signals.bar[row]] + air);
    const put = (name, mine) => this.points(name, mine, (row) => signals.time[row] / 1000, y);
    put("refused", kept.filter(refused));
    for (const word of ["long", "short", "exit"]) {
      put(word, kept.filter((row) => !refused(row) && signals.signal[row] === word));
    }
    return this.count("signals", "signals", kept.length, rows.length);
  }

  drawTrades(view) {
    const { trades } = ATMS.series;
    const rows = within(this.trades, trades.time, view.start - this.longest, view.end)
      .filter((row) => this.end(row) >= view.start);
    const kept = thinned(rows, (row) => this.pixel(view, trades.time[row], trades.entry_price[row]));
    const { close } = this.bars;
    const last = close[close.length - 1];
    const exit = (row) => (Number.isFinite(trades.exit_price[row]) ? trades.exit_price[row] : last);
    const ends = (row) => [trades.time[row], trades.entry_price[row], this.end(row), exit(row)];
    this.segments("gained", kept.filter((row) => GAINED(trades, row)), ends);
    this.segments("lost", kept.filter((row) => !GAINED(trades, row)), ends);
    this.segments("chosen", rows.filter((row) => row === this.selected), ends);
    return this.count("trades", "trades", kept.length, rows.length);
  }

  drawLevels(view) {
    const { levels } = ATMS.series;
    const last = this.bars.time[this.bars.time.length - 1];
    const until = (row) => (Number.isNaN(levels.end[row]) ? last : levels.end[row]);
    const rows = within(this.levels, levels.time, view.start - this.standing, view.end)
      .filter((row) => until(row) >= view.start);
    const kept = thinned(rows, (row) => this.pixel(view, levels.time[row], levels.price[row]));
    const ends = (row) => [levels.time[row], levels.price[row], until(row), levels.price[row]];
    this.segments("stops", kept.filter((row) => levels.kind[row] === "stop"), ends);
    this.segments("targets", kept.filter((row) => levels.kind[row] !== "stop"), ends);
    return this.count("levels", "levels", kept.length, rows.length);
  }

  /** Return what happened in [start, end], for the readout. */
  at(start, end) {
    const { fills, signals } = ATMS.series;
    const done = within(this.fills, fills.time, start, end).slice(0, 4).map((row) => {
      const [size, fee] = [fills.size, fills.fee].map((column) => ATMS.exact(column[row]));
      const text = `${fills.side[row]} ${size} at ${ATMS.format(fills.price[row], "price")}, fee ${fee}`;
      return ATMS.said(text, fills.side[row] === "buy" ? "gain" : "loss");
    });
    const meant = within(this.signals, signals.time, start, end).slice(0, 3).map((row) => {
      const why = signals.refused[row] ? `, refused: ${signals.refused[row]}` : "";
      return ATMS.said(`signal ${signals.signal[row] || "none"}${why}`, "signal");
    });
    return [...done, ...meant];
  }
}

const GROUPS = {
  buys: ["buys"],
  sells: ["sells"],
  signals: ["long", "short", "exit", "refused"],
  trades: ["gained", "lost", "chosen"],
  levels: ["stops", "targets"],
};
ATMS.Marks = Marks;
