// The Taylor series of sin at 0, term by term, by taking the gradient of the gradient of …
import { grad, sin } from "downhill";

let derivative = sin;
let factorial = 1;
const terms = [];
for (let order = 0; order <= 9; order++) {
  if (order > 0) factorial *= order;
  const coefficient = derivative(0).item() / factorial;
  if (coefficient !== 0)
    terms.push(`${coefficient < 0 ? "- " : "+ "}x^${order}/${Math.round(1 / Math.abs(coefficient))}`);
  derivative = grad(derivative);
}
console.log(`sin x = ${terms.join(" ").replace(/^\+ /, "")} …`);
