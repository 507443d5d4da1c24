// Views of the program, next to its text.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { Point } from "../../src/pictures/landscapes/landscape.ts";
import { Chart } from "../live/chart.tsx";
import { shortNumber } from "../live/fields.tsx";
import { LandscapeMap } from "../live/landscape.tsx";
import { type FieldName, madeData, type NumberInput, type Shown } from "./question.ts";
import {
  along,
  data,
  language,
  latest,
  optimizers,
  ranges,
  seen,
  setNumbers,
  steps,
  target,
} from "./state.ts";

type Of<View extends Shown["view"]> = Extract<Shown, { readonly view: View }>;

/** Shows the fault of a field of the view. `other` is a fault that the answer does not contain. */
function Problem({
  field,
  id,
  other = "",
}: {
  readonly field: FieldName;
  readonly id?: string;
  readonly other?: string;
}): JSX.Element {
  const { viewProblem } = latest.value;
  return (
    <p id={id} class="problem" role="alert">
      {other !== "" ? other : viewProblem?.field === field ? viewProblem.message : ""}
    </p>
  );
}

/** Controls for the numbers along which a plot varies, and for their ranges. */
function Axes({ chosen }: { readonly chosen: readonly string[] }): JSX.Element {
  const { numbers } = seen.value;
  const isTwo = chosen.length > 1;
  const choose = (place: number, name: string): void => {
    const next = chosen.map((old, i) => (i === place ? name : old === name ? chosen[place]! : old));
    along.value = next;
  };
  return (
    <div class="controls">
      {numbers.length > 1 && (
        <label>
          Over{" "}
          <select
            value={isTwo ? "2" : "1"}
            onChange={({ currentTarget: { value } }) => {
              const others = numbers.map(({ name }) => name).filter((name) => name !== chosen[0]);
              along.value = value === "1" ? [chosen[0]!] : [chosen[0]!, others[0]!];
            }}
          >
            <option value="1">one number</option>
            <option value="2">two numbers</option>
          </select>
        </label>
      )}
      {chosen.map((name, place) => (
        <span class="axis" key={place}>
          {numbers.length > 1 ? (
            <select
              aria-label={place === 0 ? "along x" : "along y"}
              value={name}
              onChange={({ currentTarget: { value } }) => choose(place, value)}
            >
              {numbers.map((number) => (
                <option value={number.name}>{number.name}</option>
              ))}
            </select>
          ) : (
            <span>{name}</span>
          )}
          <Ends number={numbers.find((number) => number.name === name)} />
        </span>
      ))}
    </div>
  );
}

/** Text fields for the ends of a range. */
function Ends({ number }: { readonly number: NumberInput | undefined }): JSX.Element | null {
  if (number === undefined) return null;
  const { name, range } = number;
  const put = (end: 0 | 1, value: number): void => {
    const next = [...range] as [number, number];
    next[end] = value;
    if (Number.isFinite(value) && next[0] < next[1]) ranges.value = { ...ranges.value, [name]: next };
  };
  return (
    <>
      {([0, 1] as const).map((end) => (
        <label>
          {end === 0 ? " from " : " to "}
          <input
            type="number"
            class="end"
            step="any"
            aria-label={`${name} ${end === 0 ? "from" : "to"}`}
            value={range[end]}
            onChange={({ currentTarget }) => put(end, currentTarget.valueAsNumber)}
          />
        </label>
      ))}
    </>
  );
}

export function Plot({ shown }: { readonly shown: Of<"plot"> }): JSX.Element {
  return (
    <>
      <Axes chosen={shown.along} />
      {shown.kind === "curve" ? (
        <Chart spec={shown.chart} />
      ) : (
        <>
          <LandscapeMap
            label={`Contours over ${shown.along.join(" and ")}`}
            contours={shown.map}
            trails={[]}
            start={startAt(shown.along)}
          />
          <p class="note">A click, a drag or the arrow keys move the point: the inputs follow.</p>
        </>
      )}
    </>
  );
}

