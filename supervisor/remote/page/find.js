// Jumps and searches in a transcript: among what is here, and further back page by page on demand.

import { h, icon, number } from './dom.js';
import { asked_of, picture } from './picture.js';
import { say } from './words.js';

// Milliseconds after the last letter before it is looked for.
const patience = 250;
// Older pages that are fetched before somebody is asked whether to go on.
const pages_at_once = 10;
// A long result shows its beginning: how often more of it is asked for, at most.
const unfold_at_most = 60;

const marks = globalThis.Highlight && CSS.highlights ? new Highlight() : null;
if (marks) CSS.highlights.set('found', marks);

const lower = (text) => (text ?? '').toLocaleLowerCase();

const kinds = {
  prompt: (entry) => entry.role === 'user' && entry.kind === 'text',
  error: (entry) => entry.kind === 'error',
};

// Each place of *words* in the text nodes of *element*.
function* places(element, words) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    // What only screen readers are told is nowhere that one could scroll to.
    if (node.parentElement.closest('.unseen')) continue;
    const text = lower(node.data);
    // A few letters are longer in lower case: then places would be wrong.
    if (text.length !== node.length) continue;
    for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + words.length)) {
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + words.length);
      yield range;
    }
  }
}

// Opens what hides *words* in an entry.
function unfold(element, words) {
  if (element.matches('details:not([open])')) element.querySelector('summary').click();
  for (let n = 0; n < unfold_at_most && !lower(element.textContent).includes(words); n++) {
    const more = [...element.querySelectorAll('button.fold')].find((one) => one.textContent.startsWith(say('show_more')));
    if (!more) return;
    more.click();
  }
}

export class Find {
  #transcript;
  #session_id;
  #timer = null;
  // The number of the entry that one is at; searching goes back from it.
  #at = Infinity;
  #round = 0;
  #close;

  // *close()* is called when it is not wanted any more.
  constructor(session_id, transcript, close) {
    this.#session_id = session_id;
    this.#transcript = transcript;
    this.#close = close;
    const button = (shape, word, act) => h('button', { class: 'plain round', type: 'button', 'aria-label': say(word), onclick: act }, icon(shape, 'small'));
    this.field = h('input', { class: 'field', type: 'search', dir: 'auto', enterkeyhint: 'search', autocomplete: 'off', spellcheck: 'false', 'aria-label': say('find'), placeholder: say('find'),
      oninput: () => this.#typed(), onkeydown: (event) => this.#key(event) });
    this.status = h('p', { class: 'quiet', role: 'status' });
    this.further = h('button', { class: 'link', type: 'button', hidden: true, onclick: () => this.#go(this.#wanted) }, say('find_older'));
    const chip = (kind, act) => h('button', { class: 'find-chip', type: 'button', 'data-kind': kind, onclick: act }, say(`jump_${kind}`));
    this.need = chip('need', () => this.#to_need());
    this.element = h('search', { class: 'find', 'aria-label': say('find'), onkeydown: (event) => { if (event.key === 'Escape') this.close(); } },
      h('div', { class: 'find-row' }, this.field, button('up', 'find_older_one', () => this.#older()), button('down', 'find_newer_one', () => this.#newer()), button('close', 'close', () => this.close())),
      h('div', { class: 'find-row find-under' }, this.need, chip('prompt', () => this.#jump('prompt')), chip('error', () => this.#jump('error'))),
      h('div', { class: 'find-row find-said' }, this.status, this.further));
    this.show();
  }

  show() {
    const session = picture.sessions.get(this.#session_id);
    this.need.hidden = session?.state !== 'needs_you';
    this.need_asked = session && asked_of(session).length > 0;
  }

  focus() {
    this.field.focus();
    this.field.select();
  }

  close() {
    clearTimeout(this.#timer);
    this.#round++;
    this.#clear();
    this.element.remove();
    this.#close();
  }

  #clear() {
    marks?.clear();
    document.querySelectorAll('.found').forEach((one) => one.classList.remove('found'));
  }

  // --- what is typed

  get #words() {
    return lower(this.field.value.trim());
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), patience);
  }

  #key(event) {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    if (event.shiftKey) this.#newer();
    else this.#older();
  }

  #search() {
    this.#at = Infinity;
    this.#clear();
    this.status.textContent = '';
    this.further.hidden = true;
    if (this.#words) this.#go(this.#matches);
  }

  #matches = (entry) => lower(entry.text).includes(this.#words) || lower(entry.tool).includes(this.#words);

  #older() {
    if (this.#words) this.#go(this.#matches);
  }

  #newer() {
    if (!this.#words) return;
    const next = this.#transcript.entries.find((entry) => entry.seq > this.#at && this.#matches(entry));
    if (next) this.#reveal(next, this.#matches);
  }

  // --- jumps

  #jump(kind) {
    if (this.#kind !== kind) this.#at = Infinity;
    this.#kind = kind;
    this.#go(kinds[kind]);
  }
  #kind = null;
  #wanted = null;

  #to_need() {
    const card = document.querySelector('.right .approval, .right .desk');
    if (!card) return;
    card.scrollIntoView({ block: 'nearest' });
    if (!card.matches('.desk')) card.querySelector('[tabindex], button, input')?.focus();
  }

  // The newest that *wanted* is true of before where one is; older pages are fetched until there is one.
  async #go(wanted) {
    const round = ++this.#round;
    if (wanted !== this.#matches) this.field.value = '';
    else this.#kind = null;
    this.#wanted = wanted;
    this.further.hidden = true;
    for (let pages = 0; ; pages++) {
      const found = this.#transcript.entries.findLast((entry) => entry.seq < this.#at && wanted(entry));
      if (found) return this.#reveal(found, wanted);
      if (this.#transcript.whole || pages >= pages_at_once) break;
      this.status.textContent = say('find_searching', { n: number(this.#transcript.entries.length) });
      const fetched = await this.#transcript.fetch_older();
      if (round !== this.#round) return;
      if (!fetched) return void (this.status.textContent = say('not_loaded'));
    }
    this.#nothing(wanted);
  }

  #nothing(wanted) {
    const any = this.#transcript.entries.some(wanted);
    this.status.textContent = this.#transcript.whole ? say(any ? 'find_no_more' : 'find_nothing') : say('find_not_in', { n: number(this.#transcript.entries.length) });
    this.further.hidden = this.#transcript.whole;
  }

  #reveal(entry, wanted) {
    this.#at = entry.seq;
    this.#clear();
    const element = this.#transcript.reveal(entry.seq);
    if (!element) return;
    const words = wanted === this.#matches ? this.#words : '';
    if (words) unfold(element, words);
    element.classList.add('found');
    const ranges = words ? [...places(element, words)] : [];
    ranges.forEach((range) => marks?.add(range));
    (ranges[0]?.startContainer.parentElement ?? element).scrollIntoView({ block: 'center', inline: 'nearest' });
    this.#count(entry, wanted);
  }

  #count(entry, wanted) {
    const all = this.#transcript.entries.filter(wanted);
    const n = all.length - all.findIndex(({ seq }) => seq === entry.seq);
    this.status.textContent = say(this.#transcript.whole ? 'find_count' : 'find_count_so_far', { at: n, of: all.length });
  }
}
