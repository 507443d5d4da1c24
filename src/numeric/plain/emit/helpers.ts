/** Helper functions for operations that have no JavaScript operator. A module contains the ones that it calls. */
export type ModuleHelper =
  | "place"
  | "store"
  | "lengthOf"
  | "roundEven"
  | "strongMul"
  | "strongMulBoth"
  | "strongDiv"
  | "toInteger"
  | "columns"
  | "collect"
  | "rows"
  | "sameLength"
  | "whole"
  | "wholeArray"
  | "call";

/** Source code of each helper. */
export const helperSources: Readonly<Record<ModuleHelper, string>> = {
  place: `/** Checks that an index is in range; the error names its position in the source. */
function place(i, length, where) {
  if (i >= 0 && i < length && Number.isInteger(i)) return i;
  throw new RangeError(\`\${where}: the index \${i} is out of range: the length is \${length}.\`);
}`,
  store: `/** Stores a recorded value. Elements that were never stored are 0. */
function store(records, i, value) {
  while (records.length < i) records.push(0);
  records[i] = value;
}`,
  lengthOf: `/** A length of a new array. */
function lengthOf(n, where) {
  if (n >= 0) return n;
  throw new RangeError(\`\${where}: an array cannot have \${n} elements.\`);
}`,
  roundEven: `/** Rounds to the nearest integer, and halves to the even one. */
function roundEven(x) {
  const size = Math.abs(x);
  if (!(size > 0 && size < 2 ** 52)) return x;
  const rounded = size + 2 ** 52 - 2 ** 52;
  return x < 0 ? -rounded : rounded;
}`,
  strongMul: `/** The product of a derivative and a factor. A derivative of 0, as in a branch that was not taken, stays 0 even if the factor is infinite or NaN. */
function strongMul(derivative, x) {
  return derivative === 0 ? 0 : derivative * x;
}`,
  strongMulBoth: `/** The product of two factors; 0 if either is 0, even if the other is infinite or NaN. */
function strongMulBoth(x, y) {
  return x === 0 || y === 0 ? 0 : x * y;
}`,
  strongDiv: `/** The quotient of a derivative and a divisor. A derivative of 0, as in a branch that was not taken, stays 0 even if the divisor is 0 or NaN. */
function strongDiv(derivative, x) {
  return derivative === 0 ? 0 : derivative / x;
}`,
  toInteger: `/** The integer part, within the range of 32 bits; 0 for NaN. */
function toInteger(x) {
  return Math.max(-2147483648, Math.min(2147483647, x)) | 0;
}`,
  columns: `/** The length of the rows of a matrix, which must be equal. */
function columns(matrix, name) {
  const n = matrix.length === 0 ? 0 : matrix[0].length;
  for (const row of matrix)
    if (row.length !== n) throw new RangeError(\`\${name}: rows have \${n} and \${row.length} elements; all must be equally long.\`);
  return n;
}`,
  collect: `/** The elements of nested lists in row-major order, and the length of each axis. \`steps\` read the parts of the items. */
function collect(list, steps, missing, name) {
  const lengths = steps.map(() => undefined);
  const measure = (part, axis) => {
    if (axis === steps.length || part == null) return;
    const n = (lengths[axis] ??= part.length);
    if (part.length !== n) throw new RangeError(\`\${name}: arrays have \${n} and \${part.length} elements; those of all items must be equally long.\`);
    for (const item of part) measure(steps[axis](item), axis + 1);
  };
  measure(list, 0);
  const elements = [];
  const copy = (part, axis) => {
    if (axis === steps.length) elements.push(part ?? missing);
    else for (let i = 0; i < (lengths[axis] ?? 0); i++) copy(part == null ? part : steps[axis](part[i]), axis + 1);
  };
  copy(list, 0);
  return [elements, ...lengths.map((n) => n ?? 0)];
}`,
  rows: `/** Converts elements in row-major order to an array of rows. */
function rows(elements, n, m) {
  return Array.from({ length: n }, (_, i) => Array.from(elements.subarray(i * m, (i + 1) * m)));
}`,
  sameLength: `/** Checks that a direction has the length of its argument. */
function sameLength(n, wanted, name) {
  if (n !== wanted) throw new RangeError(\`\${name}: the length is \${n}, not \${wanted}.\`);
}`,
  whole: `/** Checks that a number that sets sizes, bounds or indices is an integer. */
function whole(x, name) {
  if (Number.isInteger(x) && Math.abs(x) <= 2 ** 30) return x;
  throw new RangeError(\`\${name} must be an integer of at most 2 ** 30 in magnitude, got \${x}.\`);
}`,
  wholeArray: `/** Checks that the numbers of an array that set sizes, bounds or indices are integers. */
function wholeArray(list, name) {
  for (const x of list)
    if (!Number.isInteger(x) || Math.abs(x) > 2 ** 31 - 1)
      throw new RangeError(\`\${name} must hold integers, got \${x}.\`);
  return list;
}`,
  call: `/** Runs compiled code; repeats the call with more room if an array was full; throws the errors of the source. */
function call(code, inputs) {
  for (;;) {
    const outputs = execute(code, [...inputs, ...code.capacities]);
    const number = code.failureAt === undefined ? 0 : outputs[code.failureAt];
    if (number === 0) return outputs;
    const { kind, where, capacity, more = [], error = "Error" } = code.sites[number - 1];
    const [wanted, length, ...values] = outputs.slice(code.failureAt + 1);
    if (kind === "throw") {
      const written = (x, { type, by }) => (by ? x[by[0]](by[1]) : type === "bool" ? x !== 0 : x);
      const text = where + more.map((part, i) => written(values[i], part) + part.text).join("");
      const classes = { RangeError, TypeError, SyntaxError, ReferenceError, EvalError, URIError };
      if (error in classes) throw new classes[error](text);
      throw Object.assign(new Error(text), { name: error });
    }
    if (kind === "place") throw new RangeError(\`\${where}: the index \${wanted} is out of range: the length is \${length}.\`);
    if (kind === "length" || !(wanted < 2 ** 31)) throw new RangeError(\`\${where}: an array cannot have \${wanted} elements.\`);
    code.capacities[capacity] = Math.min(2 ** 31 - 1, Math.max(2 * code.capacities[capacity], wanted));
  }
}`,
};
