// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/ingest.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <set>

#include "linmo/collection/cache.h"
#include "linmo/collection/csv.h"
#include "linmo/collection/gather.h"
#include "linmo/collection/place.h"
#include "linmo/collection/split.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"
#include "linmo/core/random.h"
#include "linmo/image/codec.h"
#include "linmo/image/contact_sheet.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"

namespace linmo {
namespace {
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kSheetColumns = 10, kSheetCell = 128, kSheetPictures = 100;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Collector {
 public:
  Collector(const fs::path& output, const CollectSettings& settings, EventSink& sink)
      : output_(output), settings_(settings), sink_(sink) {}

  CollectReport run(const std::vector<fs::path>& sources, const std::vector<fs::path>& metadata) {
    const auto start = Clock::now();
    const SplitShares shares = parse_split(settings_.split);
    open_output();
    for (const fs::path& source : sources)
      source_names_ += (source_names_.empty() ? "" : ", ") + to_valid_utf8(source.string());
    gathered_ = gather(sources, output_, metadata, settings_, previous_, sink_);
    report_.not_pictures = gathered_.not_pictures;
    report_.refused = gathered_.refused;
    report_.notes = gathered_.notes;
    scan();
    find_groups();
    describe();
    report_crossed(assign_splits(manifest_.pictures, shares, static_cast<uint64_t>(settings_.seed)));
    place_files();
    write_reports();
    for (const Picture& p : manifest_.pictures) {
      report_.splits[p.split]++;
      report_.cultures[p.culture]++;
    }
    report_.pictures = static_cast<int64_t>(manifest_.pictures.size());
    report_.seconds = seconds_since(start);
    return std::move(report_);
  }

 private:
  std::string source_names_;

  // One picture that can be used, with where it came from.
  struct Item {
    const GatheredFile* file;
    ScannedFile scan;
    size_t duplicate = SIZE_MAX;  // index into duplicates_.duplicates
    bool left_out = false;
  };

  void open_output() {
    make_folder(output_);
    const fs::path manifest = output_ / kManifestName;
    if (!fs::exists(manifest)) return;
    if (settings_.resume) {
      previous_ = read_manifest(manifest);
    } else if (!settings_.force) {
      fail(ErrorKind::usage,
           "{} is a collection already; add --resume to add what is new, or --force to make it anew",
           to_utf8(output_));
    }
  }

  void scan() {
    const fs::path cache_file = output_ / kCacheName;
    if (settings_.force) fs::remove(cache_file);
    ScanCache cache(cache_file);
    const std::vector<GatheredFile>& files = gathered_.files;
    report_.found = static_cast<int64_t>(files.size()) + report_.not_pictures +
                    static_cast<int64_t>(gathered_.refused.size());
    std::vector<ScannedFile> scanned(files.size());
    std::vector<size_t> unknown;
    std::vector<fs::path> paths;
    for (size_t i = 0; i < files.size(); ++i) {
      std::optional<ScannedFile> known = cache.find(files[i].path);
      if (known && std::min(known->width, known->height) >= settings_.min_side) {
        scanned[i] = std::move(*known);
      } else {
        unknown.push_back(i);
        paths.push_back(files[i].path);
      }
    }
    const auto start = Clock::now();
    int64_t done = 0;
    const ScanOptions options{.min_side = settings_.min_side, .threads = static_cast<int>(settings_.threads)};
    const bool finished = scan_pictures(paths, options, sink_, [&](size_t i, ScannedFile&& file) {
      cache.put(file);
      scanned[unknown[i]] = std::move(file);
      ++done;
      cache.save(true);
    });
    report_.measured = done;
    report_.measure_seconds = seconds_since(start);
    cache.save();
    if (!finished) {
      fail(ErrorKind::cancelled,
           "stopped after {} of {} pictures; what was measured is kept: the same command with --resume goes "
           "on",
           files.size() - paths.size() + static_cast<size_t>(done), files.size());
    }
    for (size_t i = 0; i < files.size(); ++i) {
      ScannedFile& file = scanned[i];
      if (file.verdict == Verdict::not_a_picture) {
        ++report_.not_pictures;
      } else if (!file.accepted()) {
        report_.refused.push_back({files[i].origin, file.verdict, file.reason});
        remove_unpacked(files[i]);
      } else {
        items_.push_back({&files[i], std::move(file), SIZE_MAX, false});
      }
    }
    if (items_.empty()) {
      fail(ErrorKind::input, "no usable picture among {} files of {}{}", report_.found, source_names_,
           report_.refused.empty() ? std::string("; JPEG, PNG, WebP and TIFF are read")
                                   : fmt::format("; the first refused: {}: {}", report_.refused[0].file,
                                                 report_.refused[0].reason));
    }
  }

  // What was unpacked from an archive and is not used after all.
  static void remove_unpacked(const GatheredFile& file) {
    if (!file.unpacked) return;
    std::error_code error;
    fs::remove(file.path, error);
    fs::remove(file.path.parent_path(), error);  // only if that was its last file
  }

  void find_groups() {
    sink_.info(fmt::format("looking for duplicates among {} pictures", items_.size()));
    std::vector<Fingerprint> prints;
    for (const Item& item : items_) {
      const Measures& m = *item.scan.measures;
      prints.push_back({item.scan.sha256, m.pixels_sha256, m.phash, m.thumbnail, item.scan.width,
                        item.scan.height, m.uniform});
    }
    duplicates_ = find_duplicates(prints);
    for (size_t d = 0; d < duplicates_.duplicates.size(); ++d) {
      const Duplicate& duplicate = duplicates_.duplicates[d];
      Item& item = items_[duplicate.picture];
      item.duplicate = d;
      const bool exact = duplicate.kind != Duplicate::Kind::near;
      (exact ? report_.exact_duplicates : report_.near_duplicates)++;
      item.left_out = exact && !settings_.keep_duplicates;
    }
  }

  // The names under which a table may speak of a picture, best first.
  std::vector<std::string> names_of(const GatheredFile& file) const {
    std::vector<std::string> names{file.relative};
    const std::string& source = gathered_.source_names[file.source];
    if (!source.empty()) names.push_back(source + "/" + file.relative);
    names.push_back(file.target);
    // A picture of a resumed collection lies below the name of its source.
    if (const size_t slash = file.target.find('/'); slash != std::string::npos)
      names.push_back(file.target.substr(slash + 1));
    return names;
  }

  void describe() {
    std::map<std::string, const Picture*> before;
    for (const Picture& p : previous_.pictures) before[p.file] = &p;
    manifest_.extra_columns = previous_.extra_columns;
    for (const Metadata& table : gathered_.tables) {
      for (const std::string& column : table.extra_columns()) {
        if (std::ranges::find(manifest_.extra_columns, column) == manifest_.extra_columns.end())
          manifest_.extra_columns.push_back(column);
      }
    }
    const bool folders_are_cultures = every_picture_is_in_a_folder();
    for (Item& item : items_) {
      Picture p;
      p.file = item.file->target;
      p.extra.resize(manifest_.extra_columns.size());
      bool described = false;
      const auto take = [&](const Picture& row, const std::vector<std::string>& columns) {
        described = true;
        take_row(row, columns, p);
      };
      if (const auto row = before.find(p.file); row != before.end())
        take(*row->second, previous_.extra_columns);
      for (Metadata& table : gathered_.tables) {
        if (const Picture* row = table.find(names_of(*item.file))) take(*row, table.extra_columns());
      }
      hint_by_folder(item, folders_are_cultures, described, p);
      const ScannedFile& s = item.scan;
      const Measures& m = *s.measures;
      p.sha256 = s.sha256;
      p.width = s.width;
      p.height = s.height;
      p.bytes = s.bytes;
      p.format = s.format;
      p.phash = m.phash;
      p.sharpness = std::round(m.sharpness * 1000) / 1000;
      p.border = m.border;
      p.warnings = to_valid_utf8(fmt::format("{}", fmt::join(s.warnings, "; ")));
      rows_.push_back(std::move(p));
    }
    name_works();
    note_unused_rows();
    for (size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].left_out) continue;
      kept_.push_back(i);
      manifest_.pictures.push_back(rows_[i]);
    }
  }

