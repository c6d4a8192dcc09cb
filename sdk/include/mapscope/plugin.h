/* SPDX-License-Identifier: Apache-2.0
 * The whole contract between mapscope and a renderer plugin. C11 and C++.
 *
 * A plugin finds where a map's elements are; the host decodes what they mean. One render() call handles one
 * map, or a part of the kernel that is no map (attach=kernel:NAME). What this interface refuses: printing,
 * allocating across the line, calling the host from another thread, and state between calls. Nothing
 * allocated on one side is freed on the other; the caller supplies every output buffer; every pointer handed
 * over is borrowed until the call returns (msc_target and config values: until render() returns).
 *
 * Records that begin with their size may be longer in a later minor. Of one that a plugin hands over, what
 * the host does not know must be zero; of one that it has filled, the size then says how far the host went.
 *
 * Thread rule: render() may run on several calls at once, never twice on one call. Helpers may be called only
 * by the thread inside render(), with the msc_call it was given.
 */
#ifndef MAPSCOPE_PLUGIN_H
#define MAPSCOPE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A host serves every older minor of its major. */
#define MSC_ABI_MAJOR 1
#define MSC_ABI_MINOR 2

/* Result of every call that can fail, in both directions. Treat an unknown positive code as MSC_STOP, an
 * unknown negative one as MSC_EFAIL. */
enum {
  MSC_OK = 0,
  MSC_STOP = 1,     /* a budget is spent; sticky: clean up and return it */
  MSC_EFAULT = -1,  /* the snapshot does not hold that memory */
  MSC_ENOENT = -2,  /* no such type, member, key or CPU */
  MSC_EINVAL = -3,  /* a helper was misused; reported as a plugin bug */
  MSC_EFAIL = -4,   /* the plugin cannot decode this; note() says why */
  MSC_LEAVE_OUT = 2 /* 1.1, from msc_elements.each alone: this row is not to be shown */
};

/* Where an address lives: kernel virtual, MSC_ARENA for a pointer into the arena of the programs that use the
 * map (its lower 32 bits count), or MSC_CPU0 + n for a per-CPU pointer as CPU n sees it. */
enum { MSC_KERNEL = 0, MSC_ARENA = 1, MSC_CPU0 = 0x10000 };

/* Bytes one read() may ask for. */
#define MSC_READ_MAX (64U << 20)

/* Which types type_find() searches: the kernel's own, or those of the map's BPF object; a map without types
 * is taken to be of the object of a program that uses it. */
enum { MSC_KERNEL_BTF = 0, MSC_MAP_BTF = 1 };

/* A type in some BTF object, or one of these. */
typedef uint64_t msc_type;
enum {
  MSC_DECLARED = 0, /* the key or value type the map declares */
  MSC_BYTES = 3,    /* no type: hex only */
  MSC_POINTER = 4   /* a kernel address, 8 bytes */
};

struct msc_call; /* one render in progress; opaque, owned by the host */

/* Bytes with a type. data == NULL: the value exists and could not be read (size says how long it is); as a
 * copy with size 0: that CPU does not exist. */
struct msc_value {
  msc_type type;
  const void* data;
  size_t size; /* bytes */
};

struct msc_member {
  msc_type type;
  uint32_t bit_offset; /* from the start of the type asked for */
  uint32_t bit_size;   /* 0 unless a bitfield */
};

/* What a member holds, behind typedefs and qualifiers. */
enum msc_kind {
  MSC_KIND_OTHER = 0,
  MSC_KIND_FUNCTION = 1, /* a pointer to a function */
  MSC_KIND_EMBEDDED = 2  /* from type_sized(): a variable, a member or an array has it inside */
};

/* A member found by its place, or a struct found by its first member or its size: filled by type_member_at(),
 * type_holder() and type_sized(). */
struct msc_member_info {
  uint32_t size; /* sizeof(struct msc_member_info), set by the caller, then what the host filled */
  uint32_t kind; /* enum msc_kind */
  struct msc_member member;
  char name[128]; /* NUL-terminated; "" for an anonymous one */
};

