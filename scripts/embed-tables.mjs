// Writes the small tables of data/ into src/training/data/*.generated.ts as text, so that iris(), wine(), penguins()
// and co2() need no file. Each record is one line, and a repeated value is one letter. Each table is its own module, so
// that a program bundles only the tables it uses. The files in data/ are the source; a test compares the two.
//
// Usage: node scripts/embed-tables.mjs
import { readFileSync, writeFileSync } from "node:fs";

const read = (/** @type {string} */ file) =>
  readFileSync(new URL(`../data/${file}`, import.meta.url), "utf8");

/** @param {string} name @param {string} file @param {string} what @param {readonly string[]} lines */
function write(name, file, what, lines) {
  if (/[`$\\]/.test(lines.join("")))
    throw new Error(`${file}: a line holds a character that would need an escape`);
  writeFileSync(
    new URL(`../src/data/${name}.generated.ts`, import.meta.url),
    `// Made by scripts/embed-tables.mjs from data/${file}: do not edit.\n// ${what}\nexport const ${name}Lines: string = \`${lines.join("\n")}\`;\n`,
  );
}

/** The records of a file whose first line says how many there are, and of how many numbers. */
function labelled(/** @type {string} */ file) {
  const [head = "", ...lines] = read(file).trim().split("\n");
  const [rows, columns] = head.split(",").map(Number);
  const ok = lines.length === rows && lines.every((line) => line.split(",").length === (columns ?? 0) + 1);
  if (!ok) throw new Error(`${file}: its first line says ${rows} rows of ${columns} numbers and a class`);
  return lines;
}

write(
  "iris",
  "iris.csv",
  "Iris by R. A. Fisher, 1936, UCI Machine Learning Repository, CC BY 4.0.",
  labelled("iris.csv"),
);
write(
  "wine",
  "wine.csv",
  "Wine by M. Forina et al., 1991, UCI Machine Learning Repository, CC BY 4.0.",
  labelled("wine.csv"),
);

/** @type {Record<string, string | number | null>[]} */
const penguins = JSON.parse(read("penguins.json"));
const letters = new Map([
  ...["Adelie", "Chinstrap", "Gentoo", "Biscoe", "Dream", "Torgersen"].map(
    (word) => /** @type {const} */ ([word, word[0]]),
  ),
  /** @type {const} */ (["FEMALE", "F"]),
  /** @type {const} */ (["MALE", "M"]),
]);
write(
  "penguins",
  "penguins.json",
  "Palmer Archipelago penguins by K. Gorman, T. Williams and W. Fraser, 2014, CC0.",
  penguins.map((penguin) =>
    Object.values(penguin)
      .map((value) => (value === null ? "" : (letters.get(String(value)) ?? value)))
      .join(","),
  ),
);

// month after month from March 1958; an empty line where there was no measurement
const months = new Map(
  read("co2.csv")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => /** @type {const} */ ([line.slice(0, 7), line.slice(11)])),
);
/** @type {string[]} */
const lines = [];
for (let month = 1958 * 12 + 2; months.size > 0; month++) {
  const name = `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}`;
  lines.push(months.get(name) ?? "");
  months.delete(name);
  if (lines.length > 2000) throw new Error(`co2.csv: months that are none: ${[...months.keys()].join()}`);
}
write("co2", "co2.csv", "Atmospheric CO2 at Mauna Loa, Scripps CO2 Program, CC BY 4.0.", lines);
