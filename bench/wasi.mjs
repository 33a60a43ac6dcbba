// Runs a WASI program under Node, for bench/cpu: node --no-warnings wasi.mjs MODULE [ARG...]. The current directory is granted.
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { WASI } from 'node:wasi';

const words = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1', args: words, preopens: { '.': '.' }, returnOnExit: true });
const module = await WebAssembly.compile(await readFile(words[0]));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
