// What the page's scripts unpack, for the tests: numbers as the hex of their bytes, texts as JSON.
// node unpacked.js SCRIPT... < packed.json
const fs = require("fs");
const vm = require("vm");

process.argv.slice(2).forEach((path) => vm.runInThisContext(fs.readFileSync(path, "utf8")));
const packed = JSON.parse(fs.readFileSync(0, "utf8"));
const told = [];
globalThis.ATMS.unpack(packed, (share) => told.push(share)).then((series) => {
  const shown = {};
  for (const [name, columns] of Object.entries(series)) {
    shown[name] = {};
    for (const [column, values] of Object.entries(columns)) {
      shown[name][column] =
        values instanceof Float64Array
          ? Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex")
          : values;
    }
  }
  process.stdout.write(JSON.stringify({ series: shown, told }));
});
