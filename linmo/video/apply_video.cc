// SPDX-License-Identifier: Apache-2.0
#include "linmo/video/apply_video.h"

#include <chrono>
#include <cmath>
#include <cstring>
#include <optional>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"
#include "linmo/video/scene_cut.h"
#include "linmo/video/smoother.h"

namespace linmo::video {
namespace {

// Half resolution of colour, which players expect, needs even sides: an odd one loses a row or column, and a
// side of one pixel is doubled.
Image even_sided(const Image& image) {
  const auto even = [](int64_t side) { return std::max<int64_t>(2, side / 2 * 2); };
  const int64_t width = even(image.width()), height = even(image.height());
  if (image.width() < width || image.height() < height) return resize(image, width, height, Filter::nearest);
  return crop(image, 0, 0, width, height);
}

std::filesystem::path pieces_of(const std::filesystem::path& output) {
  return output.parent_path() / fmt::format(".{}.pieces", to_utf8(output.filename()));
}

std::string identity_of(const std::filesystem::path& input, const VideoOptions& o) {
  namespace fs = std::filesystem;
  return fmt::format(
      "{} {} {} {} strength {} colour {} side {} smooth {} crf {} memory {} piece {} state 2 linmo {}",
      o.identity, to_utf8(fs::absolute(input)), fs::file_size(input),
      fs::last_write_time(input).time_since_epoch().count(), o.apply.strength, o.apply.keep_colour,
      o.max_side, o.smooth, o.writer.crf, o.apply.tiles.memory_bytes, o.piece_frames, LINMO_VERSION);
}

// What one frame leaves for the next: of a model that remembers, of the smoothing.
struct Carried {
  explicit Carried(double smooth) : smoother(smooth) {}

  std::string save() const {
    std::string out;
    for (const std::string& part : {smoother.save(), cuts.save(), memory.save()}) {
      const uint64_t size = part.size();
      out.append(reinterpret_cast<const char*>(&size), sizeof size).append(part);
    }
    return out;
  }
  void restore(std::string_view saved) {
    const auto part = [&] {
      uint64_t size = 0;
      if (saved.size() >= sizeof size) std::memcpy(&size, saved.data(), sizeof size);
      if (saved.size() < sizeof size || size > saved.size() - sizeof size)
        fail(ErrorKind::input, "what was remembered of the last frame is damaged");
      const std::string_view bytes = saved.substr(sizeof size, size);
      saved.remove_prefix(sizeof size + size);
      return bytes;
    };
    smoother.restore(part());
    cuts.restore(part());
    memory.restore(part());
  }

  Smoother smoother;
  SceneCuts cuts;
  engine::Memory memory;
};

}  // namespace

VideoResult apply_video(const apply::Stylizer& stylizer, const std::filesystem::path& input,
                        const std::filesystem::path& output, const VideoOptions& options, EventSink& events) {
  using Clock = std::chrono::steady_clock;
  namespace fs = std::filesystem;
  if (!(options.smooth >= 0 && options.smooth <= 0.98))
    fail(ErrorKind::usage, "the smoothing {} is not in 0 … 0.98", options.smooth);
  if (output != "-" && fs::exists(output)) {
    std::error_code ignored;
    if (fs::equivalent(input, output, ignored))
      fail(ErrorKind::usage, "the result would replace the video {}; choose another output with -o",
           to_utf8(input));
    if (!options.force)
      fail(ErrorKind::usage, "{} is there already; use --force to replace it", to_utf8(output));
  }
  const Clock::time_point begun = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begun).count(); };
  VideoReader reader(input, options.raw_input);
  std::optional<Pieces> pieces;
  if (!options.identity.empty() && input != "-" && can_grow_in_pieces(output))
    pieces.emplace(pieces_of(output), identity_of(input, options));
  std::optional<VideoWriter> writer;
  Carried carried(options.smooth);
  const bool remembers = stylizer.engine().network().remembers();
  WithoutProgress inner(events);
  VideoResult result;
  const int64_t there = pieces ? pieces->frames() : 0;
  if (there > 0) {
    carried.restore(pieces->state());
    result.resumed_at = there;
    events.info(fmt::format("going on after frame {}", there));
  }
  const auto open_writer = [&](int64_t width, int64_t height) {
    result.width = width;
    result.height = height;
    writer.emplace(output, reader, width, height, options.writer, events, pieces ? &*pieces : nullptr);
  };
  Frame frame;
  while (reader.next(frame)) {
    events.check("stylising");
    if (++result.frames <= there) continue;  // decoded only
    const Image content = reduced(std::move(frame.image), options.max_side);
    if (remembers && carried.cuts.next(content)) carried.memory.clear();
    Image styled =
        to_rgb(stylizer.apply(content, options.apply, inner, remembers ? &carried.memory : nullptr), 0);
    if (styled.width() % 2 || styled.height() % 2) styled = even_sided(styled);
    frame.image = options.smooth > 0 ? carried.smoother.next(content, styled) : std::move(styled);
    if (!writer) open_writer(frame.image.width(), frame.image.height());
    writer->write(frame);
    if (pieces && result.frames % options.piece_frames == 0) writer->end_piece(carried.save());
    const auto total = static_cast<double>(std::max(reader.info().frames, result.frames));
    const auto done = static_cast<double>(result.frames - there);
    events.progress(
        "frames", static_cast<double>(result.frames), reader.info().frames > 0 ? total : 0,
        reader.info().frames > 0 ? seconds() / done * (total - static_cast<double>(result.frames)) : -1);
  }
  if (pieces && !writer && there > 0) {  // all pieces were there, only the file was not
    const Piece first = pieces->read(0);
    open_writer(first.width, first.height);
  }
  if (!writer) fail(ErrorKind::input, "{} has no frame that can be decoded", to_utf8(input));
  if (pieces) writer->end_piece(carried.save());
  writer->finish();
  result.damaged = reader.damaged();
  if (result.damaged > 0)
    events.warn(fmt::format("{}: {} damaged pieces were left out", to_utf8(input), result.damaged));
  result.seconds = seconds();
  return result;
}

}  // namespace linmo::video
