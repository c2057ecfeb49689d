// Choosing when a prompt is sent, and changing one that waits.

import { h, sheet } from './dom.js';
import { plain } from './marks.js';
import { trouble } from './orders.js';
import { path_of } from './picture.js';
import { know_jobs, when_words } from './whens.js';
import { language, say } from './words.js';

// What the computer tells of a text, in bytes of UTF-8; a longer one cannot be changed from here.
const told_at_most = 16 * 1024;
const is_whole = (text) => new TextEncoder().encode(text).length < told_at_most - 4;

// A moment as the field for it wants it: in this phone's time, without seconds.
const local = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
const next_hour = () => new Date(Math.ceil((Date.now() + 60_000) / 3_600_000) * 3_600_000);

let groups = 0;

// All the times there are, one of them chosen.
class Whens {
  #group = `when-${++groups}`;

  constructor(session, get, chosen) {
    const at = /^at:(.*)$/.exec(chosen)?.[1];
    this.time = h('input', { type: 'datetime-local', class: 'field', 'aria-label': say('when_at_time'), lang: language, oninput: () => { this.own.checked = true; } });
    this.time.value = local(at ? new Date(at) : next_hour());
    this.own = h('input', { type: 'radio', name: this.#group, value: 'at' });
    this.jobs = h('div', { class: 'whens' });
    this.element = h('fieldset', { class: 'question whens' }, h('legend', {}, say('when')),
      this.#choice('now'), this.#choice('idle'), this.jobs, this.#choice('online'), this.#choice('reset'),
      h('div', { class: 'choice when-at' }, h('label', {}, this.own, h('span', {}, say('when_at_time'))), this.time));
    this.#choose(at ? 'at' : chosen);
    this.ready = this.#ask(session, get, chosen);
  }

  #choice(when, hint = say(`when_${when}_hint`)) {
    const input = h('input', { type: 'radio', name: this.#group, value: when });
    return h('label', { class: 'choice' }, input, h('span', {}, h('span', {}, plain(when_words(when))), h('span', { class: 'quiet' }, plain(hint))));
  }

  async #ask(session, get, chosen) {
    const { jobs } = await get(`${path_of(session.id)}/jobs`).catch(() => ({ jobs: [] }));
    const running = jobs.filter(({ state }) => state !== 'ended');
    know_jobs(running);
    this.jobs.replaceChildren(...running.map(({ pid }) => this.#choice(`job:${pid}`, `PID ${pid}`)));
    // The job may have ended meanwhile; then it is not offered, unless it is what was chosen.
    if (/^job:/.test(chosen) && !running.some(({ pid }) => `job:${pid}` === chosen)) this.jobs.append(this.#choice(chosen, ''));
    if (/^job:/.test(chosen)) this.#choose(chosen);
  }

  #choose(when) {
    const found = [...this.element.querySelectorAll('input[type=radio]')].find(({ value }) => value === when);
    if (found) found.checked = true;
  }

  // What is chosen, or null while that is no time.
  get value() {
    const chosen = this.element.querySelector('input[type=radio]:checked')?.value;
    if (chosen !== 'at') return chosen ?? null;
    const at = new Date(this.time.value);
    return at > Date.now() ? `at:${at.toISOString()}` : null;
  }
}

function with_foot(title, word, ...parts) {
  const warning = h('p', { class: 'warn', role: 'alert' });
  const button = h('button', { class: 'button allow', type: 'button' }, word);
  const dialog = sheet(title, ...parts);
  dialog.append(h('div', { class: 'sheet-foot' }, warning, button));
  return { dialog, warning, button };
}

// Calls *choose(when)* with what is chosen.
export function choose_when(session, get, chosen, choose) {
  const whens = new Whens(session, get, chosen);
  const { dialog, warning, button } = with_foot(say('when'), say('when_choose'), whens.element);
  whens.element.firstChild.classList.add('unseen');
  button.addEventListener('click', () => {
    if (!whens.value) return void warning.replaceChildren(say('when_past'));
    dialog.close();
    choose(whens.value);
  });
}

// Calls *change({text?, when?})*, which is done when the computer has it.
export function edit_prompt(prompt, session, get, change) {
  const field = h('textarea', { class: 'field edit-text', rows: '5', dir: 'auto', 'aria-label': say('write') });
  field.value = prompt.text;
  field.readOnly = !is_whole(prompt.text);
  const whens = new Whens(session, get, prompt.when);
  const { dialog, warning, button } = with_foot(say('edit_prompt'), say('save'),
    h('section', {}, field, field.readOnly && h('p', { class: 'quiet' }, say('edit_too_long'))), whens.element);
  button.addEventListener('click', async () => {
    if (!field.value.trim() || !whens.value) return void warning.replaceChildren(say(whens.value ? 'edit_empty' : 'when_past'));
    const changed = { ...(field.value !== prompt.text && { text: field.value }), ...(whens.value !== prompt.when && { when: whens.value }) };
    if (!Object.keys(changed).length) return dialog.close();
    button.disabled = true;
    try {
      await change(changed);
      dialog.close();
    } catch (error) {
      warning.replaceChildren(plain(trouble(error)));
      button.disabled = false;
    }
  });
}
