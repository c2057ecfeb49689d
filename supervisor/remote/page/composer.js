// The box in which one writes to the agent. What is typed stays until the computer has it, or one deletes it.

import { h, icon } from './dom.js';
import { plain } from './marks.js';
import { new_key, trouble } from './orders.js';
import { when_words } from './whens.js';
import { say } from './words.js';

// Bytes of UTF-8; the computer takes no more at once.
const longest = 64 * 1024;
const bytes_of = (text) => new TextEncoder().encode(text).length;

const phone_keyboard = () => matchMedia('(pointer: coarse)').matches;

// What was typed and not sent, for as long as the browser keeps this tab: text, when, and the key of a try.
class Draft {
  #place;

  constructor(id) {
    this.#place = `draft ${id}`;
    const found = JSON.parse(sessionStorage.getItem(this.#place) ?? '{}');
    Object.assign(this, { text: '', when: null, key: null }, found);
  }

  change(change) {
    // Another text is another order.
    if ('text' in change || 'when' in change) this.key = null;
    Object.assign(this, change);
    const { text, when, key } = this;
    if (text) sessionStorage.setItem(this.#place, JSON.stringify({ text, when, key }));
    else sessionStorage.removeItem(this.#place);
  }
}

export class Composer {
  #send;
  #focus;
  #draft;
  #state = { live: false, may: false, reason: '', working: false };
  #sending = false;
  #trouble = '';
  #shown = '';

  #later;

  // *send(text, when, key)* is done when the computer has it. *later(when, choose)* asks for another time.
  constructor(id, focus, send, later) {
    this.#send = send;
    this.#later = later;
    this.#focus = focus;
    this.#draft = new Draft(id);
    this.#build();
    this.field.value = this.#draft.text;
    this.element.classList.toggle('used', Boolean(this.#draft.text));
  }

  #build() {
    this.field = h('textarea', { class: 'field', rows: '1', dir: 'auto', 'aria-label': say('write'), placeholder: say('write'), enterkeyhint: phone_keyboard() ? 'enter' : 'send',
      oninput: () => this.#typed(), onfocus: () => this.#touched(), onkeydown: (event) => this.#key(event) });
    this.button = h('button', { class: 'send', type: 'button', 'aria-describedby': 'why-not', onclick: () => this.#go() }, icon('send'), h('span', { class: 'unseen' }, say('send')));
    // A tap on it must not close the phone's keyboard.
    this.button.addEventListener('mousedown', (event) => event.preventDefault());
    this.choices = ['now', 'idle'].map((when) => h('button', { type: 'button', 'data-when': when, onclick: () => this.#choose(when) }, say(`when_${when}`)));
    this.later = h('button', { type: 'button', class: 'later', 'aria-haspopup': 'dialog', onclick: () => this.#later(this.when, (when) => this.write_for(when)) });
    this.why = h('p', { class: 'why', id: 'why-not', role: 'status' });
    this.trouble = h('p', { class: 'warn', role: 'alert' });
    this.foot = h('div', { class: 'composer-foot' }, h('div', { class: 'choices', role: 'group', 'aria-label': say('when') }, ...this.choices, this.later), this.why);
    this.element = h('section', { class: 'composer', 'aria-label': say('write') },
      this.#focus.line(), this.trouble, h('div', { class: 'composer-row' }, this.field, this.button), this.foot);
  }

  // *may*: the session takes prompts; *reason*: why not; *working*: the agent is in the middle of something.
  show(state) {
    this.#state = state;
    this.#draw();
  }

  get when() {
    return this.#draft.when ?? (this.#state.working ? 'idle' : 'now');
  }

  #draw() {
    const why = this.#why();
    const shown = JSON.stringify([this.#state, why, this.when, this.#sending, this.#trouble, Boolean(this.field.value)]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    // A text that cannot be sent any more is still somebody's text.
    this.element.hidden = !this.#state.may && !this.field.value;
    this.field.readOnly = this.#sending;
    this.button.setAttribute('aria-disabled', String(Boolean(why) || this.#sending || !this.field.value.trim()));
    this.button.classList.toggle('busy', this.#sending);
    this.choices.forEach((one) => one.setAttribute('aria-pressed', String(one.dataset.when === this.when)));
    const at_once = this.choices.some((one) => one.dataset.when === this.when);
    this.later.setAttribute('aria-pressed', String(!at_once));
    this.later.replaceChildren(plain(at_once ? say('when_later') : when_words(this.when)));
    this.why.replaceChildren(plain(this.#sending ? say('sending') : why));
    this.trouble.replaceChildren(plain(this.#trouble));
    this.#grow();
  }

  #why() {
    if (!this.#state.live) return say('not_connected');
    if (!this.#state.may) return this.#state.reason || say('cannot_write');
    if (this.field.value.length * 4 > longest && bytes_of(this.field.value) > longest) return say('too_long');
    return '';
  }

  #grow() {
    this.field.style.height = 'auto';
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }

  #touched() {
    this.element.classList.add('used');
    this.#focus.touched();
  }

  #typed() {
    this.#touched();
    this.#trouble = '';
    this.#draft.change({ text: this.field.value });
    this.#grow();
    this.#draw();
  }

  #key(event) {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.isComposing) {
      event.preventDefault();
      this.#go();
    }
  }

  #choose(when) {
    this.#draft.change({ when });
    this.#draw();
  }

  // One writes now what is sent then.
  write_for(when) {
    this.#choose(when);
    this.element.classList.add('used');
    this.field.focus();
  }

  async #go() {
    const text = this.field.value;
    if (this.#sending || !text.trim() || this.#why()) return;
    this.#sending = true;
    this.#trouble = '';
    const { when } = this;
    // Kept with the text: also after the page was loaded anew the same text goes under the same key.
    this.#draft.change({ text, when, key: this.#draft.key ?? new_key() });
    this.#draw();
    try {
      await this.#send(text, when, this.#draft.key);
      this.field.value = '';
      this.#draft.change({ text: '', when: null });
    } catch (error) {
      this.#trouble = trouble(error);
      // A refusal is an answer: the next try is another order.
      if (error.status) this.#draft.change({ key: null });
    }
    this.#sending = false;
    this.#draw();
  }

  // A text comes back to be changed; what stands here stays below it.
  take_back(text) {
    const standing = this.field.value.trim() ? `\n\n${this.field.value}` : '';
    this.field.value = text + standing;
    this.#typed();
    this.field.focus();
  }
}
