#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# Process 1 of a guest in which Debian's BPF tools run while the machine works: starts each line of /tools, lets
# the machine work, stops the work, and writes what bpftool says of every map to the disk of the statement, once
# before the memory is saved and once behind it. tests/guest/tools reads both.
/bin/busybox mkdir -p /proc /sys /dev /tmp /run
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin # which asks /proc what it is
export PATH=/bin:/tools.d LD_LIBRARY_PATH=/libraries HOME=/tmp BPFTRACE_MAX_PROBES=2048
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
mount -t debugfs debug /sys/kernel/debug
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t tmpfs tmp /tmp
for module in /*.ko; do insmod "$module"; done
while [ ! -b /dev/nvme0n1 ]; do usleep 10000; done
ip link set lo up
echo 1048576 > /proc/sys/kernel/perf_event_max_sample_rate 2>/dev/null
ulimit -n 4096

# What a tool says goes to a file of its own, whose end the statement quotes where the tool ended.
number=0
while read -r line; do
  number=$((number + 1))
  ( exec sh -c "exec $line" > "/tmp/out.$number" 2>&1 < /dev/null ) &
  echo "$! $line" >> /tmp/running
done < /tools

echo "STARTED $(cut -d" " -f1 /proc/uptime)"
# bpftrace compiles: the last to be ready are the last lines.
waited=0
while [ "$waited" -lt 240 ]; do
  attached=0
  for out in /tmp/out.*; do grep -q 'Attach' "$out" && attached=$((attached + 1)); done
  [ "$attached" -ge "$(grep -c bpftrace /tools)" ] && break
  sleep 1
  waited=$((waited + 1))
done
sleep 5

echo "ATTACHED $attached $(cut -d" " -f1 /proc/uptime)"
work() { # files, processes, locks, memory and a server on the loopback
  httpd -p 127.0.0.1:8080 -h /tmp
  dd if=/dev/zero of=/tmp/page bs=64k count=8 2>/dev/null
  round=0
  while [ "$round" -lt 20 ]; do
    round=$((round + 1))
    wget -q -O /dev/null http://127.0.0.1:8080/page
    dd if=/tmp/page of=/dev/null bs=4k 2>/dev/null
    dd if=/dev/nvme0n1 of=/dev/null bs=64k count=4 skip=$((round * 16)) 2>/dev/null
    ls /proc > /tmp/listing
    cat /proc/meminfo | sort > /tmp/sorted
    mkdir -p "/tmp/made/$round" && echo x > "/tmp/made/$round/file" && rm -r "/tmp/made/$round"
    cat /nowhere 2>/dev/null
    sh -c 'kill -URG $$'
    mount -t tmpfs none /run && umount /run
    usleep 20000
  done
  killall httpd
}
work

echo "WORKED $(cut -d" " -f1 /proc/uptime)"
sleep 3 # what is on its way arrives
# Every map, as one bpftool has it, for each that is started is at work, too, and the tools count that. It ends at the first map that it
# cannot list, and it can list no ring buffer.
bpftool -j map show > /tmp/maps
sed 's/{"id":/\n/g' /tmp/maps | grep -v '"ringbuf"' | sed -n 's/^\([0-9]*\),"type".*/map dump id \1/p' > /tmp/commands
dumped() { bpftool -j batch file /tmp/commands 2>/dev/null; }
dumped > /tmp/before
echo "BEFORE DONE"
sleep 3 # the memory is saved here
echo "DUMPING $(cut -d" " -f1 /proc/uptime)"
dumped > /tmp/after
{
  number=0
  while read -r pid line; do
    number=$((number + 1))
    if [ -d "/proc/$pid" ]; then
      echo "runs $line"
      echo "holds ${line%% *} $(cat "/proc/$pid/fdinfo/"* | sed -n 's/^map_id:[^0-9]*//p' | tr '\n' ' ')"
    else
      echo "ended $line: $(tail -n 3 "/tmp/out.$number" | tr '\n' ' ' | cut -c1-300)"
    fi
  done < /tmp/running
  for said in maps before after; do
    echo "$said $(tr '\n' ' ' < "/tmp/$said")"
  done
  grep ' [tTwW] ' /proc/kallsyms | sed 's/^/symbol /'
} > /tmp/statement
cat /tmp/statement > /dev/nvme0n1
sync
echo "STATEMENT $(wc -c < /tmp/statement)"
while :; do sleep 1000; done
