import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DownhillError } from "../../engine/errors/index.ts";
import { columnOf, readTable, type ReadTableOptions, type Table } from "./csv.ts";

/** Returns the table as rows of plain values, names first. */
function plain(table: Table): unknown[][] {
  const values = table.columns.map((column) => Array.from<number | string>(column.values));
  return [
    table.columns.map((c) => c.name),
    ...Array.from({ length: table.rows }, (_, i) => values.map((v) => v[i])),
  ];
}

function problemOf(text: string, options: ReadTableOptions = {}): string {
  try {
    readTable(text, { name: "oak.csv", ...options });
  } catch (error) {
    expect(error).toBeInstanceOf(DownhillError);
    return `${(error as DownhillError).code}: ${(error as DownhillError).message}`;
  }
  return "none";
}

describe("readTable", () => {
  test.each<[string, string, ReadTableOptions, unknown[][]]>([
    [
      "names and numbers",
      "x,y\n1,2\n3,4.5\n",
      {},
      [
        ["x", "y"],
        [1, 2],
        [3, 4.5],
      ],
    ],
    [
      "no header",
      "1,2\n3,4\n",
      {},
      [
        ["column1", "column2"],
        [1, 2],
        [3, 4],
      ],
    ],
    [
      "numbers and text without header",
      "5.1,setosa\n4.9,virginica",
      {},
      [
        ["column1", "column2"],
        [5.1, "setosa"],
        [4.9, "virginica"],
      ],
    ],
    [
      "a name above a number makes a header",
      "id,2019\n7,7.5\n8,8",
      {},
      [
        ["id", "2019"],
        [7, 7.5],
        [8, 8],
      ],
    ],
    [
      "a header by order",
      "1,2\n3,4\n",
      { header: true },
      [
        ["1", "2"],
        [3, 4],
      ],
    ],
    [
      "no header by order",
      "a,b\nc,d\n",
      { header: false },
      [
        ["column1", "column2"],
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "CRLF and blank lines",
      "\r\nx,y\r\n1,2\r\n\r\n3,4\r\n\r\n\r\n",
      {},
      [
        ["x", "y"],
        [1, 2],
        [3, 4],
      ],
    ],
    [
      "CR alone",
      "x,y\r1,2\r3,4\r",
      {},
      [
        ["x", "y"],
        [1, 2],
        [3, 4],
      ],
    ],
    [
      "a byte order mark",
      "\uFEFFx,y\n1,2",
      {},
      [
        ["x", "y"],
        [1, 2],
      ],
    ],
    [
      "quotes",
      'name,"a ""b"", c"\n"line\nbreak",1\n"",2\n',
      { missing: "keep" },
      [
        ["name", 'a "b", c'],
        ["line\nbreak", 1],
        ["", 2],
      ],
    ],
    [
      "quotes and CRLF",
      '"x","y"\r\n"1","2"\r\n',
      {},
      [
        ["x", "y"],
        [1, 2],
      ],
    ],
    [
      "a quote inside a bare cell",
      'size,n\n5" pipe,3\n',
      {},
      [
        ["size", "n"],
        ['5" pipe', 3],
      ],
    ],
    [
      "semicolons",
      "x;y\n1;2\n",
      {},
      [
        ["x", "y"],
        [1, 2],
      ],
    ],
    [
      "tabs",
      "x\ty, z\n1\t2\n",
      {},
      [
        ["x", "y, z"],
        [1, 2],
      ],
    ],
    [
      "separators in quotes do not count",
      '"a;b;c",d\n1,2\n',
      {},
      [
        ["a;b;c", "d"],
        [1, 2],
      ],
    ],
    [
      "another separator",
      "x y\n1 2\n",
      { separator: " " },
      [
        ["x", "y"],
        [1, 2],
      ],
    ],
    ["one column", "x\n1\n2\n\n", {}, [["x"], [1], [2]]],
    [
      "blanks around names, numbers and text",
      " x , kind \n 1 , oak \n",
      {},
      [
        ["x", "kind"],
        [1, "oak"],
      ],
    ],
    ["forms of numbers", "x\n-1\n+2.\n.5\n1e3\n-2.5E-2\n", {}, [["x"], [-1], [2], [0.5], [1000], [-0.025]]],
    [
      "decimal commas",
      "x;y\n1;1,5\n-2;,25e1\n",
      {},
      [
        ["x", "y"],
        [1, 1.5],
        [-2, 2.5],
      ],
    ],
    [
      "decimal commas and more of them than semicolons",
      "1,5;2,25\n3,5;4\n",
      {},
      [
        ["column1", "column2"],
        [1.5, 2.25],
        [3.5, 4],
      ],
    ],
    [
      "thousands disambiguated by another number: decimal points",
      "x\ty\n1,234\t7\n1.234\t8\n12,345,678.5\t9\n",
      {},
      [
        ["x", "y"],
        [1234, 7],
        [1.234, 8],
        [12345678.5, 9],
      ],
    ],
    [
      "thousands disambiguated by another number: decimal commas",
      "x;y\n1,234;7\n-1.234;8\n5;1.000,5\n",
      {},
      [
        ["x", "y"],
        [1.234, 7],
        [-1234, 8],
        [5, 1000.5],
      ],
    ],
    [
      "thousands separated by spaces and apostrophes",
      "x;y\n1 234,5;7\n1\u202f234\u202f567;8\n1’234;9\n",
      {},
      [
        ["x", "y"],
        [1234.5, 7],
        [1234567, 8],
        [1234, 9],
      ],
    ],
    ["three decimals without any other evidence", "x\n1.234\n", {}, [["x"], [1.234]]],
    [
      "thousands by order",
      'x,y\n"1,234",1\n',
      { decimal: "." },
      [
        ["x", "y"],
        [1234, 1],
      ],
    ],
    [
      "decimals by order",
      'x,y\n"1,234",1\n',
      { decimal: "," },
      [
        ["x", "y"],
        [1.234, 1],
      ],
    ],
    [
      "numbers kept as text",
      "x,zip\n1,01234\n",
      { text: ["zip"] },
      [
        ["x", "zip"],
        [1, "01234"],
      ],
    ],
    [
      "missing values kept",
      "x,y,z\nNA,1,\n,?,b\n2,3,NA\n",
      { missing: "keep" },
      [
        ["x", "y", "z"],
        [NaN, 1, ""],
        [NaN, NaN, "b"],
        [2, 3, "NA"],
      ],
    ],
    [
      "a column of missing values kept",
      "x,y\n1,\n2,\n",
      { missing: "keep" },
      [
        ["x", "y"],
        [1, NaN],
        [2, NaN],
      ],
    ],
    [
      "a column without a name",
      ",y\n1,2\n",
      {},
      [
        ["column1", "y"],
        [1, 2],
      ],
    ],
    [
      "names of Object's own",
      "__proto__,constructor,toString\n1,2,3\n",
      {},
      [
        ["__proto__", "constructor", "toString"],
        [1, 2, 3],
      ],
    ],
  ])("reads %s", (_, text, options, expected) => {
    expect(plain(readTable(text, options))).toEqual(expected);
  });

  test("restores any text that was written by the rules of RFC 4180", () => {
    const cell = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('"', ",", "a\nb", "\r\n", '""', "x\ry", "é", "0", "NaN"),
    );
    const grid = fc
      .integer({ min: 1, max: 4 })
      .chain((width) =>
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      );
    const lineEnd = fc.constantFrom("\n", "\r\n");
    const separator = fc.constantFrom(",", ";", "\t");
    fc.assert(
      fc.property(grid, lineEnd, separator, fc.boolean(), (rows, end, between, last) => {
        const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        // A first row of plain text makes all columns text; a last column that is never empty avoids blank lines.
        const lines = [rows[0]!.map(() => "text"), ...rows].map((row) =>
          [...row.map(quoted), "end"].join(between),
        );
        const table = readTable(lines.join(end) + (last ? end : ""), {
          separator: between,
          header: false,
          missing: "keep",
        });
        expect(plain(table).slice(2)).toEqual(rows.map((row) => [...row.map((c) => c.trim()), "end"]));
      }),
    );
  });

  test("restores numbers to the last bit", () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(number, { minLength: 1 }), (values) => {
        const column = columnOf(
          readTable(["x", ...values.map((x) => (Object.is(x, -0) ? "-0" : String(x)))].join("\n")),
          "x",
        );
        expect([...column.values]).toEqual(values);
      }),
    );
  });

  test("takes time proportional to the text, quoted or not", () => {
    // 200,000 rows of one cell: searching to the end of the text for every line would take minutes.
    const plainText = "x\n" + "1\n".repeat(200_000);
    const quotedText = '"x"\n' + '"1"\n'.repeat(200_000);
    expect(readTable(plainText).rows).toBe(200_000);
    expect(readTable(quotedText).rows).toBe(200_000);
    expect(readTable(`x\n"1"\n${"1\n".repeat(200_000)}"2"\n`).rows).toBe(200_002);
  });
});

