const MOST = 400, LONGEST = 4000, DEEPEST = 100;

// The expression: an own parser over an allow-list. Nothing of it is evaluated as code, and names are keys of a Map only.

class Fault extends Error {
  constructor(message, from, to) { super(message); this.from = from; this.to = to; }
}
const TOKEN = /[ \t\r]+|(\n|;)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([\p{L}_][\p{L}\p{M}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{M}\p{N}_]*)*)|(\*\*|\/\/|<=|>=|==|[-+*\/%^<>(),=])/uy;
function tokens(text) {
  if (text.length > LONGEST) throw new Fault(`[[this has ${text.length} characters; the limit is ${LONGEST}]]`, 0, text.length);
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const from = TOKEN.lastIndex, m = TOKEN.exec(text);
    if (!m) throw new Fault('[[this sign is not allowed here]]', from, from + 1);
    const kind = m[1] ? 'end' : m[2] ? 'number' : m[3] ? 'name' : m[4] ? 'sign' : '';
    if (kind) found.push({ kind, text: m[4] === '^' ? '**' : m[0].normalize('NFKC'), from, to: TOKEN.lastIndex });
  }
  found.push({ kind: 'end', text: '', from: text.length, to: text.length + 1, last: true });
  return found;
}
function nearest(word) {
  const distance = (a, b) => {
    let row = [...Array(b.length + 1).keys()];
    for (let i = 1; i <= a.length; i++) row = row.reduce((r, _, j) => (r.push(j ? Math.min(r[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] !== b[j - 1])) : i), r), []);
    return row[b.length];
  };
  const all = Object.keys(D.rows).filter(name => D.rows[name].u).map(name => [distance(word, name) + ([...word].sort().join() === [...name].sort().join() ? -0.5 : 0), name]).sort((a, b) => a[0] - b[0]);
  const meant = all[0] && all[0][0] <= (word.length < 3 ? 1 : 2) ? all[0][1] : '';
  return meant ? `[[; did you mean ${meant}?]]` : '';
}
const row = name => Object.hasOwn(D.rows, name) ? D.rows[name] : null;

// A node: the name of its row ('' of an input), its operands (nodes and numbers), and what both passes find.
function parsed(text) {
  const list = tokens(text), names = new Map(), nodes = [];
  let at = 0, depth = 0;
  const peek = sign => list[at].kind === 'sign' && list[at].text === sign;
  const take = sign => peek(sign) && list[at++];
  const need = (sign, what) => { if (!take(sign)) throw new Fault(what, list[at].from, list[at].to); };
  const make = (op, x, from) => {
    if (x.every(v => typeof v === 'number')) return value(op, x);
    if (nodes.length >= MOST) throw new Fault(`[[more than ${MOST} operations; take a part of it]]`, from, list[at].from);
    const node = { op, x, name: '', value: NaN, grad: 0 };
    nodes.push(node);
    return node;
  };
  const call = (name, given, words, from, to) => {
    const r = row(name), keys = Object.keys(r.p);
    let x = given;
    const plain = x.length - (r.n < 0 ? x.length : Math.min(r.n, x.length));
    if (r.n >= 0 && (x.length < r.n || x.length > r.n + keys.length) || r.n < 0 && !x.length) {
      const many = r.n < 0 ? '[[one operand or more]]' : r.n === 1 ? '[[one operand]]' : `[[${r.n} operands]]`;
      const more = keys.length ? `[[, and ${keys.join(', ')}]]` : '';
      throw new Fault(`[[${name}() takes ${many}${more}; this gives ${x.length}]]`, from, to);
    }
    if (r.o && x.length === r.n + keys.length) x = [...x.slice(keys.length), ...x.slice(0, keys.length)];
    const constants = x.splice(r.n < 0 ? x.length : r.n);
    keys.forEach((key, i) => {
      const v = i < plain ? constants[i] : words.has(key) ? words.get(key) : r.p[key];
      if (typeof v !== 'number') throw new Fault(`[[${key} of ${name}() is a number, not a variable]]`, from, to);
      const whole = r.w[key];
      if (whole && !(v >= whole[0] && v <= whole[1] && Number.isInteger(v))) throw new Fault(`[[${key} of ${name}() is a whole number from ${whole[0]} to ${whole[1]}]]`, from, to);
      if (key === 'index' && !(v >= 0 && v < x.length)) throw new Fault(`[[index of ${name}() is a whole number below ${x.length}]]`, from, to);
      words.delete(key);
      x.push(v);
    });
    for (const key of words.keys()) throw new Fault(`[[${name}() takes no ${key}]]`, from, to);
    if (r.v && x.length % 2) throw new Fault(`[[${name}() takes two vectors of one length, one after the other]]`, from, to);
    return make(name, x, from);
  };
  const deeper = f => {
    if (++depth > DEEPEST) throw new Fault('[[too deeply nested]]', list[at].from, list[at].to);
    const found = f();
    depth--;
    return found;
  };
  const binary = (signs, below) => () => {
    let a = below();
    while (list[at].kind === 'sign' && signs.includes(list[at].text)) {
      const sign = list[at++];
      a = make(D.signs[sign.text], [a, below()], sign.from);
    }
    return a;
  };
  const atom = () => {
    const t = list[at++];
    if (t.kind === 'number') {
      const v = Number(t.text);
      if (!isFinite(v)) throw new Fault('[[the number is too large; a double ends at about 1.8e308]]', t.from, t.to);
      return v;
    }
    if (t.kind === 'name') {
      if (!peek('(')) {
        if (Object.hasOwn(D.constants, t.text)) return D.constants[t.text];
        if (!names.has(t.text)) names.set(t.text, { op: '', x: [], name: t.text, value: NaN, grad: 0 });
        return names.get(t.text);
      }
      const r = row(t.text);
      if (!r || !r.u) throw new Fault(`[[there is no function ${t.text} here]]${nearest(t.text)}`, t.from, t.to);
      at++;
      const given = [], words = new Map();
      while (!peek(')')) {
        if (list[at].kind === 'name' && list[at + 1].kind === 'sign' && list[at + 1].text === '=') {
          const key = list[at].text;
          at += 2;
          words.set(key, deeper(expression));
        } else given.push(deeper(expression));
        if (!take(',')) break;
      }
      need(')', '[[a bracket is not closed]]');
      return call(t.text, given, words, t.from, list[at - 1].to);
    }
    if (t.text === '(') {
      const inside = deeper(expression);
      need(')', '[[a bracket is not closed]]');
      return inside;
    }
    at--;
    throw new Fault(t.last ? '[[something is missing at the end]]' : '[[a number, a name or a bracket is missing here]]', t.from, t.to);
  };
  const power = () => {
    const base = atom(), sign = take('**');
    if (!sign) return base;
    const exponent = deeper(unary);
    const constant = typeof exponent === 'number' && typeof base !== 'number';
    return make(constant ? D.signs['x**c'] : D.signs['**'], [base, exponent], sign.from);
  };
  const unary = () => {
    const sign = list[at];
    if (take('+')) return deeper(unary);
    if (!take('-')) return power();
    const x = deeper(unary);
    return typeof x === 'number' ? -x : make(D.signs['-x'], [x], sign.from);
  };
  const product = binary(['*', '/', '//', '%'], unary), sum = binary(['+', '-'], product);
  const expression = () => {
    const a = sum(), sign = list[at];
    if (sign.kind !== 'sign' || !['<', '<=', '>', '>='].includes(sign.text)) return a;
    at++;
    return make(D.signs[sign.text], [a, sum()], sign.from);
  };
  let root = null, named = '', where = list[0];
  for (;;) {
    while (list[at].kind === 'end' && !list[at].last) at++;
    if (list[at].last) break;
    where = list[at];
    named = '';
    if (list[at].kind === 'name' && list[at + 1].kind === 'sign' && list[at + 1].text === '=') {
      named = list[at].text;
      if (names.has(named)) throw new Fault(`[[${named} has a meaning already; choose another name]]`, list[at].from, list[at].to);
      if (Object.hasOwn(D.constants, named)) throw new Fault(`[[${named} is a constant; choose another name]]`, list[at].from, list[at].to);
      at += 2;
    }
    root = expression();
    if (list[at].kind !== 'end') throw new Fault('[[this is not expected here]]', list[at].from, list[at].to);
    if (named) {
      if (typeof root !== 'number' && root.op && !root.name) root.name = named;
      names.set(named, root);
    }
  }
  if (root === null) throw new Fault('[[write an expression such as tanh(w*x + b)]]', 0, 1);
  if (typeof root === 'number') throw new Fault(`[[this is the number ${root}: it has no variable to differentiate by]]`, where.from, text.length);
  // In the engine's order: operands before what they are in, the last of them first.
  const order = [], seen = new Set([root]), stack = [];
  stack.push([root, root.x.length]);
  while (stack.length) {
    const top = stack[stack.length - 1];
    if (top[1]) {
      const next = top[0].x[--top[1]];
      if (typeof next !== 'number' && !seen.has(next)) { seen.add(next); stack.push([next, next.x.length]); }
    } else { order.push(top[0]); stack.pop(); }
  }
  const taken = new Set(order.map(n => n.name));
  if (!root.name) root.name = ['f', 'y', 'out', 'result'].find(n => !taken.has(n));
  taken.add(root.name);
  let k = 0;
  order.forEach(n => { if (!n.name) { do k++; while (taken.has(`v${k}`)); n.name = `v${k}`; } });
  order.forEach((n, i) => { n.i = i; });
  return { nodes: order, root, inputs: [...names.values()].filter(n => !n.op && seen.has(n)), edges: order.slice().reverse().flatMap(n => n.x.map((p, i) => ({ node: n, parent: p, at: i })).filter(e => typeof e.parent !== 'number')) };
}

