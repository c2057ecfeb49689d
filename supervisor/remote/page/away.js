// The computer is out of reach and nothing is known yet: says so, with when it was last seen. And keeps on this phone
// what the page needs to come so far, where browser and computer allow it.

import { duration, h, icon, moment } from './dom.js';
import { keep, kept } from './keys.js';
import { plain } from './marks.js';
import './more.js';
import { picture } from './picture.js';
import { say } from './words.js';

const every = 60_000;

// --- what is kept

async function keep_files() {
  if (!navigator.serviceWorker) return;
  const answer = await fetch('/offline.json', { cache: 'no-store', credentials: 'omit' });
  // Nothing is tried that the computer's policy does not allow.
  if (!/trusted-types [^;]*\boffline\b/.test(answer.headers.get('Content-Security-Policy') ?? '')) return;
  const policy = globalThis.trustedTypes?.createPolicy('offline', { createScriptURL: () => '/offline.js' });
  await navigator.serviceWorker.register(policy?.createScriptURL('') ?? '/offline.js');
  (await navigator.serviceWorker.ready).active.postMessage('keep');
}

let watching = null;

// From the first live link on: notes down when the computer was there.
export function watch(wire) {
  const seen = () => { if (wire.link.state === 'live') keep('seen', { at: Date.now() - wire.quiet(), host: picture.machine?.hostname }).catch(() => {}); };
  clearInterval(watching);
  watching = setInterval(seen, every);
  seen();
  // A certificate that was clicked through is trusted for no such thing.
  keep_files().catch(() => {});
}

// --- what is said

// What was kept may be what is wrong: everything anew, from the computer itself.
async function anew() {
  for (const one of await navigator.serviceWorker?.getRegistrations() ?? []) await one.unregister();
  for (const name of await globalThis.caches?.keys() ?? []) await caches.delete(name);
  location.reload();
}

export class Away {
  constructor(retry) {
    this.cause = h('p', {});
    this.seen = h('p', { class: 'quiet' });
    this.element = h('div', { class: 'empty away-card', role: 'alert' }, icon('asleep', 'big'), h('h2', {}, say('away_title')), this.cause, this.seen,
      h('button', { class: 'button allow', type: 'button', onclick: retry }, say('try_now')),
      h('button', { class: 'link', type: 'button', onclick: anew }, say('away_anew')));
    this.show({});
  }

  async show({ cause }) {
    const { at, host } = await kept('seen').catch(() => null) ?? {};
    this.cause.replaceChildren(plain(say(`cause_${cause ?? 'silent'}`, { host: host ?? location.hostname })));
    this.seen.replaceChildren(plain(at ? say('away_seen', { time: moment(at), ago: duration(Date.now() - at) }) : say('never_seen')));
  }
}
