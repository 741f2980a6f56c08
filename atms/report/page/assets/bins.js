// Level of detail: a range of bars as at most so many candles or points.
//
// Two levels are enough: a range of up to COARSE x 1,200 bars is binned from the bars themselves,
// and a longer one from blocks of COARSE bars whose least and most are worked out once.
const ATMS = globalThis.ATMS;
const COARSE = 64;
const blocks = new WeakMap();

function blocksOf(values) {
  let found = blocks.get(values);
  if (found) return found;
  const count = Math.ceil(values.length / COARSE);
  const least = new Float64Array(count);
  const most = new Float64Array(count);
  for (let block = 0; block < count; block++) {
    const end = Math.min(values.length, (block + 1) * COARSE);
    let low = Infinity;
    let high = -Infinity;
    for (let place = block * COARSE; place < end; place++) {
      const value = values[place]; // NaN compares false: it is left out
      if (value < low) low = value;
      if (value > high) high = value;
    }
    least[block] = low;
    most[block] = high;
  }
  found = { least, most };
  blocks.set(values, found);
  return found;
}

/** Work out the blocks of long columns, a column a task, so that no zoom has to wait for them. */
ATMS.prepareBins = async (columns) => {
  for (const values of columns) {
    if (values.length > COARSE * 64) {
      blocksOf(values);
      await ATMS.pause();
    }
  }
};

/** Return how many bars a bin has, a power of two, so that the range has at most *limit* bins. */
ATMS.binSize = (count, limit) => {
  let size = 1;
  while (count / size > limit) size *= 2;
  return size;
};

/**
 * Return least and most of each bin; NaN where a bin has no number.
 * @param {Float64Array} values
 * @param {number} from first place, a multiple of *size*
 * @param {number} to behind the last place
 * @param {number} size bars a bin, a power of two
 */
ATMS.extremes = (values, from, to, size) => {
  const count = Math.ceil((to - from) / size);
  const low = new Float64Array(count);
  const high = new Float64Array(count);
  const coarse = size >= COARSE;
  const { least, most } = coarse ? blocksOf(values) : { least: values, most: values };
  const scale = coarse ? COARSE : 1;
  const last = coarse ? least.length : Math.min(values.length, to);
  for (let bin = 0; bin < count; bin++) {
    const start = (from + bin * size) / scale;
    const end = Math.min(last, start + size / scale);
    let lowest = Infinity;
    let highest = -Infinity;
    for (let place = start; place < end; place++) {
      if (least[place] < lowest) lowest = least[place];
      if (most[place] > highest) highest = most[place];
    }
    low[bin] = lowest === Infinity ? NaN : lowest;
    high[bin] = highest === -Infinity ? NaN : highest;
  }
  return { low, high };
};

const running = new WeakMap();

/** Return what all values before each place come to; what is undefined adds nothing. */
function before(values) {
  let found = running.get(values);
  if (found) return found;
  found = new Float64Array(values.length + 1);
  for (let place = 0; place < values.length; place++) found[place + 1] = found[place] + (values[place] || 0);
  running.set(values, found);
  return found;
}

/** Return the sum of each bin, to the precision of a picture; see `extremes` for the rest. */
ATMS.sums = (values, from, to, size) => {
  const sums = before(values);
  const count = Math.ceil((to - from) / size);
  return Float64Array.from({ length: count }, (_, bin) => {
    const start = from + bin * size;
    return size === 1 ? values[start] : sums[Math.min(to, start + size)] - sums[start];
  });
};

/**
 * Return the places [from, to) that a span of time needs, one more at either side, on bin edges.
 * @returns {{from: number, to: number, size: number}}
 */
ATMS.visible = (time, start, end, limit) => {
  let from = Math.max(0, ATMS.firstNotBelow(time, start) - 1);
  const to = Math.min(time.length, ATMS.firstNotBelow(time, end) + 1);
  const size = ATMS.binSize(to - from, limit);
  from -= from % size;
  return { from, to, size };
};

/**
 * Return a line's points for a range: each value, or the least and most of each bin in the order
 * in which the line ran.
 * @param {Float64Array} time microseconds; points are in milliseconds
 */
ATMS.linePoints = (time, values, range) => {
  const { from, to, size } = range;
  if (size === 1) {
    const x = Float64Array.from(time.subarray(from, to), (micros) => micros / 1000);
    return { x, y: Float64Array.from(values.subarray(from, to)) };
  }
  const { low, high } = ATMS.extremes(values, from, to, size);
  const x = new Float64Array(low.length * 2);
  const y = new Float64Array(low.length * 2);
  for (let bin = 0; bin < low.length; bin++) {
    const first = from + bin * size;
    const last = Math.min(to, first + size) - 1;
    const rising = values[last] >= values[first];
    x[2 * bin] = time[first] / 1000;
    x[2 * bin + 1] = (time[first] + time[last]) / 2000;
    y[2 * bin] = rising ? low[bin] : high[bin];
    y[2 * bin + 1] = rising ? high[bin] : low[bin];
  }
  // The end is exact: it is the number that the strip says.
  if (to === time.length && values.length) {
    x[x.length - 1] = time[to - 1] / 1000;
    y[y.length - 1] = values[to - 1];
  }
  return { x, y };
};
