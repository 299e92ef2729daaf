// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/image/codec.h"
#include "linmo/image/contact_sheet.h"
#include "linmo/model/library.h"
#include "linmo/model/model_file.h"
#include "linmo/train/checkpoint.h"
#include "linmo/train/crops.h"
#include "linmo/train/judge.h"
#include "linmo/train/loader.h"
#include "linmo/train/method.h"
#include "linmo/train/report.h"
#include "linmo/train/threads.h"

namespace linmo::train {
namespace fs = std::filesystem;
using nlohmann::json;

bool bf16_is_native() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

TrainSettings read_run_settings(const fs::path& run) {
  if (!fs::exists(run / "settings.toml")) {
    fail(ErrorKind::usage,
         "{} holds no run to resume (settings.toml is missing); leave --resume away to begin one",
         to_utf8(run));
  }
  TrainSettings settings;
  from_toml(read_text(run / "settings.toml"), to_utf8(run / "settings.toml"), settings);
  return settings;
}

namespace {

using Clock = std::chrono::steady_clock;

// A loss beyond this is an explosion, not a loss: all of ours are means of bounded things at sane rates.
constexpr double kExplosion = 1e5;
constexpr uint64_t kStepStream = 0x7000;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// One trainer a folder.
class RunLock {
 public:
  explicit RunLock(const fs::path& run)
      : descriptor_(::open((run / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) fail_io("write", run / ".lock");
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      ::close(descriptor_);
      fail(ErrorKind::io, "another linmo is training in {}; wait for it or choose another folder with -o",
           to_utf8(run));
    }
  }
  ~RunLock() { ::close(descriptor_); }
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int descriptor_;
};

class Trainer {
 public:
  Trainer(const TrainSettings& settings, const fs::path& run, EventSink& sink)
      : s_(settings),
        run_(run),
        sink_(sink),
        data_(find_data(s_, sink)),
        method_(make_method(s_, data_.styles)),
        multiple_(std::max<int64_t>(method_->generator_description().size_multiple,
                                    std::llround(1 / method_->generator_description().content_scale))),
        loader_(data_, s_, multiple_) {
    if (s_.size % multiple_ != 0) {
      fail(ErrorKind::usage, "the generator {} needs a size that is a multiple of {}; --size {} is not",
           s_.generator, multiple_, s_.size);
    }
    const net::Description d = method_->generator_description();
    const auto side = static_cast<int64_t>(std::llround(static_cast<double>(s_.size) * d.content_scale));
    net::infer_shapes(d, {3, side, side});
    for (const Trainee& t : method_->networks()) {
      if (!t.name.starts_with("D")) continue;
      const net::Description& judge = t.network->description();
      net::infer_shapes(judge, {judge.in_channels(), s_.size, s_.size});
    }
    if (!s_.from.empty()) {
      const fs::path file = model::find_model(model::default_library(), s_.from);
      const model::Model from = model::load_model(file);
      method_->begin_with(from, to_utf8(file));
      for (const auto& [name, tensor] : from.tensors) types_of_from_[name] = tensor.dtype();
      if (!s_.add_style.empty()) base_card_ = from.card;
      if (s_.subject == "auto") subject_ = model::card_text(from.card, "subject");
    }
    bf16_ = s_.precision == "bf16";
    if (s_.precision == "bf16" && !bf16_is_native())
      sink.warn(
          "this processor has no bf16 instructions: bf16 is emulated and slow; --precision fp32 is better "
          "here");
    method_->set_precision(bf16_                     ? Precision::bf16
                           : s_.precision == "plain" ? Precision::plain
                                                     : Precision::fp32);
  }

