// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/statistics/classifier.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <set>

#include "linmo/collection/parallel.h"
#include "linmo/culture/statistics/univariate.h"

namespace linmo::culture {
namespace {

constexpr double kTie = 1e-12;
constexpr size_t kMostSourcePairs = 40;
constexpr int64_t kFewestHeldOut = 3;  // works of each group in a fold that is scored by itself
constexpr size_t kBatch = 32;
enum Stream : uint64_t { kFolds = 31, kPermutation = 32, kBootstrap = 33, kPairs = 34 };

struct Fold {
  std::vector<int64_t> train, test;
  std::unique_ptr<Ridge> ridge;

  Eigen::VectorXd scores(std::span<const int64_t> labels, double* threshold = nullptr) const {
    std::vector<int64_t> of;
    for (int64_t u : train) of.push_back(labels[u]);
    return ridge->scores(of, threshold);
  }
};

struct Standard {
  Eigen::RowVectorXd mean, scale;
};
Standard standard_of(const Eigen::MatrixXd& x) {
  Standard out;
  out.mean = x.colwise().mean();
  const Eigen::MatrixXd centred = x.rowwise() - out.mean;
  out.scale =
      (centred.colwise().squaredNorm() / std::max<double>(1, static_cast<double>(x.rows()))).cwiseSqrt();
  for (int64_t c = 0; c < out.scale.cols(); ++c)
    if (!(out.scale(c) > 1e-12)) out.scale(c) = 1;
  return out;
}
Eigen::MatrixXd standardised(const Eigen::MatrixXd& x, const Standard& s) {
  return ((x.rowwise() - s.mean).array().rowwise() / s.scale.array()).matrix();
}

// (XᵀX + penalty)⁻¹ Xᵀ
Eigen::MatrixXd ridge_solution(const Eigen::MatrixXd& x, double penalty) {
  Eigen::MatrixXd gram = x.transpose() * x;
  gram.diagonal().array() += penalty;
  return gram.llt().solve(x.transpose());
}

class Rung {
 public:
  Rung(const Lots& lots, const CompareSettings& settings) : lots_(lots), settings_(settings) {}

  // A pooled rung compares the scores of all folds with one another; the other averages the folds' areas.
  LadderRung climb(const std::string& name, const std::vector<Fold>& folds, bool is_pooled, uint64_t stream,
                   EventSink& sink) {
    LadderRung out;
    out.name = name;
    out.folds = static_cast<int64_t>(folds.size());
    out.n = static_cast<int64_t>(lots_.size());
    const std::vector<double> weights(lots_.size(), 1.0);
    const std::vector<Eigen::VectorXd> scores = scores_of(folds, lots_.labels());
    out.auc = area(folds, scores, lots_.labels(), weights, is_pooled);
    out.accuracy = accuracy(folds);
    const size_t count = static_cast<size_t>(settings_.multivariate_permutations);
    std::vector<char> as_large(count);
    for_each_parallel((count + kBatch - 1) / kBatch, static_cast<int>(settings_.threads),
                      "telling apart by " + name, sink, [&](size_t batch) {
                        std::vector<int64_t> labels(lots_.size());
                        for (size_t b = batch * kBatch; b < std::min(count, (batch + 1) * kBatch); ++b) {
                          Random random(settings_.seed, mix(mix(kPermutation, stream), b));
                          lots_.permute(random, labels);
                          const double a = area(folds, scores_of(folds, labels), labels, weights, is_pooled);
                          as_large[b] = std::isnan(a) || a >= out.auc - kTie;
                        }
                      });
    sink.check("comparing");
    out.p = (1 + static_cast<double>(std::count(as_large.begin(), as_large.end(), 1))) /
            (1 + static_cast<double>(count));
    std::vector<double> areas;
    std::vector<double> drawn(lots_.size());
    for (int64_t b = 0; b < std::min<int64_t>(settings_.bootstrap, 1000); ++b) {
      Random random(settings_.seed, mix(mix(kBootstrap, stream), b));
      lots_.resample(random, drawn);
      areas.push_back(area(folds, scores, lots_.labels(), drawn, is_pooled));
    }
    out.auc_interval = percentile_interval(areas, settings_.level);
    return out;
  }

 private:
  static std::vector<Eigen::VectorXd> scores_of(const std::vector<Fold>& folds,
                                                std::span<const int64_t> labels) {
    std::vector<Eigen::VectorXd> out;
    for (const Fold& f : folds) out.push_back(f.scores(labels));
    return out;
  }

