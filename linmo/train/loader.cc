// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/loader.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/train/crops.h"
#include "linmo/train/threads.h"

namespace linmo::train {
namespace {
constexpr size_t kAhead = 4;  // batches kept ready
constexpr uint64_t kContentStream = 0x4000, kStyleStream = 0x5000, kCropStream = 0x6000,
                   kStyleOrderStream = 0x8000;
}  // namespace

at::Tensor to_tensor(const std::vector<Image>& pictures) {
  const int64_t n = static_cast<int64_t>(pictures.size()), h = pictures[0].height(), w = pictures[0].width();
  at::Tensor t = at::empty({n, 3, h, w}, at::TensorOptions().memory_format(at::MemoryFormat::ChannelsLast));
  float* out = t.data_ptr<float>();
  for (const Image& picture : pictures) {
    for (const uint8_t v : picture.samples<uint8_t>())
      *out++ = static_cast<float>(v) * (2.0f / 255.0f) - 1.0f;
  }
  return t;
}

Image to_image(const at::Tensor& picture) {
  const at::Tensor t =
      (picture.dim() == 4 ? picture[0] : picture).detach().permute({1, 2, 0}).to(at::kFloat).contiguous();
  Image image(t.size(1), t.size(0), static_cast<int>(t.size(2)));
  const float* in = t.data_ptr<float>();
  for (uint8_t& v : image.samples<uint8_t>()) {
    v = static_cast<uint8_t>(std::lround(std::clamp((*in++ + 1.0f) * 127.5f, 0.0f, 255.0f)));
  }
  return image;
}

Loader::Loader(const TrainingData& data, const TrainSettings& settings, int64_t multiple)
    : settings_(settings), content_settings_(settings), multiple_(multiple), paired_(data.paired) {
  content_settings_.size = content_side(settings);
  content_.settings = &content_settings_;
  content_.sources = data.content;
  content_.stream = kContentStream;
  styles_.resize(std::max<size_t>(1, data.styles.size()));
  for (size_t i = 0; i < styles_.size(); ++i) {
    styles_[i].stream = kStyleStream + i;
    styles_[i].settings = &settings_;
  }
  for (const Source& source : data.style) styles_[source.style].sources.push_back(source);
  const auto prepare = [](Side& side) {
    side.cache.resize(side.sources.size());
    side.bad.assign(side.sources.size(), 0);
  };
  prepare(content_);
  for (Side& side : styles_) prepare(side);
}

Loader::~Loader() {
  stop();
}

void Loader::stop() {
  if (worker_.joinable()) {
    worker_.request_stop();
    changed_.notify_all();
    worker_.join();
  }
  ready_.clear();
  error_ = nullptr;
}

void Loader::start(int64_t step) {
  stop();
  worker_ = std::jthread([this, step](std::stop_token token) { work(std::move(token), step); });
}

void Loader::work(std::stop_token token, int64_t step) {
  untie_this_thread();
  try {
    for (;; ++step) {
      Batch batch = make(step);
      std::unique_lock lock(mutex_);
      changed_.wait(lock, token, [&] { return ready_.size() < kAhead; });
      if (token.stop_requested()) return;
      ready_.push_back(std::move(batch));
      changed_.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
    changed_.notify_all();
  }
}

Batch Loader::next() {
  using Clock = std::chrono::steady_clock;
  std::unique_lock lock(mutex_);
  if (ready_.empty() && !error_) {
    const auto begin = Clock::now();
    changed_.wait(lock, [&] { return !ready_.empty() || error_; });
    waited_ += std::chrono::duration<double>(Clock::now() - begin).count();
  }
  if (ready_.empty()) std::rethrow_exception(error_);
  Batch batch = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return batch;
}

std::vector<std::pair<std::filesystem::path, std::string>> Loader::failures() const {
  const std::lock_guard lock(mutex_);
  return failures_;
}

// Each epoch is a permutation of its own, drawn from the seed, the side and the epoch's number.
int64_t Loader::index_of(Side& side, int64_t sample) {
  const auto count = static_cast<int64_t>(side.sources.size());
  const int64_t epoch = sample / count;
  if (side.epoch != epoch) {
    side.order.resize(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) side.order[static_cast<size_t>(i)] = i;
    Random(mix(static_cast<uint64_t>(settings_.seed), side.stream), static_cast<uint64_t>(epoch))
        .shuffle(std::span(side.order));
    side.epoch = epoch;
  }
  return side.order[static_cast<size_t>(sample % count)];
}

// Every round each style has its turn, in an order of the round's own: all are seen equally often, whatever
// the number of their pictures.
size_t Loader::style_of(int64_t sample) {
  const auto count = static_cast<int64_t>(styles_.size());
  if (count == 1) return 0;
  if (style_round_ != sample / count) {
    style_round_ = sample / count;
    style_order_.resize(styles_.size());
    for (int64_t i = 0; i < count; ++i) style_order_[static_cast<size_t>(i)] = i;
    Random(mix(static_cast<uint64_t>(settings_.seed), kStyleOrderStream), static_cast<uint64_t>(style_round_))
        .shuffle(std::span(style_order_));
  }
  return static_cast<size_t>(style_order_[static_cast<size_t>(sample % count)]);
}

std::shared_ptr<const Image> Loader::picture(Side& side, int64_t index) {
  const auto i = static_cast<size_t>(index);
  if (side.bad[i]) return nullptr;
  if (side.cache[i]) return side.cache[i];
  const Source& source = side.sources[i];
  try {
    auto image = std::make_shared<const Image>(prepare_picture(source, *side.settings, multiple_));
    const auto bytes = static_cast<int64_t>(image->bytes().size());
    if (cached_bytes_ + bytes <= settings_.cache_mb << 20) {
      cached_bytes_ += bytes;
      side.cache[i] = image;
    }
    return image;
  } catch (const Error& error) {
    side.bad[i] = 1;
    const std::lock_guard lock(mutex_);
    failures_.emplace_back(source.file, error.what());
    return nullptr;
  }
}

Batch Loader::make(int64_t step) {
  std::vector<Image> content, style;
  std::vector<int64_t> styles;
  for (int64_t j = 0; j < settings_.batch; ++j) {
    const int64_t sample = step * settings_.batch + j;
    Random random(mix(static_cast<uint64_t>(settings_.seed), kCropStream), static_cast<uint64_t>(sample));
    // A picture that cannot be decoded is replaced by its successor: the same one in every run.
    const auto find = [&](Side& side, int64_t first, const Side* partner) {
      const auto count = static_cast<int64_t>(side.sources.size());
      for (int64_t k = 0; k < count; ++k) {
        const int64_t index = (first + k) % count;
        if (picture(side, index) && (!partner || picture(const_cast<Side&>(*partner), index))) return index;
      }
      fail(ErrorKind::input, "none of the {} pictures of one side can be decoded; the first failure: {}: {}",
           count, to_utf8(failures_.at(0).first), failures_.at(0).second);
    };
    const size_t of = style_of(sample);
    Side& own = styles_[of];
    styles.push_back(static_cast<int64_t>(of));
    const int64_t i = find(content_, index_of(content_, sample), paired_ ? &own : nullptr);
    const auto a = picture(content_, i);
    if (paired_) {
      auto b = picture(own, i);
      const CropPlan plan = plan_crop(a->width(), a->height(), settings_, random);
      content.push_back(cut_crop(*a, plan, settings_));
      style.push_back(cut_crop(*b, plan, settings_));
    } else {
      const int64_t turn =
          sample / static_cast<int64_t>(styles_.size());  // how often it was this style's before
      const auto b = picture(own, find(own, index_of(own, turn), nullptr));
      content.push_back(
          cut_crop(*a, plan_crop(a->width(), a->height(), content_settings_, random), content_settings_));
      style.push_back(cut_crop(*b, plan_crop(b->width(), b->height(), settings_, random), settings_));
    }
  }
  return {to_tensor(content), to_tensor(style), std::move(styles)};
}

}  // namespace linmo::train
