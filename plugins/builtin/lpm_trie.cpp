// SPDX-License-Identifier: Apache-2.0
// BPF_MAP_TYPE_LPM_TRIE: a binary trie of prefixes (struct lpm_trie, kernel/bpf/lpm_trie.c).
//
// Entries come in the order of their prefixes, shorter ones first. A node is believed only where its bits
// continue those of the nodes above it: no node can then be reached twice, so the walk ends without a memory
// of where it was.
//
// A prefix is written as an address where the key's type says that it is one; where nothing says so, four or
// sixteen bytes are taken for one, and marked as a guess.
#include "counted.hpp"
#include "second_look.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <unordered_set>
#include <utility>

namespace {

using mapscope::Bytes;
using mapscope::Call;
using mapscope::builtin::counted;
using mapscope::builtin::pointer_at;
using mapscope::builtin::SecondLook;

/// A key: bits, most significant first, and how many of them count.
struct Prefix {
  std::uint32_t length = 0;
  std::vector<std::byte> data;

  [[nodiscard]] bool bit(std::uint32_t index) const {
    return (std::to_integer<unsigned>(data[index / 8]) >> (7 - index % 8) & 1) != 0;
  }
  /// Bits behind the length are kept as user space gave them.
  [[nodiscard]] std::vector<std::byte> masked() const {
    auto bytes = data;
    for (std::size_t i = length / 8; i < bytes.size(); ++i)
      bytes[i] &= i == length / 8 ? static_cast<std::byte>(0xff00U >> length % 8) : std::byte{};
    return bytes;
  }
  [[nodiscard]] bool continues(const Prefix& above, bool child) const {
    if (length <= above.length || bit(above.length) != child) return false;
    Prefix front{above.length, data};
    return front.masked() == above.masked();
  }
  /// In the order of entries.
  [[nodiscard]] bool is_behind(const Prefix& other) const {
    const auto own = masked(), others = other.masked();
    return own != others ? own > others : length > other.length;
  }
  [[nodiscard]] bool is_front_of(const Prefix& other) const {
    return length <= other.length && Prefix{length, other.data}.masked() == masked();
  }
  /// "10.1.0.0/16", "2001:db8::/32", and hexadecimal for what is no address.
  [[nodiscard]] std::string text(bool is_address) const {
    const auto bytes = masked();
    std::array<char, INET6_ADDRSTRLEN> address{};
    if (is_address)
      inet_ntop(bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6, bytes.data(), address.data(),
                address.size());
    std::string out = address.data();
    if (out.empty())
      for (const std::byte byte : bytes)
        for (const unsigned shift : {4, 0})
          out += "0123456789abcdef"[std::to_integer<unsigned>(byte) >> shift & 15];
    return out + "/" + std::to_string(length);
  }
};

/// What the data of a key is.
enum class Data : std::uint8_t {
  address, ///< its type says so
  unknown, ///< it has the size of one, and nothing says what it is
  other
};

/// What a map's key type says of the bytes behind its length.
class KeyType {
public:
  KeyType(Call& call, std::size_t data_size) : call_(call), data_size_(data_size) {
    for (const char* name : {"struct in_addr", "struct in6_addr", "typedef __be32"})
      if (const auto type = call.find_type(MSC_MAP_BTF, name)) addresses_.push_back(*type);
  }

  [[nodiscard]] Data data() {
    if (data_size_ != sizeof(in_addr) && data_size_ != sizeof(in6_addr)) return Data::other;
    return call_.target.key_type == MSC_BYTES ? Data::unknown : of(call_.target.key_type, 0, 0);
  }

private:
  static constexpr std::size_t data_at = sizeof(std::uint32_t); ///< behind the length
  static constexpr unsigned deepest = 8, most_members = 64;

  /// Of a type that lies `at` bytes into the key, and holds all of the data or none.
  Data of(msc_type type, std::size_t at, unsigned depth) {
    if (std::ranges::count(addresses_, type) != 0 && at == data_at && call_.size(type) == data_size_)
      return Data::address;
    Data found = Data::unknown;
    msc_member_info member{};
    for (unsigned i = 0; i < most_members && depth < deepest && call_.member_at(type, i, member); ++i) {
      const Data inner = of(member.member, at, depth + 1);
      if (inner != Data::unknown) found = inner;
      if (found == Data::address) break; // of a union one view says it for all
    }
    return found;
  }
  Data of(const msc_member& member, std::size_t at, unsigned depth) {
    const std::size_t begin = at + member.bit_offset / 8, end = begin + call_.size(member.type);
    if (end <= data_at || begin == end) return Data::unknown; // the length, or a list without one
    const bool is_part = member.bit_size != 0 || begin > data_at || end < data_at + data_size_;
    return is_part ? Data::other : of(member.type, begin, depth);
  }

  Call& call_;
  std::size_t data_size_;
  std::vector<msc_type> addresses_;
};

/// struct lpm_trie_node: its value lies right behind its data.
struct Layout {
  std::uint32_t child = 0, length = 0, flags = 0, data = 0;

