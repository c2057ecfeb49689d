// Every fact of a session that one wants to check from away, and the command that brings it back.

import { ago, h, icon, moment, number, say_aloud, sheet } from './dom.js';
import { agent_of, jobs_of, name_of, path_of, picture } from './picture.js';
import { tried } from './cut_off.js';
import { state_word } from './list.js';
import './more.js';
import { name, plain } from './marks.js';
import { choose, chosen, languages, say } from './words.js';

// Puts *text* on the clipboard, or, where the browser has none for us, selects it in *field*.
export async function copy(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    field.value = text;
    field.hidden = false;
    field.focus();
    field.setSelectionRange(0, text.length);
    return document.execCommand('copy');
  }
}

export function copy_button(text, word) {
  const field = h('textarea', { class: 'copy-field', readonly: true, rows: '2', hidden: true, 'aria-label': word });
  const hint = h('p', { class: 'quiet', role: 'status' });
  const button = h('button', { class: 'button', type: 'button' }, icon('copy'), h('span', {}, word));
  button.addEventListener('click', async () => {
    const done = await copy(text, field);
    button.lastChild.textContent = done ? say('copied') : word;
    hint.textContent = done ? '' : say('copy_by_hand');
    if (done) {
      say_aloud(say('copied'));
      field.hidden = true;
      button.focus();
      setTimeout(() => { button.lastChild.textContent = word; }, 2500);
    }
  });
  return h('div', { class: 'copy' }, button, field, hint);
}

const unknown = () => h('span', { class: 'quiet' }, say('unknown'));
const text_of = (value) => (value == null || value === '' ? unknown() : h('bdi', {}, name(String(value))));
const time_of = (text) => (text ? h('span', {}, moment(Date.parse(text)), h('span', { class: 'quiet' }, ' · ', ago(text))) : unknown());

function row(word, value, mono = false) {
  return h('div', { class: 'fact' }, h('dt', {}, word), h('dd', { class: mono ? 'mono' : null }, value));
}

const context_of = (percent) => (percent == null ? unknown()
  : h('span', { class: 'context' }, `${Math.round(percent)} %`, h('meter', { min: '0', max: '100', high: '80', value: String(percent), 'aria-label': say('fact_context') })));

function facts(session) {
  const cost = session.cost_usd == null ? null : `$${session.cost_usd.toFixed(2)}`;
  return [
    row(say('fact_state'), h('span', { class: `is-${session.state}` }, icon(session.state, 'small'), ' ', h('span', { class: 'state' }, state_word(session)))),
    row(say('fact_since'), time_of(session.since)),
    row(say('fact_host'), text_of(session.hostname)),
    row(say('fact_cwd'), text_of(session.cwd), true),
    row(say('fact_branch'), text_of(session.git_branch), true),
    row(say('fact_agent'), h('span', {}, plain(agent_of(session)), ' ', session.agent_version ? plain(session.agent_version) : '')),
    row(say('fact_model'), text_of(session.model), true),
    row(say('fact_pid'), text_of(session.pid), true),
    row(say('fact_started'), time_of(session.run_started_at)),
    row(say('fact_activity'), time_of(session.last_activity_at)),
    row(say('fact_context'), context_of(session.context_used_percent)),
    row(say('fact_tokens'), text_of(session.tokens == null ? null : number(session.tokens))),
    row(say('fact_cost'), text_of(cost)),
    row(say('fact_kind'), text_of(['hosted', 'adopted', 'seen'].includes(session.kind) ? say(`kind_${session.kind}`) : session.kind)),
    session.focus && row(say('fact_focus'), text_of(session.focus.label)),
    session.title && session.title !== name_of(session) && row(say('fact_title'), text_of(session.title)),
    session.parent_id && row(say('fact_parent'), text_of(session.parent_id), true),
    session.failure && row(say('fact_failure'), text_of(session.failure)),
    row(say('fact_id'), text_of(session.id), true),
  ].filter(Boolean);
}

const shells = { posix: 'bash, zsh, sh', fish: 'fish', powershell: 'PowerShell', cmd: 'cmd' };

function resume(session, get) {
  const shown = h('div', { class: 'resume', 'aria-live': 'polite' });
  const choice = h('select', { 'aria-label': say('shell') }, ...Object.entries(shells).map(([value, word]) => h('option', { value }, word)));
  if (/win/i.test(picture.machine?.os ?? '') && !/darwin/i.test(picture.machine?.os)) choice.value = 'powershell';
  const load = async () => {
    const shell = choice.value;
    shown.replaceChildren(h('p', { class: 'quiet' }, say('loading')));
    let parts;
    try {
      parts = resume_parts(await get(`${path_of(session.id)}/resume-command?shell=${shell}`));
    } catch (error) {
      parts = [h('p', { class: 'warn' }, error.status ? error.message : say('not_loaded'))];
    }
    if (choice.value === shell) shown.replaceChildren(...parts);
  };
  choice.addEventListener('change', load);
  load();
  return h('section', {}, h('div', { class: 'resume-head' }, h('h3', {}, say('resume')), choice), shown);
}

