// SPDX-License-Identifier: Apache-2.0
// Files with types that a person names: those that are, and all that are not.
#include "host/btf/types_file.hpp"
#include "tests/support/btf_builder.hpp"
#include "tests/support/elf_vmlinux.hpp"
#include "tests/support/run_program.hpp"

#include <cstring>
#include <filesystem>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mapscope::test {
namespace {

using btf::TypesFile;
using testing::HasSubstr;
using testing::StartsWith;

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string event_types() {
  BtfBuilder b;
  b.record("event", {{"pid", b.u32()}, {"cpu", b.u32()}});
  return text_of(b.raw());
}

std::string object_with(const std::string& types, std::uint32_t section_type = SHT_PROGBITS) {
  VmlinuxWriter elf;
  elf.add(".text", SHT_PROGBITS, "code");
  elf.add(".BTF", section_type, types);
  return elf.bytes();
}

template <class Number> std::string with(std::string bytes, std::size_t at, Number number) {
  std::memcpy(bytes.data() + at, &number, sizeof number);
  return bytes;
}

class TypesFiles : public testing::Test {
protected:
  /// What is wrong with a file of this content, behind its name.
  std::string wrong(const std::string& content) {
    const auto read = TypesFile::read(scratch_.file("x.o", content));
    if (read) return "nothing";
    EXPECT_EQ(read.error().code, Errc::usage) << read.error().text;
    return behind_name(read.error().text);
  }
  std::string behind_name(const std::string& text) {
    const std::string name = (scratch_ / "x.o").string() + ": ";
    EXPECT_THAT(text, StartsWith(name));
    return text.substr(std::min(text.size(), name.size()));
  }
  Result<std::shared_ptr<const btf::Types>> types(const std::string& content,
                                                  const std::shared_ptr<const btf::Types>& kernel = nullptr) {
    const auto file = TypesFile::read(scratch_.file("x.o", content));
    if (!file) return std::unexpected(file.error());
    return file->types(kernel);
  }
  Scratch scratch_;
};

TEST_F(TypesFiles, RawAndInAnObject) {
  for (const std::string& content : {event_types(), object_with(event_types())}) {
    const auto read = types(content);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ((*read)->name(), (scratch_ / "x.o").string());
    const auto event = (*read)->find("struct event");
    ASSERT_TRUE(event);
    EXPECT_EQ(*(*read)->size(*event), 8U);
  }
}

TEST_F(TypesFiles, ThatAreNotThere) {
  const auto read = TypesFile::read((scratch_ / "x.o").string());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::io);
  EXPECT_EQ(behind_name(read.error().text), "cannot open: No such file or directory; check the path");
}

TEST_F(TypesFiles, ThatAreNoFiles) {
  std::filesystem::create_directory(scratch_ / "x.o");
  EXPECT_EQ(behind_name(TypesFile::read((scratch_ / "x.o").string()).error().text),
            "is a directory; give a file in it");
  std::filesystem::remove(scratch_ / "x.o");
  ASSERT_EQ(::mkfifo((scratch_ / "x.o").c_str(), 0600), 0);
  EXPECT_THAT(behind_name(TypesFile::read((scratch_ / "x.o").string()).error().text),
              StartsWith("is a pipe or a socket, "));
  EXPECT_EQ(TypesFile::read("/dev/zero").error().text,
            "/dev/zero: is not a regular file; give an ELF object with .BTF, or raw BTF");
  EXPECT_THAT(TypesFile::read(scratch_.file("empty", "")).error().text, HasSubstr("the file is empty"));
}

TEST_F(TypesFiles, WithoutTypes) {
  EXPECT_EQ(wrong("#include <vmlinux.h>\n"),
            "holds no types: BTF begins with 0xeb9f, and this with 0x6923; give "
            "an ELF object with .BTF, or raw BTF");
  EXPECT_THAT(wrong("x"), StartsWith("holds no types"));
  EXPECT_THAT(wrong("\177ELF"), HasSubstr("it ends in its header"));
  VmlinuxWriter without;
  without.add(".text", SHT_PROGBITS, "code");
  EXPECT_THAT(wrong(without.bytes()), StartsWith("an ELF file without types (.BTF); compile it with -g"));
  EXPECT_THAT(wrong(object_with(event_types(), SHT_NOBITS)), StartsWith("an ELF file without types"));
  EXPECT_THAT(wrong(object_with("no types at all")), StartsWith("holds no types"));
}

TEST_F(TypesFiles, OfTheOtherByteOrder) {
  EXPECT_THAT(wrong(with(event_types(), 0, std::uint16_t{0x9feb})),
              StartsWith("BTF of a big-endian machine"));
  const auto object = object_with(event_types());
  EXPECT_THAT(wrong(with(object, EI_DATA, std::uint8_t{ELFDATA2MSB})), StartsWith("a big-endian ELF file"));
  EXPECT_THAT(wrong(with(object, EI_CLASS, std::uint8_t{ELFCLASS32})), StartsWith("a 32-bit ELF file"));
}

