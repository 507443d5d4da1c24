import { expect, test } from "vitest";
import { recordOutput } from "../../../test/support/command.ts";
import { type EpochStatus, duration, makeOutput, type TrainingOutcome, percent, showLoss } from "./output.ts";

const standing: EpochStatus = {
  epoch: 3,
  epochs: 12,
  loss: 0.12345,
  accuracy: 0.9876,
  learningRate: 0.1,
  itemsPerSecond: 12345.6,
  testLoss: 0.25,
  testAccuracy: 0.95,
  seconds: 1.5,
};
const outcome: TrainingOutcome = {
  stopped: "finished",
  epochs: 12,
  steps: 100,
  trainLoss: 0.1,
  testLoss: Number.NaN,
  testAccuracy: 0.95,
  seconds: 2,
  seed: 0,
  commands: [],
  report: "r.html",
};

test("piped: one line per epoch, without styles", () => {
  const stream = recordOutput();
  const output = makeOutput(false, stream);
  output.start({}, "about");
  output.step(standing, 0.25, 3);
  output.epoch(standing);
  output.epoch({ ...standing, epoch: 12, accuracy: undefined, testAccuracy: undefined });
  output.done(outcome, "the end");
  expect(stream.text()).toBe(
    [
      "about",
      "epoch  3/12  loss 0.1235  accuracy 98.8 %  test 95.0 %  rate 0.1  12,346 items/s",
      "epoch 12/12  loss 0.1235  test loss 0.2500  rate 0.1  12,346 items/s",
      "the end",
      "",
    ].join("\n"),
  );
});

test("for programs: one object per line, with NaN and infinities as text, like explain", () => {
  const stream = recordOutput();
  const output = makeOutput(true, stream);
  output.start({ seed: 0 }, "about");
  output.epoch(standing);
  output.done(outcome, "the end");
  const lines = stream
    .text()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(lines).toEqual([
    { event: "start", seed: 0 },
    { event: "epoch", ...standing },
    { event: "done", ...outcome, testLoss: "NaN" },
  ]);
});

test.each([80, 60, 40, 20])("on a terminal of %d columns: a bar that fits and is erased", (columns) => {
  const stream = recordOutput(columns);
  const output = makeOutput(false, stream);
  output.step(standing, 0.25, 3);
  output.step(standing, 0.26, 3); // too soon to draw again
  output.done(outcome, "the end");
  const drawn = stream.text().replaceAll(/\u001b\[[0-9;]*[mK]/g, "");
  const [, line, ...rest] = drawn.split("\r");
  expect(line).toMatch(/^epoch 3\/12 .* 3\.0 s left$/);
  expect(/█*░*/.exec(line!.slice("epoch 3/12 ".length))![0]).toBe(
    { 80: "█████" + "░".repeat(15), 60: "█████" + "░".repeat(15), 40: "████" + "░".repeat(11), 20: "" }[
      columns
    ],
  );
  if (columns >= 40) expect(line!.length).toBeLessThan(columns); // at 40 it was once wider, and scrolled
  expect(rest).toEqual(["the end\n"]);
});

test("a terminal that reports 0 columns is treated as one of 80", () => {
  const stream = recordOutput(0);
  makeOutput(false, stream).step(standing, 0.25, 3);
  expect(stream.text()).toContain("loss 0.1235");
});

test("text on a narrow terminal breaks between words", () => {
  const text =
    "digits: 1,437 items to train on, 360 held out for the test; 10 classes\nnetwork 64-128-10 (relu)";
  const stream = recordOutput(40);
  const output = makeOutput(false, stream);
  output.start({}, text);
  output.note(text);
  output.done(outcome, text);
  const lines = stream
    .text()
    .replaceAll(/\u001b\[[0-9;]*m/g, "")
    .trimEnd()
    .split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  expect(lines.map((line) => line.trim()).join(" ")).toBe(Array(3).fill(text.replace("\n", " ")).join(" "));
});

test("rounds of tuning, and notes, have their own lines", () => {
  const stream = recordOutput();
  const output = makeOutput(false, stream);
  output.note("resumed after 2 of 5 epochs, at step 90");
  const hyperparameters = { learningRate: 0.0123456, momentum: 0.9 };
  output.tune({ round: 3, rounds: 40, hyperparameters, before: 2.3, after: 1.1, outcome: "descended" });
  output.tune({ round: 4, rounds: 40, hyperparameters, before: 2.3, after: 99, outcome: "diverged" });
  output.epoch({ ...standing, validationLoss: 0.3, validationAccuracy: 0.9 });
  expect(stream.text().split("\n")).toEqual([
    "resumed after 2 of 5 epochs, at step 90",
    "round  3/40  learningRate 0.0123  momentum 0.900  loss 2.3000 → 1.1000",
    "round  4/40  learningRate 0.0123  momentum 0.900  loss 2.3000 → 99.0000  diverged: reverting to lower rates",
    "epoch  3/12  loss 0.1235  accuracy 98.8 %  val 90.0 %  test 95.0 %  rate 0.1  12,346 items/s",
    "",
  ]);
});

test.each([
  [0, "0.0000"],
  [0.12345, "0.1235"],
  [12.5, "12.5000"],
  [0.00012, "1.20e-4"],
  [123456, "1.23e+5"],
])("showLoss(%d)", (loss, text) => expect(showLoss(loss)).toBe(text));

test.each([
  [0.04, "0.0 s"],
  [9.94, "9.9 s"],
  [12.4, "12 s"],
  [59.7, "1 min 0 s"],
  [125, "2 min 5 s"],
  [7300, "2 h 1 min"],
])("duration(%d)", (seconds, text) => expect(duration(seconds)).toBe(text));

test("percent", () => expect(percent(0.98765)).toBe("98.8 %"));
