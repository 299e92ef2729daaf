// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/statistics/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "linmo/collection/parallel.h"
#include "linmo/culture/statistics/univariate.h"

namespace linmo::culture {
namespace {

constexpr int64_t kFewestValues = 3;   // a group with fewer is not compared
constexpr size_t kFewestClusters = 6;  // fewer cannot show that nothing is there
constexpr size_t kChunk = 64;          // permutations a piece of work
constexpr double kTie = 1e-12;         // the same effect, summed in another order

enum Stream : uint64_t { kPermutation = 1, kBootstrap = 2 };

Random lots(const CompareSettings& settings, Stream stream, int64_t first, int64_t second, uint64_t number) {
  return Random(settings.seed, mix(mix(stream, mix(first, second)), number));
}

double share(double count, double total) {
  return (1 + count) / (1 + total);
}

std::vector<size_t> clusters_per_group(const Lots& lots) {
  std::vector<std::vector<bool>> seen(lots.groups(), std::vector<bool>(lots.cluster_count()));
  for (size_t u = 0; u < lots.size(); ++u) seen[lots.labels()[u]][lots.clusters()[u]] = true;
  std::vector<size_t> out;
  for (const auto& s : seen) out.push_back(std::count(s.begin(), s.end(), true));
  return out;
}

class PairComparer {
 public:
  PairComparer(const Design& design, const UnitValues& values, std::span<const Descriptor> descriptors,
               int64_t first, int64_t second, const CompareSettings& settings)
      : design_(design),
        descriptors_(descriptors),
        settings_(settings),
        first_(first),
        second_(second),
        lots_(design, {first, second}) {
    for (const auto& column : values) {
      std::vector<double> local;
      for (int64_t u : lots_.units()) local.push_back(column[u]);
      samples_.emplace_back(local, lots_.labels(), lots_.strata());
    }
    result_.comparisons.resize(values.size());
    result_.deltas.resize(values.size());
  }

  PairComparison run(EventSink& sink) {
    permute(sink);
    for_each_parallel(samples_.size(), static_cast<int>(settings_.threads), "intervals of descriptors", sink,
                      [&](size_t d) { estimate(d); });
    sink.check("comparing");
    adjust();
    return std::move(result_);
  }

 private:
  bool usable(size_t d) const {
    return samples_[d].count(0) >= kFewestValues && samples_[d].count(1) >= kFewestValues;
  }

  void permute(EventSink& sink) {
    const size_t count = static_cast<size_t>(settings_.permutations), width = samples_.size();
    null_.assign(width, std::vector<double>(count, kUnknown));
    spread_null_ = null_;
    for_each_parallel((count + kChunk - 1) / kChunk, static_cast<int>(settings_.threads),
                      "permutations (by 64)", sink, [&](size_t chunk) {
                        std::vector<int64_t> labels(lots_.size());
                        for (size_t b = chunk * kChunk; b < std::min(count, (chunk + 1) * kChunk); ++b) {
                          Random random = lots(settings_, kPermutation, first_, second_, b);
                          lots_.permute(random, labels);
                          for (size_t d = 0; d < width; ++d) {
                            if (!usable(d)) continue;
                            null_[d][b] = samples_[d].delta_of(labels);
                            spread_null_[d][b] = samples_[d].dispersion_of(labels);
                          }
                        }
                      });
    sink.check("comparing");
  }

