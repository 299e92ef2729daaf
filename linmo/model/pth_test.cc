// SPDX-License-Identifier: Apache-2.0
// Against files that PyTorch wrote (tests/golden/make_pth.py), and against files made to do harm.
#include "linmo/model/pth.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo::model {
namespace {

std::filesystem::path golden() {
  return std::filesystem::path(LINMO_SOURCE_DIR) / "tests/golden/pth";
}

std::string pth_problem(std::span<const std::byte> bytes) {
  try {
    parse_pth(bytes, "FILE");
    return "";
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::input || error.kind() == ErrorKind::limit) << error.what();
    return error.what();
  }
}

std::string pth_problem(const std::string& text) {
  return pth_problem(std::as_bytes(std::span(text)));
}

TEST(Pth, ReadsWhatPyTorchWrote) {
  const auto expected = nlohmann::json::parse(read_text(golden() / "expected.json"));
  ASSERT_GE(expected.size(), 20u);
  for (const auto& [file, tensors] : expected.items()) {
    SCOPED_TRACE(file);
    const Checkpoint checkpoint = read_pth(golden() / file);
    EXPECT_EQ(checkpoint.tensors.size(), tensors.size());
    for (const auto& [key, want] : tensors.items()) {
      SCOPED_TRACE(key);
      const auto found = checkpoint.tensors.find(key);
      ASSERT_NE(found, checkpoint.tensors.end());
      EXPECT_EQ(name(found->second.dtype()), want["dtype"].get<std::string>());
      EXPECT_EQ(found->second.shape(), want["shape"].get<std::vector<int64_t>>());
      EXPECT_EQ(found->second.floats(), want["values"].get<std::vector<float>>());
    }
  }
}

std::vector<std::string> keys(const TensorMap& tensors) {
  std::vector<std::string> out;
  for (const auto& [key, tensor] : tensors) out.push_back(key);
  return out;
}

TEST(Pth, FindsTheStateDict) {
  const std::vector<std::string> network = {"0.bias",         "0.weight",      "1.bias",
                                            "1.running_mean", "1.running_var", "1.weight"};
  for (const char* kind : {"zip", "legacy"}) {
    const auto read = [&](const char* name) {
      return read_pth(golden() / fmt::format("{}_{}.pth", name, kind));
    };
    EXPECT_EQ(keys(state_dict(read("network"))), network);
    EXPECT_EQ(keys(state_dict(read("parallel"))), network);
    const Checkpoint nested = read("nested");
    EXPECT_EQ(main_dict(nested), "state_dict");
    EXPECT_EQ(keys(state_dict(nested)), network);
    const Checkpoint gan = read("gan");
    EXPECT_EQ(gan.dicts, (std::vector<std::string>{"discriminator", "g_ema", "generator"}));
    EXPECT_EQ(main_dict(gan), "g_ema");
    EXPECT_EQ(main_dict(read("plain")), "");
  }
  EXPECT_THROW(main_dict({}), Error);
}

TEST(Pth, HarmfulFilesAreRefused) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"system_zip", "asks Python to run posix.system"},
      {"system_legacy", "asks Python to run posix.system"},
      {"eval_zip", "asks Python to run __builtin__.eval"},
      {"eval_legacy", "asks Python to run __builtin__.eval"},
      {"namespace_zip", "argparse.Namespace"},
      {"namespace_legacy", "argparse.Namespace"},
      {"module_zip", "torch.nn.modules.linear.Identity"},
      {"module_legacy", "torch.nn.modules.linear.Identity"},
      {"load_from_bytes_zip", "torch.storage._load_from_bytes"},
      {"load_from_bytes_legacy", "torch.storage._load_from_bytes"},
      {"plain_pickle", "none of torch.save()"},
      {"truncated", "ends inside its numbers"},
      {"big_endian", "big-endian"},
      {"no_storage", "the storage 0 is missing"},
      {"short_storage", "has 4 bytes instead of 24"},
      {"torchscript", "TorchScript"},
      {"bomb", "far more than the file's size"},
      {"checksum", "cannot be unpacked"}};
  size_t files = 0;
  for (const auto& path : list_files(golden())) files += path.filename().string().starts_with("hostile_");
  EXPECT_EQ(files, cases.size());
  for (const auto& [name, reason] : cases) {
    const auto path = golden() / ("hostile_" + name + ".pth");
    try {
      read_pth(path);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << name << ": " << error.what();
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
    }
  }
}

TEST(Pth, EveryTruncationIsRefused) {
  for (const char* file : {"nested_zip.pth", "nested_legacy.pth", "python2_legacy.pth"}) {
    const std::vector<std::byte> bytes = read_file(golden() / file);
    for (size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_NE(pth_problem(std::span(bytes).first(size)), "") << file << " cut to " << size;
    }
  }
}

// An old-format file around one pickle, without storages.
std::string legacy(const std::string& pickle) {
  using namespace std::string_literals;
  return "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s + "\x80\x02M\xe9\x03."s +
         "\x80\x02}."s + "\x80\x02"s + pickle + "." + "\x80\x02]."s;
}

