// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/mapped_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo {
namespace {

TEST(MappedFile, HoldsTheSameReadOrMapped) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "mapped 雪";
  const std::string text(10'000, 'x');
  write_file(path, text);
  for (const uint64_t read_bytes : {uint64_t{0}, uint64_t{1} << 20}) {
    const MappedFile file(path, 10'000, read_bytes);
    file.release();
    const auto bytes = file.bytes();
    EXPECT_TRUE(std::ranges::equal(bytes, std::as_bytes(std::span(text))));
  }
  EXPECT_THROW(MappedFile(path, 9'999), Error);
  write_file(path, "");
  EXPECT_TRUE(MappedFile(path, 1, 0).bytes().empty());
  std::filesystem::remove(path);
  EXPECT_THROW(MappedFile(path, 1), Error);
}

TEST(MappedFile, AFileThatIsShortenedMeanwhileReadsAsZeros) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "shrinking";
  write_file(path, std::string(100'000, 'x'));
  {
    const MappedFile file(path, 1'000'000, 0), other(path, 1'000'000, 0);
    EXPECT_EQ(file.bytes()[50'000], std::byte{'x'});
    EXPECT_FALSE(file.shrunk());
    std::filesystem::resize_file(path, 10'000);
    EXPECT_EQ(file.bytes()[5'000], std::byte{'x'});
    EXPECT_EQ(file.bytes()[50'000], std::byte{0});
    EXPECT_EQ(file.bytes()[99'999], std::byte{0});
    EXPECT_TRUE(file.shrunk());
    EXPECT_FALSE(other.shrunk());
  }
  write_file(path, std::string(100'000, 'y'));
  const MappedFile again(path, 1'000'000, 0);
  EXPECT_FALSE(again.shrunk());
  EXPECT_EQ(again.bytes()[99'999], std::byte{'y'});
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace linmo
