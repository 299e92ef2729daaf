// SPDX-License-Identifier: Apache-2.0
#include "linmo/apply/batch.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <semaphore>
#include <set>
#include <thread>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/image/icc.h"
#include "linmo/image/resize.h"

namespace linmo::apply {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// One call at a time, as sinks want it.
class OneAtATime : public EventSink {
 public:
  explicit OneAtATime(EventSink& inner) : inner_(inner) {}
  void on_event(const Event& event) override {
    const std::lock_guard lock(mutex_);
    inner_.on_event(event);
  }
  bool stop_requested() const override { return stopped_ || inner_.stop_requested(); }
  void stop() { stopped_ = true; }

 private:
  EventSink& inner_;
  std::mutex mutex_;
  std::atomic<bool> stopped_ = false;
};

// Small pictures are computed side by side, a large one by all threads, with nothing beside it. Of large ones
// two are held: one is read or written while the other is computed.
class Turns {
 public:
  class Turn {
   public:
    Turn(Turns& turns, bool large) : turns_(turns), large_(large) {
      std::unique_lock lock(turns_.mutex_);
      turns_.waiting_ += large_ ? 1 : 0;
      turns_.changed_.wait(lock, [&] {
        return large_ ? turns_.small_ == 0 && !turns_.busy_ : turns_.waiting_ == 0 && !turns_.busy_;
      });
      turns_.waiting_ -= large_ ? 1 : 0;
      (large_ ? turns_.busy_ : turns_.small_) += 1;
    }
    ~Turn() {
      const std::lock_guard lock(turns_.mutex_);
      (large_ ? turns_.busy_ : turns_.small_) -= 1;
      turns_.changed_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Turns& turns_;
    const bool large_;
  };
  void hold() { held_.acquire(); }
  void release() { held_.release(); }

