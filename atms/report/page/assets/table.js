// Which rows of a long table are shown, and in which order. Knows no document.
const ATMS = globalThis.ATMS;
const FEW = 12;

const isText = (column) => column.kind === "text";

/** Return the distinct texts of a column, or null where they are more than a menu holds. */
function choices(reader, place) {
  const found = new Set();
  for (let row = 0; row < reader.length; row++) {
    const value = reader.cell(row, place);
    if (value !== null && typeof value !== "string") return null;
    found.add(value === null ? "" : value);
    if (found.size > FEW) return null;
  }
  return found.size > 1 ? [...found].sort() : null;
}

function compare(left, right) {
  if (left === right) return 0;
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : 1;
  return left - right;
}

/** The rows of one table, sorted and filtered. */
class Rows {
  /**
   * @param {Object} table as the page describes it
   * @param {Object} reader of its cells
   */
  constructor(table, reader) {
    this.table = table;
    this.reader = reader;
    this.filter = "";
    this.chosen = new Map();
    this.sorted = -1;
    this.descending = false;
    this.places = [];
    this.words = null;
    this.apply();
  }

  /** Columns that few different texts stand in, with these texts: for a menu each. */
  menus() {
    return this.table.columns
      .map((column, place) => ({ column, place, values: null }))
      .filter((one) => isText(one.column) && (one.values = choices(this.reader, one.place)));
  }

  /** Sort by a column; once more by the same turns the order, a third time gives the first order. */
  sortBy(place) {
    if (this.sorted !== place) [this.sorted, this.descending] = [place, false];
    else if (!this.descending) this.descending = true;
    else [this.sorted, this.descending] = [-1, false];
    this.apply();
  }

  /** Show only rows with this text in any of their texts, times or numbers. */
  search(text) {
    this.filter = text.trim().toLowerCase();
    this.apply();
  }

  /** Show only rows whose column has this text; null shows all. */
  choose(place, value) {
    if (value === null) this.chosen.delete(place);
    else this.chosen.set(place, value);
    this.apply();
  }

  /** Work out the rows that are shown. */
  apply() {
    const { reader, filter } = this;
    const places = [];
    for (let row = 0; row < reader.length; row++) {
      if (this.isChosen(row) && (!filter || this.text(row).includes(filter))) places.push(row);
    }
    if (this.sorted >= 0) this.sort(places);
    this.places = places;
  }

  isChosen(row) {
    for (const [place, value] of this.chosen) {
      const cell = this.reader.cell(row, place);
      if ((cell === null ? "" : cell) !== value) return false;
    }
    return true;
  }

  text(row) {
    this.words = this.words || new Array(this.reader.length);
    if (this.words[row] === undefined) {
      const { columns } = this.table;
      this.words[row] = columns
        .map((column, place) => {
          const value = this.reader.cell(row, place);
          return column.kind === "time" ? ATMS.format(value, "time") : ATMS.exact(value);
        })
        .join("\n")
        .toLowerCase();
    }
    return this.words[row];
  }

  /** Sort; what is undefined stands last in either order. */
  sort(places) {
    const keys = new Array(this.reader.length);
    const text = isText(this.table.columns[this.sorted]);
    for (const row of places) {
      const value = this.reader.cell(row, this.sorted);
      const number = ATMS.number(value);
      keys[row] = number === null ? (text && value !== null && value !== "" ? value : null) : number;
    }
    const sign = this.descending ? -1 : 1;
    places.sort((left, right) => {
      if (keys[left] === null || keys[right] === null) {
        return keys[left] === keys[right] ? left - right : keys[left] === null ? 1 : -1;
      }
      return sign * compare(keys[left], keys[right]) || left - right;
    });
  }
}

ATMS.Rows = Rows;
