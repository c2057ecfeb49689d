// The rows of a terminal as elements: text nodes in spans. Only rows that changed are made anew.

import { h } from './dom.js';

const flags = ['bold', 'faint', 'italic', 'underline', 'strike'];

const steps = [0, 95, 135, 175, 215, 255];
const hex = (...parts) => `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;

// 0–15 are the theme's, then a cube of 6 × 6 × 6, then greys. Anything else is no colour.
export function colour(told) {
  if (typeof told === 'string') return /^#[0-9a-f]{6}$/i.test(told) ? told : null;
  if (!Number.isInteger(told) || told < 0 || told > 255) return null;
  if (told < 16) return `var(--c${told})`;
  if (told >= 232) return hex(...Array(3).fill(8 + (told - 232) * 10));
  const at = told - 16;
  return hex(steps[Math.floor(at / 36)], steps[Math.floor(at / 6) % 6], steps[at % 6]);
}

// --- characters that this phone's font draws wider or narrower than a cell

const pen = document.createElement('canvas').getContext('2d');
const widths = new Map();
let font = '';

export function use_font(family) {
  font = `100px ${family}`;
  widths.clear();
}

function width_of(character) {
  if (!widths.has(character)) {
    pen.font = font;
    widths.set(character, pen.measureText(character).width);
  }
  return widths.get(character);
}

// The width of a cell as a part of the size of the font.
export const cell_of = () => width_of('0') / 100;
const fits = (character) => Math.abs(width_of(character) - width_of('0')) < 0.5;

const plain_text = /^[\x20-\x7e]*$/;

function boxed(text, cells) {
  const box = h('span', { class: 'cells' });
  box.textContent = text;
  box.style.width = `${cells}ch`;
  return box;
}

// The text of a run in one node, or cut where a character needs a box to keep its column.
function text_nodes(text, cells) {
  if (cells) return [boxed(text, cells)];
  if (plain_text.test(text)) return [text];
  const nodes = [''];
  for (const character of text) {
    if (!fits(character)) nodes.push(boxed(character, 1), '');
    else nodes[nodes.length - 1] += character;
  }
  return nodes.filter((node) => node !== '');
}

function run([text, style, cells]) {
  const nodes = text_nodes(String(text), cells);
  if (!style) return nodes;
  const span = h('span', { class: flags.filter((flag) => style[flag]).join(' ') }, ...nodes);
  let [front, back] = [colour(style.fg), colour(style.bg)];
  if (style.inverse) [front, back] = [back ?? 'var(--screen)', front ?? 'var(--screen-ink)'];
  if (front) span.style.color = front;
  if (back) span.style.backgroundColor = back;
  return [span];
}

export function fill(line, runs, goes_on) {
  line.replaceChildren(...runs.flatMap(run));
  line.classList.toggle('goes-on', Boolean(goes_on));
  return line;
}

export const line_of = (runs, goes_on) => fill(h('div', { class: 'line' }), runs, goes_on);
