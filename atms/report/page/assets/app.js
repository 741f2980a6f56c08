// Unpack, then draw chart by chart: one that fails says so in its place and stops no other.
const ATMS = globalThis.ATMS;
const FIRST = ["equity", "price"]; // these are looked at first

function tell(text) {
  const place = ATMS.byId("progress");
  place.hidden = !text;
  place.textContent = text ? `Unpacking: ${text}` : "";
}

async function drawOne(spec) {
  try {
    const chart = new ATMS.kinds[spec.kind](spec);
    ATMS.charts[spec.id] = chart;
    await chart.start();
  } catch (error) {
    delete ATMS.charts[spec.id];
    ATMS.fail(ATMS.byId(spec.id), error);
  }
  await ATMS.pause();
}

/** Draw what is looked at first, then fill the tables, then draw what stands further down. */
async function drawAll() {
  const rank = (spec) => (FIRST.includes(spec.kind) ? FIRST.indexOf(spec.kind) : FIRST.length);
  const specs = [...ATMS.specs].sort((left, right) => rank(left) - rank(right));
  const later = specs.findIndex((spec) => rank(spec) === FIRST.length);
  const first = specs.splice(0, later < 0 ? specs.length : later);
  for (const spec of first) await drawOne(spec);
  await ATMS.startTables();
  await ATMS.painted();
  ATMS.reached("usable");
  for (const spec of specs) await drawOne(spec);
}

/** What packing left out or made coarser stands under the price, which it concerns. */
function noteWhatIsCoarser() {
  if (!ATMS.notes.length) return;
  const figure = document.querySelector("figure.price") || document.querySelector("figure.equity");
  const place = figure || ATMS.byId("page");
  const items = ATMS.notes.map((text) => ATMS.make("li", { text }));
  place.append(ATMS.make("ul", { class: "notes" }, ...items));
}

/** Show in the navigation which section is read. */
function followSections() {
  const links = new Map([...document.querySelectorAll("nav.sections a")].map((link) => [link.hash.slice(1), link]));
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const [id, link] of links) {
        if (id === entry.target.id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  for (const id of links.keys()) if (ATMS.byId(id)) observer.observe(ATMS.byId(id));
}

async function run() {
  ATMS.reached("started");
  document.documentElement.classList.add("scripted");
  ATMS.startTheme();
  if (typeof DecompressionStream === "undefined") {
    document.documentElement.classList.remove("scripted");
    ATMS.byId("old").hidden = false;
    return;
  }
  followSections();
  await ATMS.load(tell);
  noteWhatIsCoarser();
  await drawAll();
  ATMS.reached("drawn");
  ATMS.startPrint();
  tell("");
  await ATMS.painted();
  ATMS.reached("ready");
}

run().then(ATMS.settle.resolve, (error) => {
  tell("");
  ATMS.fail(ATMS.byId("page"), error);
  ATMS.settle.reject(error);
});
