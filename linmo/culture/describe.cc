// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/describe.h"

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>
#include <new>
#include <optional>

#include "linmo/collection/csv.h"
#include "linmo/collection/parallel.h"
#include "linmo/collection/scan.h"
#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/hash.h"
#include "linmo/culture/database.h"
#include "linmo/culture/descriptors/descriptors.h"

namespace linmo::culture {
namespace {
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Counts up when a value changes although no definition in registry() does.
constexpr int kDescribeVersion = 2;
constexpr auto kCommitEvery = std::chrono::milliseconds(500);

// Pictures of about one size come one after another: memory that is freed is kept for the next, not given
// back to the system and cleared again, by all threads from one pool.
void keep_memory() {
#ifdef M_ARENA_MAX  // glibc
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc allows
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

std::string hash_text(std::string_view text) {
  return sha256(std::as_bytes(std::span(text.data(), text.size())));
}

struct Remembered {
  std::string protocol, palette, layout;
  std::vector<double> values;
};

// What was computed, by key. Written as it comes, and flushed to the disk twice a second.
class Memory {
 public:
  explicit Memory(const fs::path& file) : database_(file) {
    database_.run("PRAGMA synchronous = NORMAL");
    database_.run(
        "CREATE TABLE IF NOT EXISTS described_2 (key TEXT PRIMARY KEY, protocol TEXT NOT NULL, palette TEXT "
        "NOT NULL, layout TEXT NOT NULL, numbers BLOB NOT NULL) WITHOUT ROWID");
    find_.emplace(
        database_.prepare("SELECT protocol, palette, layout, numbers FROM described_2 WHERE key = ?"));
    put_.emplace(database_.prepare("INSERT OR REPLACE INTO described_2 VALUES (?, ?, ?, ?, ?)"));
  }

  bool has(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return read(key).has_value();
  }
  std::optional<Remembered> find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return read(key);
  }

  void put(const std::string& key, std::string_view protocol, const Description& description) {
    const std::lock_guard lock(mutex_);
    if (!open_) {
      database_.run("BEGIN");
      open_ = true;
      opened_ = Clock::now();
    }
    put_->bind(1, key)
        .bind(2, protocol)
        .bind(3, to_text(description.palette))
        .bind(4, to_text(description.layout))
        .bind(5, std::as_bytes(std::span(description.values)))
        .step();
    put_->reset();
    if (Clock::now() - opened_ > kCommitEvery) commit_locked();
  }

  void commit() {
    const std::lock_guard lock(mutex_);
    commit_locked();
  }

 private:
  void commit_locked() {
    if (!open_) return;
    open_ = false;
    database_.run("COMMIT");
  }

  std::optional<Remembered> read(const std::string& key) {
    std::optional<Remembered> out;
    find_->bind(1, key);
    if (find_->step()) {
      const std::span<const std::byte> blob = find_->blob(3);
      if (blob.size() == registry().size() * sizeof(double)) {
        out.emplace(Remembered{find_->text(0), find_->text(1), find_->text(2),
                               std::vector<double>(registry().size())});
        std::memcpy(out->values.data(), blob.data(), blob.size());
      }
    }
    find_->reset();
    return out;
  }

  std::mutex mutex_;
  Database database_;
  std::optional<Statement> find_, put_;
  bool open_ = false;
  Clock::time_point opened_;
};

// One picture, or why not.
class Worker {
 public:
  Worker(const DescribeSettings& settings, Memory& memory)
      : settings_(settings),
        memory_(memory),
        gate_(static_cast<uint64_t>(settings.memory) * 1'000'000),
        version_(hash_text(describe_version() + "\n" + to_toml(settings.protocol))) {}

