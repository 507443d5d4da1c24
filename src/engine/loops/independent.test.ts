import { expect, test } from "vitest";
import { formOfText } from "../../../test/support/plain-region.ts";
import { faultOfRegion } from "../../../test/support/region-agreement.ts";
import { scalarFunctions } from "../prims/scalar-functions.ts";
import { printHead } from "../kernel/print.ts";
import { walkBlock } from "../kernel/walk.ts";
import { lowerRegion } from "../region/lower/routine.ts";

/** The sum over columns of a variance: two sums in each iteration of an outer loop. */
const variances = (element: string): string => `export function f(x: number[][]): number {
  "use ad";
  const n = x.length;
  const m = x[0].length;
  const v = Array(m).fill(0);
  for (let j = 0; j < m; j++) {
    let s = 0;
    let q = 0;
    for (let i = 0; i < n; i++) {
      s += ${element};
      q += ${element} * ${element};
    }
    v[j] = q / n - (s / n) ** 2;
  }
  let total = 0;
  for (let j = 0; j < m; j++) total += v[j];
  return total;
}`;

/** The loops of the lowered region, in program order. */
function loops(text: string): string[] {
  const { routine } = lowerRegion(formOfText(text, "f").region, scalarFunctions, { failedChecks: "end" });
  const found: string[] = [];
  walkBlock(routine.body, { stmt: (stmt) => void (stmt.kind === "for" && found.push(printHead(stmt))) });
  return found;
}

test("an independent loop around several sums is vectorised itself, without inner strips", () => {
  expect(loops(variances("x[i][j]"))).toEqual([
    'for each i in 0.."x.length1"',
    'for each j in 0.."x.length1"',
    'for i_2 in 0.."x.length0"',
  ]);
});

test("a loop whose inner loop is better in strips is not independent: its iterations share the partial sums", () => {
  const found = loops(variances("x[j][i]"));
  expect(found).toContain('for j in 0.."x.length1"');
  expect(found).toContain("for at once lane in 0..4");
});

test.each(["x[i][j]", "x[j][i]"])(
  "an outer loop around two sums of 8 or more elements (%s) has the value and derivatives of its text",
  (element) => {
    for (const n of [7, 8, 21]) {
      const data = Float64Array.from({ length: n * n }, (_, k) => Math.sin(k * (1 + (k % n))) + (k % n));
      const { region } = formOfText(variances(element), "f");
      expect(
        faultOfRegion({
          region,
          args: [{ data: [...data], dims: [n, n] }],
          isFine: true,
          throughTensors: n === 8,
          throughBackends: true,
          secondOrder: n === 8,
        }),
      ).toBeUndefined();
    }
  },
);