// Both passes, by the rows.

function value(op, x) {
  try { return Number(ROWS[op][0](...x)); } catch { return NaN; }
}
const operands = n => n.x.map(x => typeof x === 'number' ? x : x.value);
function forward(g) {
  for (const n of g.nodes) if (n.op) n.value = value(n.op, operands(n));
  return g.root.value;
}
function backward(g) {
  for (const n of g.nodes) {
    n.grad = 0;
    n.arrived = n === g.root;
    if (!n.op) continue;
    const count = n.x.length - Object.keys(D.rows[n.op].p).length;
    try { n.local = ROWS[n.op][1](n.value, ...operands(n)).map(Number); } catch { n.local = Array(count).fill(NaN); }
  }
  g.root.grad = 1;
  for (const e of g.edges) {
    const { node, parent } = e;
    e.local = node.local[e.at];
    e.taken = node.arrived && !(D.rows[node.op].g && e.local === 0);
    e.up = node.grad;
    e.before = parent.grad;
    e.add = e.taken ? e.local * e.up : 0;
    if (e.taken) { parent.grad = e.before + e.add; parent.arrived = true; }
    e.after = parent.grad;
  }
}

// Words and formulas.

// Of two decimals as near the even one, as Python rounds.
function tied(short, exact, digits) {
  const [whole, rest = ''] = exact.split(/[.]/), tail = rest.replace(/e.*/, '');
  return /^50*$/.test(tail.slice(digits)) && '02468'.includes(tail[digits - 1]) ? `${whole}.${tail.slice(0, digits)}${(/e.*/.exec(exact) || [''])[0]}` : short;
}
function num(x) {
  if (x !== x) return 'NaN';
  if (!isFinite(x)) return x > 0 ? 'inf' : '-inf';
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return String(x + 0);
  if (Math.abs(x) >= 5e-4 && Math.abs(x) < 1e5) return tied(x.toFixed(4), x.toFixed(60), 4);
  return tied(x.toExponential(3), x.toExponential(60), 3).replace(/e([+-])(\d)$/, 'e$10$2');
}
const shown = x => num(x).replace(/-/g, MINUS);
const short = x => Number.isInteger(x) && Math.abs(x) < 1e6 ? String(x) : String(Number(x.toPrecision(6)));
function agree(x, y) {
  if (x === y || x !== x && y !== y) return true;
  const size = Math.max(Math.abs(x), Math.abs(y));
  return isFinite(size) && Math.abs(x - y) <= size * (size >= 1e-3 ? 1e-9 : 1e-6);
}
const GREEK = new Set('alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega'.split(' '));
function texName(name) {
  const m = /^([A-Za-z]+)_?(\d*)$/.exec(name);
  if (!m) return `\\text{${name.replace(/_/g, '\\_')}}`;
  const stem = GREEK.has(m[1]) ? `\\${m[1]}` : m[1].length === 1 ? m[1] : `\\mathrm{${m[1]}}`;
  return m[2] ? `${stem}_{${m[2]}}` : stem;
}
const texNumber = x => num(x).replace(/e([+-])0?(\d+)/, (_, s, e) => ` \\times 10^{${s === '-' ? '-' : ''}${e}}`).replace(/inf/, '\\infty');
function templates(n) {
  const r = D.rows[n.op], count = n.x.length - Object.keys(r.p).length;
  const key = (r.n < 0 ? [count, ...n.x.slice(count)] : n.x.slice(count)).join();
  return Object.hasOwn(r.t, key) ? r.t[key] : r.t[''] || null;
}
// Private-use letters stand for operands, and the last for the result.
function filled(template, n, tex, numbers) {
  return template.replace(/(\d)?([\ue000-\ue01f])/g, (_, digit, c) => {
    const k = c.charCodeAt(0) - 0xe000, x = k === 31 ? n : n.x[k];
    const plain = typeof x === 'number' ? short(x) : numbers ? num(x.value) : tex ? texName(x.name) : x.name;
    const text = /^-/.test(plain) ? `(${plain})` : plain;
    return digit === undefined ? text : digit + (!tex && (text.length > 1 || /\d/.test(text)) ? '*' : '') + text;
  });
}
function formula(n, tex, numbers) {
  const t = templates(n);
  if (t) return filled(t[tex ? 1 : 0], n, tex, numbers);
  const inside = n.x.map(x => typeof x === 'number' ? short(x) : numbers ? num(x.value) : tex ? texName(x.name) : x.name).join(', ');
  return tex ? `\\operatorname{${n.op.replace(/_/g, '\\_')}}(${inside})` : `${n.op}(${inside})`;
}
// The local derivative's formula, if it gives the number at hand: a textbook's may be 0 where the slope is not.
function slope(e, tex) {
  const n = e.node, t = templates(n), text = t && t[tex ? 3 : 2][e.at], textbook = ROWS[n.op][2];
  if (!text) return '';
  if (textbook) {
    try { if (!agree(Number(textbook(n.value, ...operands(n))[e.at]), e.local)) return ''; } catch { return ''; }
  }
  return filled(text, n, tex);
}
function partial(e) {
  const twice = e.node.x.filter(x => x === e.parent).length > 1;
  return `\u2202${twice ? '\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089'[e.at + 1] || '' : ''}${e.node.name}/\u2202${e.parent.name}`;
}
function forwardText(n) {
  const computed = n.op ? [formula(n), ...(n.x.length < 9 ? [formula(n, false, true)] : [])] : [];
  return [n.name, ...computed, num(n.value)].join(' = ');
}
function localText(e) {
  const how = slope(e);
  return how && how !== num(e.local) ? `(${how} = ${num(e.local)})` : num(e.local);
}
function backwardText(e) {
  if (!e.taken) return `[[${e.parent.name}.grad is left as it is: the branch was not taken]]`;
  return `${e.parent.name}.grad += ${partial(e)} * ${e.node.name}.grad = ${localText(e)} * ${num(e.up)} = ${num(e.add)}  [${num(e.before)} -> ${num(e.after)}]`;
}

