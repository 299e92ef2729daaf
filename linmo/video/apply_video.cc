// SPDX-License-Identifier: Apache-2.0
#include "linmo/video/apply_video.h"

#include <chrono>
#include <cmath>
#include <optional>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/image/convert.h"
#include "linmo/image/resize.h"
#include "linmo/video/smoother.h"

namespace linmo::video {
namespace {

// Half resolution of colour, which players expect, needs even sides.
int64_t even(int64_t side) {
  return std::max<int64_t>(2, side / 2 * 2);
}

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
  VideoReader reader(input);
  std::optional<VideoWriter> writer;
  Smoother smoother(options.smooth);
  WithoutProgress inner(events);
  VideoResult result;
  Frame frame;
  while (reader.next(frame)) {
    events.check("stylising");
    Image content = std::move(frame.image);
    const int64_t longer = std::max(content.width(), content.height());
    if (options.max_side > 0 && longer > options.max_side) {
      const auto scaled = [&](int64_t side) {
        return std::max<int64_t>(2, (side * options.max_side + longer / 2) / longer);
      };
      content = resize(content, scaled(content.width()), scaled(content.height()), Filter::lanczos);
    }
    Image styled = to_rgb(stylizer.apply(content, options.apply, inner), 0);
    if (styled.width() % 2 || styled.height() % 2)
      styled = crop(styled, 0, 0, even(styled.width()), even(styled.height()));
    frame.image = options.smooth > 0 ? smoother.next(content, styled) : std::move(styled);
    if (!writer) {
      result.width = frame.image.width();
      result.height = frame.image.height();
      writer.emplace(output, reader, result.width, result.height, options.writer, events);
    }
    writer->write(frame);
    ++result.frames;
    const auto total = static_cast<double>(std::max(reader.info().frames, result.frames));
    events.progress("frames", static_cast<double>(result.frames), reader.info().frames > 0 ? total : 0,
                    reader.info().frames > 0 ? seconds() / static_cast<double>(result.frames) *
                                                   (total - static_cast<double>(result.frames))
                                             : -1);
  }
  if (!writer) fail(ErrorKind::input, "{} has no frame that can be decoded", to_utf8(input));
  writer->finish();
  result.damaged = reader.damaged();
  if (result.damaged > 0)
    events.warn(fmt::format("{}: {} damaged pieces were left out", to_utf8(input), result.damaged));
  result.seconds = seconds();
  return result;
}

}  // namespace linmo::video
