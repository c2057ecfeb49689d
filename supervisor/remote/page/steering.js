// What one does to an open session from here: type, answer, look at its terminal, and everything else.

import { Cards, questions_of } from './cards.js';
import { Composer } from './composer.js';
import { h, icon } from './dom.js';
import { Focus } from './focus.js';
import './more.js';
import { orders_for } from './orders.js';
import { jobs_of, path_of, picture } from './picture.js';
import { Prompts } from './prompts.js';
import { Reading } from './reading.js';
import { Standing } from './standing.js';
import { know_jobs } from './whens.js';
import { say } from './words.js';

const jobs = () => import('./jobs.js');
const later = () => import('./later.js');
const find = () => import('./find.js');
const actions = () => import('./actions.js');
const terminal = () => import('./screen.js');

const busy = ['working', 'needs_you', 'cut_off', 'starting'];

// Some phones lay their keyboard over the page: it ends where that begins.
const app = document.getElementById('app');
visualViewport?.addEventListener('resize', () => {
  const covered = innerHeight - visualViewport.height;
  const is_keyboard = covered > 100 && visualViewport.scale < 1.01;
  app.style.height = is_keyboard ? `${visualViewport.height}px` : '';
  if (is_keyboard) scrollTo(0, 0);
});

export class Steering {
  #open;
  #wire;
  #draw;
  #give;
  #screen = null;
  #link = '';
  #turned = false;
  #screen_wanted = false;
  #scope = 'view';
  #may_write = false;
  #named = false;
  #find = null;