  struct Done {
    std::string key;     // under which the description is remembered; empty when there is none
    std::string sha256;  // of the file
    std::string reason;  // why there is none
    bool computed = false;
  };
  // Trouble with the memory is thrown, trouble with the picture is a reason.
  Done run(const Work& work) {
    Done done;
    std::vector<std::byte> bytes;
    if (!look(done, work.path, [&] {
          bytes = read_file(work.path, kScanLimits.max_file_bytes);
          done.sha256 = sha256(bytes);
        }))
      return done;
    const std::string key = hash_text(done.sha256 + version_);
    if (memory_.has(key)) {
      done.key = key;
      return done;
    }
    std::string record;
    Description description;
    if (!look(done, std::filesystem::path(work.file), [&] {
          const MemoryGate::Pass pass(gate_,
                                      bytes.size() + memory_needed(bytes, settings_.protocol, work.file));
          const PreparedPicture picture = prepare(bytes, settings_.protocol, work.file);
          description = describe(picture.subject, picture.nuisance);
          record = picture.record;
        }))
      return done;
    memory_.put(key, record, description);
    done.key = key;
    done.computed = true;
    return done;
  }

 private:
  // `name`: what the file is called in messages of the step.
  template <class Step>
  static bool look(Done& done, const std::filesystem::path& name, const Step& step) {
    try {
      step();
      return true;
    } catch (const std::bad_alloc&) {
      done.reason = "not enough memory";
    } catch (const Error& error) {
      done.reason = to_valid_utf8(reason_of(error, name));
    }
    return false;
  }

  const DescribeSettings& settings_;
  Memory& memory_;
  MemoryGate gate_;
  std::string version_;
};

}  // namespace

std::string describe_version() {
  std::string text = fmt::format("linmo describe {}\n", kDescribeVersion);
  for (const Descriptor& d : registry()) text += fmt::format("{}|{}|{}\n", d.name, d.unit, d.formula);
  return text;
}

FeatureColumns feature_columns(const Works& works) {
  FeatureColumns columns{works.columns, registry()};
  columns.metadata.emplace_back("palette");
  columns.metadata.emplace_back("layout");
  return columns;
}

DescribeReport describe(const Works& works, const DescribeJob& job, EventSink& sink,
                        const std::function<void(const FeatureRow&)>& on_row) {
  DescribeSettings settings = job.settings;
  check(settings);
  DescribeReport report;
  report.not_pictures = works.not_pictures;
  report.notes = works.notes;
  report.works = static_cast<int64_t>(works.works.size() + works.failures.size());
  keep_memory();
  const auto start = Clock::now();
  Memory memory(job.cache);
  Worker worker(settings, memory);

  std::vector<Worker::Done> done(works.works.size());
  const bool finished =
      for_each_parallel(works.works.size(), static_cast<int>(settings.threads), "describing", sink,
                        [&](size_t i) { done[i] = worker.run(works.works[i]); });
  memory.commit();
  report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  if (!finished) {
    const auto count = std::ranges::count_if(done, [](const Worker::Done& d) { return !d.key.empty(); });
    fail(ErrorKind::cancelled, "stopped: {} of {} pictures are described{}", count, works.works.size(),
         job.cache.empty()
             ? ""
             : fmt::format(" and kept in {}; the same command goes on from there", to_utf8(job.cache)));
  }

  for (size_t i = 0; i < works.works.size(); ++i) {
    const Work& work = works.works[i];
    if (done[i].key.empty()) {
      report.failures.push_back({work.file, std::move(done[i].reason)});
      continue;
    }
    std::optional<Remembered> known = memory.find(done[i].key);
    if (!known)
      fail(ErrorKind::io, "{} changed while it was in use; run the command again", to_utf8(job.cache));
    FeatureRow row{work.file, done[i].sha256, std::move(known->protocol), work.metadata,
                   std::move(known->values)};
    row.metadata.push_back(std::move(known->palette));
    row.metadata.push_back(std::move(known->layout));
    on_row(row);
    ++report.described;
    report.computed += done[i].computed;
  }
  report.failures.insert(report.failures.end(), works.failures.begin(), works.failures.end());
  return report;
}

FeatureTable describe(const DescribeJob& job, EventSink& sink, DescribeReport* report, Works* works) {
  Works found = find_works(job.sources, job.settings.split, sink);
  FeatureTable table;
  table.columns = feature_columns(found);
  DescribeReport made = describe(found, job, sink, [&](const FeatureRow& row) { table.rows.push_back(row); });
  if (report) *report = std::move(made);
  if (works) *works = std::move(found);
  return table;
}

}  // namespace linmo::culture
