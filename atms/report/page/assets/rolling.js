// Lines of a table over time; what is measured in another kind gets another pane.
const ATMS = globalThis.ATMS;
const COLOURS = ["accent", "ink2", "ink3", "ink4"];

class LinesChart extends ATMS.TableChart {
  async draw() {
    const { frame, spec } = this;
    this.time = Float64Array.from(this.numbers(spec.x));
    this.curves = spec.y.map((key, at) => this.curve(key, at)).filter((one) => one.value.some(Number.isFinite));
    if (!this.curves.length) return frame.empty("It is undefined throughout: there is nothing to draw.");
    const { time } = this;
    const view = new ATMS.TimeView(time[0] / 1000, time[time.length - 1] / 1000);
    ATMS.viewButtons(frame, view);
    const kinds = [...new Set(this.curves.map((curve) => curve.kind))];
    const cross = ATMS.cross(frame.inks);
    const plots = kinds.map((kind, at) => this.pane(view, kind, at === kinds.length - 1, kinds.length > 1));
    for (const plot of plots) {
      ATMS.tools(plot, { cross });
      frame.onPoint(plot, (event) => this.read(event));
    }
    view.draw();
    return frame.show(plots);
  }

  curve(key, at) {
    const { title } = this.column(key);
    const value = Float64Array.from(this.numbers(key));
    return { key, title, colour: COLOURS[at % COLOURS.length], kind: this.kind(key), value };
  }

  pane(view, kind, last, several) {
    const { frame, time } = this;
    const y = this.range(0, 1);
    const height = (several ? 130 : 210) + (last ? 20 : 0);
    const axes = { xKind: last ? "time" : null, yKind: kind, right: true, border: 62 };
    const plot = ATMS.newPlot({ height, x: view.range, y, ...axes }, frame.inks);
    const mine = this.curves.filter((curve) => curve.kind === kind);
    const lines = mine.map((curve) => {
      const line = ATMS.addLine(plot, view, { time, value: curve.value }, { colour: curve.colour }, frame.inks);
      frame.entry(curve.title, "line", curve.colour, (on) => {
        for (const one of line.renderers) one.visible = on;
      });
      return line;
    });
    if (mine.some((curve) => curve.value.some((value) => value < 0))) ATMS.level(plot, 0, frame.inks);
    view.drawers.push(() => ATMS.fit(y, lines));
    return plot;
  }

  read(event) {
    if (event === null) return this.frame.read();
    const at = ATMS.placeAt(this.time, event.x * 1000);
    const said = this.curves.map((curve) =>
      ATMS.said(`${curve.title} ${this.text(curve.key, curve.value[at])}`, curve.colour));
    return this.frame.read(ATMS.said(ATMS.format(this.time[at], "time")), ...said);
  }
}

ATMS.kinds.lines = LinesChart;
