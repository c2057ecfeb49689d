// What the list has only at times: the way back of what was cut off, and what was lost.

import { RowBack, next, on_its_way, why } from './cut_off.js';
import { h, icon } from './dom.js';
import { plain } from './marks.js';
import { picture } from './picture.js';
import { say } from './words.js';

const lost = () => import('./lost.js');

export class Aside {
  #wire;
  #rows = new Map();
  #scope = 'view';
  #live = false;
  #lost = null;

  // *list*: its rows are given more to say.
  constructor(wire, list) {
    this.#wire = wire;
    list.dress = (session) => this.#dress(session);
    this.count = h('span', {});
    this.to_lost = h('button', { class: 'card to-lost is-lost', type: 'button', 'aria-haspopup': 'dialog', hidden: true, onclick: () => this.#show_lost() }, h('span', { class: 'sign' }, icon('lost')), this.count, icon('go'));
    this.element = h('div', {}, this.to_lost);
  }

  show(scope) {
    this.#scope = scope;
    this.#live = this.#wire.link.state === 'live';
    const n = [...picture.sessions.values()].filter(({ state, stored }) => state === 'lost' && !stored).length;
    this.to_lost.hidden = !n;
    this.count.textContent = say('lost_count', { n });
    this.#lost?.show(this.#live);
    for (const id of this.#rows.keys()) if (!picture.sessions.has(id)) this.#rows.delete(id);
  }

  // What a row says instead of its last line, and what stands below it.
  #dress(session) {
    if (!on_its_way(session)) {
      this.#rows.delete(session.id);
      return null;
    }
    const { attempt, next_try_at, phase, policy } = session.reconnect;
    return { seen: `${attempt} ${next_try_at} ${phase} ${policy}`, line: () => h('span', { class: 'row-way' }, h('bdi', {}, plain(why(session))), h('span', { class: 'quiet' }, ...next(session))), under: this.#under(session) };
  }

  #under(session) {
    if (this.#scope === 'view') return null;
    let row = this.#rows.get(session.id);
    if (!row) this.#rows.set(session.id, row = new RowBack(this.#wire, session));
    row.show(session, this.#live);
    return row.element;
  }

  async #show_lost() {
    const found = await lost().catch(() => null);
    if (!found || document.querySelector('dialog')) return;
    this.#lost = found.show_lost(this.#wire, this.#scope);
    this.#lost.dialog.addEventListener('close', () => { this.#lost = null; });
  }

  close() {
    this.#lost?.dialog.close();
  }
}
