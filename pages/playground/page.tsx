// The playground: a program and its inputs, next to a view of it.
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { LivePage } from "../live/page.tsx";
import { Editor } from "./editor.tsx";
import { examples } from "./examples.ts";
import { Input, rangeOf } from "./inputs.tsx";
import type { Shown, View } from "./question.ts";
import { Exports } from "./share.tsx";
import {
  choose,
  isOutdated,
  latest,
  prepare,
  program,
  seen,
  setInput,
  setText,
  state,
  text,
  typed,
  view,
  worker,
} from "./state.ts";
import { Trace } from "./trace.tsx";
import { CodeView, Descent, Fit, Plot } from "./views.tsx";

export const page: LivePage = { state, Body, prepare };

function Body(): JSX.Element {
  return (
    <div class={latest.value.isPlain ? "wide playground is-plain" : "wide playground"}>
      <Given />
      <Seen />
    </div>
  );
}

/** The program, and the values of its inputs. */
function Given(): JSX.Element {
  const { problem, valueProblems } = latest.value;
  const { inputs } = program.value;
  const { numbers } = seen.value;
  const chosen = examples.findIndex((example) => example.text === text.value);
  return (
    <section class="given" aria-label="The program and its inputs">
      <label class="examples">
        Examples{" "}
        <select
          value={String(chosen)}
          onChange={({ currentTarget }) => {
            const example = examples[Number(currentTarget.value)];
            if (example !== undefined) choose(example);
          }}
        >
          {chosen < 0 && <option value="-1">your own</option>}
          {examples.map(({ name }, i) => (
            <option value={String(i)}>{name}</option>
          ))}
        </select>
      </label>
      <Editor
        text={text}
        isPlain={latest.value.isPlain}
        problem={
          problem === undefined
            ? undefined
            : {
                message: problem.message,
                fault:
                  problem.start === undefined
                    ? undefined
                    : {
                        message: reasonOf(problem.message),
                        start: problem.start,
                        end: problem.end ?? problem.start + 1,
                      },
              }
        }
        change={setText}
      />
      <p class="note">
        A formula, statements, or a TypeScript function with <code>"use ad"</code> as its first line.
      </p>
      {inputs.length > 0 && (
        <div class="inputs-of-program" role="group" aria-label="Values of the inputs">
          {inputs.map((input) => {
            const number = numbers.find(({ name }) => name === input.name);
            return (
              <Input
                key={`${input.kind} ${input.name}`}
                input={input}
                text={typed.value[input.name] ?? input.start}
                problem={valueProblems[input.name]}
                range={rangeOf(input, numbers)}
                derivative={number?.derivative}
                change={(value) => setInput(input.name, value)}
              />
            );
          })}
        </div>
      )}
    </section>
  );
}

/** The sentence of a message, without the position and the line with its caret. */
function reasonOf(message: string): string {
  return message.split("\n")[0]!.replace(/^(?:line \d+: |[\w.]+:\d+:\d+: )/, "");
}

const words: Readonly<Record<View, string>> = {
  trace: "Derivative",
  plot: "Plot",
  descent: "Descent",
  code: "Code",
  fit: "Fit",
};

/** The tabs of the views, and the selected view. */
function Seen(): JSX.Element {
  const panel = useRef<HTMLDivElement>(null);
  const answer = seen.value;
  const shown = answer.view === view.value ? answer.shown : undefined;
  const { problem, valueProblems, viewProblem } = latest.value;
  const isOld =
    isOutdated.value ||
    problem !== undefined ||
    viewProblem !== undefined ||
    Object.keys(valueProblems).length > 0;
  const order = Object.keys(words) as View[];
  return (
    <section class="seen" aria-label="What is seen of it">
      <div class="tabs" role="tablist" aria-label="Views">
        {order.map((one, i) => (
          <button
            type="button"
            role="tab"
            id={`tab-${one}`}
            aria-selected={view.value === one}
            aria-controls="view"
            tabIndex={view.value === one ? 0 : -1}
            onClick={() => (view.value = one)}
            onKeyDown={(event) => {
              const way = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
              if (way === 0) return;
              event.preventDefault();
              const next = order[(i + way + order.length) % order.length]!;
              view.value = next;
              document.getElementById(`tab-${next}`)?.focus();
            }}
          >
            {words[one]}
          </button>
        ))}
      </div>
      <Work />
      <p class="problem" role="alert">
        {viewProblem?.field === "view" ? viewProblem.message : ""}
      </p>
      <div
        ref={panel}
        id="view"
        role="tabpanel"
        aria-labelledby={`tab-${view.value}`}
        class={isOld ? "view is-old" : "view"}
      >
        <Viewed shown={shown} />
      </div>
      <Exports panel={panel} />
    </section>
  );
}

function Viewed({ shown }: { readonly shown: Shown | undefined }): JSX.Element | null {
  switch (view.value) {
    case "trace":
      return shown?.view === "trace" ? <Trace shown={shown} /> : null;
    case "plot":
      return shown?.view === "plot" ? <Plot key={shown.kind} shown={shown} /> : null;
    case "descent":
      return <Descent shown={shown?.view === "descent" ? shown : undefined} />;
    case "code":
      return <CodeView shown={shown?.view === "code" ? shown : undefined} />;
    case "fit":
      return <Fit shown={shown?.view === "fit" ? shown : undefined} />;
    default:
      return view.value satisfies never;
  }
}

/** Shows that a computation is running, with a stop button. */
function Work(): JSX.Element | null {
  if (typeof Worker === "undefined") return null;
  const { value } = worker().work;
  return (
    <span class={`work is-${value}`} role="status">
      {value === "working" && (
        <>
          computing …{" "}
          <button type="button" onClick={() => worker().stop()}>
            Stop
          </button>
        </>
      )}
      {value === "stopped" && "Stopped: change something to go on."}
    </span>
  );
}
