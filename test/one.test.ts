import { test } from "vitest";
import { choicesOf } from "./support/draw-region.ts";
import { Choices } from "./support/random-choices.ts";
import { randomPlain } from "./support/random-plain.ts";
import { formOfText, functionOfText, regionArguments } from "./support/plain-region.ts";
import { evaluateRegion } from "./support/evaluate-region.ts";
test("one", () => {
  const p = randomPlain(new Choices(choicesOf(Number(process.env.SEED))));
  process.stderr.write(p.typescript);
  console.log(functionOfText(p.javascript)(...structuredClone(p.args)));
  process.stderr.write("js done\n");
  const form = formOfText(p.typescript);
  process.stderr.write("form done\n");
  console.log(evaluateRegion(form.region, regionArguments(form, p.args).values, { maxStatements: 100000 }));
});
