// SPDX-License-Identifier: Apache-2.0
// What the plugin says of the kernel scx_7_image() (sched_ext_image.hpp).
#pragma once

namespace mapscope::test {

inline constexpr const char* scx_7_lines =
    R"(text state enabled
text enable_state SCX_ENABLED
flag switched_all true
number nr_rejected 3
number jiffies 10000
number jiffy_ns 4000000
list schedulers
object
text name qmap
text source scx_root
number address 65536
flag attached true
number level 0
number flags 4
list flag_names
text SCX_OPS_ENQ_EXITING
end
number timeout_ms 5000
number exit_dump_len 32768
number id 1
number slice_dfl 20000000
number bypass_depth 0
number watchdog_timeout_ms 5000
flag aborting false
object events
number SCX_EV_A 12
number SCX_EV_B 3
end
end
object
text name sub
text source scx_sched_all
number address 73728
flag attached true
number level 1
number flags 0
list flag_names
end
number timeout_ms 0
number exit_dump_len 32768
number id 2
number slice_dfl 20000000
number bypass_depth 0
number watchdog_timeout_ms 30000
flag aborting false
object events
number SCX_EV_A 0
number SCX_EV_B 0
end
end
end
finding warning starved[102] has waited 2000 ms to run on CPU 2, on the user queue 0x5 (1 task); the watchdog throws the scheduler out after 5000 ms
list cpus
object
number cpu 0
number nr_running 1
number kick_sync 77
number flags 1
list flag_names
text SCX_RQ_ONLINE
end
flag cpu_released false
object curr
number pid 101
number tgid 101
text comm busy
number cpu 0
text class ext_sched_class
end
text cpus_to_kick 2
list runnable
end
end
object
number cpu 2
number nr_running 1
number kick_sync 78
number flags 1
list flag_names
text SCX_RQ_ONLINE
end
flag cpu_released false
object curr
number pid 0
number tgid 0
text comm swapper/2
number cpu 2
text class idle_sched_class
end
text cpus_to_preempt 0,2
list runnable
object
number pid 102
number tgid 102
text comm starved
number cpu 2
text scheduler qmap
text state ENABLED
number flags 1
list flag_names
text SCX_TASK_QUEUED
end
number weight 50
text dsq user
number dsq_id 5
number slice 20
number dsq_vtime 7
number waited_ms 2000
text ops_state QUEUED
number ops_qseq 1
number dsq_flags 0
number sticky_cpu -1
number holding_cpu 2
text cpus 0,2
number migration_disabled 0
end
end
object longest_waiter
number pid 102
number tgid 102
text comm starved
number cpu 2
number waited_ms 2000
end
end
end
list dsqs
object
text kind local
number dsq_id 9223372036854775810
number cpu 0
number nr 0
number seq 9
list tasks
end
end
object
text kind local
number dsq_id 9223372036854775810
number cpu 2
number nr 0
number seq 8
list tasks
end
end
object
text kind global
number dsq_id 9223372036854775809
number node 0
text scheduler qmap
number nr 0
number seq 0
list tasks
end
end
object
text kind user
number dsq_id 5
text scheduler qmap
number nr 1
number seq 6
list tasks
object
number pid 102
number tgid 102
text comm starved
number cpu 2
number waited_ms 2000
number dsq_vtime 7
number slice 20
number weight 50
end
end
object longest_waiter
number pid 102
number tgid 102
text comm starved
number cpu 2
number waited_ms 2000
end
end
object
text kind global
number dsq_id 9223372036854775809
number node 0
text scheduler sub
number nr 0
number seq 0
list tasks
end
end
end
number nr_tasks 3
note OK 1 task is not listed, being no scheduler's
list tasks
object
number pid 101
number tgid 101
text comm busy
number cpu 0
text scheduler qmap
text state ENABLED
number flags 1
list flag_names
text SCX_TASK_QUEUED
end
number weight 100
number slice 15
number dsq_vtime 0
end
object
number pid 102
number tgid 102
text comm starved
number cpu 2
text scheduler qmap
text state ENABLED
number flags 1
list flag_names
text SCX_TASK_QUEUED
end
number weight 50
text dsq user
number dsq_id 5
number slice 20
number dsq_vtime 7
end
end
count 2
list log
object
number ts_ns 111
text text sched_ext: BPF scheduler "qmap" enabled
end
end
)";

} // namespace mapscope::test
