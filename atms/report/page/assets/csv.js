// A table as a file, with every digit.
const ATMS = globalThis.ATMS;

function quoted(text) {
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function instant(value) {
  if (ATMS.number(value) === null) return "";
  const text = ATMS.format(value, "time").replace(" ", "T");
  return text.length === 16 ? `${text}:00Z` : `${text}Z`; // as the run's own files have it
}

function cell(value, kind) {
  if (kind === "time") return instant(value);
  return quoted(ATMS.exact(value));
}

/** Return a table's rows, in the order of *places*, as comma-separated text. */
ATMS.csv = (table, reader, places) => {
  const lines = [table.columns.map((column) => quoted(column.key)).join(",")];
  for (const row of places) {
    lines.push(table.columns.map((column, at) => cell(reader.cell(row, at), column.kind)).join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
};

/** Hand *text* to the reader as a file of that name. */
ATMS.download = (name, text) => {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = ATMS.make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
};
