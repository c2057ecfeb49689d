// Keys that phones do not have, and a line to type on. What is pressed arrives in order, once, or not at all.

import { h, icon } from './dom.js';
import { plain } from './marks.js';
import { trouble } from './orders.js';
import { say } from './words.js';

const bar = [['Escape', 'Esc'], ['Tab', 'Tab'], ['Up', '↑'], ['Ctrl', 'Ctrl'], ['C-c', '^C'], ['S-Tab', '⇧ Tab'], ['Left', '←'], ['Down', '↓'], ['Right', '→'], ['Enter', '⏎']];
// On an empty line these go to the session as they are.
const direct = { ArrowUp: 'Up', ArrowDown: 'Down', ArrowLeft: 'Left', ArrowRight: 'Right', Escape: 'Escape', Backspace: 'Backspace', Delete: 'Delete', PageUp: 'PageUp', PageDown: 'PageDown' };
const with_ctrl = /^[a-z@[\]\\^_]$/i;
// The computer takes so many keys at once, and texts of so many characters.
const most_keys = 64;
const piece = 1000;
const longest = 4 * piece;

function* typed(text) {
  const characters = [...text];
  for (let at = 0; at < characters.length; at += piece / 2) yield `text:${characters.slice(at, at + piece / 2).join('')}`;
}

export class Keyboard {
  #give;
  #focus;
  #waiting = [];
  #sending = false;
  #ctrl = false;
  #before = '';
  #live = true;

  constructor(give, focus) {
    this.#give = give;
    this.#focus = focus;
    this.warning = h('p', { class: 'warn', role: 'alert' });
    this.keys = bar.map(([name, word]) => this.#key(name, word));
    this.field = h('input', { class: 'field', type: 'text', maxlength: longest, 'aria-label': say('type_here'), placeholder: say('type_here'), enterkeyhint: 'send',
      autocomplete: 'off', autocapitalize: 'off', autocorrect: 'off', spellcheck: 'false', onfocus: () => focus.touched(), oninput: () => this.#typed(), onkeydown: (event) => this.#entered(event) });
    this.type = h('button', { class: 'button', type: 'button', onclick: () => this.#type([]) }, say('type_it'));
    this.type.addEventListener('mousedown', (event) => event.preventDefault());
    this.element = h('section', { class: 'keyboard', 'aria-label': say('keys') }, focus.line(), this.warning,
      h('div', { class: 'key-bar', role: 'group', 'aria-label': say('keys') }, ...this.keys),
      h('div', { class: 'composer-row' }, this.field, this.type));
  }

  #key(name, word) {
    const label = say(`key_${name.toLowerCase().replace('-', '_')}`);
    const button = h('button', { type: 'button', 'data-key': name, 'aria-label': label, 'aria-pressed': name === 'Ctrl' ? 'false' : null,
      onclick: () => (name === 'Ctrl' ? this.#hold_ctrl(!this.#ctrl) : this.press([name])) }, word);
    // The phone's keyboard stays, or stays away.
    button.addEventListener('mousedown', (event) => event.preventDefault());
    return button;
  }

  show(live) {
    this.#live = live;
    this.type.setAttribute('aria-disabled', String(!live));
    this.keys.forEach((key) => key.setAttribute('aria-disabled', String(!live)));
    if (!live) this.#say(say('not_connected'));
    else if (this.#said === say('not_connected')) this.#say('');
  }
  #said = '';

  #say(words) {
    if (words === this.#said) return;
    this.#said = words;
    this.warning.replaceChildren(plain(words));
  }

  #hold_ctrl(on) {
    this.#ctrl = on;
    this.keys.find(({ dataset }) => dataset.key === 'Ctrl').setAttribute('aria-pressed', String(on));
    if (on) this.field.focus();
    this.#before = this.field.value;
  }

  // With Ctrl held the next letter is a key and no text; phones tell it only after it was typed.
  #typed() {
    if (!this.#ctrl) return;
    const letter = this.field.value.length > this.#before.length ? this.field.value.replace(this.#before, '').at(-1) : '';
    this.field.value = this.#before;
    this.#hold_ctrl(false);
    if (with_ctrl.test(letter)) this.press([`C-${letter.toLowerCase()}`]);
  }

  #entered(event) {
    if (event.isComposing) return;
    const key = !this.field.value && Object.hasOwn(direct, event.key) ? direct[event.key] : null;
    if (event.key !== 'Enter' && !key) return;
    event.preventDefault();
    if (key) this.press([key]);
    else this.#type(['Enter']);
  }

  #type(more) {
    const text = this.field.value;
    if (!this.#live || (!text && !more.length)) return;
    this.field.value = '';
    this.press([...typed(text), ...more], text);
  }

  // *text*: what comes back into the line if it could not be typed.
  press(keys, text = '') {
    if (!this.#live) return;
    this.#waiting.push({ keys, text });
    if (!this.#sending) this.#flush();
  }

  // As many as may go together: a text alone, so that no order is too long.
  #next() {
    const texts = this.#waiting.findIndex(({ text }, at) => at > 0 && text);
    const count = texts < 0 ? this.#waiting.length : texts;
    return this.#waiting.splice(0, Math.min(count, most_keys / 2));
  }

  // One order at a time: what is pressed meanwhile goes together in the next.
  async #flush() {
    this.#sending = true;
    while (this.#waiting.length) {
      const now = this.#next();
      try {
        await this.#focus.touched();
        await this.#give('POST', '/keys', { keys: now.flatMap(({ keys }) => keys) });
        this.#say('');
      } catch (error) {
        // Nothing is typed later, into something else than was seen.
        const lost = [...now, ...this.#waiting.splice(0)];
        this.field.value = lost.map(({ text }) => text).join('') + this.field.value;
        this.#say(trouble(error));
      }
    }
    this.#sending = false;
  }
}
