/** Cosine and sine of an angle. */
interface SineCosine {
  readonly cos: number;
  readonly sin: number;
}

/**
 * Cosine and sine of `j / n` of a whole turn for any integer j, within one ulp and exact at quarter turns. The
 * bits are equal on every JavaScript engine; those of `Math.cos` need not be.
 */
export function turn(j: number, n: number): SineCosine {
  const quarters = Math.round((4 * j) / n);
  const rest = 4 * j - quarters * n; // exact, and at most n / 2 in size
  const angle = (rest / n) * (Math.PI / 2);
  const square = angle * angle;
  let [cos, sin] = [1, 1]; // inner brackets of the series 1 − x²/2 (1 − x²/12 (…)) and x (1 − x²/6 (1 − …))
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
