// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/statistics/univariate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>

namespace linmo::culture {
namespace {

std::vector<double> sorted(std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  std::sort(out.begin(), out.end());
  return out;
}

double bandwidth(std::span<const double> ascending) {
  const double n = static_cast<double>(ascending.size());
  const double mean = std::accumulate(ascending.begin(), ascending.end(), 0.0) / n;
  double squares = 0;
  for (double v : ascending) squares += (v - mean) * (v - mean);
  const double sd = std::sqrt(squares / std::max(1.0, n - 1));
  const double iqr = quantile(ascending, .75) - quantile(ascending, .25);
  const double spread = iqr > 0 ? std::min(sd, iqr / 1.349) : sd;
  return .9 * spread * std::pow(n, -.2);
}

std::vector<double> adjusted(std::span<const double> p, bool is_holm) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p.size(); ++i)
    if (!std::isnan(p[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> out(p.begin(), p.end());
  const double m = static_cast<double>(order.size());
  if (is_holm) {
    double running = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      running = std::max(running, (m - static_cast<double>(i)) * p[order[i]]);
      out[order[i]] = std::min(1.0, running);
    }
  } else {
    double running = 1;
    for (size_t i = order.size(); i-- > 0;) {
      running = std::min(running, p[order[i]] * m / static_cast<double>(i + 1));
      out[order[i]] = running;
    }
  }
  return out;
}

}  // namespace

double cliffs_delta(std::span<const double> x, std::span<const double> y) {
  if (x.empty() || y.empty()) return kUnknown;
  const std::vector<double> ys = sorted(y);
  double sum = 0;
  for (double v : x) {
    const auto [low, high] = std::equal_range(ys.begin(), ys.end(), v);
    sum += static_cast<double>(low - ys.begin()) - static_cast<double>(ys.end() - high);
  }
  return sum / (static_cast<double>(x.size()) * static_cast<double>(y.size()));
}

double hodges_lehmann(std::span<const double> x, std::span<const double> y) {
  std::vector<double> values(x.begin(), x.end());
  values.insert(values.end(), y.begin(), y.end());
  std::vector<int64_t> labels(values.size()), strata(values.size());
  std::fill(labels.begin() + static_cast<int64_t>(x.size()), labels.end(), 1);
  return TwoSamples(values, labels, strata).shift();
}

double overlap(std::span<const double> x, std::span<const double> y) {
  if (x.empty() || y.empty()) return kUnknown;
  const std::vector<double> xs = sorted(x), ys = sorted(y);
  double hx = bandwidth(xs), hy = bandwidth(ys);
  if (!(hx > 0) && !(hy > 0)) return xs.front() == ys.front() ? 1 : 0;
  // A constant sample has no width of its own; it takes the other's.
  if (!(hx > 0)) hx = hy;
  if (!(hy > 0)) hy = hx;
  const double reach = 4 * std::max(hx, hy);
  const double low = std::min(xs.front(), ys.front()) - reach;
  const double high = std::max(xs.back(), ys.back()) + reach;
  constexpr int kPoints = 1024;
  const double step = (high - low) / kPoints;
  const auto density = [](const std::vector<double>& values, double h, double t) {
    const auto begin = std::lower_bound(values.begin(), values.end(), t - 5 * h);
    const auto end = std::upper_bound(begin, values.end(), t + 5 * h);
    double sum = 0;
    for (auto v = begin; v != end; ++v) sum += std::exp(-.5 * (t - *v) * (t - *v) / (h * h));
    return sum / (static_cast<double>(values.size()) * h * std::sqrt(2 * std::numbers::pi));
  };
  double common = 0;
  for (int i = 0; i < kPoints; ++i) {
    const double t = low + (i + .5) * step;
    common += std::min(density(xs, hx, t), density(ys, hy, t)) * step;
  }
  return std::min(1.0, common);
}

double quantile(std::span<const double> ascending, double share) {
  if (ascending.empty()) return kUnknown;
  const double at = share * static_cast<double>(ascending.size() - 1);
  const size_t low = static_cast<size_t>(at);
  const size_t high = std::min(low + 1, ascending.size() - 1);
  return ascending[low] + (at - static_cast<double>(low)) * (ascending[high] - ascending[low]);
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  return adjusted(p, false);
}
std::vector<double> holm(std::span<const double> p) {
  return adjusted(p, true);
}

TwoSamples::TwoSamples(std::span<const double> values, std::span<const int64_t> labels,
                       std::span<const int64_t> strata)
    : size_(values.size()) {
  std::map<int64_t, Stratum> found;
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i]) || strata[i] < 0) continue;
    Stratum& s = found[strata[i]];
    s.entries.push_back({values[i], static_cast<int64_t>(i), labels[i], 0, 0});
  }
  for (auto& [id, s] : found) {
    std::sort(s.entries.begin(), s.entries.end(), [](const Entry& a, const Entry& b) {
      return a.value != b.value ? a.value < b.value : a.unit < b.unit;
    });
    std::vector<double> of[2];
    for (const Entry& e : s.entries) {
      of[e.label].push_back(e.value);
      s.samples[e.label].push_back({e.value, e.unit});
    }
    if (of[0].empty() || of[1].empty()) continue;
    const double medians[2] = {quantile(of[0], .5), quantile(of[1], .5)};
    for (size_t i = 0; i < s.entries.size();) {
      size_t end = i;
      while (end < s.entries.size() && s.entries[end].value == s.entries[i].value) ++end;
      for (size_t j = i; j < end; ++j) s.entries[j].rank = (static_cast<double>(i + end) + 1) / 2;
      i = end;
    }
    for (Entry& e : s.entries) e.deviation = std::abs(e.value - medians[e.label]);
    for (int64_t g : {0, 1}) {
      counts_[g] += static_cast<int64_t>(of[g].size());
      sorted_[g].insert(sorted_[g].end(), of[g].begin(), of[g].end());
    }
    s.id = id;
    strata_.push_back(std::move(s));
  }
  for (auto& s : sorted_) std::sort(s.begin(), s.end());
}