  TrainResult train(bool resume) {
    begin(resume);
    loader_.start(meta_.step);
    const double budget = s_.time.empty() ? 0 : parse_duration(s_.time);
    const double elapsed_before = meta_.elapsed;
    const int64_t first_step = meta_.step;
    const auto started = Clock::now();
    auto last_checkpoint = started;
    Losses sums;
    int64_t summed = 0;
    const auto progress = [&] {
      return budget > 0 ? std::min(1.0, meta_.elapsed / budget)
                        : std::min(1.0, static_cast<double>(meta_.step) / static_cast<double>(s_.steps));
    };
    bool stopped = false, out_of_patience = false;
    while (progress() < 1 && !out_of_patience) {
      if (sink_.stop_requested() || (s_.stop_at > 0 && meta_.step >= s_.stop_at)) {
        stopped = true;
        break;
      }
      const Losses losses = step(progress());
      if (diverged(losses)) {
        roll_back(losses);
        sums.clear();
        summed = 0;
        continue;
      }
      ++meta_.step;
      meta_.elapsed = elapsed_before + seconds_since(started);
      if (sums.empty())
        sums = losses;
      else
        add(sums, losses);
      ++summed;
      if (meta_.step % s_.log_every == 0) {
        log(sums, summed, progress(), meta_.step - first_step, meta_.elapsed - elapsed_before);
        sums.clear();
        summed = 0;
      }
      live_line(losses, progress(), budget, meta_.step - first_step, meta_.elapsed - elapsed_before);
      if (sample_is_due(progress())) sample();
      if (judge_ && progress() >= next_score_ && progress() < 1) out_of_patience = score(progress());
      if (seconds_since(last_checkpoint) >= static_cast<double>(s_.checkpoint_every)) {
        checkpoint(false);
        last_checkpoint = Clock::now();
      }
    }
    if (!stopped) {
      // A run shorter than an interval, and the last steps of every other, have their line too.
      if (summed > 0) log(sums, summed, 1, meta_.step - first_step, meta_.elapsed - elapsed_before);
      sample();
      if (judge_ && !out_of_patience) score(1);
    }
    checkpoint(true);
    if (judge_ && !stopped) sink_.info(verdict(scores_));
    const double rate = static_cast<double>(meta_.step - first_step) * static_cast<double>(s_.batch) /
                        std::max(1e-9, meta_.elapsed - elapsed_before);
    sink_.info(
        fmt::format("{} at step {} after {}: {:.1f} pictures/s, {:.1f} % of the time waiting for pictures{}",
                    stopped ? "stopped" : "finished", meta_.step, format_duration(meta_.elapsed), rate,
                    100 * loader_.waited_seconds() / std::max(1e-9, seconds_since(started)),
                    peak_ > 0 ? fmt::format(", {:.0f} % of this machine's best convolution rate",
                                            100 * share_of_peak(rate / static_cast<double>(s_.batch)))
                              : ""));
    return {meta_.step, meta_.elapsed, !stopped, run_ / kModel};
  }

 private:
  void begin(bool resume) {
    fs::create_directories(run_ / "samples");
    if (s_.snapshots) fs::create_directories(run_ / "snapshots");
    const auto loaded = resume ? load_newest_checkpoint(run_, *method_, sink_) : std::nullopt;
    if (loaded) {
      meta_ = *loaded;
      if (meta_.fingerprint != data_.fingerprint) {
        sink_.warn(
            "the pictures are not the same as when this run began; it goes on, but not to the same bits");
      }
      sink_.info(fmt::format("resuming {} at step {}", to_utf8(run_), meta_.step));
    } else if (resume) {
      sink_.info("the run was stopped before anything was saved; it begins again");
    }
    meta_.fingerprint = data_.fingerprint;
    if (resume) truncate_stats();
    write_file(run_ / "settings.toml",
               fmt::format("# linmo {}: the resolved settings of this run\n{}", LINMO_VERSION, to_toml(s_)));
    describe();
    measure_peak();
    prepare_samples();
    prepare_scores();
    if (!loaded) {
      write_data();
      sample();
      save_checkpoint(run_, *method_, meta_);  // what a divergence in the first minutes goes back to
    }
    while (next_sample_ < kSampleAt.size() && resume_progress() >= kSampleAt[next_sample_]) ++next_sample_;
  }

  double resume_progress() const {
    return s_.time.empty() ? static_cast<double>(meta_.step) / static_cast<double>(s_.steps)
                           : meta_.elapsed / parse_duration(s_.time);
  }

  void describe() {
    sink_.info(
        fmt::format("content: {} pictures, style: {} pictures{}, {} refused{} ({})", data_.content.size(),
                    data_.style.size(),
                    data_.styles.empty() ? "" : fmt::format(" ({})", fmt::join(pictures_of_styles(), ", ")),
                    data_.refused.size(),
                    data_.held_out_is_trained_on ? "; too few to hold any out for the samples"
                                                 : fmt::format("; {} held out", data_.held_out.size()),
                    data_.layout));
    for (size_t i = 0; i < std::min<size_t>(5, data_.refused.size()); ++i)
      sink_.warn(fmt::format("not used: {}: {}", to_utf8(data_.refused[i].path), data_.refused[i].reason));
    if (data_.refused.size() > 5)
      sink_.warn(fmt::format("… and {} more; all are in the report", data_.refused.size() - 5));
    sink_.info(fmt::format("{} with {} generator, {}, {} px crops, batch {}, {} threads, seed {}", s_.method,
                           generator_name(), s_.precision, s_.size, s_.batch, at::get_num_threads(),
                           s_.seed));
  }

