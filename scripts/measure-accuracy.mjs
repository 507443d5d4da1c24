// Prints how far each transcendental function is from the true value, in ulps, over seeded random arguments.
//   node scripts/measure-accuracy.mjs [--samples 20000] [--seed 1] [name ...]
import { parseArgs } from "node:util";
import { importTypeScript } from "./bundle.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { samples: { type: "string", default: "20000" }, seed: { type: "string", default: "1" } },
});

const { transcendentals, measure, jsBackend } =
  /** @type {typeof import("../test/support/transcendentals.ts") & typeof import("../src/backends/js/index.ts")} */ (
    await importTypeScript(
      `export * from "./test/support/transcendentals.ts"; export { jsBackend } from "./src/backends/js/index.ts";`,
    )
  );

console.log("function    samples  max ulp  at");
for (const each of transcendentals) {
  const { name } = each.procedure;
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const compute = jsBackend.compileProcedure(each.procedure);
  const { samples, ulps, at } = measure(each, compute, Number(values.samples), Number(values.seed));
  console.log(
    `${name.padEnd(10)} ${String(samples).padStart(8)}  ${ulps.toFixed(3).padStart(7)}  ${at.join(", ")}`,
  );
}
