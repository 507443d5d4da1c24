// The explorable figure: a loop, both passes, the tape, the code, and the costs.
import type { JSX } from "preact";
import { showBytes } from "../../../src/pictures/viz/plain/tape.ts";
import { shortNumber } from "../../live/fields.tsx";
import { shareRun } from "../../live/figure-programs.ts";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { Player } from "../../live/player.tsx";
import { ProgramField } from "../../live/program-field.tsx";
import { Value } from "../../live/value.tsx";
import { examples } from "./examples.ts";
import { type LoopCosts, type PassRow, roleOf, savedBy } from "./passes.ts";
import { compared, compiledLoop, own, rows, state, step } from "./state.ts";

/** The reader's loop with its run, forward and backward. */
export function LoopLab(): JSX.Element {
  const { program, args } = own.run.value;
  const all = rows.value;
  const last = 2 * all.length;
  const shown = Math.min(step.value, last);
  return (
    <Figure
      id="loop"
      {...shareRun(() => own.run.value)}
      title="Your loop"
      isWide
      state={{ page: state, keys: ["loop", "at", "step"] }}
      caption="The forward pass computes the values from top to bottom. The backward pass computes the derivative of the result in each value, from bottom to top. A row multiplies its derivative by its local derivatives and sends the products to its operands. The tape holds the values that the forward pass saves and the backward pass uses."
    >
      <ProgramField state={own} examples={examples} rows={9} label="The loop" />
      <Player step={step} last={last} label="both passes" seconds={10} />
      <p class="finding" role="status">
        {sentenceOf(all, shown)}
      </p>
      <Passes all={all} shown={shown} />
      <p class="finding">
        The result is <Value of="result" value={program.value(args)} />.{" "}
        {program.numbers(args).map(({ name }, i) => (
          <span key={name}>
            Its derivative in <M>{name}</M> is{" "}
            <strong>
              <Value of="gradient" value={program.gradient(args)[i]!} />
            </strong>
            .{" "}
          </span>
        ))}
      </p>
    </Figure>
  );
}

/** Describes one step of the player: a row of the forward pass, or of the backward pass. */
function sentenceOf(all: readonly PassRow[], shown: number): string {
  if (shown === 0) return "Before the run: press Play, or step with →.";
  const isForward = shown <= all.length;
  const { where, text, value, adjoint, sends } = all[isForward ? shown - 1 : 2 * all.length - shown]!;
  const at = where === "" ? "" : `, ${where}`;
  if (isForward) return `Forward${at}: ${text} is ${shortNumber(value)}.`;
  const sent = sends.map((one) => `${one.to} gets ${shortNumber(one.adjoint)} · ${shortNumber(one.local)}`);
  return `Backward${at}: the derivative in ${text.split(" = ")[0]!} is ${shortNumber(adjoint)}. ${sent.length === 0 ? "It is an input." : `${sent.join(", ")}.`}`;
}

const mostRows = 24;

