// SPDX-License-Identifier: Apache-2.0
// Bytes that no BTF type describes.
#include "host/base/checked.hpp"
#include "host/btf/decoder.hpp"

#include <string>

namespace mapscope::btf {

namespace {

using Bytes = std::span<const std::byte>;

/// One value, shown whole.
class UntypedDecoder : public Decoder {
public:
  Cuts decode(Bytes bytes, ValueVisitor& visitor) const final {
    show(bytes, visitor);
    return {};
  }
  void decode(Bytes bytes, ValueVisitor& visitor, Progress& /*progress*/) const final {
    show(bytes, visitor);
  }
  [[nodiscard]] bool asks_nothing(Bytes /*bytes*/) const final { return true; }

private:
  virtual void show(Bytes bytes, ValueVisitor& visitor) const = 0;
};

class BytesDecoder final : public UntypedDecoder {
public:
  [[nodiscard]] std::string_view type_name() const override { return ""; }

private:
  void show(Bytes bytes, ValueVisitor& visitor) const override { visitor.bytes(bytes); }
};

class PointerDecoder final : public UntypedDecoder {
public:
  [[nodiscard]] std::string_view type_name() const override { return "void*"; }

private:
  void show(Bytes bytes, ValueVisitor& visitor) const override {
    constexpr std::size_t size = sizeof(std::uint64_t);
    if (bytes.size() >= size) return visitor.pointer(load<std::uint64_t>(bytes.data()));
    visitor.begin_truncated(size, bytes.size());
    visitor.bytes(bytes);
    visitor.end_truncated();
  }
};

class TextDecoder final : public UntypedDecoder {
public:
  [[nodiscard]] std::string_view type_name() const override { return "char[]"; }

private:
  void show(Bytes bytes, ValueVisitor& visitor) const override {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size());
    for (const std::byte byte : bytes) {
      const auto c = static_cast<unsigned char>(byte);
      if (c >= 0x20 && c <= 0x7e)
        text += static_cast<char>(c);
      else
        text.append("\\x").append(1, digits[c >> 4]).append(1, digits[c & 15]);
    }
    visitor.text(text);
  }
};

} // namespace

std::shared_ptr<const Decoder> Decoder::raw_bytes() { return std::make_shared<BytesDecoder>(); }

std::shared_ptr<const Decoder> Decoder::kernel_pointer() { return std::make_shared<PointerDecoder>(); }

std::shared_ptr<const Decoder> Decoder::printable_text() { return std::make_shared<TextDecoder>(); }

} // namespace mapscope::btf
