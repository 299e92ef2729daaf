// SPDX-License-Identifier: Apache-2.0
// Batches, made ahead of time on a thread of their own. What step n sees depends on the seed and n alone: not
// on threads, not on what is cached, not on whether the run was interrupted.
#pragma once

#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "linmo/image/image.h"
#include "linmo/train/data.h"
#include "linmo/train/method.h"
#include "linmo/train/settings.h"

namespace linmo::train {

class Loader {
 public:
  Loader(const TrainingData& data, const TrainSettings& settings, int64_t multiple);
  ~Loader();

  // Begins (or begins again, after a rollback) with the batch of `step`.
  void start(int64_t step);
  // The next step's batch. Throws what made it impossible (no picture of a side can be decoded).
  Batch next();

  double waited_seconds() const { return waited_; }  // in next(), in total
  // Pictures that passed the header check but could not be decoded, with the reason; each once.
  std::vector<std::pair<std::filesystem::path, std::string>> failures() const;

 private:
  struct Side {
    std::vector<Source> sources;
    const TrainSettings* settings;
    std::vector<std::shared_ptr<const Image>> cache;
    std::vector<char> bad;
    uint64_t stream;
    int64_t epoch = -1;
    std::vector<int64_t> order;  // of `epoch`
  };
  void work(std::stop_token stop, int64_t step);
  Batch make(int64_t step);
  std::shared_ptr<const Image> picture(Side& side, int64_t index);  // null: cannot be decoded
  int64_t index_of(Side& side, int64_t sample);
  size_t style_of(int64_t sample);
  void stop();

  const TrainSettings settings_;
  TrainSettings content_settings_;  // with the size of the content's crops
  const int64_t multiple_;
  const bool paired_;
  Side content_;
  std::vector<Side> styles_;          // usually one
  std::vector<int64_t> style_order_;  // of round `style_round_`
  int64_t style_round_ = -1;
  int64_t cached_bytes_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Batch> ready_;
  std::exception_ptr error_;
  std::vector<std::pair<std::filesystem::path, std::string>> failures_;
  double waited_ = 0;
  std::jthread worker_;
};

// RGB 8-bit pictures of one size → N × 3 × H × W in [−1, 1], channels last.
at::Tensor to_tensor(const std::vector<Image>& pictures);
// The reverse of one picture (1 × 3 × H × W or 3 × H × W), rounded to nearest.
Image to_image(const at::Tensor& picture);

}  // namespace linmo::train