 private:
  std::counting_semaphore<2> held_{2};
  std::mutex mutex_;
  std::condition_variable changed_;
  int small_ = 0, busy_ = 0, waiting_ = 0;
};

struct Work {
  BatchItem item;
  ImageInfo info;
  bool in_bands = false;  // never held whole
};

// The reason why f() failed, empty when it did not.
template <class F>
std::string reason_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    return error.what();
  } catch (const std::bad_alloc&) {
    return "not enough memory for this picture";
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

fs::path full_path(const fs::path& path) {
  std::error_code ignored;
  const fs::path result = fs::weakly_canonical(fs::absolute(path), ignored);
  return ignored ? path : result;
}

// Who asks for out.gif wants a picture, not a folder of that name.
bool called_like_foreign_picture(const fs::path& path) {
  std::string extension = to_utf8(path.extension());
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* known :
       {".gif", ".bmp", ".heic", ".heif", ".hif", ".jxl", ".jp2", ".psd", ".svg", ".pdf", ".ppm"}) {
    if (extension == known) return true;
  }
  return false;
}

// The result's name beside its input's: the same, or with the format's extension.
fs::path renamed(const fs::path& relative, const std::optional<ImageFormat>& format) {
  const std::optional<ImageFormat> own = format_of_extension(relative);
  const bool writable = own && *own != ImageFormat::heic;
  if (writable && (!format || own == format)) return relative;
  fs::path out = relative;
  // A photograph in a format that is only read becomes a JPEG.
  return out.replace_extension(extension(format.value_or(own ? *own : ImageFormat::png)));
}

fs::path unused_name(const fs::path& wanted, const fs::path& input, const std::set<fs::path>& taken) {
  if (!taken.contains(wanted)) return wanted;
  const std::string stem = to_utf8(wanted.stem()), extension = to_utf8(wanted.extension());
  const auto with = [&](const std::string& addition) {
    fs::path out = wanted;
    const std::string name = stem + "-" + addition + extension;
    return out.replace_filename(fs::path(std::u8string(name.begin(), name.end())));
  };
  const std::string kind = to_utf8(input.extension());
  if (kind.size() > 1 && kind != extension) {
    fs::path out = with(kind.substr(1));
    if (!taken.contains(out)) return out;
  }
  for (int n = 2;; ++n) {
    fs::path out = with(std::to_string(n));
    if (!taken.contains(out)) return out;
  }
}

bool goes_in_bands(const ImageInfo& info, const Stylizer& stylizer, const BatchOptions& options) {
  const auto samples = static_cast<uint64_t>(info.width * info.height * info.channels);
  if (samples * (info.bits == 16 ? 2 : 1) <= options.whole_bytes || info.channels % 2 == 0) return false;
  if (options.sprites.any()) return false;
  if (options.max_side > 0 && std::max(info.width, info.height) > options.max_side) return false;
  return stylizer.can_stream(info.width, info.height, options.apply);
}

EncodeOptions encode_options(const Work& work, bool grey, const BatchOptions& options) {
  EncodeOptions encode;
  encode.quality = options.quality;
  if (options.strip) return encode;
  encode.exif = work.info.exif;
  // WebP has no grey pictures.
  if (!work.info.icc.empty())
    encode.icc = srgb_profile(grey && format_of_extension(work.item.output) != ImageFormat::webp);
  return encode;
}

// The result's path, with its folder made.
fs::path prepared_output(const Work& work) {
  const fs::path parent = work.item.output.parent_path();
  if (!parent.empty()) fs::create_directories(parent);
  return work.item.output;
}

void apply_in_bands(Work& work, const Stylizer& stylizer, const BatchOptions& options, EventSink& events) {
  DecodeOptions decode;
  decode.limits = options.limits;
  std::vector<std::string> warnings;
  decode.warnings = &warnings;
  RowReader picture(work.item.input, decode);
  const fs::path output = prepared_output(work);
  stylizer.apply(
      picture,
      [&](int64_t width, int64_t height, int channels, Depth depth) {
        return std::make_unique<RowWriter>(output, *format_of_extension(output), width, height, channels,
                                           depth, encode_options(work, channels <= 2, options));
      },
      options.apply, events);
  for (const std::string& warning : warnings)
    events.warn(fmt::format("{}: {}", to_utf8(work.item.input), warning));
}

// Creating and removing a file tells more than permission bits do (root, read-only mounts, full disks).
void check_writable(const fs::path& folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code)
    fail(ErrorKind::io, "cannot make the output folder {}: {}; choose another with -o", to_utf8(folder),
         code.message());
  try {
    const AtomicFile probe(folder / ".linmo-probe");
  } catch (const Error& error) {
    fail(ErrorKind::io, "cannot write into the output folder: {}; choose another with -o", error.what());
  }
}

}  // namespace

std::vector<BatchItem> plan_batch(const std::vector<fs::path>& inputs, const BatchOptions& options,
                                  int64_t* ignored) {
  if (inputs.empty()) fail(ErrorKind::usage, "no pictures were named");
  if (options.output.empty()) fail(ErrorKind::usage, "no output was named; use -o");
  const fs::path output = full_path(options.output);
  std::vector<BatchItem> items;
  std::set<fs::path> taken;
  const auto add = [&](const fs::path& input, const fs::path& wanted) {
    const fs::path out = unused_name(wanted, input, taken);
    taken.insert(out);
    items.push_back({input, out});
  };
  std::optional<ImageFormat> output_format = format_of_extension(options.output);
  if (output_format == ImageFormat::heic) output_format.reset();  // only read
  if (output_format && !fs::is_directory(options.output)) {
    if (inputs.size() != 1 || fs::is_directory(inputs[0]))
      fail(ErrorKind::usage, "{} is a file, but there are many pictures; name a folder with -o",
           to_utf8(options.output));
    if (options.format && options.format != output_format)
      fail(ErrorKind::usage, "{} is not a {} file; leave out --format or change the name",
           to_utf8(options.output), name(*options.format));
    if (!fs::exists(inputs[0])) fail(ErrorKind::io, "{} is not there", to_utf8(inputs[0]));
    add(inputs[0], options.output);
    return items;
  }
  if (inputs.size() == 1 && called_like_foreign_picture(options.output) && !fs::exists(options.output))
    fail(ErrorKind::usage,
         "{}: pictures are written as PNG, JPEG, WebP, TIFF or AVIF; choose another extension",
         to_utf8(options.output));
  if (fs::exists(options.output) && !fs::is_directory(options.output))
    fail(ErrorKind::usage, "{} is a file and not called like a picture; name a folder or a picture with -o",
         to_utf8(options.output));
  for (const fs::path& input : inputs) {
    if (!fs::exists(input)) fail(ErrorKind::io, "{} is not there", to_utf8(input));
    if (!fs::is_directory(input)) {
      add(input, options.output / renamed(input.filename(), options.format));
      continue;
    }
    const fs::path root = full_path(input);
    const bool results_inside = output != root && is_below(output, root);
    for (const fs::path& file : list_files(input)) {
      if (results_inside && is_below(full_path(file), output)) continue;
      if (!format_of_extension(file)) {
        if (ignored) ++*ignored;
        continue;
      }
      add(file, options.output / renamed(file.lexically_relative(input), options.format));
    }
  }
  return items;
}