  // "ukiyoe 181", "山水 281" …
  std::vector<std::string> pictures_of_styles() const {
    std::vector<std::string> list;
    for (size_t i = 0; i < data_.styles.size(); ++i) {
      const auto own = [&](const Source& source) { return source.style == i; };
      list.push_back(
          fmt::format("{} {}", data_.styles[i], std::count_if(data_.style.begin(), data_.style.end(), own)));
    }
    return list;
  }

  std::string generator_name() const {
    return s_.generator == "from" ? method_->generator_description().family : s_.generator;
  }

  // What the processor reaches on one large convolution in this precision: the yardstick of the live line.
  void measure_peak() {
    const at::NoGradGuard guard;
    const auto type = bf16_ ? at::kBFloat16 : at::kFloat;
    const at::Tensor x = at::zeros({1, 256, 64, 64}).to(type).contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor w = at::zeros({256, 256, 3, 3}).to(type).contiguous(at::MemoryFormat::ChannelsLast);
    // Long enough that a moment in which other programs had the processor does not count.
    double best = 1e9;
    const auto first = Clock::now();
    while (seconds_since(first) < 0.3) {
      const auto begin = Clock::now();
      at::conv2d(x, w, {}, 1, 1);
      best = std::min(best, seconds_since(begin));
    }
    peak_ = 2.0 * 256 * 256 * 9 * 64 * 64 / best;
  }
  double share_of_peak(double steps_per_second) const {
    return steps_per_second * method_->flops_per_step() / peak_;
  }

  void prepare_samples() {
    const int64_t most = std::max<int64_t>(s_.size, 256) / multiple_ * multiple_;
    for (size_t i = 0; i < data_.held_out.size(); ++i) {
      try {
        const Image content = middle_of(prepare_picture(data_.held_out[i], s_, multiple_), most, multiple_);
        if (data_.paired)
          truths_.push_back(
              middle_of(prepare_picture(data_.held_out_truth[i], s_, multiple_), most, multiple_));
        sample_contents_.push_back(content);
      } catch (const Error& error) {
        sink_.warn(fmt::format("held-out picture not used: {}", error.what()));
      }
    }
  }

  bool sample_is_due(double progress) {
    if (next_sample_ >= kSampleAt.size() || progress < kSampleAt[next_sample_]) return false;
    while (next_sample_ < kSampleAt.size() && progress >= kSampleAt[next_sample_]) ++next_sample_;
    return progress < 1;
  }

  void sample() {
    if (s_.snapshots) {
      keep([&] { export_models(fmt::format("snapshots/step_{:09}.safetensors", meta_.step)); });
    }
    if (sample_contents_.empty()) return;
    std::vector<Image> cells = sample_contents_;
    for (size_t style = 0; style < std::max<size_t>(1, data_.styles.size()); ++style) {
      for (const Image& content : sample_contents_)
        cells.push_back(to_image(method_->generate(to_tensor({content}), static_cast<int64_t>(style))));
    }
    cells.insert(cells.end(), truths_.begin(), truths_.end());
    const int cell = static_cast<int>(std::min<int64_t>(256, std::max<int64_t>(s_.size, 128)));
    keep([&] {
      write_image(run_ / "samples" / fmt::format("step_{:09}.png", meta_.step),
                  contact_sheet(cells, static_cast<int>(sample_contents_.size()), cell, 255));
    });
  }

  void prepare_scores() {
    if (s_.score_pictures == 0 || s_.method == "distil") return;
    try {
      judge_.emplace(data_, s_, multiple_, sink_);
    } catch (const Error& error) {
      if (s_.patience > 0 || s_.keep == "best") throw;
      sink_.warn(fmt::format("results are not scored while it learns: {}", error.what()));
      return;
    }
    scores_ = read_judgements(run_);
    while (resume_progress() >= next_score_) next_score_ += kScoreEvery;
  }

