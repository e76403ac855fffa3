"""A picture in a page and in a notebook: zoomed and moved, its paths picked, its neurons unfolded.

A little script of its own does so, which loads nothing. Without scripts the picture stands there as it is.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from autograd.render import escape
from autograd.render.page.jupyter import picture_size, shown_height
from autograd.render.picture.measure import BOX
from autograd.render.picture.palette import DARK
from autograd.words import current, gettext, marked

__all__ = ["SCRIPT", "STYLE", "output", "page", "picture_in"]

READ: Final = 0.9  # so large is a picture at least on a phone, of its own size
AFAR: Final = 12.05  # pixels of the least text of a page, which is read from afar
TOOLS: Final = 40  # above a picture on a phone, where the buttons would lie on it
LEAST: Final = 0.8  # a picture shrinks with its column to this part of its breadth, and then scrolls

STYLE: Final = (
    "body{margin:0}svg{display:block;touch-action:pan-x pan-y pinch-zoom}"
    "svg.z{cursor:grab;touch-action:pinch-zoom}"
    ".node{cursor:pointer;outline-offset:3px}.hit{fill:none;stroke:transparent;stroke-width:12}"
    "[data-label]{pointer-events:none}.near .hid,.lit .hid{display:inline}"
    ".picked :is(.edge,.node,[data-band]):not(.lit){opacity:.2}"
    ".zoom{position:fixed;top:6px;right:6px;display:flex;gap:4px;opacity:.7;transition:opacity .15s}"
    "body:hover .zoom,.zoom:focus-within{opacity:1}@media(hover:none){.zoom{opacity:1}}"
    "button{font:600 14px/1 system-ui,sans-serif;min-width:28px;height:28px;border-radius:6px;"
    "border:1px solid #8a97a5;background:#fffd;color:#1b2733;cursor:pointer}"
    "aside{position:fixed;inset:auto 8px 8px;max-height:60%;overflow:auto;background:#fff;color:#1b2733;"
    "border:1px solid #8a97a5;border-radius:8px;box-shadow:0 4px 24px #0006;font:600 13px system-ui}"
    "aside.top{inset:8px 8px auto}"
    "aside div{display:flex;align-items:center;justify-content:space-between;padding:6px 6px 0 12px}"
    "aside svg{margin:0 auto;max-width:100%}"
    "@media(prefers-color-scheme:dark){button{background:#27313cdd;color:#e8edf2}"
    "aside{background:#12181f;color:#e8edf2}}"
    "@media print{.zoom{display:none}}"
)
_SCRIPT: Final = """
const svg = document.querySelector('svg'), view = svg.viewBox.baseVal, paper = svg.querySelector('.paper');
const {width, height} = view, all = s => [...svg.querySelectorAll(s)];
const clamp = (x, a, b) => b < a ? (a + b) / 2 : Math.max(a, Math.min(b, x));
let whole = width, ratio = height / width;
function show(x, y, w) {
  view.width = w; view.height = w * ratio;
  view.x = clamp(x, 0, width - view.width); view.y = clamp(y, 0, height - view.height);
  for (const [side, length] of [['x', 'width'], ['y', 'height']]) {
    paper.setAttribute(side, view[side] - 5 * view[length]); paper.setAttribute(length, 11 * view[length]);
  }
  svg.classList.toggle('z', w < whole);
}
function zoom(factor, px, py) {
  const box = svg.getBoundingClientRect();
  const fx = px === undefined ? .5 : (px - box.left) / box.width;
  const fy = py === undefined ? .5 : (py - box.top) / box.height;
  const w = clamp(view.width / factor, width / 12, whole);
  show(view.x + (view.width - w) * fx, view.y + (view.width - w) * ratio * fy, w);
}
const pan = (dx, dy) => show(view.x + dx * view.width, view.y + dy * view.height, view.width);
const fit = () => show(0, 0, whole);
svg.addEventListener('wheel', e => {
  if (!e.ctrlKey && !e.metaKey) return;
  e.preventDefault(); zoom(Math.exp(-e.deltaY / 300), e.clientX, e.clientY);
}, {passive: false});
svg.ondblclick = e => zoom(2, e.clientX, e.clientY);
let held, far = 0;
svg.addEventListener('pointerdown', e => {
  far = 0;
  if (view.width < whole) held = [e.clientX, e.clientY];
});
svg.addEventListener('pointermove', e => {
  if (!held) return;
  const box = svg.getBoundingClientRect();
  far += Math.abs(held[0] - e.clientX) + Math.abs(held[1] - e.clientY);
  if (far > 4) svg.setPointerCapture(e.pointerId);
  pan((held[0] - e.clientX) / box.width, (held[1] - e.clientY) / box.height);
  held = [e.clientX, e.clientY];
});
svg.onpointerup = svg.onpointercancel = () => { held = null; };
const nodes = all('[data-node]').filter(n => !n.closest('defs'));
const edges = all('[data-tail]'), parts = [...edges, ...all('[data-band],[data-label]')];
function reach(name, from, to) {
  const seen = new Set([name]), found = new Set();
  for (let size = -1; size < found.size;) {
    size = found.size;
    for (const {dataset: d} of edges) if (seen.has(d[from])) { seen.add(d[to]); found.add(d.edge); }
  }
  return [seen, found];
}
let picked = null, panel = null;
function pick(name) {
  if (panel) panel.remove();
  picked = panel = name === picked ? null : name;
  let [seen, found] = reach(picked, 'tail', 'head');
  if (!found.size) [seen, found] = reach(picked, 'head', 'tail');
  svg.classList.toggle('picked', picked !== null);
  for (const n of nodes) n.classList.toggle('lit', seen.has(n.dataset.node));
  for (const {classList, dataset: d} of parts) {
    classList.toggle('lit', found.has(d.edge || d.band || d.label));
  }
  panel = picked && unfold(picked);
}
function unfold(name) {
  const found = svg.querySelector(`[data-inside="${CSS.escape(name)}"]`);
  if (!found) return null;
  const like = found.dataset.like, inside = like ? svg.querySelector(`[data-inside="${like}"]`) : found;
  const aside = document.createElement('aside'), bar = document.createElement('div');
  const {size} = inside.dataset;
  const own = document.createElementNS(svg.namespaceURI, 'svg'), words = found.getAttribute('aria-label');
  for (const [key, value] of [['viewBox', size], ['class', svg.getAttribute('class')], ['role', 'img'],
    ['width', size.split(' ')[2]], ['aria-label', words]]) own.setAttribute(key, value);
  own.append(...[...inside.children].map(part => part.cloneNode(true)));
  const parts = ['text', '[class]'].map(kind => [...own.querySelectorAll(kind)]);
  for (const [kind, i, text] of JSON.parse(found.dataset.changes || '[]')) {
    if (kind) parts[1][i].setAttribute('class', text); else parts[0][i].textContent = text;
  }
  bar.append(words, button('\\u00d7', 'Close', () => pick(name)));
  const low = svg.querySelector(`[data-node="${name}"]`).getBoundingClientRect().top > innerHeight / 2;
  aside.className = low ? 'top' : ''; aside.append(bar, own); document.body.append(aside);
  return aside;
}
function button(sign, label, act) {
  const made = document.createElement('button');
  made.textContent = sign; made.title = label;
  made.setAttribute('aria-label', label); made.onclick = act;
  return made;
}
for (const n of nodes) {
  n.tabIndex = 0; n.setAttribute('role', 'button');
  n.onclick = () => { if (far < 5) pick(n.dataset.node); };
  n.addEventListener('keydown', e => {
    if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); pick(n.dataset.node); }
  });
}
for (const e of edges) {
  const hit = e.querySelector('path').cloneNode();
  hit.setAttribute('class', 'hit'); hit.removeAttribute('stroke-width'); e.append(hit);
  const label = svg.querySelector(`[data-label=${e.dataset.edge}]`);
  if (label) e.onpointerenter = e.onpointerleave = () => label.classList.toggle('near', e.matches(':hover'));
}
const keys = {'+': () => zoom(1.4), '=': () => zoom(1.4), '-': () => zoom(1 / 1.4), '0': fit,
  Escape: () => picked !== null && pick(picked), ArrowLeft: () => pan(-.1, 0), ArrowRight: () => pan(.1, 0),
  ArrowUp: () => pan(0, -.1), ArrowDown: () => pan(0, .1)};
