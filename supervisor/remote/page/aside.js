// What the list has only at times: the way back of what was cut off.

import { RowBack, next, on_its_way, why } from './cut_off.js';
import { h } from './dom.js';
import { plain } from './marks.js';
import { picture } from './picture.js';

export class Aside {
  #wire;
  #rows = new Map();
  #scope = 'view';
  #live = false;

  // *list*: its rows are given more to say.
  constructor(wire, list) {
    this.#wire = wire;
    list.dress = (session) => this.#dress(session);
  }

  show(scope) {
    this.#scope = scope;
    this.#live = this.#wire.link.state === 'live';
    for (const id of this.#rows.keys()) if (!picture.sessions.has(id)) this.#rows.delete(id);
  }

  // What a row says instead of its last line, and what stands below it.
  #dress(session) {
    if (!on_its_way(session)) {
      this.#rows.delete(session.id);
      return null;
    }
    const { attempt, next_try_at, phase } = session.reconnect;
    return { seen: `${attempt} ${next_try_at} ${phase}`, line: () => h('span', { class: 'row-way' }, h('bdi', {}, plain(why(session))), h('span', { class: 'quiet' }, ...next(session))), under: this.#under(session) };
  }

  #under(session) {
    if (this.#scope === 'view') return null;
    let row = this.#rows.get(session.id);
    if (!row) this.#rows.set(session.id, row = new RowBack(this.#wire, session));
    row.show(session, this.#live);
    return row.element;
  }
}
