import type { PlainForm } from "../../../numeric/plain/form/form.ts";
import { showNumber } from "../../plot/number-text.ts";
import type { Graph, GraphNode } from "../graph.ts";
import type { LineGroup } from "../groups.ts";
import type { PageAdjoint, PageData, PageLine, PagePass } from "../page-data.ts";
import type { RegionRun, ValueStep } from "./evaluate.ts";
import { partial } from "./evaluate.ts";
import type { PlainTape } from "./tape.ts";
import { showBytes } from "./tape.ts";
import { runForm } from "./trace.ts";

const mostSteps = 4_000; // maximum number of values in a page; for a longer run it has one iteration of each loop
const mostElements = 4; // maximum number of elements of an argument that are listed without a group
const mostPasses = 12; // maximum number of forward passes in a page

/**
 * Returns the content of a page about one run of a plain function: the values of its statements in program order. It
 * includes all iterations of the loops; the page shows one at a time. A run of more than 4,000 steps has only the shown
 * iteration of each loop.
 *
 * @param args arguments of the function
 * @param iteration for a run with too many steps to show: the iteration of each loop to show, by the loop's index
 * @throws DownhillError as {@link runForm}
 */
export function plainPageData(
  form: PlainForm,
  args: readonly unknown[],
  title: string,
  iteration: ReadonlyMap<string, number>,
): PageData {
  const { run, derivatives, shown, tape } = runForm(form, args, iteration);
  const isLong = run.steps.length > mostSteps;
  const values = new Map(shown.map(({ index, value }) => [index, value]));
  const isKept = ({ iterations }: ValueStep): boolean =>
    !isLong || iterations.every(({ index, value }) => values.get(index) === value);
  const places = run.steps.flatMap((step, i) => (isKept(step) ? [i] : []));
  return new PlainPage(form, run, derivatives, places, tape).data(title);
}

class PlainPage {
  readonly #form: PlainForm;
  readonly #run: RegionRun;
  readonly #derivatives: Float64Array;
  /**
   * Indices of the steps that the page shows, arguments first. The index in this list is the number of the line and of
   * the node.
   */
  readonly #places: readonly number[];
  readonly #nodes: ReadonlyMap<number, number>;
  readonly #groups: LineGroup[] = [];
  readonly #tape: readonly PlainTape[];

  constructor(
    form: PlainForm,
    run: RegionRun,
    derivatives: Float64Array,
    places: readonly number[],
    tape: readonly PlainTape[],
  ) {
    this.#tape = tape;
    this.#form = form;
    this.#run = run;
    this.#derivatives = derivatives;
    this.#places = places;
    this.#nodes = new Map(places.map((step, node) => [step, node]));
  }

  data(title: string): PageData {
    const inputs = this.#places.filter((place) => this.#isInput(place));
    const lines = this.#lines();
    const { value } = this.#run.results[0]!;
    return {
      title: `${title} = ${showNumber(value)}`,
      isSymbolic: false,
      lines,
      inputCount: inputs.length,
      passes: inputs.slice(0, mostPasses).map((input) => this.#pass(input)),
      tangents: this.#places.map((place) => ({
        left: `d${this.#nameOf(place)}`,
        right: this.#isInput(place) ? "?" : this.#differential(place),
      })),
      reverse: this.#backwardPass(inputs),
      gradient: inputs.map((input) => ({
        name: this.#adjointName(input),
        value: showNumber(this.#derivatives[input]!),
      })),
      check: { verdict: "unknown", text: this.#recorded() },
      graph: this.#graph(),
      groups: this.#groups,
    };
  }