function Passes({ all, shown }: { readonly all: readonly PassRow[]; readonly shown: number }): JSX.Element {
  const isForward = shown <= all.length;
  const current = shown === 0 ? -1 : isForward ? shown - 1 : 2 * all.length - shown;
  const from = Math.max(0, Math.min(current - mostRows / 2, all.length - mostRows));
  const visible = all.slice(from, from + mostRows);
  const compiled = compiledLoop.value;
  const saved = "costs" in compiled ? compiled.costs.saved : [];
  return (
    <div class="scroll" role="region" tabIndex={0} aria-label="Both passes over the run">
      <table class="plain loop-passes">
        <thead>
          <tr>
            <th scope="col">iteration</th>
            <th scope="col">forward pass ↓</th>
            <th scope="col">value</th>
            <th scope="col">tape</th>
            <th scope="col">backward pass ↑</th>
          </tr>
        </thead>
        <tbody>
          {visible.map((row, k) => {
            const { where, text, value, adjoint } = row;
            const i = from + k;
            const isKnown = shown > 0 && (!isForward || i <= current);
            const isOnTape = isForward ? i <= current : i < current;
            const onTape = savedBy(row, saved);
            return (
              <tr class={i === current ? "is-current" : ""} aria-current={i === current ? "step" : undefined}>
                <td>{where}</td>
                <td>
                  <M>{text}</M>
                </td>
                <td>{isKnown ? shortNumber(value) : ""}</td>
                <td class={onTape.length > 0 ? "tape-of-row" : ""}>
                  {isOnTape && onTape.map((one) => `${one.name} = ${shortNumber(one.value)}`).join(", ")}
                </td>
                <td>{!isForward && i >= current ? <strong>{shortNumber(adjoint)}</strong> : ""}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {all.length > mostRows && (
        <p class="soft">
          Rows {from + 1} to {from + visible.length} of {all.length}.
        </p>
      )}
    </div>
  );
}

/** The emitted code, with marks at the lines that save or read values. */
export function EmittedCode(): JSX.Element {
  const compiled = compiledLoop.value;
  return (
    <Figure
      id="emitted"
      {...shareRun(() => own.run.value)}
      title="The emitted code"
      caption="The gradient of your loop in JavaScript, as downhill emit writes it. For arrays and long loops the compiler writes WebAssembly from the same program."
      state={{ page: state, keys: ["loop", "at"] }}
    >
      {"problem" in compiled ? (
        <p class="finding">{compiled.problem}</p>
      ) : (
        <>
          <p class="legend">
            <span class="emitted-save">saves a value</span>{" "}
            <span class="emitted-restore">reads a saved value</span>
          </p>
          <div class="scroll" role="region" tabIndex={0} aria-label="The gradient in JavaScript">
            <pre class="code emitted">
              {compiled.lines.map((line) => (
                <span class={`emitted-${roleOf(line)}`}>{`${line}\n`}</span>
              ))}
            </pre>
          </div>
        </>
      )}
    </Figure>
  );
}

/** Costs of the loop next to those of another loop. */
export function CostTable(): JSX.Element {
  const compiled = compiledLoop.value;
  const now = "costs" in compiled ? compiled.costs : undefined;
  const before = compared.value;
  return (
    <Figure
      id="costs"
      title="The costs of your loop"
      caption="Arithmetic operations are counted in the run at your values. The compiler chooses the saved values: it does not save a value that is cheap to compute again."
      state={{ page: state, keys: ["loop", "at"] }}
      {...shareRun(() => own.run.value)}
    >
      {now === undefined || before === undefined ? (
        <p class="finding">{"problem" in compiled ? compiled.problem : ""}</p>
      ) : (
        <>
          <div class="scroll" role="region" tabIndex={0} aria-label="Costs">
            <table class="plain">
              <thead>
                <tr>
                  <th scope="col">cost</th>
                  <th scope="col">before: {before.name}</th>
                  <th scope="col">now: {own.run.value.program.title}</th>
                </tr>
              </thead>
              <tbody>
                {costRows.map(([name, show]) => (
                  <tr>
                    <th scope="row">{name}</th>
                    <td>{show(before.costs)}</td>
                    <td>{show(now)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <button
            type="button"
            onClick={() => (compared.value = { name: own.run.peek().program.title, costs: now })}
          >
            Compare the next change with this loop
          </button>
          <p class="finding" role="status">
            {verdict(now)}
          </p>
        </>
      )}
    </Figure>
  );
}

const costRows: readonly (readonly [name: string, show: (one: LoopCosts) => string])[] = [
  ["operations for the result", ({ result }) => String(result)],
  ["operations for result and gradient", ({ both }) => String(both)],
  ["ratio", ({ result, both }) => (result === 0 ? "–" : (both / result).toFixed(1))],
  [
    "saved for the backward pass",
    ({ saved, savedBytes }) =>
      savedBytes === 0 ? "nothing" : `${showBytes(savedBytes)} (${saved.join(", ")})`,
  ],
  ["lines of the gradient’s code", ({ lines }) => String(lines)],
];

function verdict({ result, both, savedBytes }: LoopCosts): string {
  const ratio =
    result === 0 ? "" : `Result and gradient cost ${(both / result).toFixed(1)} times the result alone. `;
  return `${ratio}${savedBytes === 0 ? "The tape is empty: the backward pass needs no value of an iteration." : `The tape takes ${showBytes(savedBytes)}.`}`;
}
