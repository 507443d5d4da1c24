// The addresses of the project, the manifests of its packages as published, and the files of a release.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { testInCi } from "./support/extent.ts";
import { root } from "./support/snippets.ts";

interface Addresses {
  readonly siteUrl?: string;
  readonly repositoryUrl?: string;
}
type Manifest = Readonly<Record<string, unknown>> & {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
};

const { readProject, projectAddresses, missingAddresses, publishedManifest, withCitation } = (await import(
  join(root, "scripts/project.mjs")
)) as {
  readProject(text: string): Addresses;
  projectAddresses(): Addresses;
  missingAddresses(given: Addresses): string[];
  publishedManifest(manifest: object, addresses: Addresses, directory?: string): Record<string, unknown>;
  withCitation(text: string, release: { version: string; date?: string } & Addresses): string;
};
const { obstacles, releaseTexts } = (await import(join(root, "scripts/release.mjs"))) as {
  obstacles(state: object): string[];
  releaseTexts(before: object, release: object): Readonly<Record<string, string>>;
};

const read = (path: string): string => readFileSync(join(root, path), "utf8");
const manifest = JSON.parse(read("package.json")) as Manifest;
const both = { siteUrl: "https://example.org/x", repositoryUrl: "https://example.org/code/x" };

describe("the addresses of project.json", () => {
  test("lose a slash at their end, and are undefined if empty", () => {
    expect(readProject(`{ "siteUrl": "https://example.org/x/", "repositoryUrl": "" }`)).toEqual({
      siteUrl: "https://example.org/x",
    });
    expect(projectAddresses()).toEqual(readProject(read("project.json")));
  });
  test.each(["example.org", "http://example.org", 7])("%s is refused", (siteUrl) => {
    expect(() => readProject(JSON.stringify({ siteUrl }))).toThrow(
      `siteUrl must be an https address such as "https://example.org/downhill", or "" if there is none; got ${JSON.stringify(siteUrl)}`,
    );
  });
  test("an unknown key is refused", () => {
    expect(() => readProject(`{ "url": "" }`)).toThrow(
      "unknown key url; the keys are siteUrl and repositoryUrl",
    );
  });
  test("each missing one has a message with its consequence and the repair", () => {
    expect(missingAddresses(both)).toEqual([]);
    const [site = "", repository = "", ...more] = missingAddresses({});
    expect(site).toMatch(/^siteUrl is not set: .*social card.*Set it in project\.json\.$/);
    expect(repository).toMatch(/^repositoryUrl is not set: .*provenance.*Set it in project\.json\.$/);
    expect(more).toEqual([]);
  });
});

describe("a manifest as published", () => {
  test("has no scripts and no development dependencies, and the addresses that are set", () => {
    const published = publishedManifest(manifest, both, "plugin");
    expect(Object.keys(published)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(scripts|devDependencies|allowScripts)$/)]),
    );
    expect(published).toMatchObject({
      homepage: both.siteUrl,
      repository: { type: "git", url: "git+https://example.org/code/x.git", directory: "plugin" },
      bugs: "https://example.org/code/x/issues",
      publishConfig: { access: "public", provenance: true },
    });
  });
  test("has no invented address if none is set", () => {
    const published = publishedManifest(manifest, {});
    expect(published).not.toHaveProperty("homepage");
    expect(published).not.toHaveProperty("repository");
    expect(published).not.toHaveProperty("bugs");
  });
});

test("CITATION.cff has the version and the addresses of the project (node scripts/project.mjs --cite writes them)", () => {
  const text = read("CITATION.cff");
  expect(text).toBe(withCitation(text, { version: manifest.version, ...projectAddresses() }));
  expect(text).toMatch(/^cff-version: 1\.2\.0$/m);
  expect(withCitation(text, { version: "9.8.7", date: "2027-01-02", ...both })).toMatch(
    /version: 9\.8\.7\ndate-released: "2027-01-02"\nurl: "https:\/\/example\.org\/x"\nrepository-code: "https:\/\/example\.org\/code\/x"\n$/,
  );
});

