// What was lost in a crash, a reboot or a kill: what is left of each, and bringing one, some or all back.

import { why } from './cut_off.js';
import { ago, h, icon, moment, sheet } from './dom.js';
import { copy_button } from './facts.js';
import { last_line, state_word } from './list.js';
import { name, plain } from './marks.js';
import { give, trouble } from './orders.js';
import { agent_of, name_of, picture, short_folder } from './picture.js';
import { say } from './words.js';

// Milliseconds after which one that did not come back is offered again: they start one after the other.
const patience = 45_000;

const where_to = (session) => `#/s/${encodeURIComponent(session.id)}`;
const how = (session) => why({ ...session, reconnect: { reason: session.reconnect?.reason ?? session.cause } });

// What stands between a session and its way back; [words, whether it makes it impossible].
function* missing({ session, folder_exists, branch_now, transcript_exists }) {
  if (!folder_exists) yield [say('lost_folder'), true];
  if (!transcript_exists) yield [say('lost_transcript'), true];
  if (folder_exists && session.git_branch && branch_now !== session.git_branch) yield [branch_now ? say('lost_branch', { now: branch_now, was: session.git_branch }) : say('lost_no_branch', { was: session.git_branch }), false];
}

class Row {
  #shown = '';

  constructor(lost, may, act) {
    this.id = lost.session.id;
    this.session = lost.session;
    const gaps = [...missing(lost)];
    this.able = may && !gaps.some(([, fatal]) => fatal);
    this.box = h('input', { type: 'checkbox', 'aria-label': say('lost_choose', { name: name_of(lost.session) }), onchange: () => act() });
    this.button = h('button', { class: 'button', type: 'button', onclick: () => act(this) }, icon('resume', 'small'), h('span', {}, say('do_resume')));
    this.status = h('p', { class: 'lost-status', role: 'status' });
    this.buttons = h('div', { class: 'lost-buttons' }, this.able && this.button, lost.session.resume_command && copy_button(lost.session.resume_command, say('copy_command')));
    this.element = h('li', { class: 'lost is-lost' }, this.#head(), this.#body(lost, gaps), this.status, this.buttons);
  }

  #head() {
    const { session } = this;
    const title = h('bdi', { class: 'lost-name' }, name(name_of(session)));
    return h('div', { class: 'lost-head' }, this.able ? h('label', { class: 'lost-choice' }, this.box, title) : title, ago(session.since));
  }

  #body({ session }, gaps) {
    const facts = [agent_of(session), session.model, session.git_branch].filter(Boolean).join(' · ');
    const line = last_line({ ...session, reconnect: null });
    return h('div', { class: 'lost-body' },
      h('p', { class: 'quiet' }, h('bdi', {}, name(facts))),
      session.cwd && h('p', { class: 'quiet mono' }, h('bdi', {}, name(short_folder(session.cwd, 44)))),
      line && h('p', { class: 'lost-last' }, h('bdi', {}, plain(line))),
      h('p', {}, plain(how(session)), h('span', { class: 'quiet' }, ` · ${moment(Date.parse(session.since))}`)),
      session.failure && h('p', { class: 'quiet' }, plain(session.failure)),
      ...gaps.map(([words, fatal]) => h('p', { class: fatal ? 'lost-gap warn' : 'lost-gap' }, icon(fatal ? 'lost' : 'needs_you', 'small'), h('span', {}, plain(words)))));
  }

  // *asked_at*: when it was asked to come back, if it was.
  show(live) {
    const now = picture.sessions.get(this.id);
    const back = now && now.state !== 'lost';
    if (this.asked_at && Date.now() - this.asked_at > patience && !back) this.failed(say('lost_not_back'));
    const waits = !back && Boolean(this.asked_at);
    this.box.disabled = back || waits;
    if (back || waits) this.box.checked = false;
    this.button.setAttribute('aria-disabled', String(!live || waits));
    this.free = this.able && !back && !waits;
    const shown = JSON.stringify([back && now.state, waits, this.trouble]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.buttons.hidden = back;
    this.element.classList.toggle('back-again', back);
    const words = back ? [icon(now.state, 'small'), h('a', { href: where_to(now) }, say('lost_back', { state: state_word(now) }))] : waits ? [say('lost_starting')] : this.trouble ? [h('span', { class: 'warn' }, plain(this.trouble))] : [];
    this.status.className = `lost-status${back ? ` is-${now.state}` : ''}`;
    this.status.replaceChildren(...words);
  }

  asked() {
    this.asked_at = Date.now();
    this.trouble = '';
  }

  failed(words) {
    this.asked_at = null;
    this.trouble = words;
  }
}

class Lost {
  #wire;
  #may;
  #rows = [];
  #live = true;

  constructor(wire, scope) {
    this.#wire = wire;
    this.#may = scope !== 'view';
    this.list = h('ul', { class: 'lost-all' });
    this.words = h('p', { class: 'quiet' }, say('loading'));
    this.warning = h('p', { class: 'warn', role: 'alert' });
    this.all = h('button', { class: 'button allow', type: 'button', onclick: () => this.#resume(this.#wanted()) });
    this.foot = h('div', { class: 'sheet-foot', hidden: true }, this.warning, this.all);
    this.dialog = sheet(say('lost_title'), h('section', {}, this.words, this.list));
    this.dialog.append(this.foot);
    this.dialog.addEventListener('click', (event) => { if (event.target.closest('.lost-status a')) this.dialog.close(); });
    this.#load();
  }

  async #load() {
    try {
      const { lost } = await this.#wire.get('/api/recovery');
      this.#rows = lost.map((one) => new Row(one, this.#may, (row) => (row ? this.#resume([row]) : this.#draw())));
      this.list.replaceChildren(...this.#rows.map(({ element }) => element));
      this.words.textContent = say(lost.length ? this.#may ? 'lost_hint_all' : 'view_only' : 'lost_none');
    } catch (error) {
      this.words.replaceChildren(h('span', { class: 'warn' }, plain(trouble(error))));
    }
    this.#draw();
  }

  show(live) {
    this.#live = live;
    this.#draw();
  }

  // Those that are ticked, or all that can be.
  #wanted() {
    const free = this.#rows.filter((row) => row.free);
    const chosen = free.filter(({ box }) => box.checked);
    return chosen.length ? chosen : free;
  }

  #draw() {
    this.#rows.forEach((row) => row.show(this.#live));
    const wanted = this.#wanted();
    this.foot.hidden = !wanted.length;
    const word = wanted.some(({ box }) => box.checked) ? 'lost_some' : 'lost_every';
    this.all.textContent = say(word, { n: wanted.length });
    this.all.setAttribute('aria-disabled', String(!this.#live));
  }

  async #resume(rows) {
    const asked = rows.filter((row) => row.free);
    if (!this.#live || !asked.length) return;
    this.warning.replaceChildren();
    asked.forEach((row) => row.asked());
    this.#draw();
    try {
      const { resuming } = await give(this.#wire, 'POST', '/api/recovery', { sessions: asked.map(({ id }) => id) });
      asked.filter(({ id }) => !resuming.includes(id)).forEach((row) => row.failed(say('lost_not_back')));
    } catch (error) {
      asked.forEach((row) => row.failed(trouble(error)));
    }
    this.#draw();
  }
}

export const show_lost = (wire, scope) => new Lost(wire, scope);
