// What scripts of pages begin with: their data, and how they make the parts of a picture.
const D = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id), SVG = 'http://www.w3.org/2000/svg', MINUS = '\u2212';
const still = matchMedia('(prefers-reduced-motion:reduce)');
function element(tag, attributes, parent, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, x] of Object.entries(attributes)) made.setAttribute(key, x);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}
