// Elements and words. Whatever comes from the report becomes text, and nothing else.

const PAGE = 50; // rows, members or elements at once

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}
const el = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);

// What a browser would not show, or what turns the direction of a text around, is spelled out.
const visible = (text) =>
  String(text).replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu,
    (c) => `\\u${c.codePointAt(0).toString(16).padStart(4, '0')}`,
  );

const name = (text) => el('bdi', {}, visible(text));
const isNumber = (value) => typeof value === 'number' || typeof value === 'bigint';
const hex = (value) => `0x${BigInt(value).toString(16)}`;
const counted = (number, thing, things = `${thing}s`) => `${grouped(number)} ${Number(number) === 1 ? thing : things}`;
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
const shortened = (text, most = 120) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function bytesText(size) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0,
    rest = Number(size);
  for (; rest >= 1024 && at < units.length - 1; at++) rest /= 1024;
  return `${at ? rest.toFixed(rest < 10 ? 1 : 0) : rest} ${units[at]}`;
}

// `show` is called with the begin of each page, and returns what is there.
function paged(length, first, show, turned) {
  const body = el('div'),
    bar = el('nav', { class: 'pages' });
  const go = (begin) => {
    body.replaceChildren(show(begin, Math.min(begin + PAGE, length)));
    bar.replaceChildren();
    if (length > PAGE)
      bar.append(
        ...pageButtons(length, begin, (to) => {
          go(to);
          if (turned) turned(to);
        }),
      );
  };
  const start = Math.floor(Math.max(0, Math.min(first, length - 1)) / PAGE) * PAGE;
  go(start);
  return el('div', {}, body, bar);
}

function pageButtons(length, begin, go) {
  const last = Math.floor((length - 1) / PAGE) * PAGE;
  const button = (label, title, to) =>
    el('button', { title, disabled: to < 0 || to > last || to === begin, onclick: () => go(to) }, label);
  return [
    button('⏮', 'first', 0),
    button('◀', 'previous', begin - PAGE),
    el('span', {}, `${grouped(begin + 1)} to ${grouped(Math.min(begin + PAGE, length))} of ${grouped(length)}`),
    button('▶', 'next', begin + PAGE),
    button('⏭', 'last', last),
  ];
}

// Long work stops now and then, so that the page stays alive.
const breath = () =>
  new Promise((resolve) => {
    setTimeout(resolve);
  });
