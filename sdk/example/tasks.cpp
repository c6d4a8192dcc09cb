// SPDX-License-Identifier: Apache-2.0
// A part of the kernel that is no map: its processes, and who started them.
#include <mapscope/plugin.hpp>

static void show(mapscope::Call& call, mapscope::Object task) {
  const auto pid = task.get_if<std::uint32_t>("pid"), parent = task.get_if<std::uint32_t>("real_parent.pid");
  call.object(nullptr);
  call.text("name", task.string_if("comm").value_or("?"));
  if (pid) call.number("pid", *pid);
  if (parent) call.number("parent", *parent);
  call.end();
}

static void render(mapscope::Call& call) {
  const auto init_task = call.symbol_address("init_task");
  if (!init_task) call.fail("where init_task lies is not known");
  mapscope::List tasks(call, "struct task_struct", "tasks");
  call.list("tasks");
  tasks.each(*init_task + tasks.node(), [&](mapscope::Object task) { show(call, task); });
  call.end();
}

MSC_PLUGIN(render, "id=org.example.tasks\0"
                   "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                   "license=Apache-2.0\0"
                   "attach=kernel:tasks\0"
                   "symbols=init_task\0"
                   "needs=struct task_struct.tasks,pid,comm");