// The picture: layers by the longest way from the inputs, ordered by the mean of their neighbours.

const pen = document.createElement('canvas').getContext('2d');
function breadth(text, font) { pen.font = font; return pen.measureText(text).width; }
const FACE = "ui-sans-serif,system-ui,'Segoe UI',Roboto,Helvetica,Arial,sans-serif", BOLD = `600 14px ${FACE}`, FONT = `13px ${FACE}`;
const cut = (text, most) => text.length > most ? `${text.slice(0, most - 1)}\u2026` : text;
function layout(g, down) {
  const layer = new Map();
  for (const n of g.nodes) layer.set(n, n.op ? 1 + Math.max(...n.x.filter(x => typeof x !== 'number').map(x => layer.get(x))) : 0);
  // An input stands next to whoever needs it first.
  for (const n of g.inputs) layer.set(n, Math.min(...g.edges.filter(e => e.parent === n).map(e => layer.get(e.node))) - 1 || 0);
  const cells = [], links = [];
  const place = cell => { (cells[cell.layer] ||= []).push(cell); return cell; };
  const box = new Map(g.nodes.map(n => [n, place({ n, layer: layer.get(n), up: [], down: [] })]));
  for (const e of g.edges) {
    let from = box.get(e.parent);
    const to = box.get(e.node), chain = [from];
    for (let k = from.layer + 1; k < to.layer; k++) chain.push(place({ layer: k, up: [], down: [] }));
    chain.push(to);
    for (let k = 1; k < chain.length; k++) { chain[k - 1].down.push(chain[k]); chain[k].up.push(chain[k - 1]); }
    links.push({ e, chain });
  }
  for (const c of cells) c.forEach((x, i) => { x.order = i; });
  const crossings = () => {
    let found = 0;
    for (const c of cells) {
      const pairs = c.flatMap(a => a.down.map(b => [a.order, b.order]));
      for (let i = 0; i < pairs.length; i++) for (let j = 0; j < i; j++) if ((pairs[i][0] - pairs[j][0]) * (pairs[i][1] - pairs[j][1]) < 0) found++;
    }
    return found;
  };
  let best = crossings(), kept = cells.map(c => c.slice());
  for (let sweep = 0; sweep < 12 && best; sweep++) {
    const side = sweep % 2 ? 'down' : 'up';
    for (const c of sweep % 2 ? cells.slice().reverse() : cells) {
      const mean = x => x[side].length ? x[side].reduce((a, b) => a + b.order, 0) / x[side].length : x.order;
      c.sort((a, b) => mean(a) - mean(b) || a.order - b.order).forEach((x, i) => { x.order = i; });
    }
    const now = crossings();
    if (now < best) { best = now; kept = cells.map(c => c.slice()); }
  }
  kept.forEach((c, k) => { cells[k] = c; c.forEach((x, i) => { x.order = i; }); });
  for (const [n, c] of box) {
    c.title = n.op ? `${n.name} = ${formula(n)}` : n.name;
    if (c.title.length > 24) c.title = n.op ? cut(`${n.name} = ${/\p{L}/u.test(D.rows[n.op].s) ? D.rows[n.op].s : n.op}`, 24) : cut(n.name, 24);
    c.w = Math.max(104, breadth(c.title, BOLD) + 24);
    c.h = 68;
  }
  // Across: each as near to its neighbours as those beside it allow.
  const size = x => x.n ? (down ? x.w : x.h) : 8, gap = down ? 22 : 18;
  for (const c of cells) { let at = 0; for (const x of c) { x.c = at + size(x) / 2; at += size(x) + gap; } }
  for (let sweep = 0; sweep < 24; sweep++) {
    for (const c of sweep % 2 ? cells.slice().reverse() : cells) {
      const wish = x => { const near = sweep % 3 === 2 ? [...x.up, ...x.down] : sweep % 2 ? x.down : x.up; return near.length ? near.reduce((a, b) => a + b.c, 0) / near.length : x.c; };
      const wishes = c.map(wish);
      // Blocks that touch move together to the mean of their wishes.
      const blocks = [];
      c.forEach((x, i) => {
        let b = { first: i, offset: [0], sum: wishes[i], count: 1, length: 0 };
        blocks.push(b);
        for (;;) {
          const a = blocks[blocks.length - 2];
          b = blocks[blocks.length - 1];
          if (!a) break;
          const lastOfA = c[a.first + a.offset.length - 1], firstOfB = c[b.first];
          const room = (size(lastOfA) + size(firstOfB)) / 2 + gap, end = a.sum / a.count + a.offset[a.offset.length - 1];
          if (b.sum / b.count >= end + room) break;
          const shift = a.offset[a.offset.length - 1] + room;
          a.sum += b.sum - shift * b.count;
          a.count += b.count;
          a.offset.push(...b.offset.map(o => o + shift));
          blocks.pop();
        }
      });
      for (const b of blocks) b.offset.forEach((o, k) => { c[b.first + k].c = b.sum / b.count + o; });
    }
  }
  const all = cells.flat(), low = Math.min(...all.map(x => x.c - size(x) / 2));
  let along = 0;
  for (const c of cells) {
    const deep = Math.max(0, ...c.map(x => x.n ? (down ? x.h : x.w) : 0));
    for (const x of c) { x.a = along + deep / 2; x.c -= low; x.deep = deep; }
    along += deep + (down ? 46 : 74);
  }
  const wide = Math.max(...all.map(x => x.c + size(x) / 2)), long = along - (down ? 46 : 74);
  const pad = 10, at = (a, c) => down ? [c + pad, a + pad] : [a + pad, c + pad];
  for (const x of all) [x.x, x.y] = at(x.a, x.c);
  for (const l of links) {
    const from = l.chain[0], to = l.chain[l.chain.length - 1], half = x => (down ? x.h : x.w) / 2;
    const ins = links.filter(k => k.chain[k.chain.length - 1] === to), outs = links.filter(k => k.chain[0] === from);
    const spread = (x, list, key) => { const order = list.slice().sort((p, q) => key(p).c - key(q).c || p.e.at - q.e.at), s = Math.min(16, (size(x) - 16) / list.length); return x.c + (order.indexOf(l) - (list.length - 1) / 2) * s; };
    const start = at(from.a + half(from), spread(from, outs, k => k.chain[1])), end = at(to.a - half(to), spread(to, ins, k => k.chain[k.chain.length - 2]));
    const points = [start, ...l.chain.slice(1, -1).flatMap(x => [at(x.a - x.deep / 2, x.c), at(x.a + x.deep / 2, x.c)]), end];
    let d = `M${points[0].map(Math.round)}`;
    for (let k = 1; k < points.length; k++) {
      const [p, q] = [points[k - 1], points[k]], m = down ? (q[1] - p[1]) / 2 : (q[0] - p[0]) / 2;
      d += k % 2 ? `C${(down ? [p[0], p[1] + m, q[0], q[1] - m, q[0], q[1]] : [p[0] + m, p[1], q[0] - m, q[1], q[0], q[1]]).map(v => v.toFixed(1))}` : `L${q.map(v => v.toFixed(1))}`;
    }
    const [u, v] = points.slice(-2), t = 0.6;
    Object.assign(l, { d, start, end, label: [u[0] + (v[0] - u[0]) * t, u[1] + (v[1] - u[1]) * t] });
  }
  return { boxes: g.nodes.map(n => box.get(n)), links, width: (down ? wide : long) + 2 * pad, height: (down ? long : wide) + 2 * pad };
}
function html(tag, properties, parent, ...inside) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...inside);
  if (parent) parent.append(made);
  return made;
}
let G = null, P = null, at = 0, last = 0, timer = 0, down = false;
function draw() {
  down = $('stage').clientWidth < 560;
  const l = layout(G, down);
  const svg = element('svg', { viewBox: `0 0 ${Math.ceil(l.width)} ${Math.ceil(l.height)}`, width: Math.ceil(l.width), height: Math.ceil(l.height), role: 'img', class: 'live' });
  element('style', {}, svg, D.style);
  P = { svg, boxes: [], wires: [] };
  const dense = G.edges.length > 24;
  for (const k of l.links) {
    const g = element('g', { class: 'edge' }, svg);
    element('path', { class: 'wire', d: k.d }, g);
    const tip = ([x, y], turn) => element('path', { class: turn ? 'tip back' : 'tip', d: down ? `M${x},${y}l-5,${turn ? 9 : -9}h10z` : `M${x},${y}l${turn ? 9 : -9},-5v10z` }, g);
    tip(k.end, false);
    tip(k.start, true);
    P.wires[G.edges.indexOf(k.e)] = { g, label: element('text', { class: dense ? 'local dense' : 'local', x: k.label[0], y: k.label[1] - 5, 'text-anchor': 'middle' }, g) };
  }
  for (const b of l.boxes) {
    const g = element('g', { class: `node${b.n.op ? '' : ' leaf'}`, transform: `translate(${(b.x - b.w / 2).toFixed(1)},${(b.y - b.h / 2).toFixed(1)})` }, svg);
    element('rect', { class: 'card', width: b.w, height: b.h, rx: 7 }, g);
    element('path', { class: 'head', d: `M.8,24.5V7.5a6.7,6.7 0 0 1 6.7,-6.7h${b.w - 15}a6.7,6.7 0 0 1 6.7,6.7v17z` }, g);
    element('text', { class: 'title', x: b.w / 2, y: 17, 'text-anchor': 'middle' }, g, b.title);
    const band = element('path', { class: 'band', d: `M.8,46.5h${b.w - 1.6}v14a6.7,6.7 0 0 1 -6.7,6.7h-${b.w - 15}a6.7,6.7 0 0 1 -6.7,-6.7z` }, g);
    const value = element('text', { x: b.w / 2, y: 40, 'text-anchor': 'middle' }, g), grad = element('text', { x: b.w / 2, y: 61, 'text-anchor': 'middle' }, g);
    P.boxes.push({ g, band, value, grad });
    g.addEventListener('click', () => { let k = b.n.i + 1; if (at >= G.nodes.length) G.edges.forEach((e, j) => { if (e.parent === b.n) k = G.nodes.length + j + 1; }); go(k); });
  }
  // A large picture shrinks to the window before it scrolls, as long as it can be read.
  svg.style.cssText = `width:max(${Math.ceil(0.75 * l.width)}px,min(100%,${Math.ceil(l.width)}px));height:auto`;
  $('stage').replaceChildren(svg);
  const list = (id, all, offset) => $(id).replaceChildren(...all.map((_, i) => html('li', {}, null, html('button', { type: 'button', onclick: () => go(offset + i + 1) }))));
  list('forward', G.nodes, 0);
  list('backward', G.edges, G.nodes.length);
  last = G.nodes.length + G.edges.length;
  $('step').max = last;
}
function tone(g, scale) {
  if (!isFinite(g)) return 'nan';
  return g === 0 ? 'zero' : (g > 0 ? 'p' : 'n') + Math.min(4, Math.max(1, Math.ceil(4 * Math.sqrt(Math.abs(g) / scale) - 1e-9)));
}
// The input whose derivative has coloured factors: the first one until another is chosen, or none.
let chosen = null;
// Which factor each edge on the paths there is, in the order in which the derivation names them; up to four paths.
function factors() {
  const to = chosenNow(), order = new Map();
  const leads = new Set([to]), ways = new Map().set(G.root, 1), out = new Map(G.nodes.map(n => [n, []]));
  if (!to) return order;
  for (const e of G.edges.slice().reverse()) if (e.taken && leads.has(e.parent)) leads.add(e.node);
  for (const e of G.edges) if (e.taken && leads.has(e.parent)) {
    out.get(e.node).push(e);
    ways.set(e.parent, (ways.get(e.parent) || 0) + (ways.get(e.node) || 0));
  }
  const walk = (n, path) => {
    if (n === to) for (const e of path) { if (!order.has(e)) order.set(e, order.size); }
    else for (const e of out.get(n)) walk(e.parent, [...path, e]);
  };
  if (leads.has(G.root) && ways.get(to) <= D.paths) walk(G.root, []);
  return order;
}
const painted = k => k === undefined ? '' : ` f${k % D.factors}`;
// What was there and what became of it stay on one line; a factor has its colour.
function lined(to, text, e, k) {
  const key = `${text}${painted(k)}`;
  if (to.told === key) return;
  to.told = key;
  const end = text.indexOf('  [') + 2, parts = end > 1 ? [text.slice(0, end), html('span', { textContent: text.slice(end) })] : [text];
  const part = k === undefined ? '' : localText(e), from = part ? parts[0].indexOf(` = ${part} * `) + 3 : 0;
  if (from > 2) parts.splice(0, 1, parts[0].slice(0, from), html('em', { className: painted(k).trim(), textContent: part }), parts[0].slice(from + part.length));
  to.replaceChildren(...parts);
}
function results(told) {
  const list = $('results');
  if (list.childElementCount !== G.inputs.length) list.replaceChildren(...G.inputs.map((_, i) => html('li', {}, null, html('button', { type: 'button', title: '[[Colour the factors of this derivative]]', onclick: () => { chosen = chosenNow() === G.inputs[i] ? '' : G.inputs[i].name; show(at); } }))));
  [...list.querySelectorAll('button')].forEach((b, i) => {
    const n = G.inputs[i];
    b.textContent = `d${G.root.name}/d${n.name} = ${told ? num(n.grad) : '?'}`;
    b.setAttribute('aria-pressed', String(n === chosenNow()));
  });
}
const chosenNow = () => chosen === null ? G.inputs[0] : G.inputs.find(n => n.name === chosen);
// In the quiz what has not been asked yet is not told.
const hidden = () => quiz.on && at < last;
function show(k, move) {
  const N = G.nodes.length, back = k > N;
  at = Math.max(0, Math.min(last, k));
  const grads = G.nodes.map(() => 0);
  if (at >= N) grads[G.root.i] = 1;
  for (let i = 0; i < at - N; i++) grads[G.edges[i].parent.i] = G.edges[i].after;
  const scale = Math.max(...G.nodes.map(n => isFinite(n.grad) ? Math.abs(n.grad) : 0)) || 1;
  const now = back ? G.edges[at - N - 1] : null, order = factors();
  G.nodes.forEach((n, i) => {
    const b = P.boxes[i], done = i < at;
    b.g.classList.toggle('later', !done);
    b.g.classList.toggle('now', now ? n === now.parent || n === now.node : at > 0 && i === at - 1);
    b.value.textContent = done ? shown(n.value) : '';
    b.grad.textContent = at >= N ? `\u2202 ${shown(grads[i])}` : '';
    b.band.setAttribute('class', `band t-${at >= N ? tone(grads[i], scale) : 'none'}`);
  });
  G.edges.forEach((e, i) => {
    const w = P.wires[i], ran = at - N > i;
    w.g.setAttribute('class', `edge${e.node.i >= at ? ' later' : ''}${ran && e.taken ? ' back' : ''}${e === now || !back && at > 0 && e.node.i === at - 1 ? ' now' : ''}${ran && !e.taken ? ' cut' : ''}${painted(order.get(e))}`);
    w.label.textContent = ran ? (e.taken ? shown(e.local) : '0') : '';
  });
  const buttons = (id, offset) => [...$(id).querySelectorAll('button')].forEach((b, i) => {
    b.className = offset + i + 1 === at ? 'now' : offset + i < at ? '' : 'later';
    const hidden = quiz.on && offset + i >= at && offset === N;
    const e = offset ? G.edges[i] : null;
    const text = hidden ? `${e.parent.name}.grad += ${partial(e)} * ${e.node.name}.grad = ?` : e ? backwardText(e) : forwardText(G.nodes[i]);
    lined(b, text, e, hidden ? undefined : order.get(e));
    if (offset + i + 1 === at) b.setAttribute('aria-current', 'step'); else b.removeAttribute('aria-current');
  });
  buttons('forward', 0);
  buttons('backward', N);
  const phase = at === 0 ? '[[Start]]' : back ? `[[Backward ${at - N} of ${last - N}]]` : `[[Forward ${at} of ${N}]]`;
  const text = at === 0 ? '[[Press play, or step forward.]]' : now ? backwardText(now) : forwardText(G.nodes[at - 1]) + (at === N ? `;\x20 ${G.root.name}.grad = 1` : '');
  if ($('phase').textContent !== phase) $('phase').textContent = phase;
  lined($('text'), text, now, order.get(now));
  P.svg.setAttribute('aria-label', `[[Graph of ${G.nodes.length} nodes for ${G.root.name}. ${phase}: ${text}]]`);
  $('step').value = at;
  $('step').setAttribute('aria-valuetext', `${phase}: ${text}`);
  const off = { first: at === 0, prev: at === 0, next: at === last, last: at === last };
  for (const id of Object.keys(off)) {
    // A button that can do nothing gives the focus back at once, not with the next frame: Space plays then.
    if (off[id]) $(id).blur();
    $(id).disabled = off[id];
  }
  if (at === last) stop();
  if (move && at > 0) {
    const b = P.boxes[now ? now.parent.i : at - 1].g.getBoundingClientRect(), s = $('stage').getBoundingClientRect();
    if (b.left < s.left || b.right > s.right || b.top < s.top || b.bottom > s.bottom) $('stage').scrollBy({ left: b.left + b.width / 2 - s.left - s.width / 2, top: b.top + b.height / 2 - s.top - s.height / 2, behavior: still.matches ? 'auto' : 'smooth' });
  }
  const told = !hidden();
  results(told);
  for (const c of controls.values()) {
    c.slope.textContent = told ? `[[slope ${shown(c.n.grad)}]]` : '[[slope ?]]';
    if (c.told !== told) { c.told = told; plot(c); }
  }
}

