// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/statistics/multivariate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "linmo/collection/parallel.h"
#include "linmo/culture/statistics/univariate.h"
#include "linmo/measure/linear_algebra.h"

namespace linmo::culture {
namespace {

constexpr double kTie = 1e-10;        // of a statistic that is summed in another order
constexpr int64_t kMostUnits = 6000;  // of all groups: a matrix of distances of 288 MB
constexpr int64_t kBatch = 64;        // permutations a matrix product
constexpr int64_t kFrechetResamples = 200;
enum Stream : uint64_t { kPermutation = 11, kExtrapolation = 12, kSample = 13 };

Eigen::MatrixXd rows_of(const Eigen::MatrixXd& points, std::span<const int64_t> labels, int64_t label) {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < labels.size(); ++i)
    if (labels[i] == label) rows.push_back(static_cast<int64_t>(i));
  return points(rows, Eigen::all);
}

Eigen::MatrixXd covariance(const Eigen::MatrixXd& x) {
  const Eigen::MatrixXd centred = x.rowwise() - x.colwise().mean();
  return centred.transpose() * centred / std::max<double>(1, static_cast<double>(x.rows() - 1));
}

// Sums of D over pairs within and across labels, for many labellings at once: D·Z with Z of 0 and 1.
struct PairSums {
  double within_first, within_second, across;
};

std::vector<PairSums> pair_sums(const Eigen::MatrixXd& d, const Eigen::MatrixXd& second) {
  const Eigen::MatrixXd product = d * second;
  const Eigen::VectorXd totals = d.rowwise().sum();
  const double whole = totals.sum();
  std::vector<PairSums> out;
  for (int64_t b = 0; b < second.cols(); ++b) {
    const double inside = second.col(b).dot(product.col(b));
    const double from_second = second.col(b).dot(totals);
    const double across = from_second - inside;
    out.push_back({whole - from_second - across, inside, across});
  }
  return out;
}

double energy_of(const PairSums& s, double n, double m) {
  return 2 * s.across / (n * m) - s.within_first / (n * n) - s.within_second / (m * m);
}

// Sums over a kernel matrix with ones on the diagonal.
double mmd_of(const PairSums& s, double n, double m) {
  return (s.within_first - n) / (n * (n - 1)) + (s.within_second - m) / (m * (m - 1)) -
         2 * s.across / (n * m);
}

Eigen::MatrixXd kernel(const Eigen::MatrixXd& d, double sigma) {
  return (-d.array().square() / (2 * sigma * sigma)).exp();
}

Eigen::MatrixXd indicator(std::span<const int64_t> labels) {
  Eigen::MatrixXd out(labels.size(), 1);
  for (size_t i = 0; i < labels.size(); ++i) out(static_cast<int64_t>(i), 0) = labels[i] == 1;
  return out;
}

}  // namespace

Eigen::MatrixXd robust_scale(const UnitValues& values, std::span<const int64_t> descriptors,
                             std::span<const int64_t> units) {
  Eigen::MatrixXd out(units.size(), descriptors.size());
  for (size_t c = 0; c < descriptors.size(); ++c) {
    std::vector<double> known;
    for (int64_t u : units)
      if (const double v = values[descriptors[c]][u]; !std::isnan(v)) known.push_back(v);
    std::sort(known.begin(), known.end());
    const double middle = quantile(known, .5);
    double mean_deviation = 0;
    for (double& v : known) {
      v = std::abs(v - middle);
      mean_deviation += v / static_cast<double>(known.size());
    }
    std::sort(known.begin(), known.end());
    double scale = 1.4826 * quantile(known, .5);
    if (!(scale > 0)) scale = 1.2533 * mean_deviation;
    for (size_t r = 0; r < units.size(); ++r) {
      const double v = values[descriptors[c]][units[r]];
      const double z = std::isnan(v) || !(scale > 0) ? 0 : (v - middle) / scale;
      out(static_cast<int64_t>(r), static_cast<int64_t>(c)) =
          std::clamp(z, -kMostDeviations, kMostDeviations);
    }
  }
  return out;
}

Eigen::MatrixXd distances(const Eigen::MatrixXd& points) {
  const Eigen::MatrixXd columns = points.transpose();
  Eigen::MatrixXd out(points.rows(), points.rows());
  for (int64_t i = 0; i < points.rows(); ++i)
    out.col(i) = (columns.colwise() - columns.col(i)).colwise().norm().transpose();
  return out;
}

double energy_distance(const Eigen::MatrixXd& d, std::span<const int64_t> labels) {
  const double m = static_cast<double>(std::count(labels.begin(), labels.end(), 1));
  return energy_of(pair_sums(d, indicator(labels)).front(), static_cast<double>(labels.size()) - m, m);
}

double mmd_squared(const Eigen::MatrixXd& d, std::span<const int64_t> labels, double sigma) {
  const double m = static_cast<double>(std::count(labels.begin(), labels.end(), 1));
  return mmd_of(pair_sums(kernel(d, sigma), indicator(labels)).front(),
                static_cast<double>(labels.size()) - m, m);
}

