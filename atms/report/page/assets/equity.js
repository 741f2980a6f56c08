// Equity against buy and hold, or several runs' equity, with drawdown beneath.
const ATMS = globalThis.ATMS;
const COLOURS = ["accent", "ink2", "ink3", "ink4", "ink5", "ink6"];
const ROW_LIMIT = 200;

/** Return values as a part of the first one that is above zero, or null where none is. */
function rebased(values) {
  const first = values.find((value) => value > 0);
  return first === undefined ? null : values.map((value) => value / first);
}

/** Return the fall from the highest value so far, as a negative fraction. */
function drawdowns(values) {
  let peak = -Infinity;
  return values.map((value) => {
    if (value > peak) peak = value;
    return peak > 0 ? value / peak - 1 : NaN;
  });
}

const somewhere = (values) => Boolean(values) && values.some((value) => Number.isFinite(value));

/** Return the curves of a chart: name, time, value, colour, dash. */
function curves(spec) {
  const wanted = spec.options.series || ["equity"];
  const names = wanted.filter((name) => ATMS.series[name]?.value); // a ledger alone has no curve
  if (!names.length) return [];
  if (wanted.length > 1) {
    return names.map((name, at) => {
      const found = ATMS.series[name];
      const title = (spec.options.names || wanted)[wanted.indexOf(name)];
      const value = rebased(found.value);
      return { name: title, time: found.time, value: value || found.value, colour: COLOURS[at % 6],
        dash: at >= 6 ? [6, 3] : [] };
    });
  }
  const equity = ATMS.series[names[0]];
  const title = (spec.options.names || ["equity"])[0];
  const found = [{ name: title, time: equity.time, value: equity.value, colour: "accent", dash: [] }];
  if (somewhere(equity.hold)) {
    found.push({ name: "buy and hold", time: equity.time, value: equity.hold, colour: "muted", dash: [5, 3] });
  }
  return found;
}

/** Where values are at or below zero there is no logarithm. */
const canLog = (found) => found.every((curve) => curve.value.every((value) => !(value <= 0)));

class EquityChart {
  constructor(spec) {
    this.frame = new ATMS.Frame(spec);
    this.spec = spec;
    this.curves = curves(spec).filter((curve) => curve.time.length);
    this.rebased = (spec.options.series || []).length > 1;
    this.hidden = new Set();
  }

  async start() {
    const { frame, spec } = this;
    if (!this.curves.length) return frame.empty("There is no equity: no bar was run.");
    const first = Math.min(...this.curves.map((curve) => curve.time[0])) / 1000;
    const last = Math.max(...this.curves.map((curve) => curve.time[curve.time.length - 1])) / 1000;
    await ATMS.prepareBins(this.curves.map((curve) => curve.value));
    this.view = new ATMS.TimeView(first, last);
    ATMS.viewButtons(frame, this.view);
    this.log = false;
    if (canLog(this.curves)) this.logButton(Boolean(spec.options.log));
    this.legend();
    await this.build();
    this.rows();
    return undefined;
  }

  logButton(on) {
    this.log = on;
    const button = this.frame.button("Log", "Logarithmic scale", async () => {
      this.log = !this.log;
      button.setAttribute("aria-pressed", String(this.log));
      await this.build();
    });
    button.setAttribute("aria-pressed", String(on));
  }

  legend() {
    for (const curve of this.curves) {
      this.frame.entry(curve.name, "line", curve.colour, (shown) => {
        this.hidden[shown ? "delete" : "add"](curve.name);
        this.build();
      });
    }
    if (this.shades().length) this.frame.entry("worst drawdowns", "box", "loss", null);
  }

  shades() {
    return this.spec.options.drawdowns || this.spec.options.shade || [];
  }

  async build() {
    const { frame, view } = this;
    frame.renew();
    view.drawers.length = 0;
    const y = new Bokeh.Models.Range1d({ start: 0, end: 1 });
    const cross = ATMS.cross(frame.inks);
    const kind = this.rebased ? "percent" : "number";
    const axes = { x: view.range, y, yKind: kind, log: this.log, right: true, border: 62 };
    const main = ATMS.newPlot({ height: 300, ...axes }, frame.inks);
    this.shade(main);
    const lines = this.curves.filter((curve) => !this.hidden.has(curve.name)).reverse().map((curve) =>
      ATMS.addLine(main, view, curve, { colour: curve.colour, dash: curve.dash, width: 1.6 }, frame.inks));
    view.drawers.push(() => this.fit(y, lines));
    const under = this.underwater(cross);
    for (const plot of [main, under]) {
      ATMS.tools(plot, { cross });
      frame.onPoint(plot, (event) => this.read(event));
    }
    view.drawers.push(() => frame.refreshRows());
    view.draw();
    await frame.show([main, under]);
  }

