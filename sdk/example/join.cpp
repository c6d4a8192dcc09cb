// SPDX-License-Identifier: Apache-2.0
// Two maps and the kernel side by side: beside each task's value who the task is, and what the hash `big` has
// under its pid.
#include <mapscope/plugin.hpp>

static void render(mapscope::Call& call) {
  const auto big = call.find_map("big");
  const msc_type task_struct = call.kernel_type("struct task_struct");
  call.rows([&](mapscope::Element& e) {
    if (e.owner() == 0) return;
    auto task = call.object_at(MSC_KERNEL, e.owner(), task_struct);
    const auto pid = task.get<std::uint32_t>("pid");
    e.text("task", task.string("comm"));
    e.number("pid", pid);
    if (!big) return;
    if (auto found = call.lookup(*big, pid)) e.number("big_count", found->get<std::uint64_t>("count"));
  });
  if (!big) call.note(MSC_OK, "there is no map called big");
}

MSC_PLUGIN(render, "id=org.example.join\0"
                   "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                   "license=Apache-2.0\0"
                   "attach=map-name:of_task mode=element\0"
                   "maps=any\0"
                   "needs=struct task_struct.pid,comm");
