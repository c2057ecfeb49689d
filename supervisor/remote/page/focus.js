// Who may type into a session: one screen at a time. Whoever loses that sees it at once.

import { h, moment, say_aloud } from './dom.js';
import { plain } from './marks.js';
import { trouble } from './orders.js';
import { say } from './words.js';

export class Focus {
  #me;
  #give;
  #changed;
  #told;
  #holder = null;
  #shown = '';
  #was_mine = false;
  #touched = false;
  #taking = null;
  #trouble = '';
  #lines = [];
  #may = false;

  // *changed(focus)* is told what the computer answered, *told()* is what it last said of it by itself.
  constructor(me, give, changed, told) {
    this.#me = me;
    this.#give = give;
    this.#changed = changed;
    this.#told = told;
  }

  get mine() {
    return this.#holder?.holder === this.#me;
  }

  // A line that says who types, for each place where one can type.
  line() {
    const line = h('p', { class: 'focus-line', role: 'status' });
    this.#lines = [...this.#lines.filter(({ isConnected }) => isConnected), line];
    this.#shown = '';
    return line;
  }

  // *may*: whether this phone could take it now.
  show(focus, may) {
    this.#holder = focus;
    this.#may = may;
    const lost = this.#was_mine && focus && !this.mine;
    if (lost) say_aloud(this.#words());
    if (lost || this.mine) this.#trouble = '';
    this.#was_mine = this.mine;
    this.#draw(lost);
  }

  #words() {
    if (this.mine) return say('you_type', { time: moment(Date.parse(this.#holder.since)) });
    if (this.#holder.holder === 'desk') return say('desk_types');
    return say('other_types', { name: this.#holder.label });
  }

  #draw(lost) {
    const shown = JSON.stringify([this.#holder, this.#may, this.#trouble, Boolean(this.#taking)]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#lines.forEach((line) => this.#fill(line, lost));
  }

  #fill(line, lost) {
    line.hidden = !this.#holder && !this.#trouble;
    line.classList.toggle('here', this.mine);
    line.classList.toggle('lost', Boolean(lost));
    const parts = this.#holder ? [h('span', {}, plain(this.#words()))] : [];
    if (this.mine) parts.push(this.#button('give_back', () => this.give_back()));
    else if (this.#may) parts.push(this.#button('take_focus', () => this.take()));
    if (this.#trouble) parts.push(h('span', { class: 'warn', role: 'alert' }, plain(this.#trouble)));
    line.replaceChildren(...parts);
  }

  #button(word, act) {
    return h('button', { class: 'link', type: 'button', disabled: Boolean(this.#taking), onclick: act }, say(word));
  }

  // The first touch takes it from whoever has it; later ones only what nobody has: no tug of war.
  touched() {
    const first = !this.#touched;
    this.#touched = true;
    if (this.mine || !this.#may || this.#trouble || (this.#holder && !first)) return this.#taking;
    return this.take();
  }

  take() {
    this.#taking ??= this.#take().finally(() => {
      this.#taking = null;
      this.#draw();
    });
    this.#draw();
    return this.#taking;
  }

  async #take() {
    this.#touched = true;
    this.#trouble = '';
    try {
      const { focus } = await this.#give('POST', '/focus');
      // At once, not with the next picture: the next key must not ask again, and whoever loses it before that
      // picture has lost it all the same.
      this.#was_mine = true;
      const told = this.#told();
      // An answer may come later than the news that somebody else took it since.
      this.#holder = Date.parse(told?.since) > Date.parse(focus.since) ? told : focus;
      this.#changed(this.#holder);
    } catch (error) {
      this.#trouble = trouble(error);
    }
  }

  async give_back() {
    if (!this.mine) return;
    try {
      await this.#give('DELETE', '/focus');
      this.#was_mine = false;
      this.#holder = null;
      this.#changed(null);
    } catch (error) {
      this.#trouble = trouble(error);
      this.#draw();
    }
  }
}