  fit(y, lines) {
    const low = Math.min(...lines.map((line) => line.extremes()[0]));
    const high = Math.max(...lines.map((line) => line.extremes()[1]));
    if (this.log && low > 0) {
      const air = (high / low) ** 0.05 || 1.01;
      y.setv({ start: low / Math.max(air, 1.001), end: high * Math.max(air, 1.001) });
    } else {
      const [start, end] = ATMS.span(low, high);
      y.setv({ start, end });
    }
  }

  /** The drawdown beneath: the run's own measure, or the fall of each of several curves. */
  underwater(cross) {
    const { frame, view } = this;
    const y = new Bokeh.Models.Range1d({ start: -1, end: 0 });
    const axes = { x: view.range, y, xKind: "time", yKind: "percent", right: true, border: 62 };
    const plot = ATMS.newPlot({ height: 120, ...axes }, frame.inks);
    const several = this.curves.length > 1 && this.rebased;
    const shown = several ? this.curves.filter((curve) => !this.hidden.has(curve.name)) : this.curves.slice(0, 1);
    const lines = shown.map((curve) => {
      const own = several ? null : ATMS.series[(this.spec.options.series || ["equity"])[0]].drawdown;
      // Results may write the depth as a positive fraction; beneath means below zero here.
      curve.fall = curve.fall || (somewhere(own) ? own.map((value) => -Math.abs(value)) : drawdowns(curve.value));
      return ATMS.addLine(plot, view, { time: curve.time, value: curve.fall },
        { colour: several ? curve.colour : "loss", area: !several, width: 1.2 }, frame.inks);
    });
    view.drawers.push(() => {
      const low = Math.min(0, ...lines.map((line) => line.extremes()[0]));
      y.setv({ start: Number.isFinite(low) && low < 0 ? low * 1.08 : -0.01, end: 0 });
    });
    this.cross = cross;
    return plot;
  }

  shade(plot) {
    for (const one of this.shades()) {
      const left = (one.from ?? one[0]) / 1000;
      const right = (one.to ?? one[1] ?? this.view.last * 1000) / 1000;
      const look = { fill_alpha: 0.08, line_color: null, level: "underlay" };
      const box = new Bokeh.Models.BoxAnnotation({ left, right, ...look });
      this.frame.inks.put(box, { fill_color: "loss" });
      plot.add_layout(box);
    }
  }

  read(event) {
    if (event === null) return this.frame.read();
    const micros = event.x * 1000;
    const first = this.curves[0];
    const moment = first.time[ATMS.placeAt(first.time, micros)];
    const parts = [ATMS.said(ATMS.format(moment, "time"))];
    for (const curve of this.curves) {
      const value = curve.value[ATMS.placeAt(curve.time, micros)];
      parts.push(ATMS.said(`${curve.name} ${ATMS.format(value, this.rebased ? "percent" : "money")}`, curve.colour));
      if (curve.fall) {
        const fall = curve.fall[ATMS.placeAt(curve.time, micros)];
        parts.push(ATMS.said(`drawdown ${ATMS.format(fall, "percent")}`, "loss"));
      }
    }
    return this.frame.read(...parts);
  }

  rows() {
    const kind = this.rebased ? "percent" : "money";
    const first = this.curves[0];
    const columns = [{ title: "time", kind: "time" },
      ...this.curves.map((curve) => ({ title: curve.name, kind })), { title: "drawdown", kind: "percent" }];
    const range = () => ATMS.visible(first.time, this.view.range.start * 1000, this.view.range.end * 1000, Infinity);
    const row = (at) => [first.time[at],
      ...this.curves.map((curve) => curve.value[ATMS.placeAt(curve.time, first.time[at])]), first.fall[at]];
    this.frame.setRows(columns, () => {
      const { from, to } = range();
      return Array.from({ length: Math.min(to - from, ROW_LIMIT) }, (_, at) => row(from + at));
    }, () => range().to - range().from);
  }
}

ATMS.kinds = ATMS.kinds || {};
ATMS.kinds.equity = EquityChart;
