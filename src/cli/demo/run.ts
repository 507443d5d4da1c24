import { explainCommand } from "../explain/command.ts";
import { explain } from "../explain/run.ts";
import { optionValues } from "../shared/option-values.ts";
import { paintFor } from "../shared/style.ts";
import type { Terminal } from "../shared/terminal.ts";
import { checkOutput } from "../shared/write-file.ts";
import { trainRequest } from "../train/options.ts";
import { train } from "../train/run.ts";

/** Demonstrates both parts of downhill: derivatives traced line by line, and training with them. */
export async function demo(seed: string, out: string, terminal: Terminal): Promise<number> {
  const { stdout } = terminal;
  checkOutput(out, []); // checked before the first half is shown
  const paint = paintFor(stdout);
  const say = (line: string, command: string): void => {
    stdout.write(`${paint("bold", line)}\n${paint("dim", `$ ${command}`)}\n\n`);
  };
  say("1. How a derivative is computed", `downhill explain "x*y + sin(x)" --at x=2,y=3`);
  await explain(optionValues(explainCommand.args, { text: "x*y + sin(x)", at: "x=2,y=3" }), terminal);
  stdout.write("\n");
  say("2. A network learns by gradients", "downhill train digits");
  return train(trainRequest({ dataset: "digits", seed, out }), terminal);
}
