// All of what an agent asks, so that nothing can hide in it: what it would run, what it would change,
// and its questions with their choices. Text nodes only; whatever cannot be seen gets a mark.

import { h } from './dom.js';
import { nothing, plain, runs } from './marks.js';
import { say } from './words.js';

// Spaces that are not the space, and signs that only change others.
const odd = '\\u00a0\\u034f\\u1680\\u17b4\\u17b5\\u180b-\\u180d\\u2000-\\u200a\\u202f\\u205f\\u2800\\u3000\\ufe00-\\ufe0f';
const hidden = runs(nothing + odd);
const hidden_in_line = runs(`\\t\\n${nothing}${odd}`);

export const seen = (text) => plain(String(text), hidden);
export const seen_line = (text) => plain(String(text), hidden_in_line);

// --- a block that must be read to its end

const near = 6;

// *read()* is true once its end was on the screen; *on_read* is called when that changes.
export class Block {
  #at_end = false;
  #tell;
  #watch;

  constructor(name, content, tell) {
    this.#tell = tell;
    this.element = h('div', { class: `code asked-code ${name}`, tabindex: '0', role: 'region', 'aria-label': say(`asked_${name}`) }, content);
    this.element.addEventListener('scroll', () => this.#look(), { passive: true });
    this.#watch = new ResizeObserver(() => this.#look());
    this.#watch.observe(this.element);
  }

  get read() {
    return this.#at_end;
  }

  #look() {
    const { scrollHeight, clientHeight, scrollTop } = this.element;
    this.element.classList.toggle('long', scrollHeight > clientHeight + near);
    // Not on the screen at all: nobody can have read it.
    if (this.#at_end || !clientHeight || scrollTop + clientHeight < scrollHeight - near) return;
    this.#at_end = true;
    this.#tell();
  }

  close() {
    this.#watch.disconnect();
  }
}

// --- what would be changed

const most_lines = 4000;
const kinds = { '+': 'added', '-': 'removed', '@': 'hunk', '\\': 'hunk' };

function kind_of(line, in_hunk) {
  if (!in_hunk) return 'hunk';
  return kinds[line[0]] ?? 'kept';
}

// A unified diff: each line keeps its sign and has the colour of it; screen readers hear a word.
export function diff(text) {
  const made = document.createDocumentFragment();
  const lines = text.replace(/\n$/, '').split('\n');
  let in_hunk = !lines.some((line) => line.startsWith('@@'));
  for (const line of lines.slice(0, most_lines)) {
    in_hunk ||= line.startsWith('@@');
    const kind = kind_of(line, in_hunk);
    made.append(h('div', { class: `line ${kind}` }, kind === 'added' || kind === 'removed' ? h('span', { class: 'unseen' }, `${say(`diff_${kind}`)} `) : null, seen(line || ' ')));
  }
  // Beyond that it is shown as it is: one node, no colours.
  if (lines.length > most_lines) made.append(h('div', {}, seen(lines.slice(most_lines).join('\n'))));
  return made;
}

// --- questions

let groups = 0;

class Choices {
  constructor(asked, changed) {
    this.asked = asked;
    const group = `question-${++groups}`;
    const type = asked.many ? 'checkbox' : 'radio';
    this.inputs = asked.choices.map(({ label, description }) => ({ label, ...this.#choice(type, group, changed, seen_line(label), description) }));
    this.own = asked.free || !asked.choices.length ? this.#own(type, group, changed) : null;
    this.element = h('fieldset', { class: 'question' },
      h('legend', {}, asked.header ? h('span', { class: 'tag' }, seen_line(asked.header)) : null, h('span', {}, seen(asked.text))),
      ...this.inputs.map(({ row }) => row), this.own?.row ?? null);
  }

  #choice(type, group, changed, label, description) {
    const input = h('input', { type, name: group, onchange: changed });
    const words = h('span', {}, h('span', {}, label), description ? h('span', { class: 'quiet' }, seen(description)) : null);
    return { input, row: h('label', { class: 'choice' }, input, words) };
  }

  #own(type, group, changed) {
    const field = h('textarea', { class: 'field', rows: '1', 'aria-label': say('own_words'), placeholder: say('own_words') });
    const input = this.asked.choices.length ? h('input', { type, name: group, 'aria-label': say('own_words'), onchange: () => { if (input.checked) field.focus(); changed(); } }) : null;
    field.addEventListener('input', () => {
      if (input) input.checked = Boolean(field.value.trim());
      changed();
    });
    return { input, field, row: input ? h('div', { class: 'choice own' }, input, field) : field };
  }

  get answers() {
    const chosen = this.inputs.filter(({ input }) => input.checked).map(({ label }) => label);
    const own = this.own && (!this.own.input || this.own.input.checked) ? this.own.field.value.trim() : '';
    return own ? [...chosen, own] : chosen;
  }
}

export class Questions {
  #all;

  constructor(questions, changed) {
    this.#all = questions.map((asked) => new Choices(asked, changed));
    this.element = h('div', { class: 'questions' }, ...this.#all.map(({ element }) => element));
  }

  get complete() {
    return this.#all.every(({ answers }) => answers.length);
  }

  // {text of a question: [labels or own words]}
  get answers() {
    return Object.fromEntries(this.#all.map(({ asked, answers }) => [asked.text, answers]));
  }
}