  #step(place: number): ValueStep {
    return this.#run.steps[place]!;
  }

  #isInput(place: number): boolean {
    return this.#step(place).at === undefined;
  }

  #nameOf(place: number): string {
    return this.#step(place).target;
  }

  #adjointName(place: number): string {
    return `∂${this.#form.region.name}/∂${this.#nameOf(place)}`;
  }

  #isResult(place: number): boolean {
    return this.#run.results[0]!.sources.some(({ step }) => step === place);
  }

  /** Returns the source text of the statement that computes a value, without a declaration keyword. */
  #formulaOf(place: number): string {
    const { at } = this.#step(place);
    const text = at === undefined ? "" : (this.#form.region.positions[at]?.text ?? "");
    return text
      .replace(/^(?:const|let|var)\s+/, "")
      .replaceAll(/(?<=[\p{L}\p{N}_$\])])!(?!=)/gu, "") // the non-null assertion of TypeScript
      .replaceAll(/\s+/g, " ");
  }

  #lines(): PageLine[] {
    const findGroup = this.#grouping();
    return this.#places.map((place, node): PageLine => {
      const step = this.#step(place);
      const value = showNumber(step.value);
      const right = this.#isInput(place) ? value : rightSide(this.#formulaOf(place));
      return { left: step.target, right, value, node, stored: this.#storedOf(step), group: findGroup(place) };
    });
  }

  /**
   * Describes the values that the compiled gradient saves at the statement of a step, with their bytes per iteration.
   */
  #storedOf({ at }: ValueStep): string[] {
    const place = at === undefined ? undefined : this.#form.region.positions[at];
    return this.#tape
      .filter(({ line, column }) => place !== undefined && line === place.line && column === place.column)
      .map(({ values, bytesEach }) => `${values.join(", ")}: ${bytesEach} B`);
  }

  #recorded(): string {
    const bytes = this.#tape.reduce((sum, one) => sum + one.bytes, 0);
    return bytes === 0
      ? "The compiled gradient saves nothing for the backward pass."
      : `The compiled gradient saves ${showBytes(bytes)} for the backward pass.`;
  }

  /**
   * Returns a function that finds the group of a step: its innermost iteration, or its argument if that has many
   * elements.
   */
  #grouping(): (place: number) => number {
    const known = new Map<string, number>();
    const add = (key: string, group: () => LineGroup): number => {
      let number = known.get(key);
      if (number === undefined) {
        number = this.#groups.push(group()) - 1;
        known.set(key, number);
      }
      return number;
    };
    const argumentOf = (place: number): string => this.#nameOf(place).replace(/[.[].*$/s, "");
    const sizes = new Map<string, number>();
    for (const place of this.#places) {
      if (!this.#isInput(place)) continue;
      sizes.set(argumentOf(place), (sizes.get(argumentOf(place)) ?? 0) + 1);
    }
    return (place) => {
      if (this.#isInput(place)) {
        const name = argumentOf(place);
        const isLong = (sizes.get(name) ?? 0) > mostElements;
        return isLong
          ? add(`of ${name}`, () => ({ kind: "part", label: name, parent: -1, isClosed: true }))
          : -1;
      }
      let key = "";
      let parent = -1;
      for (const { index, value, run } of this.#step(place).iterations) {
        const outer = parent;
        const loop = add(`${key} run ${run}`, () => ({
          kind: "loop",
          label: `for ${index}`,
          parent: outer,
          loop: index,
        }));
        key = `${key} ${run} ${value}`;
        parent = add(key, () => ({ kind: "iteration", label: index, parent: loop, value }));
      }
      return parent;
    };
  }

  #pass(input: number): PagePass {
    const { steps } = this.#run;
    const tangents = new Float64Array(steps.length);
    tangents[input] = 1;
    steps.forEach(({ sources }, i) => {
      for (const { step, derivative } of sources) tangents[i]! += partial(derivative, tangents[step]!);
    });
    return {
      label: `d${this.#nameOf(input)} = 1`,
      values: this.#places.map((place) => showNumber(tangents[place]!)),
    };
  }

  /** Returns the formula of the differential of a step, such as `3 * dx + dy`. */
  #differential(place: number): string {
    const terms = [...totals(this.#step(place))].map(([of, derivative]) => {
      const name = `d${this.#nameOf(of)}`;
      return derivative === 1 ? name : derivative === -1 ? `-${name}` : `${showNumber(derivative)} * ${name}`;
    });
    return terms.length === 0 ? "0" : terms.join(" + ").replaceAll("+ -", "- ");
  }

  /**
   * Returns the lines of the backward pass, from the last step to the first: the contributions of each step to its
   * operands.
   */
  #backwardPass(inputs: readonly number[]): PageAdjoint[] {
    const derivatives = this.#derivatives;
    const contributions = new Map<number, number>(); // number per step, in the whole run
    this.#run.steps.forEach((step, i) => {
      if (derivatives[i] === 0) return;
      for (const of of totals(step).keys()) contributions.set(of, (contributions.get(of) ?? 0) + 1);
    });
    const line = (
      of: number,
      part: Partial<PageAdjoint> & Pick<PageAdjoint, "kind" | "right">,
    ): PageAdjoint => ({
      left: this.#adjointName(of),
      sign: "=",
      value: showNumber(derivatives[of]!),
      node: this.#nodes.get(of) ?? -1,
      from: -1,
      rule: "",
      uses: [],
      ...part,
    });
    const lines: PageAdjoint[] = [];
    for (const [step, derivative] of totals(this.#run.results[0]!))
      if (this.#nodes.has(step)) lines.push(line(step, { kind: "seed", right: showNumber(derivative) }));
    const complete = (of: number): void => {
      const count = (contributions.get(of) ?? 0) + (this.#isResult(of) ? 1 : 0);
      if (count > 1) lines.push(line(of, { kind: "sum", right: `the sum of ${count} terms` }));
    };
    for (const place of this.#places.toReversed()) {
      if (this.#isInput(place)) continue;
      complete(place);
      if (derivatives[place] === 0) continue;
      const rule = `d${this.#nameOf(place)} = ${this.#differential(place)}`;
      for (const [of, derivative] of totals(this.#step(place))) {
        if (!this.#nodes.has(of)) continue;
        const value = showNumber(partial(derivatives[place]!, derivative));
        const right = `${this.#adjointName(place)} * ${showNumber(derivative)}`;
        const sign = contributions.get(of) === 1 && !this.#isResult(of) ? "=" : "+=";
        const from = this.#nodes.get(place)!;
        lines.push(line(of, { kind: "contribution", right, sign, value, from, rule }));
      }
    }
    for (const input of inputs) {
      if (contributions.has(input) || this.#isResult(input)) complete(input);
      else lines.push(line(input, { kind: "none", right: "0" }));
    }
    return lines;
  }

  #graph(): Graph {
    const edges: (readonly [number, number])[] = [];
    const locals: string[] = [];
    this.#places.forEach((place, to) => {
      for (const [of, derivative] of totals(this.#step(place))) {
        const from = this.#nodes.get(of);
        if (from === undefined) continue;
        edges.push([from, to]);
        locals.push(showNumber(derivative));
      }
    });
    const nodes = this.#places.map((place, id): GraphNode => {
      const { target, value } = this.#step(place);
      const isInput = this.#isInput(place);
      return {
        id,
        kind: isInput ? "input" : "line",
        isOutput: this.#isResult(place),
        name: target,
        label: isInput ? target : `${target} = ${rightSide(this.#formulaOf(place))}`,
        operation: isInput ? "input" : target.replace(/\[.*$/s, ""),
        value: showNumber(value),
        derivative: `${this.#adjointName(place)} = ${showNumber(this.#derivatives[place]!)}`,
        depth: 0,
        path: [],
      };
    });
    return { nodes, edges, locals, reach: this.#reach() };
  }

  /** Returns for each argument the name of the result, if the result depends on the argument. */
  #reach(): Graph["reach"] {
    const { steps, results } = this.#run;
    const reached = new Set(results[0]!.sources.map(({ step }) => step));
    for (let i = steps.length - 1; i >= 0; i--)
      if (reached.has(i)) for (const { step } of steps[i]!.sources) reached.add(step);
    return this.#places
      .filter((place) => this.#isInput(place))
      .map((place) => ({
        input: this.#nameOf(place),
        outputs: reached.has(place) ? [this.#form.region.name] : [],
      }));
  }
}

/** Returns the right-hand side of an assignment. For `s += r`, this is `s + r`. */
function rightSide(statement: string): string {
  const [, target = "", operator = "", right = ""] =
    /^(?<target>[^=]*?[^=!<>+*/%-])\s*(?<operator>\*\*|[-+*/%])?=(?!=)\s*(?<right>.*)$/s.exec(statement) ??
    [];
  if (right === "") return statement.replace(/:.*$/s, ""); // a parameter: remove its type
  return operator === "" ? right : `${target} ${operator} ${right}`;
}

/** Returns the total derivative with respect to each operand: the derivatives for repeated operands are added up. */
function totals({ sources }: Pick<ValueStep, "sources">): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const { step, derivative } of sources) found.set(step, (found.get(step) ?? 0) + derivative);
  return found;
}
