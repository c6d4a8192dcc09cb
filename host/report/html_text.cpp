// SPDX-License-Identifier: Apache-2.0
#include "host/report/html_text.hpp"

#include "host/report/gzip.hpp"
#include "host/report/text_value.hpp"

#include <array>
#include <fmt/format.h>
#include <span>
#include <vector>

namespace mapscope::report {

namespace {

constexpr std::size_t longest_plain = 64U << 10;

/// Six bits a character, RFC 4648; what is no whole group of three waits for more.
class Base64 {
public:
  explicit Base64(std::string& out) : out_(out) {}
  void add(std::span<const unsigned char> bytes) {
    for (; waiting_ != 0 && !bytes.empty(); bytes = bytes.subspan(1)) wait(bytes[0]);
    std::size_t at = out_.size();
    out_.resize(at + bytes.size() / 3 * 4);
    for (; bytes.size() >= 3; bytes = bytes.subspan(3), at += 4) put(bytes.first<3>(), &out_[at]);
    for (const unsigned char byte : bytes) wait(byte);
  }
  void end() {
    const std::size_t missing = (3 - waiting_) % 3;
    while (waiting_ != 0) wait(0);
    out_.replace(out_.size() - missing, missing, missing, '=');
  }

private:
  void wait(unsigned char byte) {
    group_[waiting_++] = byte;
    if (waiting_ < group_.size()) return;
    waiting_ = 0;
    out_.resize(out_.size() + 4);
    put(group_, &out_[out_.size() - 4]);
  }
  static void put(std::span<const unsigned char, 3> bytes, char* to) {
    static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    to[0] = digits[bytes[0] >> 2];
    to[1] = digits[(bytes[0] << 4 | bytes[1] >> 4) & 0x3f];
    to[2] = digits[(bytes[1] << 2 | bytes[2] >> 6) & 0x3f];
    to[3] = digits[bytes[2] & 0x3f];
  }

  std::string& out_;
  std::array<unsigned char, 3> group_{};
  std::size_t waiting_ = 0;
};

unsigned digit(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10); }

/// Only inside JSON's strings is there a '<', and there it may be spelled so: no text ends the element.
void put_plain(Stream& page, std::string_view json) {
  std::size_t at = 0;
  for (std::size_t end = json.find('<'); end != json.npos; at = end + 1, end = json.find('<', at))
    page.append(json.substr(at, end - at)), page.append("\\u003c");
  page.append(json.substr(at));
}

const char* entity_of(char c) {
  switch (c) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  default:
    return nullptr;
  }
}

} // namespace

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (const char* entity = entity_of(c))
      out += entity;
    else
      out += c;
  }
  return out;
}

std::string csp_source(std::string_view hexadecimal) {
  std::string out = "'sha256-";
  Base64 base64(out);
  std::vector<unsigned char> bytes;
  for (std::size_t i = 0; i + 1 < hexadecimal.size(); i += 2)
    bytes.push_back(static_cast<unsigned char>(digit(hexadecimal[i]) << 4 | digit(hexadecimal[i + 1])));
  base64.add(bytes);
  base64.end();
  return out + '\'';
}

/// gzip's form, which the tools of a shell unpack as well.
class HtmlPart::Deflated {
public:
  explicit Deflated(Stream& page) : page_(page) {}
  void add(std::string_view json) { gzip_.add(json); }
  void end() {
    gzip_.end();
    base64_.end();
    flush();
  }

private:
  void put(std::span<const unsigned char> packed) {
    base64_.add(packed);
    if (text_.size() >= longest_plain) flush();
  }
  void flush() {
    page_.append(text_);
    text_.clear();
  }

  Stream& page_;
  std::string text_;
  Base64 base64_{text_};
  Gzip gzip_{[this](std::span<const unsigned char> packed) { put(packed); }};
};

HtmlPart::HtmlPart(Stream& page, std::string_view attribute) : page_(page), attribute_(attribute) {}

HtmlPart::~HtmlPart() = default;

void HtmlPart::append(std::string_view json) {
  if (deflated_) return deflated_->add(json);
  held_ += json;
  if (held_.size() <= longest_plain) return;
  page_.append(fmt::format("<script type=\"application/json\" data-gzip{}>", attribute_));
  deflated_ = std::make_unique<Deflated>(page_);
  deflated_->add(held_);
  held_ = {};
}

void HtmlPart::end() {
  if (deflated_) {
    deflated_->end();
  } else {
    page_.append(fmt::format("<script type=\"application/json\"{}>", attribute_));
    put_plain(page_, held_);
  }
  page_.append("</script>");
}

} // namespace mapscope::report
