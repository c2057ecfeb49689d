// Cards with what agents ask, and the answer to it. A card takes no tap that was not meant for it:
// not one that hits it because it has just come or moved, not a second one, none before all was read.

import { Block, Questions, diff, seen, seen_line } from './asked.js';
import { ago, h, icon } from './dom.js';
import { name, plain } from './marks.js';
import './more.js';
import { give, new_key, trouble } from './orders.js';
import { asked_of, name_of, picture } from './picture.js';
import { say } from './words.js';

// Milliseconds for which a card must have stood still before it can be tapped.
const still_for = 400;
const look_every = 120;
// Milliseconds for which a card says how it ended, and for which an answered question does not come back.
const farewell = { elsewhere: 2000, here: 1200, words: 5000 };
const settles_within = 10_000;

const said = { allow: 'said_allow', deny: 'said_deny', answer: 'said_answer' };

// Where something is on the screen, not counting what its reader scrolls.
function place(element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [left, top + (element.closest('.scroll, .bottom')?.scrollTop ?? 0), width, height].map(Math.round).join();
}

class Card {
  #decide;
  #blocks = [];
  #questions = null;
  #state = 'open';
  #place = '';
  #moved_at = performance.now();
  #void = false;
  #keys = {};
  #trouble = '';
  #live = true;

