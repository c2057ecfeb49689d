// One session: its transcript, newest at the end, and below it what is going on now.
// Ten thousand entries stay smooth: parts that are far away are empty boxes of the same height.

import { ago, clock, day, h, icon, moment, say_aloud } from './dom.js';
import { path_of } from './picture.js';
import { one_line, plain, without_escapes } from './marks.js';
import { prose, terminal } from './text.js';
import { state_word } from './list.js';
import { say } from './words.js';

const page_size = 96;
const part_size = 24;
const few_lines = 10;
const few_characters = 700;
const step = 60_000;

// --- entries

const size = (characters) => (characters < 2000 ? '' : ` (${Math.round(characters / 1000)} k)`);
const line_end = (text, lines) => {
  let at = -1;
  while (lines-- > 0) {
    at = text.indexOf('\n', at + 1);
    if (at < 0) return text.length;
  }
  return at;
};

// Monospaced text that scrolls inside; very long lines are wrapped, else nobody could read them.
function block(text, make) {
  const long = text.split('\n', 4000).some((line) => line.length > 600);
  return h('pre', { class: long ? 'code wrapped' : 'code', tabindex: '0' }, make(text));
}

// The beginning of a long text, with a button for more of it, and so on.
function folded(text, make, whole) {
  const box = h('div', {});
  const short = Math.min(line_end(text, few_lines), few_characters);
  const button = (word, act) => h('button', { class: 'fold', type: 'button', onclick: act }, word);
  const show = (upto) => {
    const full = upto >= text.length;
    box.replaceChildren(make(full ? text : text.slice(0, upto)));
    if (!full) box.append(button(`${say('show_more')}${size(text.length - upto)}`, () => keep_place(box, () => show(upto + step))));
    else if (whole) box.append(button(say('load_whole'), () => whole(box)));
  };
  show(text.length <= short * 1.3 ? text.length : short);
  return box;
}

// Runs *change* and keeps what is above it where the eye is: the scroller measures from its end.
function keep_place(element, change) {
  const scroller = element.closest('.scroller');
  const height = scroller?.scrollHeight;
  change();
  // What opens may have been taken off the page before its turn came.
  if (scroller) scroller.scrollTop -= scroller.scrollHeight - height;
}

// A card with one line that opens; what is inside is made when it is first wanted.
function card(name, head, inside, opened, key) {
  const element = h('details', { class: `card-entry ${name}` }, h('summary', {}, ...head));
  const open = (wanted) => {
    element.open = wanted;
    if (wanted && element.children.length === 1) element.append(inside());
    if (wanted) opened.add(key);
    else opened.delete(key);
  };
  element.firstChild.addEventListener('click', (event) => {
    event.preventDefault();
    keep_place(element, () => open(!element.open));
  });
  if (opened.has(key)) open(true);
  return element;
}

function tool_call(entry, opened, whole) {
  const text = entry.text ?? '';
  const head = [icon('tool', 'small'), h('b', {}, plain(entry.tool ?? say('tool'))), h('code', {}, plain(without_escapes(text.slice(0, 300)).split('\n').find((line) => line.trim()) ?? ''))];
  return card('call', head, () => folded(text, (part) => block(part, plain), whole), opened, entry.seq);
}

function tool_result(entry, opened, whole) {
  const text = (entry.text ?? '').replace(/^\n+|\s+$/g, '');
  if (!text) return h('div', { class: 'result quiet' }, say('no_output'));
  return h('div', { class: 'result' }, folded(text, (part) => block(part, terminal), whole));
}

const thinking = (entry, opened, whole) => card('thought', [icon('thought', 'small'), h('span', {}, say('thinking')), h('code', {}, plain(one_line(entry.text ?? '', 120)))],
  () => folded(entry.text ?? '', (part) => h('div', { class: 'prose' }, prose(part)), whole), opened, entry.seq);

