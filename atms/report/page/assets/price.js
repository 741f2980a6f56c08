// The price of a feed with everything that happened on it; the view follows a trade that is chosen.
const ATMS = globalThis.ATMS;
const HEIGHT = 380;
const FIRST = 600; // bars that a view of one trade shows at most around it
const GROUP_NAMES = {
  buys: ["buy fill", "dot", "gain"],
  sells: ["sell fill", "square", "loss"],
  signals: ["signal: △ long, ▽ short, ◇ exit, × refused", "up", "signal"],
  trades: ["trade", "line", "gain"],
  levels: ["stop and target", "dash", "loss"],
};

class PriceChart {
  constructor(spec) {
    this.frame = new ATMS.Frame(spec);
    this.spec = spec;
    this.feeds = Object.keys(ATMS.series)
      .filter((name) => name.startsWith("bars:") && ATMS.series[name].time.length && ATMS.series[name].close)
      .map((name) => Number(name.slice(5)));
    this.hidden = new Set();
  }

  async start() {
    const { frame } = this;
    if (!this.feeds.length) return frame.empty("There is no price to draw: the run has no bars.");
    this.feed = this.busiest();
    this.head();
    if (ATMS.series.trades?.time.length) {
      frame.button("‹ Trade", "Trade before", () => this.turn(-1));
      frame.button("Trade ›", "Next trade", () => this.turn(1));
    }
    const moved = { // the view is another one after another feed was chosen
      zoom: (factor) => this.view.zoom(factor), move: (part) => this.view.move(part), all: () => this.view.all(),
    };
    ATMS.viewButtons(frame, moved);
    await this.build();
    ATMS.price = this;
    return undefined;
  }

  /** The feed that most trades are of: it is shown first. */
  busiest() {
    const counts = new Map();
    for (const feed of ATMS.series.fills?.feed || []) counts.set(feed, (counts.get(feed) || 0) + 1);
    const count = (feed) => counts.get(feed) || 0;
    return this.feeds.reduce((best, feed) => (count(feed) > count(best) ? feed : best), this.feeds[0]);
  }

  head() {
    if (this.feeds.length < 2) return;
    const onchange = () => this.turnTo(Number(this.select.value));
    this.select = ATMS.make("select", { "aria-label": `Feed: ${this.spec.title}`, onchange });
    for (const feed of this.feeds) this.select.append(ATMS.make("option", { value: feed, text: this.nameOf(feed) }));
    this.select.value = String(this.feed);
    this.frame.controls.append(this.select);
  }

  nameOf(feed) {
    const told = (ATMS.meta.feeds || [])[feed];
    if (!told) return `feed ${feed}`;
    return told.name && told.name !== told.symbol ? `${told.symbol} (${told.name})` : told.symbol;
  }

  /** Show another feed, at the same time where it has bars then. */
  async turnTo(feed) {
    const { start, end } = this.view.range;
    this.feed = feed;
    if (this.select) this.select.value = String(feed);
    await this.build();
    await this.view.show(start, end);
  }

  async build() {
    const { frame } = this;
    frame.renew();
    const bars = (this.bars = ATMS.series[`bars:${this.feed}`]);
    const { time } = bars;
    this.step = ATMS.barStep(time);
    const long = ["low", "high"].map((name) => bars[name]).filter(Boolean);
    await ATMS.prepareBins(long);
    this.view = new ATMS.TimeView(time[0] / 1000 - this.step, time[time.length - 1] / 1000 + this.step);
    this.view.least = this.step * 8;
    this.view.range.min_interval = Math.min(this.step * 8, this.view.last - this.view.first);
    this.marks = new ATMS.Marks(this.feed, bars);
    this.marks.hidden = this.hidden;
    this.plots();
    this.view.drawers.push((start, end) => this.draw(start, end));
    this.legend();
    this.view.draw();
    await frame.show([this.main, ...this.panes.map((pane) => pane.plot)]);
    this.observe();
    this.rows();
  }