/* What a row is; it decides where in the report the row is listed. MSC_VALUE comes once and before all
 * others, and the others of one map have one shape. */
enum msc_shape {
  MSC_VALUE = 0,          /* the map's single value; no key */
  MSC_ENTRY = 1,          /* key and value of a keyed map */
  MSC_ELEMENT = 2,        /* array element; key is its u32 index */
  MSC_PERCPU_ELEMENT = 3, /* array element with one copy per CPU; key is its u32 index */
  MSC_PERCPU_ENTRY = 4,   /* key with one copy per CPU */
  MSC_QUEUED = 5 /* element of a queue or stack; key is its u32 place, 0 = what the next pop returns */
};

/* In msc_row.flags. MSC_ROW_OPEN: field() calls that follow add members to this row, up to the MSC_END that
 * closes it. */
enum {
  MSC_ROW_OPEN = 1,
  /* 1.2: no other row has this key. Of a machine that runs, where elements move and may be met twice, the
   * host else remembers all keys, and shows each once. */
  MSC_ROW_ONCE = 2
};

/* Keys and copies have the map's own sizes, but for one: a key that is an MSC_POINTER, the kernel object that
 * the element belongs to, where the map's own key is a descriptor that only means something to the process
 * that used it. Beside such a key, a value without a type is shown as bytes. The value of MSC_VALUE and
 * MSC_ELEMENT may be shorter than the map's: its first bytes, and the report says so unless the value has a
 * type of its own that is no longer. */
struct msc_row {
  uint32_t size;  /* sizeof(struct msc_row) */
  uint32_t shape; /* enum msc_shape */
  struct msc_value key;
  struct msc_value value;         /* shapes without copies */
  const struct msc_value* copies; /* per-CPU shapes: copies[n] is CPU n's */
  size_t copy_count;
  uint64_t flags; /* MSC_ROW_OPEN, MSC_ROW_ONCE */
};

/* What a field is. */
enum msc_field_kind {
  MSC_END = 0,     /* closes what was opened last; no name */
  MSC_OBJECT = 1,  /* opens an object: named members follow */
  MSC_LIST = 2,    /* opens a list: members without names follow */
  MSC_NUMBER = 3,  /* number */
  MSC_SIGNED = 4,  /* number, as int64_t */
  MSC_FLAG = 5,    /* number: 0 is false */
  MSC_ADDRESS = 6, /* number; people see it in hexadecimal */
  MSC_REAL = 7,    /* real */
  MSC_STRING = 8,  /* value: text, not terminated; what is no UTF-8 is replaced */
  MSC_HEX = 9,     /* value: bytes as hexadecimal text */
  MSC_TYPED = 10,  /* value: bytes decoded as its type */
  MSC_PAGE = 11,  /* value: bytes of memory, shown as report.arena_bytes says; left out when that is "none" */
  MSC_ABSENT = 12 /* null */
};

/* Content that is no row: members of the map beside its rows, or of a row that was left open. */
struct msc_field {
  uint32_t size;    /* sizeof(struct msc_field) */
  uint32_t kind;    /* enum msc_field_kind */
  const char* name; /* [A-Za-z0-9_], at most 63; NULL inside a list and for MSC_END */
  uint64_t number;
  double real;
  struct msc_value value;
};

/* How much a finding matters. */
enum msc_severity {
  MSC_ERROR = 0,   /* something has failed */
  MSC_WARNING = 1, /* something will, or what is shown misleads */
  MSC_INFO = 2
};

/* A named value of an enum: filled by enumerator_at(). */
struct msc_enumerator {
  uint32_t size; /* sizeof(struct msc_enumerator), set by the caller, then what the host filled */
  uint32_t unused;
  int64_t value;
  char name[128]; /* NUL-terminated */
};

