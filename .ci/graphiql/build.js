// GraphiQL, as one script and one style sheet: `node build.js FOLDER`, after `npm ci` beside it.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const folder = process.argv[2];
const { metafile } = await build({
  entryPoints: { graphiql: "entry.js" },
  outdir: folder,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"' },
  alias: { "react-style-singleton": "./styles.js" },
  legalComments: "none",
  metafile: true,
});

// The fonts are three quarters of the style sheet, and the page has its own.
const styles = join(folder, "graphiql.css");
writeFileSync(styles, readFileSync(styles, "utf8").replace(/@font-face\{.*?\}/gs, ""));

// Each text once, under all that it is the licence of.
const output = Object.values(metafile.outputs).find((each) => each.entryPoint);
const used = Object.keys(output.inputs).filter((path) => output.inputs[path].bytesInOutput);
const packages = new Set(used.flatMap((path) => path.match(/^node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []));
const texts = new Map();
for (const path of [...packages].sort()) {
  const { name, version, license } = JSON.parse(readFileSync(join(path, "package.json")));
  const file = readdirSync(path).find((each) => /^licen[cs]e/i.test(each));
  const text = file ? readFileSync(join(path, file), "utf8").trim() : `(no text in the package: ${license})`;
  texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
}
const licences = [...texts].map(([text, names]) => `${names.join("\n")}\n\n${text}\n`);
writeFileSync(join(folder, "LICENSES.txt"), licences.join(`\n${"-".repeat(72)}\n\n`));
