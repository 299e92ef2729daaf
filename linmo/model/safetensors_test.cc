// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/safetensors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/temporary_folder_test.h"

namespace linmo::model {
namespace {

TEST(Tensor, CopiesShareAndConvert) {
  const Tensor t = Tensor::from_floats({2, 2}, std::vector<float>{1, -2, 0.5f, 3});
  const Tensor copy = t;
  EXPECT_EQ(copy.bytes().data(), t.bytes().data());
  EXPECT_EQ(copy.count(), 4);
  EXPECT_EQ(t.to(DType::bf16).floats(), t.floats());
  EXPECT_EQ(Tensor(DType::i64, {3}).floats(), std::vector<float>(3));
  EXPECT_THROW(Tensor(DType::f32, {int64_t{1} << 40, int64_t{1} << 40}), Error);
  EXPECT_THROW(Tensor(DType::f32, {-1}), Error);
  EXPECT_THROW(Tensor::from_floats({3}, std::vector<float>{1}), Error);
  EXPECT_EQ(Tensor(DType::f32, {0, int64_t{1} << 62, 8}).count(), 0);
  EXPECT_EQ(Tensor(DType::f32, {}).count(), 1);
}

uint16_t bits(float value, DType dtype) {
  const Tensor t = Tensor::from_floats({1}, std::vector<float>{value}).to(dtype);
  uint16_t out;
  std::memcpy(&out, t.bytes().data(), 2);
  return out;
}

// Values worked out by hand from IEEE 754 (binary16) and from bfloat16 = the upper half of binary32.
TEST(Tensor, HalfRoundsToNearestEven) {
  EXPECT_EQ(bits(1.0f, DType::f16), 0x3c00);
  EXPECT_EQ(bits(-2.0f, DType::f16), 0xc000);
  EXPECT_EQ(bits(1.0f + 0x1p-11f, DType::f16), 0x3c00);  // a tie, to the even neighbour below
  EXPECT_EQ(bits(1.0f + 0x3p-11f, DType::f16), 0x3c02);  // a tie, to the even neighbour above
  EXPECT_EQ(bits(1.0f + 0x1.01p-11f, DType::f16), 0x3c01);
  EXPECT_EQ(bits(65504.0f, DType::f16), 0x7bff);
  EXPECT_EQ(bits(65519.99f, DType::f16), 0x7bff);
  EXPECT_EQ(bits(65520.0f, DType::f16), 0x7c00);
  EXPECT_EQ(bits(0x1p-24f, DType::f16), 0x0001);
  EXPECT_EQ(bits(0x1p-25f, DType::f16), 0x0000);
  EXPECT_EQ(bits(0x1.8p-24f, DType::f16), 0x0002);
  EXPECT_EQ(bits(0x1p-14f, DType::f16), 0x0400);
  EXPECT_EQ(bits(0x1.ffcp-15f, DType::f16), 0x0400);  // rounds up out of the subnormals
  EXPECT_EQ(bits(-0.0f, DType::f16), 0x8000);
  EXPECT_EQ(bits(INFINITY, DType::f16), 0x7c00);
  EXPECT_EQ(bits(NAN, DType::f16) & 0x7e00, 0x7e00);
  EXPECT_EQ(bits(1.0f + 0x1p-8f, DType::bf16), 0x3f80);
  EXPECT_EQ(bits(1.0f + 0x3p-8f, DType::bf16), 0x3f82);
  EXPECT_EQ(bits(std::numeric_limits<float>::max(), DType::bf16), 0x7f80);
  EXPECT_EQ(bits(NAN, DType::bf16) & 0x7fc0, 0x7fc0);
}

TEST(Tensor, EveryHalfComesBack) {
  Tensor all(DType::f16, {65536});
  for (uint32_t i = 0; i < 65536; ++i) {
    const auto h = static_cast<uint16_t>(i);
    std::memcpy(all.mutable_bytes().data() + 2 * i, &h, 2);
  }
  const Tensor back = Tensor::from_floats({65536}, all.floats()).to(DType::f16);
  for (uint32_t i = 0; i < 65536; ++i) {
    uint16_t h;
    std::memcpy(&h, back.bytes().data() + 2 * i, 2);
    const bool is_nan = (i & 0x7c00) == 0x7c00 && (i & 0x3ff);
    if (!is_nan) {
      ASSERT_EQ(h, i);
    }
  }
}

Safetensors sample() {
  Safetensors s;
  s.tensors["b.weight"] = Tensor::from_floats({2, 1, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  s.tensors["a.half"] = Tensor::from_floats({3}, std::vector<float>{0.5f, -1, 2}).to(DType::f16);
  s.tensors["雪.count"] = Tensor(DType::i64, {});
  s.tensors["empty"] = Tensor(DType::u8, {0, 4});
  s.tensors["flag"] = Tensor(DType::boolean, {5});
  s.metadata["note"] = "山水 \"quoted\"\n";
  return s;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() && std::ranges::equal(a.bytes(), b.bytes());
}

bool same(const Safetensors& a, const Safetensors& b) {
  if (a.metadata != b.metadata || a.tensors.size() != b.tensors.size()) return false;
  return std::ranges::all_of(a.tensors, [&](const auto& item) {
    const auto other = b.tensors.find(item.first);
    return other != b.tensors.end() && same(item.second, other->second);
  });
}

TEST(Safetensors, RoundTrip) {
  const TemporaryFolder folder;
  const Safetensors content = sample();
  for (const bool checksum : {false, true}) {
    const auto path = folder / "雪景.safetensors";
    write_safetensors(path, content, checksum);
    EXPECT_TRUE(same(read_safetensors(path), content));
    const std::vector<std::byte> bytes = format_safetensors(content, checksum);
    EXPECT_EQ(read_file(path), bytes);
    EXPECT_TRUE(same(parse_safetensors(bytes, "memory"), content));
    // Bytes 0 … 7 hold the header's length.
    EXPECT_EQ((8 + std::to_integer<size_t>(bytes[0]) + 256 * std::to_integer<size_t>(bytes[1])) % 16, 0u);
    const std::string header(reinterpret_cast<const char*>(bytes.data()) + 8, 600);
    EXPECT_EQ(header.find("linmo_sha256") != std::string::npos, checksum);
  }
}

TEST(Safetensors, DamageIsNoticed) {
  const std::vector<std::byte> good = format_safetensors(sample());
  std::vector<std::byte> bad = good;
  bad.back() ^= std::byte{1};
  EXPECT_THROW(parse_safetensors(bad, "memory"), Error);
  for (size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_THROW(parse_safetensors(std::span(good).first(cut), "memory"), Error) << cut;
  }
}

// A file with this header and this many zero bytes behind it.
std::string parse_problem(std::string header, size_t data) {
  std::string text(8, '\0');
  for (size_t i = 0; i < 8; ++i) text[i] = static_cast<char>(header.size() >> (8 * i) & 0xff);
  text += header + std::string(data, '\0');
  try {
    parse_safetensors(std::as_bytes(std::span(text)), "FILE");
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_TRUE(std::string_view(error.what()).starts_with("FILE")) << error.what();
    return error.what();
  }
}

TEST(Safetensors, HostileHeadersAreRefused) {
  const std::string x = R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  EXPECT_EQ(parse_problem(x, 8), "");
  EXPECT_EQ(parse_problem(x + "   ", 8), "");
  EXPECT_EQ(parse_problem("{}", 0), "");
  struct Case {
    std::string header;
    size_t data;
    std::string reason;
  };
  const std::vector<Case> cases = {
      {x, 7, "describes 8 bytes"},
      {x, 9, "describes 8 bytes"},
      {" " + x, 8, "begin with"},
      {x + "x", 8, "not JSON"},
      {R"({"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8, "cannot lie"},
      {R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, "cannot lie"},
      {R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}})", 8, "cannot lie"},
      {R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12, "begins at 4"},
      {R"({"x":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}})", 8, "F99"},
      {R"({"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, "negative"},
      {R"({"x":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}})", 8, "fraction"},
      {R"({"x":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,8]}})", 8, "cannot lie"},
      {R"({"x":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]}})", 8, "too large"},
      {R"({"x":{"dtype":"F32","shape":[2]}})", 8, "no dtype"},
      {R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}})", 8, "wrong place"},
      {R"({"x":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}})", 8, "twice"},
      {R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
       R"("x":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})",
       16, "twice"},
      {R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
       R"("y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
       12, "overlap"},
      {R"({"x":{"dtype":{"a":1}}})", 0, "nests"},
      {R"({"x":[1]})", 0, "wrong place"},
      {R"({"__metadata__":{"a":1}})", 0, "wrong place"},
      {R"({"__metadata__":{"a":[]}})", 0, "wrong place"},
      {R"({"x":null})", 0, "null"},
      {"[]", 0, "begin with"},
      {"{" + std::string(1 << 20, '['), 0, "not JSON"},
      {R"({"x":{"shape":)" + std::string(1 << 20, '['), 0, "wrong place"},
      {R"({"\xff":{}})", 0, "not JSON"},
  };
  for (const Case& c : cases)
    EXPECT_NE(parse_problem(c.header, c.data).find(c.reason), std::string::npos)
        << c.header.substr(0, 100) << "\n  " << parse_problem(c.header, c.data);
  std::string huge(16, '\xff');
  EXPECT_THROW(parse_safetensors(std::as_bytes(std::span(huge)), "memory"), Error);
}

TEST(Safetensors, MissingFilesAndFoldersAreNamed) {
  const TemporaryFolder folder;
  for (const auto& path : {folder / "none.safetensors", folder / "."}) {
    try {
      read_safetensors(path);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::io);
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
    }
  }
}

TEST(Safetensors, NothingBadIsWritten) {
  Safetensors s;
  s.tensors["__metadata__"] = Tensor(DType::f32, {1});
  EXPECT_THROW(format_safetensors(s), Error);
  EXPECT_THROW(format_safetensors({{}, {{"a", "\xff"}}}), Error);
  EXPECT_THROW(format_safetensors({{{"default", Tensor()}}, {}}), Error);
}

}  // namespace
}  // namespace linmo::model
