/* What packing.pack made, as columns again. Works in a page and in node; see packing/*.py. */
(() => {
  "use strict";
  const ATMS = (globalThis.ATMS = globalThis.ATMS || {});
  const packing = (ATMS.packing = ATMS.packing || {});

  /** Resolves when the page has had its turn: no task may take long. */
  const pause = () => new Promise((resolve) => setTimeout(resolve, 0));

  /** @param {string} text base64 @returns {Uint8Array} */
  function fromBase64(text) {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  }

  /**
   * Unpacks gzip as base64.
   * @param {string} text
   * @returns {Promise<Uint8Array>}
   */
  async function inflate(text) {
    const stream = new Blob([fromBase64(text)]).stream();
    const plain = stream.pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(plain).arrayBuffer());
  }

  /** A stored piece: [stream, offset, length]. */
  const piece = (where, streams) =>
    streams[where[0]].subarray(where[1], where[1] + where[2]);

  /** Whole numbers; see packing/integers.py. */
  function integers(spec, streams) {
    const count = spec.n;
    const found = new Float64Array(count);
    if (!count) return found;
    let factor = 1;
    for (const where of spec.planes) {
      const plane = piece(where, streams);
      for (let i = 0; i < count; i++) found[i] += plane[i] * factor;
      factor *= 256;
    }
    const { way, unit, base } = spec;
    if (way !== "plain") fromZigzag(found, spec.planes.length);
    if (unit !== 1 || base !== 0) {
      for (let i = 0; i < count; i++) found[i] = found[i] * unit + base;
    }
    if (way === "steps") {
      found[0] = spec.first;
      for (let i = 1; i < count; i++) found[i] += found[i - 1];
    }
    return found;
  }

  /** 0, 1, 2, 3, 4 ... become 0, -1, 1, -2, 2 ...; of few bytes the quick way. */
  function fromZigzag(values, bytes) {
    if (bytes < 4) {
      for (let i = 0; i < values.length; i++) values[i] = (values[i] >>> 1) ^ -(values[i] & 1);
      return;
    }
    for (let i = 0; i < values.length; i++) {
      const half = Math.floor(values[i] / 2);
      values[i] = half * 2 === values[i] ? half : -half - 1;
    }
  }

  /** Bytes of the numbers themselves; see packing/numbers.py. */
  function bytes(spec, streams) {
    const found = new Float64Array(spec.n);
    const table = new Uint8Array(found.buffer);
    spec.planes.forEach((where, place) => {
      const plane = piece(where, streams);
      let last = 0;
      for (let i = 0, at = place; i < plane.length; i++, at += 8) {
        last = spec.xor ? last ^ plane[i] : plane[i];
        table[at] = last;
      }
    });
    return found;
  }

  function runs(spec, streams) {
    const found = new Float64Array(spec.n);
    const starts = integers(spec.starts, streams);
    const values = numbers(spec.values, streams);
    for (let i = 0; i < starts.length; i++) {
      found.fill(values[i], starts[i], i + 1 < starts.length ? starts[i + 1] : spec.n);
    }
    return found;
  }

  function decimals(spec, streams) {
    const found = integers(spec.ints, streams);
    const scale = spec.scale;
    for (let i = 0; i < found.length; i++) found[i] /= scale;
    return fillOdd(found, spec, streams);
  }

  /** Puts the values that a rule does not give in their places. */
  function fillOdd(found, spec, streams) {
    if (!spec.odd) return found;
    const at = integers(spec.odd.at, streams);
    const values = numbers(spec.odd.values, streams);
    for (let i = 0; i < at.length; i++) found[at[i]] = values[i];
    return found;
  }

  /** A number as packing/numbers.py shows it: "nan", "inf", "-inf" and "-0" are texts. */
  function number(value) {
    if (value === "nan") return NaN;
    if (value === "inf") return Infinity;
    return value === "-inf" ? -Infinity : Number(value);
  }

  const NUMBERS = {
    constant: (spec) => new Float64Array(spec.n).fill(number(spec.value)),
    runs,
    decimals,
    bytes,
  };

  function numbers(spec, streams) {
    return NUMBERS[spec.kind](spec, streams);
  }

  function texts(spec, streams) {
    const words = JSON.parse(new TextDecoder().decode(piece(spec.words, streams)));
    if (!spec.places) return new Array(spec.n).fill(words[0]);
    return Array.from(integers(spec.places, streams), (place) => words[place]);
  }

  /** Texts such as "7;8"; null where there is none. */
  function lists(spec, streams) {
    const all = integers(spec.numbers, streams);
    let start = 0;
    return Array.from(integers(spec.counts, streams), (count) => {
      start += count;
      return count ? all.subarray(start - count, start).join(";") : null;
    });
  }

  /** One column. What is no formula of other columns needs none that is known. */
  function decode(spec, series, known, streams) {
    if (spec.kind === "texts") return texts(spec, streams);
    if (spec.kind === "lists") return lists(spec, streams);
    const derived = packing.derived[spec.kind];
    return derived ? derived(spec, series, known, streams) : numbers(spec, streams);
  }

  /**
   * Unpacks every series.
   * @param {{version: number, index: string, streams: string[]}} packed what pack gave.
   * @param {(share: number) => void} [onProgress] is told how much is done, 0 to 1.
   * @returns {Promise<Object<string, Object<string, Float64Array | Array<string|null>>>>}
   */
  async function unpack(packed, onProgress = () => {}) {
    const index = JSON.parse(new TextDecoder().decode(await inflate(packed.index)));
    const streams = [];
    for (const text of packed.streams) {
      streams.push(await inflate(text));
      onProgress((0.5 * streams.length) / packed.streams.length);
    }
    const known = { columns: {}, kept: {} };
    for (const name of Object.keys(index.series)) known.columns[name] = {};
    let done = 0;
    let since = Date.now();
    for (const [name, column, spec] of index.columns) {
      known.columns[name][column] = decode(spec, name, known, streams);
      done += 1;
      if (Date.now() - since > 30) {
        onProgress(0.5 + (0.5 * done) / index.columns.length);
        await pause();
        since = Date.now();
      }
    }
    onProgress(1);
    return ordered(known.columns, index.series);
  }

  /** Returns the columns in the order in which they were given. */
  function ordered(found, series) {
    const result = {};
    for (const [name, columns] of Object.entries(series)) {
      result[name] = {};
      for (const column of columns) {
        if (column in found[name]) result[name][column] = found[name][column];
      }
    }
    return result;
  }

  Object.assign(packing, { integers, numbers, number, fillOdd, decode });
  ATMS.inflate = inflate;
  ATMS.unpack = unpack;
})();
