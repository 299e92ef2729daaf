// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/data.h"

#include <algorithm>
#include <map>
#include <optional>

#include "linmo/collection/manifest.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"
#include "linmo/core/random.h"
#include "linmo/image/codec.h"
#include "linmo/model/styles.h"

namespace linmo::train {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kHoldOutStream = 0x3000;

std::optional<fs::path> child(const fs::path& folder, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (fs::is_directory(folder / name)) return folder / name;
  }
  return std::nullopt;
}

class Finder {
 public:
  Finder(const TrainSettings& settings, EventSink& sink) : s_(settings), sink_(sink) {}

  // Good pictures below a folder, refused ones go to the list.
  std::vector<fs::path> pictures(const fs::path& folder, std::string_view what) {
    if (!fs::exists(folder)) {
      fail(ErrorKind::input, "the {} folder {} does not exist; check --{}", what, to_utf8(folder), what);
    }
    // A collection's own manifest says which of its pictures are for training; its contact sheet is not one.
    const std::vector<fs::path> files = collection_files(folder, what == "test" ? "test" : "train");
    // Half a crop: smaller pictures would be mostly made up by the enlargement.
    const int64_t min_side = std::min<int64_t>(kMinSide, s_.size / 2);
    std::vector<fs::path> good;
    int64_t others = 0;
    for (ScannedFile& file :
         check_pictures(files, kScanLimits, min_side, sink_, static_cast<int>(s_.threads))) {
      if (file.accepted())
        good.push_back(file.path);
      else if (file.refused())
        data.refused.push_back(std::move(file));
      else
        ++others;
    }
    // Headers can lie. Where a side has only a handful, whether two are good must be known before anything
    // starts.
    if (good.size() <= kFew) std::erase_if(good, [&](const fs::path& file) { return !decodes(file); });
    if (s_.max_pictures > 0 && static_cast<int64_t>(good.size()) > s_.max_pictures)
      good.resize(static_cast<size_t>(s_.max_pictures));
    if (good.size() < 2) {
      std::string why;
      for (size_t i = 0; i < std::min<size_t>(3, data.refused.size()); ++i) {
        why += fmt::format("\n  {}: {}", to_utf8(data.refused[i].path), data.refused[i].reason);
      }
      fail(ErrorKind::input,
           "{} has {} usable picture{} for --{}, and at least 2 are needed ({} refused, {} other files){}",
           to_utf8(folder), good.size(), good.size() == 1 ? "" : "s", what, data.refused.size(), others, why);
    }
    return good;
  }

  static std::vector<Source> whole(const std::vector<fs::path>& files) {
    std::vector<Source> sources;
    for (const fs::path& f : files) sources.push_back({f, Source::Part::whole});
    return sources;
  }

  void side_by_side(const fs::path& folder, std::vector<Source>& content, std::vector<Source>& truth) {
    const bool a_to_b = s_.direction == "AtoB";
    for (const fs::path& f : pictures(folder, "content")) {
      content.push_back({f, a_to_b ? Source::Part::left : Source::Part::right});
      truth.push_back({f, a_to_b ? Source::Part::right : Source::Part::left});
    }
  }

  void match_names(const fs::path& content, const fs::path& style, std::vector<Source>& a,
                   std::vector<Source>& b) {
    std::map<std::string, fs::path> truths;
    const auto stem = [](const fs::path& file, const fs::path& root) {
      return to_utf8(fs::relative(file, root).replace_extension());
    };
    for (const fs::path& f : pictures(style, "style")) truths[stem(f, style)] = f;
    size_t unmatched = 0;
    for (const fs::path& f : pictures(content, "content")) {
      const auto it = truths.find(stem(f, content));
      if (it == truths.end()) {
        ++unmatched;
        continue;
      }
      a.push_back({f, Source::Part::whole});
      b.push_back({it->second, Source::Part::whole});
    }
    if (unmatched > 0)
      sink_.warn(fmt::format("{} content pictures have no true result of the same name and are not used",
                             unmatched));
    if (a.size() < 2) {
      fail(ErrorKind::input,
           "only {} pictures of {} have a picture of the same name in {}; --method paired needs pairs",
           a.size(), to_utf8(content), to_utf8(style));
    }
  }

