// How this phone comes to trust the computer, so that no browser warns any more. A page of its own.

import { h } from './dom.js';
import { language, learn, say } from './words.js';

learn((await import(`./trust_${language}.js`)).words);

const certificate = 'wakeline-ca.crt';
const systems = {
  ios: { file: 'wakeline-ca.mobileconfig', load: 'trust_load_profile', steps: ['trust_ios_1', 'trust_ios_2', 'trust_ios_3', 'trust_ios_4'] },
  android: { file: certificate, load: 'trust_load', steps: ['trust_android_1', 'trust_android_2', 'trust_android_3', 'trust_android_4'] },
  other: { file: certificate, load: 'trust_load', steps: ['trust_other_1', 'trust_other_2', 'trust_other_3'] },
};

function own_system() {
  const agent = navigator.userAgent;
  // An iPad says that it is a Mac; no Mac has fingers on its screen.
  if (/iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1)) return 'ios';
  return /Android/.test(agent) ? 'android' : 'other';
}

// Of what this phone gets, not of what somebody says that it gets.
async function fingerprint() {
  const [root, table] = await Promise.all([fetch(certificate), fetch('fingerprint-words.txt')]);
  if (!root.ok || !table.ok) throw new Error('no certificate');
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await root.arrayBuffer()));
  const known = (await table.text()).split(' ');
  return {
    words: [...hash.slice(0, 8)].map((byte) => known[byte]),
    pairs: [...hash].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()),
  };
}

// The beginning is what a person compares first.
function shown({ words: told, pairs }) {
  return [
    h('ul', {}, ...told.map((word) => h('li', { translate: 'no' }, word))),
    h('p', { class: 'hex', translate: 'no' }, h('b', {}, pairs.slice(0, 4).join(':')), `:${pairs.slice(4).join(':')}`),
  ];
}

function steps(system) {
  const { file, load, steps: told } = systems[system];
  return told.map((key, at) => h('li', {}, say(key), at === 0 && h('a', { class: 'button', href: file, download: file === certificate && file }, say(load))));
}

const list = h('ol', {});
const choices = Object.fromEntries(Object.keys(systems).map((system) => [system, h('button', { type: 'button', onclick: () => choose(system) }, say(`trust_on_${system}`))]));

function choose(system) {
  for (const [name, button] of Object.entries(choices)) button.setAttribute('aria-pressed', String(name === system));
  list.replaceChildren(...steps(system));
}

const known = h('div', { class: 'card known', 'aria-busy': 'true' }, say('loading'));

document.documentElement.lang = language;
document.title = `${say('trust_title')} · Wakeline`;
document.getElementById('app').replaceChildren(h('main', { class: 'trust' },
  h('h1', {}, say('trust_title')),
  h('p', {}, say('trust_why')),
  h('p', { class: 'quiet' }, say('trust_bounds')),
  h('h2', {}, say('trust_compare_title')),
  h('p', {}, say('trust_compare')),
  known,
  h('p', { class: 'quiet' }, say('trust_honest')),
  h('h2', {}, say('trust_steps_title')),
  h('div', { class: 'choices', role: 'group', 'aria-label': say('trust_steps_title') }, ...Object.values(choices)),
  list,
  h('h2', {}, say('trust_undo_title')),
  h('p', {}, say('trust_undo')),
  h('p', {}, h('a', { href: './' }, say('trust_back')))));
choose(own_system());

fingerprint().then((found) => known.replaceChildren(...shown(found)), () => known.replaceChildren(h('p', { class: 'warn', role: 'alert' }, say('trust_failed'))))
  .finally(() => known.removeAttribute('aria-busy'));
