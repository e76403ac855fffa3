const bytes = Uint8Array.from(atob(D.numbers), c => c.charCodeAt(0)), all = new DataView(bytes.buffer);
const P = D.names.length, rows = 1 + D.slots.length, F = D.epochs.length;
const number = (frame, row, k) => all.getFloat32(4 * ((frame * rows + row) * P + k), true);
const MOST = 18;
let at = 0, timer = 0, chosen = -1;
const shown = x => x === null || x !== x ? '\u2013' : (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5 || x === 0 ? String(Number(x.toPrecision(4))) : x.toExponential(2)).replace(/-/g, MINUS);

// What the parameters are: of each neuron its weights, and where it has one its bias.
const layers = D.sizes.slice(1).map((n, l) => Array.from({ length: n }, () => ({ w: [], b: -1 })));
D.names.forEach((name, k) => {
  const m = /(\d+)\.n(\d+)\.(?:w(\d+)|b)$/.exec(name);
  if (!m) return;
  const neuron = layers[Number(m[1])][Number(m[2])];
  if (m[3] === undefined) neuron.b = k; else neuron.w[Number(m[3])] = k;
});
function outputs(theta, x) {
  layers.forEach((layer, l) => {
    x = layer.map(n => {
      let z = n.b < 0 ? 0 : theta[n.b];
      for (let i = 0; i < x.length; i++) z += theta[n.w[i]] * x[i];
      return l < layers.length - 1 ? activation(z) : z;
    });
  });
  return x;
}
// Numbers that are predicted lie between the least and the greatest target, each the end of a scale.
const valued = D.x.length > 0 && D.targets.length > 0, ends = valued ? [Math.min(...D.targets), Math.max(...D.targets)] : [0, 1];
const along = y => Math.max(0, Math.min(1, (y - ends[0]) / (ends[1] - ends[0] || 1)));
const probabilities = y => valued ? [1 - along(y[0]), along(y[0])] : y.length === 1 ? [1 - probability(y[0]), probability(y[0])] : y.map((_, i) => shares(...y, i));
// Colours of classes, apart for every eye.
const COLORS = [
  [47, 124, 192], [217, 115, 13], [46, 134, 87], [148, 74, 168], [150, 120, 20], [190, 60, 90],
];
const color = k => COLORS[k % COLORS.length];
const maps = D.x.length > 0 && (D.labels.length > 0 || valued);
let low = [0, 0], high = [1, 1];
if (maps) {
  for (const i of [0, 1]) {
    const xs = D.x.map(p => p[i]), a = Math.min(...xs), b = Math.max(...xs), pad = 0.15 * (b - a || 1);
    low[i] = a - pad;
    high[i] = b + pad;
  }
  const side = i => valued ? Number(along(D.targets[i]) > 0.5) : D.labels[i];
  const paint = i => valued ? { stroke: 'currentColor', 'fill-opacity': (0.1 + 0.9 * Math.abs(2 * along(D.targets[i]) - 1)).toFixed(2) } : {};
  D.x.forEach((p, i) => element('ellipse', { cx: 100 * (p[0] - low[0]) / (high[0] - low[0]), cy: 100 - 100 * (p[1] - low[1]) / (high[1] - low[1]), rx: 1.1, ry: 1.1, fill: `rgb(${color(side(i))})`, ...paint(i) }, $('points')));
  $('legend').textContent = valued ? `[[Shaded by the predicted value, along ${D.features.join(', ')}:]]` : `[[Shaded by probability, along ${D.features.join(', ')}:]]`;
  (valued ? ends.map(shown) : D.classes).forEach((name, k) => {
    const b = document.createElement('b'), dot = document.createElement('span');
    dot.textContent = '\u25cf ';
    dot.style.color = `rgb(${color(k)})`;
    b.append(dot, name);
    $('legend').append(b);
  });
} else {
  $('place').hidden = true;
  document.querySelector('main').className = 'alone';
}