/* What lies at or before an address of code: filled by symbol(). */
struct msc_symbol {
  uint32_t size;    /* sizeof(struct msc_symbol), set by the caller, then what the host filled */
  uint32_t program; /* id of the BPF program it is of; 0 = none */
  uint64_t offset;  /* bytes from the symbol's start */
  char name[512];   /* NUL-terminated */
  char module[64];  /* "" for the kernel itself and for programs */
};

/* What one entry of the kernel's page tables maps, within the range that was asked about: filled by mapped().
 */
struct msc_mapping {
  uint64_t addr, size; /* bytes */
  uint64_t page;       /* address of the struct page behind addr; 0 = the snapshot does not say */
};

/* 1.1: one element of a map, as the renderer that stands next for that map finds it. Its types are handles,
 * MSC_BYTES where there are none, and never MSC_DECLARED. Borrowed until each() returns; from lookup(), until
 * render() does. */
struct msc_element {
  uint32_t size;  /* bytes of this struct the host filled; set by the caller of lookup() */
  uint32_t shape; /* enum msc_shape; the key of MSC_VALUE is the index 0 */
  uint64_t map;   /* kernel address of its struct bpf_map */
  struct msc_value key;
  struct msc_value value;         /* shapes without copies; data == NULL: it could not be read */
  const struct msc_value* copies; /* per-CPU shapes: copies[n] is CPU n's */
  size_t copy_count;
  uint64_t owner; /* address of the kernel object that it belongs to; 0 = none, or not known */
};

/* In msc_elements.flags. MSC_ROWS, once in a render of mode=element: the elements of its map become the rows
 * of the report, and fields that each() adds become members of the row. */
enum { MSC_ROWS = 1 };

/* 1.1: what elements() is to walk. */
struct msc_elements {
  uint32_t size;  /* sizeof(struct msc_elements) */
  uint32_t flags; /* MSC_ROWS */
  uint64_t map;   /* 0: the map that is rendered; else msc_target.map as find_map() gave it */
  /* MSC_OK goes on, MSC_STOP ends the walk. With MSC_ROWS also MSC_LEAVE_OUT, as long as no field was added;
   * MSC_STOP then leaves the rows that follow as they are, and a row for which each() fails is shown with
   * what it had added by then. Where it fails for every row, so does the render. */
  int (*each)(void* user, const struct msc_element*);
  void* user;
};

/* 1.1: what a member holds. */
enum msc_scalar_kind {
  MSC_SCALAR_NONE = 0, /* a struct, a union, an array, bytes: see msc_scalar.value */
  MSC_SCALAR_UNSIGNED = 1,
  MSC_SCALAR_SIGNED = 2,
  MSC_SCALAR_BOOL = 3,
  MSC_SCALAR_REAL = 4,
  MSC_SCALAR_POINTER = 5
};

/* 1.1: a member by its path: filled by member_of() and member_at(). */
struct msc_scalar {
  uint32_t size;   /* sizeof(struct msc_scalar), set by the caller, then what the host filled */
  uint32_t kind;   /* enum msc_scalar_kind; an enum is a signed or an unsigned number */
  uint64_t number; /* MSC_SCALAR_SIGNED: as int64_t */
  double real;     /* of every number */
  /* The member's bytes, all but those of a bitfield, whose data is NULL. Borrowed: part of the value that was
   * asked about, or, where it was read from memory, until the next call of these helpers. */
  struct msc_value value;
  uint64_t addr;  /* where it lies, when it was read from memory; else 0 */
  uint32_t space; /* of addr */
  uint32_t unused;
};

/* 1.2: pieces of memory that lie anywhere, all of one size: see read_now(). */
struct msc_pieces {
  uint32_t size;             /* sizeof(struct msc_pieces) */
  uint32_t piece;            /* bytes of each, 64 KiB at most */
  uint64_t count;            /* of pieces; their bytes are MSC_READ_MAX at most */
  const uint64_t* addresses; /* of kernel memory, one for each */
  void* to;                  /* one behind the other; bytes of a piece that cannot be read say nothing */
  uint8_t* there;            /* for each 1, or 0 where it cannot be read */
};

