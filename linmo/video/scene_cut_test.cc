// SPDX-License-Identifier: Apache-2.0
#include "linmo/video/scene_cut.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/core/random.h"

namespace linmo::video {
namespace {

// Waves that have moved by `shift` px, with the noise of a camera.
Image scene(double shift, int level, Random& random) {
  Image image(96, 64, 3);
  for (int64_t y = 0; y < image.height(); ++y) {
    for (int64_t x = 0; x < image.width(); ++x) {
      const double wave =
          50 * std::sin((static_cast<double>(x) + shift) / 9) + 20 * std::cos(static_cast<double>(y) / 5);
      for (size_t c = 0; c < 3; ++c)
        image.row<uint8_t>(y)[static_cast<size_t>(3 * x) + c] =
            static_cast<uint8_t>(std::clamp(level + wave + random.uniform(-8, 8), 0.0, 255.0));
    }
  }
  return image;
}

TEST(SceneCuts, AreFoundAndMotionIsNone) {
  Random random(4);
  SceneCuts cuts;
  std::vector<int> found;
  for (int t = 0; t < 30; ++t) {
    const bool second = t >= 12;
    if (cuts.next(scene(t * 6, second ? 190 : 90, random))) found.push_back(t);
  }
  EXPECT_EQ(found, std::vector<int>{12});
  // A fast pan: every frame differs a lot from the one before, and none more than the others.
  SceneCuts pan;
  int wrong = 0;
  for (int t = 0; t < 20; ++t) wrong += pan.next(scene(t * 20, 120, random)) && t > 1;
  EXPECT_EQ(wrong, 0);
  // A fade.
  SceneCuts fade;
  for (int t = 0; t < 20; ++t) EXPECT_FALSE(fade.next(scene(0, 60 + 6 * t, random))) << t;
}

TEST(SceneCuts, GoOnWhereTheyWere) {
  Random random(4);
  std::vector<Image> frames;
  for (const int level : {60, 60, 200, 200, 60}) frames.push_back(scene(0, level, random));
  SceneCuts whole, parts;
  for (const Image& frame : frames) {
    SceneCuts next;
    if (&frame != &frames[0]) next.restore(parts.save());
    EXPECT_EQ(next.next(frame), whole.next(frame));
    parts = next;
  }
  EXPECT_THROW(parts.restore("abc"), Error);
  EXPECT_THROW(parts.restore(std::string(24, 'x')), Error);
  SceneCuts fresh, restored;
  restored.restore(fresh.save());  // of no frame at all
  EXPECT_FALSE(restored.next(frames[0]));
}

}  // namespace
}  // namespace linmo::video
