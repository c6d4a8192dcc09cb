// SPDX-License-Identifier: Apache-2.0
#include "host/btf/legible.hpp"

#include "host/base/checked.hpp"
#include "host/btf/info.hpp"

#include <algorithm>
#include <array>
#include <bpf/btf.h>
#include <cstring>
#include <fmt/format.h>
#include <optional>

namespace mapscope::btf {

namespace {

/// Since 7.2 the header may go on with layout_off and layout_len (include/uapi/linux/btf.h).
struct LayoutPlace {
  std::uint32_t offset = 0, length = 0;
};
constexpr std::size_t known_header = sizeof(btf_header) + sizeof(LayoutPlace);

/// Bytes behind the 12 that all types have: for the type, and for each of its vlen elements
/// (Documentation/bpf/btf.rst). struct btf_layout of 7.2 says the same of kinds yet unknown.
struct Shape {
  std::uint8_t type = 0, element = 0;
};
constexpr std::array<Shape, 20> shapes = {{{0, 0},    // 0 is no kind
                                           {4, 0},    // INT
                                           {0, 0},    // PTR
                                           {12, 0},   // ARRAY
                                           {0, 12},   // STRUCT
                                           {0, 12},   // UNION
                                           {0, 8},    // ENUM
                                           {0, 0},    // FWD
                                           {0, 0},    // TYPEDEF
                                           {0, 0},    // VOLATILE
                                           {0, 0},    // CONST
                                           {0, 0},    // RESTRICT
                                           {0, 0},    // FUNC
                                           {0, 8},    // FUNC_PROTO
                                           {4, 0},    // VAR
                                           {0, 12},   // DATASEC
                                           {0, 0},    // FLOAT
                                           {4, 0},    // DECL_TAG
                                           {0, 0},    // TYPE_TAG
                                           {0, 12}}}; // ENUM64

constexpr bool is_known(std::uint32_t kind) { return kind != 0 && kind < shapes.size(); }
constexpr bool has_elements(std::uint32_t kind) { return is_known(kind) && shapes[kind].element != 0; }
/// What libbpf 1.1 keeps of vlen.
constexpr std::uint32_t most_elements = 0xffff;

/// A stand-in is a forward declaration, in which nothing else has a vlen or a type: here the vlen says what
/// it stands for, the type is the info that could not be read.
enum StandIn : std::uint32_t { none = 0, one_type = 1, all_that_follow = 2 };
constexpr std::uint32_t stand_in_info(StandIn what) { return std::uint32_t{BTF_KIND_FWD} << 24 | what; }

Result<btf_header> read_header(std::span<const std::byte> raw) {
  const auto header = load_at<btf_header>(raw, 0);
  if (!header) return fail(Errc::corrupt, "shorter than a BTF header");
  if (header->magic == __builtin_bswap16(BTF_MAGIC))
    return fail(Errc::unsupported, "BTF of a big-endian machine; only little-endian ones can be read");
  if (header->magic != BTF_MAGIC)
    return fail(Errc::corrupt, fmt::format("begins with {:#06x} and not with BTF's {:#06x}",
                                           std::uint32_t{header->magic}, std::uint32_t{BTF_MAGIC}));
  if (header->version != BTF_VERSION)
    return fail(Errc::unsupported, fmt::format("BTF version {}; only version {} is known",
                                               unsigned{header->version}, unsigned{BTF_VERSION}));
  if (header->hdr_len < sizeof(btf_header) || header->hdr_len % 4 != 0 || header->hdr_len > raw.size())
    return fail(Errc::corrupt, fmt::format("a BTF header of {} bytes", std::uint32_t{header->hdr_len}));
  const auto tail = raw.first(header->hdr_len).subspan(std::min<std::size_t>(header->hdr_len, known_header));
  if (std::ranges::any_of(tail, [](std::byte byte) { return byte != std::byte{}; }))
    return fail(Errc::unsupported, "a BTF header with fields that this version of mapscope does not know");
  return *header;
}

/// Goes over the records once, and writes them anew from the first that must change.
class Rewriter {
public:
  Rewriter(std::span<const std::byte> types, std::span<const std::byte> layout)
      : types_(types), layout_(layout) {}

  /// The first record that ends the walk, when nothing before it could be read.
  Result<void> run() {
    while (at_ < types_.size()) {
      const auto head = load_at<btf_type>(types_, at_);
      const auto size = head ? size_of(head->info) : std::nullopt;
      if (!size || *size > types_.size() - at_) return end(head);
      one(*head, *size);
      at_ += *size;
      ++count_;
    }
    return {};
  }

