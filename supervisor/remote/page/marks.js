// What hides in a stranger's text: marks for it, and one line of it for a list. Text nodes only.

import { h } from './dom.js';

// Controls, soft hyphen, fillers, zero-width, bidi, tags: everything that shows nothing or reorders.
export const nothing = '\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u115f\\u1160\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb';
export const runs = (signs) => new RegExp(`([${signs}]|\\udb40[\\udc00-\\udfff])\\1*`, 'g');
const hidden = runs(nothing);
// In a name or a folder line ends and tabs hide too.
const in_names = runs(`\\t\\n${nothing}`);
// In prose the joiners and direction marks of living scripts and emoji stay.
export const reordering = /([\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069])\1*/g;
const most_marks = 500;

function mark(run, character) {
  const code = character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
  const times = run.length / character.length;
  return h('span', { class: 'mark' }, `U+${code}${times > 1 ? `×${times}` : ''}`);
}

export function plain(text, pattern = hidden) {
  if (text.search(pattern) < 0) return document.createTextNode(text);
  const made = document.createDocumentFragment();
  let at = 0;
  let marks = 0;
  for (const found of text.matchAll(pattern)) {
    if (++marks > most_marks) break;
    made.append(text.slice(at, found.index), mark(found[0], found[1]));
    at = found.index + found[0].length;
  }
  const rest = text.slice(at);
  made.append(marks > most_marks ? rest.replace(pattern, '\ufffd') : rest);
  return made;
}

export const name = (text) => plain(text, in_names);

// One line of it, for a list: no marks of Markdown, no escapes.
export function one_line(text, most = 200) {
  const start = without_escapes(text.slice(0, 4 * most)).replace(/^[\s#>*\-`]+/, '');
  return start.replace(/\*\*|`+/g, '').replace(/\s+/g, ' ').slice(0, most);
}

// Escape sequences of terminals: CSI, the ones with a string, and the short ones.
export const escape = /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?/g;

export const without_escapes = (text) => settled(text.replace(escape, ''));
// What a terminal would show after a carriage return: the last writing of the line.
export function settled(text) {
  if (!text.includes('\r')) return text;
  const last = (line) => line.slice(line.lastIndexOf('\r') + 1);
  return text.replace(/\r+\n/g, '\n').split('\n').map(last).join('\n');
}