  void take_row(const Picture& row, const std::vector<std::string>& columns, Picture& p) const {
    for (const std::string_view column : kDescriptiveColumns) {
      std::string& field = descriptive_field(p, column);
      if (field.empty()) field = descriptive_field(const_cast<Picture&>(row), column);
    }
    if (p.work.empty()) p.work = row.work;
    if (p.split.empty()) p.split = row.split;
    for (size_t c = 0; c < columns.size() && c < row.extra.size(); ++c) {
      const auto at =
          std::ranges::find(manifest_.extra_columns, columns[c]) - manifest_.extra_columns.begin();
      if (p.extra[static_cast<size_t>(at)].empty()) p.extra[static_cast<size_t>(at)] = row.extra[c];
    }
  }

  void hint_by_folder(const Item& item, bool folders_are_cultures, bool described, Picture& p) const {
    FolderHints hints = read_folders(item.file->relative);
    if (p.split.empty()) p.split = hints.split;
    if (p.culture.empty()) p.culture = settings_.culture;
    if (p.source.empty()) p.source = settings_.source;
    if (p.licence.empty()) p.licence = settings_.licence;
    if (described) return;
    std::string culture = gathered_.source_names[item.file->source];
    if (folders_are_cultures && settings_.culture.empty()) {
      culture = hints.names.front();
      hints.names.erase(hints.names.begin());
    }
    if (p.culture.empty()) p.culture = to_valid_utf8(culture);
    if (!hints.domain.empty()) hints.names.push_back(hints.domain);
    if (p.category.empty()) p.category = to_valid_utf8(fmt::format("{}", fmt::join(hints.names, "/")));
  }

