// Decisions of the planner at each threshold of tuning.ts: the last size on one side, and the first on the other.
import { expect, test } from "vitest";
import type { Dim } from "../../kernel/scalar.ts";
import type { ContractPlan } from "./plan.ts";
import { planContract } from "./plan.ts";
import type { ContractTarget } from "./target.ts";

const [shared, alone] = [1 << 20, Infinity];
const plain: ContractTarget = { relaxed: false, manyRegisters: false, wide: false, partProducts: alone };
const wide: ContractTarget = { relaxed: true, manyRegisters: true, wide: true, partProducts: shared };

type Sizes = readonly [rows: number, columns: number, sums: number];
interface Layout {
  readonly batch?: number;
  /** True if the rows of the left operand are contiguous instead of its summands. */
  readonly isLeftTransposed?: boolean;
  /** True if the summands of the right operand are contiguous instead of its columns. */
  readonly isRightTransposed?: boolean;
}

function plan(
  [m, n, s]: Sizes,
  target: ContractTarget,
  { batch, isLeftTransposed, isRightTransposed }: Layout,
): ContractPlan {
  const groups: Dim<number>[] =
    batch === undefined ? [] : [{ role: "batch", size: batch, out: m * n, left: m * s, right: s * n }];
  const dims: Dim<number>[] = [
    ...groups,
    { role: "row", size: m, out: n, left: isLeftTransposed === true ? 1 : s, right: 0 },
    { role: "column", size: n, out: 1, left: 0, right: isRightTransposed === true ? s : 1 },
    {
      role: "sum",
      size: s,
      out: 0,
      left: isLeftTransposed === true ? m : 1,
      right: isRightTransposed === true ? 1 : n,
    },
  ];
  return planContract({ type: "f32", dims }, target);
}

interface Threshold {
  readonly decision: (made: ContractPlan) => unknown;
  readonly below: readonly [Sizes, unknown];
  readonly above: readonly [Sizes, unknown];
  readonly target?: ContractTarget;
  readonly layout?: Layout;
}

const method = ({ method: { kind } }: ContractPlan): string => kind;

test.each<[name: string, Threshold]>([
  ["tiny products have up to 8 summands", { decision: method, below: [[3, 3, 8], "tiny"], above: [[3, 3, 9], "blocks"], layout: { batch: 10 } }],
  ["streamed matrices have at least 64 columns", { decision: method, below: [[1, 63, 8], "blocks"], above: [[1, 64, 8], "stream"] }],
  ["streamed matrices have at least 8 summands", { decision: method, below: [[1, 64, 7], "blocks"], above: [[1, 64, 8], "stream"] }],
  ["tiles of up to 16 summands follow the rows of the result", { decision: (made) => made.shallow, below: [[64, 64, 16], true], above: [[64, 64, 17], false] }],
  ["results of more than 4,096 elements are written row by row", { decision: (made) => made.tileRows, below: [[64, 64, 2], 4], above: [[17, 241, 2], 1] }],
  ["results with 3 summands are not written row by row", { decision: (made) => made.tileRows, below: [[17, 241, 2], 1], above: [[17, 241, 3], 4] }],
  ["rows of the result that fill pages of 4,096 bytes have long tiles", { decision: (made) => made.tileColumns, below: [[64, 1023, 2], 32], above: [[64, 1024, 2], 64] }],
  ["left summands up to 1,024 bytes apart are read in place", { decision: (made) => made.left.packed, below: [[256, 64, 200], false], above: [[257, 64, 200], true], target: wide, layout: { isLeftTransposed: true } }],
  ["strips of up to 1 MB are kept", { decision: (made) => made.keepsStrip, below: [[512, 512, 1024], true], above: [[512, 512, 1025], false], target: wide }],
  ["right operands of up to 24 kB are read in place", { decision: (made) => made.right.packed, below: [[64, 96, 64], false], above: [[64, 75, 82], true] }],
  ["right operands of dot products, which have up to 3 rows, are read in place", { decision: (made) => made.right.packed, below: [[3, 50, 400], false], above: [[4, 50, 400], true], target: wide, layout: { isRightTransposed: true } }],
  ["left operands of up to 24 kB are read in place", { decision: (made) => made.left.packed, below: [[96, 64, 64], false], above: [[97, 64, 64], true], layout: { isLeftTransposed: true } }],
  ["panels with 131,072 products may be parts of their own", { decision: (made) => made.stripPanels, below: [[127, 64, 64], 2], above: [[128, 64, 64], 1], target: { ...wide, partProducts: alone } }],
])("%s", (_, { decision, below, above, target = plain, layout = {} }) => {
  const decide = ([sizes, expected]: readonly [Sizes, unknown]): void =>
    expect(decision(plan(sizes, target, layout)), sizes.join("×")).toBe(expected);
  decide(below);
  decide(above);
}); // prettier-ignore