  void estimate(size_t d) {
    const TwoSamples& s = samples_[d];
    Comparison& c = result_.comparisons[d];
    c.first = first_;
    c.second = second_;
    c.descriptor = static_cast<int64_t>(d);
    c.n_first = s.count(0);
    c.n_second = s.count(1);
    c.margin = settings_.margin;
    if (!usable(d)) return;
    c.median_first = quantile(s.values(0), .5);
    c.median_second = quantile(s.values(1), .5);
    c.iqr_first = quantile(s.values(0), .75) - quantile(s.values(0), .25);
    c.iqr_second = quantile(s.values(1), .75) - quantile(s.values(1), .25);
    if (c.iqr_first > 0) c.spread_ratio = c.iqr_second / c.iqr_first;
    c.delta = s.delta();
    c.shift = s.shift();
    c.superiority = (c.delta + 1) / 2;
    c.overlap = overlap(s.values(0), s.values(1));
    if (design_.strata.size() > 1) c.strata = s.by_stratum(design_.strata);
    tail_probabilities(d, c);

    std::vector<double> weights(lots_.size());
    std::vector<double>& deltas = result_.deltas[d];
    std::vector<double> shifts;
    for (int64_t b = 0; b < settings_.bootstrap; ++b) {
      Random random = lots(settings_, kBootstrap, first_, second_, b);
      lots_.resample(random, weights);
      deltas.push_back(s.delta(weights));
      shifts.push_back(s.shift(weights));
    }
    if (settings_.interval == "bca") {
      std::vector<double> delta_knife, shift_knife;
      for (size_t k = 0; k < lots_.jackknife_size(); ++k) {
        lots_.leave_out(k, weights);
        delta_knife.push_back(s.delta(weights));
        shift_knife.push_back(s.shift(weights));
      }
      c.delta_interval = bca_interval(deltas, c.delta, delta_knife, settings_.level);
      c.shift_interval = bca_interval(shifts, c.shift, shift_knife, settings_.level);
    } else {
      c.delta_interval = percentile_interval(deltas, settings_.level);
      c.shift_interval = percentile_interval(shifts, settings_.level);
    }
    c.p_equivalence = equivalence_p(deltas, settings_.margin);
  }

  void tail_probabilities(size_t d, Comparison& c) const {
    const double spread = samples_[d].dispersion_of(lots_.labels());
    double as_large = 0, as_high = 0, as_low = 0, as_spread = 0, total = 0;
    for (size_t b = 0; b < null_[d].size(); ++b) {
      const double v = null_[d][b];
      // Labels that leave a group without a value in any stratum count as no evidence.
      as_large += std::isnan(v) || std::abs(v) >= std::abs(c.delta) - kTie;
      as_high += std::isnan(v) || v >= c.delta - kTie;
      as_low += std::isnan(v) || v <= c.delta + kTie;
      as_spread += std::isnan(spread_null_[d][b]) || spread_null_[d][b] >= spread * (1 - kTie) - kTie;
      total += 1;
    }
    c.p = share(as_large, total);
    c.p_higher = share(as_high, total);
    c.p_lower = share(as_low, total);
    if (!std::isnan(spread)) c.p_dispersion = share(as_spread, total);
  }

  void adjust() {
    std::map<std::string, std::vector<size_t>> families;
    for (size_t d = 0; d < samples_.size(); ++d) families[descriptors_[d].group].push_back(d);
    for (const auto& [name, members] : families) {
      std::vector<double> p;
      for (size_t d : members) p.push_back(result_.comparisons[d].p);
      const std::vector<double> q = benjamini_hochberg(p);
      for (size_t i = 0; i < members.size(); ++i) result_.comparisons[members[i]].q = q[i];
    }
    adjust_max_t();
    const std::vector<size_t> clusters = clusters_per_group(lots_);
    const bool enough = std::min(clusters[0], clusters[1]) >= kFewestClusters;
    for (Comparison& c : result_.comparisons) {
      if (enough && c.p_equivalence <= settings_.alpha)
        c.verdict = Verdict::equivalent;
      else if (c.q <= settings_.alpha)
        c.verdict = Verdict::different;
    }
  }

  void adjust_max_t() {
    const size_t count = static_cast<size_t>(settings_.permutations);
    std::vector<double> largest(count, 0.0), deviations(samples_.size(), kUnknown);
    for (size_t d = 0; d < samples_.size(); ++d) {
      if (!usable(d) || descriptors_[d].is_nuisance) continue;
      double squares = 0, n = 0;
      for (double v : null_[d])
        if (!std::isnan(v)) squares += v * v, n += 1;
      if (!(n > 0 && squares > 0)) continue;
      deviations[d] = std::sqrt(squares / n);  // the mean under permutation is 0 by symmetry
      for (size_t b = 0; b < count; ++b)
        if (!std::isnan(null_[d][b]))
          largest[b] = std::max(largest[b], std::abs(null_[d][b]) / deviations[d]);
    }
    std::sort(largest.begin(), largest.end());
    for (size_t d = 0; d < samples_.size(); ++d) {
      if (std::isnan(deviations[d])) continue;
      Comparison& c = result_.comparisons[d];
      const double t = std::abs(c.delta) / deviations[d] - kTie;
      const auto at = std::lower_bound(largest.begin(), largest.end(), t);
      c.p_max_t = std::max(c.p, share(static_cast<double>(largest.end() - at), static_cast<double>(count)));
    }
  }

