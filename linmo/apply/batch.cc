// SPDX-License-Identifier: Apache-2.0
#include "linmo/apply/batch.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
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

// A queue between two threads that holds so many bytes of pictures, or one picture of any size.
template <class T>
class Queue {
 public:
  // False when the other side has gone.
  bool push(T item, size_t bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || items_.empty() || bytes_ + bytes <= kBytes; });
    if (closed_) return false;
    items_.emplace_back(std::move(item), bytes);
    bytes_ += bytes;
    changed_.notify_all();
    return true;
  }
  // Empty when nothing will come any more.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || closed_ || !items_.empty(); });
    if (closed_ || items_.empty()) return std::nullopt;
    T item = std::move(items_.front().first);
    bytes_ -= items_.front().second;
    items_.pop_front();
    changed_.notify_all();
    return item;
  }
  void end() {  // by the giver: what is inside is still handed out
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  void close() {  // by the taker: nothing more is wanted
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  static constexpr size_t kBytes = 128 << 20;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<T, size_t>> items_;
  size_t bytes_ = 0;
  bool ended_ = false, closed_ = false;
};

struct Work {
  BatchItem item;
  Image image;            // empty where …
  bool in_bands = false;  // … the picture is read when its turn comes
  std::vector<std::byte> exif;
  bool has_profile = false;
  std::vector<std::string> warnings;
  std::string failure;
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
  for (const char* known : {".gif", ".bmp", ".heic", ".jxl", ".jp2", ".psd", ".svg", ".pdf", ".ppm"}) {
    if (extension == known) return true;
  }
  return false;
}

// The result's name beside its input's: the same, or with the format's extension.
fs::path renamed(const fs::path& relative, const std::optional<ImageFormat>& format) {
  const std::optional<ImageFormat> own = format_of_extension(relative);
  if (own && (!format || own == format)) return relative;
  fs::path out = relative;
  return out.replace_extension(extension(format.value_or(ImageFormat::png)));
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
  encode.exif = work.exif;
  // WebP has no grey pictures.
  if (work.has_profile)
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
  const std::optional<ImageFormat> output_format = format_of_extension(options.output);
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

  Queue<Work> decoded, styled;
  std::mutex mutex;  // over `result` where the writing thread adds to it
  std::thread reader([&] {
    for (const BatchItem& item : items) {
      Work work;
      work.item = item;
      work.failure = reason_of([&] {
        const ImageInfo info = probe_image(item.input, options.limits);
        work.exif = info.exif;
        work.has_profile = !info.icc.empty();
        work.in_bands = goes_in_bands(info, stylizer, options);
        if (work.in_bands) return;
        DecodeOptions decode;
        decode.limits = options.limits;
        decode.warnings = &work.warnings;
        work.image = reduced(read_image(item.input, decode), options.max_side);
      });
      const size_t bytes = work.image.bytes().size();
      if (!decoded.push(std::move(work), bytes)) return;
    }
    decoded.end();
  });
  std::thread writer([&] {
    while (std::optional<Work> work = styled.pop()) {
      const std::string reason = reason_of([&] {
        write_image(prepared_output(*work), work->image,
                    encode_options(*work, work->image.channels() <= 2, options));
      });
      const std::lock_guard lock(mutex);
      if (reason.empty())
        result.written.push_back(work->item.output);
      else
        result.failures.push_back({work->item.input, reason});
    }
  });

  // Ends both threads, also when an exception of the sink's passes through here.
  struct Ending {
    Queue<Work>& decoded;
    Queue<Work>& styled;
    std::thread& reader;
    std::thread& writer;
    void operator()() {
      decoded.close();
      styled.end();
      if (reader.joinable()) reader.join();
      if (writer.joinable()) writer.join();
    }
    ~Ending() { (*this)(); }
  } finish{decoded, styled, reader, writer};

  WithoutProgress quiet(events);
  EventSink& inner = items.size() > 1 ? static_cast<EventSink&>(quiet) : events;
  int64_t count = 0;
  const auto total = static_cast<double>(items.size());
  try {
    while (std::optional<Work> work = decoded.pop()) {
      events.check("stylising");
      for (const std::string& warning : work->warnings)
        events.warn(fmt::format("{}: {}", to_utf8(work->item.input), warning));
      if (work->failure.empty()) {
        const Clock::time_point start = Clock::now();
        work->failure = reason_of([&] {
          if (work->in_bands) return apply_in_bands(*work, stylizer, options, inner);
          work->image = apply_sprites(stylizer, work->image, options.sprites, options.apply, inner);
        });
        result.engine_seconds += since(start);
      }
      if (!work->failure.empty()) {
        const BatchFailure failure{work->item.input, work->failure};
        events.warn(sentence(failure));
        const std::lock_guard lock(mutex);
        result.failures.push_back(failure);
      } else if (work->in_bands) {
        const std::lock_guard lock(mutex);
        result.written.push_back(work->item.output);
      } else {
        const size_t bytes = work->image.bytes().size();
        styled.push(std::move(*work), bytes);
      }
      ++count;
      if (items.size() > 1)
        events.progress("pictures", static_cast<double>(count), total,
                        since(begun) / static_cast<double>(count) * (total - static_cast<double>(count)));
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::cancelled) throw;
    result.stopped = true;
  }
  finish();
  result.seconds = since(begun);
  return result;
}

}  // namespace linmo::apply
