// docs/public-names.json has one row per public name. Files are written from it or compared with it here:
//   DOWNHILL_WRITE=1 npx vitest run test/public-names.test.ts
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Tensor } from "downhill";
import { methodNamesSource, namedModules, namesOf, type PublicName } from "./support/public-names.ts";
import { root } from "./support/snippets.ts";

const always = new Set(Object.getOwnPropertyNames(Tensor.prototype));
await import("downhill/methods");

const isWriting = process.env["DOWNHILL_WRITE"] === "1";
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const exportsOf = async (path: string): Promise<string[]> => Object.keys((await import(path)) as object);

test("the table has all modules of the package except the one that has functions of others", () => {
  const { exports } = JSON.parse(read("package.json")) as { exports: Record<string, unknown> };
  const paths = Object.keys(exports).filter((path) => !path.endsWith(".json") && path !== "./core");
  expect(namedModules.map(({ name }) => name.replace("downhill", ".")).toSorted()).toEqual(paths.toSorted());
  expect(namedModules.filter(({ entry }) => !existsSync(join(root, entry)))).toEqual([]);
});

test.each(namedModules)("the table has one row for each export of $name", async ({ name, groups }) => {
  const listed = groups.flatMap(({ functions }) => functions.map((row) => row.name));
  expect(listed.toSorted()).toEqual((await exportsOf(name)).toSorted());
});

describe("the table states of each operation over tensors", async () => {
  const operations = [
    ...(await exportsOf("../src/numeric/array/index.ts")),
    ...(await exportsOf("../src/numeric/nn/activation.ts")),
  ];
  const rows = namesOf("downhill");

  test("whether it is a method of tensors, or the reason for having none", () => {
    const stated = rows.flatMap(({ name, method }) =>
      /^(always|yes|axes|hint|no: \w.*)$/.test(method ?? "") ? [name] : [],
    );
    expect(operations.filter((name) => !stated.includes(name))).toEqual([]);
    const others = rows.filter(({ name, method }) => method !== undefined && !operations.includes(name));
    expect(others).toEqual([]);
  });

  // while names are written, the methods are still those of the previous file
  test.skipIf(isWriting)("and the methods are there", () => {
    const isStated = ({ name, method = "" }: PublicName): boolean =>
      always.has(name) ? method === "always" : name in Tensor.prototype === /^(yes|axes)$/.test(method);
    expect(rows.filter((row) => operations.includes(row.name) && !isStated(row))).toEqual([]);
  });
});

describe("written from the table", () => {
  test.each<[string, () => string]>([["src/numeric/array/method-names.generated.ts", methodNamesSource]])(
    "%s is up to date",
    (path, write) => {
      const before = existsSync(join(root, path)) ? read(path) : "";
      const text = write();
      if (isWriting) writeFileSync(join(root, path), text);
      else expect(before, "run DOWNHILL_WRITE=1 npx vitest run test/public-names.test.ts").toBe(text);
    },
  );
});