/* What an allocator hands out: said once, by slots(), before its slots. */
struct msc_slots {
  uint32_t size;      /* sizeof(struct msc_slots) */
  uint32_t header;    /* bytes of a slot before its payload */
  uint64_t stride;    /* bytes of a slot, header included; 0: it was never initialised */
  msc_type payload;   /* MSC_BYTES when it is not known */
  const char* reason; /* why it is not known, as one clause; NULL when it is */
};

/* One piece of an arena that an allocator has handed out, or will hand out again. */
struct msc_slot {
  uint32_t size; /* sizeof(struct msc_slot) */
  uint32_t live; /* 0: it is free, and pointers to it are stale */
  uint64_t addr; /* in the arena, of its header */
  int32_t idx;   /* its number */
  int32_t genn;  /* how often it was recycled */
};

/* What to render: a map, or, where the manifest's line is attach=kernel:NAME, that part of the kernel. Then
 * all below `attach` but row_limit is 0 and the types are MSC_BYTES; there are no rows, fields alone, and
 * they are the report's extensions."ID"; MSC_MAP_BTF has no types. */
struct msc_target {
  uint32_t size;     /* bytes of this struct the host filled */
  uint32_t attach;   /* index of the manifest attach= line that matched */
  uint64_t map;      /* kernel address of struct bpf_map */
  uint32_t map_type; /* number in this kernel's enum bpf_map_type */
  uint32_t map_flags;
  uint32_t key_size, value_size; /* bytes */
  uint32_t max_entries;
  uint32_t row_limit; /* rows the report will show; 0 = all. Later rows are only counted: see count(). */
  /* MSC_BYTES when the map has no BTF. Where the value is a type of the kernel or of one of its modules
   * (struct_ops: btf_vmlinux_value_type_id), value_type is that type, of their BTF and not of the map's. */
  msc_type key_type, value_type;
  /* attach=allocator: the global variable to render, `map` being the section it lies in. 0 and NULL for maps.
   */
  uint64_t root; /* kernel address */
  msc_type root_type;
  const char* root_name;
  /* 1.1 */
  const char* name;            /* of the map, in full where that is known; NULL for a part of the kernel */
  uint32_t id, btf_id;         /* of the map, and of its BTF object; 0 = none */
  uint32_t is_running, unused; /* 1: the machine goes on, and what is read may change meanwhile */
  /* 1.2: of an arena, the variables that programs declare in it (section .addr_space.1): the kernel address
   * of the first, and the section as a type. 0 and MSC_BYTES when there are none, or their place is not
   * known. */
  uint64_t globals;
  msc_type globals_type;
};

/* Helpers. Append-only within a major from 1.0 on: a released slot never moves or changes. */
struct msc_host {
  uint32_t size;
  uint16_t abi_major, abi_minor;

  /* Copies len bytes, at most MSC_READ_MAX, or fails as a whole. MSC_EFAULT; MSC_ENOENT for a CPU that is not
   * possible and for the arena of a map without one. len 0 only asks whether the space exists. */
  int (*read)(struct msc_call*, uint32_t space, uint64_t addr, void* dst, size_t len);
  /* Highest possible CPU number plus one; CPUs below it may be missing (read: MSC_ENOENT). */
  uint32_t (*cpu_count)(struct msc_call*);

  /* name: "struct bpf_htab", "union u", "enum e", "typedef t"; with a member behind it, "struct bucket.head",
   * only a type that has that member (generic names exist more than once). scope: MSC_KERNEL_BTF or
   * MSC_MAP_BTF. */
  int (*type_find)(struct msc_call*, uint32_t scope, const char* name, msc_type* ret);
  /* This and the other helpers that take a type answer MSC_ENOENT for MSC_BYTES. */
  int (*type_size)(struct msc_call*, msc_type, size_t* ret);
  /* path: "map.key_size"; anonymous members on the way are entered silently. 1.2: of a section, which is what
   * the variables of a program are a value of, they are the members; so for all helpers that take members. */
  int (*type_member)(struct msc_call*, msc_type, const char* path, struct msc_member* ret);

