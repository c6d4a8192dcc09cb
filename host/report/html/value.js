// Values as the report has them: {"kind": …} for what has a type, plain JSON for what a plugin adds. Both are shown by the
// same two: one line of words, and a tree whose branches are made when they are opened.

const KINDS = new Set([
  'int',
  'uint',
  'bool',
  'char',
  'float',
  'enum',
  'struct',
  'array',
  'cpu_list',
  'ptr',
  'bytes',
  'truncated',
  'unsupported',
]);
const isValue = (x) => x !== null && typeof x === 'object' && KINDS.has(x.kind) && !(x instanceof Rows);
const isObject = (x) => x !== null && typeof x === 'object' && !Array.isArray(x) && !(x instanceof Rows);
const OWN = {
  struct: ['kind', 'type_name', 'members'],
  array: ['kind', 'len', 'elements', 'left_out'],
  ptr: ['kind', 'value', 'deref'],
  truncated: ['kind', 'needed', 'had', 'partial'],
};
const SCALAR = ['kind', 'bits', 'value', 'variant', 'is_signed', 'hex', 'reason', 'cpus', 'format', 'format_is_guess'];

// Number fields that are addresses by their name.
const ADDRESSES = /(^|_)(addr|address|kva|ip|pcs|vm_start)$/;

const isByte = (x) => x.kind === 'char' || ((x.kind === 'uint' || x.kind === 'int') && x.bits === 8);

// "text" of an array of bytes that holds one; null where it does not.
function textOfBytes(array) {
  if (!array.elements.length || !array.elements.every(isByte)) return null;
  const bytes = array.elements.map((element) => element.value & 0xff);
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.slice(0, end);
  if (text.length === 0 || !text.every((byte) => byte >= 32 && byte < 127)) return null;
  if (end >= 0 && bytes.slice(end).some((byte) => byte !== 0) && text.length < 2) return null;
  return `"${String.fromCharCode(...text)}"`;
}

// One line, at most a few of its parts.
function words(x, depth = 0) {
  if (x === null || x === undefined) return 'none';
  if (x instanceof Rows) return counted(x.length, 'row');
  if (Array.isArray(x))
    return `[${few(
      x.map((part) => () => words(part, depth + 1)),
      depth,
    )}]`;
  if (!isObject(x)) return typeof x === 'string' ? visible(x) : String(x);
  if (!isValue(x))
    return `{${few(
      Object.entries(x)
        .filter(([key]) => !key.endsWith('_hex'))
        .map(
          ([key, part]) =>
            () =>
              `${visible(key)} ${plainWords(key, part, depth + 1)}`,
        ),
      depth,
    )}}`;
  return valueWords(x, depth);
}

const few = (parts, depth) =>
  parts
    .slice(0, depth ? 4 : 8)
    .map((part) => part())
    .join(', ') + (parts.length > (depth ? 4 : 8) ? ', …' : '');
const plainWords = (key, x, depth) => (isNumber(x) && ADDRESSES.test(key) ? hex(x) : words(x, depth));

function valueWords(x, depth) {
  switch (x.kind) {
    case 'enum':
      return x.variant === null ? String(x.value) : `${visible(x.variant)} (${x.value})`;
    case 'char':
      return x.value >= 32 && x.value < 127 ? `'${String.fromCharCode(x.value)}'` : String(x.value);
    case 'float':
      return x.value === null ? 'no number' : String(x.value);
    case 'cpu_list':
      return `CPUs ${x.cpus || 'none'}`;
    case 'bytes':
      return x.value !== undefined ? x.value : shortened(visible(x.hex), 72) || 'no bytes';
    case 'unsupported':
      return `⟨${visible(x.reason)}⟩`;
    case 'truncated':
      return `${words(x.partial, depth + 1)} ⟨${x.had} of ${x.needed} bytes⟩`;
    case 'ptr':
      return BigInt(x.value) === 0n ? 'NULL' : hex(x.value) + (x.symbol ? ` ${visible(x.symbol)}` : '');
    case 'array':
      return (
        textOfBytes(x) ||
        (depth > 3
          ? '[…]'
          : `[${few(
              x.elements.map((part) => () => words(part, depth + 1)),
              depth,
            )}]`)
      );
    case 'struct': {
      const type = x.type_name ? visible(x.type_name) : '';
      if (depth > 2) return `${type}{…}`;
      return `${type}{${few(
        x.members.map((member) => () => `${member.name ? `${visible(member.name)}=` : ''}${words(member.value, depth + 1)}`),
        depth,
      )}}`;
    }
    default:
      return x.cast ? `${hex(x.value)} (${visible(x.cast.type || x.cast.space)})` : String(x.value);
  }
}

