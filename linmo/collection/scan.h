// SPDX-License-Identifier: Apache-2.0
// Looks at files from anywhere and says of each whether it is a picture that can be used, and if not, why
// not. Nothing in a file makes a scan fail.
#pragma once

#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "linmo/collection/measures.h"
#include "linmo/core/events.h"
#include "linmo/image/codec.h"

namespace linmo {

enum class Verdict {
  accepted,
  not_a_picture,  // by name and by content something else (text, tables …): counted, not a complaint
  unsupported,    // a picture of a format that is not read here (GIF, JPEG XL …)
  unreadable,     // named or begun like a picture, but damaged or not to be opened
  too_small,
  too_large,  // past the limits: a decompression bomb, or more than this machine should take
};
std::string_view name(Verdict verdict);

struct ScannedFile {
  std::filesystem::path path;
  Verdict verdict = Verdict::unreadable;
  std::string reason;  // for people; empty when accepted
  std::string format;  // JPEG, PNG, WebP, TIFF
  int64_t width = 0, height = 0;
  uint64_t bytes = 0;
  // Only scan_pictures():
  std::string sha256;                 // of the file
  std::vector<std::string> warnings;  // accepted, but …
  std::optional<Measures> measures;

  bool accepted() const { return verdict == Verdict::accepted; }
  // A picture that was refused; files of other kinds are not.
  bool refused() const { return verdict != Verdict::accepted && verdict != Verdict::not_a_picture; }
};

// Bounds for pictures from strangers: 2^28 pixels (16,384²) and 1 GiB a file.
inline constexpr ImageLimits kScanLimits{
    .max_pixels = int64_t{1} << 28, .max_side = 100'000, .max_file_bytes = uint64_t{1} << 30};
inline constexpr int64_t kMinSide = 64;  // px

// What went wrong with a file, without its name, which stands beside it in every list.
std::string reason_of(const std::exception& error, const std::filesystem::path& path);

// Decides by name and first bytes alone whether a file could be a picture that is read here; accepted means
// so far.
ScannedFile classify_file(const std::filesystem::path& path);

// Reads headers only, so that training can begin at once: a picture that is damaged further on is met (and
// must be skipped) when it is decoded. In the order of `paths`. Throws ErrorKind::cancelled when the sink
// asks to stop.
std::vector<ScannedFile> check_pictures(std::span<const std::filesystem::path> paths,
                                        const ImageLimits& limits = kScanLimits, int64_t min_side = kMinSide,
                                        EventSink& sink = null_sink(), int threads = 0);

struct ScanOptions {
  ImageLimits limits = kScanLimits;
  int64_t min_side = kMinSide;   // px; the shorter side must have this many
  int threads = 0;               // 0: as many as the machine has
  uint64_t memory = 1ULL << 30;  // bytes of decoded pictures at a time, over all threads
};

// Decodes and measures everything. `on_done(i, file)` is called once a path, one call at a time, as they are
// ready. JPEGs of more than 2,048 px on the shorter side are decoded at 1/2, 1/4 or 1/8: the measures need no
// more. Returns false when the sink asked to stop.
bool scan_pictures(std::span<const std::filesystem::path> paths, const ScanOptions& options, EventSink& sink,
                   const std::function<void(size_t, ScannedFile&&)>& on_done);

}  // namespace linmo
