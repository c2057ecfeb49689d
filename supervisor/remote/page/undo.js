// Bars with a way back, above everything else. Each stands for some seconds.

import { h } from './dom.js';
import './more.js';
import { plain } from './marks.js';
import { say } from './words.js';

// A phone that slept over the time must not do then what was meant seconds ago.
const grace = 3000;

const all = h('div', { class: 'bars', popover: 'manual' });
document.body.append(all);

// Above an open sheet too, where the browser can.
function raise() {
  if (!all.showPopover) return;
  all.togglePopover(false);
  all.togglePopover(all.children.length > 0);
}

// Anything else that stands there until it is taken away.
export function put_bar(bar) {
  all.append(bar);
  raise();
}
export function take_bar(bar) {
  bar.remove();
  raise();
}

// Shows *words* for *seconds* with a button *word* that does *back*. If nobody presses it, *then*
// is done at the end of that time, or never.
export function offer(words, seconds, word, back, then = null) {
  const button = h('button', { class: 'button', type: 'button' }, word);
  const bar = h('div', { class: 'bar-undo', role: 'alert' }, h('p', {}, plain(words)), button, h('i', { class: 'runs-out' }));
  all.append(bar);
  raise();
  bar.lastChild.animate([{ transform: 'none' }, { transform: 'scaleX(0)' }], { duration: seconds * 1000, fill: 'forwards' });
  const due = Date.now() + seconds * 1000;
  const end = () => {
    bar.remove();
    raise();
    if (!then) return;
    if (Date.now() > due + grace) tell(say('too_late'));
    else then();
  };
  const timer = setTimeout(end, seconds * 1000);
  button.addEventListener('click', () => {
    clearTimeout(timer);
    bar.remove();
    raise();
    back();
  });
}

// Says *words* for a while.
export function tell(words, bad = false) {
  offer(words, bad ? 8 : 4, say('close'), () => {});
}