  // A folder a style; ScannedFile.refused() of what lies beside them.
  void folders_of_styles(const fs::path& folder) {
    if (!fs::is_directory(folder))
      fail(ErrorKind::input, "the style folder {} does not exist; check --style", to_utf8(folder));
    std::vector<fs::path> folders;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (to_utf8(entry.path().filename()).starts_with('.')) continue;
      if (entry.is_directory()) {
        folders.push_back(entry.path());
        continue;
      }
      ScannedFile beside;
      beside.path = entry.path();
      beside.reason = "lies beside the folders of the styles, and belongs to none";
      data.refused.push_back(std::move(beside));
    }
    std::sort(folders.begin(), folders.end());
    if (folders.size() < 2)
      fail(ErrorKind::input,
           "{} holds {} folder{}, and --method multi needs two or more, one for each style; for a single "
           "style "
           "take --method swift",
           to_utf8(folder), folders.size(), folders.size() == 1 ? "" : "s");
    for (const fs::path& one : folders) {
      data.styles.push_back(to_utf8(one.filename()));
      model::check_style_name(data.styles.back());
      for (Source& source : whole(pictures(one, "style"))) {
        source.style = data.styles.size() - 1;
        data.style.push_back(std::move(source));
      }
    }
  }

  // Keeps a few content pictures (and their truths) out of training.
  void hold_out() {
    const size_t count = std::min(static_cast<size_t>(s_.samples), data.content.size() / 10);
    if (count == 0) {
      data.held_out_is_trained_on = true;
      const size_t n = std::min(static_cast<size_t>(s_.samples), data.content.size());
      data.held_out.assign(data.content.begin(), data.content.begin() + static_cast<int64_t>(n));
      if (data.paired)
        data.held_out_truth.assign(data.style.begin(), data.style.begin() + static_cast<int64_t>(n));
      return;
    }
    std::vector<size_t> order(data.content.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    Random(static_cast<uint64_t>(s_.seed), kHoldOutStream).shuffle(std::span(order));
    order.resize(count);
    std::sort(order.begin(), order.end());
    for (const size_t i : order) {
      data.held_out.push_back(data.content[i]);
      if (data.paired) data.held_out_truth.push_back(data.style[i]);
    }
    for (auto it = order.rbegin(); it != order.rend(); ++it) {
      data.content.erase(data.content.begin() + static_cast<int64_t>(*it));
      if (data.paired) data.style.erase(data.style.begin() + static_cast<int64_t>(*it));
    }
  }

  TrainingData data;

 private:
  static constexpr size_t kFew = 16;

  bool decodes(const fs::path& file) {
    try {
      DecodeOptions options;
      options.limits = kScanLimits;
      read_image(file, options);
      return true;
    } catch (const Error& error) {
      ScannedFile refused;
      refused.path = file;
      refused.verdict = Verdict::unreadable;
      refused.reason = reason_of(error, file);
      data.refused.push_back(std::move(refused));
      return false;
    }
  }

  const TrainSettings& s_;
  EventSink& sink_;
};

}  // namespace

TrainingData find_data(const TrainSettings& s, EventSink& sink) {
  Finder finder(s, sink);
  TrainingData& data = finder.data;
  data.paired = s.method == "paired";
  const bool several = s.method == "multi" && s.add_style.empty();
  if (several && s.style.empty())
    fail(ErrorKind::usage,
         "say where the styles are: --style FOLDER, with a folder of pictures for each style");
  if (!s.add_style.empty()) {
    model::check_style_name(s.add_style);
    data.styles = {s.add_style};
  }
  if (s.content.empty()) fail(ErrorKind::usage, "say where the pictures to be changed are: --content FOLDER");
  const fs::path content = s.content, style = s.style;
  std::optional<fs::path> test;
  if (!s.test.empty()) test = s.test;
  if (style.empty()) {
    const bool a_to_b = s.direction == "AtoB";
    const auto a = child(content, {"trainA", "train_A"}), b = child(content, {"trainB", "train_B"});
    if (a && b) {
      data.layout = fmt::format("trainA/trainB, {}", s.direction);
      const fs::path from = a_to_b ? *a : *b, to = a_to_b ? *b : *a;
      if (data.paired) {
        finder.match_names(from, to, data.content, data.style);
      } else {
        data.content = Finder::whole(finder.pictures(from, "content"));
        data.style = Finder::whole(finder.pictures(to, "style"));
        if (!test)
          test = a_to_b ? child(content, {"testA", "test_A", "valA"})
                        : child(content, {"testB", "test_B", "valB"});
      }
    } else if (data.paired) {
      data.layout = fmt::format("side-by-side pictures, {}", s.direction);
      finder.side_by_side(child(content, {"train"}).value_or(content), data.content, data.style);
      if (const auto val = child(content, {"val", "test"}))
        finder.side_by_side(*val, data.held_out, data.held_out_truth);
    } else {
      fail(ErrorKind::usage,
           "say whose look is to be learnt: --style FOLDER (or a --content folder that has trainA and "
           "trainB)");
    }
  } else {
    data.layout = several ? "a folder of contents, and one for each style" : "two folders";
    if (several) {
      data.content = Finder::whole(finder.pictures(content, "content"));
      finder.folders_of_styles(style);
    } else if (data.paired) {
      finder.match_names(content, style, data.content, data.style);
    } else {
      data.content = Finder::whole(finder.pictures(content, "content"));
      data.style = Finder::whole(finder.pictures(style, "style"));
    }
  }
  if (test && !data.paired) data.held_out = Finder::whole(finder.pictures(*test, "test"));
  if (data.held_out.empty()) {
    finder.hold_out();
  } else if (data.held_out.size() > static_cast<size_t>(s.samples)) {
    data.held_out.resize(static_cast<size_t>(s.samples));
    if (data.paired) data.held_out_truth.resize(static_cast<size_t>(s.samples));
  }
  Sha256 hash;
  for (const std::string& name : data.styles) {
    const std::string line = name + "\n";
    hash.update(std::as_bytes(std::span(line.data(), line.size())));
  }
  for (const auto* list : {&data.content, &data.style, &data.held_out}) {
    for (const Source& source : *list) {
      std::error_code error;
      const std::string line =
          fmt::format("{}\t{}\n", to_utf8(source.file.filename()), fs::file_size(source.file, error));
      hash.update(std::as_bytes(std::span(line.data(), line.size())));
    }
    hash.update(std::as_bytes(std::span("\n", 1)));
  }
  data.fingerprint = hash.finish();
  return std::move(finder.data);
}

}  // namespace linmo::train
