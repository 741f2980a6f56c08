/* Formulas of columns; see packing/formulas.py. */
(() => {
  "use strict";
  const ATMS = (globalThis.ATMS = globalThis.ATMS || {});
  const packing = (ATMS.packing = ATMS.packing || {});

  // A loop for each: one loop that calls functions takes several times as long.
  const ROWWISE = {
    add(to, a, b) {
      for (let i = 0; i < to.length; i++) to[i] = a[i] + b[i];
    },
    sub(to, a, b) {
      for (let i = 0; i < to.length; i++) to[i] = a[i] - b[i];
    },
    mul(to, a, b) {
      for (let i = 0; i < to.length; i++) to[i] = a[i] * b[i];
    },
    div(to, a, b) {
      for (let i = 0; i < to.length; i++) to[i] = a[i] / b[i];
    },
    neg(to, a) {
      for (let i = 0; i < to.length; i++) to[i] = -a[i];
    },
    abs(to, a) {
      for (let i = 0; i < to.length; i++) to[i] = Math.abs(a[i]);
    },
    sqrt(to, a) {
      for (let i = 0; i < to.length; i++) to[i] = Math.sqrt(a[i]);
    },
    max(to, a, b) {
      for (let i = 0; i < to.length; i++) to[i] = b[i] > a[i] ? b[i] : a[i];
    },
    min(to, a, b) {
      for (let i = 0; i < to.length; i++) to[i] = b[i] < a[i] ? b[i] : a[i];
    },
    over(to, a, b) {
      for (let i = 0; i < to.length; i++) to[i] = a[i] > b[i] ? 1 : 0;
    },
    where(to, a, b, c) {
      for (let i = 0; i < to.length; i++) to[i] = a[i] ? b[i] : c[i];
    },
  };

  /** Applies an operation row by row; a number counts for every row. */
  function rowwise(name, parts) {
    const array = parts.find((part) => typeof part !== "number");
    const count = array ? array.length : 1;
    const columns = parts.map((part) =>
      typeof part === "number" ? new Float64Array(count).fill(part) : part
    );
    const found = new Float64Array(count);
    ROWWISE[name](found, ...columns);
    return array ? found : found[0];
  }

  function take(values, rows) {
    const found = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      found[i] = rows[i] >= 0 && rows[i] < values.length ? values[rows[i]] : NaN;
    }
    return found;
  }

  function bars(known, column, feeds, rows) {
    const found = new Float64Array(feeds.length).fill(NaN);
    for (let i = 0; i < feeds.length; i++) {
      if (!(feeds[i] >= 0)) continue;
      const values = known.columns[`bars:${feeds[i]}`][column];
      if (rows[i] >= 0 && rows[i] < values.length) found[i] = values[rows[i]];
    }
    return found;
  }

  /** How many of the ascending *times* come before *moment*, or at it too. */
  function position(times, moment, atToo) {
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (times[middle] < moment || (atToo && times[middle] === moment)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function rowsOf(times, moments) {
    const found = new Float64Array(moments.length);
    let at = 0;
    for (let i = 0; i < moments.length; i++) {
      // Moments mostly follow each other, as the times do.
      if (at < times.length && times[at] === moments[i] && !(times[at + 1] <= moments[i])) at += 1;
      else at = position(times, moments[i], true);
      found[i] = at > 0 ? at - 1 : NaN;
    }
    return found;
  }

  function path(known, column, feed, count) {
    const table = packing.fills(known);
    const feeds = known.columns.fills.feed;
    const found = new Float64Array(count);
    let start = -1;
    let value = 0;
    for (let fill = 0; fill < feeds.length; fill++) {
      const row = table.row[fill];
      if (feeds[fill] !== feed || row !== row) continue;
      if (start >= 0) found.fill(value, start, Math.max(start, row));
      start = row;
      value = table[column][fill];
    }
    if (start >= 0) found.fill(value, start);
    return found;
  }

  function peak(values, first) {
    const found = new Float64Array(values.length);
    let highest = first;
    for (let i = 0; i < values.length; i++) {
      if (values[i] > highest || values[i] !== values[i]) highest = values[i];
      found[i] = highest;
    }
    return found;
  }

  /** What a formula gives: a column, or a number. */
  function evaluate(formula, known, memo = new Map()) {
    if (!Array.isArray(formula)) return packing.number(formula);
    const key = JSON.stringify(formula);
    // Value, exposure and benchmark ask for the same closes and positions.
    const shared = ["path", "rows", "take"].includes(formula[0]);
    const kept = shared ? (known.kept.shared = known.kept.shared || new Map()) : memo;
    if (!kept.has(key)) kept.set(key, operate(formula, known, memo));
    return kept.get(key);
  }

  function operate([name, ...rest], known, memo) {
    const part = (formula) => evaluate(formula, known, memo);
    if (name in ROWWISE) return rowwise(name, rest.map(part));
    switch (name) {
      case "column":
        return known.columns[rest[0]][rest[1]];
      case "tail": {
        const values = part(rest[0]);
        return values.subarray(Math.max(0, values.length - rest[1]));
      }
      case "take":
        return take(part(rest[0]), part(rest[1]));
      case "bars":
        return bars(known, rest[0], part(rest[1]), part(rest[2]));
      case "rows":
        return rowsOf(part(rest[0]), part(rest[1]));
      case "path":
        return path(known, ...rest);
      case "side":
        return Float64Array.from(known.columns.fills.side, (side) => (side === "buy" ? 1 : -1));
      case "fill":
        return packing.fills(known)[rest[0]];
      case "trade":
        return packing.trades(known)[rest[0]];
      case "peak":
        return peak(part(rest[0]), part(rest[1]));
      case "mean":
        return packing.mean(part(rest[0]), rest[1]);
      case "smoothed":
        return packing.smoothed(part(rest[0]), rest[1], rest[2]);
      case "ago":
        return packing.ago(part(rest[0]), rest[1]);
      default:
        throw new Error(`unknown operation ${name}: the page is of another version`);
    }
  }

  Object.assign(packing, { evaluate, position });
})();
