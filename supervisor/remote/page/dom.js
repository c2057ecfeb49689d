// Elements, icons and times. Whatever comes from outside becomes a text node, nothing else.

import { language, say } from './words.js';

export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

const bell = 'M10 2.7A4.8 4.8 0 0 0 5.2 7.5c0 4.2-1.9 5.7-1.9 5.7h13.4s-1.9-1.5-1.9-5.7A4.8 4.8 0 0 0 10 2.7zM8.3 16.5a1.9 1.9 0 0 0 3.4 0';

// Each state has its own outline, so that it can be told without colour. 20 x 20.
export const shapes = {
  needs_you: ['fill', 'M10 1.6 18.4 10 10 18.4 1.6 10Z', 'cut', 'M10 5.8v5M10 13.6v.2'],
  working: ['faint', 'M10 3a7 7 0 1 1 0 14a7 7 0 0 1 0-14', 'turn', 'M10 3a7 7 0 0 1 7 7'],
  cut_off: ['line', 'M1.5 10H6m8 0h4.5M8 15.5l4-11'],
  starting: ['dots', 'M10 3a7 7 0 1 1 0 14a7 7 0 0 1 0-14'],
  idle: ['line', 'M10 3a7 7 0 1 1 0 14a7 7 0 0 1 0-14'],
  paused: ['line', 'M7 4.5v11M13 4.5v11'],
  ended: ['line', 'm4 10.5 4 4 8-9'],
  lost: ['line', 'M5 5l10 10M15 5 5 15'],
  back: ['line', 'M12 4l-6 6 6 6'],
  go: ['line', 'm8 5 5 5-5 5'],
  down: ['line', 'm5 8 5 5 5-5'],
  facts: ['line', 'M10 2.5a7.5 7.5 0 1 1 0 15a7.5 7.5 0 0 1 0-15M10 9.2v4.6M10 6.3v.2'],
  bell: ['line', bell],
  mute: ['line', `${bell}M3 2.5l14 15`],
  close: ['line', 'M5 5l10 10M15 5 5 15'],
  copy: ['line', 'M7 7h9v10H7zM13 4V3H4v10h1'],
  awake: ['line', 'M2 14.5h16M5 14.5a5 5 0 0 1 10 0M10 3.5v2.5M3.8 7.3l1.6 1.6M16.2 7.3l-1.6 1.6'],
  asleep: ['line', 'M16.5 12.2A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.7z'],
  tool: ['line', 'm4 5.5 4.5 4.5L4 14.5M10.5 15H16'],
  thought: ['line', 'M4 6h12M4 10h9M4 14h5'],
};

export function icon(name, extra = '') {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', `icon ${extra}`);
  const parts = shapes[name] ?? shapes.idle;
  for (let at = 0; at < parts.length; at += 2) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('class', parts[at]);
    path.setAttribute('d', parts[at + 1]);
    svg.append(path);
  }
  return svg;
}

// The drawing that the first screen came with.
const drawn = document.querySelector('svg.brand');
export const brand = () => drawn?.cloneNode(true) ?? '';

export function say_aloud(text) {
  document.getElementById('said').textContent = text;
}

// How far the machine's clock is ahead of ours, in milliseconds; small differences are noise.
let ahead = 0;
export function compare_clock(response) {
  const theirs = Date.parse(response.headers.get('Date') ?? '');
  if (theirs) ahead = Math.abs(theirs - Date.now()) > 5000 ? theirs - Date.now() : 0;
}
export const now = () => Date.now() + ahead;

// "now", "4 min", "2 h 5 min", "3 d" since a moment of the machine's clock.
export function duration(milliseconds) {
  const minutes = Math.floor(milliseconds / 60000);
  if (!(minutes >= 1)) return say('now');
  if (minutes < 60) return say('minutes', { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 10 && minutes % 60) return say('hours_minutes', { n: hours, m: minutes % 60 });
  if (hours < 48) return say('hours', { n: hours });
  return say('days', { n: Math.floor(hours / 24) });
}

const same_day = (a, b) => a.toDateString() === b.toDateString();
const format = (options) => new Intl.DateTimeFormat(language, options);
const formats = {
  clock: format({ hour: 'numeric', minute: '2-digit' }),
  day: format({ weekday: 'long', day: 'numeric', month: 'long' }),
  full: format({ day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' }),
};
export const clock = (time) => formats.clock.format(time);
export const day = (time) => formats.day.format(time);
// The time of day for today, else with its date.
export function moment(time) {
  const date = new Date(time);
  return (same_day(date, new Date()) ? formats.clock : formats.full).format(date);
}

export const number = (value) => new Intl.NumberFormat(language).format(value);

// A <time> that keeps itself true: see `tick`.
export function ago(text) {
  const at = Date.parse(text ?? '');
  if (!at) return h('time', {});
  const element = h('time', { datetime: new Date(at).toISOString(), title: moment(at), class: 'ago' });
  element.textContent = duration(now() - at);
  return element;
}
export function tick() {
  for (const element of document.querySelectorAll('time.ago')) {
    const text = duration(now() - Date.parse(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
}

// A dialog that comes from below on a phone; the browser keeps focus inside and gives it back.
export function sheet(title, ...children) {
  const close = h('button', { class: 'plain round', type: 'button', 'aria-label': say('close'), onclick: () => dialog.close() }, icon('close'));
  const dialog = h('dialog', { class: 'sheet', 'aria-label': title },
    h('header', { class: 'sheet-head' }, h('h2', {}, title), close),
    h('div', { class: 'sheet-body' }, ...children));
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
