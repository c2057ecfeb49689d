// Everything else that can be done to a session. What cannot be taken back waits, or asks first.

import { copy_button } from './facts.js';
import { h, icon, sheet } from './dom.js';
import { plain } from './marks.js';
import { orders_for, give, trouble } from './orders.js';
import { name_of, picture } from './picture.js';
import { offer, tell } from './undo.js';
import { say } from './words.js';

// Processes end gently at first, and only then is there an answer: milliseconds.
const patience = 25_000;
const stop_after = 5;
const undo_within = 10;

// What only a device may do that may do everything.
const needs_admin = ['delete'];
// In this order; those that are not possible are shown if the computer says why.
const order = ['interrupt', 'pause', 'continue', 'resume', 'takeover', 'stop', 'delete'];

class Actions {
  #session;
  #wire;
  #give;
  #busy = false;
  #scope;

  constructor(session, wire, scope) {
    const may = scope !== 'view';
    this.#session = session;
    this.#scope = scope;
    this.#wire = wire;
    const give_it = orders_for(wire, session.id);
    this.#give = (method, what, body) => give_it(method, what, body, undefined, patience);
    this.warning = h('p', { class: 'warn', role: 'alert' });
    const rows = may ? order.map((what) => this.#row(what)).filter(Boolean) : [];
    const copy = session.resume_command ? h('section', {}, copy_button(session.resume_command, say('copy_command'))) : null;
    const none = !rows.length && h('p', { class: 'quiet' }, say(may ? 'no_actions' : 'view_how'));
    this.dialog = sheet(name_of(session), h('section', { class: 'actions' }, ...rows, none), this.warning, copy);
  }

  #row(what) {
    const possible = this.#session.can?.includes(what);
    const can = possible && (this.#scope === 'admin' || !needs_admin.includes(what));
    const why = possible ? say('needs_admin') : this.#session.cannot?.[what];
    if (!can && !why) return null;
    const button = h('button', { class: `action ${what}`, type: 'button', disabled: !can, onclick: () => this.#act(what) },
      icon(what), h('span', { class: 'action-words' }, h('b', {}, say(`do_${what}`)), h('span', { class: 'quiet' }, plain(can ? say(`do_${what}_hint`) : why))));
    if (what === 'stop' && can) return h('div', {}, button, this.#left_behind());
    return button;
  }

  #left_behind() {
    this.left_behind = h('input', { type: 'checkbox' });
    return h('label', { class: 'choice' }, this.left_behind, h('span', {}, say('stop_left_behind')));
  }

  #act(what) {
    if (what === 'stop') return this.#stop();
    if (what === 'takeover') return this.#take_over(false);
    if (what === 'delete') return this.#delete();
    return what === 'pause' ? this.#pause() : this.#do('POST', `/${what}`);
  }

  async #pause() {
    const answer = await this.#do('POST', '/pause');
    if (answer?.escaped?.length) tell(say('escaped', { n: answer.escaped.length }), true);
  }

  // Gives the order; the sheet closes when it was taken, and else says why not.
  async #do(method, what, body) {
    if (this.#busy) return null;
    this.#busy = true;
    this.warning.replaceChildren();
    try {
      const answer = (await this.#give(method, what, body)) ?? {};
      this.dialog.close();
      return answer;
    } catch (error) {
      this.warning.replaceChildren(plain(trouble(error)));
      return null;
    } finally {
      this.#busy = false;
    }
  }

  #stop() {
    const body = { left_behind: this.left_behind.checked };
    this.dialog.close();
    const send = async () => {
      try {
        const { left } = (await this.#give('POST', '/stop', body)) ?? {};
        if (left?.length) tell(say('left', { n: left.length }), true);
      } catch (error) {
        tell(trouble(error), true);
      }
    };
    offer(say('stopping', { name: name_of(this.#session) }), stop_after, say('undo'), () => {}, send);
  }

  // The agent works: the computer says what that means, and asks.
  async #take_over(confirm) {
    if (this.#busy) return;
    this.#busy = true;
    this.warning.replaceChildren();
    try {
      await this.#give('POST', '/takeover', { confirm });
      this.dialog.close();
    } catch (error) {
      const asks = error.status === 409 && !confirm;
      const sure = asks && h('button', { class: 'button danger', type: 'button', onclick: () => this.#take_over(true) }, say('takeover_sure'));
      this.warning.replaceChildren(plain(trouble(error)), ...(sure ? [' ', sure] : []));
      if (sure) sure.focus();
    } finally {
      this.#busy = false;
    }
  }

  async #delete() {
    const answer = await this.#do('DELETE', '');
    if (!answer) return;
    const name = name_of(this.#session);
    picture.sessions.delete(this.#session.id);
    location.hash = '#/';
    offer(say('deleted', { name }), undo_within, say('undo'), () => restore(this.#wire, answer.trash_id));
  }
}

export async function restore(wire, trash_id) {
  try {
    await give(wire, 'POST', `/api/trash/${encodeURIComponent(trash_id).replaceAll('%3A', ':')}/restore`);
    tell(say('restored'));
    return true;
  } catch (error) {
    tell(trouble(error), true);
    return false;
  }
}

export const show_actions = (session, wire, scope) => new Actions(session, wire, scope).dialog;
