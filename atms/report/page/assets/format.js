// Values as a person reads them; the same formats as formats.py.
const ATMS = globalThis.ATMS;
const NONE = "–";

function grouped(text) {
  const [whole, ...rest] = text.split(".");
  return [whole.replace(/\B(?=(\d{3})+(?!\d))/g, ","), ...rest].join(".");
}

function fixed(value, digits) {
  if (Math.abs(value) >= 1e21) return String(value);
  return grouped(value.toFixed(digits));
}

/** Return 0.0000003 for 3e-7: a price is no power of ten to its readers. */
function unfolded(text) {
  const [, sign, digits, power] = /^(-?)([\d.]+)e-(\d+)$/.exec(text) || [];
  if (power === undefined) return text;
  return `${sign}0.${"0".repeat(Number(power) - 1)}${digits.replace(".", "")}`;
}

/** Return microseconds since 1970 as text, in UTC, with as much of the clock as there is. */
function moment(micros) {
  const date = new Date(Math.floor(micros / 1000));
  if (Number.isNaN(date.getTime())) return NONE;
  const iso = date.toISOString().replace("T", " ");
  const part = ((micros % 1e6) + 1e6) % 1e6;
  if (part) return `${iso.slice(0, 19)}.${String(part).padStart(6, "0")}`;
  return iso.slice(17, 19) === "00" ? iso.slice(0, 16) : iso.slice(0, 19);
}

const NUMBERS = {
  number: (value) => fixed(value, 3),
  count: (value) => fixed(value, 0),
  money: (value) => fixed(value, 2),
  price: (value) => grouped(unfolded(String(value))),
  percent: (value) => `${(value * 100).toFixed(2)}%`,
  time: moment,
  days: (value) => fixed(value, value >= 10 || Number.isInteger(value) ? 0 : 1),
  text: (value) => String(value),
};

/** Return a cell's number, or null where it is none; the page's JSON writes infinity as a word. */
ATMS.number = (value) => {
  if (typeof value === "number") return Number.isNaN(value) ? null : value;
  return value === "Infinity" || value === "-Infinity" ? Number(value) : null;
};

/**
 * Return a value as text; a dash where there is none.
 * @param {*} value a number, a text, null or NaN
 * @param {string} kind as of a table's column
 */
ATMS.format = (value, kind = "text") => {
  if (value === null || value === undefined || value === "") return NONE;
  if (typeof value === "boolean") return value ? "yes" : "no";
  const number = ATMS.number(value);
  if (number === null) return typeof value === "string" ? value : NONE;
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  return NUMBERS[kind](number);
};

/** Return a value with every digit that it has, for a file or a reader who compares. */
ATMS.exact = (value) => {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  return String(value);
};

/** Return a number in few characters, for an axis: 12,500, 3M, 0.0004. */
ATMS.compact = (value, step = 0) => {
  if (value === 0) return "0";
  if (!(step > 0)) return grouped(String(Number(value.toPrecision(6))));
  const size = Math.max(Math.abs(value), step);
  for (const [unit, letter] of [[1e12, "T"], [1e9, "B"], [1e6, "M"]]) {
    if (size >= unit) return `${grouped((value / unit).toFixed(decimals(step / unit)))}${letter}`;
  }
  return grouped(value.toFixed(decimals(step)));
};

/** Return how many decimals tell ticks apart that are *step* from each other. */
function decimals(step) {
  if (!(step > 0)) return 0;
  for (let digits = 0; digits < 9; digits++) {
    const scaled = step * 10 ** digits;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) return digits;
  }
  return 9;
}
ATMS.decimals = decimals;
