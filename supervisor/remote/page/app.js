// The page as a whole: who we are, which screen is open, what the link says, and the alert.

import { AwakeCard } from './awake.js';
import { brand, duration, h, icon, moment, say_aloud, tick } from './dom.js';
import { forget, keep, kept, possible } from './keys.js';
import { List } from './list.js';
import { add_stored, agent_of, asked_of, name_of, path_of, picture, short_folder, take, waiting } from './picture.js';
import { name, plain } from './marks.js';
import { Wire } from './wire.js';
import { language, say } from './words.js';

const app = document.getElementById('app');
// Milliseconds of a live link after which everything is fetched that may be needed when it is gone.
const rest_after = 8000;

// Modules that the list does without come after it.
const pairing = () => import('./pair.js');
const transcript = () => import('./session.js');
const details = () => import('./facts.js');
const steering = () => import('./steering.js');
const cards = () => import('./cards.js');
const notices = () => import('./notices.js');
const aside = () => import('./aside.js');
const away = () => import('./away.js');

export async function start(fragment) {
  document.documentElement.lang = language;
  addEventListener('hashchange', () => {
    if (!/^#\d/.test(location.hash)) return;
    const found = location.hash;
    history.replaceState(null, '', location.pathname);
    begin(found);
  });
  await begin(fragment);
}

let running = null;

async function begin(fragment) {
  running?.close();
  running = null;
  const scanned = /^#\d/.test(fragment);
  if (scanned) {
    const { pair_on_screen, pairing_of } = await pairing();
    const found = pairing_of(fragment);
    if (found) return paired(await pair_on_screen(app, found));
  }
  const device = possible() ? await kept('device').catch(() => null) : null;
  if (device) return paired(device);
  unpaired(scanned ? 'bad_link' : 'welcome');
}

async function unpaired(word) {
  const { not_paired, pair_on_screen } = await pairing();
  not_paired(app, word, async (found) => paired(await pair_on_screen(app, found)));
}

function paired(device) {
  if (!device) return;
  running = new Page(device);
  running.follow();
}

class Page {
  #device;
  #wire;
  #list;
  #awake;
  #open = null;
  #facts = null;
  #drawing = false;
  #asking_older = false;
  #listeners = new AbortController();
  #alerted = new Set();
  #sound = false;
  #cards = null;
  #aside = null;
  #away = null;
  #hidden_at = 0;
  #greeted = false;

  constructor(device) {
    this.#device = device;
    this.#wire = new Wire(device, (topic, data) => this.#hear(topic, data), () => this.#linked());
    this.#list = new List(() => this.#older());
    this.#awake = new AwakeCard((path, body) => this.#wire.order('PUT', path, body));
    this.#awake.changed = () => this.#draw();
    this.#build();
    this.#listen();
    kept('sound').then((sound) => { this.#sound = Boolean(sound); this.#draw_bell(); }).catch(() => {});
  }

  follow() {
    this.#route();
    this.#draw_link();
    this.#wire.follow();
  }

  close() {
    this.#listeners.abort();
    this.#wire.end();
    this.#leave();
    this.#cards?.close();
    this.#aside?.close?.();
    clearInterval(this.#ticking);
    clearTimeout(this.#rest);
  }
  #ticking;
  #rest;

  // --- what stands on the screen

  #build() {
    this.host = h('span', { class: 'host-name' });
    this.light = h('span', { class: 'light', role: 'status' });
    this.bell = h('button', { class: 'plain round', type: 'button', onclick: () => this.#toggle_sound() });
    this.banner = h('div', { class: 'banner', role: 'alert' });
    const about = h('button', { class: 'machine plain', type: 'button', onclick: () => this.#show_machine() },
      brand(), h('span', { class: 'machine-words' }, this.host, this.light));
    this.left = h('section', { class: 'pane left', 'aria-label': say('sessions') },
      h('header', { class: 'bar-top' }, h('h1', { tabindex: '-1' }, about), this.bell),
      this.main = h('main', { class: 'scroll' }, this.#awake.element, this.#list.element));
    this.right = h('section', { class: 'pane right' });
    app.replaceChildren(this.banner, h('div', { class: 'panes' }, this.left, this.right));
    this.#draw_bell();
  }

  #listen() {
    const { signal } = this.#listeners;
    const on = (target, name, act) => target.addEventListener(name, act, { signal });
    on(window, 'hashchange', () => this.#route());
    on(window, 'online', () => this.#wire.retry());
    on(window, 'offline', () => this.#draw_link());
    on(window, 'pageshow', (event) => { if (event.persisted) this.#wire.retry(); });
    on(document, 'visibilitychange', () => this.#looked_at());
    this.#ticking = setInterval(() => { if (!document.hidden) { tick(); this.#draw_link(); } }, 5000);
  }

  // What the system did to the stream while nobody looked cannot be known: ask again at once.
  #looked_at() {
    if (document.hidden) {
      this.#hidden_at = Date.now();
      return;
    }
    tick();
    if (Date.now() - this.#hidden_at > 1000) this.#wire.retry();
  }

  get #scope() {
    return this.#wire.scope ?? this.#device.scope;
  }

  // --- events

  #hear(topic, data) {
    take(topic, data);
    if (topic === 'hello' || topic === 'gap') this.#fresh(topic, data);
    if (topic === 'entry' && data.session_id === this.#open?.id) {
      this.#open.transcript?.hear(data.entry);
      this.#open.steering?.hear(data.entry);
    }
    if (topic === 'notice') notices().then(({ hear }) => hear(data)).catch(() => {});
    if (topic === 'job') dispatchEvent(new Event('jobs'));
    if (topic === 'session' && data.removed && data.id === this.#open?.id) this.#gone(data.replaced_by);
    this.#alert();
    this.#greeted = true;
    this.#draw();
  }

  #fresh(topic, data) {
    if (!this.#open?.transcript) return;
    if (topic === 'hello' || !data.session_id) this.#open.transcript.load();
    else if (data.session_id === this.#open.id) this.#open.transcript.load(true);
  }

  #gone(replaced_by) {
    if (!replaced_by) return;
    history.replaceState(null, '', `#/s/${encodeURIComponent(replaced_by)}`);
    this.#route();
  }

  #draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.host.replaceChildren(plain(picture.machine?.hostname ?? location.hostname));
      this.#awake.show(this.#scope);
      this.#draw_aside();
      if (picture.fresh) this.#list.show(this.#open?.id);
      this.#draw_cards();
      this.#draw_session();
      app.classList.toggle('fresh', picture.fresh);
    });
  }

  // Questions that can be answered here stand above the list; an open session shows its own.
  #draw_cards() {
    const asked = [...picture.sessions.values()].flatMap((session) => asked_of(session).map((approval) => [approval, session]))
      .filter(([{ answerable }]) => answerable && this.#scope !== 'view');
    if (!this.#cards && asked.length) {
      this.#cards = { show() {}, close() {} };
      cards().then(({ Cards }) => {
        this.#cards = new Cards(this.#wire, true, () => this.#draw());
        this.main.prepend(this.#cards.element);
        this.#draw();
      }).catch(() => { this.#cards = null; });
    }
    this.#cards?.show(asked, this.#wire.link.state === 'live', true, this.#open?.id);
  }

  // What the list has only at times comes when it is there.
  #draw_aside() {
    if (!this.#aside && [...picture.sessions.values()].some(({ state, reconnect }) => reconnect || state === 'lost')) {
      this.#aside = { show() {} };
      aside().then((found) => {
        this.#aside = new found.Aside(this.#wire, this.#list);
        this.#list.element.before(this.#aside.element);
        this.#draw();
      }).catch(() => { this.#aside = null; });
    }
    this.#aside?.show(this.#scope);
  }

  async #older() {
    if (this.#asking_older) return;
    this.#asking_older = true;
    try {
      const before = picture.next ? `&before=${encodeURIComponent(picture.next)}` : '';
      add_stored(await this.#wire.get(`/api/sessions?all=1&limit=50${before}`));
    } catch {
      say_aloud(say('not_loaded'));
    }
    this.#asking_older = false;
    this.#draw();
  }

  // --- one session

  #route() {
    const [, told, terminal] = /^#\/s\/([^/]+)(\/terminal)?$/.exec(location.hash) ?? [];
    const id = told && decodeURIComponent(told);
    if (this.#open && id === this.#open.id) {
      this.#open.terminal = terminal;
      return this.#draw();
    }
    const before = this.#open?.id;
    this.#facts?.dialog.close();
    this.#leave();
    app.classList.toggle('in-session', Boolean(id));
    if (id) this.#open_session(id, terminal);
    else this.right.replaceChildren(h('p', { class: 'empty' }, say('choose_session')));
    this.#draw();
    if (id) this.right.querySelector('h1').focus({ preventScroll: true });
    else if (before) requestAnimationFrame(() => this.#list.focus(before));
  }

  #leave() {
    this.#open?.transcript?.close();
    this.#open?.steering?.close();
    this.#open = null;
  }

  #open_session(id, terminal) {
    this.title = h('h1', { tabindex: '-1' });
    this.under = h('p', { class: 'under' });
    this.session = h('main', { class: 'session' });
    this.other = h('a', { class: 'other', href: '#/', hidden: true });
    this.info = h('button', { class: 'plain round', type: 'button', 'aria-label': say('facts'), onclick: () => this.#show_facts() }, icon('facts'));
    this.right.replaceChildren(
      h('header', { class: 'bar-top' }, h('a', { class: 'plain round back', href: '#/', 'aria-label': say('back') }, icon('back')), h('div', { class: 'titles' }, this.title, this.under), this.info),
      this.other, this.session);
    this.#open = { id, terminal, transcript: null, drawn: '', session: null };
    this.#show_transcript(this.#open);
    if (!picture.sessions.has(id)) this.#ask_session(id);
  }

  async #show_transcript(open) {
    const found = await transcript().catch(() => null);
    if (this.#open !== open || open.transcript) return;
    if (!found) return this.session.replaceChildren(h('p', { class: 'empty' }, say('not_loaded')));
    open.transcript = new found.Transcript(open.id, (path) => this.#wire.get(path));
    open.now = new found.NowBar();
    this.session.replaceChildren(open.transcript.element, open.now.element);
    open.transcript.load();
    this.#steer(open);
    this.#draw();
  }

  async #steer(open) {
    const found = await steering().catch(() => null);
    if (!found || this.#open !== open || open.steering) return;
    open.steering = new found.Steering(open, this.#device.id, this.#wire, () => this.#draw());
    this.#draw();
  }

  async #ask_session(id) {
    try {
      const session = await this.#wire.get(path_of(id));
      if (!picture.sessions.has(id)) picture.sessions.set(id, { ...session, stored: true });
    } catch (error) {
      if (error.status === 404 && this.#open?.id === id) this.title.textContent = say('no_session');
    }
    this.#draw();
  }

  #draw_session() {
    const session = picture.sessions.get(this.#open?.id) ?? this.#open?.session;
    if (!session) return;
    this.#open.session = session;
    this.#open.steering?.show(session, this.#scope);
    const others = waiting().filter(({ id }) => id !== session.id);
    this.other.hidden = !others.length;
    this.other.replaceChildren(icon('needs_you', 'small'), h('span', {}, plain(others.length === 1 ? say('one_needs_you', { name: name_of(others[0]) }) : say('some_need_you', { n: others.length }))), icon('go', 'small'));
    this.other.href = others.length === 1 ? `#/s/${encodeURIComponent(others[0].id)}` : '#/';
    const { last_entry, last_activity_at, ...shown } = session;
    const drawn = JSON.stringify([shown, Boolean(this.#open.now)]);
    if (drawn === this.#open.drawn) return;
    this.#open.drawn = drawn;
    this.title.replaceChildren(name(name_of(session)));
    this.under.replaceChildren(name([agent_of(session), short_folder(session.cwd, 26)].filter(Boolean).join(' · ')));
    this.#open.now?.show(session);
    this.#facts?.show(session);
  }

  async #show_machine() {
    const found = await details().catch(() => null);
    found?.show_machine(this.#device, this.#scope, this.#wire, () => this.#forget('forgotten'));
  }

  async #show_facts() {
    const session = this.#open?.session;
    if (!session) return;
    const found = await details().catch(() => null);
    if (!found || this.#facts) return;
    this.#facts = found.show_facts(session, (path) => this.#wire.get(path));
    this.#facts.dialog.addEventListener('close', () => { this.#facts = null; });
  }

  // --- the link

  #linked() {
    if (this.#listeners.signal.aborted) return;
    if (this.#wire.link.state === 'revoked') return this.#forget('revoked');
    if (this.#wire.link.state === 'live') {
      if (this.#open && !this.#open.transcript) this.#show_transcript(this.#open);
      else if (this.#open?.transcript.ready === false) this.#open.transcript.load();
      if (this.#open?.transcript && !this.#open.steering) this.#steer(this.#open);
      // Before they are needed, while the computer is there.
      transcript().catch(() => {});
      clearTimeout(this.#rest);
      this.#rest = setTimeout(() => Promise.all([details(), steering(), aside(), notices(), away().then(({ watch }) => watch(this.#wire))]).catch(() => {}), rest_after);
    }
    this.#draw_link();
    this.#draw();
  }

  #draw_link() {
    const { link } = this.#wire;
    const live = link.state === 'live';
    app.classList.toggle('live', live);
    app.classList.toggle('dead', link.banner && !live);
    const word = live ? (picture.machine?.network?.online === false ? say('link_no_internet') : say('link_live')) : say(link.banner ? 'link_lost' : 'link_connecting');
    if (this.light.textContent !== word) this.light.textContent = word;
    this.#draw_banner(link);
    this.#draw_away(link);
  }

  // Nothing is known yet, and nobody answers.
  async #draw_away(link) {
    const wanted = link.banner && !picture.fresh;
    app.classList.toggle('away', Boolean(wanted && this.#away));
    if (!wanted) return this.#away?.element.remove();
    const found = await away().catch(() => null);
    if (!found || picture.fresh) return;
    this.#away ??= new found.Away(() => this.#wire.retry());
    this.#away.show(link);
    if (!this.#away.element.isConnected) this.main.prepend(this.#away.element);
    app.classList.add('away');
  }

  #draw_banner(link) {
    const { banner, cause } = link;
    const was = !this.banner.hidden;
    this.banner.hidden = !banner;
    if (!banner) {
      if (was && link.state === 'live') say_aloud(say('link_back'));
      this.banner.replaceChildren();
      this.shown_cause = null;
      return;
    }
    const host = picture.machine?.hostname ?? location.hostname;
    if (this.shown_cause !== cause) {
      this.shown_cause = cause;
      this.seen = h('span', { class: 'banner-seen' });
      this.banner.replaceChildren(h('div', {}, h('p', { class: 'strong' }, plain(say(`cause_${cause ?? 'reconnecting'}`, { host }))), this.seen),
        h('button', { class: 'button', type: 'button', onclick: () => this.#wire.retry() }, say('try_now')));
    }
    const words = link.last_seen ? say('last_seen', { time: moment(link.last_seen), ago: duration(Date.now() - link.last_seen) }) : say('never_seen');
    if (this.seen.textContent !== words) this.seen.textContent = words;
  }

  async #forget(word) {
    this.close();
    running = null;
    await forget('device').catch(() => {});
    sessionStorage.clear();
    picture.sessions.clear();
    Object.assign(picture, { fresh: false, machine: null, awake: null, next: undefined });
    document.title = 'Wakeline';
    history.replaceState(null, '', location.pathname);
    document.querySelector('dialog')?.close();
    app.className = '';
    unpaired(word);
  }

  // --- the alert

  #alert() {
    const now_waiting = waiting();
    document.title = now_waiting.length ? `(${now_waiting.length}) ${say('title_needs_you')}` : 'Wakeline';
    navigator.setAppBadge?.(now_waiting.length).catch(() => {});
    const fresh = now_waiting.filter(({ id, since }) => !this.#alerted.has(`${id} ${since}`));
    this.#alerted = new Set(now_waiting.map(({ id, since }) => `${id} ${since}`));
    if (!fresh.length) return;
    say_aloud(say('one_needs_you', { name: name_of(fresh[0]) }));
    // What was there when the page was opened is no news.
    if (this.#sound && this.#greeted) this.#ring();
  }

  #toggle_sound() {
    this.#sound = !this.#sound;
    keep('sound', this.#sound).catch(() => {});
    this.#draw_bell();
    if (this.#sound) this.#ring();
  }

  #draw_bell() {
    this.bell.replaceChildren(icon(this.#sound ? 'bell' : 'mute'));
    this.bell.setAttribute('aria-pressed', String(this.#sound));
    this.bell.setAttribute('aria-label', say('sound'));
    this.bell.title = say(this.#sound ? 'sound_on' : 'sound_off');
  }

  #ring() {
    import('./ring.js').then(({ ring }) => ring()).catch(() => {});
  }
}
