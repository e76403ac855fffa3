"""Programs of npm that judge what is written here: KaTeX for formulas, Mermaid for flow charts."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

_KATEX = """
const katex = (await import('katex')).default;
// A letter of which its font has no measures is no mistake.
const strict = code => ['unknownSymbol', 'symbolNotInFont'].includes(code) ? 'ignore' : 'error';
const judge = text => katex.renderToString(text, {displayMode: true, throwOnError: true, strict});
"""
_MERMAID = """
const { JSDOM } = await import('jsdom');
globalThis.window = new JSDOM('').window;
globalThis.document = window.document;
const mermaid = (await import('mermaid')).default;
const judge = text => mermaid.parse(text);
"""
_LOOP = """
const read = await new Promise(done => {
  let all = '';
  process.stdin.on('data', part => all += part).on('end', () => done(all));
});
const found = [];
for (const text of JSON.parse(read)) {
  try { await judge(text); } catch (e) { found.push(text + ': ' + e.message); }
}
console.log(JSON.stringify(found));
"""


def _objections(package, program, texts):
    folders = [
        ROOT / ".ci",
        ROOT,
        *(Path(folder).parent for folder in os.environ.get("NODE_PATH", "").split(os.pathsep) if folder),
    ]
    home = next((folder for folder in folders if (folder / "node_modules" / package).is_dir()), None)
    if shutil.which("node") is None or home is None:
        pytest.skip(f"npm install --prefix .ci {package} brings the judge")
    command = ["node", "--input-type=module", "-e", program + _LOOP]
    done = subprocess.run(
        command, cwd=home, input=json.dumps(texts), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def katex_objections(formulas):
    """Return what KaTeX objects to in formulas; skip where there is no KaTeX."""
    return _objections("katex", _KATEX, formulas)


def mermaid_objections(charts):
    """Return what Mermaid objects to in flow charts; skip where there is no Mermaid."""
    return _objections("mermaid", _MERMAID, charts)
