// Lines above the screen: asked for when somebody pulls down, then kept in step with the screen.

import { h } from './dom.js';
import { fill, line_of } from './rows.js';
import { say } from './words.js';

const page = 100;
const most = 5000;
// Pixels that a finger pulls down at the upper end before older lines are asked for.
const pulled_far = 48;
// Milliseconds after which lines that left the screen are asked for.
const settles_after = 1000;

export class Scrollback {
  #ask;
  #scroller;
  #first = 0;
  #end = 0;
  // Up to here the computer told the lines itself.
  #sure = 0;
  #timer = null;
  // Numbers of the lines that can be had, as the last frame told.
  #there = [0, 0];
  #asking = false;
  #pull = null;
  #listeners = new AbortController();

  // *ask(query)* gets a page of lines; *scroller* shows them above the screen.
  constructor(ask, scroller) {
    this.#ask = ask;
    this.#scroller = scroller;
    this.button = h('button', { class: 'fold', type: 'button', hidden: true, onclick: () => this.older() }, say('earlier_lines'));
    this.lines = h('div', { class: 'lines past' });
    this.element = h('div', {}, this.button, this.lines);
    const on = (name, act) => scroller.addEventListener(name, act, { signal: this.#listeners.signal, passive: true });
    on('wheel', ({ deltaY }) => { if (deltaY < 0 && scroller.scrollTop <= 0) this.older(); });
    on('touchstart', ({ touches }) => { this.#pull = touches.length === 1 && scroller.scrollTop <= 0 ? touches[0].clientY : null; });
    on('touchmove', ({ touches }) => this.#pulled(touches));
    on('scroll', () => { if (scroller.scrollTop < 200 && this.lines.children.length) this.older(); });
  }

  #pulled(touches) {
    if (this.#pull === null || touches.length !== 1 || touches[0].clientY - this.#pull < pulled_far) return;
    this.#pull = null;
    this.older();
  }

  // A frame came; *gone*: the rows that it moved off the screen; *live*: somebody looks at its end.
  follow({ history: [first, end] }, gone, live) {
    const [, was_end] = this.#there;
    this.#there = [first, end];
    // Other numbers than before: what was read is no longer above this screen.
    if (this.#end < first || end < was_end) this.#forget();
    else if (this.lines.children.length && end > this.#end) this.#grow(gone, end - was_end, live);
    this.#draw();
  }

  get #seen() {
    return this.lines.getBoundingClientRect().bottom > this.#scroller.getBoundingClientRect().top;
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.lines.replaceChildren();
    this.#first = this.#end = this.#sure = this.#there[1];
  }

  // Lines that left the screen go on above it, for who reads there. Between two frames they may have
  // changed, or come and gone unseen, so they are asked for soon after.
  #grow(gone, count, live) {
    if (live && !this.#seen) return this.#forget();
    if (gone.length >= count && this.#end === this.#there[1] - count) {
      const far = this.#scroller.scrollTop;
      this.lines.append(...gone.slice(0, count));
      this.#end += count;
      this.#scroller.scrollTop = far;
    }
    this.#timer ??= setTimeout(() => this.#true_up(), settles_after);
  }

  // All lines from the first that nobody vouched for, as the computer has them.
  async #true_up() {
    this.#timer = null;
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (this.lines.children.length && this.#sure < this.#there[1]) {
        const from = this.#sure;
        const upto = Math.min(this.#there[1], from + page);
        const { first, rows } = await this.#ask(`before=${upto}&count=${upto - from}`);
        if (first !== from || !rows.length || from !== this.#sure) return this.#forget();
        rows.forEach((row, at) => this.#set(from + at, row));
        this.#sure = from + rows.length;
      }
    } catch {
      this.#forget();
    } finally {
      this.#asking = false;
    }
  }

  #set(number, [runs, goes_on]) {
    const there = this.lines.children[number - this.#first];
    if (there) return fill(there, runs, goes_on);
    this.lines.append(line_of(runs, goes_on));
    this.#end = number + 1;
    if (this.lines.children.length > most) {
      this.lines.firstChild.remove();
      this.#first++;
    }
  }

  async older() {
    if (this.#asking || !this.#more) return;
    if (!this.lines.children.length) this.#first = this.#end = this.#sure = this.#there[1];
    this.#asking = true;
    this.#draw();
    try {
      const before = this.#first;
      const { first, rows } = await this.#ask(`before=${before}&count=${page}`);
      // Meanwhile everything may have become another.
      if (this.#first === before && first + rows.length === before) this.#put(first, rows);
    } catch {
      // The button stays, to be pressed again.
    }
    this.#asking = false;
    this.#draw();
    if (this.lines.children.length && this.#sure < this.#there[1]) this.#true_up();
  }

  #put(first, rows) {
    const height = this.#scroller.scrollHeight;
    this.lines.prepend(...rows.map(([runs, goes_on]) => line_of(runs, goes_on)));
    this.#first = first;
    this.#draw();
    this.#scroller.scrollTop += this.#scroller.scrollHeight - height;
  }

  get #more() {
    const [first, end] = this.#there;
    return this.lines.children.length ? this.#first > first : end > first;
  }

  #draw() {
    this.button.hidden = !this.#more;
    this.button.disabled = this.#asking;
  }

  close() {
    clearTimeout(this.#timer);
    this.#listeners.abort();
  }
}