// Inputs: a slider, a number and the plot of f along it.

const controls = new Map(), values = new Map();
const reach = v => isFinite(v) ? Math.max(2, Math.abs(v) * 2) : 2;
function inputs() {
  $('inputs').replaceChildren();
  controls.clear();
  for (const n of G.inputs) {
    if (!values.has(n.name)) values.set(n.name, 0.5);
    const v = values.get(n.name), id = `in${n.i}`, r = reach(v);
    const c = { n, low: v - r, high: v + r };
    c.number = html('input', { type: 'number', step: 'any', id, value: short(v) });
    c.slider = html('input', { type: 'range', min: c.low, max: c.high, step: 'any', value: v, ariaLabel: `[[${n.name}, slider]]` });
    c.slope = html('span', {});
    c.plot = element('svg', { class: 'plot', role: 'img', 'aria-label': `[[${G.root.name} along ${n.name}]]` });
    c.title = html('span', {}, null, `[[${G.root.name} along ${n.name}]]`);
    html('div', { className: 'input' }, $('inputs'), html('div', { className: n.name.length > 5 ? 'row long' : 'row' }, null, html('label', { htmlFor: id, textContent: n.name }), c.slider, c.number), c.plot, html('div', { className: 'slope' }, null, c.title, c.slope));
    c.slider.oninput = () => set(n.name, Number(c.slider.value), c.slider);
    c.number.oninput = () => { if (c.number.value !== '' && isFinite(Number(c.number.value))) set(n.name, Number(c.number.value), c.number); };
    controls.set(n.name, c);
  }
}
function set(name, v, from) {
  const c = controls.get(name);
  v = Number(v.toPrecision(4)) || 0;
  values.set(name, v);
  if (from !== c.slider) {
    if (v < c.low || v > c.high) { c.low = v - reach(v); c.high = v + reach(v); c.slider.min = c.low; c.slider.max = c.high; }
    c.slider.value = v;
  }
  if (from !== c.number) c.number.value = String(v);
  if (quiz.on) quiz.clear();
  later();
}
let waiting = false;
function later() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; compute(); show(at); });
}
function compute() {
  for (const n of G.inputs) n.value = values.get(n.name);
  // The curves first, since they leave the graph at other numbers.
  for (const [name, c] of controls) {
    const v = values.get(name), points = [];
    for (let i = 0; i <= 120; i++) { c.n.value = c.low + (c.high - c.low) * i / 120; points.push([c.n.value, forward(G)]); }
    c.n.value = v;
    c.points = points;
  }
  forward(G);
  backward(G);
  for (const c of controls.values()) plot(c);
  remember();
}
function plot(c) {
  const W = 300, H = 96, y0 = G.root.value, ys = [...c.points.map(p => p[1]), y0].filter(isFinite).sort((a, b) => a - b);
  c.plot.setAttribute('viewBox', `0 0 ${W} ${H}`);
  c.plot.setAttribute('preserveAspectRatio', 'none');
  c.plot.replaceChildren();
  if (!ys.length) return;
  let low = ys[Math.floor(ys.length * 0.02)], high = ys[Math.ceil(ys.length * 0.98) - 1];
  if (isFinite(y0)) { low = Math.min(low, y0); high = Math.max(high, y0); }
  if (high - low < 1e-12 * Math.max(1, Math.abs(high))) { low -= 1; high += 1; }
  const X = x => W * (x - c.low) / (c.high - c.low), Y = y => H - 8 - (H - 16) * (y - low) / (high - low);
  const inside = y => Math.max(-H, Math.min(2 * H, y));
  if (low < 0 && high > 0) element('path', { class: 'zero', d: `M0,${Y(0)}H${W}` }, c.plot);
  if (c.low < 0 && c.high > 0) element('path', { class: 'zero', d: `M${X(0)},0V${H}` }, c.plot);
  let d = '', pen = false, before = 0;
  for (const [x, y] of c.points) {
    const jump = pen && Math.abs(y - before) > 3 * (high - low);
    if (isFinite(y)) d += `${pen && !jump ? 'L' : 'M'}${X(x).toFixed(1)},${inside(Y(y)).toFixed(1)}`;
    pen = isFinite(y);
    before = y;
  }
  element('path', { d }, c.plot);
  const x0 = c.n.value, s = c.n.grad;
  if (isFinite(y0) && isFinite(s) && !hidden()) {
    const r = (c.high - c.low) / 5;
    element('path', { class: 'tangent', d: `M${X(x0 - r)},${Y(y0 - s * r)}L${X(x0 + r)},${Y(y0 + s * r)}` }, c.plot);
  }
  if (isFinite(y0)) element('ellipse', { class: 'at', cx: X(x0), cy: Y(y0), rx: 4.5 * W / (c.plot.clientWidth || W), ry: 4.5 }, c.plot);
  c.plot.setAttribute('aria-label', `[[${G.root.name} along ${c.n.name}: ${num(y0)} at ${num(x0)}]]${hidden() ? '' : `[[, slope ${num(s)}]]`}`);
}