/** The current inputs as a point that a map can move. */
function startAt(names: readonly [string, string]): { value: Point } {
  return {
    get value() {
      const { numbers } = seen.value;
      return names.map((name) => numbers.find((number) => number.name === name)?.value ?? 0);
    },
    set value(next) {
      setNumbers(new Map(names.map((name, i) => [name, next[i]!])));
    },
  };
}

export function Descent({ shown }: { readonly shown: Of<"descent"> | undefined }): JSX.Element {
  const id = useId();
  const problem = latest.value.viewProblem?.field;
  const isChosen = optimizers.value.trim() === "";
  return (
    <>
      {shown !== undefined && <Axes chosen={shown.along} />}
      <div class="text-field">
        <label for={id}>Optimisers</label>
        <textarea
          id={id}
          rows={2}
          spellcheck={false}
          autocapitalize="off"
          value={optimizers.value}
          placeholder={shown?.optimizers}
          aria-invalid={problem === "optimizers"}
          aria-describedby={`${id}-rates ${id}-problem`}
          onInput={({ currentTarget }) => (optimizers.value = currentTarget.value)}
        />
        <p id={`${id}-rates`} class="note">
          {isChosen
            ? "The rates follow from the curvature of the function at the start. "
            : "Several optimisers are separated by commas. "}
          <button
            type="button"
            class="bare"
            disabled={isChosen && shown === undefined}
            onClick={() => (optimizers.value = isChosen ? (shown?.optimizers ?? "") : "")}
          >
            {isChosen ? "Change them" : "Choose rates by curvature"}
          </button>
        </p>
        <Problem field="optimizers" id={`${id}-problem`} />
      </div>
      <div class="text-field is-short">
        <label for={`${id}-steps`}>Steps</label>{" "}
        <input
          id={`${id}-steps`}
          inputMode="numeric"
          size={6}
          value={steps.value}
          aria-invalid={problem === "steps"}
          aria-describedby={`${id}-steps-problem`}
          onInput={({ currentTarget }) => (steps.value = currentTarget.value)}
        />
        <Problem field="steps" id={`${id}-steps-problem`} />
      </div>
      {shown !== undefined && <Runs shown={shown} />}
    </>
  );
}