  explicit Layout(Call& call) {
    const msc_type node = call.kernel_type("struct lpm_trie_node");
    child = call.offset(node, "child");
    length = call.offset(node, "prefixlen");
    flags = call.offset(node, "flags");
    data = call.offset(node, "data");
    if (data > mapscope::builtin::smallest_page || child + 2 * sizeof(std::uint64_t) > data ||
        length + sizeof(std::uint32_t) > data || flags + sizeof(std::uint32_t) > data)
      call.fail("struct lpm_trie_node is implausible");
  }
};

class Trie {
public:
  explicit Trie(Call& call) : call_(call), look_(call), layout_(call) {
    constexpr std::uint32_t most_data = 256;       // LPM_DATA_SIZE_MAX
    constexpr std::uint32_t most_value = 16 << 20; // an element is one allocation
    const msc_type trie = call.kernel_type("struct lpm_trie");
    root_at_ = call.target.map + call.offset(trie, "root");
    entries_at_ = call.target.map + call.offset(trie, "n_entries");
    root_ = call.read<std::uint64_t>(MSC_KERNEL, root_at_);
    entries_ = call.read<std::uint64_t>(MSC_KERNEL, entries_at_);
    data_size_ = call.target.key_size - sizeof(std::uint32_t);
    if (call.target.key_size <= sizeof(std::uint32_t) || data_size_ > most_data)
      call.fail("keys are a length and 1 to 256 bytes");
    if (call.target.value_size > most_value) call.fail("values of more than 16 MiB are no trie's");
    kind_ = KeyType(call, data_size_).data();
    nodes_left_ = 2 * std::uint64_t{call.target.max_entries} + slack;
  }

  void walk() {
    if (look_.is_running()) {
      walk_running();
    } else {
      if (root_ != 0) pending_.push_back({root_, {}, false});
      while (!pending_.empty() && nodes_left_ != 0) {
        --nodes_left_;
        visit([this](Entry entry) { emit(std::move(entry)); });
        settle_bad();
      }
      is_all_ = pending_.empty();
    }
    note_gaps();
  }

private:
  static constexpr std::uint64_t slack = 64; ///< a snapshot may catch nodes that are not linked out yet
  static constexpr std::size_t most_at_once = 256, most_steps = 1 << 16; ///< entries, nodes of one look
  struct Pending {
    std::uint64_t node;
    Prefix above;
    bool child; ///< which of the two it is; the root is none and has nothing above it
  };
  struct Entry {
    Prefix prefix;
    bool has_value = false;
    std::vector<std::byte> value;
  };
  struct Bad {
    std::uint64_t node;
    bool is_lost; ///< else it contradicts what is above it
  };

  /// What changes each time is tried in smaller and smaller parts; one entry that does is left out.
  void walk_running() {
    std::size_t most = most_at_once / 4;
    while (!is_all_ && nodes_left_ != 0) {
      const auto outcome = look_.settle([&](bool) { return collect(most); });
      if (outcome != SecondLook::Outcome::changing) {
        other_values_ |= outcome == SecondLook::Outcome::other_values;
        show_batch();
        most = std::min(2 * most, most_at_once);
      } else if (most == 1) {
        if (!leave_out()) return;
      } else {
        most = std::max<std::size_t>(most / 4, 1);
        is_all_ = false;
      }
    }
  }
  /// The next entry, if one was found.
  bool leave_out() {
    ++changing_;
    is_all_ = false;
    if (batch_.empty()) return false;
    last_ = std::move(batch_.front().prefix);
    --nodes_left_;
    return true;
  }
  void show_batch() {
    settle_bad();
    nodes_left_ -= std::min<std::uint64_t>(batch_.size(), nodes_left_);
    if (!batch_.empty()) last_ = batch_.back().prefix;
    for (Entry& entry : batch_) emit(std::move(entry));
  }

  /// At most so many entries behind the last. False where something makes no sense.
  bool collect(std::size_t most) {
    batch_.clear(), bad_.clear(), pending_.clear();
    is_all_ = false;
    const auto root = look_.load<std::uint64_t>(root_at_);
    if (!root) return false;
    if (*root != 0) pending_.push_back({*root, {}, false});
    for (std::size_t steps = 0; !pending_.empty() && batch_.size() < most; ++steps) {
      if (steps == most_steps) return false;
      visit([this](Entry entry) { batch_.push_back(std::move(entry)); });
    }
    is_all_ = pending_.empty();
    return bad_.empty();
  }

  /// The node that is next, take(entry) if it is one; those below it are the next then.
  template <class Take> void visit(Take take) {
    const Pending at = std::move(pending_.back());
    pending_.pop_back();
    std::vector<std::byte> node(layout_.data + data_size_);
    if (!look_.read_into(at.node, node, node.size())) return void(bad_.push_back({at.node, true}));
    const Prefix prefix{number_at(node, layout_.length), {node.begin() + layout_.data, node.end()}};
    const bool is_root = at.above.data.empty();
    if (prefix.length > data_size_ * 8 || (!is_root && !prefix.continues(at.above, at.child)))
      return void(bad_.push_back({at.node, false}));
    const bool is_wanted = !last_ || prefix.is_behind(*last_);
    if (!is_wanted && !prefix.is_front_of(*last_)) return; // nor is anything below it
    if (is_wanted && (number_at(node, layout_.flags) & intermediate) == 0) take(read_entry(at.node, prefix));
    for (const bool child : {true, false}) // the last one pushed is visited first
      if (const std::uint64_t below = pointer_at(node, layout_.child + child * sizeof below); below != 0)
        push(below, prefix, child);
  }

