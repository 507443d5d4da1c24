import { expect, test } from "vitest";
import { type Exercise, judge, respond, taskOf } from "./judge.ts";

const chain: Exercise = {
  id: "chain",
  title: "The chain rule",
  hint: "Multiply by the derivative of the inside.",
  draw: (draw) => {
    const k = draw.whole(2, 9);
    return {
      kind: "expression",
      question: `The derivative of \`sin(${k}*x)\`?`,
      names: ["x"],
      answer: `${k}*cos(${k}*x)`,
      misconceptions: [{ name: "the inner derivative is missing", answer: `cos(${k}*x)`, why: "Multiply." }],
    };
  },
};

test("any equivalent formula is correct, and instances depend on their seed", () => {
  const tasks = Array.from({ length: 20 }, (_, seed) => taskOf(chain, seed));
  expect(new Set(tasks.map(({ question }) => question)).size).toBeGreaterThan(4);
  expect(taskOf(chain, 3)).toEqual(tasks[3]);
  for (const task of tasks) {
    const answer = String(task.answer);
    const k = Number.parseInt(answer, 10);
    for (const same of [answer, `${k - 1}*cos(${k}*x) + cos(x*${k})`, `${k}*sin(${k}*x + pi/2)`])
      expect(judge(task, same), same).toMatchObject({ isRight: true, text: "Right." });
  }
});

test("the response to a wrong formula is a point where it differs, to a known mistake its name", () => {
  const task = taskOf(chain, 1);
  expect(judge(task, "x").text).toMatch(/^Not yet: at x = \S+ yours is \S+, and it should be \S+\.$/);
  const k = Number.parseInt(String(task.answer), 10);
  expect(judge(task, `cos(x*${k})`).text).toBe("Not yet: the inner derivative is missing. Multiply.");
});

test("invalid answers are rejected with a reason", () => {
  const task = taskOf(chain, 1);
  expect(judge(task, "y*2").text).toBe("y is not a name in this exercise. Write a formula in x.");
  expect(judge(task, "").text).toBe("Write a formula.");
  expect(judge(task, "cos(").isRight).toBe(false);
  const half = {
    kind: "number",
    question: "",
    answer: 0.5,
    misconceptions: [{ name: "twice", answer: 1, why: "Halve." }],
  } as const;
  for (const right of ["0.5", "1/2", "0,5", "exp(-log(2))"])
    expect(judge(half, right).isRight, right).toBe(true);
  expect(judge(half, "1").text).toBe("Not yet: twice. Halve.");
  expect(judge(half, "−3").text).toBe("Not yet: −3 is too small.");
  expect(judge(half, "x").text).toBe("The answer is a number, and x has no value here.");
});

// After three wrong answers it still said "Not yet: 3 is too small."
test("two wrong answers lead to a hint, three to the solution; invalid answers are not attempts", () => {
  const task = taskOf(chain, 1);
  const say = (answer: string, tries: number) => respond(task, chain.hint, answer, tries);
  expect(say("x", 0)).toMatchObject({ isSolved: false, tries: 1 });
  expect(say("x", 0).text).not.toContain("Hint");
  expect(say("x^2", 1).text).toContain("\nHint: Multiply by the derivative of the inside.");
  const third = say("x^3", 2);
  expect(third).toMatchObject({ isRight: false, isSolved: true, tries: 3 });
  expect(third.text).toContain(`The answer is \`${String(task.answer)}\`. Try a similar one.`);
  expect(say("sin(", 2)).toMatchObject({ isSolved: false, tries: 2, isReadable: false });
  expect(say(String(task.answer), 2)).toMatchObject({ isRight: true, isSolved: true, text: "Right." });
});

test("numbers with thousands separators, fractions and powers of ten are parsed", () => {
  const task = { kind: "number", question: "", answer: 1437, misconceptions: [] } as const;
  for (const text of ["1,437", "1 437", "1437", "1.437·10³", "1.437e3", "1437.0", "2874/2", "n = 1437"])
    expect(judge(task, text).isRight, text).toBe(true);
  for (const text of ["1437 runs", "3·479 = 1437", "1,437 ε", "1437ε"])
    expect(judge(task, text).isRight, text).toBe(true);
  expect(judge(task, "").text).toBe("Write a number.");
  expect(judge({ ...task, answer: 1.437 }, "1,437").isRight).toBe(true);
  expect(judge({ ...task, answer: 0.5 }, "½").isRight).toBe(true);
});

test("inequalities, approximations, percentages and products with x are parsed", () => {
  const task = {
    kind: "number",
    question: "",
    answer: 1 / 12,
    tolerance: 0.0005,
    misconceptions: [],
  } as const;
  for (const text of [
    "r < 1/12",
    "0 < r < 0.0833",
    "1/12 ≈ 0.08",
    "≈ 0.0833",
    "about 0.0833",
    "8.33 %",
    "0.0833…",
  ])
    expect(judge(task, text).isRight, text).toBe(true);
  const count = { kind: "number", question: "", answer: 1810, tolerance: 0, misconceptions: [] } as const;
  for (const text of ["65x24 + 25 x 10", "1'810", "1810 parameters."])
    expect(judge(count, text).isRight, text).toBe(true);
});

test("a number with too few digits is not called too small or too large", () => {
  const task = { kind: "number", question: "", answer: Math.log(5), misconceptions: [] } as const;
  expect(judge(task, "1.6").text).toBe("Not yet: 1.6 is rounded too far. Write more digits, or a formula.");
  expect(judge(task, "1.7").text).toBe("Not yet: 1.7 is too large.");
  expect(judge({ ...task, answer: 0.0833 }, "0.08").isRight).toBe(true);
  expect(judge({ ...task, answer: 4.074 }, "4.1").text).toContain("rounded too far");
});

test.each<[string, number]>([
  ["two", 2],
  ["Zero.", 0],
  ["none", 0],
  ["twice", 2],
  ["minus one half", -0.5],
  ["a half", 0.5],
  ["two thirds", 2 / 3],
  ["three quarters", 0.75],
  ["one and a half", 1.5],
  ["twelve steps", 12],
  ["−1 1/2", -1.5],
  ["1½", 1.5],
  ["hypot(3, 4)", 5],
])("the number %s is parsed", (text, answer) => {
  const task = { kind: "number", question: "", answer, tolerance: 1e-9, misconceptions: [] } as const;
  expect(judge(task, text)).toMatchObject({ isRight: true });
});
