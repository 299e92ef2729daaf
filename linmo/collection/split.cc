// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/split.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>

#include "linmo/core/error.h"
#include "linmo/core/random.h"

namespace linmo {
namespace {

// FNV-1a: text → 64 bits, the same everywhere; mix() does the mixing.
uint64_t text_hash(std::string_view text) {
  uint64_t h = 0xcbf29ce484222325;
  for (const char c : text) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return h;
}

struct Work {
  std::string id, culture, split;
  std::vector<size_t> members;
  uint64_t order = 0;
};

int rank(std::string_view split) {
  if (split == "train") return 0;
  if (split == "val") return 1;
  return 2;
}

}  // namespace

SplitShares parse_split(std::string_view text) {
  std::array<double, 3> values{};
  size_t count = 0;
  std::string_view rest = text;
  bool good = !rest.empty();
  while (good && !rest.empty()) {
    const size_t comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    double value = 0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), value);
    good = count < 3 && error == std::errc() && end == item.data() + item.size() && std::isfinite(value) &&
           value >= 0 && !(comma != std::string_view::npos && rest.empty());
    if (good) values[count++] = value;
  }
  const double sum = values[0] + values[1] + values[2];
  if (!good || count < 2 || !(sum > 0)) {
    fail(ErrorKind::usage, "\"{}\" is no split; write shares of train, val and test as in 0.8,0.1,0.1", text);
  }
  return {values[0] / sum, values[1] / sum, values[2] / sum};
}

int64_t assign_splits(std::vector<Picture>& pictures, const SplitShares& shares, uint64_t seed) {
  std::map<std::string, Work> works;  // ordered: nothing depends on the order of rows
  int64_t disagreements = 0;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const Picture& p = pictures[i];
    // A picture without a work id is a work of its own.
    const std::string id = p.work.empty() ? "file:" + p.file : p.work;
    Work& work = works[id];
    work.id = id;
    if (work.members.empty() || p.culture < work.culture) work.culture = p.culture;
    work.members.push_back(i);
  }
  std::map<std::string, std::vector<Work*>> strata;
  for (auto& [id, work] : works) {
    bool disagrees = false;
    for (const size_t i : work.members) {
      const std::string& split = pictures[i].split;
      if (split.empty()) continue;
      disagrees |= !work.split.empty() && work.split != split;
      if (work.split.empty() || rank(split) < rank(work.split)) work.split = split;
    }
    disagreements += disagrees;
    work.order = mix(text_hash(id), seed);
    if (work.split.empty()) strata[work.culture].push_back(&work);
  }
  for (auto& [culture, line] : strata) {
    std::sort(line.begin(), line.end(), [](const Work* a, const Work* b) {
      return std::tie(a->order, a->id) < std::tie(b->order, b->id);
    });
    double total = 0, before = 0;
    for (const Work* work : line) total += static_cast<double>(work->members.size());
    for (Work* work : line) {
      const auto size = static_cast<double>(work->members.size());
      const double middle = (before + size / 2) / total;
      before += size;
      if (middle < shares.train)
        work->split = "train";
      else if (middle < shares.train + shares.val || shares.test == 0)
        work->split = "val";
      else
        work->split = "test";
    }
  }
  for (const auto& [id, work] : works) {
    for (const size_t i : work.members) pictures[i].split = work.split;
  }
  return disagreements;
}

}  // namespace linmo
