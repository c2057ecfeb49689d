// What was sent and is not in the transcript yet: a bubble for each, with what has become of it.

import { h, icon } from './dom.js';
import { plain } from './marks.js';
import { trouble } from './orders.js';
import { is_known, when_words } from './whens.js';
import { say } from './words.js';

const shown_length = 4000;
// Milliseconds for which the bubble of what was taken stands, if the transcript does not show it sooner.
const transcript_within = 3000;
// Milliseconds by which the transcript may be heard before the answer to an order.
const slack = 2000;

const signs = { waiting: 'clock', sending: 'send', sent: 'sent', taken: 'sent', refused: 'lost', vanished: 'lost' };
const squeezed = (text) => text.replace(/\s+/g, ' ').trim();
const same = (said, given) => said === given || (given.length > 40 && said.includes(given));

// Our own words where we have them, else the computer's.
function waiting_for({ when, waits_for, due_at, note }) {
  if (when === 'now' || (note && note === waits_for)) return say('given_waiting');
  // What it was for has come; its turn has not.
  if (when === 'idle' || waits_for === 'It waits until the agent is idle.') return say('given_for_idle');
  if (!is_known(when)) return waits_for || say('given_for', { when });
  return say('given_for', { when: when_words(when === 'reset' && due_at ? `at:${due_at}` : when) });
}

export class Prompts {
  #me;
  #find;
  #cancel;
  #edit;
  #take_back;
  #known = new Map();
  #heard = [];
  #may = false;

  // *find(id)* asks what has become of one, *cancel(prompt)* takes a waiting one back at the computer,
  // *edit(prompt)* changes it there, *take_back(text)* puts its text into the box.
  constructor(me, { find, cancel, edit, take_back }) {
    this.#me = me;
    this.#find = find;
    this.#cancel = cancel;
    this.#edit = edit;
    this.#take_back = take_back;
    this.element = h('div', { class: 'given-all', role: 'group', 'aria-label': say('given') });
  }

  // *told*: all that the computer has and that is not done.
  show(told, may) {
    this.#may = may;
    told.forEach((prompt) => this.put(prompt));
    told.forEach(({ id }) => { this.#known.get(id).asked = false; });
    const there = new Set(told.map(({ id }) => id));
    for (const [id, known] of this.#known) if (!there.has(id)) this.#is_gone(id, known);
    this.element.hidden = !this.element.children.length;
  }

  // *first*: the answer to its order; by then the stream may have told more of it.
  put(prompt, first = false) {
    const known = this.#known.get(prompt.id) ?? { element: h('article', {}), dismissed: false, timer: null, since: Date.now() - slack };
    if (known.dismissed || (first && known.prompt)) return;
    if (prompt.state !== 'taken') this.#wait_no_more(known);
    known.prompt = prompt;
    this.#known.set(prompt.id, known);
    if (prompt.state === 'cancelled' || (prompt.state === 'taken' && this.#is_written(known))) return this.#drop(prompt.id);
    this.#draw(prompt.id);
    if (!known.element.isConnected) this.element.append(known.element);
    this.element.hidden = false;
    if (prompt.state === 'taken') this.#later(known, () => this.#drop(prompt.id));
  }

  // The transcript has something new: the real words replace their bubble.
  hear(entry) {
    if (entry.role !== 'user' || entry.kind !== 'text') return;
    this.#heard = [...this.#heard.slice(-20), { at: Date.now(), text: squeezed(entry.text ?? '') }];
    for (const [id, known] of this.#known) {
      const may_be_it = !known.dismissed && ['sending', 'sent', 'taken', 'vanished'].includes(known.prompt.state);
      if (may_be_it && this.#is_written(known)) return this.#drop(id);
    }
  }

  // Whether the transcript showed it since it was given. One entry stands for one prompt only.
  #is_written({ prompt, since }) {
    const at = this.#heard.findIndex((heard) => heard.at >= since && same(heard.text, squeezed(prompt.text)));
    if (at >= 0) this.#heard.splice(at, 1);
    return at >= 0;
  }

  // No longer told of, so it is done: taken, as a rule. Else its text is not thrown away.
  async #is_gone(id, known) {
    if (known.dismissed || known.asked || ['refused', 'vanished'].includes(known.prompt.state)) return;
    if (this.#is_written(known)) return this.#drop(id);
    known.asked = true;
    try {
      this.put(await this.#find(id));
    } catch (error) {
      if (known.dismissed) return;
      // No answer: asked again soon. Nobody knows it: so it is said.
      if (!error.status) return this.#later(known, () => { known.asked = false; });
      known.prompt = { ...known.prompt, state: 'vanished', note: null };
      this.#draw(id);
    }
  }

  #later(known, act) {
    known.timer ??= setTimeout(act, transcript_within);
  }

  #wait_no_more(known) {
    clearTimeout(known.timer);
    known.timer = null;
  }

  // Dropped ones are remembered: a late word of them brings nothing back.
  #drop(id) {
    const known = this.#known.get(id);
    this.#wait_no_more(known);
    known.element.remove();
    known.dismissed = true;
    this.element.hidden = !this.element.children.length;
  }

  #draw(id) {
    const known = this.#known.get(id);
    const { prompt, element } = known;
    const { state, text } = prompt;
    // What is the same is not touched: a finger may be on it.
    const shown = JSON.stringify([prompt, this.#may]);
    if (shown === known.shown) return;
    known.shown = shown;
    element.className = `message mine given is-${state}`;
    const cut = text.length > shown_length ? `${text.slice(0, shown_length)} …` : text;
    element.replaceChildren(
      h('div', { class: 'prose given-text', dir: 'auto' }, plain(cut)),
      h('p', { class: 'given-state' }, icon(signs[state] ?? 'clock', 'small'), h('span', { role: 'status' }, plain(this.#words(prompt)))),
      ...(this.#may ? this.#buttons(prompt) : []));
  }

  // What its words are made of has changed.
  draw_again() {
    for (const known of this.#known.values()) known.shown = null;
  }

  #words(prompt) {
    const { state, note, by } = prompt;
    const word = state === 'waiting' ? waiting_for(prompt) : say(`given_${state}`);
    const from = by === this.#me ? '' : say(by === 'desk' ? 'given_by_desk' : 'given_by_other');
    return [from, word, note].filter(Boolean).join(' · ');
  }

  #buttons(prompt) {
    const { id, state, text } = prompt;
    const button = (word, act) => h('button', { class: 'link', type: 'button', onclick: act }, say(word));
    const dismiss = () => this.#drop(id);
    if (state === 'waiting') return [h('p', { class: 'given-buttons' }, button('edit', () => this.#edit(prompt)), button('cancel', (event) => this.#take_from(prompt, event.currentTarget)))];
    if (state !== 'refused' && state !== 'vanished') return [];
    return [h('p', { class: 'given-buttons' }, button('edit_again', () => { dismiss(); this.#take_back(text); }), button('dismiss', dismiss))];
  }

  async #take_from(prompt, button) {
    button.disabled = true;
    try {
      await this.#cancel(prompt);
      this.#drop(prompt.id);
      this.#take_back(prompt.text);
    } catch (error) {
      button.after(h('span', { class: 'warn', role: 'alert' }, plain(trouble(error))));
      button.disabled = false;
    }
  }

  close() {
    for (const { timer } of this.#known.values()) clearTimeout(timer);
  }
}