double median_distance(const Eigen::MatrixXd& d) {
  std::vector<double> all;
  for (int64_t j = 0; j < d.cols(); ++j)
    for (int64_t i = 0; i < j; ++i) all.push_back(d(i, j));
  if (all.empty()) return kUnknown;
  const auto middle = all.begin() + static_cast<int64_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  if (all.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(all.begin(), middle)) / 2;
}

Frechet frechet(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y) {
  const Eigen::MatrixXd a = covariance(x), b = covariance(y);
  // (Σ₁Σ₂)^½ = Σ₁^½ (Σ₁^½ Σ₂ Σ₁^½)^½ Σ₁^−½; directions that Σ₁ does not have add nothing to its trace.
  const measure::SymmetricEigen of_a = measure::symmetric_eigen(a);
  const Eigen::VectorXd roots = of_a.values.cwiseMax(0).cwiseSqrt();
  const double least = 1e-9 * std::max(roots.maxCoeff(), 1e-300);
  const Eigen::VectorXd inverse = roots.unaryExpr([&](double v) { return v > least ? 1 / v : 0; });
  const Eigen::MatrixXd& v = of_a.vectors;
  const Eigen::MatrixXd half = v * roots.asDiagonal() * v.transpose();
  const Eigen::MatrixXd half_inverse = v * inverse.asDiagonal() * v.transpose();
  const measure::SymmetricEigen of_middle = measure::symmetric_eigen(half * b * half);
  const Eigen::MatrixXd& w = of_middle.vectors;
  const Eigen::MatrixXd middle = w * of_middle.values.cwiseMax(0).cwiseSqrt().asDiagonal() * w.transpose();
  const Eigen::MatrixXd root = half * middle * half_inverse;
  Frechet out;
  out.mean = (x.colwise().mean() - y.colwise().mean()).array().square().matrix().transpose();
  out.spread = a.diagonal() + b.diagonal() - 2 * root.diagonal();
  out.distance = out.mean.sum() + out.spread.sum();
  return out;
}

double frechet_infinite(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y, Random& random) {
  constexpr int kSizes = 15, kRepeats = 2;
  const double n = static_cast<double>(std::min(x.rows(), y.rows()));
  const auto sample = [&](const Eigen::MatrixXd& from, double share) {
    std::vector<int64_t> rows(from.rows());
    std::iota(rows.begin(), rows.end(), 0);
    random.shuffle(std::span(rows));
    rows.resize(
        std::max<size_t>(2, static_cast<size_t>(std::lround(share * static_cast<double>(from.rows())))));
    return Eigen::MatrixXd(from(rows, Eigen::all));
  };
  double sx = 0, sy = 0, sxx = 0, sxy = 0, count = 0;
  for (int i = 0; i < kSizes; ++i)
    for (int r = 0; r < kRepeats; ++r) {
      const double share = .4 + .6 * i / (kSizes - 1);
      const double at = 1 / (share * n);
      const double value = frechet(sample(x, share), sample(y, share)).distance;
      sx += at;
      sy += value;
      sxx += at * at;
      sxy += at * value;
      count += 1;
    }
  const double slope = (sxy - sx * sy / count) / (sxx - sx * sx / count);
  return std::max(0.0, (sy - slope * sx) / count);
}

Design sampled(const Design& design, const CompareSettings& settings, std::vector<int64_t>& units) {
  std::vector<std::vector<int64_t>> of(design.groups);
  for (size_t u = 0; u < design.units.size(); ++u)
    of[design.units[u].group].push_back(static_cast<int64_t>(u));
  units.clear();
  const int64_t most = std::min(settings.max_units, kMostUnits / std::max<int64_t>(1, design.groups));
  for (size_t g = 0; g < of.size(); ++g) {
    if (static_cast<int64_t>(of[g].size()) > most) {
      Random random(settings.seed, mix(kSample, g));
      random.shuffle(std::span(of[g]));
      of[g].resize(most);
    }
    units.insert(units.end(), of[g].begin(), of[g].end());
  }
  std::sort(units.begin(), units.end());
  Design out = design;
  out.units.clear();
  std::vector<int64_t> cluster(design.clusters.size(), -1);
  int64_t count = 0;
  for (int64_t u : units) {
    Unit unit = design.units[u];
    if (cluster[unit.cluster] < 0) cluster[unit.cluster] = count++;
    unit.cluster = cluster[unit.cluster];
    out.units.push_back(std::move(unit));
  }
  finish(out);
  return out;
}