document.addEventListener('keydown', e => {
  const arrow = e.key.startsWith('Arrow');
  if (e.ctrlKey || e.metaKey || e.altKey || !(e.key in keys) || (arrow && view.width >= whole)) return;
  e.preventDefault(); keys[e.key]();
});
const tools = document.createElement('div');
tools.className = 'zoom';
tools.append(button('+', 'Zoom in', keys['+']), button('\\u2212', 'Zoom out', keys['-']),
  button('\\u2922', 'Fit', fit));
document.body.append(tools);
fit();
"""
_PAGE: Final = """
function measure() {
  const {width: w, height: h} = svg.getBoundingClientRect();
  ratio = h / w; whole = Math.max(width, height / ratio);
  return w;
}
const room = measure();
show(0, 0, room < whole ? room / SCALE : whole);
addEventListener('resize', () => { measure(); show(view.x, view.y, Math.min(view.width, whole)); });
svg.addEventListener('wheel', e => {
  if (e.ctrlKey || e.metaKey || view.width >= whole) return;
  e.preventDefault();
  const {width: w, height: h} = svg.getBoundingClientRect(), unit = e.deltaMode ? 30 : 1;
  if (e.shiftKey) pan(e.deltaY * unit / w, 0); else pan(e.deltaX * unit / w, e.deltaY * unit / h);
}, {passive: false});
"""


def _script(*parts: str) -> str:
    """Return a program of one scope, without its indents."""
    lines = [line.strip() for part in parts for line in part.splitlines()]
    return "\n".join(["(() => {", *filter(None, lines), "})();"])


SCRIPT: Final = _script(_SCRIPT)
_WORDS: Final = (marked("Close"), marked("Zoom in"), marked("Zoom out"), marked("Fit"))


def _spoken(script: str) -> str:
    """Return a program with its words in the reader's language."""
    for word in _WORDS:
        script = script.replace(f"'{word}'", f"'{gettext(word)}'")
    return script


