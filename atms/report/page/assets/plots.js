// Bokeh's plots in the page's colours. What is drawn is told in words of theme.css, so that a
// change of theme sets colours and draws nothing anew.
const ATMS = globalThis.ATMS;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAY = 86_400_000;
const FONT = "11px";

/** Colours of one chart's models, by the names in theme.css. */
class Inks {
  /** @param {number} [width] pixels that the chart has, which decides how many ticks fit */
  constructor(width = 900) {
    this.width = width || 900;
    this.items = [];
  }

  /** Give a model colours: property -> name of a colour. Returns the model. */
  put(model, names) {
    for (const [property, name] of Object.entries(names)) {
      this.items.push([model, property, name]);
      model[property] = ATMS.colour(name);
    }
    return model;
  }

  /** Set every colour as *theme* has it. */
  set(theme) {
    for (const [model, property, name] of this.items) model[property] = ATMS.colour(name, theme);
  }
}
ATMS.Inks = Inks;

function timeLabel(tick, step, first) {
  const date = new Date(tick);
  const year = String(date.getUTCFullYear());
  if (step >= 350 * DAY) return year;
  const month = MONTHS[date.getUTCMonth()];
  if (step >= 27 * DAY) return date.getUTCMonth() && !first ? month : `${month} ${year}`;
  const day = `${date.getUTCDate()} ${month}`;
  if (step >= DAY) return first ? `${day} ${year}` : day;
  const clock = date.toISOString().slice(11, step < 60_000 ? 19 : 16);
  if (first) return `${day} ${clock}`;
  return tick % DAY === 0 ? day : clock;
}

const steps = (ticks) => (ticks.length > 1 ? ticks[1] - ticks[0] : 0);
const FORMATS = {
  time: (ticks) => ticks.map((tick, at) => timeLabel(tick, steps(ticks), at === 0)),
  percent: (ticks) => {
    const digits = Math.min(4, ATMS.decimals(Number((steps(ticks) * 100).toPrecision(6))));
    return ticks.map((tick) => `${(tick * 100).toFixed(digits)}%`);
  },
  number: (ticks) => ticks.map((tick) => ATMS.compact(tick, Number(steps(ticks).toPrecision(6)))),
};

/** Return an axis of *kind*: time, percent or number. */
function axis(kind, inks, log) {
  const M = Bokeh.Models;
  const model = kind === "time" ? new M.DatetimeAxis() : log ? new M.LogAxis() : new M.LinearAxis();
  const formatter = new M.BasicTickFormatter();
  formatter.doFormat = FORMATS[kind]; // its own one writes 1.000e+6
  model.formatter = formatter;
  model.setv({
    major_label_text_font_size: FONT, major_label_text_font: FAMILY, major_label_standoff: 4,
    minor_tick_line_color: null, major_tick_in: 0, major_tick_out: 4,
  });
  return inks.put(model, { axis_line_color: "line", major_tick_line_color: "line",
    major_label_text_color: "muted" });
}
ATMS.axis = axis;

const FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

function grid(dimension, ticker, inks, names) {
  const model = new Bokeh.Models.Grid({ dimension, ticker });
  return inks.put(model, names || { grid_line_color: "grid" });
}

/**
 * Make a plot without toolbar: its controls are the page's own buttons.
 * @param {Object} wanted height; x and y: ranges; xKind, yKind: of the axes or null; log; right: y axis
 *   at the right; says: its title; border: pixels that the y axis may take, the same for plots that stand together
 */
ATMS.newPlot = (wanted, inks) => {
  const M = Bokeh.Models;
  const plot = new M.Plot({
    x_range: wanted.x, y_range: wanted.y, height: wanted.height, sizing_mode: "stretch_width",
    toolbar_location: null, min_border_left: wanted.right ? 16 : 4, min_border_right: 4,
    min_border_top: wanted.says ? 18 : 6, min_border_bottom: wanted.xKind ? 22 : 4,
    outline_line_color: null, lod_threshold: null,
  });
  if (wanted.log) plot.y_scale = new M.LogScale();
  inks.put(plot, { background_fill_color: "panel", border_fill_color: "panel" });
  plot[wanted.right ? "min_border_right" : "min_border_left"] = wanted.border || 56;
  const across = axis(wanted.xKind || "time", inks);
  plot.add_layout(across, "below");
  across.visible = Boolean(wanted.xKind);
  plot.add_layout(grid(0, across.ticker, inks), "center");
  const up = axis(wanted.yKind || "number", inks, wanted.log);
  if (wanted.log) up.ticker = new M.BasicTicker({ desired_num_ticks: 8 }); // else two powers of ten
  plot.add_layout(up, wanted.right ? "right" : "left");
  plot.add_layout(grid(1, up.ticker, inks), "center");
  across.ticker.desired_num_ticks = Math.max(2, Math.min(8, Math.floor(inks.width / 120)));
  if (wanted.height < 130) up.ticker.desired_num_ticks = wanted.height < 100 ? 2 : 4;
  Object.assign(plot, { across, up, says: wanted.says });
  return plot;
};

