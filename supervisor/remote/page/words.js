// Every sentence of the page, in English and German. A word that is missing is a failing test.

const words = {
  // times
  now: ['now', 'jetzt'],
  minutes: ['{n} min', '{n} Min.'],
  hours_minutes: ['{n} h {m} min', '{n} Std. {m} Min.'],
  hours: ['{n} h', '{n} Std.'],
  days: ['{n} d', '{n} Tage'],
  until: ['until {time}', 'bis {time}'],

  // states and groups
  state_needs_you: ['Needs you', 'Braucht dich'],
  state_working: ['Working', 'Arbeitet'],
  state_cut_off: ['Cut off', 'Abgeschnitten'],
  state_starting: ['Starting', 'Startet'],
  state_idle: ['Idle', 'Wartet auf Auftrag'],
  state_paused: ['Paused', 'Angehalten'],
  state_ended: ['Ended', 'Beendet'],
  state_lost: ['Lost', 'Verloren'],
  group_needs_you: ['Needs you', 'Braucht dich'],
  group_working: ['Working', 'Arbeiten'],
  group_cut_off: ['Cut off', 'Abgeschnitten'],
  group_starting: ['Starting', 'Starten'],
  group_idle: ['Idle', 'Ohne Auftrag'],
  group_paused: ['Paused', 'Angehalten'],
  group_other: ['Others', 'Andere'],
  group_over: ['Over', 'Vorbei'],
  tag_stale: ['not seen lately', 'länger nicht gesehen'],
  tag_child: ['sub-agent', 'Unteragent'],
  tag_jobs_1: ['1 job', '1 Hintergrundjob'],
  tag_jobs: ['{n} jobs', '{n} Hintergrundjobs'],
  tag_waiting_1: ['1 prompt waits', '1 Auftrag wartet'],
  tag_waiting: ['{n} prompts wait', '{n} Aufträge warten'],

  // list
  sessions: ['Sessions', 'Sitzungen'],
  older: ['Show older sessions', 'Ältere Sitzungen zeigen'],
  no_sessions: ['No session is running', 'Keine Sitzung läuft'],
  no_sessions_hint: ['Start an agent on the computer; it appears here by itself.', 'Starte einen Agenten am Computer; er erscheint hier von selbst.'],
  choose_session: ['Choose a session to read along.', 'Wähle eine Sitzung, um mitzulesen.'],
  you: ['You', 'Du'],
  the_agent: ['Agent', 'Agent'],
  tool: ['Tool', 'Werkzeug'],
  machine: ['Machine', 'Rechner'],
  close: ['Close', 'Schließen'],
  back: ['Back to the list', 'Zurück zur Liste'],
  loading: ['Loading …', 'Lädt …'],
  not_loaded: ['Could not be loaded: no answer from the computer.', 'Nicht geladen: Der Computer antwortet nicht.'],
  not_sent: ['Not changed: no answer from the computer.', 'Nicht geändert: Der Computer antwortet nicht.'],
  try_again: ['Try again', 'Nochmals versuchen'],
  try_now: ['Try now', 'Jetzt versuchen'],

  // staying awake
  awake_unknown: ['Not known yet', 'Noch nicht bekannt'],
  awake_held: ['Awake', 'Wach'],
  awake_on: ['Awake because you want it', 'Wach, weil du es willst'],
  awake_sessions_1: ['Awake: 1 session working', 'Wach: 1 Sitzung arbeitet'],
  awake_sessions: ['Awake: {n} sessions working', 'Wach: {n} Sitzungen arbeiten'],
  awake_reasons: ['Awake for {n} reasons', 'Wach aus {n} Gründen'],
  awake_may_sleep: ['May go to sleep', 'Darf schlafen gehen'],
  awake_off: ['Keep-awake is off', 'Wachhalten ist aus'],
  awake_failed: ['Cannot be kept awake', 'Kann nicht wach gehalten werden'],
  awake_none: ['Nothing needs it to stay awake.', 'Nichts verlangt, dass er wach bleibt.'],
  awake_off_hint: ['It may sleep while sessions work.', 'Er darf schlafen, auch während Sitzungen arbeiten.'],
  awake_releases: ['May sleep from {time} if nothing happens.', 'Darf ab {time} schlafen, wenn nichts geschieht.'],
  awake_mechanism: ['Held by', 'Gehalten durch'],
  awake_switch: ['Keep awake', 'Wach halten'],
  mode_auto: ['Auto', 'Auto'],
  mode_on_2h: ['2 h', '2 Std.'],
  mode_on: ['On', 'An'],
  mode_off: ['Off', 'Aus'],
  mode_until: ['This choice holds until {time}.', 'Diese Wahl gilt bis {time}.'],
  view_only: ['This phone may look, not change.', 'Dieses Telefon darf zusehen, nichts ändern.'],

  // the link
  link_live: ['Live', 'Live'],
  link_connecting: ['Connecting …', 'Verbindet …'],
  link_lost: ['Not connected', 'Nicht verbunden'],
  link_back: ['Connected again', 'Wieder verbunden'],
  link_no_internet: ['Live, but it has no internet', 'Live, aber er ist ohne Internet'],
  cause_reconnecting: ['The connection to {host} broke.', 'Die Verbindung zu {host} ist abgerissen.'],
  cause_offline: ['This phone has no network.', 'Dieses Telefon hat kein Netz.'],
  cause_asleep: ['{host} went to sleep.', '{host} ist schlafen gegangen.'],
  cause_stopped: ['Wakeline was stopped on {host}.', 'Wakeline wurde auf {host} beendet.'],
  cause_refusing: ['Wakeline does not answer on {host}. It may be stopped.', 'Wakeline antwortet nicht auf {host}. Vielleicht ist es beendet.'],
  cause_silent: ['No answer from {host}. It may be asleep, or one of you has no network.', 'Keine Antwort von {host}. Vielleicht schläft er, oder einer von euch hat kein Netz.'],
  cause_trouble: ['{host} answers, but not as it should.', '{host} antwortet, aber nicht wie erwartet.'],
  last_seen: ['Last seen {time} ({ago}). What you see is from then.', 'Zuletzt gesehen {time} ({ago}). Was du siehst, ist von da.'],
  never_seen: ['Not reached yet.', 'Noch nicht erreicht.'],

  // transcript
  transcript: ['Transcript', 'Verlauf'],
  beginning: ['The beginning', 'Der Anfang'],
  nothing_yet: ['Nothing has been said yet.', 'Noch wurde nichts gesagt.'],
  no_transcript: ['There is no transcript of this session.', 'Von dieser Sitzung gibt es keinen Verlauf.'],
  no_session: ['No such session', 'Keine solche Sitzung'],
  thinking: ['Thought', 'Gedanke'],
  no_output: ['No output', 'Keine Ausgabe'],
  show_more: ['Show more', 'Mehr zeigen'],
  load_whole: ['Shortened. Load all of it', 'Gekürzt. Ganz laden'],
  new_messages_1: ['1 new message', '1 neue Nachricht'],
  new_messages: ['{n} new messages', '{n} neue Nachrichten'],
  to_end: ['To the end', 'Zum Ende'],
  one_needs_you: ['{name} needs you', '{name} braucht dich'],
  some_need_you: ['{n} sessions need you', '{n} Sitzungen brauchen dich'],
  facts: ['Details', 'Einzelheiten'],
  title_needs_you: ['Needs you · Wakeline', 'Braucht dich · Wakeline'],
  sound: ['Sound and vibration when a session needs you', 'Ton und Vibration, wenn eine Sitzung dich braucht'],
  sound_on: ['Sound is on', 'Ton ist an'],
  sound_off: ['Sound is off', 'Ton ist aus'],

  // pairing
  welcome_title: ['Not paired yet', 'Noch nicht gekoppelt'],
  welcome: ['This phone holds no key for this computer. Some browsers delete it after a week without a visit.', 'Dieses Telefon hat keinen Schlüssel für diesen Computer. Manche Browser löschen ihn nach einer Woche ohne Besuch.'],
  bad_link_title: ['This link is damaged', 'Dieser Link ist beschädigt'],
  bad_link: ['The code was not read completely.', 'Der Code wurde nicht vollständig gelesen.'],
  revoked_title: ['This phone was removed', 'Dieses Telefon wurde entfernt'],
  revoked: ['The computer no longer accepts its key, so the key was deleted here too.', 'Der Computer nimmt seinen Schlüssel nicht mehr an; er wurde auch hier gelöscht.'],
  forgotten_title: ['Forgotten', 'Vergessen'],
  forgotten: ['The key of this phone is deleted.', 'Der Schlüssel dieses Telefons ist gelöscht.'],
  start_1: ['On the computer, open Wakeline in the tray and choose “Phone …”, or run “wakeline phone”.', 'Öffne am Computer Wakeline in der Leiste und wähle „Telefon …“, oder starte „wakeline phone“.'],
  start_2: ['Scan the code with this phone.', 'Scanne den Code mit diesem Telefon.'],
  start_3: ['On the computer, choose the number that this phone shows.', 'Wähle am Computer die Zahl, die dieses Telefon zeigt.'],
  trust_link: ['Get rid of the browser’s warning', 'Die Warnung des Browsers loswerden'],
  paste_title: ['I have the link as text', 'Ich habe den Link als Text'],
  paste_link: ['Pairing link', 'Link zum Koppeln'],
  paste_wrong: ['This is not a pairing link of this computer.', 'Das ist kein Link zum Koppeln mit diesem Computer.'],
  pair: ['Pair', 'Koppeln'],
  pair_connecting: ['Connecting …', 'Verbindet …'],
  pair_number_title: ['Choose this number on the computer', 'Wähle diese Zahl am Computer'],
  pair_number: ['It shows three numbers. Only this one is yours.', 'Er zeigt drei Zahlen. Nur diese gehört dir.'],
  pair_number_hint: ['Keep this page open until then.', 'Lass diese Seite so lange offen.'],
  paired_title: ['Paired', 'Gekoppelt'],
  paired: ['One moment, your sessions are coming.', 'Einen Moment, deine Sitzungen kommen.'],
  pair_failed_title: ['Not paired', 'Nicht gekoppelt'],
  pair_failed: ['Something went wrong on the way.', 'Unterwegs ist etwas schiefgegangen.'],
  pair_wrong: ['The computer does not accept this code.', 'Der Computer nimmt diesen Code nicht an.'],
  pair_closed: ['This code is no longer valid: its window on the computer is closed, or its time is up.', 'Dieser Code gilt nicht mehr: Sein Fenster am Computer ist zu, oder die Zeit ist um.'],
  pair_used: ['This code was already used. Each code works once, for one phone.', 'Dieser Code wurde schon benutzt. Jeder gilt einmal, für ein Telefon.'],
  pair_expired: ['The time for this code is up.', 'Die Zeit für diesen Code ist um.'],
  pair_busy: ['Too many tries. Wait a minute.', 'Zu viele Versuche. Warte eine Minute.'],
  pair_rejected: ['It was declined on the computer, or another number was chosen.', 'Am Computer wurde abgelehnt oder eine andere Zahl gewählt.'],
  pair_origin: ['The answer came from another address than this page. Do not go on in this network.', 'Die Antwort kam von einer anderen Adresse als diese Seite. Mach in diesem Netz nicht weiter.'],
  pair_not_kept: ['This browser cannot keep the key. Leave private browsing and scan again.', 'Dieser Browser kann den Schlüssel nicht aufbewahren. Verlass den privaten Modus und scanne neu.'],
  pair_unreachable: ['The computer does not answer. Is this phone in the same network?', 'Der Computer antwortet nicht. Ist dieses Telefon im selben Netz?'],
  pair_again: ['Make a new code on the computer and scan it.', 'Erzeuge am Computer einen neuen Code und scanne ihn.'],
  no_crypto_title: ['This browser cannot do it', 'Dieser Browser kann es nicht'],
  no_crypto: ['It has no WebCrypto or no storage for a key here. Use a current browser, outside private mode.', 'Ihm fehlt hier WebCrypto oder ein Speicher für Schlüssel. Nimm einen aktuellen Browser, nicht im privaten Modus.'],
};

const languages = ['en', 'de'];
const wanted = (navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2).toLowerCase());
export const language = wanted.find((tag) => languages.includes(tag)) ?? 'en';
const column = languages.indexOf(language);

// The sentence for *key*; `key_1` is the one for a single thing.
export function say(key, values = {}) {
  const found = (values.n === 1 && words[`${key}_1`]) || words[key];
  return found[column].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

// What the first screen does without comes with the modules that say it.
export const learn = (more) => Object.assign(words, more);

export { words };
