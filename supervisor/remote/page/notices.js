// What happened while one looked elsewhere: a quiet line that leads there and goes by itself.

import { ago, h, icon, now, say_aloud, sheet } from './dom.js';
import { name, plain } from './marks.js';
import { nothing_here } from './more.js';
import { trouble } from './orders.js';
import { name_of, picture } from './picture.js';
import { put_bar, take_bar } from './undo.js';
import { say } from './words.js';

// Milliseconds for which one stands while the page is looked at; longer if somebody must come.
const stands = { quiet: 8000, urgent: 20_000 };
// So many stand there at once, when they are unfolded.
const most = 5;
// What is older when it is heard was told already, or is no news.
const news_for = 120_000;

const signs = { needs_you: 'needs_you', cut_off: 'cut_off', recovered: 'working', finished: 'ended', job_ended: 'ended', battery: 'asleep', lost: 'lost' };

const link_of = ({ session }) => (session ? `#/s/${encodeURIComponent(session)}` : '#/');
const is_open = ({ session }) => Boolean(session) && location.hash.split('/terminal')[0] === link_of({ session });

// What it is about, and what happened: in the phone's language where the kind is known.
function words_of({ kind, session, sessions, title }) {
  if (kind === 'battery') return { what: say('notice_battery') };
  if (sessions?.length > 1) return { what: say('lost_count', { n: sessions.length }) };
  const known = session && picture.sessions.get(session);
  return known && Object.hasOwn(signs, kind) ? { who: name_of(known), what: say(`notice_${kind}`) } : { what: String(title ?? '') };
}

function words(notice) {
  const { who, what } = words_of(notice);
  const rest = [who && what, notice.text].filter(Boolean).join(' · ');
  return h('span', { class: 'toast-words' }, h('b', {}, name(who ?? what)), rest ? h('span', { class: 'quiet' }, plain(rest)) : null);
}

function spoken(notice) {
  const { who, what } = words_of(notice);
  return [who, what].filter(Boolean).join(': ');
}

const sign = ({ kind }) => h('span', { class: 'sign' }, icon(signs[kind] ?? 'facts'));

class Toasts {
  // By the session that they are about: what is newer replaces what was told of it before.
  #all = new Map();
  #open = false;

  constructor() {
    this.more = h('button', { class: 'toast-more link', type: 'button', onclick: () => { this.#open = true; this.#draw(); } });
    this.list = h('div', { class: 'toast-all' });
    this.element = h('div', { class: 'toasts', role: 'group', 'aria-label': say('notices') }, this.list, this.more);
    addEventListener('hashchange', () => { this.#drop(is_open); });
    setInterval(() => this.#age(), 1000);
  }

  hear(notice) {
    if (notice.withdrawn) return this.#drop(({ id }) => id === notice.id);
    const is_old = now() - Date.parse(notice.at) > news_for;
    if (is_old || (is_open(notice) && !document.hidden)) return this.#drop(({ id }) => id === notice.id);
    const key = notice.session ?? notice.id;
    const before = this.#all.get(key);
    this.#all.delete(key);
    this.#all.set(key, { notice, element: this.#made(key, notice), left: notice.urgent ? stands.urgent : stands.quiet });
    this.#draw();
    // Who needs somebody is said by the page itself.
    if (before?.notice.id !== notice.id && notice.kind !== 'needs_you' && !notice.silent) say_aloud(spoken(notice));
  }

  #made(key, notice) {
    const close = h('button', { class: 'plain round', type: 'button', 'aria-label': say('close'), onclick: () => this.#close(key) }, icon('close', 'small'));
    return h('div', { class: `toast is-${signs[notice.kind] ?? 'idle'}` },
      h('a', { href: link_of(notice), onclick: () => this.#drop((one) => one.id === notice.id) }, sign(notice), words(notice)), close);
  }

  #close(key) {
    this.#all.delete(key);
    this.#draw();
    // Focus stays near, for who closes them by keyboard.
    const next = this.list.querySelector('a') ?? [...document.querySelectorAll('h1')].find((one) => one.checkVisibility());
    next?.focus();
  }

  #drop(which) {
    for (const [key, { notice }] of this.#all) if (which(notice)) this.#all.delete(key);
    this.#draw();
  }

  // Time runs only while somebody can see it, and not under a finger or the focus.
  #age() {
    if (document.hidden || !this.#all.size || this.element.matches(':hover, :focus-within')) return;
    for (const [key, one] of this.#all) if ((one.left -= 1000) <= 0) this.#all.delete(key);
    this.#draw();
  }

  #draw() {
    const all = [...this.#all.values()].map(({ element }) => element).reverse();
    if (!all.length) this.#open = false;
    const shown = all.slice(0, this.#open ? most : 1);
    [...this.list.children].filter((one) => !shown.includes(one)).forEach((one) => one.remove());
    shown.forEach((one, at) => { if (this.list.children[at] !== one) this.list.insertBefore(one, this.list.children[at] ?? null); });
    this.more.hidden = this.#open || shown.length === all.length;
    this.more.textContent = say('notices_more', { n: all.length - shown.length });
    if (all.length && !this.element.isConnected) put_bar(this.element);
    else if (!all.length && this.element.isConnected) take_bar(this.element);
  }
}

const toasts = new Toasts();

export const hear = (notice) => toasts.hear(notice);

// --- all of the last time

function row(notice) {
  return h('li', { class: `is-${signs[notice.kind] ?? 'idle'}${notice.withdrawn ? ' notice-over' : ''}` },
    h('a', { href: link_of(notice) }, sign(notice), words(notice), ago(notice.at)));
}

export async function show_notices(wire) {
  const list = h('ul', { class: 'notices' });
  const note = h('p', { class: 'quiet' }, say('loading'));
  const dialog = sheet(say('notices'), h('section', {}, note, list));
  list.addEventListener('click', (event) => { if (event.target.closest('a')) dialog.close(); });
  try {
    const { notices } = await wire.get('/api/notices');
    list.replaceChildren(...notices.map(row));
    note.replaceWith(...(notices.length ? [] : [nothing_here('bell', say('notices_none'))]));
  } catch (error) {
    note.replaceChildren(h('span', { class: 'warn' }, plain(trouble(error))));
  }
}