  /** Make the plots: the price, and a pane each for volume and for indicators. */
  plots() {
    const { frame, view, bars, step } = this;
    this.y = new Bokeh.Models.Range1d({ start: 0, end: 1 });
    this.main = ATMS.newPlot({ height: HEIGHT, x: view.range, y: this.y, right: true, border: 66 }, frame.inks);
    const flat = { open: bars.close, high: bars.close, low: bars.close }; // of a feed that has no others
    this.candles = new ATMS.Candles(this.main, { ...flat, ...bars }, frame.inks);
    this.columns = ATMS.panesOf(this.feed);
    this.over = { drawers: [] };
    for (const column of this.columns.get("price")) {
      column.renderers = ATMS.addLine(this.main, this.over, { time: column.time, value: column.values },
        { colour: column.colour, width: 1.2, alpha: 0.8 }, frame.inks).renderers;
    }
    this.marks.build(this.main, frame.inks);
    this.panes = [];
    if (bars.volume?.some((value) => value > 0)) {
      const note = ATMS.coarser(`bars:${this.feed}`, "volume");
      this.panes.push(ATMS.volumePane(view, bars, frame.inks, step, note));
    }
    for (const [title, columns] of this.columns) {
      if (title !== "price") this.panes.push(ATMS.indicatorPane(view, title, columns, frame.inks));
    }
    const cross = ATMS.cross(frame.inks);
    const plots = [this.main, ...this.panes.map((pane) => pane.plot)];
    for (const plot of plots) {
      ATMS.tools(plot, { wheel: true, cross });
      frame.onPoint(plot, (event) => this.read(event));
    }
    const lowest = plots[plots.length - 1];
    lowest.across.visible = true;
    lowest.setv({ min_border_bottom: 22, height: lowest.height + 18 });
  }

  legend() {
    const { frame } = this;
    frame.legend.replaceChildren();
    for (const name of this.marks.groups()) {
      const [title, mark, colour] = GROUP_NAMES[name];
      frame.entry(title, mark, colour, (on) => this.marks.show(name, on), !this.hidden.has(name));
    }
    for (const [pane, columns] of this.columns) {
      if (pane !== "price" && columns.length < 2) continue; // its title says it
      for (const column of columns) {
        frame.entry(column.title, "line", column.colour, (on) => {
          for (const renderer of column.renderers) renderer.visible = on;
        });
      }
    }
  }

  width() {
    return Math.max(120, (this.frame.plot.clientWidth || 900) - 74);
  }

  draw(start, end) {
    const { bars, step } = this;
    const range = ATMS.visible(bars.time, start, end, ATMS.candleLimit(this.width()));
    this.range = range;
    const { bounds, count } = this.candles.draw(range, step);
    const [low, high] = ATMS.span(...bounds, 0.08);
    this.y.setv({ start: low, end: high });
    this.over.drawers.forEach((drawer) => drawer(start, end));
    this.panes.forEach((pane) => pane.draw(range, start, end));
    ATMS.drawn.candles = count;
    const left = this.marks.draw({ start, end, low, high, width: this.width(), height: HEIGHT - 10 });
    this.say(range, count, left);
    this.frame.refreshRows();
  }

  say(range, count, left) {
    const shown = range.to - range.from;
    const bars = `${ATMS.format(shown, "count")} bar${shown === 1 ? "" : "s"}`;
    const drawn = range.size > 1 ? ` in ${ATMS.format(count, "count")} candles of ${range.size}` : "";
    const text = `${[`${bars}${drawn}`, ...left].join("; ")}.`;
    if (this.frame.status.textContent !== text) this.frame.status.textContent = text;
  }

  /** Draw again when the width changes much: the phone was turned, the window made smaller. */
  observe() {
    this.observer?.disconnect();
    let last = this.width();
    this.observer = new ResizeObserver(() => {
      if (Math.abs(this.width() - last) < 20) return;
      last = this.width();
      this.view.draw();
    });
    this.observer.observe(this.frame.plot);
  }