  static double weighted_area(std::vector<std::array<double, 3>>& entries) {  // score, label, weight
    std::sort(entries.begin(), entries.end());
    double below = 0, sum = 0, ones = 0;
    for (size_t i = 0; i < entries.size();) {
      double tied[2] = {0, 0};
      size_t end = i;
      for (; end < entries.size() && entries[end][0] == entries[i][0]; ++end)
        tied[entries[end][1] > 0] += entries[end][2];
      sum += tied[1] * (below + tied[0] / 2);
      below += tied[0];
      ones += tied[1];
      i = end;
    }
    return below > 0 && ones > 0 ? sum / (below * ones) : kUnknown;
  }

  static double area(const std::vector<Fold>& folds, const std::vector<Eigen::VectorXd>& scores,
                     std::span<const int64_t> labels, std::span<const double> weights, bool is_pooled) {
    std::vector<std::array<double, 3>> entries;
    double sum = 0, count = 0;
    for (size_t f = 0; f < folds.size(); ++f) {
      if (!is_pooled) entries.clear();
      for (size_t i = 0; i < folds[f].test.size(); ++i) {
        const int64_t u = folds[f].test[i];
        entries.push_back({scores[f](static_cast<int64_t>(i)), static_cast<double>(labels[u]), weights[u]});
      }
      if (is_pooled) continue;
      const double a = weighted_area(entries);
      if (!std::isnan(a)) sum += a, count += 1;
    }
    if (is_pooled) return weighted_area(entries);
    return count > 0 ? sum / count : kUnknown;
  }

  double accuracy(const std::vector<Fold>& folds) const {
    double right[2] = {0, 0}, all[2] = {0, 0};
    for (const Fold& fold : folds) {
      double threshold = 0;
      const Eigen::VectorXd scores = fold.scores(lots_.labels(), &threshold);
      for (size_t i = 0; i < fold.test.size(); ++i) {
        const int64_t label = lots_.labels()[fold.test[i]];
        all[label] += 1;
        right[label] += (scores(static_cast<int64_t>(i)) > threshold) == (label == 1);
      }
    }
    return all[0] > 0 && all[1] > 0 ? (right[0] / all[0] + right[1] / all[1]) / 2 : kUnknown;
  }

  const Lots& lots_;
  const CompareSettings& settings_;
};

LadderRung impossible(std::string name, std::string reason, size_t n) {
  LadderRung out;
  out.name = std::move(name);
  out.is_possible = false;
  out.reason = std::move(reason);
  out.n = static_cast<int64_t>(n);
  return out;
}

// Folds that keep the works of an artist together and have about as many of each group: artists in an order
// drawn by lot, each put where its group has fewest works so far.
std::vector<Fold> grouped_folds(const Design& design, const Lots& lots, const CompareSettings& settings,
                                uint64_t stream) {
  std::map<int64_t, std::vector<int64_t>> artists;
  for (size_t i = 0; i < lots.size(); ++i)
    artists[design.units[lots.units()[i]].fold].push_back(static_cast<int64_t>(i));
  std::vector<int64_t> order;
  for (const auto& [artist, units] : artists) order.push_back(artist);
  Random random(settings.seed, mix(kFolds, stream));
  random.shuffle(std::span(order));
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return artists[a].size() > artists[b].size(); });
  std::vector<std::array<int64_t, 2>> sizes(settings.folds, {0, 0});
  std::vector<int64_t> fold_of(lots.size());
  for (int64_t artist : order) {
    const int64_t label = lots.labels()[artists[artist].front()];
    const auto fewest = std::min_element(sizes.begin(), sizes.end(), [&](const auto& a, const auto& b) {
      return a[label] != b[label] ? a[label] < b[label] : a[0] + a[1] < b[0] + b[1];
    });
    for (int64_t u : artists[artist]) {
      fold_of[u] = fewest - sizes.begin();
      ++(*fewest)[lots.labels()[u]];
    }
  }
  std::vector<Fold> out(settings.folds);
  for (size_t i = 0; i < lots.size(); ++i)
    for (int64_t f = 0; f < settings.folds; ++f)
      (fold_of[i] == f ? out[f].test : out[f].train).push_back(static_cast<int64_t>(i));
  std::erase_if(out, [](const Fold& f) { return f.test.empty() || f.train.empty(); });
  return out;
}