  /* The value of a config= key of the manifest as text, NUL-terminated (size does not count the NUL). */
  int (*config)(struct msc_call*, const char* key, struct msc_value* ret);

  /* One element of the map. MSC_OK also when the row limit is reached: the row then only counts. */
  int (*row)(struct msc_call*, const struct msc_row* row);
  /* n more live elements exist that were not passed to row(). Rows and counts together are the map's entries.
   * A render that shows members and no rows says 0 here where there are none: else the report does not say
   * how many entries the map has. */
  int (*count)(struct msc_call*, uint64_t n);
  /* Something a reader of the report must know, as one clause. rc MSC_EFAULT: part of the map is missing
   * (status "partial"); MSC_EFAIL: why this render fails, whatever it returns, unless it shows something all
   * the same ("partial"); MSC_STOP: what a limit, as row_limit, leaves out and how to see it (status
   * "truncated"; a host before that takes it for information); MSC_OK: information. */
  int (*note)(struct msc_call*, int rc, const char* text);

  /* One step of structured content. Beside the rows it comes behind all of them. Nested at most 16 deep. */
  int (*field)(struct msc_call*, const struct msc_field* field);
  /* The symbol that an address of code belongs to. MSC_ENOENT. */
  int (*symbol)(struct msc_call*, uint64_t address, struct msc_symbol* ret);
  /* What is mapped first in [begin, end) of kernel addresses; go on behind it for the next. It need not be
   * readable: the snapshot may lack the page. MSC_ENOENT: nothing is mapped there. MSC_EFAULT: the tables for
   * what ret names are not in the snapshot, so that something may be mapped there or not. Tables that do not
   * exist are passed over as a whole, so a call costs what the tables hold; each entry looked at counts as 8
   * bytes read. */
  int (*mapped)(struct msc_call*, uint64_t begin, uint64_t end, struct msc_mapping* ret);
  /* The index-th member of a struct or union, as declared. MSC_ENOENT behind the last, and for types that
   * have no members. */
  int (*type_member_at)(struct msc_call*, msc_type, uint32_t index, struct msc_member_info* ret);
  /* The next struct that begins with a member of type `held`, in the same BTF: its name and type. after: the
   * type last found, 0 at first. MSC_ENOENT when there is none left. */
  int (*type_holder)(struct msc_call*, msc_type held, msc_type after, struct msc_member_info* ret);
  /* The address of one of the kernel's own symbols, "jiffies". Of a per-CPU variable it is what read() takes
   * in the space MSC_CPU0 + n. MSC_ENOENT. One that the manifest names in symbols=NAME,NAME costs next to
   * nothing, any other a pass over all symbols. */
  int (*symbol_address)(struct msc_call*, const char* name, uint64_t* ret);
  /* What a person should look at first, as one clause; severity is an enum msc_severity. The report lists
   * findings in the order they come, at most 64 of one render. */
  int (*finding)(struct msc_call*, uint32_t severity, const char* text);
  /* The index-th enumerator of an enum, as declared. MSC_ENOENT behind the last, and for other types. */
  int (*enumerator_at)(struct msc_call*, msc_type, uint32_t index, struct msc_enumerator* ret);
  /* The next named struct of the map's BPF object whose size is in [least, most]: its name and type. after:
   * the type last found, 0 at first. MSC_ENOENT when there is none left. */
  int (*type_sized)(struct msc_call*, size_t least, size_t most, msc_type after, struct msc_member_info* ret);
  /* For allocators, in place of rows. The host lists the live slots with their payloads, and shows the
   * payload behind every pointer that leads to one. Slots beyond the row limit are taken like all others. */
  int (*slots)(struct msc_call*, const struct msc_slots*);
  int (*slot)(struct msc_call*, const struct msc_slot*);