// What stands under it: [name, part], in order.
function partsOf(x) {
  if (x instanceof Rows) return { length: x.length, at: (i) => [`[${i}]`, x.at(i)] };
  const list = listedParts(x);
  return { length: list.length, at: (i) => list[i] };
}

function listedParts(x) {
  if (Array.isArray(x)) return x.map((part, i) => [`[${i}]`, part]);
  if (!isObject(x)) return [];
  if (!isValue(x)) return Object.entries(x);
  const facts = Object.entries(x).filter(([key]) => !(OWN[x.kind] || SCALAR).includes(key));
  switch (x.kind) {
    case 'struct':
      return [...x.members.map((member) => [member.name || '(no name)', member.value]), ...facts];
    case 'array':
      return [
        ...x.elements.map((element, i) => [`[${i}]`, element]),
        ...(x.left_out ? [['left out', x.left_out]] : []),
        ...facts,
      ];
    case 'ptr':
      return [...facts, ...(x.deref === undefined ? [] : [['→', x.deref]])];
    case 'truncated':
      return [['partial', x.partial]];
    case 'bytes':
      return x.hex.length > 72 ? hexLines(x.hex) : facts;
    default:
      return facts;
  }
}

function hexLines(text) {
  const width = 3 * 16,
    lines = [];
  for (let at = 0; at < text.length; at += width) lines.push([`+0x${(at / 3).toString(16)}`, text.slice(at, at + width).trim()]);
  return lines;
}

// A name and its value; what has parts opens. `open` levels are open from the begin.
function tree(label, x, open = 0, key = label) {
  const beside = factsBeside(x);
  const parts = isText(x) || beside ? { length: 0 } : partsOf(x);
  const line = [
    el('span', { class: 'key' }, visible(label)),
    ' ',
    leaf(x, key),
    beside ? el('span', { class: 'fact' }, ` ${beside}`) : '',
  ];
  if (parts.length === 0) return el('div', { class: 'leaf' }, line);
  const details = el('details', { class: 'branch' }, el('summary', {}, line));
  const build = () => {
    if (details.childElementCount > 1) return;
    details.append(
      el(
        'div',
        { class: 'parts' },
        paged(parts.length, 0, (begin, end) => {
          const here = el('div');
          for (let i = begin; i < end; i++) here.append(tree(...parts.at(i), open - 1));
          return here;
        }),
      ),
    );
  };
  details.addEventListener('toggle', () => {
    if (details.open) build();
  });
  if (open > 0) (build(), (details.open = true));
  return details;
}

// A pointer that leads nowhere here says why on its own line.
function factsBeside(x) {
  if (!isValue(x) || x.kind !== 'ptr' || x.deref !== undefined) return '';
  const facts = listedParts(x);
  return facts.length <= 3 && facts.every(([, part]) => !isObject(part) && !Array.isArray(part))
    ? facts
        .filter(([key]) => key !== 'symbol')
        .map(([key, part]) => (key === 'deref_skipped_reason' ? visible(part) : `${visible(key)} ${words(part)}`))
        .join(', ') || ' '
    : '';
}

const isText = (x) => isValue(x) && x.kind === 'array' && textOfBytes(x) !== null && x.elements.length <= 64;

// The value itself; a number that is an address leads to what lies there.
function leaf(x, key = '') {
  const text = plainWords(key, x, 0);
  const address = addressIn(x, key);
  const target = address === null ? targetOf(x, key) : `#at-${hex(address)}`;
  const spoken = shortened(text, 400);
  return target
    ? el('a', { class: 'value', href: target }, spoken)
    : el('span', { class: kindClass(x), title: text.length > 400 ? text : null }, spoken);
}

function kindClass(x) {
  if (isNumber(x) || (isValue(x) && ['int', 'uint', 'float'].includes(x.kind))) return 'value number';
  if (isValue(x) && ['unsupported', 'truncated'].includes(x.kind)) return 'value lacking';
  return 'value';
}

function addressIn(x, key) {
  if (isValue(x)) {
    const leads = x.kind === 'ptr' || x.cast !== undefined;
    return leads && BigInt(x.value) !== 0n ? BigInt(x.value) : null;
  }
  return isNumber(x) && ADDRESSES.test(key) && BigInt(x) > 0xffffffffn ? BigInt(x) : null; // a slot has but its lower half
}

// Ids of maps and programs that plugins tell.
function targetOf(x, key) {
  if (!isNumber(x)) return null;
  if (key === 'program' && report.programs.has(Number(x))) return `#program-${x}`;
  if ((key === 'map' || key === 'map_id') && report.maps.has(Number(x))) return `#map-${x}`;
  return null;
}
