// Makes a transcript easier to read on a small screen: changes in colours, long lines that wrap at a tap.

import { diff } from './asked.js';
import { h, icon } from './dom.js';
import { say } from './words.js';

// A unified diff, or lines that are all kept, added or removed, with both of the latter.
function is_diff(text) {
  if (/^@@ -\d.*@@/m.test(text)) return true;
  const lines = text.split('\n', 400).filter((line) => line);
  return lines.length > 1 && lines.every((line) => /^[-+ ]/.test(line)) && lines.some((line) => line[0] === '+') && lines.some((line) => line[0] === '-');
}

function wrap_button(pre) {
  const button = h('button', { class: 'wrap', type: 'button', 'aria-label': say('wrap_lines'), 'aria-pressed': 'false', onclick: () => {
    button.setAttribute('aria-pressed', String(pre.classList.toggle('wrapping')));
    pre.scrollLeft = 0;
  } }, icon('wrap', 'small'));
  return button;
}

export class Reading {
  #seen;
  #news;

  constructor(log) {
    // Whether a line is too long is known once it is laid out: asked when it comes near.
    this.#seen = new IntersectionObserver((edges) => edges.filter(({ isIntersecting }) => isIntersecting).forEach(({ target }) => this.#look(target)), { rootMargin: '400px' });
    this.#news = new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach((node) => this.#dress(node))));
    this.#news.observe(log, { childList: true, subtree: true });
    this.#dress(log);
  }

  #dress(node) {
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    const all = node.matches('pre.code') ? [node] : node.querySelectorAll('pre.code');
    for (const pre of all) {
      if (pre.dataset.read) continue;
      pre.dataset.read = 'yes';
      // Marks for what hides in it stay as they are.
      if (is_diff(pre.textContent) && !pre.querySelector('.mark')) this.#colour(pre);
      else if (!pre.matches('.wrapped')) this.#seen.observe(pre);
    }
  }

  #colour(pre) {
    pre.classList.add('diff');
    pre.replaceChildren(diff(pre.textContent));
  }

  #look(pre) {
    this.#seen.unobserve(pre);
    if (pre.scrollWidth > pre.clientWidth + 4) pre.prepend(wrap_button(pre));
  }

  close() {
    this.#seen.disconnect();
    this.#news.disconnect();
  }
}
