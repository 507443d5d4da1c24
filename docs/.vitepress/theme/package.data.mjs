import { readFileSync } from "node:fs";
import { isPublished, projectAddresses } from "../../../scripts/project.mjs";
import { packageFile } from "../../site/package-file.mjs";

const root = new URL("../../../", import.meta.url);

/** Version and address of the package, for the install line of the start page. */
export default {
  watch: ["../../../package.json", "../../../CHANGELOG.md", "../../../project.json"],
  load() {
    /** @type {{ version: string }} */
    const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
    const changelog = readFileSync(new URL("CHANGELOG.md", root), "utf8");
    return {
      version,
      file: packageFile(version),
      isPublished: isPublished(changelog, version),
      siteUrl: projectAddresses().siteUrl,
    };
  },
};
