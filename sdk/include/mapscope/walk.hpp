// SPDX-License-Identifier: Apache-2.0
// A walk over a map's elements with a function of the plugin's: nothing that it throws crosses the host's
// frames, and in a decoder one element that cannot be decoded leaves the others alone.
//
// Included by plugin.hpp, whose Call::rows() and Call::elements() it is. Thread rule: as plugin.h.
#pragma once

#include <mapscope/element.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <type_traits>

namespace mapscope {

/// A map as find_map() finds it; Call::lookup() and Call::elements() take it.
struct Map {
  explicit Map(const msc_target& target) : target(target), name(target.name != nullptr ? target.name : "") {}

  msc_target target;
  std::string name;

  /// Kernel address of its struct bpf_map.
  [[nodiscard]] std::uint64_t address() const { return target.map; }
};

template <class Function> class Walk : private Helpers {
public:
  Walk(const Helpers& helpers, Function& function, std::uint32_t flags)
      : Helpers(helpers), function_(function), flags_(flags) {}

  /// 0: the map that is rendered. False: some could not be read.
  bool run(std::uint64_t map) {
    const msc_elements elements{sizeof(msc_elements), flags_, map, &each, this};
    state_->are_rows = is_rows();
    const int rc = host_->elements(call_, &elements);
    state_->are_rows = false;
    if (failure_) std::rethrow_exception(failure_);
    if (rc == MSC_STOP && has_ended_)
      check_budget();
    else if (rc != MSC_EFAULT)
      check(rc);
    tell();
    return rc != MSC_EFAULT;
  }

private:
  [[nodiscard]] bool is_rows() const { return (flags_ & MSC_ROWS) != 0; }

  /// MSC_STOP may be the function's own end, or that of a budget, which every helper would say.
  void check_budget() {
    const int rc = host_->read(call_, MSC_KERNEL, 0, nullptr, 0);
    if (rc != MSC_EFAULT && rc != MSC_ENOENT) check(rc);
  }
  static int each(void* user, const msc_element* element) noexcept {
    return static_cast<Walk*>(user)->visit(*element);
  }
  int visit(const msc_element& element) noexcept {
    if (failure_ || has_ended_) return MSC_STOP;
    ++visited_;
    try {
      Element wrapped(*this, element);
      return decode(wrapped);
    } catch (const Stop& stop) { // from close_all()
      failure_ = std::current_exception();
      return stop.rc;
    } catch (...) {
      failure_ = std::current_exception();
      return MSC_EFAIL;
    }
  }
  /// What ends with its row is counted; all else ends the walk.
  int decode(Element& element) {
    try {
      has_ended_ = !goes_on(element);
      if (element.is_left_out()) return MSC_LEAVE_OUT;
      return has_ended_ ? MSC_STOP : MSC_OK;
    } catch (const Missing& missing) {
      if (!is_rows()) throw;
      element.close_all();
      return missing.rc; // the host says what of which type
    } catch (const Untyped&) {
      if (!is_rows()) throw;
      ++untyped_;
    } catch (const Undecodable&) {
      if (!is_rows()) throw;
      ++undecoded_;
    } catch (const Stop& stop) {
      if (!is_rows() || stop.rc != MSC_EFAULT) throw;
      ++unread_;
    } catch (const std::exception& error) {
      if (!is_rows()) throw;
      remember((std::string("an exception: ") + error.what()).c_str());
      ++undecoded_;
    } catch (...) {
      if (!is_rows()) throw;
      remember("an exception of unknown type");
      ++undecoded_;
    }
    element.close_all();
    return MSC_OK;
  }
  bool goes_on(Element& element) {
    if constexpr (std::is_same_v<std::invoke_result_t<Function&, Element&>, bool>) return function_(element);
    function_(element);
    return true;
  }

  [[nodiscard]] static std::string counted(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " element" : " elements");
  }
  void tell() {
    if (untyped_ != 0) note(MSC_OK, counted(untyped_) + " without a type, shown undecoded");
    if (unread_ != 0) note(MSC_EFAULT, counted(unread_) + " could not be decoded where memory lacks");
    if (undecoded_ == 0) return;
    const bool all = undecoded_ == visited_;
    note(MSC_EFAIL,
         all ? state_->first : counted(undecoded_) + " could not be decoded, the first: " + state_->first);
    if (all) throw Undecodable{{MSC_EFAIL}};
  }

  Function& function_;
  std::uint32_t flags_;
  std::exception_ptr failure_;
  bool has_ended_ = false;
  std::uint64_t visited_ = 0, untyped_ = 0, unread_ = 0, undecoded_ = 0;
};

} // namespace mapscope
