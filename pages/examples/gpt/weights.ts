// Weights of attention as areas of a few shades.

/** Where shades begin: a weight below the first is paper. Each step is about a doubling. */
export const levels = [0.02, 0.05, 0.1, 0.2, 0.4, 0.7] as const;

/** The shade of a weight: 0 for paper, then the number of the last level that it reaches. */
export function levelOf(weight: number): number {
  return levels.reduce((found, level, i) => (weight >= level ? i + 1 : found), 0);
}

/**
 * A table of weights as paths of SVG, one for each level: runs of cells in a row, each cell a unit wide and high; row i, from 0, is drawn as
 * lines of width 1 at height i + ½.
 *
 * @param rows row by row from the top, each as long as it is
 */
export function weightPaths(rows: readonly (readonly number[])[]): string[] {
  const paths = levels.map(() => "");
  for (const [i, row] of rows.entries()) {
    const shades = row.map(levelOf);
    let begun = 0;
    for (let j = 1; j <= shades.length; j++) {
      const shade = shades[begun]!;
      if (shades[j] === shade) continue;
      if (shade > 0) paths[shade - 1] += `M${begun} ${i + 0.5}h${j - begun}`;
      begun = j;
    }
  }
  return paths;
}