// Quiz: the wrong answers are what engines with one fault would say.

const quiz = {
  on: false, asked: -1, done: false, right: 0, all: 0,
  choices(k) {
    const e = G.edges[k], right = num(e.after), found = [{ text: right, right: true, why: `[[${num(e.before)} was there, and ${num(e.local)} * ${num(e.up)} comes to it.]]` }];
    const others = e.node.local.filter((_, i) => i !== e.at), own = operands(e.node)[e.at];
    const add = (x, why) => { if (found.length < 4 && !found.some(f => f.text === num(x))) found.push({ text: num(x), why }); };
    if (!e.taken) add(e.before + e.up, '[[The gradient went through a branch that was not taken: there the local derivative is 0.]]');
    if (e.before !== 0) add(e.add, `[[Overwritten: what had arrived before, ${num(e.before)}, was lost. Gradients of several paths add up.]]`);
    for (const d of others) add(e.before + d * e.up, `[[Swapped: ${num(d)} is the local derivative with respect to another operand.]]`);
    add(e.before + e.local, `[[The chain was forgotten: the local derivative, ${num(e.local)}, was not multiplied by ${e.node.name}.grad = ${num(e.up)}.]]`);
    add(e.before - e.add, '[[A sign was lost: this goes the other way.]]');
    add(e.before + e.up, `[[The local derivative was forgotten: ${e.node.name}.grad was handed on as it is.]]`);
    add(e.before + e.local + e.up, '[[The chain rule multiplies the local derivative and the gradient; here they were added.]]');
    add(e.before + own * e.up, `[[The operand, ${num(own)}, was taken for the local derivative.]]`);
    add(e.before + e.node.value * e.up, `[[The result, ${num(e.node.value)}, was taken for the local derivative.]]`);
    add(e.after + e.add, '[[Counted twice: this path hands its share on once.]]');
    for (const x of [1, 0, 2, -1]) add(x, x === 1 ? '[[Only the output begins with 1; any other node is given its gradient.]]' : x === 0 ? '[[Nothing arrived: but this node does act on the output.]]' : '[[No rule gives this number: multiply the local derivative by the gradient from above, and add it.]]');
    return found;
  },
  ask(k) {
    this.clear();
    this.asked = k;
    const e = G.edges[k], list = this.choices(k);
    for (let i = list.length - 1; i > 0; i--) { const j = Math.floor(Math.random() * (i + 1)); [list[i], list[j]] = [list[j], list[i]]; }
    $('question').textContent = `[[What will ${e.parent.name}.grad become, after ${e.node.name} = ${formula(e.node)} has handed on its share?]]`;
    $('answers').replaceChildren(...list.map((c, i) => html('button', { type: 'button', onclick: () => this.answer(c, list), ariaLabel: `${i + 1}: ${c.text}` }, null, c.text.replace(/-/g, MINUS))));
    $('verdict').textContent = '';
    this.count();
    $('ask').hidden = false;
    const w = P.wires[k].g, name = 'asked';
    P.svg.querySelectorAll('.asked').forEach(x => x.classList.remove(name));
    w.classList.add(name);
    P.boxes[e.parent.i].g.classList.add(name);
  },
  answer(c, list) {
    if (this.done) return;
    this.done = true;
    this.all++;
    if (c.right) this.right++;
    const buttons = [...$('answers').children], k = this.asked;
    buttons.forEach((b, i) => { b.disabled = true; b.className = list[i].right ? 'right' : list[i] === c ? 'wrong' : ''; });
    this.count();
    show(G.nodes.length + k + 1, true);
    $('verdict').textContent = c.right ? `[[Right. ${c.why}]]` : `[[Not quite. ${c.why} It becomes ${list.find(x => x.right).text}.]]`;
    $('next').focus({ preventScroll: true });
    this.reveal();
  },
  reveal() { $('ask').scrollIntoView({ block: 'nearest' }); },
  count() { $('score').textContent = this.all ? `[[${this.right} of ${this.all} right]]` : '[[Predict, then see.]]'; },
  clear() { this.asked = -1; this.done = false; $('ask').hidden = true; if (P) P.svg.querySelectorAll('.asked').forEach(x => x.classList.remove('asked')); },
  toggle() {
    this.on = !this.on;
    $('quiz').setAttribute('aria-pressed', this.on);
    this.clear();
    this.right = this.all = 0;
    stop();
    if (this.on) { show(G.nodes.length, true); this.ask(0); this.reveal(); } else show(last);
  },
};