double TwoSamples::delta(std::span<const double> weights) const {
  double sum = 0, total = 0;
  for (const Stratum& s : strata_) {
    double whole[2] = {0, 0};
    for (const Entry& e : s.entries) whole[e.label] += weights[e.unit];
    if (!(whole[0] > 0 && whole[1] > 0)) continue;
    double below = 0, net = 0;  // first's weight so far; Σ w_second (first below − first above)
    for (size_t i = 0; i < s.entries.size();) {
      size_t end = i;
      double tied[2] = {0, 0};
      for (; end < s.entries.size() && s.entries[end].value == s.entries[i].value; ++end)
        tied[s.entries[end].label] += weights[s.entries[end].unit];
      net += tied[1] * (2 * below + tied[0] - whole[0]);
      below += tied[0];
      i = end;
    }
    const double weight = whole[0] * whole[1] / (whole[0] + whole[1]);
    sum += weight * net / (whole[0] * whole[1]);
    total += weight;
  }
  return total > 0 ? sum / total : kUnknown;
}

double TwoSamples::delta() const {
  return delta(std::vector<double>(size_, 1.0));
}

std::vector<double> TwoSamples::scales(std::span<const double> weights) const {
  std::vector<double> out;
  double total = 0;
  for (const Stratum& s : strata_) {
    double whole[2] = {0, 0};
    for (const Entry& e : s.entries) whole[e.label] += weights[e.unit];
    const bool used = whole[0] > 0 && whole[1] > 0;
    out.push_back(used ? 1 / (whole[0] + whole[1]) : 0);  // n·m/(n+m), over the n·m pairs
    total += used ? whole[0] * whole[1] / (whole[0] + whole[1]) : 0;
  }
  for (double& v : out) v = total > 0 ? v / total : kUnknown;
  return out;
}

double TwoSamples::share_below(std::span<const double> weights, std::span<const double> scale, double t,
                               bool strictly) const {
  double share = 0;
  for (size_t k = 0; k < strata_.size(); ++k) {
    if (scale[k] == 0) continue;
    const auto& x = strata_[k].samples[0];
    const auto& y = strata_[k].samples[1];
    // Difference y − x ≤ t where x ≥ y − t: as y rises, fewer x qualify.
    double qualifying = 0, sum = 0;
    for (const auto& [value, unit] : x) qualifying += weights[unit];
    size_t i = 0;
    for (const auto& [value, unit] : y) {
      while (i < x.size() && (strictly ? value - x[i].first >= t : value - x[i].first > t))
        qualifying -= weights[x[i++].second];
      sum += weights[unit] * qualifying;
    }
    share += scale[k] * sum;
  }
  return share;
}

double TwoSamples::shift_at(std::span<const double> weights, double start, double step,
                            double tolerance) const {
  const std::vector<double> scale = scales(weights);
  if (scale.empty() || std::isnan(scale[0])) return kUnknown;
  constexpr double kHalf = .5;
  constexpr double kSlack = 1e-12;  // sums of weights are not exact
  double low = start - step, high = start + step;
  for (double reach = step; share_below(weights, scale, low, false) >= kHalf - kSlack; reach *= 2)
    low -= reach;
  for (double reach = step; share_below(weights, scale, high, true) <= kHalf + kSlack; reach *= 2)
    high += reach;
  // The median is the middle of the smallest t with half of the weight at or below it and the largest t with
  // no more than half below it.
  const auto bisect = [&](bool strictly) {
    double a = low, b = high;
    while (b - a > tolerance) {
      const double t = a + (b - a) / 2;
      if (t <= a || t >= b) break;
      const double share = share_below(weights, scale, t, strictly);
      (strictly ? share > kHalf + kSlack : share >= kHalf - kSlack) ? b = t : a = t;
    }
    return a + (b - a) / 2;
  };
  return (bisect(false) + bisect(true)) / 2;
}

