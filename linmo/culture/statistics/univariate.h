// SPDX-License-Identifier: Apache-2.0
// Effects and tests of one number at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "linmo/culture/study.h"

namespace linmo::culture {

// Cliff's δ (1993): share of pairs with x > y minus share with x < y, −1 … 1; NaN for an empty sample.
double cliffs_delta(std::span<const double> x, std::span<const double> y);
// Hodges & Lehmann's shift (1963): median of all y − x, in the unit of the values.
double hodges_lehmann(std::span<const double> x, std::span<const double> y);
// What the densities of two samples have in common, 0 … 1: ∫ min(f, g) of Gaussian kernel estimates with
// Silverman's (1986) bandwidth. Equal constants: 1; different constants: 0.
double overlap(std::span<const double> x, std::span<const double> y);
// Linear interpolation between order statistics (Hyndman & Fan's type 7); `sorted` ascending.
double quantile(std::span<const double> sorted, double share);

// Adjusted p in the order of the p; NaN stays NaN and does not count.
std::vector<double> benjamini_hochberg(std::span<const double> p);
std::vector<double> holm(std::span<const double> p);

// Two groups with strata: δ and shift are means over strata with weights n·m/(n+m) (δ), and the median of
// all differences within strata with the same weight a stratum (shift). Observations carry weights, so that
// a bootstrap sample costs no sorting. Both are of the second group over the first.
class TwoSamples {
 public:
  // `values` with NaN for missing, `labels` 0 or 1 (first, second), `strata` −1 for unknown: not used. Strata
  // that only one of the two has are not used.
  TwoSamples(std::span<const double> values, std::span<const int64_t> labels,
             std::span<const int64_t> strata);

  int64_t count(int64_t label) const { return counts_[label]; }
  // In ascending order.
  const std::vector<double>& values(int64_t label) const { return sorted_[label]; }

  double delta(std::span<const double> weights) const;  // NaN where a group has no weight
  double shift(std::span<const double> weights) const;
  double delta() const;
  double shift() const;
  std::vector<StratumEffect> by_stratum(std::span<const std::string> names) const;

  // δ under other labels (of all observations, as given to the constructor): through mid-ranks.
  double delta_of(std::span<const int64_t> labels) const;
  // Brown & Forsythe's F (1974) on |value − median of its group and stratum| under other labels.
  double dispersion_of(std::span<const int64_t> labels) const;

 private:
  struct Entry {
    double value;
    int64_t unit, label;
    double rank;       // mid-rank within the stratum, from 1
    double deviation;  // from the median of its group within the stratum
  };
  struct Stratum {
    int64_t id;
    std::vector<Entry> entries;                          // ascending
    std::vector<std::pair<double, int64_t>> samples[2];  // value and unit, ascending
  };
  double shift_at(std::span<const double> weights, double start, double step, double tolerance) const;
  // Weight of differences ≤ t (or < t), as a share.
  double share_below(std::span<const double> weights, std::span<const double> scale, double t,
                     bool strictly) const;
  std::vector<double> scales(std::span<const double> weights) const;

  std::vector<Stratum> strata_;
  std::vector<double> sorted_[2];
  int64_t counts_[2] = {0, 0};
  size_t size_ = 0;
};

// Confidence intervals from bootstrap values (which are sorted in place; NaN dropped).
Interval percentile_interval(std::vector<double>& values, double level);
// Efron's BCa (1987): `jackknife` values with one cluster left out each.
Interval bca_interval(std::vector<double>& values, double estimate, std::span<const double> jackknife,
                      double level);
double normal_cdf(double z);
double normal_quantile(double p);

}  // namespace linmo::culture
