import { choicesOf } from "./support/draw-region.ts";
import { Choices } from "./support/random-choices.ts";
import { randomPlain } from "./support/random-plain.ts";
import { faultOfPlain } from "./support/plain-agreement.ts";
import { formOfText, functionOfText } from "./support/plain-region.ts";
const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1000; };
let t = cpu();
for (let seed = 2000; seed < 3000; seed++) {
  const d = randomPlain(new Choices(choicesOf(seed)));
  const f = functionOfText(d.javascript);
  try { f(...structuredClone(d.args) as unknown[]); } catch { continue; }
  let form; try { form = formOfText(d.typescript); } catch { continue; }
  const e = faultOfPlain({ form, f: f as any, args: d.args, wrt: d.wrt, outside: d.outside, secondOrder: seed % 5 === 0, throughBackends: seed % 50 === 0, throughTensors: seed % 100 === 1 });
  if (e) console.log(seed, e);
  if (seed % 100 === 99) { console.log(seed, cpu() - t); t = cpu(); }
}
process.exit(0);
