// SPDX-License-Identifier: Apache-2.0
// A kernel of two CPUs, 0 and 2, with a scheduler of each shape, as the text of a FakeHost. `busy` runs on
// CPU 0, `starved` waits for CPU 2, `plain` has nothing of a scheduler's.
#pragma once

#include <string>
#include <string_view>

namespace mapscope::test {

/// Characters as bytes of an image.
inline std::string letters(std::string_view text) {
  std::string bytes;
  for (const unsigned char c : text) {
    bytes += " ";
    bytes += "0123456789abcdef"[c >> 4];
    bytes += "0123456789abcdef"[c & 15];
  }
  return bytes;
}

/// What both shapes have alike.
inline const std::string scx_types = R"(
struct list_head 16 next=0
struct task_struct 256 pid=0 tgid=4 comm=8 thread_info.cpu=24 sched_class=32 cpus_ptr=40 migration_disabled=48 scx=64
struct scx_dsq_list_node 24 node=0 flags=16
struct scx_dispatch_q 80 list=8 nr=24 seq=28 id=32 hash_node=40
struct sched_ext_ops 160 name=0 flags=128 timeout_ms=136 exit_dump_len=140 priv=144
struct clocksource 64 mult=8 shift=12
struct rhashtable 80 tbl=0 p.head_offset=8 nelems.counter=16
struct bucket_table 64 size=0 nest=4 future_tbl=8 buckets=16
struct rhash_head 8 next=0
struct printk_ringbuffer 96 desc_ring.count_bits=0 desc_ring.descs=8 desc_ring.infos=16 desc_ring.head_id.counter=24 desc_ring.tail_id.counter=32 text_data_ring.size_bits=48 text_data_ring.data=56
struct prb_desc 24 state_var.counter=0 text_blk_lpos.begin=8 text_blk_lpos.next=16
struct printk_info 16 ts_nsec=0 text_len=8
enum scx_ops_flags 8 SCX_OPS_ENQ_LAST=2 SCX_OPS_ENQ_EXITING=4
enum scx_rq_flags 4 SCX_RQ_ONLINE=1
enum scx_ops_state 4 SCX_OPSS_NONE=0 SCX_OPSS_QUEUEING=1 SCX_OPSS_QUEUED=2 SCX_OPSS_DISPATCHING=3 SCX_OPSS_QSEQ_SHIFT=2
enum scx_dsq_id_flags 8 SCX_DSQ_FLAG_BUILTIN=0x8000000000000000 SCX_DSQ_GLOBAL=0x8000000000000001 SCX_DSQ_LOCAL=0x8000000000000002
enum scx_exit_kind 4 SCX_EXIT_NONE=0 SCX_EXIT_DONE=1 SCX_EXIT_UNREG=64 SCX_EXIT_ERROR=1024 SCX_EXIT_ERROR_STALL=1026
cpu 0 offset=0x100000
cpu 2 offset=0x200000
symbol 0x1000 __per_cpu_offset
symbol 0x2028 jiffies
symbol 0x2040 clocksource_jiffies
symbol 0x2080 scx_tasks
symbol 0x2090 prb
symbol 0x20f0 ext_sched_class
symbol 0x20f8 idle_sched_class
symbol 0x9000 runqueues
symbol 0xffffffff81000000 scx_vexit
@0x1000 u64:0x100000 u64:0 u64:0x200000
@0x2028 u64:10000
@0x2048 u32:1024000000 u32:8
@0x2080 u64:0x200b8 zero:8
@0x2090 u64:0x40000
)";

/// Two lines of log, and the texts of tests in their place.
inline std::string scx_log(std::string_view first = R"(sched_ext: BPF scheduler "qmap" enabled)",
                           std::string_view second = "another subsystem's words") {
  const auto entry = [](std::string_view text) { return "u16:" + std::to_string(text.size()) + " zero:6"; };
  const auto block = [](int id, std::string_view text) {
    return "u64:" + std::to_string(id) + letters(text) + " zero:" + std::to_string(120 - text.size());
  };
  return "@0x40000 u32:1 zero:4 u64:0x41000 u64:0x42000 u64:3 u64:2 zero:8 u32:8 zero:4 u64:0x50000\n"
         "@0x41000 u64:0x8000000000000002 u64:0x300 u64:0x380 u64:0x8000000000000003 u64:0x380 u64:0x400\n"
         "@0x42000 u64:111 " +
         entry(first) + " u64:222 " + entry(second) + "\n@0x50000 " + block(2, first) + "\n@0x50080 " +
         block(3, second) + "\n";
}

/// Tasks of both shapes: where their entity's flags carry the state differs.
inline std::string scx_task(std::string_view address, int pid, std::string_view comm, int cpu,
                            std::string_view sched_class, std::string_view entity) {
  return "@" + std::string(address) + " u32:" + std::to_string(pid) + " u32:" + std::to_string(pid) +
         letters(comm) + " zero:" + std::to_string(16 - comm.size()) + " u32:" + std::to_string(cpu) +
         " zero:4 u64:" + std::string(sched_class) + " u64:0x35000 u16:0 zero:14 " + std::string(entity) +
         "\n";
}

