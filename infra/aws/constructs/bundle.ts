import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, buildSync } from 'esbuild';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Folder of a function's code, from the root. */
export const functionFolder = (name: string): string => `${ROOT}functions/${name}`;

/**
 * One ES module with everything in it, the AWS SDK too: smaller and faster to load than the runtime's own, and of the locked version.
 * `require` is for CommonJS packages inside; `ws` tries two native helpers that it can do without.
 */
const BUNDLE = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  minify: true,
  treeShaking: true,
  sourcemap: false,
  legalComments: 'none',
  charset: 'utf8',
  external: ['bufferutil', 'utf-8-validate'],
  // A name that no minifier makes: `$r` is one.
  banner: {
    js: "import{createRequire as createRequireHere}from'node:module';const require=createRequireHere(import.meta.url);",
  },
  logLevel: 'warning',
} as const satisfies BuildOptions;

/**
 * Writes `index.mjs`, whose export `handler` is the function of that name.
 * @returns its size in bytes
 */
export const bundleFunction = (name: string, outDir: string): number => {
  const outfile = `${outDir}/index.mjs`;
  buildSync({ ...BUNDLE, entryPoints: [`${functionFolder(name)}/lambda.ts`], outfile });
  return statSync(outfile).size;
};
