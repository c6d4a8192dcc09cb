// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call/value_decoders.hpp"

#include "host/plugin/call/budget.hpp"
#include "host/plugin/call/environment.hpp"
#include "host/plugin/call/type_handles.hpp"
#include "host/plugin/call/type_helpers.hpp"
#include "host/plugin/call/words.hpp"

#include "host/plugin/call/allocator_call.hpp"
#include "host/report/declared.hpp"
#include "host/report/following.hpp"
#include "host/report/special_fields.hpp"

namespace mapscope::plugin {

namespace {

report::Following following(const Task& task) {
  const auto& report = task.environment.config->report;
  return {.families = task.environment.families,
          .map = &task.map,
          .given_types = task.environment.given_types,
          .typed_kernel = report.kernel_pointers == "typed",
          .slots = task.environment.slots,
          .flat = task.environment.flat_chains,
          .each_row = task.environment.rows_stand_alone,
          .shown_arenas = &task.environment.shown_arenas,
          .inside = report.inside,
          .bytes = task.budget.limits().emit_bytes};
}

} // namespace

ValueDecoders::ValueDecoders(const Task& task, Words& words, const TypeHelpers& types)
    : task_(task), words_(words), types_(types), code_(task.environment.symbols),
      untyped_(btf::Decoder::raw_bytes()) {}
ValueDecoders::~ValueDecoders() = default;

std::shared_ptr<const btf::Decoder> ValueDecoders::declared(bool is_key) {
  const catalog::Map& map = task_.map;
  if (!is_key && map.name.ends_with(".rodata.str1.1")) return btf::Decoder::printable_text();
  const auto [ref, remark] = report::declared_type(map, is_key);
  if (!remark.empty()) (void)words_.note(MSC_OK, remark.c_str());
  if (!ref.types) return nullptr;
  return btf::Decoder::compile(ref.types, ref.id, task_.environment.limits, behind(ref.types.get()));
}

/// Special fields are a matter of the program's types, from wherever they are known; the kernel's own have
/// pointers to functions alone.
btf::Behind* ValueDecoders::behind(const btf::Types* types) {
  const auto& environment = task_.environment;
  const bool is_own = types == task_.map.object().get() && types != environment.kernel.get();
  if (!is_own && !tag_of_given(environment, types)) return &code_;
  if (!special_)
    special_ =
        std::make_unique<report::SpecialFields>(*environment.target, environment.kernel, task_.map.object(),
                                                environment.symbols, environment.limits, following(task_));
  return special_.get();
}

const btf::Decoder* ValueDecoders::of_another(msc_type type, bool is_key) {
  auto& known = decoders_[is_key ? 1 : 0];
  auto found = known.find(type);
  if (found == known.end()) found = known.emplace(type, find(type, is_key)).first;
  last_[is_key ? 1 : 0] = {true, type, found->second.get()};
  return found->second.get();
}

std::shared_ptr<const btf::Decoder> ValueDecoders::find(msc_type type, bool is_key) {
  if (type == MSC_DECLARED) return declared(is_key);
  if (type == MSC_POINTER) return btf::Decoder::kernel_pointer();
  const auto ref = types_.resolve(type);
  return ref ? btf::Decoder::compile(ref->types, ref->id, task_.environment.limits, behind(ref->types.get()))
             : nullptr;
}

const btf::Decoder* ValueDecoders::lasting(msc_type type) {
  const auto ref = types_.resolve(type);
  auto& decoder = task_.allocator->decoders[type];
  if (!decoder && ref) decoder = btf::Decoder::compile(ref->types, ref->id, task_.environment.limits);
  return decoder.get();
}

} // namespace mapscope::plugin