function Runs({ shown }: { readonly shown: Of<"descent"> }): JSX.Element {
  return (
    <>
      {shown.kind === "map" ? <RunsOnMap shown={shown} /> : <Chart spec={shown.chart} />}
      <div class="scroll" tabIndex={0} role="group" aria-label="How the runs ended">
        <table class="plain runs">
          <thead>
            <tr>
              <th scope="col">optimiser</th>
              <th scope="col">value at the end</th>
              <th scope="col">steps</th>
              <th scope="col">how it ended</th>
            </tr>
          </thead>
          <tbody>
            {shown.runs.map(({ name, value, steps: count, end }) => (
              <tr>
                <th scope="row">{name}</th>
                <td>{shortNumber(value)}</td>
                <td>{count}</td>
                <td>{end}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Chart spec={shown.progress} />
    </>
  );
}

function RunsOnMap({
  shown,
}: {
  readonly shown: Extract<Of<"descent">, { readonly kind: "map" }>;
}): JSX.Element {
  return (
    <>
      <LandscapeMap
        label={`Runs over ${shown.along.join(" and ")}`}
        contours={shown.map}
        trails={shown.trails}
        start={startAt(shown.along)}
        hasTable={false}
      />
      <p class="note">A click, a drag or the arrow keys move the start: it is where the inputs are.</p>
    </>
  );
}

export function CodeView({ shown }: { readonly shown: Of<"code"> | undefined }): JSX.Element {
  return (
    <>
      <fieldset class="choice">
        <legend>Language</legend>
        {(
          [
            ["javascript", "JavaScript"],
            ["webassembly", "WebAssembly, as text"],
          ] as const
        ).map(([option, words]) => (
          <button
            type="button"
            aria-pressed={language.value === option}
            onClick={() => (language.value = option)}
          >
            {words}
          </button>
        ))}
      </fieldset>
      {shown !== undefined && (
        <pre class="code scroll" role="region" tabIndex={0} aria-label="Value and gradient as code">
          <code>{shown.text}</code>
        </pre>
      )}
    </>
  );
}

export function Fit({ shown }: { readonly shown: Of<"fit"> | undefined }): JSX.Element {
  const id = useId();
  const isOver = useSignal(false);
  const problem = useSignal("");
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    try {
      data.value = await textOfFile(file);
      problem.value = "";
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  };
  return (
    <>
      <div
        class={isOver.value ? "text-field is-table is-over" : "text-field is-table"}
        onDragOver={(event) => {
          if (event.dataTransfer?.types.includes("Files") !== true) return;
          event.preventDefault();
          isOver.value = true;
        }}
        onDragLeave={() => (isOver.value = false)}
        onDrop={(event) => {
          isOver.value = false;
          const file = event.dataTransfer?.files[0];
          if (file === undefined) return;
          event.preventDefault();
          void take(file);
        }}
      >
        <div class="text-field-head">
          <label for={id}>Data: a table with names in the first line, pasted or from a file</label>
          <label class="file">
            Open a file{" "}
            <input
              type="file"
              accept=".csv,.tsv,.txt,.dat,text/*"
              onChange={({ currentTarget }) => {
                void take(currentTarget.files?.[0]);
                currentTarget.value = "";
              }}
            />
          </label>
        </div>
        <textarea
          id={id}
          rows={6}
          spellcheck={false}
          autocapitalize="off"
          value={data.value === madeData ? (shown?.made ?? "") : data.value}
          aria-invalid={latest.value.viewProblem?.field === "data"}
          aria-describedby={`${id}-problem`}
          onInput={({ currentTarget }) => {
            problem.value = "";
            data.value = currentTarget.value;
          }}
        />
        <Problem field="data" id={`${id}-problem`} other={problem.value} />
      </div>
      {data.value === madeData && shown?.made !== undefined && (
        <p class="note">
          The program itself computed these data, with some noise. Paste a table of your own in their place:
          inputs with the name of a column are data, all others are parameters.
        </p>
      )}
      {shown !== undefined && <Fitted shown={shown} />}
    </>
  );
}

const mostBytes = 5_000_000; // maximum file size; larger files would make the page slow

/**
 * Reads the text of a file.
 *
 * @throws Error for a file that is too large or not text
 */
async function textOfFile(file: File): Promise<string> {
  if (file.size > mostBytes)
    throw new Error(
      `${file.name} has ${(file.size / 1e6).toFixed(1)} MB. Open a file of at most ${mostBytes / 1e6} MB, or use downhill fit.`,
    );
  const text = await file.text();
  if (text.includes("\0")) throw new Error(`${file.name} is not a text file. Open a table as CSV or TSV.`);
  return text;
}

function Fitted({ shown }: { readonly shown: Of<"fit"> }): JSX.Element {
  const { estimates, columns } = shown;
  const { numbers } = seen.value;
  return (
    <>
      <label>
        The program gives{" "}
        <select value={shown.target} onChange={({ currentTarget: { value } }) => (target.value = value)}>
          {columns.map((name) => (
            <option value={name}>{name}</option>
          ))}
        </select>
      </label>
      <div class="scroll" tabIndex={0} role="group" aria-label="Parameters">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">parameter</th>
              <th scope="col">value</th>
              <th scope="col">standard error</th>
              <th scope="col">95 % interval</th>
              <th scope="col">
                <span class="unseen">remark</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {estimates.map(({ name, value, error, interval, note }) => (
              <tr>
                <th scope="row">{name}</th>
                <td>{value}</td>
                <td>{error}</td>
                <td>{interval}</td>
                <td>{note}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {estimates.some(({ name }) => numbers.some((number) => number.name === name)) && (
        <button
          type="button"
          onClick={() => setNumbers(new Map(estimates.map(({ name, exact }) => [name, exact])))}
        >
          Put the estimates into the inputs
        </button>
      )}
      <Chart spec={shown.curve} />
      <Chart spec={shown.residuals} />
      {shown.notes.map((note) => (
        <p class="note">{note}</p>
      ))}
    </>
  );
}