  void push(std::uint64_t node, const Prefix& above, bool child) {
    if (above.length == data_size_ * 8)
      bad_.push_back({node, false}); // nothing can be longer
    else
      pending_.push_back({node, above, child});
  }

  /// Of a machine that runs a node may be met on the way to several parts.
  void settle_bad() {
    for (const Bad& bad : bad_)
      if (!look_.is_running() || seen_bad_.insert(bad.node).second) ++(bad.is_lost ? lost_ : contradicting_);
    bad_.clear();
  }

  Entry read_entry(std::uint64_t node, const Prefix& prefix) {
    Entry entry{prefix, false, std::exchange(value_, {})};
    entry.value.resize(call_.target.value_size);
    entry.has_value = look_.read_into(node + layout_.data + data_size_, entry.value, 0);
    return entry;
  }

  void emit(Entry entry) {
    const Prefix& prefix = entry.prefix;
    std::vector<std::byte> key(sizeof prefix.length);
    std::memcpy(key.data(), &prefix.length, sizeof prefix.length);
    key.insert(key.end(), prefix.data.begin(), prefix.data.end());
    call_.open_entry(key, entry.has_value ? std::optional<Bytes>(entry.value) : std::nullopt);
    call_.text("prefix", prefix.text(kind_ != Data::other));
    if (kind_ == Data::unknown) call_.flag("prefix_is_guess", true);
    call_.end();
    ++shown_;
    value_ = std::move(entry.value);
  }

  static std::uint32_t number_at(Bytes bytes, std::size_t offset) {
    std::uint32_t number = 0;
    std::memcpy(&number, bytes.data() + offset, sizeof number);
    return number;
  }

  void note_gaps() {
    say(lost_, MSC_EFAULT, "node|nodes", "could not be read, with all below them");
    say(contradicting_, MSC_EFAULT, "node contradicts|nodes contradict",
        "the prefix above them, left out with all below them");
    say(changing_, MSC_EFAULT, "entry is|entries are", "left out, having changed each time when read");
    if (other_values_ && call_.target.value_size > sizeof(std::uint64_t)) // else read as one
      call_.note(MSC_OK, (std::string("there are ") + mapscope::builtin::of_two_times).c_str());
    if (nodes_left_ == 0 && !is_all_)
      call_.note(MSC_EFAULT, "more nodes than the map may hold: the rest was given up");
    else if (lost_ + contradicting_ + changing_ == 0 && shown_ != entries_)
      say_count();
  }
  void say(std::uint64_t count, int rc, const char* forms, const char* rest) {
    if (count != 0 || rc == MSC_OK) call_.note(rc, counted(count, forms, rest).c_str());
  }

  /// The kernel changes one entry at a time, under the trie's lock; on a machine that runs, time and again.
  void say_count() {
    const bool is_caught = shown_ + 1 == entries_ || shown_ == entries_ + 1 || has_changed();
    say(entries_, is_caught ? MSC_OK : MSC_EFAULT, "entry|entries", "by the trie's own count");
  }

  bool has_changed() {
    if (!look_.is_running()) return false;
    call_.will_read(MSC_KERNEL, entries_at_, sizeof entries_);
    return look_.has_changed() || mapscope::builtin::load<std::uint64_t>(call_, entries_at_) != entries_;
  }

  static constexpr std::uint32_t intermediate = 1; // LPM_TREE_NODE_FLAG_IM: a fork without an entry

  Call& call_;
  SecondLook look_;
  Layout layout_;
  std::uint64_t root_at_ = 0, entries_at_ = 0, root_ = 0, entries_ = 0, nodes_left_ = 0;
  std::size_t data_size_ = 0;
  Data kind_ = Data::other;
  std::vector<Pending> pending_;
  std::vector<std::byte> value_; ///< room for the next one
  std::vector<Bad> bad_;         ///< of what is read now
  bool is_all_ = false;
  std::uint64_t shown_ = 0, lost_ = 0, contradicting_ = 0, changing_ = 0;
  // Of a machine that runs:
  std::optional<Prefix> last_; ///< that was shown
  std::vector<Entry> batch_;
  std::unordered_set<std::uint64_t> seen_bad_; ///< nodes
  bool other_values_ = false;
};

void render_lpm_trie(Call& call) { Trie(call).walk(); }

} // namespace

MSC_PLUGIN(render_lpm_trie, "id=mapscope.builtin.lpm_trie\0"
                            "version=" MAPSCOPE_PLUGIN_VERSION "\0"
                            "license=Apache-2.0\0"
                            "summary=tries of prefixes\0"
                            "attach=map-type:lpm_trie prio=0\0"
                            "needs=struct lpm_trie.root,n_entries\0"
                            "needs=struct lpm_trie_node.child,prefixlen,flags,data");