std::string sentence(const BatchFailure& failure) {
  const std::string file = to_utf8(failure.input);
  return failure.reason.starts_with(file) ? failure.reason : fmt::format("{}: {}", file, failure.reason);
}

namespace {

class Batch {
 public:
  Batch(const Stylizer& stylizer, const BatchOptions& options, size_t count, EventSink& events,
        BatchResult& result)
      : stylizer_(stylizer),
        options_(options),
        threads_(stylizer.engine().threads()),
        workers_(std::max<size_t>(1, std::min(static_cast<size_t>(threads_), count))),
        narrow_threads_(std::max(1, threads_ / static_cast<int>(workers_))),
        narrow_(stylizer.with_threads(narrow_threads_)),
        events_(events),
        quiet_(events_),
        result_(result) {}

  void run(const std::vector<BatchItem>& items) {
    const Clock::time_point begun = Clock::now();
    std::vector<Outcome> outcomes(items.size());
    std::atomic<size_t> next = 0;
    size_t done = 0;
    std::mutex mutex;  // over `done` and `thrown`
    std::exception_ptr thrown;
    const auto work = [&] {
      try {
        for (size_t i = next++; i < items.size(); i = next++) {
          events_.check("stylising");
          outcomes[i] = one(items[i], items.size() == 1);
          if (!outcomes[i].failure.empty()) events_.warn(sentence({items[i].input, outcomes[i].failure}));
          const std::lock_guard lock(mutex);
          ++done;
          const auto count = static_cast<double>(done), total = static_cast<double>(items.size());
          if (items.size() > 1)
            events_.progress("pictures", count, total, since(begun) / count * (total - count));
        }
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!thrown) thrown = std::current_exception();
        events_.stop();
      }
    };
    std::vector<std::thread> others;
    for (size_t k = 1; k < workers_; ++k) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
    for (size_t i = 0; i < items.size(); ++i) {
      result_.engine_seconds += outcomes[i].engine_seconds;
      if (outcomes[i].written)
        result_.written.push_back(items[i].output);
      else if (!outcomes[i].failure.empty())
        result_.failures.push_back({items[i].input, outcomes[i].failure});
    }
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::cancelled) throw;
      result_.stopped = true;
    }
  }

 private:
  struct Outcome {
    bool written = false;
    std::string failure;
    double engine_seconds = 0;
  };

  // Whether so many pictures of this size fit side by side, each on its share of the threads.
  bool small(const ImageInfo& info) const {
    if (workers_ < 2 || options_.sprites.any() || info.width * info.height > kSmallPixels) return false;
    const net::Description& d = stylizer_.engine().network();
    const double side = std::sqrt(static_cast<double>(info.width * info.height)) * d.content_scale;
    const int64_t whole = round_up(static_cast<int64_t>(side) + 1, d.size_multiple);
    try {
      return stylizer_.engine().memory_bytes(whole, whole) * workers_ <= options_.apply.tiles.memory_bytes;
    } catch (const Error&) {  // a size that the network does not take as it is
      return false;
    }
  }

  Outcome one(const BatchItem& item, bool alone) {
    Outcome outcome;
    outcome.failure = reason_of([&] {
      Work work{item, probe_image(item.input, options_.limits), false};
      work.in_bands = goes_in_bands(work.info, stylizer_, options_);
      const bool large = !small(work.info);
      struct Hold {
        Turns* turns;
        ~Hold() {
          if (turns) turns->release();
        }
      } hold{nullptr};
      if (large && !alone) {
        turns_.hold();
        hold.turns = &turns_;
      }
      const Stylizer& painter = large ? stylizer_ : narrow_;
      EventSink& events = alone ? static_cast<EventSink&>(events_) : quiet_;
      const auto timed = [&](auto&& f) {
        const Turns::Turn turn(turns_, large);
        const Clock::time_point start = Clock::now();
        f();
        outcome.engine_seconds =
            since(start) * (large ? 1.0 : static_cast<double>(narrow_threads_) / threads_);
      };
      if (work.in_bands) {
        timed([&] { apply_in_bands(work, painter, options_, events); });
      } else {
        DecodeOptions decode;
        decode.limits = options_.limits;
        std::vector<std::string> warnings;
        decode.warnings = &warnings;
        Image image = reduced(read_image(item.input, decode), options_.max_side);
        for (const std::string& warning : warnings)
          events_.warn(fmt::format("{}: {}", to_utf8(item.input), warning));
        timed([&] { image = apply_sprites(painter, image, options_.sprites, options_.apply, events); });
        write_image(prepared_output(work), image, encode_options(work, image.channels() <= 2, options_));
      }
      outcome.written = true;
    });
    return outcome;
  }

  static constexpr int64_t kSmallPixels = 1 << 20;
  static int64_t round_up(int64_t x, int64_t multiple) { return (x + multiple - 1) / multiple * multiple; }

  const Stylizer& stylizer_;
  const BatchOptions& options_;
  const int threads_;
  const size_t workers_;
  const int narrow_threads_;
  const Stylizer narrow_;
  OneAtATime events_;
  WithoutProgress quiet_;
  BatchResult& result_;
  Turns turns_;
};

}  // namespace