function message(entry, whole) {
  const text = entry.text ?? '';
  const long = text.length > step ? folded(text, (part) => h('div', { class: 'prose' }, prose(part)), whole) : h('div', { class: 'prose' }, prose(text));
  const mine = entry.role === 'user';
  const at = entry.at && h('time', { class: 'at', datetime: entry.at, title: moment(Date.parse(entry.at)) }, clock(Date.parse(entry.at)));
  const more = whole && text.length <= step && h('button', { class: 'fold', type: 'button', onclick: (event) => whole(event.currentTarget.parentElement) }, say('load_whole'));
  return h('article', { class: `message ${mine ? 'mine' : entry.role === 'assistant' ? 'theirs' : 'system'}` },
    h('h3', { class: 'unseen' }, say(mine ? 'you' : 'the_agent')), long, more, at);
}

const made = {
  tool_call,
  tool_result,
  thinking,
  error: (entry) => h('div', { class: 'trouble', role: 'note' }, icon('cut_off', 'small'), h('div', { class: 'prose' }, prose(entry.text ?? ''))),
  notice: (entry) => h('div', { class: 'notice' }, plain(without_escapes(entry.text ?? ''))),
};

// --- the transcript

class Part {
  constructor(entries) {
    this.entries = entries;
    this.element = h('div', { class: 'part' });
    this.built = false;
  }
}

export class Transcript {
  #get;
  #id;
  #parts = [];
  #known = new Set();
  #before = null;
  #loading = false;
  #waiting = [];
  #opened = new Set();
  #ready = false;
  #closed = false;
  #early = [];

