import { paramsOf, type Snapshot, train } from "../examples/gpt/training.ts";
import { numbered, promptNumbers } from "../examples/gpt/text.ts";
import { texts } from "../examples/gpt/texts.ts";
import { write } from "../examples/gpt/write.ts";
import { element } from "../../src/pictures/plot/markup.ts";
import { film, line, picture, short, size, styles } from "./film.ts";

const shownSteps = [1, 10, 20, 40, 70, 110, 160, 220] as const;
const sizes = { width: 32, layers: 2, heads: 4, context: 64 } as const;
const letters = 36; // per line
const lines = 6;
const curve = { left: 14, top: 178, width: 332, height: 46 } as const;

/** Text of a small GPT at several steps of its training, and its loss. */
export async function drawGpt(): Promise<string> {
  const source = texts.rhyme;
  const text = numbered(source.text(), sizes.context);
  const full = { ...sizes, kinds: text.kinds.length };
  const prompt = promptNumbers(source.prompt, text.kinds, sizes.context);
  let last: Snapshot | undefined;
  const seen: { readonly step: number; readonly loss: number; readonly rows: readonly string[] }[] = [];
  for (const step of shownSteps) {
    const order = { text, sizes: full, seed: 1, rate: 0.01, steps: step - (last?.step ?? 0) };
    let loss = Number.NaN;
    await train(last === undefined ? order : { ...order, from: last }, ({ heldOut, snapshot }) => {
      loss = heldOut;
      last = snapshot;
    });
    const manner = { temperature: 0.5, seed: 3, samples: 1, length: letters * lines };
    const [sample] = write(paramsOf(full, last!), full, prompt, manner).samples;
    seen.push({ step, loss, rows: rowsOf(sample!.map((number) => text.kinds[number]!).join("")) });
  }
  const highest = Math.max(...seen.map(({ loss }) => loss));
  const spots = seen.map(({ step, loss }): readonly [number, number] => [
    curve.left + (step / shownSteps.at(-1)!) * curve.width,
    curve.top + curve.height * (1 - loss / highest),
  ]);
  const frames = seen.map(({ step, loss, rows }, i) => [
    element("text", { class: "s", x: 14, y: 24 }, `step ${step}`),
    element(
      "text",
      { class: "s", x: size.width - 14, y: 24, "text-anchor": "end" },
      `loss ${loss.toFixed(2)}`,
    ),
    ...rows.map((row, k) => element("text", { class: "t", x: 14, y: 50 + 20 * k }, row)),
    element("circle", { class: "m", cx: short(spots[i]![0]), cy: short(spots[i]![1]), r: 5 }),
  ]);
  const { strip, style } = film(frames, { seconds: 10, still: frames.length - 1 });
  const look = {
    still: `.s{fill:var(--soft);font-size:13px}.t{fill:var(--ink);font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre}.m{fill:var(--run-1);stroke:var(--paper);stroke-width:1.5}`,
    moving: "",
  };
  return picture(
    "Text of a small transformer during its training: from random letters to a nursery rhyme",
    styles(look, style),
    element("path", {
      d: line(spots),
      fill: "none",
      stroke: "var(--run-0)",
      "stroke-width": 2,
      "stroke-linejoin": "round",
    }),
    strip,
  );
}

/** Breaks a text into rows of words. */
function rowsOf(text: string): string[] {
  const rows = [""];
  for (const part of text.split(/(?<=\n)|(?<= )/)) {
    const word = part.replace("\n", "").slice(0, letters); // an untrained network writes words of any length
    if (rows.at(-1)!.length + word.trimEnd().length > letters) rows.push("");
    rows[rows.length - 1] += word;
    if (part.endsWith("\n")) rows.push("");
  }
  return rows.filter((row) => row.trim() !== "").slice(0, lines);
}
