// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/archive.h"

#include <gtest/gtest.h>
#include <zip.h>

#include "linmo/collection/test_pictures.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo {
namespace {
namespace fs = std::filesystem;

void write_zip(const fs::path& path, const std::vector<std::pair<std::string, std::string>>& files,
               const std::string& link = {}, const std::string& secret = {}) {
  int code = 0;
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  ASSERT_NE(zip, nullptr);
  for (const auto& [name, text] : files) {
    const auto index = zip_file_add(zip, name.c_str(), zip_source_buffer(zip, text.data(), text.size(), 0),
                                    ZIP_FL_ENC_UTF_8);
    ASSERT_GE(index, 0) << name;
    if (name == link) zip_file_set_external_attributes(zip, index, 0, ZIP_OPSYS_UNIX, 0120777u << 16);
    if (name == secret) zip_file_set_encryption(zip, index, ZIP_EM_AES_256, "password");
  }
  ASSERT_EQ(zip_close(zip), 0);
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Archive, KnowsSafeNames) {
  EXPECT_EQ(safe_entry_name("a/b.jpg"), "a/b.jpg");
  EXPECT_EQ(safe_entry_name("./a//b\\山.jpg"), "a/b/山.jpg");
  for (const std::string bad : {"", "/etc/passwd", "../x", "a/../../x", "a\\..\\x", "C:\\x", "c:x", "./c:x",
                                ".\\::/x", "a\nb", "..", "/", "a\x80"})
    EXPECT_EQ(safe_entry_name(bad), std::nullopt) << bad;
  EXPECT_EQ(safe_entry_name(std::string(250, 'x')), std::nullopt);
  EXPECT_EQ(safe_entry_name("a/..b/c..jpg"), "a/..b/c..jpg");
}

TEST(Archive, ListsReadsAndRefuses) {
  const TestFolder folder("archive_test");
  const std::string zeros(8 << 20, '\0');
  write_zip(folder / "a.zip",
            {{"山水/雪.jpg", "snow"},
             {"../evil.jpg", "x"},
             {"/abs.jpg", "x"},
             {"link.jpg", "/etc/passwd"},
             {"bomb.png", zeros},
             {".hidden.jpg", "x"},
             {"__MACOSX/._a.jpg", "x"},
             {"locked.png", "secret"}},
            "link.jpg", "locked.png");
  const ZipArchive archive(folder / "a.zip");
  std::map<std::string, ArchiveEntry> entries;
  for (const ArchiveEntry& e : archive.entries()) entries[e.name] = e;
  ASSERT_EQ(entries.size(), 6u);
  EXPECT_EQ(entries.at("山水/雪.jpg").refusal, "");
  EXPECT_EQ(text_of(archive.read(entries.at("山水/雪.jpg"))), "snow");
  for (const char* name : {"../evil.jpg", "/abs.jpg", "link.jpg", "bomb.png", "locked.png"}) {
    EXPECT_NE(entries.at(name).refusal, "") << name;
    EXPECT_THROW(archive.read(entries.at(name)), Error) << name;
  }
}

TEST(Archive, KeepsItsLimits) {
  const TestFolder folder("archive_limits_test");
  write_zip(folder / "a.zip", {{"a", "0123456789"}, {"b", "0123456789"}});
  EXPECT_THROW(ZipArchive(folder / "a.zip", {.max_entries = 1}), Error);
  EXPECT_THROW(ZipArchive(folder / "a.zip", {.max_total_bytes = 19}), Error);
  EXPECT_NE(ZipArchive(folder / "a.zip", {.max_entry_bytes = 9}).entries()[0].refusal, "");
  const std::vector<std::byte> bytes = read_file(folder / "a.zip");
  EXPECT_EQ(ZipArchive(bytes, "memory").entries().size(), 2u);
  EXPECT_TRUE(is_zip(bytes));
}

TEST(Archive, AnswersDamageWithAnError) {
  const TestFolder folder("archive_damage_test");
  write_zip(folder / "a.zip", {{"a", std::string(1000, 'x') + "y"}});
  std::vector<std::byte> bytes = read_file(folder / "a.zip");
  EXPECT_THROW(ZipArchive(std::span(bytes).first(bytes.size() / 2), "cut"), Error);
  bytes[40] ^= std::byte{0xFF};  // inside the packed data
  try {
    const ZipArchive archive(bytes, "bad");
    EXPECT_THROW(archive.read(archive.entries().at(0)), Error);
  } catch (const Error&) {
  }
  EXPECT_THROW(ZipArchive(folder / "none.zip"), Error);
}

}  // namespace
}  // namespace linmo