function resume_parts({ command, argv, cwd, session_id, safe }) {
  if (safe && command) return [h('pre', { class: 'code', tabindex: '0' }, plain(command)), copy_button(command, say('copy_command'))];
  const known = argv?.length > 0;
  const parts = [h('p', { class: known ? 'warn' : 'quiet' }, say(known ? 'resume_unsafe' : 'resume_none'))];
  if (session_id) parts.push(h('pre', { class: 'code', tabindex: '0' }, name(session_id)), copy_button(session_id, say('copy_id')));
  if (cwd) parts.push(h('pre', { class: 'code', tabindex: '0' }, name(cwd)), copy_button(cwd, say('copy_cwd')));
  return parts;
}

// *dialog()* is closed first: one sheet at a time.
function jobs(session, get, dialog) {
  const show = async () => {
    dialog().close();
    (await import('./jobs.js')).show_jobs(session, get);
  };
  const n = jobs_of(session);
  return h('section', {}, h('button', { class: 'button', type: 'button', 'aria-haspopup': 'dialog', onclick: show }, say('jobs'), n ? ` (${n})` : ''));
}

// What was tried to bring it back, also at earlier times; newest first.
function past({ attempts = [] }) {
  return attempts.length === 0 ? [] : [h('h3', {}, say('way_past')), h('ol', { class: 'way-past' }, ...attempts.map(tried).reverse())];
}

export function show_facts(session, get) {
  const list = h('dl', { class: 'facts' }, ...facts(session));
  const tries = h('section', { hidden: !session.attempts?.length }, ...past(session));
  const dialog = sheet(name_of(session), resume(session, get), jobs(session, get, () => dialog), h('section', {}, h('h3', {}, say('facts')), list), tries);
  // Keeps itself true while it is open.
  const show = (now) => {
    list.replaceChildren(...facts(now));
    tries.hidden = !now.attempts?.length;
    tries.replaceChildren(...past(now));
  };
  return { dialog, show };
}

// Another language needs another table: the page is loaded anew.
function tongue() {
  const choice = h('select', { id: 'language', onchange: () => { choose(choice.value); location.reload(); } }, h('option', { value: '' }, say('language_own')), ...Object.entries(languages).map(([tag, name]) => h('option', { value: tag, lang: tag }, name)));
  choice.value = chosen() ?? '';
  return h('p', { class: 'setting' }, h('label', { for: 'language' }, say('language')), choice);
}

export function show_machine(device, scope, wire, forget) {
  const machine = picture.machine ?? {};
  const agents = Object.entries(machine.versions?.agents ?? {}).map(([agent, version]) => row(agent_of({ agent }), text_of(version)));
  const { percent, on_battery } = machine.battery ?? {};
  const battery = [percent != null && `${Math.round(percent)} %`, on_battery != null && say(on_battery ? 'on_battery' : 'on_power')].filter(Boolean).join(' · ');
  const network = machine.network?.online;
  const told = async () => (await import('./notices.js')).show_notices(wire);
  const trash = async () => (await import('./trash.js')).show_trash(wire, scope);
  const dialog = sheet(machine.hostname ?? say('machine'), h('section', {}, h('dl', { class: 'facts' },
    row(say('fact_os'), text_of(machine.os)),
    row('Wakeline', text_of(machine.versions?.wakeline)),
    row(say('fact_up'), time_of(machine.started_at)),
    row(say('fact_battery'), text_of(battery)),
    row(say('fact_network'), text_of(network == null ? null : say(network ? 'network_on' : 'network_off'))),
    ...agents), h('button', { class: 'button', type: 'button', onclick: () => { dialog.close(); told(); } }, say('notices')), h('button', { class: 'button', type: 'button', onclick: () => { dialog.close(); trash(); } }, say('trash'))),
  h('section', {}, h('h3', {}, say('this_phone')), h('p', {}, say(scope === 'view' ? 'scope_view' : 'scope_control')),
    h('p', { class: 'quiet' }, say('paired_at', { time: moment(device.paired_at) })),
    tongue(),
    h('button', { class: 'button danger', type: 'button', onclick: () => { if (confirm(say('forget_sure'))) forget(); } }, say('forget'))));
}
