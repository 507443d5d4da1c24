import { compileText } from "../dist/syntax/index.js";
import { toHtml, traceText } from "../dist/viz/index.js";

const examples = [
  ["x*y + sin(x)", { x: 2, y: 3 }],
  ["a = x*y; b = sin(x); z = a + b", { x: 2, y: 3 }],
  ["exp(-(x^2 + y^2) / 2)", { x: 0.5, y: -1 }],
  ["(1 - x)^2 + 100*(y - x^2)^2", { x: -1.2, y: 1 }],
  ["h = tanh(w*x + b); (h - t)^2", { w: 0.4, x: 1.5, b: 0.1, t: 1 }],
  ["max(x, y) * sqrt(x*y)", { x: 2, y: 5 }],
];

const element = (id) => document.getElementById(id);
const [text, values, error, trace, choice] = ["text", "values", "error", "trace", "examples"].map(element);
const given = new Map(); // the numbers of inputs, kept while the text changes

/** One number field an input, in the order of the text. */
function showInputs(names) {
  const fields = names.map((name) => {
    const label = document.createElement("label");
    const field = document.createElement("input");
    field.type = "number";
    field.step = "any";
    field.value = String(given.get(name) ?? 1);
    field.addEventListener("input", () => {
      given.set(name, Number(field.value));
      draw(compileText(text.value));
    });
    label.append(name, field);
    return label;
  });
  const legend = values.querySelector("legend");
  values.hidden = names.length === 0;
  values.replaceChildren(legend, ...fields);
}

function draw(compiled) {
  trace.srcdoc = toHtml(traceText(compiled, { at: compiled.inputs.map((name) => given.get(name) ?? 1) }));
}

function update() {
  try {
    const compiled = compileText(text.value);
    showInputs(compiled.inputs);
    draw(compiled);
    error.hidden = true;
  } catch (problem) {
    error.textContent = problem.message;
    error.hidden = false;
  }
}

function choose(index) {
  const [formula, at] = examples[index];
  given.clear();
  for (const [name, value] of Object.entries(at)) given.set(name, value);
  text.value = formula;
  update();
}

let waiting;
text.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(update, 200); // draw when the typing pauses
});
choice.append(...examples.map(([formula], index) => new Option(formula, String(index))));
choice.addEventListener("change", () => choose(Number(choice.value)));
choose(0);