  // Whether patience has come to its end. The score is part of the run's record; where it is the best, the
  // generator is kept beside the last one.
  bool score(double progress) {
    while (progress >= next_score_) next_score_ += kScoreEvery;
    std::vector<std::vector<Image>> results(judge_->styles());
    for (size_t style = 0; style < results.size(); ++style) {
      for (const Image& content : judge_->contents())
        results[style].push_back(
            to_image(method_->generate(to_tensor({content}), static_cast<int64_t>(style))));
    }
    Judgement now = (*judge_)(results);
    now.step = meta_.step, now.seconds = meta_.elapsed, now.progress = progress;
    scores_.push_back(now);
    append_stats(to_line(now));
    const auto newest = static_cast<int64_t>(scores_.size()) - 1;
    const int64_t best = best_of(scores_);
    if (best == newest) keep([&] { export_models(kBestModel); });
    if (s_.patience == 0 || newest - best < s_.patience) return false;
    sink_.info(fmt::format(
        "{} scores in a row came no nearer to the style than {:.2f} at step {}: it ends here", newest - best,
        scores_[static_cast<size_t>(best)].style, scores_[static_cast<size_t>(best)].step));
    return true;
  }

  void append_stats(const std::string& line) {
    keep([&] {
      std::ofstream out(run_ / "stats.jsonl", std::ios::app);
      out << line << "\n";
      if (!out.flush()) fail_io("write", run_ / "stats.jsonl");
    });
  }

  Losses step(double progress) {
    StepContext context;
    context.step = meta_.step;
    context.progress = progress;
    const double factor = meta_.rate_scale * rate_schedule(progress, s_.decay_from, meta_.step, s_.warm_up);
    context.rate_factor = factor;
    context.random =
        Random(mix(static_cast<uint64_t>(s_.seed), kStepStream), static_cast<uint64_t>(meta_.step));
    at::manual_seed(
        mix(static_cast<uint64_t>(s_.seed), static_cast<uint64_t>(meta_.step) + kStepStream));  // dropout
    last_factor_ = factor;
    return method_->step(loader_.next(), context);
  }

  static bool diverged(const Losses& losses) {
    return std::any_of(losses.begin(), losses.end(),
                       [](const auto& l) { return !(std::abs(l.second) < kExplosion); });
  }

  void roll_back(const Losses& losses) {
    const auto bad = std::find_if(losses.begin(), losses.end(),
                                  [](const auto& l) { return !(std::abs(l.second) < kExplosion); });
    const int64_t at = meta_.step, rollbacks = meta_.rollbacks + 1;
    const double scale = meta_.rate_scale * 0.5, elapsed = meta_.elapsed;
    const auto good = load_newest_checkpoint(run_, *method_, sink_);
    if (rollbacks > 1 || !good) {
      fail(ErrorKind::numeric,
           "the loss {} became {} at step {}, again after the rate was halved. The run is kept at step {}; "
           "begin another with a lower --rate, "
           "--clip-norm 1, --warm-up 500 or --precision fp32",
           bad->first, bad->second, at, good ? good->step : 0);
    }
    meta_ = *good;
    meta_.rate_scale = scale;
    meta_.rollbacks = rollbacks;
    meta_.elapsed = elapsed;
    sink_.warn(
        fmt::format("the loss {} became {} at step {}: went back to step {} and halved the learning rate",
                    bad->first, bad->second, at, meta_.step));
    truncate_stats();
    save_checkpoint(run_, *method_, meta_);
    loader_.start(meta_.step);
  }

  static void add(Losses& sums, const Losses& losses) {
    for (const auto& [name, value] : losses) {
      const auto it =
          std::find_if(sums.begin(), sums.end(), [&name = name](const auto& s) { return s.first == name; });
      if (it != sums.end())
        it->second += value;
      else
        sums.emplace_back(name, value);
    }
  }

  void log(const Losses& sums, int64_t count, double progress, int64_t steps, double seconds) {
    json losses = json::object();
    for (const auto& [name, value] : sums) losses[name] = value / static_cast<double>(count);
    const double rate = static_cast<double>(steps) / std::max(1e-9, seconds);
    const json line = {{"step", meta_.step},
                       {"seconds", meta_.elapsed},
                       {"progress", progress},
                       {"rate", s_.rate * last_factor_},
                       {"losses", losses},
                       {"pictures_per_second", rate * static_cast<double>(s_.batch)},
                       {"share_of_peak", share_of_peak(rate)},
                       {"waiting", loader_.waited_seconds() / std::max(1e-9, seconds)}};
    append_stats(line.dump());
    Event event;
    event.kind = Event::Kind::metrics;
    for (const auto& [name, value] : sums)
      event.values.emplace_back(name, value / static_cast<double>(count));
    sink_.on_event(event);
  }

