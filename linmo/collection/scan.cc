// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/scan.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <mutex>
#include <new>

#include "linmo/collection/parallel.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"

namespace linmo {
namespace {
namespace fs = std::filesystem;

constexpr int64_t kMeasureSide = 1024;

std::string lower_extension(const fs::path& path) {
  std::string text = to_utf8(path.extension());
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool is_foreign_picture(const fs::path& path) {
  static constexpr std::array<std::string_view, 13> kExtensions{
      ".gif", ".bmp", ".jp2", ".j2k", ".jxl", ".psd", ".xcf", ".svg", ".tga", ".exr", ".dng", ".cr2", ".nef"};
  return std::ranges::find(kExtensions, lower_extension(path)) != kExtensions.end();
}

std::vector<std::byte> read_head(const fs::path& path) {
  std::array<char, 32> head{};
  std::ifstream file(path, std::ios::binary);
  if (!file) fail_io("read", path);
  file.read(head.data(), head.size());
  const auto bytes = std::as_bytes(std::span(head.data(), static_cast<size_t>(file.gcount())));
  return {bytes.begin(), bytes.end()};
}

// Decides by name and first bytes; accepted means "go on".
void judge_kind(ScannedFile& file) {
  std::error_code error;
  file.bytes = fs::file_size(file.path, error);
  if (error) file.bytes = 0;
  const bool named = format_of_extension(file.path).has_value();
  const std::vector<std::byte> head = read_head(file.path);
  const std::optional<ImageFormat> format = format_of_bytes(head);
  file.verdict = Verdict::accepted;
  if (format) {
    file.format = name(*format);
  } else if (is_foreign_picture(file.path)) {
    file.verdict = Verdict::unsupported;
    file.reason = fmt::format("{} pictures are not read; convert it to PNG, JPEG, WebP or TIFF",
                              lower_extension(file.path).substr(1));
  } else if (named) {
    file.verdict = Verdict::unreadable;
    file.reason =
        head.empty() ? "the file is empty" : "the content is not that of a picture, whatever the name says";
  } else {
    file.verdict = Verdict::not_a_picture;
    file.reason = "not a picture";
  }
}

void judge_size(ScannedFile& file, const ImageInfo& info, int64_t min_side) {
  file.width = info.width;
  file.height = info.height;
  if (std::min(info.width, info.height) < min_side) {
    file.verdict = Verdict::too_small;
    file.reason = fmt::format("{} × {} px; the shorter side needs {}", info.width, info.height, min_side);
  }
}

}  // namespace

std::string reason_of(const std::exception& error, const fs::path& path) {
  std::string_view text = error.what();
  const std::string name = to_utf8(path);
  if (text.starts_with(name)) text.remove_prefix(name.size());
  while (text.starts_with(':') || text.starts_with(' ')) text.remove_prefix(1);
  return std::string(text);
}

namespace {

// Runs `look`, and turns whatever it throws into a verdict.
template <class Look>
void guarded(ScannedFile& file, const Look& look) {
  try {
    look();
  } catch (const Error& error) {
    file.verdict = error.kind() == ErrorKind::limit ? Verdict::too_large : Verdict::unreadable;
    file.reason = reason_of(error, file.path);
  } catch (const std::bad_alloc&) {
    file.verdict = Verdict::too_large;
    file.reason = "not enough memory to decode it";
  } catch (const std::exception& error) {
    file.verdict = Verdict::unreadable;
    file.reason = reason_of(error, file.path);
  }
}

ScannedFile check_one(const fs::path& path, const ImageLimits& limits, int64_t min_side) {
  ScannedFile file;
  file.path = path;
  guarded(file, [&] {
    judge_kind(file);
    if (!file.accepted()) return;
    judge_size(file, probe_image(path, limits), min_side);
  });
  return file;
}

ScannedFile scan_one(const fs::path& path, const ScanOptions& options, MemoryGate& gate) {
  ScannedFile file;
  file.path = path;
  guarded(file, [&] {
    judge_kind(file);
    if (!file.accepted()) return;
    const std::string label = to_utf8(path);
    const std::vector<std::byte> bytes = read_file(path, options.limits.max_file_bytes);
    file.bytes = bytes.size();
    const ImageInfo info = probe_image(bytes, options.limits, label);
    judge_size(file, info, options.min_side);
    if (!file.accepted()) return;
    file.sha256 = sha256(bytes);
    // Decoding holds the samples (of up to 16 bits), and measuring an RGB and a grey copy.
    const MemoryGate::Pass pass(gate, static_cast<uint64_t>(info.width) * static_cast<uint64_t>(info.height) *
                                          static_cast<uint64_t>(info.channels * (info.bits > 8 ? 2 : 1) + 4));
    DecodeOptions decode;
    decode.limits = options.limits;
    decode.keep_16_bit = false;
    decode.shrink_to_side = kMeasureSide;
    decode.warnings = &file.warnings;
    const Image image = decode_image(bytes, decode, label);
    file.measures = measure_picture(image, info.width);
    if (file.measures->uniform) file.warnings.push_back("one flat colour");
  });
  if (!file.accepted()) file.measures.reset();
  return file;
}

}  // namespace

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::accepted:
      return "accepted";
    case Verdict::not_a_picture:
      return "not a picture";
    case Verdict::unsupported:
      return "unsupported";
    case Verdict::unreadable:
      return "unreadable";
    case Verdict::too_small:
      return "too small";
    case Verdict::too_large:
      return "too large";
  }
  return "";
}

ScannedFile classify_file(const fs::path& path) {
  ScannedFile file;
  file.path = path;
  guarded(file, [&] { judge_kind(file); });
  return file;
}

std::vector<ScannedFile> check_pictures(std::span<const fs::path> paths, const ImageLimits& limits,
                                        int64_t min_side, EventSink& sink, int threads) {
  std::vector<ScannedFile> files(paths.size());
  if (!for_each_parallel(paths.size(), threads, "checking pictures", sink,
                         [&](size_t i) { files[i] = check_one(paths[i], limits, min_side); })) {
    fail(ErrorKind::cancelled, "checking pictures: stopped on request");
  }
  return files;
}

bool scan_pictures(std::span<const fs::path> paths, const ScanOptions& options, EventSink& sink,
                   const std::function<void(size_t, ScannedFile&&)>& on_done) {
  MemoryGate gate(options.memory);
  std::mutex mutex;
  return for_each_parallel(paths.size(), options.threads, "measuring pictures", sink, [&](size_t i) {
    ScannedFile file = scan_one(paths[i], options, gate);
    const std::lock_guard lock(mutex);
    on_done(i, std::move(file));
  });
}

}  // namespace linmo
