// Pairing: proves the secret of the QR code without sending it, shows the number, waits for the choice.

import { brand, h, icon } from './dom.js';
import { digest, joined, keep, kept, new_key, possible, prover, to_bytes, to_text } from './keys.js';
import { plain } from './marks.js';
import { Unreachable, post } from './wire.js';
import { say } from './words.js';

export const pairing_of = (fragment) => /^#1\.([\w-]{1,100})\.([\w-]{20,100})$/.exec(fragment);

// What this device calls itself on the computer's screen.
function label() {
  const agent = navigator.userAgent;
  const device = ['iPhone', 'iPad', 'Android', 'Windows', 'Macintosh', 'CrOS', 'Linux'].find((word) => agent.includes(word)) ?? 'Browser';
  const [, browser] = [[/Firefox|FxiOS/, 'Firefox'], [/EdgA?\//, 'Edge'], [/SamsungBrowser/, 'Samsung Internet'], [/Chrome|CriOS/, 'Chrome'], [/Safari/, 'Safari']].find(([sign]) => sign.test(agent)) ?? [];
  return [device === 'Macintosh' ? 'Mac' : device, browser].filter(Boolean).join(', ');
}

class Failure extends Error {}
const reasons = { 403: 'pair_wrong', 404: 'pair_closed', 409: 'pair_used', 410: 'pair_expired', 429: 'pair_busy' };

async function asked(path, body, wait) {
  try {
    return await post(path, body, wait);
  } catch (error) {
    if (error instanceof Unreachable) throw error;
    throw new Failure(reasons[error.status] ?? 'pair_failed', { cause: error });
  }
}

// Waits for the owner's choice; a phone that slept or lost the network asks again until time is up.
async function chosen(body, ends) {
  for (;;) {
    try {
      const result = await asked('/api/pair/result', body, 25_000);
      if (result.state !== 'choosing') return result;
    } catch (error) {
      if (!(error instanceof Unreachable) || Date.now() > ends) throw error;
      await new Promise((done) => { setTimeout(done, 1000); });
    }
    if (Date.now() > ends + 5000) throw new Failure('pair_expired');
  }
}

// *show(step, details)* is called as it goes; returns the device that is paired now.
async function pair([, pairing_id, secret], show) {
  const { key, public_key } = await new_key();
  const nonce = crypto.getRandomValues(new Uint8Array(16));
  const commitment = await digest(joined(public_key, nonce));
  const hello = await asked('/api/pair/hello', { pairing_id, commitment: to_text(commitment) });
  // Somebody between us would have another name or another certificate.
  if (hello.origin !== location.origin) throw new Failure('pair_origin');
  const ends = Date.now() + hello.seconds_left * 1000;
  const name = label();
  // A phone that is paired already, and scans a code again: its old entry may go.
  const before = (await kept('device').catch(() => null))?.id;
  const transcript = await digest(joined('wakeline-pair-v1', location.origin, to_bytes(hello.certificate_sha256), to_bytes(pairing_id),
    commitment, to_bytes(hello.server_nonce), public_key, nonce, hello.scope, name, ...(before ? [before] : [])));
  const prove = await prover(to_bytes(secret));
  const bytes = await prove('number', transcript);
  const number = 10 + new DataView(bytes.buffer).getUint32(0) % 90;
  await asked('/api/pair/reveal', { pairing_id, public_key: to_text(public_key), nonce: to_text(nonce), label: name, ...(before && { before }), proof: to_text(await prove('proof', transcript)) });
  show(number, hello.seconds_left);
  const result = await chosen({ pairing_id, proof: to_text(await prove('result', transcript)) }, ends);
  if (result.state !== 'paired') throw new Failure(result.state === 'expired' ? 'pair_expired' : 'pair_rejected');
  const device = { id: result.device_id, scope: result.scope, key, paired_at: Date.now() };
  await keep('device', device).catch((error) => { throw new Failure('pair_not_kept', { cause: error }); });
  navigator.storage?.persist?.();
  return device;
}

function card(sign, title, ...rest) {
  const heading = h('h1', { tabindex: '-1' }, title);
  const element = h('main', { class: 'lonely' }, h('div', { class: 'lonely-card' }, sign, heading, ...rest));
  return element;
}

function show_in(app, element) {
  app.replaceChildren(element);
  app.querySelector('h1').focus();
}

function number_card(number, seconds) {
  const bar = h('div', { class: 'bar' }, h('i', {}));
  bar.firstChild.animate([{ transform: 'none' }, { transform: 'scaleX(0)' }], { duration: seconds * 1000, fill: 'forwards' });
  return card(brand(), say('pair_number_title'), h('p', { class: 'number', role: 'img', 'aria-label': String(number) }, String(number)),
    h('p', { role: 'status' }, say('pair_number')), bar, h('p', { class: 'quiet' }, say('pair_number_hint')));
}

// Pairs with the secret of the QR code; stays on the screen until that worked.
export async function pair_on_screen(app, found) {
  if (!possible()) return show_in(app, card(icon('lost', 'big bad'), say('no_crypto_title'), h('p', {}, say('no_crypto')))), null;
  show_in(app, card(brand(), say('pair_connecting'), h('p', { class: 'quiet' }, location.host)));
  try {
    const device = await pair(found, (number, seconds) => show_in(app, number_card(number, seconds)));
    show_in(app, card(icon('ended', 'big good'), say('paired_title'), h('p', { role: 'status' }, say('paired'))));
    return device;
  } catch (error) {
    const word = error instanceof Failure ? error.message : error instanceof Unreachable ? 'pair_unreachable' : 'pair_failed';
    show_in(app, card(icon('lost', 'big bad'), say('pair_failed_title'), h('p', { role: 'alert' }, say(word)), h('p', { class: 'quiet' }, say('pair_again'))));
    return null;
  }
}

// Nothing is known here: say how to begin. *pasted* gets a pairing found in a pasted link.
export function not_paired(app, word, pasted) {
  const field = h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', placeholder: `${location.origin}/#1.…`, 'aria-label': say('paste_link') });
  const wrong = h('p', { class: 'warn', role: 'alert' });
  const go = () => {
    const text = field.value.trim();
    const found = text.startsWith(`${location.origin}/#`) && pairing_of(text.slice(location.origin.length + 1));
    wrong.textContent = found ? '' : say('paste_wrong');
    if (found) pasted(found);
  };
  field.addEventListener('keydown', (event) => { if (event.key === 'Enter') go(); });
  show_in(app, card(brand(), say(`${word}_title`), h('p', {}, say(word)),
    h('ol', { class: 'steps' }, h('li', {}, say('start_1')), h('li', {}, say('start_2')), h('li', {}, say('start_3'))),
    h('details', { class: 'paste' }, h('summary', {}, say('paste_title')), h('div', { class: 'paste-row' }, field, h('button', { class: 'button', type: 'button', onclick: go }, say('pair'))), wrong),
    h('p', { class: 'quiet' }, plain(location.host)), h('p', {}, h('a', { href: 'trust.html' }, say('trust_link')))));
}