// One source of each group left out at a time; empty where a group has only one.
std::vector<Fold> source_folds(const Design& design, const Lots& lots, const CompareSettings& settings,
                               uint64_t stream) {
  std::map<int64_t, int64_t> sizes[2];
  for (size_t i = 0; i < lots.size(); ++i) ++sizes[lots.labels()[i]][design.units[lots.units()[i]].source];
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (const auto& [a, n] : sizes[0])
    for (const auto& [b, m] : sizes[1])
      if (n >= kFewestHeldOut && m >= kFewestHeldOut) pairs.emplace_back(a, b);
  if (pairs.size() > kMostSourcePairs) {
    Random random(settings.seed, mix(kPairs, stream));
    random.shuffle(std::span(pairs));
    pairs.resize(kMostSourcePairs);
  }
  std::vector<Fold> out;
  for (const auto& [a, b] : pairs) {
    Fold fold;
    // What an artist painted in a source that is left out does not teach either.
    std::set<int64_t> artists;
    int64_t trained[2] = {0, 0};
    const auto is_out = [&, one = a, other = b](size_t i) {
      const int64_t source = design.units[lots.units()[i]].source;
      return source == one || source == other;
    };
    for (size_t i = 0; i < lots.size(); ++i)
      if (is_out(i)) artists.insert(design.units[lots.units()[i]].fold);
    for (size_t i = 0; i < lots.size(); ++i) {
      if (is_out(i)) {
        fold.test.push_back(static_cast<int64_t>(i));
      } else if (!artists.contains(design.units[lots.units()[i]].fold)) {
        fold.train.push_back(static_cast<int64_t>(i));
        ++trained[lots.labels()[i]];
      }
    }
    if (std::min(trained[0], trained[1]) >= kFewestHeldOut) out.push_back(std::move(fold));
  }
  return out;
}

// How far across the threshold of its fold's classifier each work lies.
Boundary find_boundary(const Design& design, const Lots& lots, const std::vector<Fold>& folds,
                       const CompareSettings& settings) {
  Boundary out;
  std::array<std::vector<std::pair<double, int64_t>>, 2> across;
  for (const Fold& fold : folds) {
    double threshold = 0;
    const Eigen::VectorXd scores = fold.scores(lots.labels(), &threshold);
    for (size_t i = 0; i < fold.test.size(); ++i) {
      const int64_t u = fold.test[i], label = lots.labels()[u];
      const double beyond = (scores(static_cast<int64_t>(i)) - threshold) * (label == 1 ? -1 : 1);
      ++out.works[label];
      if (beyond > 0) across[label].emplace_back(-beyond, design.units[lots.units()[u]].rows.front());
    }
  }
  for (size_t label = 0; label < 2; ++label) {
    std::sort(across[label].begin(), across[label].end());
    out.across[label] = static_cast<int64_t>(across[label].size());
    for (const auto& [beyond, row] : across[label])
      if (static_cast<int64_t>(out.rows[label].size()) < settings.exemplars) out.rows[label].push_back(row);
  }
  return out;
}

void learn(std::vector<Fold>& folds, const Eigen::MatrixXd& x, double penalty) {
  for (Fold& f : folds)
    f.ridge = std::make_unique<Ridge>(x(f.train, Eigen::all), x(f.test, Eigen::all), penalty);
}

}  // namespace

double area_under_curve(std::span<const double> scores, std::span<const int64_t> labels) {
  std::vector<double> ones, zeros;
  for (size_t i = 0; i < scores.size(); ++i) (labels[i] == 1 ? ones : zeros).push_back(scores[i]);
  return (cliffs_delta(ones, zeros) + 1) / 2;
}

Ridge::Ridge(const Eigen::MatrixXd& train, const Eigen::MatrixXd& test, double penalty) {
  const Standard s = standard_of(train);
  train_ = standardised(train, s);
  test_ = standardised(test, s);
  solution_ = ridge_solution(train_, penalty);
}

Eigen::VectorXd Ridge::scores(std::span<const int64_t> labels, double* threshold) const {
  Eigen::VectorXd y(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) y(static_cast<int64_t>(i)) = labels[i] == 1 ? 1 : -1;
  y.array() -= y.mean();
  const Eigen::VectorXd weights = solution_ * y;
  if (threshold) {
    const Eigen::VectorXd fitted = train_ * weights;
    double sums[2] = {0, 0}, counts[2] = {0, 0};
    for (size_t i = 0; i < labels.size(); ++i) {
      sums[labels[i] == 1] += fitted(static_cast<int64_t>(i));
      counts[labels[i] == 1] += 1;
    }
    *threshold = (sums[0] / std::max(1.0, counts[0]) + sums[1] / std::max(1.0, counts[1])) / 2;
  }
  return test_ * weights;
}

