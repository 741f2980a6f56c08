/* Positions and trades once more, from the fills; see packing/replay.py. */
(() => {
  "use strict";
  const ATMS = (globalThis.ATMS = globalThis.ATMS || {});
  const packing = (ATMS.packing = ATMS.packing || {});
  const LONGEST = 20000000;

  const OF_FILLS = ["signed", "held", "average", "average_before", "opened", "closed", "row"];
  const OF_TRADES = [
    "size", "entry_price", "exit_price", "pnl", "fee", "mae", "mfe", "value", "first", "last",
  ];

  function table(names, count) {
    const found = {};
    for (const name of names) found[name] = new Float64Array(count).fill(NaN);
    return found;
  }

  /** What each fill did to the position of its feed, as Backtrader books it. */
  function fills(known) {
    if (!known.kept.fills) known.kept.fills = positions(known);
    return known.kept.fills;
  }

  function positions(known) {
    const { feed, side, size, price, time } = known.columns.fills;
    const times = known.columns.equity.time;
    const found = table(OF_FILLS, size.length);
    const state = new Map();
    for (let i = 0; i < size.length; i++) {
      const signed = side[i] === "buy" ? size[i] : -size[i];
      const [before, average] = state.get(feed[i]) || [0, 0];
      const held = before + signed;
      let [opened, closed, after] = [signed, 0, average];
      if (!held) [opened, closed, after] = [0, signed, 0];
      else if (!before) after = price[i];
      else if (before > 0 === signed > 0) after = (average * before + signed * price[i]) / held;
      else if (held > 0 === before > 0) [opened, closed] = [0, signed];
      else [opened, closed, after] = [held, -before, price[i]];
      state.set(feed[i], [held, after]);
      const row = packing.position(times, time[i], false);
      found.signed[i] = signed;
      found.held[i] = held;
      found.average[i] = after;
      found.average_before[i] = average;
      found.opened[i] = opened;
      found.closed[i] = closed;
      found.row[i] = row < times.length ? row : NaN;
    }
    return found;
  }

  /** The figures of each trade that follow from its fills and bars. */
  function trades(known) {
    if (!known.kept.trades) known.kept.trades = allTrades(known);
    return known.kept.trades;
  }

  function allTrades(known) {
    const listed = known.columns.trades.fills;
    const found = table(OF_TRADES, listed.length);
    const book = { ...known.columns.fills, ...fills(known), known, begun: new Set(), walked: 0 };
    listed.forEach((text, i) => {
      const numbers = (text || "").split(";").filter((one) => /^\d+$/.test(one));
      const row = one(book, numbers.map((number) => Number(number) - 1));
      for (const name of Object.keys(row)) found[name][i] = row[name];
    });
    return found;
  }

  function one(book, numbers) {
    if (!numbers.length || !numbers.every((n) => n >= 0 && n < book.price.length)) return {};
    const first = numbers[0];
    const last = numbers[numbers.length - 1];
    const multiplier = book.multiplier[first];
    const trade = { size: 0, price: 0, pnl: 0, fee: 0, largest: 0, entries: [], exits: [], parts: [] };
    for (const number of numbers) {
      for (const [part, fee] of parts(book, number)) {
        add(trade, number, part, book.price[number], fee, multiplier);
      }
    }
    const feed = book.feed[first];
    const bar = book.bar[first];
    const ordered = numbers.every((n) => book.feed[n] === feed && book.bar[n] >= bar);
    if (!trade.parts.length || !(feed >= 0) || !(bar >= 0) || !ordered) return { first, last };
    const bars = book.known.columns[`bars:${feed}`];
    let { pnl } = trade;
    let gone = NaN;
    if (trade.size) {
      pnl += trade.size * (bars.close[bars.close.length - 1] - trade.price) * multiplier;
    } else if (trade.exits.length) {
      gone = mean(trade.exits);
    }
    const entry = mean(trade.entries);
    const value = sum(trade.entries, (size) => size) * entry * multiplier;
    const [mae, mfe] = excursions(book, trade, bars, multiplier);
    return {
      size: trade.largest, entry_price: entry, exit_price: gone, pnl, fee: trade.fee, mae, mfe,
      value, first, last,
    };
  }

  /** The parts of a fill that belong to the next trade that names it, and their fees. */
  function parts(book, number) {
    const opened = book.opened[number];
    const closed = book.closed[number];
    if (!(opened && closed)) return opened || closed ? [[opened || closed, book.fee[number]]] : [];
    if (book.begun.has(number)) return [[opened, NaN]];
    book.begun.add(number);
    return [[closed, NaN]];
  }

  function add(trade, fill, part, price, fee, multiplier) {
    trade.fee += fee;
    const before = trade.size;
    trade.size += part;
    if (Math.abs(trade.size) > Math.abs(before)) {
      trade.price = (before * trade.price + part * price) / trade.size;
    } else {
      trade.pnl += -part * (price - trade.price) * multiplier;
    }
    const long = trade.parts.length ? trade.parts[0][1] > 0 : trade.size > 0;
    (part > 0 === long ? trade.entries : trade.exits).push([Math.abs(part), price]);
    trade.largest = Math.max(trade.largest, Math.abs(trade.size));
    trade.parts.push([fill, trade.size, trade.price]);
  }

  function excursions(book, trade, bars, multiplier) {
    let worst = 0;
    let best = 0;
    for (let i = 0; i < trade.parts.length; i++) {
      const [fill, held, average] = trade.parts[i];
      if (!held) break;
      const end = i + 1 < trade.parts.length ? trade.parts[i + 1][0] : -1;
      for (const price of seen(book, fill, end, bars)) {
        const move = held * (price - average) * multiplier;
        if (move < worst) worst = move;
        if (move > best) best = move;
      }
    }
    return [worst, best];
  }

  /** The lowest and the highest price that a size surely saw from *fill* to *end*. */
  function seen(book, fill, end, bars) {
    const { open, high, low, close } = bars;
    const bar = book.bar[fill];
    const last = end < 0 ? open.length - 1 : book.bar[end] - 1;
    const prices = [book.price[fill]];
    if (end >= 0) {
      prices.push(book.price[end]);
      if (book.bar[end] > bar) prices.push(open[last + 1]);
    }
    if (last >= bar) {
      const start = prices[0] === open[bar] ? bar : bar + 1;
      prices.push(close[bar]);
      book.walked += last + 1 - start;
      if (last >= start && book.walked < LONGEST) {
        let lowest = NaN;
        let highest = NaN;
        for (let i = start; i <= last; i++) {
          if (!(low[i] >= lowest) && low[i] === low[i]) lowest = low[i];
          if (!(high[i] <= highest) && high[i] === high[i]) highest = high[i];
        }
        prices.push(lowest, highest);
      }
    }
    let [lowest, highest] = [prices[0], prices[0]];
    for (const price of prices) {
      if (price < lowest) lowest = price;
      if (price > highest) highest = price;
    }
    return [lowest, highest];
  }

  function mean(parts) {
    if (!parts.length) return NaN;
    if (parts.length === 1) return parts[0][1];
    return sum(parts, (size, price) => size * price) / sum(parts, (size) => size);
  }

  function sum(parts, what) {
    let total = 0;
    for (const [size, price] of parts) total += what(size, price);
    return total;
  }

  Object.assign(packing, { fills, trades });
})();
