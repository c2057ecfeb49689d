// The terminal of a session, as it stands on the computer. It is read as long as somebody looks at it.

import { h, icon } from './dom.js';
import { Keyboard } from './keyboard.js';
import { name, plain } from './marks.js';
import { styled } from './more.js';
import { trouble } from './orders.js';
import { path_of } from './picture.js';
import { cell_of, fill, line_of, use_font } from './rows.js';
import { Scrollback } from './scrollback.js';
import { Revoked, listen } from './wire.js';
import { say } from './words.js';

await styled('screen.css');

const readable = 13;
const smallest = 3;
const largest = 40;
const line_height = 1.25;
const longest_pause = 10_000;

export class Screen {
  #id;
  #wire;
  #give;
  #rows = [];
  #frame = null;
  #stream = null;
  #timer = null;
  #attempt = 0;
  #closed = false;
  #fitted = false;
  #size = readable;
  #pinch = null;
  #listeners = new AbortController();
  #late = [];
  #drawing = false;
  #live = null;

  constructor(id, wire, give, focus) {
    this.#id = id;
    this.#wire = wire;
    this.#give = give;
    this.keyboard = new Keyboard(give, focus);
    this.#build();
    this.#listen();
  }

  // --- what stands there

  #build() {
    const round = (sign, word, act) => h('button', { class: 'plain round', type: 'button', 'aria-label': say(word), title: say(word), onclick: act }, icon(sign));
    this.title = h('p', { class: 'screen-title' });
    this.wide = round('wide', 'fit_width', () => this.#toggle_width());
    this.fit = round('fit', 'fit_phone', () => this.#fit_phone());
    this.note = h('p', { class: 'screen-note', role: 'status' });
    this.lines = h('div', { class: 'lines' });
    this.cursor = h('i', { class: 'cursor' });
    this.grid = h('div', { class: 'grid' }, this.lines, this.cursor);
    this.page = h('div', { class: 'screen-page' }, this.grid);
    this.scroller = h('div', { class: 'screen-scroll', tabindex: '0', role: 'region', 'aria-label': say('terminal') }, this.page);
    this.back = new Scrollback((query) => this.#wire.get(`${path_of(this.#id)}/screen/history?${query}`), this.scroller);
    this.page.prepend(this.back.element);
    this.element = h('section', { class: 'screen' }, h('header', { class: 'screen-bar' }, this.title, this.wide, this.fit), this.note, this.scroller, this.keyboard.element);
  }

  #listen() {
    const { signal } = this.#listeners;
    const on = (target, event, act) => target.addEventListener(event, act, { signal, passive: false });
    on(document, 'visibilitychange', () => (document.hidden ? this.#end() : this.open()));
    on(this.scroller, 'touchstart', (event) => this.#pinch_begins(event));
    on(this.scroller, 'touchmove', (event) => this.#pinches(event));
    on(this.scroller, 'touchend', () => { this.#pinch = null; });
    on(this.scroller, 'wheel', (event) => this.#zooms(event));
    this.watch = new ResizeObserver(() => this.#measure());
    this.watch.observe(this.scroller);
  }

  // *live*: the page hears from the computer. A stream that was open while it did not is not to be trusted.
  show(session, may, live) {
    if (live && this.#live === false) this.#end();
    if (!live) this.#say(say('screen_stands'));
    else if (!this.#live) this.open();
    this.#live = live;
    this.keyboard.element.hidden = !may || !session.can?.includes('keys');
    this.keyboard.show(live);
    this.fit.hidden = !may;
  }

  // --- the stream

  async open() {
    if (this.#stream || this.#closed || document.hidden) return;
    clearTimeout(this.#timer);
    this.#measure();
    const stream = this.#stream = new AbortController();
    try {
      const response = await this.#wire.open(`${path_of(this.#id)}/screen`, stream.signal);
      await listen(response, ({ event, data }) => { if (event === 'screen' && data) this.#hear(data); }, () => { this.#attempt = 0; });
      this.#over(null, stream);
    } catch (error) {
      this.#over(error, stream);
    }
  }

  #end() {
    this.#stream?.abort();
    this.#stream = null;
    clearTimeout(this.#timer);
  }

  // The stream broke, or the computer ended it: read again, unless it said that there is nothing to read.
  #over(error, stream) {
    if (this.#stream !== stream) return;
    this.#stream = null;
    if (this.#closed || error instanceof Revoked || (this.#frame && this.#frame.ended != null)) return;
    if (error?.status && error.status !== 429 && error.status < 500) return this.#say(trouble(error));
    this.#say(say('screen_stands'));
    const most = Math.min(longest_pause, 500 * 2 ** this.#attempt++);
    this.#timer = setTimeout(() => this.open(), most * (0.5 + Math.random() / 2));
  }

  #hear(frame) {
    this.#late.push(frame);
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  // --- frames

  #draw() {
    const at_end = this.#at_end();
    for (const frame of this.#late.splice(0)) this.#take(frame, at_end);
    const { cursor, title, ended } = this.#frame;
    const [row, column, visible] = cursor;
    this.cursor.hidden = !visible || ended != null;
    this.cursor.style.transform = `translate(${column}ch, ${row * line_height}em)`;
    this.title.replaceChildren(name(title || say('terminal')));
    this.#say(ended == null ? '' : say('screen_ended', { code: ended }));
    this.#hide_blank(visible ? row : 0);
    if (at_end) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  // What is empty below the last words and the cursor takes no room.
  #hide_blank(row) {
    let last = this.#rows.length - 1;
    while (last > row && !this.#rows[last].hasChildNodes()) last--;
    this.#rows.forEach((line, at) => line.classList.toggle('blank', at > last));
  }

  #take(frame, at_end) {
    const resized = !this.#frame || String(frame.size) !== String(this.#frame.size);
    const gone = frame.whole ? [] : this.#rows.splice(0, frame.scrolled);
    if (frame.whole) this.#rows.splice(0).forEach((line) => line.remove());
    gone.forEach((line) => line.remove());
    while (this.#rows.length < frame.size[0]) this.#rows.push(this.lines.appendChild(line_of([])));
    for (const [at, runs, goes_on] of frame.rows) if (this.#rows[at]) fill(this.#rows[at], runs, goes_on);
    this.back.follow(frame, gone, at_end);
    this.#frame = frame;
    if (resized) this.#measure();
  }

  #say(words) {
    this.note.hidden = !words;
    if (this.note.textContent !== words) this.note.replaceChildren(plain(words));
  }

  #at_end() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollTop + clientHeight > scrollHeight - 24;
  }

  // --- size

  get #inside() {
    const { paddingLeft, paddingTop } = getComputedStyle(this.scroller);
    return { width: this.scroller.clientWidth - 2 * parseFloat(paddingLeft), height: this.scroller.clientHeight - 2 * parseFloat(paddingTop) };
  }

  // What would fit here in letters that one can read.
  #room() {
    const { width, height } = this.#inside;
    return { columns: Math.max(20, Math.floor(width / (readable * cell_of()))), rows: Math.max(8, Math.floor(height / (readable * line_height))) };
  }

  #measure() {
    use_font(getComputedStyle(this.grid).fontFamily);
    if (!this.#frame) return;
    const at_end = this.#at_end();
    const [, columns] = this.#frame.size;
    this.page.style.setProperty('--columns', columns);
    const fitting = this.#inside.width / (columns * cell_of());
    if (this.#fitted) this.#size = Math.min(readable, fitting);
    this.page.style.fontSize = `${Math.max(smallest, Math.min(largest, this.#size))}px`;
    this.wide.setAttribute('aria-pressed', String(this.#fitted));
    if (at_end) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #toggle_width() {
    this.#fitted = !this.#fitted;
    if (!this.#fitted) this.#size = readable;
    this.#measure();
  }

  #zoom(size, x, y) {
    const box = this.scroller.getBoundingClientRect();
    const [left, top] = [x - box.left + this.scroller.scrollLeft, y - box.top + this.scroller.scrollTop];
    const before = this.#size;
    this.#fitted = false;
    this.#size = Math.max(smallest, Math.min(largest, size));
    this.#measure();
    // What is between the fingers stays there.
    this.scroller.scrollLeft += left * (this.#size / before - 1);
    this.scroller.scrollTop += top * (this.#size / before - 1);
  }

  #pinch_begins({ touches }) {
    if (touches.length === 2) this.#pinch = { apart: apart(touches), size: this.#size };
  }

  #pinches(event) {
    const { touches } = event;
    if (!this.#pinch || touches.length !== 2) return;
    event.preventDefault();
    this.#zoom(this.#pinch.size * apart(touches) / this.#pinch.apart, (touches[0].clientX + touches[1].clientX) / 2, (touches[0].clientY + touches[1].clientY) / 2);
  }

  #zooms(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.#zoom(this.#size * (event.deltaY < 0 ? 1.1 : 1 / 1.1), event.clientX, event.clientY);
  }

  async #fit_phone() {
    this.fit.disabled = true;
    try {
      await this.#give('POST', '/screen/fit', this.#room());
      this.keyboard.warning.replaceChildren();
    } catch (error) {
      this.keyboard.warning.replaceChildren(plain(trouble(error)));
    }
    this.fit.disabled = false;
  }

  close() {
    this.#closed = true;
    this.#end();
    this.#listeners.abort();
    this.watch.disconnect();
    this.back.close();
    this.element.remove();
  }
}

const apart = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
