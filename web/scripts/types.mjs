// Types of the wire from the server's OpenAPI document:
//   npm run types                     from a server at http://127.0.0.1:8642
//   npm run types -- DOCUMENT [OUT]   from a file or another address
// Only the shapes are kept; paths are written out by hand in src/api/client.ts.

import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const [document = "http://127.0.0.1:8642/api/v1/openapi.json", out = "src/api/types.gen.ts"] =
  process.argv.slice(2);
const text = /^https?:/.test(document)
  ? await (await fetch(document)).text()
  : await readFile(document, "utf8");
const { openapi, info, components } = JSON.parse(text);
const tree = await openapiTS({ openapi, info, paths: {}, components: { schemas: components.schemas } });
const head = "// Made by `npm run types` from the server's OpenAPI document; do not edit.\n\n";
await writeFile(out, head + astToString(tree));