  constructor(approval, session, decide, { linked, may }) {
    this.approval = approval;
    this.answerable = approval.answerable;
    this.session_id = session.id;
    this.#decide = decide;
    this.buttons = h('div', { class: 'verdict' });
    this.note = h('p', { class: 'hint', role: 'status' });
    this.warning = h('p', { class: 'warn', role: 'alert' });
    this.element = h('section', { class: 'card approval', 'aria-label': say('asks') }, ...this.#head(session, linked), ...this.#body());
    if (may && approval.answerable) this.#add_buttons();
    else if (!approval.answerable) this.element.append(h('p', { class: 'desk' }, plain(say('answer_at_desk', { host: session.hostname ?? '' }))));
    this.element.addEventListener('pointerdown', () => { this.#void = !this.steady; }, true);
    this.#draw();
  }

  get id() {
    return this.approval.id;
  }

  // --- what it says

  #head(session, linked) {
    const { summary, at, tool, reason, cwd } = this.approval;
    const whose = linked && h('a', { class: 'strong', href: `#/s/${encodeURIComponent(session.id)}` }, name(name_of(session)));
    return [
      h('header', { class: 'asked-head' }, icon('needs_you', 'small'), h('h3', {}, whose || seen_line(this.approval.questions?.length ? say('asks') : tool || say('asks'))), ago(at)),
      linked && tool && !this.approval.questions?.length ? h('p', { class: 'strong' }, seen_line(tool)) : null,
      summary ? h('p', {}, seen(summary)) : null,
      reason ? h('p', { class: 'quiet' }, say('asked_reason'), ' ', seen(reason)) : null,
      cwd ? h('p', { class: 'quiet mono' }, say('asked_in'), ' ', seen_line(cwd)) : null,
    ];
  }

  #body() {
    const { text, diff: change, questions } = this.approval;
    if (questions?.length) this.#questions = new Questions(questions, () => this.#draw());
    const block = (kind, content) => {
      this.#blocks.push(new Block(kind, content, () => this.#draw()));
      return this.#blocks.at(-1).element;
    };
    // The words of questions are in the questions.
    return [text && !this.#questions ? block('text', seen(text)) : null, change ? block('diff', diff(change)) : null, this.#questions?.element ?? null];
  }

  #add_buttons() {
    this.reason = h('textarea', { class: 'field', rows: '2', 'aria-label': say('deny_reason'), placeholder: say('deny_reason'), hidden: true });
    this.why = h('button', { class: 'link', type: 'button', onclick: () => this.#ask_reason() }, say('with_reason'));
    this.deny = h('button', { class: 'button deny', type: 'button', onclick: () => this.#tap('deny', this.#reasoned()) }, say('deny'));
    const yes = this.#questions ? 'answer' : 'allow';
    this.yes = h('button', { class: 'button allow', type: 'button', onclick: () => this.#tap(yes, yes === 'answer' ? { answers: this.#questions.answers } : {}) }, say(yes));
    this.buttons.append(this.deny, this.yes);
    this.element.append(this.reason, this.note, this.warning, this.buttons, this.why);
  }

  #ask_reason() {
    this.reason.hidden = !this.reason.hidden;
    if (!this.reason.hidden) this.reason.focus();
  }

  #reasoned() {
    const reason = this.reason.hidden ? '' : this.reason.value.trim();
    return reason ? { reason } : {};
  }

  // --- whether it may be tapped

  get steady() {
    this.look();
    return performance.now() - this.#moved_at >= still_for;
  }

  // Also called every now and then: what happens between two taps must not go unseen.
  look() {
    const now_at = place(this.buttons);
    if (now_at !== this.#place) this.#moved_at = performance.now();
    this.#place = now_at;
    this.buttons.classList.toggle('steady', performance.now() - this.#moved_at >= still_for);
  }

  live(live) {
    if (live === this.#live) return;
    this.#live = live;
    this.#draw();
  }

  #why_not() {
    if (!this.#live) return say('not_connected');
    if (this.#questions) return this.#questions.complete ? '' : say('answer_all');
    return this.#blocks.every(({ read }) => read) ? '' : say('read_all');
  }

  #draw() {
    if (!this.yes || this.#state === 'gone') return;
    const why = this.#state === 'open' ? this.#why_not() : '';
    const busy = this.#state !== 'open';
    this.yes.setAttribute('aria-disabled', String(busy || Boolean(why)));
    this.deny.setAttribute('aria-disabled', String(busy || !this.#live));
    this.why.hidden = busy;
    this.note.replaceChildren(this.#state === 'sending' ? say('sending') : why);
    this.warning.replaceChildren(plain(this.#trouble));
  }

  // --- the answer

  async #tap(decision, more) {
    const button = decision === 'deny' ? this.deny : this.yes;
    const unmeant = this.#void;
    this.#void = false;
    if (unmeant || !this.steady || this.#state !== 'open' || button.getAttribute('aria-disabled') === 'true') return;
    this.#state = 'sending';
    this.#trouble = '';
    this.#draw();
    const body = { digest: this.approval.digest, decision, ...more };
    // The same answer once more is the same order; another answer is another.
    const key = this.#keys[JSON.stringify(body)] ??= new_key();
    try {
      await this.#decide(this.approval, body, key);
      this.#end(say(said[decision]), farewell.here);
    } catch (error) {
      this.#trouble = trouble(error);
      // Over or changed: this card is worth nothing any more.
      this.#state = error.status === 409 || error.status === 404 ? 'over' : 'open';
      if (error.status) delete this.#keys[JSON.stringify(body)];
      this.#draw();
    }
  }

  // The computer no longer asks this; *changed*: it asks something else in its place; *better*: its session
  // asks something.
  withdraw(changed, better) {
    // All that was known of it is known better now: it is the same question.
    if (better && !this.answerable) {
      this.#end('', 0);
      return;
    }
    // An answer from here is on its way back: it says how that ended.
    if (this.#state === 'gone' || this.#state === 'sending') return;
    if (this.#state === 'over') this.#end(this.#trouble, farewell.words);
    else this.#end(say(changed ? 'said_changed' : 'said_elsewhere'), farewell.elsewhere);
  }

  #end(words, milliseconds) {
    this.#state = 'gone';
    this.close();
    this.element.classList.add('gone');
    this.element.replaceChildren(h('p', { class: 'strong', role: 'status' }, icon('ended', 'small'), ' ', plain(words)));
    this.ends_at = performance.now() + milliseconds;
  }

  close() {
    this.#blocks.forEach((block) => block.close());
  }
}

export class Cards {
  #wire;
  #linked;
  #changed;
  #cards = new Map();
  #looking = null;

  // *linked*: each card says and opens its session. *changed* is called when more is known than was told.
  constructor(wire, linked, changed) {
    this.#wire = wire;
    this.#linked = linked;
    this.#changed = changed;
    this.element = h('div', { class: 'cards', hidden: true });
  }

  // *asked*: pairs of a question and its session. *may*: whether this phone may answer. *elsewhere*: the
  // session whose questions stand in another place of the screen.
  show(asked, live, may = true, elsewhere = null) {
    const wanted = new Map(asked.map(([approval, session]) => [`${session.id} ${approval.id} ${approval.digest} ${may}`, [approval, session]]));
    const ids = new Set(asked.map(([{ id }]) => id));
    for (const [key, card] of this.#cards) {
      card.wanted = wanted.has(key);
      if (card.wanted) card.live(live);
      else card.withdraw(ids.has(card.id), asked.some(([, session]) => session.id === card.session_id));
    }
    for (const [key, [approval, session]] of wanted) if (!this.#cards.has(key)) this.#add(key, approval, session, live, may);
    for (const card of this.#cards.values()) card.element.hidden = card.session_id === elsewhere;
    this.#tidy();
    if (this.#cards.size) this.#looking ??= setInterval(() => this.#look(), look_every);
  }

  #add(key, approval, session, live, may) {
    const card = new Card(approval, session, (...answer) => this.#decide(session, ...answer), { linked: this.#linked, may });
    card.live(live);
    this.#cards.set(key, card);
    this.element.append(card.element);
  }

  #look() {
    if (document.hidden) return;
    for (const card of this.#cards.values()) card.look();
    this.#tidy();
  }

  #tidy() {
    for (const [key, card] of this.#cards) {
      const over_for = performance.now() - card.ends_at;
      if (!(over_for >= 0)) continue;
      card.element.remove();
      if (!card.wanted || over_for > settles_within) this.#cards.delete(key);
    }
    this.element.hidden = !this.element.querySelector('section:not([hidden])');
    if (!this.#cards.size) this.close();
  }

  async #decide(session, { id }, body, key) {
    try {
      await give(this.#wire, 'POST', `/api/approvals/${encodeURIComponent(id).replaceAll('%3A', ':')}`, body, key);
    } catch (error) {
      if (error.status === 409 || error.status === 404) this.#ask_again(session.id);
      throw error;
    }
  }

  // What is asked now, after an answer came too late.
  async #ask_again(id) {
    const { approvals } = await this.#wire.get('/api/approvals').catch(() => ({}));
    const session = picture.sessions.get(id);
    if (!approvals || !session) return;
    session.approvals = approvals.filter(({ session_id }) => session_id === id);
    this.#changed();
  }

  close() {
    clearInterval(this.#looking);
    this.#looking = null;
  }
}

export const questions_of = (session) => asked_of(session).map((approval) => [approval, session]);
