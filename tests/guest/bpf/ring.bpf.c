// SPDX-License-Identifier: Apache-2.0
// Fills ring buffers step by step, as its loader says.
#include <linux/bpf.h> // first: bpf_helpers.h needs its types

#include <bpf/bpf_helpers.h>

#include "known.h"
#include "ring.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define RING(NAME, TYPE)                                                                                     \
  struct {                                                                                                   \
    __uint(type, BPF_MAP_TYPE_##TYPE);                                                                       \
    __uint(max_entries, 4096);                                                                               \
  } NAME SEC(".maps")

RING(events, RINGBUF);
RING(latest, RINGBUF); /* in overwrite mode, where the kernel has it */
RING(waiting, RINGBUF);
RING(orders, USER_RINGBUF);

u64 drained;
/* Keeps the type in the object: the compiler leaves out what only functions use inside. */
const struct ring_event* type_of_events;

static void produce(void* ring, u64 command, u64 sequence) {
  struct ring_event event = {.sequence = sequence, .delta = -(s32)sequence, .text = "event"};
  if (command == RING_OUTPUT) bpf_ringbuf_output(ring, &event, sizeof(event), 0);
  if (command == RING_OUTPUT_SHORT) bpf_ringbuf_output(ring, &event, 13, 0);
}

/* args: a command and a sequence number */
SEC("raw_tp/task_rename")
int to_events(struct bpf_raw_tracepoint_args* context) {
  u64 command = context->args[0], sequence = context->args[1];
  if (command != RING_DISCARD) {
    produce(&events, command, sequence);
    return 0;
  }
  struct ring_event* event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event) return 0;
  __builtin_memset(event, 0, sizeof(*event));
  event->sequence = sequence;
  bpf_ringbuf_discard(event, 0);
  return 0;
}

SEC("raw_tp/task_rename")
int to_latest(struct bpf_raw_tracepoint_args* context) {
  produce(&latest, context->args[0], context->args[1]);
  return 0;
}

SEC("raw_tp/task_rename")
int to_waiting(struct bpf_raw_tracepoint_args* context) {
  produce(&waiting, context->args[0], context->args[1]);
  return 0;
}

/* Never gets to submit: the page it asks for does not come. */
SEC("syscall")
int blocked(struct ring_wait* wait) {
  u64 nothing = 0;
  struct ring_event* event = bpf_ringbuf_reserve(&waiting, sizeof(*event), 0);
  if (!event) return 1;
  __builtin_memset(event, 0, sizeof(*event));
  event->sequence = 4711;
  bpf_copy_from_user(&nothing, sizeof(nothing), (const void*)wait->address);
  event->delta = nothing;
  bpf_ringbuf_submit(event, 0);
  return 0;
}

static long take(struct bpf_dynptr* order, void* context) {
  drained++;
  return 0;
}

SEC("raw_tp/task_rename")
int drain(void* context) {
  bpf_user_ringbuf_drain(&orders, take, 0, 0);
  return 0;
}