describe("a release", () => {
  const ready = {
    addresses: both,
    branch: "main",
    changes: "",
    tags: ["v0.1.0"],
    version: "0.1.0",
    changesets: 1,
    node: "22.11.0",
  };
  test("is possible with a pending changeset, and for the first version without one", () => {
    expect(obstacles(ready)).toEqual([]);
    expect(obstacles({ ...ready, tags: [], changesets: 0, node: "20.19.0" })).toEqual([]);
  });
  test.each([
    [{ addresses: {} }, ["siteUrl is not set", "repositoryUrl is not set"]],
    [{ branch: "work" }, ["The branch is work"]],
    [{ changes: " M README.md\n" }, ["The working tree has changes"]],
    [{ changesets: 0 }, ["Version 0.1.0 is released, and no changeset is pending"]],
    [{ version: "0.2.0" }, ["Version 0.2.0 has no tag v0.2.0"]],
    [{ node: "22.10.1" }, ["Changesets need Node 22.11 or newer, and this is 22.10.1"]],
  ])("is refused for %j", (change, beginnings) => {
    const found = obstacles({ ...ready, ...change });
    expect(found.map((text, i) => text.startsWith(beginnings[i] ?? "none"))).toEqual(
      beginnings.map(() => true),
    );
  });
  test("sets the version in every file that has it", () => {
    const before = {
      changelog: read("CHANGELOG.md"),
      citation: read("CITATION.cff"),
      pluginManifest: read("plugin/package.json"),
      pluginLock: read("plugin/package-lock.json"),
      versionModule: read("src/engine/util/version.ts"),
      readme: read("README.md"),
      guide: read("docs/guides/five-minutes.md"),
      pluginGuide: read("docs/plain-setup.md"),
    };
    const after = releaseTexts(before, { version: "9.8.7", date: "2027-01-02", ...both });
    expect(after["changelog"]).toContain("\n## [Unreleased]\n\n## [9.8.7] - 2027-01-02\n");
    expect(after["versionModule"]).toContain(`version = "9.8.7"`);
    expect(after["citation"]).toContain("version: 9.8.7");
    for (const page of [after["readme"]!, after["guide"]!, after["pluginGuide"]!]) {
      expect(page).toContain("\n```sh\nnpm install downhill\n```\n");
      expect(page).not.toMatch(/unpublished|no package registry|not published|\.tgz/i);
    }
    for (const [text, path] of [
      [after["pluginManifest"]!, "plugin/package.json"],
      [after["pluginLock"]!, "plugin/package-lock.json"],
    ] as const) {
      const old = read(path).split("\n");
      const changed = text.split("\n").filter((line, i) => line !== old[i]);
      expect(changed.length, path).toBe(path.endsWith("lock.json") ? 3 : 2);
      expect(changed.join(), path).toMatch(/"version": "9\.8\.7",.*"downhill": "\^9\.8\.7"/s);
    }
    expect(() => releaseTexts({ ...before, changelog: "" }, { version: "1.0.0", date: "" })).toThrow(
      "CHANGELOG.md has no heading ## [Unreleased]",
    );
  });
  test("has one version in all files", () => {
    expect(JSON.parse(read("plugin/package.json"))).toMatchObject({
      version: manifest.version,
      peerDependencies: { downhill: `^${manifest.version}` },
    });
    expect(read("src/engine/util/version.ts")).toContain(`version = "${manifest.version}"`);
  });
  test("has workflows and a description whose scripts exist", () => {
    const workflows = readdirSync(join(root, ".github/workflows")).map((name) => `.github/workflows/${name}`);
    expect(workflows.length).toBe(3);
    for (const path of ["RELEASING.md", ".changeset/README.md", ...workflows]) {
      const text = read(path);
      for (const [, name = ""] of text.matchAll(/npm run ([\w-]+)/g))
        expect(Object.keys(manifest.scripts), path).toContain(name);
      for (const [, file = ""] of text.matchAll(/(?:node|run:) ((?:scripts|\.ci)\/[\w./-]+)/g)) read(file);
    }
  });
});

// npm changed the path of the command when it published, and warned that it had removed it
testInCi.each([
  { folder: ".", name: "downhill", built: "dist" },
  { folder: "plugin", name: "downhill-plugin", built: "src" }, // stands for dist, which is built on demand
])("npm publish --dry-run accepts $name as it is", ({ folder, name, built }) => {
  const packageFolder = mkdtempSync(join(tmpdir(), "downhill-publish-"));
  try {
    const own = JSON.parse(read(join(folder, "package.json"))) as object;
    writeFileSync(join(packageFolder, "package.json"), JSON.stringify(publishedManifest(own, both)));
    for (const file of ["README.md", "LICENSE"]) cpSync(join(root, file), join(packageFolder, file));
    mkdirSync(join(packageFolder, "test"));
    writeFileSync(join(packageFolder, "test/unpublished.js"), "");
    cpSync(join(root, folder, built), join(packageFolder, "dist"), { recursive: true });
    // a registry on loopback that does not answer: a dry run publishes nothing
    const words = [
      "publish",
      packageFolder,
      "--dry-run",
      "--json",
      "--registry=http://127.0.0.1:9/",
      "--fetch-retries=0",
    ];
    const { status, stdout, stderr } = spawnSync("npm", words, {
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    expect(status, stderr).toBe(0);
    expect(stderr).not.toContain("auto-corrected");
    expect(stderr).toContain("with tag latest and public access (dry-run)");
    const { files } = (JSON.parse(stdout) as Record<string, { files: readonly { path: string }[] }>)[name]!;
    const others = files.map(({ path }) => path).filter((path) => !path.startsWith("dist/"));
    expect(others.toSorted()).toEqual(["LICENSE", "README.md", "package.json"]);
    expect(files.length).toBeGreaterThan(others.length);
  } finally {
    rmSync(packageFolder, { recursive: true, force: true });
  }
});
