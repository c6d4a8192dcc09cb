// The report's pieces: data blocks in the order of the page, which joined are the JSON of it. A block that is a map, an
// allocator or a part of the kernel is unpacked when somebody looks at it, and the last few stay.

const KEPT = 4;

class Report {
  constructor(blocks) {
    this.blocks = [...blocks];
    this.recent = new Map();
  }

  // What stands between the parts, with a part's number in place of each.
  async open() {
    const words = await Promise.all(this.blocks.map((block, i) => ('part' in block.dataset ? String(i) : textOf(block))));
    this.frame = readJson(words.join(''));
    this.parts = new Map();
    const { frame } = this;
    for (const [id, part] of Object.entries(frame.extensions || {})) this.add(part, { kind: 'kernel', id });
    for (const part of frame.maps) this.add(part, this.ofMap(part));
    (frame.sdt_allocations || []).forEach((part, id) => this.add(part, this.ofAllocator(part, id)));
    this.programs = new Map((frame.programs || []).map((program) => [program.id, program]));
    this.maps = new Map([...this.parts.values()].filter((part) => part.kind === 'map').map((part) => [part.id, part]));
    this.allocators = [...this.parts.values()].filter((part) => part.kind === 'slots');
  }

  add(number, part) {
    this.parts.set(number, { ...part, number, href: `#${part.kind}-${encodeURIComponent(part.id)}` });
  }

  // What the page's own table says: it is there before anything is unpacked.
  ofMap(number) {
    const row = this.blocks[number].closest('tr'),
      cell = (i) => row.cells[i].textContent;
    return {
      kind: 'map',
      id: Number(row.id.slice(4)),
      row,
      name: row.cells[1].textContent,
      type: cell(2),
      kva: row.dataset.kva ? BigInt(row.dataset.kva) : 0n,
      status: cell(9),
    };
  }
  ofAllocator(number, id) {
    const row = this.blocks[number].closest('tr');
    return {
      kind: 'slots',
      id,
      row,
      name: row.cells[0].querySelector('bdi').textContent,
      type: 'allocator',
      status: row.cells[3].textContent,
      map: Number(row.cells[1].querySelector('a').hash.slice(5)),
    };
  }

  find(kind, id) {
    return [...this.parts.values()].find((part) => part.kind === kind && String(part.id) === id);
  }

  textOf(part) {
    return textOf(this.blocks[part.number]);
  }

  async recordOf(part) {
    const known = this.recent.get(part.number);
    this.recent.delete(part.number);
    const record = known || readRecord(await this.textOf(part));
    this.recent.set(part.number, record);
    for (const oldest of this.recent.keys()) {
      if (this.recent.size <= KEPT) break;
      this.recent.delete(oldest);
    }
    return record;
  }
}

async function textOf(block) {
  if (!('gzip' in block.dataset)) return block.textContent;
  if (!window.DecompressionStream) throw new Error('this browser cannot unpack gzip (no DecompressionStream); a newer one can');
  const characters = atob(block.textContent),
    packed = new Uint8Array(characters.length);
  for (let i = 0; i < characters.length; i++) packed[i] = characters.charCodeAt(i);
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
}

const report = new Report(document.querySelectorAll('script[type="application/json"]'));
