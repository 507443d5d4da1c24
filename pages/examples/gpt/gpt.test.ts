import { softmax, tensor } from "downhill";
import * as random from "downhill/random";
import * as tree from "downhill/tree";
import { describe, expect, test } from "vitest";
import { firstParams, type GptParams, parameterCount, scoresOf } from "./model.ts";
import { longestInAddress, ownTexts } from "./own-texts.ts";
import { baselinesOf, knownWords, numbered, problemOf, promptNumbers } from "./text.ts";
import { texts } from "./texts.ts";
import { paramsOf, type Report, train } from "./training.ts";
import { write } from "./write.ts";

const sizes = { width: 8, layers: 2, heads: 2, context: 12, kinds: 5 } as const;

/** A network with nonuniform predictions; those of the initial one are uniform. */
function opinionated(seed: number): GptParams {
  const params = firstParams(sizes, seed);
  const weight = random.normal(random.key(seed), [sizes.width, sizes.kinds], { dtype: "float32" });
  return { ...params, scores: { ...params.scores, weight } };
}

describe("writing", () => {
  const params = opinionated(3);
  const manner = { temperature: 1, seed: 4, samples: 2, length: 30 };
  const writing = write(params, sizes, [2, 0, 1], manner);

  test("character by character yields the probabilities of the whole text at once", () => {
    const whole = tensor([writing.samples[0]!.slice(0, sizes.context)], { dtype: "int32" });
    const chances = softmax(scoresOf(params, whole, sizes.heads))
      .at(0)
      .tolist() as number[][];
    for (const [place, expected] of chances.entries())
      for (const [kind, chance] of writing.chancesAfter(place).entries())
        expect(chance).toBeCloseTo(expected[kind]!, 5); // float32 sums in another order
  });

  test("continues the prompt to the requested length, each sample independently", () => {
    for (const sample of writing.samples) {
      expect(sample.slice(0, 3)).toEqual([2, 0, 1]);
      expect(sample).toHaveLength(manner.length);
    }
    expect(writing.samples[0]).not.toEqual(writing.samples[1]);
  });

  test("beyond the context continues with its second half", () => {
    const likeliest = { ...manner, temperature: 0, samples: 1 };
    const [sample] = write(params, sizes, [2, 0, 1], likeliest).samples;
    const half = sizes.context / 2;
    const [again] = write(params, sizes, sample!.slice(half, 2 * half), likeliest).samples;
    expect(sample!.slice(half, half + sizes.context)).toEqual(again!.slice(0, sizes.context));
  });

  test("at temperature 0 chooses the most likely character for every seed", () => {
    const [one, other] = [1, 2].map((seed) => write(params, sizes, [3], { ...manner, seed, temperature: 0 }));
    expect(one!.samples[0]).toEqual(other!.samples[1]);
    for (let place = 0; place + 1 < sizes.context; place++)
      expect(one!.chancesAfter(place)[one!.samples[0]![place + 1]!]).toBeGreaterThan(0.99);
  });

  test("returns the attention of each head: weights of the characters so far, which sum to 1", () => {
    for (let place = 0; place < sizes.context; place++)
      for (let layer = 0; layer < sizes.layers; layer++)
        for (let head = 0; head < sizes.heads; head++) {
          const weights = writing.weightsFrom(place, layer, head);
          expect(weights).toHaveLength(place + 1);
          expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
        }
  });
});

test("counts the trainable parameters of a network", () => {
  for (const kinds of [5, 40]) {
    const leaves = tree.leaves(firstParams({ ...sizes, kinds }, 0));
    const numbers = leaves.reduce((sum, leaf) => sum + leaf.data().length, 0);
    expect(parameterCount({ ...sizes, kinds })).toBe(numbers);
  }
});