Separation separate(const Design& design, const UnitValues& values, std::span<const int64_t> core,
                    int64_t first, int64_t second, const CompareSettings& settings, EventSink& sink) {
  const Lots lots(design, {first, second});
  Separation out;
  out.first = first;
  out.second = second;
  out.n_second = std::count(lots.labels().begin(), lots.labels().end(), 1);
  out.n_first = static_cast<int64_t>(lots.size()) - out.n_second;
  if (core.empty() || out.n_first < 3 || out.n_second < 3) return out;
  const Eigen::MatrixXd points = robust_scale(values, core, lots.units());
  const Eigen::MatrixXd d = distances(points);
  out.mmd_sigma = median_distance(d);
  const double sigma = out.mmd_sigma > 0 ? out.mmd_sigma : 1;
  const Eigen::MatrixXd k = kernel(d, sigma);
  out.energy = energy_distance(d, lots.labels());
  out.mmd = mmd_squared(d, lots.labels(), sigma);

  // Permuted groups differ in size where clusters do, so the test statistic is n·m/(n+m)·E.
  const auto weight = [](double n, double m) { return n * m / (n + m); };
  const double n = static_cast<double>(out.n_first), m = static_cast<double>(out.n_second);
  const double energy = weight(n, m) * out.energy, mmd = weight(n, m) * out.mmd;
  const int64_t count = settings.multivariate_permutations;
  const size_t batches = static_cast<size_t>((count + kBatch - 1) / kBatch);
  std::vector<std::array<double, 2>> as_large(batches, {0, 0});
  for_each_parallel(
      batches, static_cast<int>(settings.threads), "permutations of all descriptors (by 64)", sink,
      [&](size_t batch) {
        const int64_t begin = static_cast<int64_t>(batch) * kBatch;
        const int64_t end = std::min(count, begin + kBatch);
        Eigen::MatrixXd z(lots.size(), end - begin);
        std::vector<int64_t> labels(lots.size());
        for (int64_t b = begin; b < end; ++b) {
          Random random(settings.seed, mix(mix(kPermutation, mix(first, second)), b));
          lots.permute(random, labels);
          for (size_t i = 0; i < labels.size(); ++i)
            z(static_cast<int64_t>(i), b - begin) = static_cast<double>(labels[i]);
        }
        const std::vector<PairSums> e = pair_sums(d, z), g = pair_sums(k, z);
        for (int64_t b = 0; b < end - begin; ++b) {
          const double ms = z.col(b).sum(), ns = static_cast<double>(lots.size()) - ms;
          if (ns < 2 || ms < 2) {  // no evidence
            as_large[batch][0] += 1;
            as_large[batch][1] += 1;
            continue;
          }
          as_large[batch][0] += weight(ns, ms) * energy_of(e[b], ns, ms) >= energy - kTie * std::abs(energy);
          as_large[batch][1] += weight(ns, ms) * mmd_of(g[b], ns, ms) >= mmd - kTie * std::abs(mmd);
        }
      });
  sink.check("comparing");
  double energy_count = 0, mmd_count = 0;
  for (const auto& a : as_large) {
    energy_count += a[0];
    mmd_count += a[1];
  }
  out.energy_p = (1 + energy_count) / (1 + static_cast<double>(count));
  out.mmd_p = (1 + mmd_count) / (1 + static_cast<double>(count));

  const Eigen::MatrixXd x = rows_of(points, lots.labels(), 0), y = rows_of(points, lots.labels(), 1);
  const Frechet f = frechet(x, y);
  out.frechet = f.distance;
  for (size_t c = 0; c < core.size(); ++c) {
    const int64_t at = static_cast<int64_t>(c);
    out.frechet_shares.push_back(
        {core[c], f.mean(at), f.spread(at), f.distance > 0 ? (f.mean(at) + f.spread(at)) / f.distance : 0});
  }
  std::stable_sort(out.frechet_shares.begin(), out.frechet_shares.end(),
                   [](const auto& a, const auto& b) { return a.share > b.share; });
  // A covariance of fewer works than descriptors says little; its bias is no straight line over 1/n.
  if (.4 * std::min(n, m) < 1.5 * static_cast<double>(core.size())) return out;
  const uint64_t stream = mix(kExtrapolation, mix(first, second));
  Random random(settings.seed, stream);
  out.frechet_infinite = frechet_infinite(x, y, random);
  std::vector<double> resampled(kFrechetResamples);
  for_each_parallel(
      resampled.size(), static_cast<int>(settings.threads), "Fréchet distances", sink, [&](size_t b) {
        Random lot(settings.seed, mix(stream, b + 1));
        std::vector<double> weights(lots.size());
        lots.resample(lot, weights);
        std::vector<int64_t> drawn[2];
        for (size_t i = 0; i < weights.size(); ++i)
          drawn[lots.labels()[i]].insert(drawn[lots.labels()[i]].end(), static_cast<size_t>(weights[i]),
                                         static_cast<int64_t>(i));
        if (drawn[0].size() < 3 || drawn[1].size() < 3) {
          resampled[b] = kUnknown;
          return;
        }
        resampled[b] = frechet_infinite(points(drawn[0], Eigen::all), points(drawn[1], Eigen::all), lot);
      });
  sink.check("comparing");
  out.frechet_infinite_interval = percentile_interval(resampled, settings.level);
  return out;
}

}  // namespace linmo::culture
