// Types of every document in docs/reference/openapi, and one map of all paths as the gateway
// serves them: a service's `/v1/orders` is `/v1/sales/orders` there.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const REFERENCE = new URL("../../docs/reference/", import.meta.url);
const GENERATED = new URL("./generated/", import.meta.url);

const houses = (await readdir(new URL("openapi/", REFERENCE))).filter((one) => one.endsWith(".json"));
const documents = new Map([
  ["gateway", new URL("openapi-gateway.json", REFERENCE)],
  ...houses.sort().map((file) => [file.slice(0, -5), new URL(`openapi/${file}`, REFERENCE)]),
]);
const names = [...documents.keys()];

await rm(GENERATED, { recursive: true, force: true });
await mkdir(GENERATED);
for (const [name, document] of documents) {
  const types = await openapiTS(document);
  await writeFile(new URL(`${name}.ts`, GENERATED), astToString(types));
}

const imports = names.map((name) => `import type * as ${name} from "./${name}.ts";`);
const served = names.map((name) =>
  name === "gateway" ? "gateway.paths" : `Behind<"${name}", ${name}.paths>`,
);
const lines = [
  ...imports,
  "",
  "/** A service's paths as the gateway serves them. */",
  "type Behind<Name extends string, Paths> = {",
  "  [Path in keyof Paths as Path extends `/v1/${infer Rest}` ? `/v1/${Name}/${Rest}` : never]: Paths[Path];",
  "};",
  "",
  `export type paths = ${served.join("\n  & ")};`,
  `export type { ${names.join(", ")} };`,
  "",
];
await writeFile(new URL("index.ts", GENERATED), lines.join("\n"));
console.log(`types of ${names.join(", ")}`);
