// What stands above the state of an open session: why nothing moves, and the way back.

import { WayBack, on_its_way } from './cut_off.js';
import { copy_button } from './facts.js';
import { h } from './dom.js';
import { plain } from './marks.js';
import { asked_of, over } from './picture.js';
import { say } from './words.js';

function* words_of(session) {
  if (session.state === 'needs_you' && !asked_of(session).length) yield h('p', { class: 'desk' }, plain(say('answer_at_desk', { host: session.hostname ?? '' })));
  if (on_its_way(session)) return;
  if (session.state === 'cut_off') yield h('p', {}, plain(session.failure || say('cut_off_hint')));
  if (session.state === 'lost') yield h('p', {}, plain(session.failure || say('lost_hint')));
}

export class Standing {
  #into;
  #wire;
  #way = null;
  #shown = '';

  constructor(into, wire) {
    this.#into = into;
    this.#wire = wire;
    this.words = h('div', { class: 'standing' });
    this.copy = h('div', { class: 'standing' });
    into.append(this.words, this.copy);
  }

  show(session, may, live) {
    this.#show_way(session, may, live);
    const shown = JSON.stringify([session.state, session.failure, session.hostname, session.resume_command, asked_of(session).length, on_its_way(session)]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.words.replaceChildren(...words_of(session));
    this.copy.replaceChildren(...(over(session) && session.resume_command ? [copy_button(session.resume_command, say('copy_command'))] : []));
    this.#into.hidden = ![...this.#into.children].some((one) => one.childElementCount);
  }

  #show_way(session, may, live) {
    if (!on_its_way(session)) {
      this.#way?.element.remove();
      this.#way = null;
      return;
    }
    if (!this.#way) {
      this.#way = new WayBack(this.#wire, session);
      this.#into.prepend(this.#way.element);
    }
    this.#way.show(session, may, live);
  }
}