  [[nodiscard]] const std::optional<std::vector<std::byte>>& written() const { return written_; }
  [[nodiscard]] std::vector<WideRecord> wide() && { return std::move(wide_); }

private:
  [[nodiscard]] std::optional<std::uint64_t> size_of(std::uint32_t info) const {
    const std::uint32_t kind = kind_of(info);
    std::optional<Shape> shape;
    if (is_known(kind))
      shape = shapes[kind];
    else if (kind != 0)
      shape = load_at<Shape>(layout_, std::uint64_t{kind} * 4); // u8 info_sz, elem_sz; u16 flags
    if (!shape) return std::nullopt;
    const std::uint64_t size = sizeof(btf_type) + shape->type + std::uint64_t{vlen_of(info)} * shape->element;
    return size % 4 == 0 ? std::optional(size) : std::nullopt;
  }

  void one(const btf_type& head, std::uint64_t size) {
    const std::uint32_t kind = kind_of(head.info);
    const bool readable = is_known(kind) && vlen_of(head.info) <= most_elements;
    if (!readable && has_elements(kind)) wide_.push_back({count_, types_.subspan(at_, size)});
    const bool poses = kind == BTF_KIND_FWD && vlen_of(head.info) != 0; // as one of ours
    if (!readable || poses)
      stand_in(poses ? 0 : head.name_off, one_type, head.info);
    else if (written_)
      append(types_.subspan(at_, size));
  }

  Result<void> end(const std::optional<btf_type>& head) {
    const btf_type last = {
        .name_off = 0, .info = stand_in_info(all_that_follow), .type = head ? head->info : 0};
    if (count_ == 0) return fail(Errc::corrupt, "begins with " + lost_reason(&last));
    stand_in(0, all_that_follow, last.type);
    return {};
  }

  void stand_in(std::uint32_t name, StandIn what, std::uint32_t info) {
    if (!written_) written_.emplace(types_.begin(), types_.begin() + static_cast<std::ptrdiff_t>(at_));
    const btf_type record = {.name_off = name, .info = stand_in_info(what), .type = info};
    append(std::as_bytes(std::span(&record, 1)));
  }

  void append(std::span<const std::byte> bytes) {
    written_->insert(written_->end(), bytes.begin(), bytes.end());
  }

  std::span<const std::byte> types_, layout_;
  std::uint64_t at_ = 0;
  std::uint32_t count_ = 0;
  std::vector<WideRecord> wide_;
  std::optional<std::vector<std::byte>> written_;
};

std::vector<std::byte> object_of(std::span<const std::byte> types, std::span<const std::byte> strings) {
  btf_header header{};
  header.magic = BTF_MAGIC, header.version = BTF_VERSION, header.hdr_len = sizeof header;
  header.type_len = static_cast<std::uint32_t>(types.size());
  header.str_off = header.type_len, header.str_len = static_cast<std::uint32_t>(strings.size());
  const auto head = std::as_bytes(std::span(&header, 1));
  std::vector<std::byte> all(head.begin(), head.end());
  all.insert(all.end(), types.begin(), types.end());
  all.insert(all.end(), strings.begin(), strings.end());
  return all;
}

} // namespace

Result<Legible> Legible::of(std::span<const std::byte> raw) {
  const auto header = read_header(raw);
  if (!header) return std::unexpected(header.error());
  Legible legible(raw);
  const auto body = raw.subspan(header->hdr_len);
  const auto types = slice(body, header->type_off, header->type_len);
  const auto strings = slice(body, header->str_off, header->str_len);
  if (!types || !strings || header->type_off % 4 != 0) return legible; // libbpf says what is wrong
  const auto place = header->hdr_len >= known_header ? load_at<LayoutPlace>(raw, sizeof(btf_header))
                                                     : std::optional(LayoutPlace{});
  const auto layout = slice(body, place->offset, place->length);
  Rewriter rewriter(*types, layout.value_or(std::span<const std::byte>()));
  if (auto walked = rewriter.run(); !walked) return std::unexpected(walked.error());
  if (const auto& written = rewriter.written()) legible.rewritten_ = object_of(*written, *strings);
  legible.wide_ = std::move(rewriter).wide();
  return legible;
}

std::string lost_reason(const btf_type* type) {
  if (type == nullptr || !btf_is_fwd(type) || vlen_of(type) == none) return "";
  const std::uint32_t kind = kind_of(type->type), vlen = vlen_of(type->type);
  const bool alone = vlen_of(type) == one_type;
  if (kind == 0) return "a type without a kind";
  if (is_known(kind) && !alone)
    return fmt::format("a type of {} elements, which do not fit in its BTF", vlen);
  if (is_known(kind))
    return fmt::format("a type of {} elements, more than this version of mapscope can read", vlen);
  return fmt::format("a type of kind {}, which this version of mapscope does not know{}", kind,
                     alone ? "" : " and whose length nothing tells");
}

bool is_end_of_types(const btf_type* type) {
  return type != nullptr && btf_is_fwd(type) && vlen_of(type) == all_that_follow;
}

std::string lost_rest(const Types& types) {
  const TypeId last = types.count() - 1;
  if (!is_end_of_types(types.type(last))) return "";
  return fmt::format("the BTF of {} is read up to type {}, {}", types.name(), last,
                     lost_reason(types.type(last)));
}

} // namespace mapscope::btf
