// Tables of numbers as areas of a few shades.

/** The shade of a value: 0 below the first level, then the number of the last level that it reaches. Levels rise. */
export function levelOf(value: number, levels: readonly number[]): number {
  return levels.reduce((found, level, i) => (value >= level ? i + 1 : found), 0);
}

/**
 * A table as paths of SVG, one for each level: runs of cells in a row, each cell a unit wide and high; row i, from 0, is drawn as lines of
 * width 1 at height i + ½.
 *
 * @param rows row by row from the top, each as long as it is
 */
export function cellPaths(rows: readonly (readonly number[])[], levels: readonly number[]): string[] {
  const paths = levels.map(() => "");
  for (const [i, row] of rows.entries()) {
    const shades = row.map((value) => levelOf(value, levels));
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