void remove_nuisance(const Eigen::MatrixXd& nuisance, std::span<const int64_t> train,
                     std::span<const int64_t> test, double penalty, Eigen::MatrixXd& style) {
  const Eigen::MatrixXd from = nuisance(train, Eigen::all);
  const Standard s = standard_of(from);
  const Eigen::MatrixXd x = standardised(from, s);
  const Eigen::MatrixXd y = style(train, Eigen::all);
  const Eigen::RowVectorXd mean = y.colwise().mean();
  const Eigen::MatrixXd weights = ridge_solution(x, penalty) * (y.rowwise() - mean);
  for (const auto rows : {train, test}) {
    const Eigen::MatrixXd said = standardised(nuisance(rows, Eigen::all), s) * weights;
    for (size_t i = 0; i < rows.size(); ++i) style.row(rows[i]) -= said.row(static_cast<int64_t>(i));
  }
}

Ladder climb_ladder(const Prepared& prepared, const Study& study, int64_t first, int64_t second,
                    EventSink& sink) {
  const CompareSettings& settings = study.settings;
  std::vector<int64_t> units;
  const Design design = sampled(prepared.design, settings, units);
  const Lots lots(design, {first, second});
  std::vector<int64_t> rows;
  for (int64_t u : lots.units()) rows.push_back(units[u]);
  std::vector<int64_t> style, nuisance;
  for (size_t d = 0; d < study.table.columns.descriptors.size(); ++d) {
    const Descriptor& descriptor = study.table.columns.descriptors[d];
    int64_t known = 0;
    for (int64_t u : rows) known += !std::isnan(prepared.values[d][u]);
    if (known * 5 < static_cast<int64_t>(rows.size()) * 4 || descriptor.is_parity) continue;
    (descriptor.is_nuisance ? nuisance : style).push_back(static_cast<int64_t>(d));
  }
  const Eigen::MatrixXd x = robust_scale(prepared.values, style, rows);
  const Eigen::MatrixXd n = robust_scale(prepared.values, nuisance, rows);
  const uint64_t stream = mix(first, second);
  std::vector<Fold> folds = grouped_folds(design, lots, settings, stream);
  Rung rung(lots, settings);
  Ladder out;
  const auto finished = [&](LadderRung r, size_t width) {
    r.first = first;
    r.second = second;
    r.descriptors = static_cast<int64_t>(width);
    out.rungs.push_back(std::move(r));
  };
  const auto ones = std::count(lots.labels().begin(), lots.labels().end(), 1);
  const bool enough = folds.size() >= 2 && std::min<int64_t>(ones, lots.size() - ones) >= settings.folds;
  const std::string few = "fewer works than folds";
  const std::string unmeasured = "no nuisance descriptors in the table";

  if (!enough || nuisance.empty()) {
    finished(impossible("nuisance", enough ? unmeasured : few, lots.size()), nuisance.size());
  } else {
    learn(folds, n, settings.ridge);
    finished(rung.climb("nuisance", folds, true, mix(stream, 1), sink), nuisance.size());
  }
  if (!enough || style.empty()) {
    finished(impossible("style", enough ? "no descriptors of style in the table" : few, lots.size()),
             style.size());
  } else {
    learn(folds, x, settings.ridge);
    finished(rung.climb("style", folds, true, mix(stream, 2), sink), style.size());
    out.boundary = find_boundary(design, lots, folds, settings);
    out.boundary->first = first;
    out.boundary->second = second;
  }
  if (!enough || style.empty() || nuisance.empty()) {
    finished(impossible("style_without_nuisance", enough ? unmeasured : few, lots.size()), style.size());
  } else {
    for (Fold& f : folds) {
      Eigen::MatrixXd rest = x;
      remove_nuisance(n, f.train, f.test, settings.ridge, rest);
      f.ridge = std::make_unique<Ridge>(rest(f.train, Eigen::all), rest(f.test, Eigen::all), settings.ridge);
    }
    finished(rung.climb("style_without_nuisance", folds, true, mix(stream, 3), sink), style.size());
  }
  std::vector<Fold> by_source = source_folds(design, lots, settings, stream);
  if (by_source.empty() || style.empty()) {
    finished(impossible("leave_source_out",
                        "a group has works of one source only, or too few beyond the source that is left out",
                        lots.size()),
             style.size());
  } else {
    learn(by_source, x, settings.ridge);
    finished(rung.climb("leave_source_out", by_source, false, mix(stream, 4), sink), style.size());
  }
  return out;
}

}  // namespace linmo::culture
