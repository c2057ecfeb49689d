// What the first screen does without: more drawings, and a style sheet for what is done to sessions.

import { h, icon, shapes } from './dom.js';

Object.assign(shapes, {
  send: ['line', 'M10 16.5v-12M4.5 9.5 10 4l5.5 5.5'],
  actions: ['fill', 'M4 8.300a1.7 1.7 0 1 0 0 3.400a1.7 1.7 0 0 0 0-3.400M10 8.300a1.7 1.7 0 1 0 0 3.400a1.7 1.7 0 0 0 0-3.400M16 8.300a1.7 1.7 0 1 0 0 3.400a1.7 1.7 0 0 0 0-3.4'],
  terminal: ['line', 'M2.5 4h15v12h-15zM5.5 7.5 8 10l-2.5 2.500M10 13h4'],
  interrupt: ['line', 'M6 6h8v8H6z'],
  pause: ['line', 'M7 4.500v11M13 4.500v11'],
  continue: ['line', 'M6.5 4.500v11l9-5.500z'],
  stop: ['line', 'M10 3v6.500M6 5a7 7 0 1 0 8 0'],
  resume: ['line', 'M4 10a6 6 0 1 0 2-4.500M4 3.500v3h3'],
  takeover: ['line', 'M3 10h10M9.5 6.5 13 10l-3.5 3.500M17 4v12'],
  delete: ['line', 'M4 6h12M8 6V4h4v2M5.5 6l.8 10.500h7.400L14.5 6M8.5 9v4.500M11.5 9v4.5'],
  clock: ['line', 'M10 3a7 7 0 1 1 0 14a7 7 0 0 1 0-14M10 6.500V10l2.5 1.5'],
  sent: ['line', 'm4 10.5 4 4 8-9'],
  keyboard: ['line', 'M2.5 5.500h15v9h-15zM5.5 8.500h.2M8.5 8.500h.2M11.5 8.500h.2M14.5 8.500h.2M6.5 11.500h7'],
  wide: ['line', 'M2.5 10h15M5.5 6.5 2 10l3.5 3.500M14.5 6.5 18 10l-3.5 3.5'],
  job: ['line', 'M4 4.500h12M4 10h12M4 15.500h7M14.500 13.500v4M12.500 15.500h4'],
  find: ['line', 'M9 3.500a5.500 5.500 0 1 1 0 11a5.500 5.500 0 0 1 0-11M13 13l4 4'],
  up: ['line', 'm5 12 5-5 5 5'],
  wrap: ['line', 'M3 5.500h14M3 10h11a2.500 2.500 0 0 1 0 5h-3M12.500 13 10.500 15l2 2M3 15h4'],
  fit: ['line', 'M6 2.500h8v15H6zM9 15h2'],
});

// What stands in a place where there is nothing.
export const nothing_here = (shape, words) => h('div', { class: 'empty' }, icon(shape, 'big'), h('p', {}, words));

const sheets = new Map();

// A style sheet that is there before what it styles.
export function styled(name) {
  if (!sheets.has(name)) {
    const sheet = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: name });
    sheets.set(name, new Promise((done) => { sheet.onload = sheet.onerror = done; }));
    document.head.append(sheet);
  }
  return sheets.get(name);
}

await Promise.all(['steering.css', 'extras.css'].map(styled));
