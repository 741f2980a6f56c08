// Lines over time of any length: only what the view can show is handed to Bokeh.
const ATMS = globalThis.ATMS;
const POINTS = 1200;

/** A view of time: a range that moves, and what has to be drawn again when it does. */
class TimeView {
  /** @param {number} first, last milliseconds */
  constructor(first, last) {
    const pad = (last - first) * 0.01 || 43_200_000;
    [this.first, this.last] = [first - pad, last + pad];
    this.range = new Bokeh.Models.Range1d({ start: this.first, end: this.last, bounds: [this.first, this.last] });
    this.drawers = [];
    this.waiting = [];
    ATMS.onMove(this.range, () => this.draw());
  }

  /** Draw everything for the range that is shown. */
  draw() {
    const [start, end] = [this.range.start * 1000, this.range.end * 1000];
    for (const drawer of this.drawers) drawer(start, end);
    const waiting = this.waiting.splice(0);
    requestAnimationFrame(() => waiting.forEach((resolve) => resolve()));
  }

  /** Show a span; resolves when it is drawn. */
  show(start, end) {
    const least = this.least || 1000;
    const wide = Math.max(end - start, least);
    const from = Math.max(this.first, Math.min(start, this.last - wide));
    this.range.setv({ start: from, end: Math.min(this.last, from + wide) });
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      requestAnimationFrame(() => this.waiting.length && this.draw());
    });
  }

  /** Show everything. */
  all() {
    return this.show(this.first, this.last);
  }

  /** Make the span *factor* times as wide, around its middle. */
  zoom(factor) {
    const { start, end } = this.range;
    const half = ((end - start) * factor) / 2;
    const middle = (start + end) / 2;
    return this.show(middle - half, middle + half);
  }

  /** Move by a part of the span. */
  move(part) {
    const { start, end } = this.range;
    return this.show(start + (end - start) * part, end + (end - start) * part);
  }
}
ATMS.TimeView = TimeView;

/** Add the buttons that move a view. */
ATMS.viewButtons = (frame, view) => {
  frame.button("−", "Zoom out", () => view.zoom(2));
  frame.button("+", "Zoom in", () => view.zoom(0.5));
  frame.button("←", "Earlier", () => view.move(-0.5));
  frame.button("→", "Later", () => view.move(0.5));
  frame.button("All", "Show everything", () => view.all());
};

/** Return whether there is one value and no other: no line can be drawn through it. */
function alone(values) {
  const first = values.findIndex(Number.isFinite);
  return first >= 0 && !values.subarray(first + 1).some(Number.isFinite);
}

/**
 * Add a line that follows a view.
 * @param {{time: Float64Array, value: Float64Array}} data microseconds and values
 * @param {Object} look colour, width, dash, step; area: filled down to zero
 * @returns {{renderers: Array, extremes: function(): [number, number]}}
 */
ATMS.addLine = (plot, view, data, look, inks) => {
  const { field } = ATMS;
  const empty = { x: [], y: [] };
  const line = ATMS.glyph(plot, look.step ? "Step" : "Line", empty,
    { ...ATMS.fields("x", "y"), line_width: look.width || 1.5, line_alpha: look.alpha || 1,
      line_dash: look.dash || [],
      ...(look.step ? { mode: "after" } : { line_join: "round" }) },
    { line_color: look.colour }, inks);
  const renderers = [line];
  if (look.area) {
    const area = ATMS.glyph(plot, look.step ? "VAreaStep" : "VArea", empty,
      { x: field("x"), y1: field("y"), y2: { value: 0 }, fill_alpha: 0.18,
        ...(look.step ? { step_mode: "after" } : {}) },
      { fill_color: look.colour }, inks);
    area.data_source = line.data_source;
    renderers.push(area);
  }
  if (alone(data.value)) {
    const dot = ATMS.glyph(plot, "Scatter", empty, { ...ATMS.fields("x", "y"), size: 5 },
      { fill_color: look.colour, line_color: look.colour }, inks);
    dot.data_source = line.data_source;
    renderers.push(dot);
  }
  let bounds = [Infinity, -Infinity];
  view.drawers.push((start, end) => {
    const points = ATMS.linePoints(data.time, data.value, ATMS.visible(data.time, start, end, POINTS));
    line.data_source.data = points;
    bounds = ATMS.bounds(points.y);
  });
  return { renderers, extremes: () => (line.visible ? bounds : [Infinity, -Infinity]), line };
};

/** Let a range of values hold what *lines* show now. */
ATMS.fit = (range, lines) => {
  const found = lines.map((line) => line.extremes());
  const [start, end] = ATMS.span(Math.min(...found.map((one) => one[0])), Math.max(...found.map((one) => one[1])));
  range.setv({ start, end });
};

/** Return the place of the value that held at a moment: the last not after it, else the first. */
ATMS.placeAt = (time, micros) => {
  const next = ATMS.firstNotBelow(time, micros);
  if (next < time.length && time[next] === micros) return next;
  return Math.max(0, next - 1);
};

/** Return a span of text for a readout, in a colour of the styles. */
ATMS.said = (text, colour) => {
  const part = ATMS.make("span", { text });
  if (colour) part.style.color = `var(--${colour})`;
  return part;
};
