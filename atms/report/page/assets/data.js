// What stands packed in the page: the charts and tables, the series, and Bokeh's script.
const ATMS = globalThis.ATMS;

/** Return bytes of base64 inflated (zlib). */
async function inflate(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place++) bytes[place] = binary.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}

/** Return a data element's JSON. */
function embedded(id) {
  return JSON.parse(ATMS.byId(id).textContent);
}

/** Return the page's charts and tables. */
async function contents() {
  return JSON.parse(await inflate(embedded("atms-contents").packed));
}

/** Run Bokeh's script; the page's policy knows it by its hash. */
async function loadBokeh() {
  const holder = ATMS.byId("atms-bokeh");
  const source = await inflate(holder.textContent);
  holder.remove();
  await ATMS.pause();
  document.head.append(ATMS.make("script", { text: source }));
  if (!globalThis.Bokeh) throw new Error("Bokeh's script did not run");
  Bokeh.logger.set_level("error"); // set_log_level would itself write to the console
}

/**
 * Unpack everything.
 * @param {function(string): void} tell takes what is being done, in words
 */
ATMS.load = async (tell) => {
  const series = embedded("atms-series");
  ATMS.notes = series.notes || [];
  ATMS.meta = series.data.meta || {};
  const found = await contents();
  ATMS.specs = found.charts;
  ATMS.tables = new Map(found.tables.map((table) => [table.id, table]));
  ATMS.series = await ATMS.unpack(series.data, (share) => tell(`${Math.round(share * 100)} %`));
  for (const name of ["fills", "trades", "signals", "levels"]) ATMS.series[name] = ATMS.series[name] || { time: [] };
  ATMS.byId("atms-series").remove();
  ATMS.reached("unpacked");
  tell("charts");
  await loadBokeh();
};

/**
 * Return how to read a table's cells, be it of rows or of a series.
 * @returns {{length: number, cell: function(number, number): *, column: function(string): number}}
 */
ATMS.reader = (table) => {
  const places = new Map(table.columns.map((column, place) => [column.key, place]));
  const column = (key) => (places.has(key) ? places.get(key) : -1);
  if (!table.series) {
    return { length: table.rows.length, cell: (row, place) => table.rows[row][place], column };
  }
  const source = ATMS.series[table.series] || {};
  const columns = table.columns.map((one) => source[one.key] || []);
  const length = Math.max(0, ...columns.map((values) => values.length));
  return { length, cell: (row, place) => columns[place][row], column };
};
