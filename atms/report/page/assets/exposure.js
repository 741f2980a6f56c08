// How much of the account was in the market, over time.
const ATMS = globalThis.ATMS;

class ExposureChart {
  constructor(spec) {
    this.frame = new ATMS.Frame(spec);
    this.spec = spec;
    this.kind = spec.options.kind || "percent";
  }

  async start() {
    const { frame, spec } = this;
    const equity = ATMS.series[spec.options.series || "equity"];
    const value = equity && equity.exposure;
    if (!value || !equity.time.length) return frame.empty("There is no exposure to draw: no bar was run.");
    const data = { time: equity.time, value };
    await ATMS.prepareBins([value]);
    this.view = new ATMS.TimeView(equity.time[0] / 1000, equity.time[equity.time.length - 1] / 1000);
    ATMS.viewButtons(frame, this.view);
    const y = new Bokeh.Models.Range1d({ start: 0, end: 1 });
    const axes = { x: this.view.range, y, xKind: "time", yKind: this.kind, right: true, border: 62 };
    const plot = ATMS.newPlot({ height: 180, ...axes }, frame.inks);
    const look = { colour: "accent", area: true, width: 1, step: true };
    const line = ATMS.addLine(plot, this.view, data, look, frame.inks);
    ATMS.level(plot, 0, frame.inks);
    this.view.drawers.push(() => {
      const [low, high] = line.extremes();
      const [start, end] = ATMS.span(Math.min(0, low), Math.max(0, high));
      y.setv({ start: low < 0 ? start : 0, end });
    });
    ATMS.tools(plot, { cross: ATMS.cross(frame.inks) });
    frame.onPoint(plot, (event) => this.read(event, data));
    this.view.drawers.push(() => frame.refreshRows());
    this.view.draw();
    await frame.show([plot]);
    this.rows(data);
    return undefined;
  }

  read(event, data) {
    if (event === null) return this.frame.read();
    const at = ATMS.placeAt(data.time, event.x * 1000);
    return this.frame.read(ATMS.said(ATMS.format(data.time[at], "time")),
      ATMS.said(`exposure ${ATMS.format(data.value[at], this.kind)}`, "accent"));
  }

  rows(data) {
    const columns = [{ title: "time", kind: "time" }, { title: "exposure", kind: this.kind }];
    const row = (at) => [data.time[at], data.value[at]];
    const range = () => ATMS.visible(data.time, this.view.range.start * 1000, this.view.range.end * 1000, Infinity);
    this.frame.setRows(columns, () => {
      const { from, to } = range();
      return Array.from({ length: Math.min(200, to - from) }, (_, at) => row(from + at));
    }, () => range().to - range().from);
  }
}

ATMS.kinds.exposure = ExposureChart;
