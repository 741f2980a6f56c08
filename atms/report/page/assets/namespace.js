// What every file of the page shares: one namespace, timings, and small helpers.
const ATMS = (globalThis.ATMS = globalThis.ATMS || {});

/** Milliseconds since navigation started, by what was reached. */
ATMS.timings = {};
/** How many marks of each kind were handed to Bokeh for the view that is shown now. */
ATMS.drawn = { candles: 0, fills: 0, signals: 0, trades: 0, levels: 0 };
/** Errors of single charts; the others are drawn all the same. */
ATMS.failures = [];
/** Chart id -> what the page can do with that chart. */
ATMS.charts = {};

ATMS.ready = new Promise((resolve, reject) => {
  ATMS.settle = { resolve, reject };
});

/** Note that *name* is reached. */
ATMS.reached = (name) => {
  ATMS.timings[name] = performance.now();
};

/** Return the element with that id, or null. */
ATMS.byId = (id) => document.getElementById(id);

/**
 * Make an element; text stays text, whatever stands in it.
 * @param {string} tag
 * @param {Object<string, *>} [attributes] `text`, `onclick`, or attributes; null and false are left out
 * @param {...Node} children
 */
ATMS.make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false || value === undefined) continue;
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
};

/** Make a button with a name for everybody and a longer one for screen readers and pointers. */
ATMS.button = (text, label, onclick) =>
  ATMS.make("button", { type: "button", text, title: label, "aria-label": label, onclick });

/** Let the browser paint and answer; resolves in a task of its own. */
ATMS.pause = () => {
  if (globalThis.scheduler && scheduler.yield) return scheduler.yield();
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(0);
  });
};

/** Resolves when what was drawn is on the screen. */
ATMS.painted = () => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); });

/** Return *act* so that many calls before the next frame become one. */
ATMS.eachFrame = (act) => {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      act();
    });
  };
};

/** Return the first place in sorted *values* whose value is not below *wanted*. */
ATMS.firstNotBelow = (values, wanted) => {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Scroll to an element, at once for who wants no motion. */
ATMS.scrollTo = (element) => {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
};
