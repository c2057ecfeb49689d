// The way back of a session that was cut off or lost: why, which attempt, when the next one comes,
// what came of those before, and what one says to it.

import { duration, h, icon, moment, now } from './dom.js';
import { plain } from './marks.js';
import './more.js';
import { orders_for, trouble } from './orders.js';
import { name_of } from './picture.js';
import { say, words } from './words.js';

export const on_its_way = (session) => Boolean(session.reconnect) && ['cut_off', 'lost'].includes(session.state);

// --- times that run down

const minutes_of = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

function remaining(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1000);
  if (!(seconds > 0)) return say('next_try_soon');
  if (seconds < 60) return say('next_try_in', { time: say('seconds', { n: seconds }) });
  if (seconds < 3600) return say('next_try_in', { time: say('minutes_of', { time: minutes_of(seconds) }) });
  return say('next_try_at', { time: moment(Date.now() + milliseconds), ago: duration(milliseconds) });
}

const until = (element) => remaining(Date.parse(element.dateTime) - now());

// A <time> that runs down while somebody looks. Screen readers are not told of every second.
function left(text) {
  const element = h('time', { datetime: text, class: 'runs-down' });
  element.textContent = until(element);
  return element;
}

setInterval(() => {
  if (document.hidden) return;
  for (const element of document.querySelectorAll('time.runs-down')) {
    const text = until(element);
    if (element.textContent !== text) element.textContent = text;
  }
}, 1000);

// --- words

// A sentence for what the computer names in a few English words; else these words themselves.
function told(kind, text) {
  const key = `${kind}_${String(text).replaceAll(' ', '_')}`;
  return Object.hasOwn(words, key) ? say(key) : String(text);
}

export const why = (session) => (session.reconnect?.reason ? told('why', session.reconnect.reason) : session.failure || say('cut_off_hint'));

// "Attempt 3 · next try in 42 s", or what it waits for instead.
export function next(session) {
  const { attempt, next_try_at, phase = 'waiting', policy } = session.reconnect;
  const known = ['waiting', 'trying', 'asking', 'stopped'].includes(phase);
  const runs = phase === 'waiting' && Date.parse(next_try_at ?? '');
  const parts = [attempt > 0 && say('attempt', { n: attempt }), runs ? left(next_try_at) : known && say(phase === 'stopped' && policy === 'off' ? 'phase_off' : `phase_${phase}`)].filter(Boolean);
  return parts.flatMap((part, at) => (at ? [' · ', part] : [part]));
}

const counted = [
  [/^given up after (\d+) tries within (.+)$/, 'note_given_up'],
  [/^tried (\d+) times within (.+): waits longer$/, 'note_longer'],
];

function note(session) {
  const { note: words_of_it, phase } = session.reconnect;
  // What the phase says already is not said twice.
  if (!words_of_it || phase === 'asking') return '';
  for (const [pattern, key] of counted) {
    const [, n, span] = pattern.exec(words_of_it) ?? [];
    if (n) return say(key, { n, span: span === 'a day' ? say('a_day') : span });
  }
  return told('note', words_of_it);
}

// --- what was tried

export function tried({ at, cause, what, outcome }) {
  const came = outcome ? told('came', outcome) : say('came_open');
  return h('li', {},
    h('time', { class: 'quiet' }, at ? moment(Date.parse(at)) : '–'),
    h('span', {}, h('span', {}, plain(told('why', cause ?? 'unknown'))), h('span', { class: 'quiet' }, plain(told('did', what ?? '')), ' → ', h('b', { class: outcome === 'works' ? 'good' : null }, plain(came)))));
}

// --- what one says to it

// To wait is for this time; to stop and to go on by itself are for this session from now on.
const orders = { now: { action: 'now' }, wait: { action: 'stop' }, stop: { action: 'stop', policy: 'off' }, always: { action: 'now', policy: 'auto' } };
const possible = { waiting: ['now', 'wait', 'stop'], trying: ['wait', 'stop'], asking: ['now', 'always', 'stop'], stopped: ['now'] };

const possible_for = ({ phase, policy }) => (phase === 'stopped' && policy === 'off' ? ['now', 'always'] : possible[phase] ?? possible.waiting);

class Buttons {
  #give;
  #busy = false;

  constructor(wire, id) {
    this.#give = orders_for(wire, id);
    this.all = Object.keys(orders).map((what) => [what, h('button', { class: `button${what === 'now' ? ' allow' : ''}`, type: 'button', onclick: () => this.#say(what) }, say(`way_${what}`))]);
    this.warning = h('p', { class: 'warn', role: 'alert' });
    this.row = h('div', { class: 'way-buttons' }, ...this.all.map(([, button]) => button));
    this.element = h('div', { class: 'way-say' }, this.row, this.warning);
  }

  show(reconnect, live) {
    this.live = live;
    const wanted = possible_for(reconnect);
    const focused = this.all.find(([, button]) => button === document.activeElement)?.[1];
    for (const [what, button] of this.all) {
      button.hidden = !wanted.includes(what);
      button.setAttribute('aria-disabled', String(!live || this.#busy));
    }
    // Focus does not fall out of the page with the button that had it.
    if (focused?.hidden) this.row.querySelector('button:not([hidden])')?.focus();
  }

  async #say(what) {
    if (this.#busy || !this.live) return;
    this.#busy = true;
    this.warning.replaceChildren();
    this.all.forEach(([, button]) => button.setAttribute('aria-disabled', 'true'));
    try {
      await this.#give('POST', '/reconnect', orders[what]);
    } catch (error) {
      this.warning.replaceChildren(plain(trouble(error)));
    }
    this.#busy = false;
    this.all.forEach(([, button]) => button.setAttribute('aria-disabled', String(!this.live)));
  }
}

// For a row of the list: the buttons only.
export class RowBack {
  #buttons;

  constructor(wire, session) {
    this.#buttons = new Buttons(wire, session.id);
    // Several rows have them: each says whose it is.
    this.#buttons.all.forEach(([, button]) => button.setAttribute('aria-label', `${button.textContent}: ${name_of(session)}`));
    this.element = h('div', { class: 'row-under' }, this.#buttons.element);
  }

  show(session, live) {
    this.#buttons.show(session.reconnect, live);
  }
}

export class WayBack {
  #buttons;
  #shown = '';

  constructor(wire, session) {
    this.#buttons = new Buttons(wire, session.id);
    this.why = h('p', { class: 'way-why' });
    this.next = h('p', { class: 'way-next' });
    this.note = h('p', { class: 'quiet' });
    this.said = h('p', { class: 'way-failure quiet' });
    this.past = h('ol', { class: 'way-past' });
    this.count = h('span', {});
    this.fold = h('details', {}, h('summary', { class: 'link' }, this.count, icon('down', 'small turned')), this.past);
    this.element = h('section', { class: 'way', 'aria-label': say('way_back') }, this.why, this.said, this.next, this.note, this.#buttons.element, this.fold);
  }

  show(session, may, live) {
    this.#buttons.element.hidden = !may;
    this.#buttons.show(session.reconnect, live);
    const shown = JSON.stringify([session.reconnect, session.failure]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const reason = why(session);
    this.why.replaceChildren(plain(reason));
    this.said.replaceChildren(plain(session.failure && session.failure !== reason ? session.failure : ''));
    this.next.replaceChildren(...next(session));
    this.note.replaceChildren(plain(note(session)));
    const history = session.reconnect.history ?? [];
    this.fold.hidden = !history.length;
    this.count.textContent = say('tried', { n: history.length });
    this.past.replaceChildren(...history.map(tried).reverse());
  }
}
