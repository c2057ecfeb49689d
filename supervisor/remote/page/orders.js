// Orders to the computer. Each carries a key, so that it is carried out once, however often it is said.

import { path_of } from './picture.js';
import { Unreachable } from './wire.js';
import { say } from './words.js';

// Milliseconds before an order that got no answer is said again, under the same key.
const again_after = [400, 1600];

const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

export const new_key = () => crypto.randomUUID();

// Says it at most three times. Nothing is kept to be said later: a late order would be a surprise.
export async function give(wire, method, path, body, key = new_key(), patience = undefined) {
  for (const wait of again_after) {
    try {
      return await wire.order(method, path, body, key, patience);
    } catch (error) {
      if (!(error instanceof Unreachable) || navigator.onLine === false) throw error;
    }
    await pause(wait);
  }
  return wire.order(method, path, body, key, patience);
}

// The same for one session.
export const orders_for = (wire, id) => (method, what, body, key, patience) => give(wire, method, `${path_of(id)}${what}`, body, key, patience);


// What went wrong, in sentences: the computer's own, or that there was no answer.
export function trouble(error) {
  if (error.status === 429) return say('too_fast');
  if (!error.status) return say('no_answer');
  const { message, hint } = error;
  // What everybody gets who asks for something that is not there.
  if (message === 'Refused' && !hint) return say('refused');
  return hint ? `${message}${/[.!?…]$/.test(message) ? '' : '.'} ${hint}` : message;
}
