// Python beside the page: runs the cells that it is sent, one after the other, in one namespace.
import { loadPyodide } from './pyodide/pyodide.mjs';

const READY = (async () => {
  const python = await loadPyodide({ indexURL: new URL('./pyodide/', import.meta.url).href });
  const packages = await (await fetch(new URL('./packages.zip', import.meta.url))).arrayBuffer();
  python.unpackArchive(packages, 'zip', { extractDir: '/course' });
  python.globals.set('LANG', new URL(self.location.href).searchParams.get('lang') || 'en');
  await python.runPythonAsync(await (await fetch(new URL('./cells.py', import.meta.url))).text());
  return python;
})();

READY.then(() => postMessage({ ready: true }), error => postMessage({ failed: String(error) }));

let last = READY;
onmessage = event => {
  const { cell, source } = event.data;
  last = last.then(async () => {
    const python = await READY;
    const run = python.globals.get('run');
    postMessage({ cell, outputs: JSON.parse(run(source)) });
    run.destroy();
  });
};
