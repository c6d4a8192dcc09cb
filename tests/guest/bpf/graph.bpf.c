// SPDX-License-Identifier: Apache-2.0
// Lists, trees, kernel pointers, per-CPU objects: kernels since 6.7.
#include "uapi.h" // first: bpf_helpers.h needs its types

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "special.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

typedef unsigned long long u64;
typedef unsigned int u32;
#define KPTR __attribute__((btf_type_tag("kptr")))
#define PERCPU_KPTR __attribute__((btf_type_tag("percpu_kptr")))
#define CONTAINS(TYPE, NODE) __attribute__((btf_decl_tag("contains:" #TYPE ":" #NODE)))

struct task_struct {
  int pid;
} __attribute__((preserve_access_index));

extern void* bpf_obj_new_impl(u64 type, void* meta) __ksym;
extern void bpf_obj_drop_impl(void* object, void* meta) __ksym;
extern void* bpf_percpu_obj_new_impl(u64 type, void* meta) __ksym;
extern void bpf_percpu_obj_drop_impl(void* object, void* meta) __ksym;
extern int bpf_list_push_back_impl(struct bpf_list_head* head, struct bpf_list_node* node, void* meta,
                                   u64 offset) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root* root, struct bpf_rb_node* node,
                               _Bool(less)(struct bpf_rb_node*, const struct bpf_rb_node*), void* meta,
                               u64 offset) __ksym;
extern struct task_struct* bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct* task) __ksym;
#define NEW(TYPE) ((TYPE*)bpf_obj_new_impl(bpf_core_type_id_local(TYPE), 0))

struct item {
  struct bpf_list_node node;
  u32 number;
};

struct leaf {
  u32 number;
  struct bpf_rb_node node;
};

struct own {
  u64 number;
  struct bpf_refcount refs;
};

struct copies {
  u64 number;
};

struct rooted {
  struct bpf_spin_lock lock;
  struct bpf_list_head list CONTAINS(item, node);
  struct bpf_rb_root tree CONTAINS(leaf, node);
};

struct pointing {
  struct task_struct KPTR* task;
  struct own KPTR* own;
  struct copies PERCPU_KPTR* copies;
  struct own KPTR* nothing;
};

#define ARRAY_OF(VALUE, ENTRIES, NAME)                                                                       \
  struct {                                                                                                   \
    __uint(type, BPF_MAP_TYPE_ARRAY);                                                                        \
    __type(key, u32);                                                                                        \
    __type(value, VALUE);                                                                                    \
    __uint(max_entries, ENTRIES);                                                                            \
  } NAME SEC(".maps")

ARRAY_OF(struct rooted, 2, rooted_array); /* the second stays empty */
ARRAY_OF(struct pointing, 1, pointing_array);

struct item* item_of_btf; /* types that are used in no variable are not in the BTF */
struct leaf* leaf_of_btf;

static _Bool less(struct bpf_rb_node* a, const struct bpf_rb_node* b) {
  struct leaf *left = (struct leaf*)((char*)a - __builtin_offsetof(struct leaf, node)),
              *right = (struct leaf*)((char*)b - __builtin_offsetof(struct leaf, node));
  return left->number < right->number;
}

SEC("tc")
int grow(struct __sk_buff* packet) {
  u32 zero = 0;
  struct rooted* roots = bpf_map_lookup_elem(&rooted_array, &zero);
  if (!roots) return 1;
  for (u32 i = 0; i < LIST_NODES; i++) {
    struct item* item = NEW(struct item);
    if (!item) return 2;
    item->number = 100 + i;
    bpf_spin_lock(&roots->lock);
    bpf_list_push_back_impl(&roots->list, &item->node, 0, 0);
    bpf_spin_unlock(&roots->lock);
  }
  for (u32 i = 0; i < TREE_NODES; i++) {
    struct leaf* leaf = NEW(struct leaf);
    if (!leaf) return 3;
    leaf->number = i * 7 % TREE_NODES; /* every number once, in no order */
    bpf_spin_lock(&roots->lock);
    bpf_rbtree_add_impl(&roots->tree, &leaf->node, less, 0, 0);
    bpf_spin_unlock(&roots->lock);
  }
  return 0;
}

SEC("tc")
int point(struct __sk_buff* packet) {
  u32 zero = 0;
  struct pointing* value = bpf_map_lookup_elem(&pointing_array, &zero);
  if (!value) return 1;
  struct task_struct* task = bpf_task_from_pid(1);
  if (!task) return 2;
  task = bpf_kptr_xchg(&value->task, task);
  if (task) bpf_task_release(task);
  struct own* own = NEW(struct own);
  if (!own) return 3;
  own->number = 815;
  own = bpf_kptr_xchg(&value->own, own);
  if (own) bpf_obj_drop_impl(own, 0);
  struct copies PERCPU_KPTR* copies = bpf_percpu_obj_new_impl(bpf_core_type_id_local(struct copies), 0);
  if (!copies) return 4;
  copies = bpf_kptr_xchg(&value->copies, copies);
  if (copies) bpf_percpu_obj_drop_impl((void*)copies, 0);
  return 0;
}

/* Every CPU's copy gets a number of its own. */
SEC("tc")
int number_copies(struct __sk_buff* packet) {
  u32 zero = 0;
  struct pointing* value = bpf_map_lookup_elem(&pointing_array, &zero);
  if (!value) return 1;
  for (u32 cpu = 0; cpu < MOST_CPUS; cpu++) {
    struct copies PERCPU_KPTR* copies = value->copies;
    if (!copies) return 2;
    struct copies* copy = bpf_per_cpu_ptr((void*)copies, cpu);
    if (!copy) return cpu == 0 ? 3 : 0;
    copy->number = PERCPU_NUMBER + cpu;
  }
  return 0;
}