double TwoSamples::shift() const {
  if (strata_.empty()) return kUnknown;
  const double range =
      std::max(sorted_[0].back(), sorted_[1].back()) - std::min(sorted_[0].front(), sorted_[1].front());
  if (!(range > 0)) return 0;
  const double start = quantile(sorted_[1], .5) - quantile(sorted_[0], .5);
  return shift_at(std::vector<double>(size_, 1.0), start, range / 8, range * 1e-13);
}

double TwoSamples::shift(std::span<const double> weights) const {
  if (strata_.empty()) return kUnknown;
  const double range =
      std::max(sorted_[0].back(), sorted_[1].back()) - std::min(sorted_[0].front(), sorted_[1].front());
  if (!(range > 0)) return 0;
  const double start = quantile(sorted_[1], .5) - quantile(sorted_[0], .5);
  return shift_at(weights, start, range / 16, range * 1e-7);
}

std::vector<StratumEffect> TwoSamples::by_stratum(std::span<const std::string> names) const {
  std::vector<StratumEffect> out;
  double total = 0;
  for (const Stratum& s : strata_) {
    std::vector<double> of[2];
    for (const Entry& e : s.entries) of[e.label].push_back(e.value);
    const double n = static_cast<double>(of[0].size()), m = static_cast<double>(of[1].size());
    out.push_back({names[s.id], static_cast<int64_t>(of[0].size()), static_cast<int64_t>(of[1].size()),
                   n * m / (n + m), cliffs_delta(of[1], of[0])});
    total += out.back().weight;
  }
  for (StratumEffect& e : out) e.weight /= total;
  return out;
}

double TwoSamples::delta_of(std::span<const int64_t> labels) const {
  double sum = 0, total = 0;
  for (const Stratum& s : strata_) {
    double ranks = 0, m = 0;
    for (const Entry& e : s.entries) {
      const double second = static_cast<double>(labels[e.unit]);
      ranks += second * e.rank;
      m += second;
    }
    const double n = static_cast<double>(s.entries.size()) - m;
    if (!(n > 0 && m > 0)) continue;
    const double weight = n * m / (n + m);
    sum += weight * (2 * (ranks - m * (m + 1) / 2) / (n * m) - 1);
    total += weight;
  }
  return total > 0 ? sum / total : kUnknown;
}

double TwoSamples::dispersion_of(std::span<const int64_t> labels) const {
  double count[2] = {0, 0}, sums[2] = {0, 0}, squares = 0;
  for (const Stratum& s : strata_)
    for (const Entry& e : s.entries) {
      count[labels[e.unit]] += 1;
      sums[labels[e.unit]] += e.deviation;
      squares += e.deviation * e.deviation;
    }
  const double n = count[0] + count[1];
  if (!(count[0] > 0 && count[1] > 0 && n > 2)) return kUnknown;
  const double mean = (sums[0] + sums[1]) / n;
  const double within = squares - sums[0] * sums[0] / count[0] - sums[1] * sums[1] / count[1];
  const double between = squares - n * mean * mean - within;
  return within > 0 ? between / (within / (n - 2)) : kUnknown;
}

double normal_cdf(double z) {
  return .5 * std::erfc(-z / std::numbers::sqrt2);
}

// Bisection of the distribution function: 60 halvings of ±10 leave less than 1e-16.
double normal_quantile(double p) {
  double low = -10, high = 10;
  for (int i = 0; i < 70; ++i) {
    const double z = (low + high) / 2;
    (normal_cdf(z) < p ? low : high) = z;
  }
  return (low + high) / 2;
}

Interval percentile_interval(std::vector<double>& values, double level) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  std::sort(values.begin(), values.end());
  return {quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)};
}

Interval bca_interval(std::vector<double>& values, double estimate, std::span<const double> jackknife,
                      double level) {
  Interval plain = percentile_interval(values, level);
  if (values.empty() || values.front() == values.back()) return plain;
  double below = 0;
  for (double v : values) below += v < estimate ? 1 : v == estimate ? .5 : 0;
  const double n = static_cast<double>(values.size());
  const double z0 = normal_quantile(std::clamp(below / n, .5 / n, 1 - .5 / n));
  double mean = 0, count = 0;
  for (double v : jackknife)
    if (!std::isnan(v)) mean += v, count += 1;
  mean /= std::max(1.0, count);
  double squares = 0, cubes = 0;
  for (double v : jackknife)
    if (!std::isnan(v)) {
      const double d = mean - v;
      squares += d * d;
      cubes += d * d * d;
    }
  const double a = squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;
  const auto end = [&](double share) {
    const double z = z0 + normal_quantile(share);
    return quantile(values, std::clamp(normal_cdf(z0 + z / (1 - a * z)), 0.0, 1.0));
  };
  return {end((1 - level) / 2), end((1 + level) / 2)};
}

}  // namespace linmo::culture
