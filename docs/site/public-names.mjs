// The table of public names (docs/public-names.json) as the pages of the site read it.

/**
 * @typedef {object} PublicName one row of the table
 * @property {string} name
 * @property {string} [method] `always`, `yes`, `axes`, `hint`, or `no:` and the reason (test/public-names.test.ts)
 * @property {string} [numpy] `same`: NumPy has the function under this name
 * @property {string} [in] identifiers of the libraries that have it: a row of the page of features is made from it
 * @property {string} [as] its name in these libraries, if it differs
 *
 * @typedef {object} NamedGroup a group of the reference
 * @property {string} title
 * @property {string} [section] title of its section on the page of features
 * @property {readonly PublicName[]} functions
 *
 * @typedef {object} NamedModule a module of the package
 * @property {string} name
 * @property {string} entry its source
 * @property {string} text its contents, in one line
 * @property {readonly NamedGroup[]} groups
 *
 * @typedef {import("./features.mjs").Section} Section
 */

/**
 * The sections of the page of features: those of docs/features.json, each after the rows that the table of public names gives it.
 *
 * @param {readonly Section[]} sections
 * @param {readonly string[]} libraries their identifiers, in the order of the columns
 * @param {readonly NamedModule[]} modules
 * @returns {Section[]}
 */
export function withPublicNames(sections, libraries, modules) {
  return sections.map((section) => ({
    ...section,
    rows: [
      ...modules.flatMap(({ name: module, groups }) =>
        groups
          .filter((group) => group.section === section.title)
          .flatMap(({ functions }) => functions.flatMap((one) => featureOf(one, module, libraries))),
      ),
      ...section.rows,
    ],
  }));
}

/** @param {PublicName} row @param {string} module @param {readonly string[]} libraries */
function featureOf(row, module, libraries) {
  if (row.in === undefined) return [];
  const having = new Set(["downhill", ...row.in.split(" ")]);
  const states = Object.fromEntries(libraries.map((id) => [id, having.has(id) ? "yes" : "no"]));
  const path = module === "downhill" ? row.name : `${module.replace("downhill/", "")}.${row.name}`;
  return [
    /** @type {import("./features.mjs").Feature} */ ({
      name: row.as ?? row.name,
      functions: [path],
      ...states,
    }),
  ];
}
