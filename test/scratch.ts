import { choicesOf, shrink } from "./support/draw-region.ts";
import { Choices } from "./support/random-choices.ts";
import { randomRegion } from "./support/random-regions.ts";
import { faultOfRegion } from "./support/region-agreement.ts";
import { runInThisContext } from "node:vm";
const [from, count] = process.argv.slice(2).map(Number) as [number, number];
let faults = 0;
const t0 = performance.now();
const limited = <T>(f: () => T): T => { (globalThis as any).go = f; return runInThisContext("go()", { timeout: 10000 }) as T; };
for (let seed = from; seed < from + count; seed++) {
  const check = (c: readonly number[]): string | undefined => {
    try { const d = randomRegion(new Choices(c)); return limited(() => faultOfRegion({ ...d, throughTensors: false, throughBackends: seed % 4 === 0, options: [{}, { recompute: false }, { common: false }, { fuse: false }][seed % 4 === 0 ? 0 : Math.floor(seed / 4) % 4] as object })); } catch (e) { return String((e as Error).stack).slice(0, 600); }
  };
  const f = check(choicesOf(seed));
  if (f === undefined) continue;
  faults++;
  console.log(`SEED ${seed}: ${f}`);
  if (faults <= 5) { const kind = f.slice(0, 12); const small = shrink(choicesOf(seed), (c) => check(c)?.slice(0, 12) === kind); console.log(check(small), JSON.stringify(randomRegion(new Choices(small)).region.body)); }
}
console.log({ from, count, faults, t: Math.round(performance.now() - t0) });
process.exit(0);