describe("readTable names file, line and column of", () => {
  test.each<[string, string, ReadTableOptions, string]>([
    ["nothing at all", "", {}, "data: oak.csv: the file is empty."],
    ["nothing but blank lines", "\n\n \n", {}, "data: oak.csv: the file is empty."],
    [
      "a header alone",
      "x,y\n",
      {},
      "data: oak.csv: there is a header but no row after it. Is header: false meant?",
    ],
    [
      "a short row",
      "x,y,z\n1,2,3\n\n4,5\n",
      {},
      "data: oak.csv: line 4 has 2 cells, but line 1 has 3. Fill in the others.",
    ],
    [
      "a row of one cell",
      "x,y\n1,2\n3\n",
      {},
      "data: oak.csv: line 3 has 1 cell, but line 1 has 2. Fill in the others.",
    ],
    [
      "a long row",
      "x,y\n1,2\n3,4,5\n",
      {},
      "data: oak.csv: line 3 has 3 cells, but line 1 has 2. Put quotes around cells that hold the separator.",
    ],
    [
      "a short first row",
      "x\n1,2\n",
      { separator: "," },
      "data: oak.csv: line 2 has 2 cells, but line 1 has 1. Put quotes around cells that hold the separator.",
    ],
    [
      "a word among numbers",
      "x,age\n1,30\n2,abc\n",
      {},
      'data: oak.csv: line 3, column "age": "abc" is not a number. Correct it, or read the column as text with text: ["age"].',
    ],
    [
      "a hexadecimal number",
      "x\n1\n0x10\n",
      {},
      'data: oak.csv: line 3, column "x": "0x10" is not a number. Correct it, or read the column as text with text: ["x"].',
    ],
    [
      "a decimal comma below a decimal point",
      "x;y\n1;2.5\n1;3,14\n",
      {},
      'data: oak.csv: line 3, column "y": "3,14" has a decimal comma, but "2.5" in line 2, column "y" has a decimal point. Write all numbers with one decimal mark.',
    ],
    [
      "a decimal point where a comma was set",
      "x\n2.5\n",
      { decimal: "," },
      'data: oak.csv: line 2, column "x": "2.5" has a decimal point, but the decimal mark was set to a comma. Write all numbers with one decimal mark.',
    ],
    [
      "a number that may be 1234 or 1.234",
      "x;y\n1;1.234\n1;1,234\n",
      {},
      'data: oak.csv: line 3, column "y": "1,234" may be 1234 or 1.234, and no other number resolves this. Set the decimal mark with decimal: "." or decimal: ",".',
    ],
    [
      "an infinity",
      "x\n1\n-inf\n",
      {},
      'data: oak.csv: line 3, column "x": "-inf" is not a finite number. Correct it or take the row out.',
    ],
    [
      "a number too large",
      "x\n1e400\n",
      {},
      'data: oak.csv: line 2, column "x": "1e400" is not a finite number. Correct it or take the row out.',
    ],
    [
      "an empty cell",
      "x,y\n1,\n",
      {},
      'data: oak.csv: line 2, column "y": the cell is empty. Fill it in, take the row out, or keep such cells as they are with missing: "keep".',
    ],
    [
      "an empty cell above numbers",
      "x,y\n,1\n2,2\n",
      {},
      'data: oak.csv: line 2, column "x": the cell is empty. Fill it in, take the row out, or keep such cells as they are with missing: "keep".',
    ],
    [
      "an empty cell of text",
      "x,y\na,1\n,2\n",
      {},
      'data: oak.csv: line 3, column "x": the cell is empty. Fill it in, take the row out, or keep such cells as they are with missing: "keep".',
    ],
    [
      "a NaN",
      "x\n1\nNaN\n",
      {},
      'data: oak.csv: line 3, column "x": the value is missing ("NaN"). Fill it in, take the row out, or keep such cells as they are with missing: "keep".',
    ],
    [
      "a blank line in a table of one column",
      "x\n1\n\n2\n",
      {},
      'data: oak.csv: line 3, column "x": the cell is empty. Fill it in, take the row out, or keep such cells as they are with missing: "keep".',
    ],
    [
      "lines after a quoted line break",
      'x,y\n"a\nb",1\n"c",bad\n',
      {},
      'data: oak.csv: line 4, column "y": "bad" is not a number. Correct it, or read the column as text with text: ["y"].',
    ],
    [
      "two columns of one name",
      "\nx,y, x\n1,2,3\n",
      {},
      'data: oak.csv: line 2: columns 1 and 3 are both named "x". Rename one of them.',
    ],
    [
      "a quote that is never closed",
      'x,y\n1,2\n3,"4\n5,6\n',
      {},
      'data: oak.csv: line 3, cell 2: the quote " that opens this cell is never closed. Close or remove it.',
    ],
    [
      "letters after a quote",
      'x,y\n"a"b,2\n',
      {},
      'data: oak.csv: line 2, cell 1: "b" follows the closing quote. Write a quote inside a quoted cell twice, as "".',
    ],
    [
      "a column to keep as text that is not there",
      "x,zip\n1,2\n",
      { text: ["zpi"] },
      'data: oak.csv: there is no column "zpi". Did you mean "zip"? The columns are x, zip.',
    ],
    [
      "a misspelt option",
      "x\n1\n",
      { seperator: "," } as ReadTableOptions,
      'option: readTable: unknown option "seperator". Did you mean "separator"?',
    ],
    [
      "a separator of two characters",
      "x\n1\n",
      { separator: ", " },
      'option: readTable: separator must be one character such as "," or ";", got ", ".',
    ],
    [
      "a header that is neither",
      "x\n1\n",
      { header: "yes" as "auto" },
      'option: readTable: header must be true, false or "auto", got yes.',
    ],
    [
      "an unknown rule for missing values",
      "x\n1\n",
      { missing: "drop" as "keep" },
      'option: readTable: missing must be "error" or "keep", got "drop".',
    ],
  ])("%s", (_, text, options, expected) => {
    expect(problemOf(text, options)).toBe(expected);
  });
});

