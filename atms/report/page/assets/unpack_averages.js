/* Averages of a column; see packing/averages.py. */
(() => {
  "use strict";
  const ATMS = (globalThis.ATMS = globalThis.ATMS || {});
  const packing = (ATMS.packing = ATMS.packing || {});
  const HALF = 2 ** 26;
  const RANGE = 2 ** 78;

  function ago(values, rows) {
    const found = new Float64Array(values.length).fill(NaN);
    if (rows > 0 && rows < values.length) {
      found.set(values.subarray(0, values.length - rows), rows);
    }
    return found;
  }

  /** The last bit of a number, as a power of two. */
  function lastBit(value) {
    const size = Math.abs(value);
    let exponent = Math.max(-1022, Math.floor(Math.log2(size)));
    while (exponent > -1022 && 2 ** exponent > size) exponent -= 1;
    while (2 ** (exponent + 1) <= size) exponent += 1;
    return 2 ** (exponent - 52);
  }

  function mean(values, period) {
    const count = values.length;
    const found = new Float64Array(count).fill(NaN);
    let smallest = Infinity;
    let largest = 0;
    for (let i = 0; i < count; i++) {
      const size = Math.abs(values[i]);
      if (!(size < Infinity)) return found;
      if (size && size < smallest) smallest = size;
      if (size > largest) largest = size;
    }
    if (!largest || count < period) return found;
    const unit = lastBit(smallest);
    if ((largest / unit) * period >= RANGE) return found;
    let highs = 0;
    let lows = 0;
    for (let i = 0; i < count; i++) {
      const scaled = values[i] / unit;
      const high = Math.floor(scaled / HALF);
      highs += high;
      lows += scaled - high * HALF;
      if (i >= period) {
        const gone = values[i - period] / unit;
        const top = Math.floor(gone / HALF);
        highs -= top;
        lows -= gone - top * HALF;
      }
      if (i >= period - 1) found[i] = ((highs * HALF + lows) * unit) / period;
    }
    return found;
  }

  function smoothed(values, alpha, period) {
    const count = values.length;
    const found = new Float64Array(count).fill(NaN);
    let first = 0;
    while (first < count && !Number.isFinite(values[first])) first += 1;
    if (first === count) first = 0;
    const start = first + period - 1;
    if (start >= count) return found;
    for (let i = first; i < count; i++) if (!Number.isFinite(values[i])) return found;
    const rest = 1 - alpha;
    let last = mean(values.subarray(first, start + 1), period)[period - 1];
    found[start] = last;
    for (let i = start + 1; i < count; i++) found[i] = last = last * rest + values[i] * alpha;
    return found;
  }

  Object.assign(packing, { ago, mean, smoothed });
})();