  bool every_picture_is_in_a_folder() const {
    std::set<size_t> sources;
    for (const Item& item : items_) {
      sources.insert(item.file->source);
      if (sources.size() > 1 || read_folders(item.file->relative).names.empty()) return false;
    }
    return true;
  }

  // One id a work: near-duplicates, and pictures to which a table gives one id, share it. An id that is there
  // already stays; a new one comes from the content, so that it does not depend on names or order.
  void name_works() {
    std::vector<size_t> root = duplicates_.group;
    const auto find = [&](size_t i) {
      while (root[i] != i) i = root[i] = root[root[i]];
      return i;
    };
    std::map<std::string, size_t> given;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i].work.empty()) continue;
      const auto [at, first] = given.try_emplace(rows_[i].work, i);
      const size_t a = find(i), b = find(at->second);
      root[std::max(a, b)] = std::min(a, b);
    }
    std::map<size_t, std::string> known, fresh;
    const auto smaller = [](std::map<size_t, std::string>& names, size_t key, const std::string& name) {
      const auto [at, first] = names.try_emplace(key, name);
      if (!first) at->second = std::min(at->second, name);
    };
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!rows_[i].work.empty()) smaller(known, find(i), rows_[i].work);
      smaller(fresh, find(i), "w" + items_[i].scan.measures->pixels_sha256.substr(0, 12));
    }
    std::set<std::string> works;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const auto name = known.find(find(i));
      rows_[i].work = name != known.end() ? name->second : fresh[find(i)];
      works.insert(rows_[i].work);
    }
    report_.works = static_cast<int64_t>(works.size());
  }

  void note_unused_rows() {
    for (const Metadata& table : gathered_.tables) {
      const std::vector<std::string> unused = table.unused();
      if (unused.empty()) continue;
      report_.notes.push_back(
          fmt::format("{} rows of a table name files that are not there (or were refused), the first: {}",
                      unused.size(), unused.front()));
    }
  }

  void report_crossed(int64_t works) {
    if (works == 0) return;
    report_.notes.push_back(
        fmt::format("{} works had pictures in more than one of the given splits; each went to one (train "
                    "first), so that no "
                    "near-duplicate of a test picture is learnt",
                    works));
  }

  void place_files() {
    std::set<std::string> targets;
    for (const Picture& p : manifest_.pictures) targets.insert(p.file);
    for (size_t k = 0; k < kept_.size(); ++k) {
      const Item& item = items_[kept_[k]];
      Picture& p = manifest_.pictures[k];
      if (item.file->in_place) continue;
      sink_.check("placing pictures (the same command with --resume goes on)");
      for (int n = 2; !try_place(item, output_ / from_utf8(p.file)); ++n) {
        // Another file has this name, perhaps from another source of an earlier run.
        const size_t dot = item.file->target.rfind('.');
        std::string candidate = fmt::format("{}-{}{}", item.file->target.substr(0, dot), n,
                                            dot == std::string::npos ? "" : item.file->target.substr(dot));
        if (targets.insert(candidate).second) p.file = candidate;
      }
      sink_.progress(settings_.placement == "link" ? "linking" : "copying", static_cast<double>(k + 1),
                     static_cast<double>(kept_.size()));
    }
    for (const Item& item : items_) {
      if (item.left_out) remove_unpacked(*item.file);
    }
  }

  // Makes `target` the picture; false when another file is there.
  bool try_place(const Item& item, const fs::path& target) const {
    std::error_code error;
    make_folder(target.parent_path());
    const fs::path source = fs::absolute(item.file->path);
    if (fs::exists(fs::symlink_status(target)) && !settings_.force) {
      if (fs::equivalent(source, target, error)) return true;
      return fs::file_size(target, error) == item.scan.bytes && !error &&
             sha256_file(target) == item.scan.sha256;
    }
    if (settings_.placement == "link")
      place_link(target, source);
    else
      place_copy(target, source);
    return true;
  }

  void write_reports() {
    CsvTable refused{{"file", "verdict", "reason"}, {}};
    for (const RefusedFile& r : report_.refused)
      refused.rows.push_back({to_valid_utf8(r.file), std::string(name(r.verdict)), to_valid_utf8(r.reason)});
    write_file(output_ / kRefusedName, format_csv(refused));
    CsvTable duplicates{{"file", "duplicate_of", "kind", "distance", "correlation", "work", "left_out"}, {}};
    for (const Duplicate& d : duplicates_.duplicates) {
      const Item &item = items_[d.picture], &of = items_[d.of];
      duplicates.rows.push_back({to_valid_utf8(item.left_out ? item.file->origin : item.file->target),
                                 to_valid_utf8(of.left_out ? of.file->origin : of.file->target),
                                 std::string(name(d.kind)), fmt::format("{}", d.distance),
                                 fmt::format("{:.4f}", d.correlation), rows_[d.picture].work,
                                 item.left_out ? "yes" : "no"});
    }
    write_file(output_ / kDuplicatesName, format_csv(duplicates));
    write_contact_sheet();
    // Last: its being there says that the rest is.
    write_manifest(output_ / kManifestName, manifest_);
    remember_copies();
  }

  void write_contact_sheet() const {
    std::vector<size_t> chosen(manifest_.pictures.size());
    std::iota(chosen.begin(), chosen.end(), size_t{0});
    Random random(static_cast<uint64_t>(settings_.seed));
    random.shuffle(std::span(chosen));
    chosen.resize(std::min<size_t>(chosen.size(), kSheetPictures));
    std::sort(chosen.begin(), chosen.end(), [&](size_t a, size_t b) {
      const Picture &p = manifest_.pictures[a], &q = manifest_.pictures[b];
      return std::tie(p.culture, p.file) < std::tie(q.culture, q.file);
    });
    std::vector<Image> pictures;
    DecodeOptions options;
    options.limits = kScanLimits;
    options.keep_16_bit = false;
    options.shrink_to_side = kSheetCell;
    for (const size_t i : chosen) {
      const Image image = read_image(output_ / from_utf8(manifest_.pictures[i].file), options);
      const int64_t side = std::max(image.width(), image.height());
      const auto fitted = [&](int64_t n) { return std::max<int64_t>(1, n * kSheetCell / side); };
      pictures.push_back(to_rgb(
          side > kSheetCell ? resize(image, fitted(image.width()), fitted(image.height())) : image, 255));
    }
    const int columns = std::min(kSheetColumns, static_cast<int>(std::ceil(std::sqrt(pictures.size()))));
    write_image(output_ / kContactSheetName, contact_sheet(pictures, columns, kSheetCell, 255));
  }

  // So that a later run does not measure the copies again.
  void remember_copies() {
    ScanCache cache(output_ / kCacheName);
    for (size_t k = 0; k < kept_.size(); ++k) {
      const Item& item = items_[kept_[k]];
      if (!item.file->in_place) cache.put_copy(item.scan, output_ / from_utf8(manifest_.pictures[k].file));
    }
    cache.save();
  }

  const fs::path output_;
  const CollectSettings& settings_;
  EventSink& sink_;
  CollectReport report_;
  Manifest previous_, manifest_;
  Gathered gathered_;
  std::vector<Item> items_;
  std::vector<Picture> rows_;  // one an item
  std::vector<size_t> kept_;   // items that are in the manifest
  DuplicateReport duplicates_;
};

}  // namespace

CollectReport collect(const std::vector<fs::path>& sources, const fs::path& output,
                      const std::vector<fs::path>& metadata, const CollectSettings& settings,
                      EventSink& sink) {
  CollectSettings checked = settings;
  check(checked);
  if (settings.placement != "copy" && settings.placement != "link" && settings.placement != "manifest-only")
    fail(ErrorKind::usage, "placement is copy, link or manifest-only, not {}", settings.placement);
  if (sources.empty()) fail(ErrorKind::usage, "nothing to collect: name folders, pictures or zip archives");
  return Collector(fs::absolute(output).lexically_normal(), settings, sink).run(sources, metadata);
}

}  // namespace linmo
