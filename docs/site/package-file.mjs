// The package as a file of the site, so that it can be installed from there before it is in a registry.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { projectAddresses, publishedManifest } from "../../scripts/project.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The name of the file. @param {string} version */
export function packageFile(version) {
  return `downhill-${version}.tgz`;
}

/**
 * Packs the built package into a folder, from a copy, because other programs may read the manifest of the repository meanwhile.
 *
 * @param {string} out
 * @returns {string} the name of the file
 */
export function writePackage(out) {
  if (!existsSync(join(root, "dist/index.js")))
    throw new Error("dist/ does not exist: npm run build makes it, and the site serves it as a package");
  const copy = mkdtempSync(join(tmpdir(), "downhill-package-"));
  try {
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    writeFileSync(
      join(copy, "package.json"),
      `${JSON.stringify(publishedManifest(manifest, projectAddresses()), null, 2)}\n`,
    );
    for (const name of ["README.md", "LICENSE", ...manifest.files])
      cpSync(join(root, name), join(copy, name), { recursive: true });
    const words = ["pack", "--silent", "--pack-destination", out];
    const { status, stderr } = spawnSync("npm", words, {
      cwd: copy,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (status !== 0) throw new Error(`npm pack: ${stderr}`);
    return packageFile(manifest.version);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
