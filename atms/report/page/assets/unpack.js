/* What packing.pack made, as columns again. Works in a page and in node. */
(() => {
  "use strict";
  const ATMS = (globalThis.ATMS = globalThis.ATMS || {});

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
    const planes = spec.planes.map((where) => piece(where, streams));
    let factor = 1;
    for (const plane of planes) {
      for (let i = 0; i < count; i++) found[i] += plane[i] * factor;
      factor *= 256;
    }
    const { unit, base } = spec;
    if (!spec.order) {
      for (let i = 0; i < count; i++) found[i] = found[i] * unit + base;
      return found;
    }
    const lowest = planes[0];
    let last = (found[0] = spec.first);
    for (let i = 1; i < count; i++) {
      const signed = lowest[i] & 1 ? -(found[i] + 1) / 2 : found[i] / 2;
      last += signed * unit + base;
      found[i] = last;
    }
    return found;
  }

  const number = (value) =>
    value === "nan" ? NaN : value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number(value);

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
    return fillOdd(found, spec.odd, streams);
  }

  /** Puts the values that a rule does not give in their places. */
  function fillOdd(found, odd, streams) {
    if (!odd) return found;
    const at = integers(odd.at, streams);
    const values = numbers(odd.values, streams);
    for (let i = 0; i < at.length; i++) found[at[i]] = values[i];
    return found;
  }

  const KINDS = {
    constant: (spec) => new Float64Array(spec.n).fill(number(spec.value)),
    runs,
    decimal: decimals,
    bytes,
  };

  function numbers(spec, streams) {
    return KINDS[spec.kind](spec, streams);
  }

  function texts(spec, streams) {
    const words = JSON.parse(new TextDecoder().decode(piece(spec.words, streams)));
    if (!spec.places) return new Array(spec.n).fill(words[0]);
    return Array.from(integers(spec.places, streams), (place) => words[place]);
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
    const found = {};
    for (const name of Object.keys(index.series)) found[name] = {};
    let done = 0;
    let since = Date.now();
    for (const [name, column, spec] of index.columns) {
      found[name][column] = spec.kind === "text" ? texts(spec, streams) : numbers(spec, streams);
      done += 1;
      if (Date.now() - since > 30) {
        onProgress(0.5 + (0.5 * done) / index.columns.length);
        await pause();
        since = Date.now();
      }
    }
    onProgress(1);
    return ordered(found, index.series);
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

  ATMS.inflate = inflate;
  ATMS.unpack = unpack;
})();