TEST_F(TypesFiles, CutAnywhere) {
  const auto raw = event_types(), object = object_with(raw);
  for (std::size_t size = 1; size < raw.size(); ++size)
    EXPECT_FALSE(TypesFile::read(scratch_.file("x.o", raw.substr(0, size)))) << size;
  for (std::size_t size = 1; size < object.size(); ++size)
    EXPECT_FALSE(TypesFile::read(scratch_.file("x.o", object.substr(0, size)))) << size;
  EXPECT_THAT(wrong(raw.substr(0, raw.size() - 1)), StartsWith("BTF that was cut short: "));
}

TEST_F(TypesFiles, WhoseSectionsLie) {
  const auto object = object_with(event_types());
  Elf64_Ehdr header;
  std::memcpy(&header, object.data(), sizeof header);
  const auto at = [&](std::size_t section, std::size_t field) {
    return header.e_shoff + section * sizeof(Elf64_Shdr) + field;
  };
  for (const std::uint64_t number : {~0ULL, 1ULL << 63, ~0ULL - 63, 1ULL << 32}) {
    EXPECT_THAT(wrong(with(object, offsetof(Elf64_Ehdr, e_shoff), number)), StartsWith("a damaged ELF file"));
    EXPECT_THAT(wrong(with(object, at(2, offsetof(Elf64_Shdr, sh_size)), number)),
                HasSubstr("behind its end"));
    EXPECT_THAT(wrong(with(object, at(2, offsetof(Elf64_Shdr, sh_offset)), number)),
                HasSubstr("behind its end"));
    EXPECT_THAT(wrong(with(object, at(3, offsetof(Elf64_Shdr, sh_size)), number)), HasSubstr("the names"));
    auto many = with(object, offsetof(Elf64_Ehdr, e_shnum), std::uint16_t{0});
    EXPECT_THAT(wrong(with(many, at(0, offsetof(Elf64_Shdr, sh_size)), number)), HasSubstr("sections"));
  }
  EXPECT_THAT(wrong(with(object, at(2, offsetof(Elf64_Shdr, sh_flags)), std::uint64_t{SHF_COMPRESSED})),
              StartsWith("its .BTF is compressed"));
  EXPECT_THAT(wrong(with(object, offsetof(Elf64_Ehdr, e_shentsize), std::uint16_t{1})),
              HasSubstr("odd size"));
  EXPECT_THAT(wrong(with(object, offsetof(Elf64_Ehdr, e_shstrndx), std::uint16_t{77})),
              HasSubstr("no names"));
  EXPECT_THAT(wrong(with(with(object, offsetof(Elf64_Ehdr, e_shoff), std::uint64_t{0}),
                         offsetof(Elf64_Ehdr, e_shstrndx), std::uint16_t{77})),
              StartsWith("an ELF file without types"));
  EXPECT_THAT(wrong(with(object, at(2, 0), 0xffffffffU)), StartsWith("an ELF file without types"));
}

/// Sparse: it has the size and takes no room.
TEST_F(TypesFiles, BeyondAllMeasure) {
  const std::string path = scratch_.file("x.o", event_types());
  ASSERT_EQ(::truncate(path.c_str(), off_t{1} << 40), 0);
  const auto read = TypesFile::read(path);
  ASSERT_FALSE(read);
  EXPECT_THAT(behind_name(read.error().text),
              StartsWith("1099511627776 bytes of types, and no more than 256 MiB are read"));
}

TEST_F(TypesFiles, OfAnObjectOnlyTheSectionCounts) {
  const std::string path = scratch_.file("x.o", object_with(event_types()));
  ASSERT_EQ(::truncate(path.c_str(), off_t{1} << 40), 0);
  EXPECT_TRUE(TypesFile::read(path));
}

TEST_F(TypesFiles, EveryByteMayBeAnother) {
  const auto raw = event_types();
  for (std::size_t i = 0; i < raw.size(); ++i)
    for (const unsigned char byte : {0x00, 0x01, 0x7f, 0xff}) {
      const auto read = types(with(raw, i, byte));
      if (read) (void)(*read)->find("struct event");
    }
}

TEST_F(TypesFiles, SplitGoesOnFromTheKernels) {
  BtfBuilder kernel;
  const auto number = kernel.u32(), list = kernel.record("list_head", {{"next", number}, {"prev", number}});
  auto module = BtfBuilder::split_on(kernel);
  module.record("of_module", {{"list", list}, {"id", number}});
  const auto vmlinux = kernel.types("vmlinux");
  const auto content = text_of(module.raw());
  const auto read = types(content, vmlinux);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_TRUE((*read)->find("struct of_module"));
  EXPECT_EQ(behind_name(types(content).error().text),
            "split BTF, which goes on from a kernel's own types, and these are not known here; give one that "
            "stands alone");
}

TEST_F(TypesFiles, SplitOfAnotherKernel) {
  BtfBuilder kernel, other;
  const auto number = kernel.u64();
  kernel.record("list_head", {{"next", number}});
  other.record("another_name_of_some_length", {{"member", other.u32()}});
  auto module = BtfBuilder::split_on(kernel);
  module.record("of_module", {{"id", number}});
  const auto read = types(text_of(module.raw()), other.types("vmlinux"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::usage);
  EXPECT_THAT(behind_name(read.error().text), StartsWith("split BTF, "));
}

} // namespace
} // namespace mapscope::test
