// For paper: light colours, long tables whole, and pictures of the charts that fit its width.
const ATMS = globalThis.ATMS;
let pictures = [];

/** Paint at once, in the colours as they are: no frame comes between this event and the paper. */
function paintNow(view) {
  for (const one of view.all_renderer_views) {
    if (!one.glyph?.set_visuals) continue; // an axis knows its colours by itself
    one.glyph.set_visuals(one.model.data_source, one.all_indices);
    one.glyph.after_visuals();
  }
  view.paint();
}

/** Return a canvas with what a chart's plots show, in light colours. */
function picture(chart) {
  const views = chart.frame.shown.views().filter(Boolean);
  const layers = views.map((view) => {
    paintNow(view);
    return view.export("png", true).canvas;
  });
  const canvas = ATMS.make("canvas", { class: "printed", role: "img", "aria-label": chart.spec.title });
  canvas.width = Math.max(...layers.map((layer) => layer.width));
  canvas.height = layers.reduce((sum, layer) => sum + layer.height, 0);
  const pen = canvas.getContext("2d");
  let top = 0;
  pen.fillStyle = ATMS.colour("muted", "light");
  layers.forEach((layer, at) => {
    pen.drawImage(layer, 0, top);
    const scale = layer.height / chart.frame.plots[at].height;
    pen.font = `${12 * scale}px system-ui, sans-serif`;
    pen.fillText(chart.frame.plots[at].says || "", 8 * scale, top + 13 * scale);
    top += layer.height;
  });
  return canvas;
}

function before() {
  if (pictures.length) return;
  for (const chart of Object.values(ATMS.charts)) {
    if (!chart.frame.shown) continue;
    try {
      chart.frame.inks.set("light");
      const canvas = picture(chart);
      chart.frame.plot.after(canvas);
      pictures.push(canvas);
    } catch (error) {
      ATMS.failures.push(`print ${chart.spec.id}: ${error.stack}`);
    }
  }
  ATMS.printTables(true);
  for (const folded of document.querySelectorAll("details.badge")) folded.open = true;
}

function after() {
  pictures.forEach((canvas) => canvas.remove());
  pictures = [];
  for (const chart of Object.values(ATMS.charts)) chart.frame.inks.set(ATMS.theme());
  ATMS.printTables(false);
  for (const folded of document.querySelectorAll("details.badge")) folded.open = false;
}

/** Make ready for paper before each printing, and go back afterwards. */
ATMS.startPrint = () => {
  addEventListener("beforeprint", before);
  addEventListener("afterprint", after);
};
