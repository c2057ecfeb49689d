// The list of sessions: who needs you comes first. Rows are kept and changed in place.

import { ago, h, icon } from './dom.js';
import { agent_of, groups, jobs_of, name_of, over, picture, short_folder } from './picture.js';
import { name, one_line, plain } from './marks.js';
import { say } from './words.js';

export function state_word(session) {
  const known = ['needs_you', 'working', 'cut_off', 'starting', 'idle', 'paused', 'ended', 'lost'];
  return known.includes(session.state) ? say(`state_${session.state}`) : String(session.state);
}

// What a question is about where that is known, else what the agent says that it waits for.
const asked = ({ summary, tool, text }) => tool && text ? `${tool}: ${one_line(text)}` : summary ?? '';

// "Bash: npm test" for a tool, the words themselves for a message.
export function last_line(session) {
  if (session.approval) return asked(session.approval);
  if (session.state === 'cut_off' && session.reconnect?.reason) return session.reconnect.reason;
  const entry = session.last_entry;
  if (!entry) return session.failure ?? '';
  const text = one_line(entry.text ?? '');
  if (entry.kind === 'tool_call') return `${entry.tool ?? say('tool')}: ${text}`;
  if (entry.role === 'user' && entry.kind === 'text') return `${say('you')}: ${text}`;
  return text;
}

const waiting_of = ({ prompts = [] }) => prompts.filter(({ state }) => state === 'waiting').length;

const tags = (session) => [
  session.stale && say('tag_stale'),
  session.parent_id && say('tag_child'),
  jobs_of(session) > 0 && say('tag_jobs', { n: jobs_of(session) }),
  waiting_of(session) > 0 && say('tag_waiting', { n: waiting_of(session) }),
].filter(Boolean);

function filled(row, session, line) {
  const where = [short_folder(session.cwd), session.hostname].filter(Boolean).join(' · ');
  row.className = `row is-${session.state}`;
  row.replaceChildren(
    h('span', { class: 'sign' }, icon(session.state)),
    h('span', { class: 'row-body' },
      h('span', { class: 'row-top' }, h('bdi', { class: 'row-name' }, name(name_of(session))), ago(over(session) ? session.last_activity_at ?? session.since : session.since)),
      h('span', { class: 'row-meta' }, h('span', {}, h('span', { class: 'state' }, state_word(session)), ' · ', name(agent_of(session))), ...tags(session).map((tag) => h('span', { class: 'tag' }, tag))),
      line ?? h('bdi', { class: 'row-last' }, plain(last_line(session))),
      h('bdi', { class: 'row-where' }, name(where))));
}

// What a row shows; if this is the same, the row is not touched.
const seen = (session) => JSON.stringify([session.state, session.since, name_of(session), session.cwd, session.hostname, session.stale, session.parent_id, jobs_of(session), waiting_of(session), session.last_activity_at && over(session) && session.last_activity_at, last_line(session)]);

export class List {
  #rows = new Map();
  #held = false;
  #late = false;
  #older;
  // Set by who has more to say of a session: {seen, line(), under}.
  dress = null;

  constructor(ask_older) {
    this.#older = h('button', { class: 'more', type: 'button', onclick: ask_older }, say('older'));
    this.groups = h('div', { class: 'groups' });
    this.element = h('div', {}, this.groups, this.#older);
    // Nothing moves away under a finger.
    this.element.addEventListener('pointerdown', () => { this.#held = true; });
    for (const end of ['pointerup', 'pointercancel']) addEventListener(end, () => setTimeout(() => this.#release(), 50));
    new IntersectionObserver((edges) => { if (edges.at(-1).isIntersecting && picture.next) ask_older(); }, { rootMargin: '300px' }).observe(this.#older);
  }

  #release() {
    this.#held = false;
    if (this.#late) this.show(this.open_id);
  }

  show(open_id) {
    this.open_id = open_id;
    this.#late = this.#held;
    if (this.#held) return;
    const parts = groups().map(([state, sessions]) => this.#group(state, sessions));
    put(this.groups, parts.length ? parts : [this.#nobody()]);
    this.#older.hidden = picture.next === null;
    for (const id of this.#rows.keys()) if (!picture.sessions.has(id)) this.#rows.delete(id);
  }

  focus(id) {
    this.#rows.get(id)?.row.focus();
  }

  #nobody() {
    this.nobody ??= h('div', { class: 'empty' }, icon('asleep', 'big'), h('p', { class: 'strong' }, say('no_sessions')), h('p', {}, say('no_sessions_hint')));
    return this.nobody;
  }

  #group(state, sessions) {
    const key = `group ${state}`;
    let kept = this.#kept_groups.get(key);
    if (!kept) {
      const title = h('h2', { class: 'group-title' }, say(`group_${state}`), ' ', h('span', { class: 'count' }));
      kept = { list: h('ul', { class: 'rows' }), title };
      kept.element = h('section', { class: `group of-${state}`, 'aria-label': say(`group_${state}`) }, title, kept.list);
      this.#kept_groups.set(key, kept);
    }
    kept.title.lastChild.textContent = sessions.length;
    put(kept.list, sessions.map((session) => this.#row(session)));
    return kept.element;
  }
  #kept_groups = new Map();

  #row(session) {
    let kept = this.#rows.get(session.id);
    if (!kept) {
      const row = h('a', { href: `#/s/${encodeURIComponent(session.id)}` });
      kept = { row, item: h('li', {}, row), shown: '' };
      this.#rows.set(session.id, kept);
    }
    const more = this.dress?.(session);
    const now_seen = seen(session) + more?.seen;
    if (kept.shown !== now_seen) filled(kept.row, session, more?.line());
    kept.shown = now_seen;
    if (kept.under !== more?.under) {
      kept.under?.remove();
      kept.item.append(...(more?.under ? [more.under] : []));
      kept.under = more?.under;
    }
    if (session.id === this.open_id) kept.row.setAttribute('aria-current', 'true');
    else kept.row.removeAttribute('aria-current');
    return kept.item;
  }
}

// The children of *parent*, in this order, moving only what must move: focus stays.
function put(parent, children) {
  children.forEach((child, at) => {
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
  });
  while (parent.children.length > children.length) parent.lastChild.remove();
}