std::string repeat(const std::string& text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

// A tensor of a storage that says it has `count` numbers (pickle opcodes), with this shape and stride.
std::string tensor(const std::string& count, const std::string& offset, const std::string& shape,
                   const std::string& stride) {
  return "ctorch._utils\n_rebuild_tensor\n((U\x07storagectorch\nFloatStorage\nU\x01"
         "0U\x03"
         "cpu" +
         count + "tQ" + offset + shape + stride + "tR";
}

TEST(Pth, HarmfulPicklesAreRefused) {
  using namespace std::string_literals;
  EXPECT_EQ(pth_problem(legacy("}")), "");
  const std::string large = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"s;  // 2^63 − 1
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"cos\nsystem\n(U\x04trueddtR", "asks Python to run os.system"},
      {"(U\x04trueios\nsystem\n", "asks Python to run os.system"},
      {"\x8c\x02os\x8c\x06system\x93)R"s, "asks Python to run os.system"},
      {"ctorch\n__import__\n", "asks Python to run torch.__import__"},
      {"ccollections.OrderedDict\nfromkeys\n", "asks Python to run"},
      {"c\xff\x1b[31m\nx\n", "asks Python to run ??[31m.x"},  // no terminal codes in messages
      {"ccollections\nOrderedDict\n)\x81", "opcode 0x81"},    // NEWOBJ
      {"ccollections\nOrderedDict\n}b", "wrong kind"},        // attributes of a class
      {"ctorch\nFloatStorage\n)R", "no sense"},
      {"ccollections\nOrderedDict\nK\x01\x85R", "no sense"},
      {")}b", "wrong kind"},
      {"K\x01Q", "not a storage"},
      {"(U\x06moduleNNNNtQ", "not a storage"},
      {"\x97", "opcode 0x97"},
      {"R", "missing"},
      {"a", "missing"},
      {"t", "mark is missing"},
      {"(", "left over"},
      {"}}", "left over"},
      {"h\x07", "never written"},
      {"}K\x01K\x02K\x03\x87R", "wrong kind"},
      {"}(K\x01u", "no value"},
      {"X\xff\xff\xff\xff", "too early"},
      {"\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "too early"},
      {"\x80\x09}", "protocol"},
      // Work and memory.
      {repeat("N0", 1'100'000) + "}", "steps"},
      {"]" + repeat("2", 2'100'000), "steps"},
      // A list of 1000 pairs, made into a dict again and again.
      {"](" + repeat("]2a", 0) + repeat("(NNt", 1000) + "eq\x01" + "ccollections\nOrderedDict\nq\x02" +
           repeat("h\x02h\x01\x85R0", 3000) + "0",
       "steps"},
      // Nesting.
      {repeat("(", 1000) + "}" + repeat("t", 1000), "nests"},
      {"]q\x01h\x01" + "a"s, "nests"},  // a list inside itself
      // Thirty lists, each holding the one before twice: a thousand million tensors, if they were counted
      // out.
      {"]" + repeat("q\x01](h\x01h\x01" + "e"s, 30), "values"},
      // Storages and views.
      {tensor(large, "K\x00"s, "K\x02\x85", "K\x01\x85"), "not a storage"},
      {tensor("J\xff\xff\xff\xff", "K\x00"s, "K\x02\x85", "K\x01\x85"), "not a storage"},
      {tensor("K\x02", "K\x01", "K\x02\x85", "K\x01\x85"), "no sense"},
      {tensor("K\x02", large, "K\x02\x85", "K\x01\x85"), "no sense"},
      {tensor("K\x02", "K\x00"s, large + large + "\x86", "K\x00K\x00\x86"s), "no sense"},
      {tensor("K\x02", "K\x00"s, large + "\x85", large + "\x85"), "no sense"},
      {tensor("K\x02", "K\x00"s, "J\xff\xff\xff\xff\x85", "K\x01\x85"), "no sense"},
      {tensor("K\x02", "K\x00"s, "K\x02\x85", "J\xff\xff\xff\xff\x85"), "no sense"},
      {tensor("K\x02", "K\x00"s, "K\x02\x85", "K\x01K\x01\x86"), "no sense"},
      {tensor("K\x02", "K\x00"s, "J\xff\xff\xff\x7f\x85", "K\x00\x85"s), "far more memory"},
      {tensor("K\x02", "K\x00"s, "K\x02\x85", "K\x01\x85"), "is missing"},
      {"}X\x00\x08\x00\x00"s + std::string(2048, 'x') + tensor("K\x02", "K\x00"s, "K\x02\x85", "K\x01\x85") +
           "s",
       "name of more than"},
  };
  for (const auto& [pickle, reason] : cases) {
    const std::string what = pth_problem(legacy(pickle));
    EXPECT_NE(what.find(reason), std::string::npos) << "wanted: " << reason << "\ngot: " << what;
  }
}

TEST(Pth, OtherFilesAreNamed) {
  EXPECT_NE(pth_problem(std::string("GIF89a")).find("not a PyTorch checkpoint"), std::string::npos);
  EXPECT_NE(pth_problem(std::string()).find("empty"), std::string::npos);
  EXPECT_NE(pth_problem(std::string("PK\x03\x04 and nothing more")).find("damaged"), std::string::npos);
  EXPECT_THROW(read_pth(golden() / "none.pth"), Error);
}

}  // namespace
}  // namespace linmo::model
