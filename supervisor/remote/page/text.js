// Text of strangers made readable: a small Markdown and terminal colours.
// Builds text nodes in a fixed list of elements; time grows linearly with the text.

import { h } from './dom.js';
import { escape, plain, reordering, settled, without_escapes } from './marks.js';

const prose_text = (text) => plain(text, reordering);

// --- terminal

const most_colours = 1000;

function style_after(style, codes) {
  let { bold, colour } = style;
  for (const code of (codes || '0').split(';').map(Number)) {
    if (code === 0) [bold, colour] = [false, null];
    else if (code === 1) bold = true;
    else if (code === 22) bold = false;
    else if (code === 39) colour = null;
    else if (code === 38 || code === 48) break;
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) colour = code % 10;
  }
  return { bold, colour };
}

export function terminal(text) {
  const made = document.createDocumentFragment();
  let style = { bold: false, colour: null };
  let at = 0;
  let colours = 0;
  const add = (part) => {
    const shown = plain(settled(part));
    if (!part) return;
    if (!style.bold && style.colour === null) return made.append(shown);
    made.append(h('span', { class: `${style.bold ? 'bold ' : ''}${style.colour === null ? '' : `sgr${style.colour}`}` }, shown));
  };
  for (const found of text.matchAll(escape)) {
    if (found[2] !== 'm' || ++colours > most_colours) continue;
    add(text.slice(at, found.index).replace(escape, ''));
    at = found.index + found[0].length;
    style = style_after(style, found[1]);
  }
  add(text.slice(at).replace(escape, ''));
  return made;
}

// --- links

function link(address, label) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  const bare = !label && !url.username && address.toLowerCase().startsWith(`${url.protocol}//${url.host}`);
  const made = h('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer' });
  made.append(label ?? plain(address));
  // The label is a stranger's word; the host is where the tap really goes.
  if (!bare) made.append(h('span', { class: 'host' }, url.host));
  return made;
}

// --- Markdown inside a line

const most_spans = 2000;

function inline(text, into) {
  const found_at = new Map();
  // Where the next such sign is; nothing is searched twice, so the time stays linear.
  const find = (sign, from) => {
    if (!(found_at.get(sign) >= from)) found_at.set(sign, text.indexOf(sign, from) >>> 0);
    return found_at.get(sign) | 0;
  };
  const special = /[`*_[\\]|https?:\/\//g;
  let at = 0;
  let spans = 0;
  const upto = (end) => { if (end > at) into.append(prose_text(text.slice(at, end))); };
  for (let found = special.exec(text); found; found = special.exec(text)) {
    const part = span(text, found.index, found[0], find);
    if (!part) continue;
    if (++spans > most_spans) break;
    upto(found.index);
    into.append(part.made);
    at = special.lastIndex = part.end;
  }
  upto(text.length);
  return into;
}

function span(text, at, sign, find) {
  if (sign === '\\') return /[!-/:-@[-`{-~]/.test(text[at + 1] ?? '') ? { made: text[at + 1], end: at + 2 } : null;
  if (sign === '`') return code_span(text, at, find);
  if (sign === '[') return link_span(text, at, find);
  if (sign.startsWith('http')) return bare_link(text, at);
  return emphasis(text, at, sign, find);
}

function code_span(text, at, find) {
  const fence = /^`+/.exec(text.slice(at, at + 8))[0];
  const end = find(fence, at + fence.length);
  if (end < 0) return null;
  return { made: h('code', {}, plain(text.slice(at + fence.length, end))), end: end + fence.length };
}

function link_span(text, at, find) {
  const middle = find('](', at + 1);
  const end = middle < 0 ? -1 : find(')', middle + 2);
  if (end < 0 || end - at > 4000 || text.slice(at + 1, middle).includes('[')) return null;
  const made = link(text.slice(middle + 2, end).split(' ')[0], inline_short(text.slice(at + 1, middle)));
  return made && { made, end: end + 1 };
}

const inline_short = (text) => plain(text.replace(/[`*]/g, ''));

function bare_link(text, at) {
  // `blob:https://…` is another kind of address.
  if (/[\w:+.-]/.test(text[at - 1] ?? '')) return null;
  const [address] = /^[^\s<>"'`\u0000-\u001f]+/.exec(text.slice(at, at + 2000));
  const trimmed = address.replace(/[.,;:!?)\]}*_]+$/, '');
  const made = link(trimmed, null);
  return made && { made, end: at + trimmed.length };
}

function emphasis(text, at, sign, find) {
  const double = text[at + 1] === sign;
  const mark_of = double ? sign + sign : sign;
  const inside = at + mark_of.length;
  // `snake_case` and `2 * 3` are no emphasis.
  if (sign === '_' && /\w/.test(text[at - 1] ?? '')) return null;
  if (/\s/.test(text[inside] ?? ' ') || text[inside] === sign) return null;
  const end = find(mark_of, inside + 1);
  if (end < 0 || end - at > 4000 || /\s/.test(text[end - 1])) return null;
  if (sign === '_' && /\w/.test(text[end + mark_of.length] ?? '')) return null;
  const made = h(double ? 'strong' : 'em', {});
  // One level is enough: what is inside is text or code.
  const [before, code, ...rest] = text.slice(inside, end).split('`');
  if (rest.length === 1) made.append(prose_text(before), h('code', {}, plain(code)), prose_text(rest[0]));
  else made.append(prose_text(text.slice(inside, end)));
  return { made, end: end + mark_of.length };
}

