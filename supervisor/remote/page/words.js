// Sentences in the language that was chosen on this phone, else in the phone's own. Only its table is loaded.

// With the names they give themselves.
export const languages = { en: 'English', de: 'Deutsch' };

const place = 'language';

// The choice made on this phone, if any; a browser may keep nothing.
export function chosen() {
  try {
    const found = localStorage.getItem(place);
    return Object.hasOwn(languages, found) ? found : null;
  } catch {
    return null;
  }
}

// Holds from the next load on; null: as the phone.
export function choose(tag) {
  if (tag) localStorage.setItem(place, tag);
  else localStorage.removeItem(place);
}

function own() {
  const wanted = (navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.find((tag) => Object.hasOwn(languages, tag)) ?? 'en';
}

export const language = chosen() ?? own();
export const { words } = await import(`./words_${language}.js`);

// The sentence for *key*; `key_1` is the one for a single thing.
export function say(key, values = {}) {
  const found = (values.n === 1 && words[`${key}_1`]) || words[key];
  return found.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}