  /* 1.1 */
  /* Walks a map with the renderer that stands next for it, and calls each() for every element, also beyond
   * the row limit. MSC_EFAULT: some could not be read, those that could have come. MSC_ENOENT: no such map,
   * or nobody walks maps of its type. MSC_STOP: each() said so, or a budget is spent. Else what each() failed
   * with. Not to be called from inside each(). */
  int (*elements)(struct msc_call*, const struct msc_elements*);
  /* A map by its name, or "id:N", among those of the programs that use this one; with the manifest's line
   * maps=any among all. ret->size is set by the caller. MSC_ENOENT; of several, the one that shares most
   * programs with this map, then the lowest id. */
  int (*find_map)(struct msc_call*, const char* name, struct msc_target* ret);
  /* The element of a map (see msc_elements.map) with this key, of as many bytes as the map's: for maps of
   * objects the object's address, for arrays the index as uint32_t. MSC_ENOENT: there is none. The first call
   * for a map walks it and keeps what it finds, 256 MiB at most of all maps; then MSC_EFAIL. */
  int (*lookup)(struct msc_call*, uint64_t map, const void* key, size_t key_size, struct msc_element* ret);
  /* A member of a value: "stats.hits", "cpus[3].ns", "next.pid"; a pointer on the way is followed, into the
   * kernel or into the arena, and "" is the value itself. MSC_ENOENT: no such member, or bytes without a
   * type; MSC_EFAULT: the value could not be read, or what a pointer leads to. */
  int (*member_of)(struct msc_call*, const struct msc_value*, const char* path, struct msc_scalar* ret);
  /* The same of an object in memory. */
  int (*member_at)(struct msc_call*, uint32_t space, uint64_t addr, msc_type, const char* path,
                   struct msc_scalar* ret);
  /* For the plugin's author: shown on stderr with -v, at most 1000 lines of one render. */
  int (*debug)(struct msc_call*, const char* text);
  /* len bytes are about to be read, so that a packed dump can be unpacked on all CPUs. Only ever a hint. On a
   * machine that runs they are then no older than all that was read; MSC_ENOENT: and not as they were. len
   * UINT64_MAX: all that was read; MSC_EFAULT: it could not be looked at again at once. */
  int (*will_read)(struct msc_call*, uint32_t space, uint64_t addr, uint64_t len);

  /* 1.2 */
  /* Of a machine that runs: reads each piece at this moment, whatever read() knows of it, and keeps nothing
   * of it. Where many are read once that costs a tenth of read(). MSC_ENOENT: here there is read() alone, as
   * for all that stands still, and in worker processes. */
  int (*read_now)(struct msc_call*, const struct msc_pieces*);
};

/* The one exported symbol: data, so nothing of the plugin runs before render() does. */
struct msc_plugin {
  uint32_t size;
  uint16_t abi_major, abi_minor;
  int (*render)(const struct msc_host*, struct msc_call*, const struct msc_target*);
};

#if defined(__GNUC__)
#define MSC_EXPORT __attribute__((visibility("default")))
#else
#define MSC_EXPORT
#endif

extern MSC_EXPORT const struct msc_plugin msc_plugin_v1;

/* The manifest, an ELF note (owner "MSC", type 1). TEXT is "key=value\0key=value"; C adds the last NUL. */
#define MSC_MANIFEST(TEXT)                                                                                   \
  __attribute__((section(".note.mapscope"), used, aligned(4))) static const struct {                         \
    uint32_t namesz, descsz, type;                                                                           \
    char name[4];                                                                                            \
    char desc[sizeof(TEXT)];                                                                                 \
  } msc_manifest_note_ = {4, sizeof(TEXT), 1, {'M', 'S', 'C', 0}, TEXT}

#ifdef __cplusplus
}
#endif
#endif