describe("columnOf", () => {
  const table = readTable("height,species\n1.5,oak\n2,ash\n", { name: "trees.csv" });

  test("finds a column by name", () => {
    expect(columnOf(table, "height")).toEqual({
      kind: "number",
      name: "height",
      values: Float64Array.of(1.5, 2),
    });
    expect(columnOf(table, "species")).toEqual({ kind: "text", name: "species", values: ["oak", "ash"] });
  });

  test("names the most similar column if there is none of that name", () => {
    expect(() => columnOf(table, "specis")).toThrow(
      'trees.csv: there is no column "specis". Did you mean "species"? The columns are height, species.',
    );
    expect(() => columnOf(table, "__proto__")).toThrow('there is no column "__proto__"');
  });
});

test("readTable of a non-string and columnOf of a non-table are refused", () => {
  expect(() => columnOf(undefined as never, "a")).toThrow(
    "columnOf: expected a table as returned by readTable.",
  );
  expect(() => readTable({ a: 1 } as never)).toThrow(
    "readTable: expected the text of a table, got object. For the path of a file use readTableFile.",
  );
});

test("notes report integers above 2^53 that were rounded, and nothing else", () => {
  const cells = [
    "9007199254740993", // rounded
    "9007199254740992",
    "-9007199254740993", // rounded
    "18014398509481984",
    "9,007,199,254,740,993", // rounded
    "123456789012345678901234567890", // rounded
    "9007199254740993.5",
    "12345678901234567e3",
    "1e300",
    "0000000000000000000007",
    "0.12345678901234567890",
  ];
  const table = readTable(`id;b\n${cells.map((cell) => `${cell};1`).join("\n")}\n`, {
    decimal: ".",
    name: "a.csv",
  });
  expect(table.notes).toEqual([
    'a.csv: line 2, column "id": the integer 9007199254740993 is above 2^53 and was read as 9007199254740992, and 3 more like it. To keep all digits, read the column as text with text: ["id"].',
  ]);
  expect(readTable("id\n9007199254740993\n", { text: ["id"] }).notes).toBeUndefined();
  expect(readTable("id\n9007199254740991\n1\n").notes).toBeUndefined();
});