def page(svg: str, title: str) -> str:
    """Return a picture as a page of its own: it fills the window, and can be zoomed, moved and fitted.

    It opens whole if it is no smaller than it was drawn then; else with text of 12 pixels at least, at its
    beginning, and a wheel, the arrow keys and a pointer move it. On a phone it is as large as its text can be
    read, and scrolls.
    """
    breadth, height = (READ * side for side in picture_size(svg))
    dark = f"body{{background:{DARK['paper']}}}"
    theme = {"ag-dark": dark, "ag-auto": f"@media(prefers-color-scheme:dark){{{dark}}}"}
    opened = _PAGE.replace("SCALE", f"(innerWidth > 600 ? {AFAR / BOX.tiny:.4g} : {READ})")
    body = (
        "".join(rule for name, rule in theme.items() if f'class="ag {name}"' in svg[:400])
        + "body>svg{max-width:none!important;width:100vw;height:100vh!important}"
        f"@media(max-width:600px){{body>svg{{min-width:{breadth:.0f}px;min-height:{height:.0f}px;"
        f"height:calc(100vh - {TOOLS}px)!important;margin-top:{TOOLS}px}}}}"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{current().replace("_", "-")}"><head><meta charset="utf-8">'
        '<meta name="viewport" '
        f'content="width=device-width,initial-scale=1"><title>{escape.xml(title)}</title>'
        f"<style>{STYLE}{body}</style></head><body>{svg}<script>{_spoken(_script(_SCRIPT, opened))}</script>"
        "</body></html>\n"
    )


# What a data address, and an attribute around it, may not hold. Quotes have changed places before, since
# attributes have more of those that would be escaped than texts have of the others.
_SWAPPED: Final = str.maketrans({'"': "'", "'": '"'})
_ESCAPED: Final = str.maketrans({c: f"%{ord(c):02X}" for c in '%#&"\n'})
_ADDRESS: Final = "data:image/svg+xml;charset=utf-8,"
_PICTURE: Final = re.compile(f'<img [^>]*src="{re.escape(_ADDRESS)}([^"]*)"')


def output(svg: str, title: str) -> str:
    """Return a picture as the output of a notebook's cell, which holds it once.

    It is an image, which a notebook that is not trusted shows as it is. Where it is trusted, the image puts a
    frame in its place, as broad as the column allows, in which the picture can be zoomed and picked.
    """
    breadth, height = picture_size(svg)
    least = LEAST * breadth
    # Room for a scroll bar, where there is one.
    shown = f"calc({shown_height(svg, least)} + clamp(0px,({least:.0f}px - 100cqw)*9,16px))"
    style = (
        f"display:block;width:100%;border:0;max-width:{breadth:.0f}px;height:{height:.0f}px;height:{shown}"
    )
    head = f"<!DOCTYPE html><meta charset=utf-8><style>{STYLE}body>svg{{min-width:{least:.0f}px}}</style>"
    wake = (
        "const f=document.createElement('iframe');f.sandbox='allow-scripts';f.title=this.alt;"
        f"f.style.cssText={_quoted(style)};f.srcdoc={_quoted(head)}"
        f"+decodeURIComponent(this.getAttribute('src').slice({len(_ADDRESS)}))+{_quoted(f'<script>{_spoken(SCRIPT)}')}"
        "+'</scr'+'ipt>';this.replaceWith(f)"
    )
    return (
        f'<div style="container-type:inline-size"><img alt="{escape.xml(title)}" '
        f'src="{_ADDRESS}{svg.strip().translate(_SWAPPED).translate(_ESCAPED)}" '
        f'style="max-width:100%" onload="{wake.replace("&", "&amp;").replace(chr(34), "&quot;")}"></div>'
    )


def _quoted(text: str) -> str:
    """Return a text as a string of JavaScript."""
    return "`" + text.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${") + "`"


def picture_in(html: str) -> str | None:
    """Return the SVG document in the output of a notebook's cell, or None where there is none.

    Examples
    --------
    >>> picture_in(output('<svg width="10" height="10"><text>&#39;</text></svg>', "a graph"))
    '<svg width="10" height="10"><text>&#39;</text></svg>'
    """
    match = _PICTURE.search(html)
    return None if match is None else unquote(match[1]).translate(_SWAPPED)