/** Add a glyph over *data*; returns its renderer, whose `data_source.data` may be set anew. */
ATMS.glyph = (plot, kind, data, settings, colours, inks) => {
  const M = Bokeh.Models;
  const glyph = new M[kind](settings);
  inks.put(glyph, colours);
  const source = new M.ColumnDataSource({ data });
  const renderer = new M.GlyphRenderer({ data_source: source, glyph });
  plot.renderers = [...plot.renderers, renderer];
  return renderer;
};

/** Return a field of the data, as a glyph takes it. */
ATMS.field = (name) => ({ field: name });

/** Return fields of the data, each by its own name. */
ATMS.fields = (...names) => Object.fromEntries(names.map((name) => [name, { field: name }]));

/** Return settings that are the same for all marks, as a glyph takes them. */
ATMS.values = (settings) =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, { value }]));

/** Write texts at points: *data* has x, y and text. */
ATMS.words = (plot, data, align, inks, colour, size = FONT) => {
  const look = ATMS.values({ text_align: align, text_baseline: "middle", text_font_size: size });
  return ATMS.glyph(plot, "Text", data, { ...ATMS.fields("x", "y", "text"), ...look }, { text_color: colour }, inks);
};

/** Add a line at a value. */
ATMS.level = (plot, location, inks, colour = "muted") => {
  const span = new Bokeh.Models.Span({ location, dimension: "width", line_width: 1, level: "underlay" });
  inks.put(span, { line_color: colour });
  plot.add_layout(span);
  return span;
};

/** Let the pointer pan and, with the wheel, zoom along x; a finger still scrolls the page. */
ATMS.tools = (plot, { wheel = false, cross = null } = {}) => {
  const M = Bokeh.Models;
  const touch = matchMedia("(pointer: coarse)").matches;
  const drag = touch && !wheel ? null : new M.PanTool({ dimensions: "width" });
  const tools = drag ? [drag] : [];
  if (wheel) tools.push(new M.WheelZoomTool({ dimensions: "width" }));
  if (cross) tools.push(new M.CrosshairTool({ dimensions: "height", overlay: cross }));
  plot.add_tools(...tools);
  plot.toolbar.active_drag = drag;
  if (wheel) plot.toolbar.active_scroll = tools[1];
};

/** Return the vertical line that follows the pointer through plots that stand together. */
ATMS.cross = (inks) =>
  inks.put(new Bokeh.Models.Span({ dimension: "height", line_width: 1, line_dash: [3, 3] }),
    { line_color: "muted" });

/** Take canvases out of the tab order: the buttons beside them do what a key could do there. */
function unfocused(host) {
  for (const element of host.querySelectorAll("*")) {
    element.removeAttribute("tabindex");
    if (element.shadowRoot) unfocused(element.shadowRoot);
  }
}

/**
 * Show plots beneath each other in *host*.
 * @returns {{remove: function(), views: function(): Array}} views: Bokeh's, for printing
 */
ATMS.showPlots = async (host, plots) => {
  const { Document } = Bokeh.require("document");
  const root = plots.length === 1 ? plots[0]
    : new Bokeh.Models.Column({ children: plots, sizing_mode: "stretch_width", spacing: 0 });
  const doc = new Document();
  doc.add_root(root);
  const manager = await Bokeh.embed.add_document_standalone(doc, host);
  const top = [...manager][0];
  unfocused(host);
  return {
    views: () => (plots.length === 1 ? [top] : plots.map((plot) => manager.find_one(plot))),
    remove: () => {
      manager.clear();
      doc.clear(); // a range that goes on in other plots may have only one document
      host.replaceChildren();
    },
  };
};

/** Call *act* when a range moved, at most once a frame. */
ATMS.onMove = (range, act) => {
  const each = ATMS.eachFrame(act);
  range.on_change([range.properties.start, range.properties.end], each);
};

/** Return a range that holds *low* to *high* with some air; never an empty one. */
ATMS.span = (low, high, air = 0.05) => {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (low === high) {
    const pad = Math.abs(low) * 0.01 || 1;
    return [low - pad, high + pad];
  }
  return [low - (high - low) * air, high + (high - low) * air];
};

/** Return least and most over arrays; [Infinity, -Infinity] where there is no number. */
ATMS.bounds = (...arrays) => {
  let low = Infinity;
  let high = -Infinity;
  for (const values of arrays) {
    for (let place = 0; place < values.length; place++) {
      const value = values[place];
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
};