/// Since 7.1. The scheduler `qmap` is at 0x10000, a sub-scheduler `sub` at 0x12000; user queue 5 has one
/// task, an iteration's cursor is ahead of it.
inline std::string scx_7_image() {
  return scx_types + R"(
struct sched_ext_entity 136 sched=0 dsq=8 ops_state.counter=16 dsq_list=24 dsq_flags=60 flags=64 weight=68 sticky_cpu=72 holding_cpu=76 runnable_node=80 runnable_at=96 slice=104 dsq_vtime=112 tasks_node=120
struct rq 512 curr=0 scx=16 scx.local_dsq=16 scx.runnable_list=96 scx.nr_running=112 scx.flags=116 scx.cpu_released=120 scx.kick_sync=128
struct scx_rq 256 local_dsq=0
struct scx_sched 424 ops=0 all=256 level=272 exit_info=280 watchdog_timeout=288 aborting=296 pcpu=304 pnode=312 dsq_hash=320 slice_dfl=400 bypass_depth=408 id=416
struct scx_exit_info 64 kind=0 exit_cpu=4 exit_code=8 flags=16 reason=24 bt=32 bt_len=40 msg=48 dump=56
struct scx_sched_pcpu 208 cpus_to_kick=0 cpus_to_kick[0].bits=0 cpus_to_preempt=8 event_stats=64 bypass_dsq=128
struct scx_sched_pnode 80 global_dsq=0
struct scx_event_stats 16 SCX_EV_A=0 SCX_EV_B=8
struct idr 24 idr_rt.xa_head=8
struct slots 32
struct xa_node 64 shift=0 slots=16:struct:slots
struct bpf_map 64 ops=0 id=8
struct bpf_struct_ops_map 512 st_ops_desc=64 kvalue=128
struct bpf_struct_ops_sched_ext_ops 256 data=64
struct bpf_struct_ops_desc 32 st_ops=16
struct bpf_struct_ops 32 name=24
enum scx_enable_state 4 SCX_ENABLING=0 SCX_ENABLED=1 SCX_DISABLING=2 SCX_DISABLED=3
enum scx_ent_flags 4 SCX_TASK_QUEUED=1 SCX_TASK_STATE_SHIFT=8 SCX_TASK_STATE_MASK=0x700 SCX_TASK_NONE=0 SCX_TASK_READY=0x300 SCX_TASK_ENABLED=0x400 SCX_TASK_CURSOR=0x80000000
symbol 0x2000 scx_root
symbol 0x2010 scx_sched_all
symbol 0x2020 scx_enable_state_var
symbol 0x20a0 map_idr
symbol 0x20c0 bpf_struct_ops_map_ops
symbol 0x20d0 __scx_switched_all
symbol 0x20d8 scx_nr_rejected
symbol 0x20e0 nr_node_ids
@0x2000 u64:0x10000
@0x2010 u64:0x10100 zero:8
@0x2020 u32:1
@0x20a0 zero:24
@0x20d0 u32:1 zero:4 u64:3 u32:1
@0x10000 71 6d 61 70 zero:124 u64:4 u32:5000 u32:32768 zero:112 u64:0x12100 zero:8 u32:0 zero:4 u64:0x11000 u64:1250 zero:8 u64:0x8000 u64:0x33000 u64:0x32000 u16:40 zero:6 u32:1 zero:60 u64:20000000 u32:0 zero:4 u64:1
@0x11000 zero:64
@0x12000 73 75 62 zero:125 u64:0 u32:0 u32:32768 zero:112 u64:0x2010 zero:8 u32:1 zero:4 u64:0x11000 u64:7500 zero:8 u64:0xa000 u64:0x33800 u64:0x32800 u16:40 zero:6 u32:0 zero:60 u64:20000000 u32:0 zero:4 u64:2
@0x108000 u64:4 u64:0 zero:48 u64:5 u64:1 zero:128
@0x208000 u64:0 u64:0x34000 zero:48 u64:7 u64:2 zero:128
@0x10a000 zero:208
@0x20a000 zero:208
@0x109000 u64:0x20000 zero:16 u64:0x109018 u64:0x109018 u32:0 u32:9 u64:0x8000000000000002 zero:40 u64:0x109060 u64:0x109060 u32:1 u32:1 zero:8 u64:77
@0x209000 u64:0x24000 zero:16 u64:0x209018 u64:0x209018 u32:0 u32:8 u64:0x8000000000000002 zero:40 u64:0x21090 u64:0x21090 u32:1 u32:1 zero:8 u64:78
)" +
         scx_task("0x20000", 101, "busy", 0, "0x20f0",
                  "u64:0x10000 u64:0 u64:0 zero:24 zero:12 u32:0 u32:0x401 u32:100 u32:0xffffffff "
                  "u32:0xffffffff zero:16 u64:9999 u64:15 u64:0 u64:0x23078 zero:8") +
         scx_task("0x21000", 102, "starved", 2, "0x20f0",
                  "u64:0x10000 u64:0x30000 u64:6 u64:0x30008 zero:8 zero:8 zero:12 u32:0 u32:0x401 u32:50 "
                  "u32:0xffffffff u32:2 u64:0x209060 zero:8 u64:9500 u64:20 u64:7 u64:0x220b8 zero:8") +
         scx_task("0x22000", 103, "plain", 0, "0", "zero:120 u64:0x2080 zero:8") +
         scx_task("0x24000", 0, "swapper/2", 2, "0x20f8", "zero:136") + R"(
