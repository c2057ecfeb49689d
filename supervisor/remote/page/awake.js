// The card that says whether the machine stays awake, why, until when and by what; and the switch.

import { ago, clock, h, icon } from './dom.js';
import { picture } from './picture.js';
import { plain } from './marks.js';
import { say } from './words.js';

export function awake_words(awake) {
  if (!awake) return say('awake_unknown');
  if (awake.mode === 'off') return say('awake_off');
  if (awake.wanted && !awake.held) return say('awake_failed');
  if (!awake.held) return say('awake_may_sleep');
  const working = awake.reasons.filter((reason) => reason.session_id).length;
  if (working && working === awake.reasons.length) return say('awake_sessions', { n: working });
  if (awake.reasons.length === 1) return `${say('awake_held')}: ${awake.reasons[0].text}`;
  if (awake.reasons.length) return say('awake_reasons', { n: awake.reasons.length });
  return awake.mode === 'on' ? say('awake_on') : say('awake_held');
}

function reason_line(reason) {
  const text = reason.session_id && picture.sessions.has(reason.session_id)
    ? h('a', { href: `#/s/${encodeURIComponent(reason.session_id)}` }, plain(reason.text))
    : plain(reason.text);
  return h('li', {}, h('span', {}, text), h('span', { class: 'quiet' }, ago(reason.since), reason.until ? ` · ${say('until', { time: clock(Date.parse(reason.until)) })}` : ''));
}

function explained(awake) {
  const lines = [];
  if (awake.problem) lines.push(h('p', { class: 'warn' }, plain(awake.problem)));
  if (awake.reasons.length) lines.push(h('ul', { class: 'reasons' }, ...awake.reasons.map(reason_line)));
  else lines.push(h('p', {}, say(awake.mode === 'off' ? 'awake_off_hint' : 'awake_none')));
  if (awake.releases_at) lines.push(h('p', {}, say('awake_releases', { time: clock(Date.parse(awake.releases_at)) })));
  if (awake.mode !== 'auto' && awake.mode_until) lines.push(h('p', {}, say('mode_until', { time: clock(Date.parse(awake.mode_until)) })));
  if (awake.held && awake.mechanism) lines.push(h('p', { class: 'quiet' }, say('awake_mechanism'), ' ', plain(awake.mechanism)));
  return lines;
}

export class AwakeCard {
  #put;
  #failed = null;
  #shown = '';

  constructor(put) {
    this.#put = put;
    this.line = h('span', { class: 'awake-line' });
    this.sign = h('span', { class: 'sign' });
    this.body = h('div', { class: 'awake-body' });
    this.element = h('details', { class: 'card awake' }, h('summary', {}, this.sign, this.line, icon('down', 'turned')), this.body);
  }

  show(scope) {
    const { awake } = picture;
    this.element.hidden = !awake;
    const shown = JSON.stringify([awake, scope, this.#failed]);
    if (!awake || this.#shown === shown) return;
    this.#shown = shown;
    this.element.classList.toggle('held', awake.held);
    this.element.classList.toggle('failed', awake.wanted && !awake.held);
    this.sign.replaceChildren(icon(awake.held ? 'awake' : 'asleep'));
    this.line.replaceChildren(plain(awake_words(awake)));
    const focused = this.body.contains(document.activeElement) ? document.activeElement.dataset.mode : null;
    this.body.replaceChildren(...explained(awake), scope === 'view' ? h('p', { class: 'quiet' }, say('view_only')) : this.#switch(awake));
    if (focused) this.body.querySelector(`[data-mode="${focused}"]`)?.focus();
  }

  #switch(awake) {
    const choice = (mode, seconds, word) => {
      const on = awake.mode === mode && (mode !== 'on' || Boolean(awake.mode_until) === Boolean(seconds));
      return h('button', { type: 'button', 'aria-pressed': String(on), 'data-mode': mode + (seconds ?? ''), onclick: () => this.#choose(mode, seconds) }, word);
    };
    return h('div', {},
      h('div', { class: 'choices', role: 'group', 'aria-label': say('awake_switch') },
        choice('auto', null, say('mode_auto')), choice('on', 7200, say('mode_on_2h')), choice('on', null, say('mode_on')), choice('off', null, say('mode_off'))),
      this.#failed && h('p', { class: 'warn', role: 'alert' }, this.#failed));
  }

  async #choose(mode, seconds) {
    this.#failed = null;
    try {
      picture.awake = await this.#put('/api/awake', seconds ? { mode, seconds } : { mode });
    } catch (error) {
      this.#failed = error.status ? error.message : say('not_sent');
    }
    this.changed();
  }
}
