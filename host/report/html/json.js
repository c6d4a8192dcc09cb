// JSON as the report has it, read here because JSON.parse() rounds numbers of 64 bits: beyond 2^53 they are BigInts.
// Lists of rows are only split, at first: nobody looks at a hundred thousand rows at once.

const QUOTE = 34,
  COMMA = 44,
  OPEN_LIST = 91,
  BACKSLASH = 92,
  CLOSE_LIST = 93,
  OPEN = 123,
  CLOSE = 125;
const ROWS = new Set([
  'entries',
  'array_entries',
  'percpu_entries',
  'percpu_hash_entries',
  'elements',
  'arena.pages',
  'ringbuf.records',
  'stack_trace.entries',
  'fd_array.slots',
]);

function endOfString(text, at) {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  throw new Error('the report ends in the middle of a text');
}

// Where the value that begins at `at` ends.
function endOfValue(text, at) {
  for (let depth = 0; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === QUOTE) at = endOfString(text, at) - 1;
    else if (c === OPEN || c === OPEN_LIST) depth++;
    else if (depth === 0 && (c === COMMA || c === CLOSE || c === CLOSE_LIST)) return at;
    else if (c === CLOSE || c === CLOSE_LIST) depth--;
    if (depth === 0 && (c === QUOTE || c === CLOSE || c === CLOSE_LIST)) return at + 1;
  }
  return at;
}

// A list that is read one element at a time.
class Rows {
  constructor(text, at) {
    this.text = text;
    this.starts = [];
    for (at++; text.charCodeAt(at) !== CLOSE_LIST;) {
      this.starts.push(at);
      at = endOfValue(text, at);
      if (text.charCodeAt(at) === COMMA) at++;
      else if (at >= text.length) throw new Error('the report ends in the middle of a list');
    }
    this.end = at + 1;
  }
  get length() {
    return this.starts.length;
  }
  at(index) {
    return new Reader(this.text, this.starts[index]).value();
  }
  // The row that what stands at `offset` of the text belongs to, or -1.
  rowOf(offset) {
    if (!this.length || offset < this.starts[0] || offset >= this.end) return -1;
    let low = 0,
      high = this.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] <= offset) low = middle;
      else high = middle;
    }
    return low;
  }
}

class Reader {
  constructor(text, at = 0, splits = false) {
    this.text = text;
    this.i = at;
    this.splits = splits;
    this.path = [];
  }

  value() {
    const { text } = this;
    switch (text[this.i]) {
      case '{':
        return this.object();
      case '[':
        return this.list();
      case '"':
        return this.string();
      case 't':
        this.i += 4;
        return true;
      case 'f':
        this.i += 5;
        return false;
      case 'n':
        this.i += 4;
        return null;
      default:
        return this.number();
    }
  }

  string() {
    const begin = this.i;
    this.i = endOfString(this.text, begin);
    const inner = this.text.slice(begin + 1, this.i - 1);
    return inner.includes('\\') ? JSON.parse(this.text.slice(begin, this.i)) : inner;
  }

  number() {
    const begin = this.i;
    while ('+-.eE0123456789'.includes(this.text[this.i] || ' ')) this.i++;
    const digits = this.text.slice(begin, this.i);
    const value = Number(digits);
    if (digits === '' || Number.isNaN(value)) throw new Error('what is no JSON is in the report');
    return digits.length > 15 && /^-?\d+$/.test(digits) && !Number.isSafeInteger(value) ? BigInt(digits) : value;
  }

  list() {
    const list = [];
    for (this.i++; this.text.charCodeAt(this.i) !== CLOSE_LIST;) {
      list.push(this.value());
      if (this.text.charCodeAt(this.i) === COMMA) this.i++;
      else if (this.text.charCodeAt(this.i) !== CLOSE_LIST) throw new Error('a list of the report does not end');
    }
    this.i++;
    return list;
  }

  object() {
    const object = {};
    for (this.i++; this.text.charCodeAt(this.i) !== CLOSE;) {
      const key = this.string();
      this.i++; // the colon
      const value = this.member(key);
      if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true });
      else object[key] = value;
      if (this.text.charCodeAt(this.i) === COMMA) this.i++;
      else if (this.text.charCodeAt(this.i) !== CLOSE) throw new Error('an object of the report does not end');
    }
    this.i++;
    return object;
  }

  member(key) {
    if (!this.splits || this.path.length > 1) return this.value();
    this.path.push(key);
    let value;
    if (this.text.charCodeAt(this.i) === OPEN_LIST && ROWS.has(this.path.join('.'))) {
      value = new Rows(this.text, this.i);
      this.i = value.end;
    } else {
      value = this.value();
    }
    this.path.pop();
    return value;
  }
}

// A map's, an allocator's or a plugin's whole record; its rows are Rows.
const readRecord = (text) => new Reader(text, 0, true).value();
const readJson = (text) => new Reader(text).value();
