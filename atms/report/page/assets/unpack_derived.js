/* Columns that follow from others: prices, cash, what is coarser; see packing/prices.py and beside it. */
(() => {
  "use strict";
  const ATMS = (globalThis.ATMS = globalThis.ATMS || {});
  const packing = (ATMS.packing = ATMS.packing || {});
  const LARGEST = 2 ** 50;

  /** The nearest whole number; 0 for what has none. */
  const whole = (value) => (Math.abs(value) < LARGEST ? Math.floor(value + 0.5) : 0);

  /** What a price counts from: the close before, the higher or the lower of open and close. */
  function bases(bars, part) {
    const { close } = bars;
    const found = new Float64Array(close.length);
    if (part === "open") {
      for (let i = 0; i < found.length; i++) found[i] = close[i ? i - 1 : 0];
      return found;
    }
    const { open } = bars;
    const high = part === "high";
    for (let i = 0; i < found.length; i++) {
      found[i] = open[i] > close[i] === high ? open[i] : close[i];
    }
    return found;
  }

  function mirror(bars, scale) {
    const found = bases(bars, "high");
    const { high } = bars;
    for (let i = 0; i < found.length; i++) found[i] = whole((high[i] - found[i]) * scale);
    return found;
  }

  function price(spec, series, known, streams) {
    const bars = known.columns[series];
    const { part, scale, way } = spec;
    const found = bases(bars, part);
    const ints = way === "mirror" ? mirror(bars, scale) : packing.integers(spec.ints, streams);
    const sign = part === "low" ? -1 : 1;
    if (way === "ticks") {
      for (let i = 0; i < found.length; i++) {
        found[i] = (whole(found[i] * scale) + sign * ints[i]) / scale;
      }
    } else {
      for (let i = 0; i < found.length; i++) found[i] += sign * (ints[i] / scale);
    }
    return packing.fillOdd(found, spec, streams);
  }

  /** Row of the equity -> numbers of its fills, in their order. */
  function fillsByRow(rows) {
    const found = new Map();
    rows.forEach((row, fill) => {
      if (row !== row) return;
      const there = found.get(row);
      if (there) there.push(fill);
      else found.set(row, [fill]);
    });
    return found;
  }

  function cash(spec, series, known, streams) {
    const table = packing.fills(known);
    const { price: prices, fee: fees, multiplier: multipliers } = known.columns.fills;
    const moves = fillsByRow(table.row);
    const stored = new Map();
    const values = packing.numbers(spec.values, streams);
    packing.integers(spec.at, streams).forEach((row, i) => stored.set(row, values[i]));
    const rows = [...new Set([0, ...moves.keys(), ...stored.keys()])].sort((a, b) => a - b);
    const found = new Float64Array(spec.n);
    let held = packing.number(spec.start);
    rows.forEach((row, place) => {
      if (stored.has(row)) {
        held = stored.get(row);
      } else {
        for (const fill of moves.get(row) || []) {
          const opened = table.opened[fill];
          const closed = table.closed[fill];
          const average = table.average_before[fill];
          if (closed) {
            const gain = -closed * (prices[fill] - average) * multipliers[fill];
            held += -closed * average + gain;
            if (!opened) held -= fees[fill];
          }
          if (opened) {
            held -= opened * prices[fill];
            held -= fees[fill];
          }
        }
      }
      found.fill(held, row, place + 1 < rows.length ? rows[place + 1] : spec.n);
    });
    return found;
  }

  function formula(spec, series, known, streams) {
    const found = packing.evaluate(spec.formula, known);
    return packing.fillOdd(found.slice(), spec, streams);
  }

  /** Fewer digits; see packing/coarser.py. */
  function digits(spec, series, known, streams) {
    const found = packing.integers(spec.mantissa, streams);
    const exponents = packing.integers(spec.exponent, streams);
    const powers = Array.from({ length: 301 }, (_, exponent) => Number(`1e${exponent}`));
    for (let i = 0; i < found.length; i++) {
      const power = powers[Math.abs(exponents[i])];
      found[i] = exponents[i] < 0 ? found[i] / power : found[i] * power;
    }
    return packing.fillOdd(found, spec, streams);
  }

  function steps(spec, series, known, streams) {
    const found = packing.integers(spec.ints, streams);
    for (let i = 0; i < found.length; i++) found[i] = (found[i] * spec.step) / spec.scale;
    return packing.fillOdd(found, spec, streams);
  }

  /** Fewer rows: each stretch has its mean, or straight lines join what was kept. */
  function thinned(spec, series, known, streams) {
    const { every } = spec;
    const kept = packing.derived[spec.values.kind](spec.values, series, known, streams);
    const found = new Float64Array(spec.n);
    for (let i = 0; i < found.length; i++) {
      const at = Math.floor(i / every);
      const next = Math.min(at + 1, kept.length - 1);
      const part = (i % every) / every;
      found[i] = spec.mean ? kept[at] : kept[at] + (kept[next] - kept[at]) * part;
    }
    return found;
  }

  packing.derived = { price, cash, formula, digits, steps, thinned };
})();
