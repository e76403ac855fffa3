"""Zoom and pan for a picture in a page: a little script of its own, which loads nothing.

Without scripts the picture stands there as it is.
"""

from __future__ import annotations

from typing import Final

from autograd.render import escape

__all__ = ["SCRIPT", "STYLE", "page"]

STYLE: Final = (
    "svg{display:block;touch-action:pan-x pan-y}svg.z{cursor:grab;touch-action:none}"
    ".zoom{position:fixed;top:6px;right:6px;display:flex;gap:4px;opacity:.25;transition:opacity .15s}"
    "body:hover .zoom,.zoom:focus-within{opacity:1}"
    ".zoom button{font:600 14px/1 system-ui,sans-serif;min-width:28px;height:28px;border-radius:6px;"
    "border:1px solid #8a97a5;background:#fffd;color:#1b2733;cursor:pointer}"
    "@media(prefers-color-scheme:dark){.zoom button{background:#27313cdd;color:#e8edf2}}"
    "@media print{.zoom{display:none}}"
)
SCRIPT: Final = """(() => {
const svg = document.querySelector('svg'), view = svg.viewBox.baseVal, paper = svg.querySelector('.paper');
const width = view.width, height = view.height, most = 12;
const clamp = (x, low, high) => Math.max(low, Math.min(high, x));
function show(x, y, w) {
  view.width = w; view.height = w * height / width;
  view.x = clamp(x, 0, width - view.width); view.y = clamp(y, 0, height - view.height);
  for (const [side, length] of [['x', 'width'], ['y', 'height']]) {
    paper.setAttribute(side, view[side] - 5 * view[length]); paper.setAttribute(length, 11 * view[length]);
  }
  svg.classList.toggle('z', w < width);
}
function zoom(factor, px, py) {
  const box = svg.getBoundingClientRect();
  const fx = px === undefined ? .5 : (px - box.left) / box.width;
  const fy = py === undefined ? .5 : (py - box.top) / box.height;
  const w = clamp(view.width / factor, width / most, width);
  show(view.x + (view.width - w) * fx, view.y + (view.width - w) * height / width * fy, w);
}
const pan = (dx, dy) => show(view.x + dx * view.width, view.y + dy * view.height, view.width);
const fit = () => show(0, 0, width);
svg.addEventListener('wheel', e => {
  if (!e.ctrlKey && !e.metaKey) return;
  e.preventDefault(); zoom(Math.exp(-e.deltaY / 300), e.clientX, e.clientY);
}, {passive: false});
svg.addEventListener('dblclick', e => zoom(2, e.clientX, e.clientY));
let held = null;
svg.addEventListener('pointerdown', e => {
  if (view.width < width) { held = [e.clientX, e.clientY]; svg.setPointerCapture(e.pointerId); }
});
svg.addEventListener('pointermove', e => {
  if (!held) return;
  const box = svg.getBoundingClientRect();
  pan((held[0] - e.clientX) / box.width, (held[1] - e.clientY) / box.height);
  held = [e.clientX, e.clientY];
});
for (const end of ['pointerup', 'pointercancel']) svg.addEventListener(end, () => { held = null; });
const keys = {'+': () => zoom(1.4), '=': () => zoom(1.4), '-': () => zoom(1 / 1.4), '0': fit,
  ArrowLeft: () => pan(-.1, 0), ArrowRight: () => pan(.1, 0), ArrowUp: () => pan(0, -.1),
  ArrowDown: () => pan(0, .1)};
document.addEventListener('keydown', e => {
  const arrow = e.key.startsWith('Arrow');
  if (e.ctrlKey || e.metaKey || e.altKey || !(e.key in keys) || (arrow && view.width >= width)) return;
  e.preventDefault(); keys[e.key]();
});
const bar = document.createElement('div');
bar.className = 'zoom';
for (const [sign, label, act] of [['+', 'Zoom in', keys['+']], ['\\u2212', 'Zoom out', keys['-']],
  ['\\u2922', 'Fit', fit]]) {
  const button = document.createElement('button');
  button.type = 'button'; button.textContent = sign; button.title = label;
  button.setAttribute('aria-label', label); button.onclick = act; bar.append(button);
}
document.body.append(bar);
fit();
})();"""


def page(svg: str, title: str) -> str:
    """Return a picture as a page of its own: it fills the window, and can be zoomed, moved and fitted."""
    body = "body{margin:0}svg{max-width:none!important;width:100vw;height:100vh!important}"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width,initial-scale=1"><title>{escape.xml(title)}</title>'
        f"<style>{body}{STYLE}</style></head><body>{svg}<script>{SCRIPT}</script></body></html>\n"
    )
