// SPDX-License-Identifier: Apache-2.0
// A workqueue in a value: kernels since 6.10. Built twice: since 7.0 the verifier adds the last argument of
// the function that sets the callback.
#include "uapi.h" // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

extern int bpf_wq_init(struct bpf_wq* wq, void* map, unsigned int flags) __ksym;
#ifdef IMPLICIT_AUX
extern int bpf_wq_set_callback(struct bpf_wq* wq, int(callback)(void*, int*, void*),
                               unsigned int flags) __ksym;
#define SET_CALLBACK(WQ, CALLBACK) bpf_wq_set_callback(WQ, CALLBACK, 0)
#else
extern int bpf_wq_set_callback_impl(struct bpf_wq* wq, int(callback)(void*, int*, void*), unsigned int flags,
                                    void* aux) __ksym;
#define SET_CALLBACK(WQ, CALLBACK) bpf_wq_set_callback_impl(WQ, CALLBACK, 0, 0)
#endif

struct working {
  struct bpf_wq work;
  unsigned long long number;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, unsigned int);
  __type(value, struct working);
  __uint(max_entries, 1);
} working_array SEC(".maps");

static int on_work(void* map, int* key, void* value) { return 0; }

SEC("tc")
int prepare(struct __sk_buff* packet) {
  unsigned int zero = 0;
  struct working* value = bpf_map_lookup_elem(&working_array, &zero);
  if (!value) return 1;
  if (bpf_wq_init(&value->work, &working_array, 0)) return 2;
  return SET_CALLBACK(&value->work, on_work) ? 3 : 0;
}