describe("training", () => {
  const text = numbered(texts.rhyme.text(), 32);
  const order = {
    text,
    sizes: { width: 16, layers: 1, heads: 2, context: 32, kinds: text.kinds.length },
    seed: 1,
    rate: 0.01,
  };
  const trained = async (more: Partial<Parameters<typeof train>[0]> & { steps: number }): Promise<Report> => {
    const reports: Report[] = [];
    await train({ ...order, ...more }, (report) => reports.push(report));
    return reports.at(-1)!;
  };

  test("starts at the loss of uniform guesses, and falls below that of pairs on held-out text", async () => {
    const { even, frequencies, pairs } = baselinesOf(text);
    expect(pairs).toBeLessThan(frequencies);
    expect((await trained({ steps: 1 })).loss).toBeCloseTo(even, 5);
    expect((await trained({ steps: 200 })).heldOut).toBeLessThan(pairs);
  });

  test("resumes from a snapshot as if it had not stopped", async () => {
    const whole = await trained({ steps: 6 });
    const { snapshot: from } = await trained({ steps: 2 });
    const rest = await trained({ steps: 4, from });
    expect(rest.snapshot).toEqual(whole.snapshot);
    const [read] = tree.leaves(paramsOf(order.sizes, rest.snapshot));
    expect(Float32Array.from(read!.data() as Float32Array)).toEqual(whole.snapshot.params[0]);
  });

  test("that diverges ends with an error message", async () => {
    await expect(trained({ steps: 20, rate: 1e38 })).rejects.toThrow(
      /At step \d+ the loss is no longer a number/,
    );
  });
});

describe("texts", () => {
  test.each([
    ["", "Type or paste"],
    ["abc ".repeat(20), "80 characters. With a context of 32 it needs 128"],
    ["ab".repeat(100), "2 kinds of characters"],
    ["z".repeat(200), "one kind of characters"],
    [String.fromCodePoint(...Array.from({ length: 300 }, (_, i) => 0x4e00 + i)), "300 kinds"],
    ["abc".repeat(70_000), "more than 200000"],
  ])("that cannot be learned report the reason: %.12s", (text, why) => {
    expect(problemOf(text, 32)).toContain(why);
  });

  test.each(Object.entries(texts))(
    "%s can be learned with any context, and continued from its prompt",
    (_, { text, prompt }) => {
      for (const context of [32, 64, 128]) {
        expect(problemOf(text(), context)).toBe("");
        const { kinds, numbers, learned } = numbered(text(), context);
        expect(numbers.length - learned).toBeGreaterThan(context);
        expect(
          promptNumbers(prompt, kinds, context)
            .map((i) => kinds[i])
            .join(""),
        ).toBe(prompt);
      }
    },
  );

  test("are counted in code points, with normalised line ends", () => {
    const { kinds, numbers } = numbered("🙂a\r\n".repeat(50), 32);
    expect(kinds).toEqual(["\n", "a", "🙂"]);
    expect(Array.from(numbers.slice(0, 4))).toEqual([2, 1, 0, 2]);
  });

  test("reject prompts with unknown characters, empty ones and long ones", () => {
    const { kinds } = numbered("abc ".repeat(50), 32);
    expect(() => promptNumbers("aXbX?", kinds, 32)).toThrow(
      "no “X”, “?”: nothing could be learned about them",
    );
    expect(() => promptNumbers("", kinds, 32)).toThrow("a character at least");
    expect(() => promptNumbers("a".repeat(32), kinds, 32)).toThrow("it may have 31");
  });

  test("the possibly truncated last word of a sample is not counted", () => {
    expect(knownWords(["The cat, the dxg sat on"], "the cat sat on the mat")).toEqual({ count: 5, known: 4 });
  });

  test("of the rhyme add one line per verse", () => {
    const verses = texts.rhyme.text().trim().split("\n\n");
    expect(verses.map((verse) => verse.split("\n").length)).toEqual(
      Array.from({ length: 11 }, (_, i) => i + 1),
    );
    expect(verses[2]).toBe("This is the rat\nThat ate the malt\nThat lay in the house that Jack built.");
  });
});

describe("texts of the reader in the address", () => {
  test("are stored in full up to a length", () => {
    for (const text of ["", "*5-x", "=a\nb", "x".repeat(longestInAddress)]) {
      expect(ownTexts().read(ownTexts().write(text))).toBe(text);
    }
  });

  test("are found again by the page where they were pasted if they are long, and reported as missing elsewhere", () => {
    const [here, elsewhere] = [ownTexts(), ownTexts()];
    const [one, other] = ["one ", "two "].map((word) => word.repeat(2000)) as [string, string];
    const kept = here.write(one);
    expect(kept.length).toBeLessThan(20);
    expect(elsewhere.write(other)).not.toBe(kept);
    expect(here.read(kept)).toBe(one);
    expect(() => elsewhere.read(kept)).toThrow("too long for an address");
  });
});
