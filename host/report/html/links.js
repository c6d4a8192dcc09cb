// Addresses: what lies at one, and who points to it. Each block is looked through as text, for which no value need be read.

const POINTER = /"(?:kind":"ptr","value|kind":"uint","bits":64,"value)":(\d+)(?=(,"cast")?)/g;

// Calls `found(part, offset, decimal)` for every pointer of the report that `wants` it.
async function eachPointer(wants, found, goesOn) {
  for (const part of report.parts.values()) {
    if (!goesOn()) return;
    const text = await report.textOf(part);
    for (const match of text.matchAll(POINTER)) {
      const isPointer = match[0].includes('ptr') || match[2] !== undefined;
      if (isPointer && wants(match[1])) found(part, match.index, match[1], text);
    }
    await breath();
  }
}

// What of the report is at an address.
async function whatIsAt(address) {
  const lines = [];
  for (const map of report.maps.values()) if (map.kva === address && address) lines.push(['the map itself', partLink(map)]);
  for (const map of report.maps.values()) {
    if (map.type !== 'arena') continue;
    const { arena } = await report.recordOf(map);
    if (!arena) continue;
    const size = BigInt(arena.declared_pages) * 4096n;
    for (const [base, side] of [
      [arena.user_vm_start, 'the program’s side'],
      [arena.kern_vm_start, 'the kernel’s side'],
    ]) {
      const offset = address - BigInt(base);
      if (BigInt(base) && offset >= 0n && offset < size)
        lines.push([`offset ${hex(offset)} in an arena, ${side}`, partLink(map, `address=${hex(address)}`)]);
    }
  }
  for (const allocator of report.allocators) await addSlot(allocator, address, lines);
  return lines;
}

// Slots have the lower half of their address.
async function addSlot(allocator, address, lines) {
  const record = await report.recordOf(allocator),
    rows = record.entries;
  if (!(rows instanceof Rows)) return;
  const size = Number(record.elem_size),
    low = Number(address & 0xffffffffn);
  const pattern = /"user_addr":(\d+)/;
  for (let row = 0; row < rows.length; row++) {
    const begin = rows.starts[row];
    const found = pattern.exec(rows.text.slice(begin, begin + 120));
    if (!found || low < Number(found[1]) || low >= Number(found[1]) + size) continue;
    lines.push([`slot ${row}, if it is of that allocator’s arena`, partLink(allocator, `row=${row}`)]);
    return;
  }
}

function partLink(part, state = '') {
  return el(
    'a',
    { href: part.href + (state ? `?${state}` : '') },
    part.kind === 'kernel' ? '' : `${part.kind} ${part.id} `,
    name(part.name || part.id),
  );
}

// The object that the pointer at `offset` shows, if it shows one, and how much of it is not shown.
function shownBehind(text, offset) {
  const at = text.lastIndexOf('{', offset);
  const slice = text.slice(at, endOfValue(text, at));
  if (!slice.includes('"deref":')) return null;
  const value = readJson(slice),
    object = value.deref === undefined ? value.cast && value.cast.deref : value.deref;
  return object === undefined ? null : { object, gaps: slice.split('"unsupported"').length };
}

// The page of an address.
function addressPage(place) {
  const address = BigInt(place.id);
  const here = el('section', {}, el('h2', {}, `Address ${hex(address)}`));
  const facts = el('ul', { class: 'places' }),
    content = el('div'),
    list = el('ul', { class: 'places' }),
    count = el('p', {}, 'looking through the report …');
  here.append(facts, content, el('h3', {}, 'Who points to it'), count, list);
  const mine = turn;
  void fillAddress(address, { facts, content, list, count }, () => mine === turn).catch(complain);
  return here;
}

async function fillAddress(address, into, goesOn) {
  for (const [what, link] of await whatIsAt(address)) into.facts.append(el('li', {}, `${what}: `, link));
  const decimal = String(address),
    places = new Map();
  let best = null,
    total = 0;
  await eachPointer(
    (digits) => digits === decimal,
    (part, offset, _, text) => {
      total++;
      if (total <= PAGE && (!best || best.gaps > 1)) {
        const shown = shownBehind(text, offset);
        if (shown && (!best || shown.gaps < best.gaps)) best = shown;
      }
      if (!places.has(part)) places.set(part, []);
      if (places.get(part).length < PAGE) places.get(part).push(offset);
    },
    goesOn,
  );
  if (best) into.content.append(tree('content', best.object, 2));
  into.count.textContent = total
    ? `${counted(total, 'pointer')} in ${counted(places.size, 'place')}:`
    : 'Nothing in this report does.';
  for (const [part, offsets] of places) into.list.append(await placeLine(part, offsets));
}

async function placeLine(part, offsets) {
  const rows = rowsOf(await report.recordOf(part));
  const numbers = rows ? [...new Set(offsets.map((offset) => rows.list.rowOf(offset)))].filter((row) => row >= 0) : [];
  const links = numbers.slice(0, 12).map((row) => [' ', el('a', { href: `${part.href}?row=${row}` }, `row ${row}`)]);
  return el('li', {}, partLink(part), links.flat(), numbers.length > 12 ? ' …' : '');
}