// Steps, keys, and what is copied.

function stop() {
  clearInterval(timer);
  timer = 0;
  $('play').setAttribute('aria-label', '[[Play]]');
  $('play').firstElementChild.firstElementChild.setAttribute('d', 'M6 4l14 8-14 8z');
}
function play() {
  if (timer) return stop();
  if (quiz.on) return go(at + 1);
  if (at === last) show(0, true);
  $('play').setAttribute('aria-label', '[[Pause]]');
  $('play').firstElementChild.firstElementChild.setAttribute('d', 'M6 4h4v16H6zM14 4h4v16h-4z');
  timer = setInterval(() => show(at + 1, true), Number($('speed').value));
}
function go(k) {
  stop();
  k = Math.max(0, Math.min(last, k));
  const j = k - G.nodes.length - 1;
  if (!quiz.on || j < 0) { quiz.clear(); return show(k, true); }
  if (quiz.asked === j && !quiz.done) return $('answers').firstElementChild.focus();
  show(k - 1, true);
  quiz.ask(j);
  quiz.reveal();
}
const fragment = () => `#${[`e=${encodeURIComponent($('source').value)}`, ...G.inputs.map(n => `${encodeURIComponent(n.name)}=${values.get(n.name)}`)].join('&')}`;
let remembered = 0;
function remember() {
  clearTimeout(remembered);
  // Not in a notebook's frame, which has no address of its own.
  if (/^(file|https?):$/.test(location.protocol)) remembered = setTimeout(() => { try { history.replaceState(null, '', fragment()); } catch { $('told').textContent = ''; } }, 250);
}
function recalled() {
  const pairs = location.hash.slice(1).split('&').map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  if (pairs[0][0] !== 'e') return null;
  try { return pairs.map(pair => pair.map(decodeURIComponent)); } catch { return null; }
}
function latex() {
  const lines = G.nodes.filter(n => n.op).map(n => `${texName(n.name)} &= ${formula(n, true)} = ${texNumber(n.value)}`);
  const factor = e => { const text = slope(e, true) || texNumber(e.local); return /[-+]/.test(text) ? `(${text})` : text; };
  const bar = n => `\\bar{${texName(n.name)}}`;
  lines.push(`${bar(G.root)} &= 1`);
  for (const e of G.edges) if (e.taken) lines.push(`${bar(e.parent)} &\\mathrel{+}= ${factor(e)} \\cdot ${bar(e.node)} = ${texNumber(e.local)} \\cdot ${texNumber(e.up)} = ${texNumber(e.add)}`);
  for (const n of G.inputs) lines.push(`\\frac{\\mathrm{d}${texName(G.root.name)}}{\\mathrm{d}${texName(n.name)}} &= ${texNumber(n.grad)}`);
  return `\\begin{aligned}\n${lines.join(' \\\\\n')}\n\\end{aligned}`;
}
function copied(what) {
  if (what === 'latex') return latex();
  if (what === 'svg') { const s = P.svg.cloneNode(true); s.setAttribute('xmlns', SVG); return new XMLSerializer().serializeToString(s); }
  return /^(file|https?):$/.test(location.protocol) ? location.href.replace(/#.*$/, '') + fragment() : fragment();
}
function tell(text) {
  $('told').textContent = text;
  $('told').classList.add('on');
  setTimeout(() => $('told').classList.remove('on'), 1800);
}
async function copy(what) {
  const text = copied(what);
  $('copy').open = false;
  try { await navigator.clipboard.writeText(text); } catch {
    const area = html('textarea', { value: text }, document.body);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    if (!done) return tell('[[The browser does not let this page copy]]');
  }
  const form = { svg: 'SVG', latex: 'LaTeX', link: '[[a link]]' }[what];
  tell(`[[Copied as ${form}]]`);
}
function read(keep) {
  const text = $('source').value, area = $('source');
  area.style.height = '';
  area.style.height = `${Math.min(area.scrollHeight + 3, innerHeight / 2)}px`;
  let made;
  try { made = parsed(text); } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    area.setAttribute('aria-invalid', 'true');
    const start = text.lastIndexOf('\n', fault.from - 1) + 1, end = (text.indexOf('\n', start) + 1 || text.length + 1) - 1;
    const left = Math.max(start, Math.min(fault.from - 24, end - 60)), right = Math.min(end, left + 72);
    $('fault').textContent = `${fault.message}\n${text.slice(left, right)}\n${' '.repeat(fault.from - left)}${'^'.repeat(Math.max(1, Math.min(fault.to, right) - fault.from))}`;
    $('fault').hidden = false;
    return false;
  }
  area.removeAttribute('aria-invalid');
  $('form').className = /=|\n/.test(text.replace(/[<>]=|==/g, '')) ? 'lines' : '';
  $('fault').hidden = true;
  stop();
  G = made;
  quiz.clear();
  draw();
  inputs();
  compute();
  show(keep ? Math.min(keep, last) : quiz.on ? G.nodes.length : last);
  if (quiz.on && G.edges.length) quiz.ask(0);
  return true;
}
$('source').oninput = () => read();
$('form').onsubmit = e => e.preventDefault();
$('first').onclick = () => go(0);
$('prev').onclick = () => { if (quiz.on) { quiz.clear(); stop(); show(at - 1, true); } else go(at - 1); };
$('play').onclick = play;
$('next').onclick = () => go(at + 1);
$('last').onclick = () => { quiz.clear(); stop(); show(last, true); };
$('step').oninput = () => { quiz.clear(); stop(); show(Number($('step').value), true); };
$('speed').onchange = () => { if (timer) { stop(); play(); } };
$('quiz').onclick = () => quiz.toggle();
$('keys').onclick = () => $('help').showModal();
document.querySelectorAll('[data-copy]').forEach(b => { b.onclick = () => copy(b.dataset.copy); });
$('known').textContent = Object.keys(D.rows).filter(name => D.rows[name].u && !/^(?:[-+*\/%<>=]|\/\/)/.test(D.rows[name].s)).sort().join(', ');
document.addEventListener('keydown', e => {
  if (e.ctrlKey || e.metaKey || e.altKey || $('help').open) return;
  if (/^(TEXTAREA|SELECT)$/.test(e.target.tagName) || e.target.tagName === 'INPUT') return;
  const steps = { ArrowRight: () => go(at + 1), ArrowLeft: () => $('prev').click(), Home: () => go(0), End: () => $('last').click(), q: () => quiz.toggle(), e: () => $('source').focus(), '?': () => $('help').showModal() };
  const answer = quiz.on && !$('ask').hidden && $('answers').children[Number(e.key) - 1];
  if (answer) answer.click();
  else if (Object.hasOwn(steps, e.key)) { e.preventDefault(); steps[e.key](); }
  else if (e.key === ' ' && e.target.tagName !== 'BUTTON' && e.target.tagName !== 'SUMMARY') { e.preventDefault(); play(); }
});
addEventListener('resize', () => { if (G && ($('stage').clientWidth < 560) !== down) { draw(); show(at); } });
function start() {
  const found = recalled();
  $('source').value = D.source;
  Object.entries(D.at).forEach(([name, v]) => values.set(name, v));
  if (found) {
    // The first pair is the expression, whatever the inputs are called.
    $('source').value = found[0][1];
    for (const [name, text] of found.slice(1)) if (text !== '' && isFinite(Number(text))) values.set(name, Number(text));
  }
  if (!read()) {
    const wrong = $('source').value;
    $('source').value = D.source;
    if (wrong !== D.source && read()) { $('source').value = wrong; read(); }
  }
}
addEventListener('hashchange', start);
// In a notebook's frame: say how high the page is, now and whenever that changes.
addEventListener('message', e => {
  if (parent === window || e.source !== parent || e.data !== 'height') return;
  new ResizeObserver(() => parent.postMessage(Math.ceil(document.body.offsetHeight) + 1, '*')).observe(document.body);
});
start();
