(() => {
const D = JSON.parse(document.getElementById('steps').textContent), F = D.frames;
const $ = s => document.querySelector(s), all = s => [...document.querySelectorAll(s)];
document.documentElement.classList.add('js');
const svg = $('.stage svg'), N = D.nodes.length, E = D.back.length, last = N + E;
const name = i => D.nodes[i][0], formula = i => D.nodes[i][1];
const boxes = D.nodes.map((_, i) => $(`[data-node=n${i}]`));
const wires = D.wires.map((_, i) => $(`[data-edge=e${i}]`));
// Of each frame the page holds what was added and what it made; the rest follows.
F.forEach(f => {
  const run = D.nodes.map(() => '0');
  run[N - 1] = f.seed;
  f.before = D.back.map((b, i) => { const was = run[b[1]]; run[b[1]] = f.after[i]; return was; });
  f.up = f.up || D.back.map(b => run[b[0]]);
  f.scale = Math.max(0, ...run.map(Number).filter(Number.isFinite).map(Math.abs));
});
function tone(text, f) {
  const g = Number(text.replace('inf', 'Infinity'));
  if (!Number.isFinite(g)) return 'nan';
  if (g === 0) return 'zero';
  return (g > 0 ? 'p' : 'n') + Math.min(4, Math.max(1, Math.ceil(4 * Math.sqrt(Math.abs(g) / f.scale) - 1e-9)));
}
function derivative(a, b) {
  return [a, b].every(x => /^[\p{L}\p{N}]{1,3}$/u.test(x)) ? `d${a}/d${b}` : `d ${a}/d ${b}`;
}
const still = matchMedia('(prefers-reduced-motion:reduce)');
let at = 0, frame = 0, timer = 0;
const part = (box, i) => box.querySelectorAll('text.v')[i];
const tint = (box, tone) => {
  const p = box.querySelector('path:last-of-type');
  p.setAttribute('class', 't-' + tone);
};
const word = s => s.replace(/\u2212/g, '-');
function sentence(k) {
  const f = F[frame];
  // Without its numbers a formula does not give the value any more.
  if (k <= N) return [name(k - 1), ...(f.calc[k - 1] ? [formula(k - 1), f.calc[k - 1]] : []), word(f.value[k - 1])].filter(x => x).join(' = ');
  const i = k - N - 1, [c, p, how, head] = D.back[i];
  if (f.add[i] === '0' && ![f.local[i], f.up[i]].every(x => /^-?\d/.test(x))) return `[[${name(p)}.grad is left as it is: the branch was not taken]]`;
  const local = how ? `(${how} = ${f.local[i]})` : f.local[i];
  return `${name(p)}.grad += ${head || derivative(name(c), name(p))} * ${name(c)}.grad = ${local} * ${f.up[i]} = ${f.add[i]}  [${f.before[i]} -> ${f.after[i]}]`;
}
function show(k, move) {
  at = Math.max(0, Math.min(last, k));
  const f = F[frame], grads = D.nodes.map(() => '0');
  const back = at > N;
  if (at >= N) grads[N - 1] = f.seed;
  for (let i = 0; i < at - N; i++) grads[D.back[i][1]] = f.after[i];
  boxes.forEach((box, i) => {
    const done = i < at;
    box.classList.toggle('later', !done);
    part(box, 0).textContent = done ? f.value[i] : '';
    part(box, 1).textContent = done ? grads[i].replace(/-/g, '\u2212') : '';
    tint(box, done && at >= N ? tone(grads[i], f) : 'none');
    box.classList.toggle('now', at > 0 && (back ? i === D.back[at - N - 1][1] || i === D.back[at - N - 1][0] : i === at - 1));
    box.setAttribute('aria-label', done ? `[[${name(i)}, value ${word(f.value[i])}, gradient ${grads[i]}]]` : `[[${name(i)}, not computed yet]]`);
  });
  D.wires.forEach(([head, step], i) => {
    const el = wires[i], texts = el.querySelectorAll('text'), ran = step >= 0 && at > N + step, now = step >= 0 && at === N + step + 1;
    el.classList.toggle('later', head >= at);
    el.classList.toggle('back', now);
    el.classList.toggle('now', now || !back && at > 0 && head === at - 1);
    if (step < 0 || !texts.length) return;
    texts[0].textContent = f.local[step].replace(/-/g, '\u2212');
    if (texts[1]) { texts[1].textContent = '\u2190 ' + f.add[step].replace(/-/g, '\u2212'); texts[1].classList.toggle('hide', !ran); }
  });
  const text = at === 0 ? '[[Ready: press play, or step forward.]]' : sentence(at);
  const phase = at === 0 ? '[[Start]]' : at <= N ? `[[Forward ${at} of ${N}]]` : `[[Backward ${at - N} of ${E}]]`;
  $('.say b').textContent = phase;
  const code = $('.say code'), factor = back && D.factors ? D.factors[at - N - 1] : -1;
  code.textContent = text;
  if (factor >= 0) {
    const end = text.lastIndexOf(` * ${f.up[at - N - 1]} = `), from = text.lastIndexOf(' = ', end - 1);
    const i = D.back[at - N - 1][2] ? text.indexOf(' = (') : from;
    if (i > 0 && end > i) {
      const part = document.createElement('span');
      part.className = `f${factor}`;
      part.textContent = text.slice(i + 3, end);
      code.replaceChildren(text.slice(0, i + 3), part, text.slice(end));
    }
  }
  $('.count').textContent = phase;
  const slider = $('#step');
  slider.value = at;
  slider.setAttribute('aria-valuetext', `${phase}: ${text}`);
  const off = { first: at === 0, prev: at === 0, next: at === last, end: at === last };
  for (const id of Object.keys(off)) {
    // A button that can do nothing gives the focus back at once, not with the next frame: Space plays then.
    if (off[id]) $(`#${id}`).blur();
    $(`#${id}`).disabled = off[id];
  }
  if (at === last) stop();
  if (move && at > 0) {
    const i = back ? D.back[at - N - 1][1] : at - 1, box = boxes[i].getBoundingClientRect(), st = $('.stage').getBoundingClientRect();
    if (box.left < st.left || box.right > st.right || box.top < st.top || box.bottom > st.bottom)
      $('.stage').scrollBy({ left: box.left + box.width / 2 - st.left - st.width / 2, top: box.top + box.height / 2 - st.top - st.height / 2, behavior: still.matches ? 'auto' : 'smooth' });
  }
}
function stop() {
  clearInterval(timer); timer = 0;
  $('#play').setAttribute('aria-label', '[[Play]]'); $('#play').setAttribute('aria-pressed', 'false');
  $('#play path').setAttribute('d', 'M6 4l14 8-14 8z');
}
function play() {
  if (timer) return stop();
  if (at === last) show(0);
  $('#play').setAttribute('aria-label', '[[Pause]]'); $('#play').setAttribute('aria-pressed', 'true');
  $('#play path').setAttribute('d', 'M6 4h4v16H6zM14 4h4v16h-4z');
  timer = setInterval(() => show(at + 1, 1), 1100);
}
const go = k => { stop(); show(k, 1); };
$('#first').onclick = () => go(0);
$('#prev').onclick = () => go(at - 1);
$('#play').onclick = play;
$('#next').onclick = () => go(at + 1);
$('#end').onclick = () => go(last);
const slider = $('#step');
slider.max = last;
slider.oninput = () => go(+slider.value);
document.addEventListener('keydown', e => {
  if (e.target.type === 'range' || e.ctrlKey || e.metaKey || e.altKey) return;
  const k = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[e.key];
  if (k !== undefined) { e.preventDefault(); go(k); }
  else if (e.key === ' ' && e.target === document.body) { e.preventDefault(); play(); }
});
svg.setAttribute('role', 'group');
boxes.forEach((box, i) => {
  // While gradients flow, a node is where its own is complete; before that, where it is computed.
  const jump = () => { let k = i + 1; if (at >= N) D.back.forEach((b, j) => { if (b[1] === i) k = N + j + 1; }); go(k); };
  box.setAttribute('tabindex', '0'); box.setAttribute('role', 'button');
  box.onclick = jump;
  box.onkeydown = e => { if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); jump(); } };
});
if (F.length > 1) {
  const t = $('#train'), ys = F.map(f => f.loss), w = 1000, h = 100, lo = Math.min(...ys), hi = Math.max(...ys), x = i => 10 + (w - 20) * i / (F.length - 1), y = v => 8 + (h - 16) * (hi > lo ? (hi - v) / (hi - lo) : .5);
  const end = v => F[ys.indexOf(v)].value[N - 1];
  $('figcaption').textContent = `[[loss, between ${end(lo)} and ${end(hi)}]]`;
  $('.curve path').setAttribute('d', 'M' + ys.map((v, i) => `${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join('L'));
  const pick = i => {
    frame = i; t.value = i;
    const c = $('.curve .pin');
    c.setAttribute('x1', x(i)); c.setAttribute('x2', x(i));
    $('#loss').textContent = `[[training step ${i + 1} of ${F.length}, loss ${F[i].value[N - 1]}]]`;
    t.setAttribute('aria-valuetext', $('#loss').textContent);
    show(at);
  };
  t.max = F.length - 1;
  t.oninput = () => pick(+t.value);
  let run = 0;
  $('#run').onclick = () => {
    if (run) { clearInterval(run); run = 0; $('#run').setAttribute('aria-label', '[[Play training]]'); return; }
    if (frame === F.length - 1) pick(0);
    stop(); show(last); $('#run').setAttribute('aria-label', '[[Pause training]]');
    run = setInterval(() => { if (frame === F.length - 1) { clearInterval(run); run = 0; $('#run').setAttribute('aria-label', '[[Play training]]'); } else pick(frame + 1); }, 300);
  };
  pick(0);
}
show(0);
})();