  constructor(id, get) {
    this.#id = id;
    this.#get = get;
    this.top = h('div', { class: 'top' }, h('span', { class: 'quiet' }, say('loading')));
    // What was sent and is not written down yet stands below everything else.
    this.pending = h('div', { class: 'pending' });
    this.log = h('div', { class: 'log', role: 'log', 'aria-live': 'off', 'aria-label': say('transcript') }, this.top, this.pending);
    // Reversed: its zero is the end, so older pages grow upwards without moving what is read.
    this.scroller = h('div', { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': say('transcript') }, this.log);
    this.newer = h('button', { class: 'newer', type: 'button', hidden: true, onclick: () => this.to_end() }, h('span', {}), icon('down', 'small'));
    this.element = h('div', { class: 'transcript' }, this.scroller, this.newer);
    this.#near = new IntersectionObserver((edges) => edges.forEach((edge) => this.#seen(edge)), { root: this.scroller, rootMargin: '1600px 0px' });
    this.#above = new IntersectionObserver((edges) => { if (edges.at(-1).isIntersecting) this.older(); }, { root: this.scroller, rootMargin: '1200px 0px' });
    this.scroller.addEventListener('scroll', () => { if (this.#at_end()) this.#catch_up(); this.#button(); }, { passive: true });
  }
  #near;
  #above;
  #by_element = new Map();

  #asking = false;
  #again = null;

  get ready() {
    return this.#ready;
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#again);
    this.#near.disconnect();
    this.#above.disconnect();
  }

  get #url() {
    return `${path_of(this.#id)}/entries`;
  }

  // The newest page: at first, after a gap, or when the transcript was replaced.
  async load(afresh = false) {
    if (this.#asking) return;
    this.#asking = true;
    let page;
    try {
      page = await this.#get(`${this.#url}?limit=${page_size}`);
    } catch (error) {
      if (!this.#ready) this.#cannot(error);
      // What came meanwhile waits: it must not hide what was missed before it.
      else if (!this.#closed) this.#again = setTimeout(() => this.load(afresh), 2000);
      return;
    } finally {
      this.#asking = false;
    }
    if (this.#closed) return;
    clearTimeout(this.#again);
    this.#again = null;
    const last = this.#last_seq();
    const joins = !afresh && this.#ready && (page.before === null || page.entries.some((entry) => entry.seq <= last));
    if (!joins) this.#clear(page);
    this.#ready = true;
    page.entries.concat(this.#early).forEach((entry) => this.#add(entry));
    this.#early = [];
    this.#top_line();
    if (!joins) this.scroller.scrollTop = 0;
  }

  #cannot(error) {
    const word = error.status === 404 ? say('no_transcript') : error.status ? error.message : say('not_loaded');
    this.top.replaceChildren(h('p', { class: 'quiet' }, word), h('button', { class: 'button', type: 'button', onclick: () => this.load() }, say('try_again')));
  }

  #clear(page) {
    this.#near.disconnect();
    this.#by_element.clear();
    this.#parts.forEach((part) => part.element.remove());
    this.#parts = [];
    this.#known.clear();
    this.#waiting = [];
    this.#before = page.before;
    this.#above.disconnect();
    this.#above.observe(this.top);
  }

  #top_line() {
    if (this.#before !== null) this.top.replaceChildren(h('span', { class: 'quiet' }, say('loading')));
    else this.top.replaceChildren(h('span', { class: 'quiet' }, say(this.#parts.length ? 'beginning' : 'nothing_yet')));
  }

  // All that is here, oldest first.
  get entries() {
    return [...this.#parts.flatMap(({ entries }) => entries), ...this.#waiting];
  }

  // Whether nothing older is to be had.
  get whole() {
    return this.#ready && this.#before === null;
  }

  // One page more; false: it did not come.
  async fetch_older() {
    const before = this.#before;
    while (this.#loading) await new Promise(requestAnimationFrame);
    if (this.#before === before) await this.older();
    return this.#before !== before;
  }

  // The element of an entry that is here.
  reveal(seq) {
    this.#catch_up();
    const part = this.#parts.find(({ entries }) => entries.at(-1).seq >= seq);
    if (part && !part.built) this.#build(part);
    return part?.element.querySelector(`[data-seq="${seq}"]`);
  }

  async older() {
    if (this.#loading || this.#before === null || !this.#ready) return;
    this.#loading = true;
    try {
      const page = await this.#get(`${this.#url}?limit=${page_size}&before=${this.#before}`);
      if (this.#closed) return;
      const fresh = page.entries.filter((entry) => !this.#known.has(entry.seq));
      fresh.forEach((entry) => this.#known.add(entry.seq));
      this.#before = fresh.length ? page.before : null;
      for (let end = fresh.length; end > 0; end -= part_size) this.#put_part(fresh.slice(Math.max(0, end - part_size), end), 0);
      this.#top_line();
    } catch {
      this.#above.disconnect();
      this.top.replaceChildren(h('button', { class: 'button', type: 'button', onclick: () => this.older() }, say('try_again')));
      return;
    } finally {
      this.#loading = false;
    }
    // An observer tells changes only: look afresh, the edge may still be near.
    this.#above.disconnect();
    if (this.#before !== null) this.#above.observe(this.top);
  }

  #put_part(entries, at) {
    const part = new Part(entries);
    const next = this.#parts[at]?.element ?? this.pending;
    this.#parts.splice(at, 0, part);
    this.#by_element.set(part.element, part);
    this.log.insertBefore(part.element, next);
    this.#build(part);
    this.#near.observe(part.element);
    return part;
  }

  #build(part) {
    part.built = true;
    part.element.classList.remove('far');
    part.element.style.height = '';
    part.element.replaceChildren(...part.entries.flatMap((entry, at) => this.#nodes(entry, part.entries[at - 1])));
  }

  #seen({ target, isIntersecting, boundingClientRect }) {
    const part = this.#by_element.get(target);
    if (!part || isIntersecting === part.built) return;
    if (isIntersecting) return this.#build(part);
    if (part.element.contains(document.activeElement) || !boundingClientRect.height) return;
    part.built = false;
    part.element.style.height = `${boundingClientRect.height}px`;
    part.element.replaceChildren();
  }

  #nodes(entry, before) {
    const nodes = [];
    const date = entry.at && new Date(entry.at).toDateString();
    if (date && before?.at && new Date(before.at).toDateString() !== date) nodes.push(h('div', { class: 'day' }, day(new Date(entry.at))));
    // Asked for once: what is still cut then, nobody has.
    const whole = entry.truncated && !entry.whole ? (box) => this.#whole(entry, box) : null;
    const make = Object.hasOwn(made, entry.kind) ? made[entry.kind] : null;
    nodes.push(make ? make(entry, this.#opened, whole) : message(entry, whole));
    nodes.at(-1).dataset.seq = entry.seq;
    return nodes;
  }

  // The stream cuts long entries; the page of the transcript has what there is.
  async #whole(entry, box) {
    entry.whole = true;
    try {
      const page = await this.#get(`${this.#url}?limit=1&before=${entry.seq + 1}`);
      if (page.entries[0]?.seq === entry.seq) Object.assign(entry, page.entries[0], { whole: true });
    } catch {
      entry.whole = false;
    }
    const part = this.#by_element.get(box.closest('.part'));
    if (part) keep_place(box, () => this.#build(part));
  }

  #last_seq() {
    return this.#waiting.at(-1)?.seq ?? this.#parts.at(-1)?.entries.at(-1)?.seq ?? -1;
  }

  // An entry from the stream. Before the first page is here it waits for it.
  hear(entry) {
    if (!this.#ready || this.#asking || this.#again) return void this.#early.push(entry);
    const at_end = this.#at_end();
    if (!this.#add(entry)) return;
    if (at_end) this.#catch_up();
    this.#button();
    if (entry.kind === 'text' && entry.role === 'assistant' && at_end) say_aloud(one_line(entry.text ?? '', 160));
  }

  #add(entry) {
    if (this.#known.has(entry.seq) || entry.seq < this.#last_seq()) return false;
    this.#known.add(entry.seq);
    if (this.#parts.length && !this.#at_end()) this.#waiting.push(entry);
    else this.#append(entry);
    return true;
  }

  #append(entry) {
    const part = this.#parts.at(-1);
    if (!part || part.entries.length >= part_size) return void this.#put_part([entry], this.#parts.length);
    if (!part.built) this.#build(part);
    part.element.append(...this.#nodes(entry, part.entries.at(-1)));
    part.entries.push(entry);
  }

  // Shows what came while somebody read further up, without moving what they read.
  #catch_up(follow = false) {
    if (!this.#waiting.length) return;
    const height = this.scroller.scrollHeight;
    this.#waiting.splice(0).forEach((entry) => this.#append(entry));
    if (!follow) this.scroller.scrollTop -= this.scroller.scrollHeight - height;
  }

  #at_end() {
    return this.scroller.scrollTop > -24;
  }

  to_end() {
    const last = this.#parts.at(-1);
    if (last && !last.built) this.#build(last);
    this.#catch_up(true);
    this.scroller.scrollTop = 0;
    this.scroller.focus({ preventScroll: true });
    this.#button();
  }

  #button() {
    const far = this.scroller.scrollTop < -400;
    this.newer.hidden = !this.#waiting.length && !far;
    this.newer.firstChild.textContent = this.#waiting.length ? say('new_messages', { n: this.#waiting.length }) : say('to_end');
  }
}

// --- what is going on now, below the transcript

// What is going on now. Whoever steers says more in `more`, puts cards into `scroll`, buttons into `head` and more below.
export class NowBar {
  constructor() {
    this.more = h('div', { class: 'now-more' });
    this.line = h('p', { class: 'now-line' });
    this.scroll = h('div', { class: 'bottom' }, this.more);
    this.head = h('div', { class: 'now-head' }, this.line);
    this.element = h('footer', { class: 'now' }, this.scroll, this.head);
  }

  show(session) {
    this.element.className = `now is-${session.state}`;
    this.line.replaceChildren(icon(session.state, 'small'), h('span', { class: 'state' }, state_word(session)), ago(session.since), session.stale ? h('span', { class: 'tag' }, say('tag_stale')) : '');
  }
}
