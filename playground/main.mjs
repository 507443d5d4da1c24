import { compileText, showExpr } from "../dist/syntax/index.js";
import { traceText } from "../dist/viz/index.js";
import { pageData } from "../src/pictures/viz/page-data.ts";
import { math } from "../src/pictures/viz/page/dom.ts";
import { mountTrace } from "../src/pictures/viz/page/mount.ts";

const examples = [
  ["x*y + sin(x)", { x: 2, y: 3 }],
  ["x = 2\ny = 3\na = x * y\nb = sin(x)\nz = a + b", {}],
  ["exp(-(x^2 + y^2) / 2)", { x: 0.5, y: -1 }],
  ["(1 - x)^2 + 100*(y - x^2)^2", { x: -1.2, y: 1 }],
  ["h = tanh(w*x + b); (h - t)^2", { w: 0.4, x: 1.5, b: 0.1, t: 1 }],
  ["max(x, y) * sqrt(x*y)", { x: 2, y: 5 }],
];

const element = (id) => document.getElementById(id);
const [text, values, error, choice] = ["text", "values", "error", "examples"].map(element);
const given = new Map(); // what stands in the fields of inputs, kept while the text changes
let trace;

/** What stands in the field of an input: what was typed, else where the text starts it. */
function shown({ starts }, name) {
  return given.get(name) ?? String(starts.get(name) ?? 1);
}

/** One number field an input, in the order of the text. Fields that stay are kept, and with them the place of the cursor. */
function showInputs(compiled) {
  const fields = new Map([...values.querySelectorAll("label")].map((label) => [label.dataset.name, label]));
  const wanted = compiled.inputs.map((name) => {
    const label = fields.get(name) ?? makeField(name);
    const field = label.querySelector("input");
    if (field !== document.activeElement) field.value = shown(compiled, name);
    return label;
  });
  for (const [name, label] of fields) if (!compiled.inputs.includes(name)) label.remove();
  wanted.forEach((label, i) => {
    if (values.children[i + 1] !== label) values.insertBefore(label, values.children[i + 1] ?? null);
  });
  values.hidden = wanted.length === 0;
}

function makeField(name) {
  const label = document.createElement("label");
  label.dataset.name = name;
  const field = document.createElement("input");
  field.inputMode = "decimal";
  field.addEventListener("input", () => {
    given.set(name, field.value);
    update();
  });
  label.append(name, field);
  return label;
}

/** The number in a field; NaN where there is none. */
function numberIn(value) {
  const plain = value
    .trim()
    .replace("−", "-")
    .replace(/^([^.]*),([^.,]*)$/, "$1.$2");
  return plain === "" ? Number.NaN : Number(plain);
}

function draw(compiled) {
  const at = compiled.inputs.map((name) => numberIn(shown(compiled, name)));
  const missing = compiled.inputs.filter((_, i) => Number.isNaN(at[i]));
  for (const label of values.querySelectorAll("label")) {
    label.querySelector("input").setAttribute("aria-invalid", String(missing.includes(label.dataset.name)));
  }
  if (missing.length > 0) {
    const [name] = missing;
    const what =
      given.get(name).trim() === "" ? "has no value" : `is “${given.get(name).trim()}”, which is no number`;
    throw new Error(`${name} ${what}: write a number such as 1.5 or -2e-3`);
  }
  const data = pageData(traceText(compiled, { at }), titleOf(compiled));
  element("title").replaceChildren(data.title.includes(" = ") ? math(data.title) : data.title);
  if (trace === undefined) trace = mountTrace(element("trace"), data, { keys: document });
  else trace.update(data);
}

const longestTitle = 100; // characters

function titleOf({ statements, outputName }) {
  const title = statements.map(({ name, value }) => `${name} = ${showExpr(value)}`).join("; ");
  return title.length <= longestTitle ? title : outputName;
}

function update() {
  try {
    const compiled = compileText(text.value, { startValues: true });
    showInputs(compiled);
    draw(compiled);
    error.hidden = true;
  } catch (problem) {
    error.textContent = problem.message;
    error.hidden = false;
  }
}

/** A number that is changed in the text counts again, whatever was typed in its field before. */
let written = new Map();
function updateText() {
  try {
    const { starts } = compileText(text.value, { startValues: true });
    for (const [name, value] of starts) if (written.get(name) !== value) given.delete(name);
    written = starts;
  } catch {
    // update() tells
  }
  update();
}

function choose(index) {
  const [formula, at] = examples[index];
  given.clear();
  for (const [name, value] of Object.entries(at)) given.set(name, String(value));
  text.value = formula;
  text.rows = Math.min(6, Math.max(2, formula.split("\n").length));
  updateText();
}

let waiting;
text.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(updateText, 200); // draw when the typing pauses
});
element("given").addEventListener("submit", (event) => event.preventDefault());
choice.append(
  ...examples.map(([formula], index) => new Option(formula.replaceAll("\n", "; "), String(index))),
);
choice.addEventListener("change", () => choose(Number(choice.value)));
choose(0);
