// SPDX-License-Identifier: Apache-2.0
// What Debian 13's static libelf lacks: its libelf.a (0.192) calls functions of elfutils' own libeu.a, which
// no package ships. Only elf_getdata_rawchunk() uses the tree, from one thread here, so a plain tsearch(3)
// serves. Weak, and never pulled in elsewhere: a libelf that brings its own wins.
#include <search.h>

extern "C" {

/// The first member of libelf's search_tree (lib/eu-search.h); a lock follows, which one thread does not
/// need.
struct search_tree {
  void* root;
};
using comparison = int (*)(const void*, const void*);

[[gnu::weak]] void eu_search_tree_init(search_tree* tree) { tree->root = nullptr; }
[[gnu::weak]] void eu_search_tree_fini(search_tree* tree, void (*free_node)(void*)) {
  tdestroy(tree->root, free_node);
}
[[gnu::weak]] void* eu_tsearch(const void* key, search_tree* tree, comparison compare) {
  return tsearch(key, &tree->root, compare);
}
[[gnu::weak]] void* eu_tfind(const void* key, search_tree* tree, comparison compare) {
  return tfind(key, &tree->root, compare);
}
[[gnu::weak]] void* eu_tdelete(const void* key, search_tree* tree, comparison compare) {
  return tdelete(key, &tree->root, compare);
}

} // extern "C"