BatchResult run_batch(const Stylizer& stylizer, const std::vector<fs::path>& inputs,
                      const BatchOptions& options, EventSink& events) {
  const Clock::time_point begun = Clock::now();
  BatchResult result;
  std::vector<BatchItem> items = plan_batch(inputs, options, &result.ignored);
  if (items.empty()) fail(ErrorKind::input, "no pictures were found (.jpg .png .webp .tif .avif)");
  const bool to_file = items.size() == 1 && items[0].output == options.output;
  fs::path folder = to_file ? options.output.parent_path() : options.output;
  check_writable(folder.empty() ? "." : folder);

  std::set<fs::path> sources;
  for (const BatchItem& item : items) sources.insert(full_path(item.input));
  std::erase_if(items, [&](const BatchItem& item) {
    if (sources.contains(full_path(item.output))) {
      result.failures.push_back(
          {item.input, "the result would replace an input picture; choose another output with -o"});
      return true;
    }
    if (!fs::exists(item.output)) return false;
    if (options.resume) {
      ++result.skipped;
      return true;
    }
    if (options.force) return false;
    result.failures.push_back({item.input, fmt::format("{} is there already; use --force to replace it or "
                                                       "--resume to keep it",
                                                       to_utf8(item.output))});
    return true;
  });
  if (result.skipped > 0)
    events.info(fmt::format("{} results are there already and are kept", result.skipped));

  Batch batch(stylizer, options, items.size(), events, result);
  batch.run(items);
  result.seconds = since(begun);
  return result;
}

}  // namespace linmo::apply
