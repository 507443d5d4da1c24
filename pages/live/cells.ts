// Tables of numbers drawn in a few shades.

/** Shade of a value: the number of levels that it reaches. Levels must increase. */
export function levelOf(value: number, levels: readonly number[]): number {
  return levels.reduce((found, level, i) => (value >= level ? i + 1 : found), 0);
}

/**
 * SVG paths of a table, one per level. Each path consists of horizontal runs of cells of unit size; row i, from 0, is
 * drawn as lines of width 1 at height i + ½.
 *
 * @param rows rows from the top; their lengths may differ
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
