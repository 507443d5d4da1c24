/** The cosine and the sine of an angle. */
interface SineCosine {
  readonly cos: number;
  readonly sin: number;
}

/**
 * The cosine and sine of `j / n` of a whole turn, j a whole number of any sign, to within an ulp and exact at quarters. The bits are
 * the same on every JavaScript engine, which those of `Math.cos` need not be.
 */
export function turn(j: number, n: number): SineCosine {
  const quarters = Math.round((4 * j) / n);
  const rest = 4 * j - quarters * n; // exact, and at most n / 2 in size
  const angle = (rest / n) * (Math.PI / 2);
  const square = angle * angle;
  let [cos, sin] = [1, 1]; // of the series 1 − x²/2 (1 − x²/12 (…)) and x (1 − x²/6 (1 − …)) what stands in the inner brackets
  for (let k = 10; k >= 1; k--) {
    cos = 1 - (square / (2 * k * (2 * k - 1))) * cos;
    sin = 1 - (square / (2 * k * (2 * k + 1))) * sin;
  }
  sin *= angle;
  switch (((quarters % 4) + 4) % 4) {
    case 0:
      return { cos, sin };
    case 1:
      return { cos: -sin, sin: cos };
    case 2:
      return { cos: -cos, sin: -sin };
    default:
      return { cos: sin, sin: -cos };
  }
}