  void live_line(const Losses& losses, double progress, double budget, int64_t steps, double seconds) {
    Event event;
    event.kind = Event::Kind::progress;
    const double rate = static_cast<double>(steps) / std::max(1e-9, seconds);
    event.text = "training";
    event.seconds_left = budget > 0 ? budget - meta_.elapsed
                                    : static_cast<double>(s_.steps - meta_.step) / std::max(1e-9, rate);
    event.values.emplace_back("step", static_cast<double>(meta_.step));
    event.values.insert(event.values.end(), losses.begin(), losses.end());
    event.values.emplace_back("pictures/s", rate * static_cast<double>(s_.batch));
    event.values.emplace_back("peak%", 100 * share_of_peak(rate));
    event.done = std::floor(1000 * progress) / 10;
    event.total = 100;
    sink_.on_event(event);
  }

  // A full disk must not end hours of training: what could not be written is said, and tried again later.
  template <class F>
  bool keep(F&& write) {
    try {
      write();
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::io) throw;
      if (last_problem_ != error.what()) sink_.warn(error.what());
      last_problem_ = error.what();
      return false;
    }
  }

  void checkpoint(bool last) {
    const auto write = [&] {
      save_checkpoint(run_, *method_, meta_);
      export_models(kModel);
      if (last && s_.keep == "best" && fs::exists(run_ / kBestModel))
        write_file(run_ / kModel, read_file(run_ / kBestModel));
      write_data();
      write_report(run_);
    };
    if (last)
      write();
    else
      keep(write);
  }

  void export_models(const std::string& name) {
    for (const Trainee& t : method_->networks()) {
      if (!t.name.starts_with("G")) continue;
      const Network& network = t.average ? *t.average : *t.network;
      model::Model model;
      model.network = network.description();
      model.tensors = network.to_tensors();
      if (s_.dtype == "from") {
        for (auto& [name, tensor] : model.tensors) {
          const auto type = types_of_from_.find(name);
          if (type != types_of_from_.end() && model::is_float(tensor.dtype()))
            tensor = tensor.to(type->second);
        }
      } else if (s_.dtype != "f32") {
        model.tensors =
            model::to_dtype(model.tensors, s_.dtype == "f16" ? model::DType::f16 : model::DType::bf16);
      }
      const std::string content = to_utf8(fs::path(s_.content).filename());
      // One folder may hold both sides (trainA/trainB, side by side).
      const std::string style = !data_.styles.empty() ? fmt::format("{}", fmt::join(data_.styles, " / "))
                                : s_.style.empty()    ? s_.direction
                                                      : to_utf8(fs::path(s_.style).filename());
      const std::string title = !s_.title.empty() ? s_.title
                                : !base_card_.is_null()
                                    ? fmt::format("{} / {}", model::card_text(base_card_, "title"), style)
                                    : fmt::format("{} → {}", content, style);
      model.card = {{"title", t.name == "G" ? title : fmt::format("{} → {}", style, content)},
                    {"licence", s_.licence.empty() ? "not stated" : s_.licence},
                    {"method", s_.method},
                    {"generator", generator_name()},
                    {"linmo", LINMO_VERSION},
                    {"steps", meta_.step},
                    {"batch", s_.batch},
                    {"size", s_.size},
                    {"seed", s_.seed},
                    {"minutes", std::round(meta_.elapsed / 6) / 10},
                    {"data",
                     {{"credit", s_.credit.empty() ? "not stated" : s_.credit},
                      {"content_pictures", data_.content.size()},
                      {"style_pictures", data_.style.size()},
                      {"sha256_of_names_and_sizes", data_.fingerprint}}}};
      if (!subject_.empty()) model.card["subject"] = subject_;
      if (!method_->styles().empty()) {
        model.card["styles"] = method_->styles();
        model.card["data"]["pictures_of_styles"] = pictures_of_styles();
      }
      // What the other styles came from and under which licence.
      if (!base_card_.is_null()) model.card["added_to"] = base_card_;
      if (t.name == "G")
        model::save_model(run_ / name, model);
      else if (name == kModel)
        model::save_model(run_ / "model_reverse.safetensors", model);
    }
  }