// The network: of large layers the first neurons.
const W = 760, H = 460, places = D.sizes.map((n, l) => {
  const many = Math.min(n, MOST);
  return Array.from({ length: many }, (_, i) => [46 + (W - 92) * l / (D.sizes.length - 1), H / 2 + (i - (many - 1) / 2) * Math.min(70, (H - 44) / Math.max(1, many))]);
});
const lines = [];
$('net').setAttribute('viewBox', `0 0 ${W} ${H}`);
layers.forEach((layer, l) => layer.slice(0, MOST).forEach((n, j) => n.w.slice(0, MOST).forEach((k, i) => {
  const [x1, y1] = places[l][i], [x2, y2] = places[l + 1][j];
  lines.push({ k, line: element('line', { x1, y1, x2, y2 }, $('net')), ends: [x1, y1, x2, y2] });
})));
lines.forEach(l => {
  const [x1, y1, x2, y2] = l.ends;
  // Broad enough to be pointed at.
  const touch = element('line', { x1, y1, x2, y2, stroke: 'transparent', 'stroke-width': 9 }, $('net'));
  touch.addEventListener('pointerenter', () => choose(l.k));
});
places.forEach((column, l) => {
  column.forEach(([x, y], j) => {
    const circle = element('circle', { cx: x, cy: y, r: Math.min(13, 180 / column.length) }, $('net'));
    if (l) {
      circle.setAttribute('tabindex', '0');
      circle.setAttribute('role', 'button');
      circle.setAttribute('aria-label', `[[Neuron ${j} of layer ${l - 1}]]`);
      const own = [...layers[l - 1][j].w, layers[l - 1][j].b].filter(k => k >= 0);
      let turn = 0;
      const next = () => choose(own[turn++ % own.length]);
      circle.addEventListener('focus', next);
      circle.addEventListener('click', next);
      circle.addEventListener('keydown', e => { if (e.key === 'Enter') next(); });
    } else if (D.features.length === D.sizes[0]) {
      // Beside an input its name, as much of it as there is room for.
      const name = D.features[j], cut = [...name];
      element('title', {}, circle, name);
      element('text', { class: 'name', x: x - 18, y: y + 4, 'text-anchor': 'end' }, $('net'), cut.length > 4 ? `${cut.slice(0, 3).join('')}\u2026` : name);
    }
  });
  if (D.sizes[l] > MOST) element('text', { x: column[0][0], y: H - 4, 'text-anchor': 'middle' }, $('net'), `[[and ${D.sizes[l] - MOST} more]]`);
});
function choose(k) { chosen = k; tell(); }
function tell() {
  if (chosen < 0) return;
  const state = D.slots.map((slot, i) => `${slot} ${shown(number(at, i + 1, chosen))}`).join(', ');
  $('weight').textContent = `${D.names[chosen]} = ${shown(number(at, 0, chosen))}${state ? `[[; the optimizer's ${state}]]` : ''}`;
  lines.forEach(l => l.line.classList.toggle('on', l.k === chosen));
}

// The curve of the loss.
const known = D.losses.map((y, i) => [i, y]).filter(p => p[1] !== null);
const top = Math.max(...known.map(p => p[1])), bottom = Math.min(...known.map(p => p[1]));
const X = i => 8 + 984 * i / Math.max(1, F - 1), Y = y => 110 - 100 * (y - bottom) / (top - bottom || 1);
if (known.length) {
  element('path', { class: 'rule', d: `M0,${Y(top)}H1000M0,${Y(bottom)}H1000` }, $('curve'));
  $('top').textContent = shown(top);
  $('bottom').textContent = top > bottom ? shown(bottom) : '';
}
$('first').textContent = `[[Epoch]] ${D.epochs[0]}`;
$('last').textContent = D.epochs[F - 1];
element('path', { d: known.map((p, i) => `${i ? 'L' : 'M'}${X(p[0]).toFixed(1)},${Y(p[1]).toFixed(1)}`).join('') }, $('curve'));
const pin = element('path', { class: 'pin' }, $('curve'));
function show(frame) {
  at = Math.max(0, Math.min(F - 1, frame));
  const theta = Array.from({ length: P }, (_, k) => number(at, 0, k));
  const scale = Math.max(0.5, ...lines.map(l => Math.abs(theta[l.k])));
  for (const l of lines) {
    const w = theta[l.k];
    l.line.setAttribute('stroke-width', (0.4 + 6 * Math.abs(w) / scale).toFixed(2));
    l.line.setAttribute('stroke', w < 0 ? 'var(--minus)' : 'var(--plus)');
    l.line.setAttribute('stroke-opacity', (0.25 + 0.7 * Math.abs(w) / scale).toFixed(2));
  }
  let right = 0;
  if (maps) {
    const pen = $('map').getContext('2d'), size = $('map').width, image = pen.createImageData(size, size);
    for (let r = 0; r < size; r++) for (let c = 0; c < size; c++) {
      const p = probabilities(outputs(theta, [low[0] + (high[0] - low[0]) * (c + 0.5) / size, high[1] - (high[1] - low[1]) * (r + 0.5) / size]));
      const mixed = [0, 1, 2].map(i => p.reduce((sum, q, k) => sum + q * color(k)[i], 0)), sure = Math.max(...p), n = p.length;
      image.data.set([...mixed, 30 + 150 * (sure - 1 / n) / (1 - 1 / n)], 4 * (r * size + c));
    }
    pen.putImageData(image, 0, 0);
    right = valued ? 0 : D.x.filter((x, i) => { const p = probabilities(outputs(theta, x)); return p.indexOf(Math.max(...p)) === D.labels[i]; }).length;
    $('map').setAttribute('aria-label', valued ? `[[What the network predicts at each place, from ${shown(ends[0])} to ${shown(ends[1])}]]` : `[[What the network says of each place: ${right} of ${D.x.length} samples are right]]`);
  }
  pin.setAttribute('d', `M${X(at)},0V120`);
  const loss = D.losses[at] === null ? '' : `[[, loss ${shown(D.losses[at])}]]`;
  $('now').textContent = `[[Epoch ${D.epochs[at]} of ${D.epochs[F - 1]}]]${loss}${maps && !valued ? `[[, ${right} of ${D.x.length} samples right]]` : ''}`;
  $('frame').value = at;
  $('frame').setAttribute('aria-valuetext', $('now').textContent);
  tell();
  if (at === F - 1) stop();
}
function stop() {
  clearInterval(timer);
  timer = 0;
  $('play').setAttribute('aria-label', '[[Play]]');
  $('play').querySelector('path').setAttribute('d', 'M6 4l14 8-14 8z');
}
function play() {
  if (timer) return stop();
  if (at === F - 1) show(0);
  $('play').setAttribute('aria-label', '[[Pause]]');
  $('play').querySelector('path').setAttribute('d', 'M6 4h4v16H6zM14 4h4v16h-4z');
  timer = setInterval(() => show(at + 1), Number($('speed').value) * (still.matches ? 3 : 1));
}
$('play').onclick = play;
$('frame').max = F - 1;
$('frame').oninput = () => { stop(); show(Number($('frame').value)); };
$('speed').onchange = () => { if (timer) { stop(); play(); } };
document.addEventListener('keydown', e => {
  if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|SELECT)$/.test(e.target.tagName)) return;
  const go = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: F - 1 }[e.key];
  if (go !== undefined) { e.preventDefault(); stop(); show(go); }
  else if (e.key === ' ' && e.target.tagName !== 'BUTTON') { e.preventDefault(); play(); }
});
show(F - 1);