@0x23040 u32:0x80000000 zero:52 u64:0x210b8 zero:8
@0x30000 zero:8 u64:0x31000 u64:0x21058 u32:1 u32:6 u64:5 u64:0x32011
@0x31000 u64:0x21058 u64:0x30008 u32:1 u32:0
@0x32000 u32:1 u32:0 u64:0 u64:0x30028
@0x32800 u32:1 u32:0 u64:0 u64:0
@0x33000 u64:0x33100
@0x33100 zero:8 u64:0x33108 u64:0x33108 u32:0 u32:0 u64:0x8000000000000001
@0x33800 u64:0x33900
@0x33900 zero:8 u64:0x33908 u64:0x33908 u32:0 u32:0 u64:0x8000000000000001
@0x34000 u64:5
@0x35000 u64:5
)" + scx_log();
}

/// 6.12: one scheduler in variables of the kernel, states in an enum of their own, kick masks in the run
/// queue.
inline std::string scx_6_12_image() {
  return scx_types + R"(
struct sched_ext_entity 136 dsq=8 ops_state.counter=16 dsq_list=24 dsq_flags=60 flags=64 weight=68 sticky_cpu=72 holding_cpu=76 runnable_node=80 runnable_at=96 slice=104 dsq_vtime=112 tasks_node=120
struct rq 512 curr=0 scx=16 scx.local_dsq=16 scx.runnable_list=96 scx.nr_running=112 scx.flags=116 scx.cpu_released=120 scx.pnt_seq=128
struct scx_rq 256 local_dsq=0 cpus_to_wait=120 cpus_to_wait[0].bits=120
struct scx_exit_info 56 kind=0 exit_code=8 reason=16 bt=24 bt_len=32 msg=40 dump=48
enum scx_ops_enable_state 4 SCX_OPS_ENABLING=0 SCX_OPS_ENABLED=1 SCX_OPS_DISABLING=2 SCX_OPS_DISABLED=3
enum scx_ent_flags 4 SCX_TASK_QUEUED=1 SCX_TASK_STATE_SHIFT=8 SCX_TASK_STATE_MASK=0x300 SCX_TASK_CURSOR=0x80000000
enum scx_task_state 4 SCX_TASK_NONE=0 SCX_TASK_INIT=1 SCX_TASK_READY=2 SCX_TASK_ENABLED=3
symbol 0x3000 scx_ops_enable_state_var
symbol 0x3010 scx_exit_info
symbol 0x3018 scx_watchdog_timeout
symbol 0x3020 dsq_hash
symbol 0x3080 global_dsqs
symbol 0x3100 scx_ops
@0x3000 u32:1
@0x3010 u64:0x11000 u64:7500
@0x3020 u64:0x32000 u16:40 zero:6 u32:1 zero:60
@0x3080 u64:0x33000
@0x3100 71 6d 61 70 zero:124 u64:4 u32:0 u32:32768 zero:16
@0x11000 zero:56
@0x109000 u64:0x20000 zero:16 u64:0x109018 u64:0x109018 u32:0 u32:9 u64:0x8000000000000002 zero:40 u64:0x109060 u64:0x109060 u32:1 u32:1 zero:8 u64:77 u64:1
@0x209000 u64:0x24000 zero:16 u64:0x209018 u64:0x209018 u32:0 u32:8 u64:0x8000000000000002 zero:40 u64:0x21090 u64:0x21090 u32:1 u32:1 zero:8 u64:78 u64:0
)" +
         scx_task("0x20000", 101, "busy", 0, "0x20f0",
                  "zero:8 u64:0 u64:0 zero:24 zero:12 u32:0 u32:0x301 u32:100 u32:0xffffffff u32:0xffffffff "
                  "zero:16 u64:9999 u64:15 u64:0 u64:0x210b8 zero:8") +
         scx_task("0x21000", 102, "starved", 2, "0x20f0",
                  "zero:8 u64:0x30000 u64:6 u64:0x30008 zero:8 zero:8 zero:12 u32:0 u32:0x301 u32:50 "
                  "u32:0xffffffff u32:2 u64:0x209060 zero:8 u64:9500 u64:20 u64:7 u64:0x2080 zero:8") +
         scx_task("0x24000", 0, "swapper/2", 2, "0x20f8", "zero:136") + R"(
@0x30000 zero:8 u64:0x21058 u64:0x21058 u32:1 u32:6 u64:5 u64:0x32011
@0x32000 u32:1 u32:0 u64:0 u64:0x30028
@0x33000 u64:0x33100
@0x33100 zero:8 u64:0x33108 u64:0x33108 u32:0 u32:0 u64:0x8000000000000001
@0x35000 u64:5
)" + scx_log();
}

} // namespace mapscope::test