  void write_data() {
    json refused = json::array();
    for (const ScannedFile& file : data_.refused)
      refused.push_back({{"file", to_utf8(file.path)}, {"reason", file.reason}});
    for (const auto& [file, reason] : loader_.failures())
      refused.push_back({{"file", to_utf8(file)}, {"reason", reason}});
    const auto names = [](const std::vector<Source>& sources) {
      json list = json::array();
      for (const Source& s : sources) list.push_back(to_utf8(s.file));
      return list;
    };
    const json out = {
        {"summary",
         {{"method", fmt::format("{}, {} generator", s_.method, generator_name())},
          {"steps",
           fmt::format("{} of {} pictures in {}", meta_.step, s_.batch, format_duration(meta_.elapsed))},
          {"content", fmt::format("{} pictures", data_.content.size())},
          {"style",
           fmt::format(
               "{} pictures{}", data_.style.size(),
               data_.styles.empty() ? "" : fmt::format(": {}", fmt::join(pictures_of_styles(), ", ")))},
          {"not used", fmt::format("{} pictures", refused.size())},
          {"precision", s_.precision},
          {"linmo", LINMO_VERSION}}},
        {"paired", data_.paired},
        {"styles", data_.styles},
        {"layout", data_.layout},
        {"sha256_of_names_and_sizes", data_.fingerprint},
        {"content", names(data_.content)},
        {"style", names(data_.style)},
        {"held_out", names(data_.held_out)},
        {"refused", refused}};
    write_file(run_ / "data.json", out.dump(1) + "\n");
  }

  // Lines of steps after the checkpoint belong to a future that will be computed again.
  void truncate_stats() {
    std::erase_if(scores_, [this](const Judgement& j) { return j.step > meta_.step; });
    const fs::path file = run_ / "stats.jsonl";
    if (!fs::exists(file)) return;
    const std::string text = read_text(file);
    std::string kept;
    size_t begin = 0;
    while (begin < text.size()) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      const json line = json::parse(text.substr(begin, end - begin), nullptr, false);
      if (line.is_object() && line.value("step", int64_t{0}) <= meta_.step)
        kept += text.substr(begin, end - begin) + "\n";
      begin = end + 1;
    }
    write_file(file, kept);
  }

  static constexpr double kScoreEvery = .05;  // of the budget
  static constexpr const char* kModel = "model.safetensors";
  static constexpr const char* kBestModel = "best.safetensors";
  // Shares of the budget at which a grid is drawn: early change is the most interesting.
  static constexpr std::array kSampleAt = {0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75};

  const TrainSettings s_;
  const fs::path run_;
  EventSink& sink_;
  TrainingData data_;
  std::unique_ptr<Method> method_;
  int64_t multiple_;
  Loader loader_;
  CheckpointMeta meta_;
  std::map<std::string, model::DType> types_of_from_;             // of the --from model's numbers
  std::string subject_ = s_.subject == "auto" ? "" : s_.subject;  // for the card; empty: not said
  json base_card_;                                                // of the model that a style is added to
  bool bf16_ = false;
  double peak_ = 0, last_factor_ = 1;
  size_t next_sample_ = 0;
  std::optional<Judge> judge_;
  std::vector<Judgement> scores_;
  double next_score_ = kScoreEvery;
  std::vector<Image> sample_contents_, truths_;
  std::string last_problem_;
};

}  // namespace

TrainResult train(const TrainSettings& settings, const fs::path& run, bool resume, EventSink& sink) {
  if (settings.device == "cuda")
    fail(ErrorKind::usage,
         "training on a graphics card is not built yet: the kernels are for processors; use --device cpu");
  if (!resume && fs::exists(run / "settings.toml")) {
    fail(ErrorKind::usage,
         "{} holds a run already; add --resume to go on with it, or choose another folder with -o",
         to_utf8(run));
  }
  use_threads(static_cast<int>(settings.threads));
  TrainSettings resolved = settings;
  if (resolved.precision == "auto") resolved.precision = bf16_is_native() ? "bf16" : "fp32";
  try {
    Trainer trainer(resolved, run, sink);  // everything that can be wrong with the request is found here
    std::error_code error;
    fs::create_directories(run, error);
    if (error) fail(ErrorKind::io, "cannot create {}: {}", to_utf8(run), error.message());
    const RunLock lock(run);
    return trainer.train(resume);
  } catch (const c10::Error& problem) {  // libtorch's text without its pages of stack frames
    fail(ErrorKind::input, "training failed inside libtorch: {}", problem.what_without_backtrace());
  }
}

}  // namespace linmo::train