  // *open*: the session as it stands on the screen, *device*: what this phone is called, *draw*: look again.
  constructor(open, device, wire, draw) {
    this.#open = open;
    this.#wire = wire;
    this.#draw = draw;
    this.#give = orders_for(wire, open.id);
    this.focus = new Focus(device, this.#give, (focus) => this.#change({ focus }), () => picture.sessions.get(open.id)?.focus);
    this.composer = new Composer(open.id, this.focus, (text, when, key) => this.#send(text, when, key),
      (when, choose) => this.#ask_when((found) => found.choose_when({ id: open.id }, (path) => wire.get(path), when, choose)));
    this.prompts = new Prompts(device, {
      find: (id) => wire.get(`${path_of(open.id)}/prompts/${id}`),
      cancel: ({ id }) => this.#give('DELETE', `/prompts/${id}`),
      edit: (prompt) => this.#ask_when((found) => found.edit_prompt(prompt, { id: open.id }, (path) => wire.get(path), (changed) => this.#edit(prompt, changed))),
      take_back: (text) => this.composer.take_back(text),
    });
    this.cards = new Cards(wire, false, draw);
    this.standing = new Standing(open.now.more, wire);
    this.reading = new Reading(open.transcript.log);
    this.#build();
  }

  #build() {
    const { now, transcript, id } = this.#open;
    this.#link = `#/s/${encodeURIComponent(id)}`;
    this.to_terminal = h('button', { class: 'plain round', type: 'button', onclick: () => this.#turn() });
    this.menu = h('button', { class: 'plain round', type: 'button', 'aria-label': say('actions'), 'aria-haspopup': 'dialog', onclick: () => this.#show_actions() }, icon('actions'));
    this.jobs = h('button', { class: 'plain to-jobs', type: 'button', 'aria-haspopup': 'dialog', hidden: true, onclick: () => this.#show_jobs() }, icon('job'), h('span', {}));
    this.hint = h('p', { class: 'hint' });
    this.#draw_turn();
    this.to_find = h('button', { class: 'plain round', type: 'button', 'aria-label': say('find'), 'aria-keyshortcuts': '/', onclick: () => this.#toggle_find() }, icon('find'));
    now.element.closest('.right').querySelector('.bar-top').lastChild.before(this.to_find);
    document.addEventListener('keydown', this.#pressed);
    now.scroll.prepend(this.cards.element);
    now.head.append(this.jobs, this.to_terminal, this.menu);
    now.element.append(this.hint, this.composer.element);
    transcript.pending.append(this.prompts.element);
  }

  show(session, scope) {
    const live = this.#wire.link.state === 'live';
    const may = scope !== 'view';
    this.#scope = scope;
    const can = session.can ?? [];
    this.focus.show(session.focus ?? null, may && live && can.includes('focus'));
    this.composer.show({ live, may: may && can.includes('prompt'), reason: session.cannot?.prompt ?? '', working: busy.includes(session.state) });
    this.prompts.show(session.prompts ?? [], may);
    this.cards.show(questions_of(session), live, may);
    this.standing.show(session, may, live);
    this.#may_write = may && can.includes('prompt');
    this.#find?.show();
    const n = jobs_of(session);
    this.jobs.hidden = !n;
    this.jobs.lastChild.textContent = n;
    this.jobs.setAttribute('aria-label', say('tag_jobs', { n }));
    this.#name_jobs(session);
    this.hint.textContent = may ? session.cannot?.prompt ?? '' : say('view_how');
    this.hint.hidden = !this.hint.textContent || (may && can.includes('prompt'));
    this.to_terminal.hidden = !can.includes('screen') && !this.#open.terminal;
    this.#show_screen(session, scope, live);
  }

  // --- jumping and searching

  #pressed = (event) => {
    const typing = event.target.closest?.('input, textarea, select, [contenteditable], dialog, .screen');
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    event.preventDefault();
    this.#toggle_find(true);
  };

  async #toggle_find(wanted = !this.#find) {
    if (!wanted) return this.#find?.close();
    if (this.#screen_wanted) location.replace(this.#link);
    const found = await find().catch(() => null);
    const { transcript, id } = this.#open;
    if (!found || !transcript.element.isConnected) return;
    if (!this.#find) {
      this.#find = new found.Find(id, transcript, () => { this.#find = null; this.to_find.focus(); });
      transcript.element.before(this.#find.element);
    }
    this.#find.focus();
  }

  // --- its terminal

  #show_screen(session, scope, live) {
    const wanted = Boolean(this.#open.terminal);
    if (wanted !== this.#screen_wanted) this.#toggle_screen(wanted);
    this.#screen?.show(session, scope !== 'view', live);
  }

  // There by an address of its own, so that going back leaves it; and back the way one came.
  #turn() {
    if (!this.#screen_wanted) location.hash = `${this.#link}/terminal`;
    else if (this.#turned) history.back();
    else location.replace(this.#link);
    this.#turned = !this.#screen_wanted;
  }

  async #toggle_screen(wanted) {
    this.#screen_wanted = wanted;
    const main = this.#open.now.element.parentElement;
    main.classList.toggle('shows-terminal', wanted);
    main.parentElement.querySelector('.back').href = wanted ? this.#link : '#/';
    this.#draw_turn();
    if (!wanted) {
      this.#screen?.close();
      this.#screen = null;
      return;
    }
    const found = await terminal().catch(() => null);
    if (!this.#screen_wanted || this.#screen) return;
    if (!found) return void this.#turn();
    this.#screen = new found.Screen(this.#open.id, this.#wire, this.#give, this.focus);
    this.#open.transcript.element.before(this.#screen.element);
    this.#draw();
  }

  #draw_turn() {
    this.to_terminal.setAttribute('aria-label', say(this.#screen_wanted ? 'to_transcript' : 'terminal'));
    this.to_terminal.replaceChildren(icon(this.#screen_wanted ? 'thought' : 'terminal'));
  }

  // --- the rest

  async #send(text, when, key) {
    const { prompt } = await this.#give('POST', '/prompt', { text, when }, key);
    if (prompt) this.prompts.put(prompt, true);
  }

  async #ask_when(ask) {
    const found = await later().catch(() => null);
    if (found && !document.querySelector('dialog')) ask(found);
  }

  async #edit({ id }, changed) {
    this.prompts.put(await this.#give('PATCH', `/prompts/${id}`, changed));
  }

  // A prompt that waits for a job says which, by its command.
  async #name_jobs({ prompts = [] }) {
    const waits = prompts.some(({ when }) => String(when).startsWith('job:'));
    if (!waits || this.#named) return;
    this.#named = true;
    const { jobs: all } = await this.#wire.get(`${path_of(this.#open.id)}/jobs`).catch(() => ({ jobs: [] }));
    know_jobs(all);
    this.prompts.draw_again();
    this.#draw();
  }

  async #show_jobs() {
    const found = await jobs().catch(() => null);
    if (!found || document.querySelector('dialog')) return;
    const follow = this.#may_write ? (when) => this.composer.write_for(when) : null;
    found.show_jobs({ id: this.#open.id }, (path) => this.#wire.get(path), follow);
  }

  async #show_actions() {
    const found = await actions().catch(() => null);
    const session = picture.sessions.get(this.#open.id) ?? this.#open.session;
    if (found && session && !document.querySelector('dialog')) found.show_actions(session, this.#wire, this.#scope);
  }

  #change(change) {
    const session = picture.sessions.get(this.#open.id);
    if (session) Object.assign(session, change);
    this.#draw();
  }

  hear(entry) {
    this.prompts.hear(entry);
  }

  close() {
    this.focus.give_back();
    document.removeEventListener('keydown', this.#pressed);
    this.reading.close();
    this.prompts.close();
    this.cards.close();
    this.#screen?.close();
  }
}