  const Design& design_;
  std::span<const Descriptor> descriptors_;
  const CompareSettings& settings_;
  int64_t first_, second_;
  Lots lots_;
  std::vector<TwoSamples> samples_;
  std::vector<std::vector<double>> null_, spread_null_;  // descriptor × permutation
  PairComparison result_;
};

}  // namespace

const char* to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::different:
      return "different";
    case Verdict::equivalent:
      return "equivalent";
    case Verdict::cannot_tell:
      break;
  }
  return "cannot tell";
}

const char* to_text(HypothesisOutcome outcome) {
  switch (outcome) {
    case HypothesisOutcome::supported:
      return "supported";
    case HypothesisOutcome::contradicted:
      return "contradicted";
    case HypothesisOutcome::cannot_tell:
      break;
  }
  return "cannot tell";
}

PairComparison compare_pair(const Design& design, const UnitValues& values,
                            std::span<const Descriptor> descriptors, int64_t first, int64_t second,
                            const CompareSettings& settings, EventSink& sink) {
  return PairComparer(design, values, descriptors, first, second, settings).run(sink);
}

double equivalence_p(std::span<const double> deltas, double margin) {
  double above = 0, below = 0, total = 0;
  for (double v : deltas) {
    above += std::isnan(v) || v >= margin;
    below += std::isnan(v) || v <= -margin;
    total += 1;
  }
  return total > 0 ? share(std::max(above, below), total) : kUnknown;
}

std::vector<HypothesisResult> test_hypotheses(std::span<const Hypothesis> hypotheses, const Study& study,
                                              std::span<const std::vector<double>> deltas) {
  std::vector<HypothesisResult> out;
  std::vector<double> p, p_against;
  for (const Hypothesis& h : hypotheses) {
    HypothesisResult r{.hypothesis = h};
    double against = kUnknown;
    for (size_t i = 0; i < study.comparisons.size(); ++i) {
      const Comparison& c = study.comparisons[i];
      const std::string& first = study.groups[c.first].name;
      const std::string& second = study.groups[c.second].name;
      if (study.table.columns.descriptors[c.descriptor].name != h.descriptor) continue;
      if (!(first == h.first && second == h.second) && !(first == h.second && second == h.first)) continue;
      if (std::isnan(c.p)) continue;
      r.comparison = static_cast<int64_t>(i);
      r.is_reversed = first != h.first;
      const double higher = r.is_reversed ? c.p_lower : c.p_higher;
      const double lower = r.is_reversed ? c.p_higher : c.p_lower;
      if (h.direction == "higher") r.p = higher, against = lower;
      if (h.direction == "lower") r.p = lower, against = higher;
      if (h.direction == "different") r.p = c.p, against = equivalence_p(deltas[i], h.margin);
      if (h.direction == "equivalent") r.p = equivalence_p(deltas[i], h.margin), against = c.p;
      const int64_t clusters = std::min(study.groups[c.first].clusters, study.groups[c.second].clusters);
      if (clusters < static_cast<int64_t>(kFewestClusters)) {
        if (h.direction == "equivalent") r.p = kUnknown;
        if (h.direction == "different") against = kUnknown;
      }
    }
    p.push_back(r.p);
    p_against.push_back(against);
    out.push_back(std::move(r));
  }
  const std::vector<double> adjusted = holm(p), adjusted_against = holm(p_against);
  for (size_t i = 0; i < out.size(); ++i) {
    out[i].p_adjusted = adjusted[i];
    if (adjusted[i] <= out[i].hypothesis.alpha)
      out[i].outcome = HypothesisOutcome::supported;
    else if (adjusted_against[i] <= out[i].hypothesis.alpha)
      out[i].outcome = HypothesisOutcome::contradicted;
  }
  return out;
}

}  // namespace linmo::culture
