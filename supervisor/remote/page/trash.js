// What was deleted and can still be brought back.

import { restore } from './actions.js';
import { h, moment, sheet } from './dom.js';
import { name, plain } from './marks.js';
import { nothing_here } from './more.js';
import { trouble } from './orders.js';
import { agent_of, short_folder } from './picture.js';
import { say } from './words.js';

export async function show_trash(wire, scope) {
  const list = h('section', { class: 'trash' }, h('p', { class: 'quiet' }, say('loading')));
  const dialog = sheet(say('trash'), list);
  try {
    const { trashed } = await wire.get('/api/trash');
    const note = trashed.length > 0 && scope !== 'admin' && h('p', { class: 'quiet' }, say('needs_admin'));
    const rows = trashed.map((one) => row(wire, scope, one));
    list.replaceChildren(...(note ? [note] : []), ...(rows.length ? rows : [nothing_here('delete', say('trash_empty'))]));
  } catch (error) {
    list.replaceChildren(h('p', { class: 'warn', role: 'alert' }, plain(trouble(error))));
  }
  return dialog;
}

function row(wire, scope, { id, agent, session_id, title, cwd, until }) {
  const button = scope === 'admin' && h('button', { class: 'button', type: 'button', 'aria-label': `${say('restore')}: ${title ?? session_id}` }, say('restore'));
  const element = h('div', { class: 'trashed' },
    h('div', { class: 'trashed-words' }, h('b', {}, name(title || session_id.slice(0, 8))),
      h('span', { class: 'quiet' }, name([agent_of({ agent }), short_folder(cwd)].filter(Boolean).join(' · '))),
      h('span', { class: 'quiet' }, plain(say('until', { time: moment(Date.parse(until)) })))), button);
  if (button) button.addEventListener('click', async () => {
    button.disabled = true;
    if (await restore(wire, id)) element.remove();
    else button.disabled = false;
  });
  return element;
}