  read(event) {
    const { frame, bars, range } = this;
    if (event === null || !range) return frame.read();
    const at = ATMS.placeAt(bars.time, event.x * 1000 + (this.step * 1000) / 2);
    const first = Math.max(0, at - ((at - range.from) % range.size));
    const last = Math.min(bars.time.length, first + range.size) - 1;
    const price = (value) => ATMS.format(value, "price");
    const rounded = (value) => price(Number(value.toPrecision(8))); // of indicators; prices have every digit
    const low = ATMS.bounds((bars.low || bars.close).subarray(first, last + 1))[0];
    const high = ATMS.bounds((bars.high || bars.close).subarray(first, last + 1))[1];
    const [from, to] = [first, last].map((place) => ATMS.format(bars.time[place], "time"));
    const opened = price((bars.open || bars.close)[first]);
    const parts = [ATMS.said(last > first ? `${from} to ${to}` : from)];
    parts.push(ATMS.said(`O ${opened} H ${price(high)} L ${price(low)} C ${price(bars.close[last])}`));
    const volume = bars.volume?.subarray(first, last + 1).reduce((sum, one) => sum + (one || 0), 0);
    if (volume !== undefined) parts.push(ATMS.said(`V ${last > first ? rounded(volume) : price(bars.volume[last])}`));
    for (const columns of this.columns.values()) {
      for (const { name, values, colour } of columns) {
        parts.push(ATMS.said(`${name} ${rounded(values[last])}`, colour));
      }
    }
    return frame.read(...parts, ...this.marks.at(bars.time[first], bars.time[last]));
  }

  /** Go to the trade before or after the chosen one, or the first that is in view. */
  turn(step) {
    const { trades } = this.marks;
    if (!trades.length) return;
    const at = trades.indexOf(this.marks.selected);
    const { start, end } = this.view.range;
    const { time } = ATMS.series.trades;
    const inView = trades.findIndex((row) => this.marks.end(row) >= start * 1000 && time[row] <= end * 1000);
    const next = at < 0 ? Math.max(0, inView) : (at + step + trades.length) % trades.length;
    ATMS.showTrade(trades[next], false);
  }

  /** Show a trade: its feed, its bars with some around them, its line marked. */
  async showTrade(row) {
    const feed = ATMS.series.trades.feed[row];
    if (Number.isFinite(feed) && feed !== this.feed && this.feeds.includes(feed)) await this.turnTo(feed);
    this.marks.selected = row;
    const [start, end] = [ATMS.series.trades.time[row] / 1000, this.marks.end(row) / 1000];
    const around = Math.min(FIRST * this.step, Math.max(20 * this.step, (end - start) * 0.6));
    await this.view.show(start - around, end + around);
    this.view.draw();
  }

  rows() {
    const names = ["time", "open", "high", "low", "close", "volume"].filter((name) => this.bars[name]);
    const columns = names.map((name) => ({ title: name, kind: name === "time" ? "time" : "price" }));
    const part = () => {
      const { start, end } = this.view.range;
      return ATMS.visible(this.bars.time, start * 1000, end * 1000, Infinity);
    };
    const row = (at) => names.map((name) => this.bars[name][at]);
    this.frame.setRows(columns, () => {
      const { from, to } = part();
      return Array.from({ length: Math.min(200, to - from) }, (_, at) => row(from + at));
    }, () => part().to - part().from);
  }
}

ATMS.kinds.price = PriceChart;

/** Show a trade by its row in the series of trades; *go* scrolls to the chart. */
ATMS.showTrade = async (row, go) => {
  if (!ATMS.price) return;
  ATMS.markTrade(row);
  if (go) ATMS.scrollTo(ATMS.price.frame.figure);
  await ATMS.price.showTrade(row);
};