// --- Markdown in blocks

const bullet = /^(\s{0,12})([-*+]|\d{1,6}[.)])\s+(.*)$/;

// What has more than this is no prose; it is shown as it is.
const most_blocks = 2000;

export function prose(text) {
  const made = document.createDocumentFragment();
  const lines = without_escapes(text).split('\n');
  let at = 0;
  for (let blocks = 0; at < lines.length && blocks < most_blocks; blocks++) at = block(lines, at, made);
  if (at < lines.length) made.append(h('pre', { class: 'code wrapped' }, plain(lines.slice(at).join('\n'))));
  return made;
}

function block(lines, at, into) {
  const line = lines[at];
  if (!line.trim()) return at + 1;
  const fence = /^\s{0,3}(```+|~~~+)/.exec(line);
  if (fence) return code_block(lines, at, fence[1], into);
  const heading = /^(#{1,6})\s/.exec(line);
  if (heading) {
    into.append(inline(line.slice(heading[0].length).trim(), h(`h${Math.min(6, heading[1].length + 2)}`, { dir: 'auto' })));
    return at + 1;
  }
  if (/^\s{0,3}([-*_])(\s*\1){2,}\s*$/.test(line.slice(0, 200))) {
    into.append(h('hr'));
    return at + 1;
  }
  if (bullet.test(line.slice(0, 200))) return list(lines, at, into);
  if (line.startsWith('>')) return run(lines, at, (l) => l.startsWith('>'), (part) => into.append(quote(part)));
  if (/^\s*\|.*\|/.test(line.slice(0, 2000)) && /^\s*\|[\s:|-]+$/.test(lines[at + 1] ?? '')) {
    return run(lines, at, (l) => l.trimStart().startsWith('|'), (part) => into.append(table(part)));
  }
  return run(lines, at, (l, first) => first || (l.trim() && !/^(\s{0,3}(```|~~~)|#{1,6}\s|>)/.test(l) && !bullet.test(l.slice(0, 200))), (part) => into.append(inline(part.join('\n'), h('p', { dir: 'auto' }))));
}

function run(lines, from, belongs, use) {
  let to = from;
  while (to < lines.length && belongs(lines[to], to === from)) to++;
  use(lines.slice(from, to));
  return to;
}

const quote = (part) => inline(part.map((line) => line.replace(/^>\s?/, '')).join('\n'), h('blockquote', { dir: 'auto' }));

function code_block(lines, at, fence, into) {
  let end = at + 1;
  while (end < lines.length && !lines[end].trimStart().startsWith(fence)) end++;
  into.append(h('pre', { class: 'code', tabindex: '0' }, plain(lines.slice(at + 1, end).join('\n'))));
  return end + 1;
}

function list(lines, from, into) {
  const first = bullet.exec(lines[from].slice(0, 200));
  const made = h(/\d/.test(first[2]) ? 'ol' : 'ul', { dir: 'auto', start: /\d/.test(first[2]) ? parseInt(first[2], 10) : null });
  let at = from;
  for (let items = 0; at < lines.length && items < most_blocks; items++) {
    const item = bullet.exec(lines[at].slice(0, 200));
    if (!item || /\d/.test(item[2]) !== /\d/.test(first[2]) && item[1].length <= first[1].length) break;
    const text = [lines[at].slice(item[0].length - item[3].length)];
    // A line that goes on under its bullet.
    while (/^\s+\S/.test(lines[at + 1] ?? '') && !bullet.test(lines[at + 1].slice(0, 200)) && !/^\s*(```|~~~)/.test(lines[at + 1])) text.push(lines[++at].trim());
    const depth = Math.min(3, Math.max(0, Math.floor((item[1].length - first[1].length) / 2)));
    const check = /^\[([ xX])\] /.exec(text[0]);
    if (check) text[0] = (check[1] === ' ' ? '☐ ' : '☑ ') + text[0].slice(4);
    made.append(inline(text.join('\n'), h('li', { class: `${depth ? `deep${depth}` : ''}${check ? ' check' : ''}` })));
    at++;
    if (!lines[at]?.trim() && bullet.test((lines[at + 1] ?? '').slice(0, 200))) at++;
  }
  into.append(made);
  return at;
}

function table(part) {
  const rows = part.slice(0, 500).map((line) => line.trim().replace(/^\||\|$/g, '').split('|').slice(0, 30));
  const row = (cells, kind) => h('tr', {}, ...cells.map((cell) => inline(cell.trim(), h(kind, { dir: 'auto' }))));
  return h('div', { class: 'wide', tabindex: '0' }, h('table', {}, row(rows[0], 'th'), ...rows.slice(2).map((cells) => row(cells, 'td'))));
}
