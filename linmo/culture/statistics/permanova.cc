// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/statistics/permanova.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "linmo/collection/parallel.h"
#include "linmo/core/error.h"
#include "linmo/culture/statistics/multivariate.h"
#include "linmo/measure/linear_algebra.h"

namespace linmo::culture {
namespace {

constexpr double kTie = 1e-10;
enum Stream : uint64_t { kPermutation = 21, kDispersion = 22 };

// An orthonormal basis of the columns beyond the intercept.
Eigen::MatrixXd basis(std::span<const Factor* const> factors, int64_t rows) {
  int64_t width = 0;
  for (const Factor* f : factors) width += f->columns.cols();
  Eigen::MatrixXd all(rows, width);
  int64_t at = 0;
  for (const Factor* f : factors) {
    all.middleCols(at, f->columns.cols()) = f->columns.rowwise() - f->columns.colwise().mean();
    at += f->columns.cols();
  }
  if (width == 0) return all;
  for (int64_t c = 0; c < width; ++c)
    if (const double norm = all.col(c).norm(); norm > 0) all.col(c) /= norm;
  return measure::column_basis(all, 1e-9);
}

double explained(const Coordinates& points, const Eigen::MatrixXd& q) {
  double sum = (q.transpose() * points.real).squaredNorm();
  if (points.imaginary.cols() > 0) sum -= (q.transpose() * points.imaginary).squaredNorm();
  return sum;
}

Coordinates centred(const Coordinates& points) {
  Coordinates out;
  out.real = points.real.rowwise() - points.real.colwise().mean();
  out.imaginary = points.imaginary;
  if (out.imaginary.cols() > 0) out.imaginary.rowwise() -= points.imaginary.colwise().mean().eval();
  return out;
}

double one_way_f(std::span<const double> values, std::span<const int64_t> labels, int64_t groups) {
  std::vector<double> sums(groups), counts(groups);
  double mean = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sums[labels[i]] += values[i];
    counts[labels[i]] += 1;
    mean += values[i] / static_cast<double>(values.size());
  }
  double between = 0, within = 0, used = 0;
  for (int64_t g = 0; g < groups; ++g) {
    if (counts[g] == 0) continue;
    used += 1;
    between += counts[g] * (sums[g] / counts[g] - mean) * (sums[g] / counts[g] - mean);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const double d = values[i] - sums[labels[i]] / counts[labels[i]];
    within += d * d;
  }
  const double n = static_cast<double>(values.size());
  if (!(used > 1 && n > used && within > 0)) return kUnknown;
  return (between / (used - 1)) / (within / (n - used));
}

struct Residuals {
  Coordinates points;            // less the centroid of their group
  std::vector<double> distance;  // to it
};

Residuals residuals(const Coordinates& points, std::span<const int64_t> labels, int64_t groups) {
  const int64_t n = points.real.rows();
  Residuals out{points, std::vector<double>(n)};
  for (Eigen::MatrixXd* axes : {&out.points.real, &out.points.imaginary}) {
    if (axes->cols() == 0) continue;
    Eigen::MatrixXd centroids = Eigen::MatrixXd::Zero(groups, axes->cols());
    Eigen::VectorXd counts = Eigen::VectorXd::Zero(groups);
    for (int64_t i = 0; i < n; ++i) {
      centroids.row(labels[i]) += axes->row(i);
      counts(labels[i]) += 1;
    }
    for (int64_t g = 0; g < groups; ++g)
      if (counts(g) > 0) centroids.row(g) /= counts(g);
    for (int64_t i = 0; i < n; ++i) axes->row(i) -= centroids.row(labels[i]);
  }
  for (int64_t i = 0; i < n; ++i) {
    double squared = out.points.real.row(i).squaredNorm();
    if (out.points.imaginary.cols() > 0) squared -= out.points.imaginary.row(i).squaredNorm();
    // vegan's betadisper takes the absolute value's root likewise.
    out.distance[i] = std::sqrt(std::abs(squared));
  }
  return out;
}

double adjusted_r2(const Fit& fit, double total, double n) {
  const double left = n - 1 - static_cast<double>(fit.degrees);
  return left > 0 ? 1 - (1 - fit.sum_of_squares / total) * (n - 1) / left : kUnknown;
}

std::vector<int64_t> all_groups(const Study& study) {
  std::vector<int64_t> out(study.groups.size());
  std::iota(out.begin(), out.end(), 0);
  return out;
}

}  // namespace

Coordinates coordinates_of(const Eigen::MatrixXd& d) {
  const int64_t n = d.rows();
  Eigen::MatrixXd g = -.5 * d.array().square();
  const Eigen::VectorXd rows = g.rowwise().mean();
  const Eigen::RowVectorXd columns = g.colwise().mean();
  const double mean = g.mean();
  g = ((g.colwise() - rows).rowwise() - columns).array() + mean;
  const measure::SymmetricEigen e = measure::symmetric_eigen((g + g.transpose()) / 2);
  const Eigen::VectorXd& values = e.values;
  const double least = 1e-12 * values.cwiseAbs().maxCoeff();
  std::vector<int64_t> positive, negative;
  for (int64_t i = n - 1; i >= 0; --i) {
    if (values(i) > least) positive.push_back(i);
    if (values(i) < -least) negative.push_back(i);
  }
  const Eigen::VectorXd scale = values.cwiseAbs().cwiseSqrt();
  const Eigen::MatrixXd axes = e.vectors * scale.asDiagonal();
  return {axes(Eigen::all, positive), axes(Eigen::all, negative)};
}

Factor make_factor(std::string name, std::span<const int64_t> levels) {
  std::map<int64_t, int64_t> column;
  for (int64_t level : levels) column.try_emplace(level, 0);
  int64_t count = 0;
  for (auto& [level, at] : column) at = count++;
  Factor out{std::move(name), Eigen::MatrixXd::Zero(levels.size(), std::max<int64_t>(0, count - 1))};
  for (size_t r = 0; r < levels.size(); ++r)
    if (const int64_t c = column[levels[r]]; c > 0) out.columns(static_cast<int64_t>(r), c - 1) = 1;
  return out;
}

Fit fit(const Coordinates& points, std::span<const Factor* const> factors) {
  const Coordinates c = centred(points);
  const Eigen::MatrixXd q = basis(factors, points.real.rows());
  return {explained(c, q), q.cols()};
}

double total_sum_of_squares(const Coordinates& points) {
  const Coordinates c = centred(points);
  return c.real.squaredNorm() - (c.imaginary.cols() > 0 ? c.imaginary.squaredNorm() : 0);
}

std::vector<PermanovaTerm> permanova(const Coordinates& points, std::span<const Factor> factors,
                                     int64_t permutations,
                                     const std::function<std::vector<int64_t>(int64_t)>& permuted,
                                     int threads, EventSink& sink) {
  const Coordinates c = centred(points);
  const int64_t n = points.real.rows();
  const double total = total_sum_of_squares(points);
  std::vector<const Factor*> all;
  for (const Factor& f : factors) all.push_back(&f);
  const Fit full = fit(points, all);
  const double residual = total - full.sum_of_squares;
  const double left = static_cast<double>(n - 1 - full.degrees);
  std::vector<PermanovaTerm> out;
  for (size_t i = 0; i < factors.size(); ++i) {
    std::vector<const Factor*> others;
    for (const Factor& f : factors)
      if (&f != &factors[i]) others.push_back(&f);
    const Fit reduced = fit(points, others);
    PermanovaTerm term;
    term.name = factors[i].name;
    term.degrees = full.degrees - reduced.degrees;
    if (term.degrees > 0 && left > 0 && residual > 0) {
      const double degrees = static_cast<double>(term.degrees);
      term.sum_of_squares = full.sum_of_squares - reduced.sum_of_squares;
      term.r2 = term.sum_of_squares / total;
      const auto f_of = [&](double whole, double part) {
        return ((whole - part) / degrees) / ((total - whole) / left);
      };
      term.f = f_of(full.sum_of_squares, reduced.sum_of_squares);
      const double mean_square = residual / left;
      // Partial ω² (Olejnik & Algina 2003).
      term.omega2 = (term.sum_of_squares - degrees * mean_square) /
                    (term.sum_of_squares + (static_cast<double>(n) - degrees) * mean_square);
      if (permuted && i == 0) {
        std::vector<char> as_large(permutations);
        for_each_parallel(
            permutations, threads, "where the variation goes: " + term.name, sink, [&](size_t b) {
              Factor exchanged = factors[i];
              exchanged.columns = factors[i].columns(permuted(static_cast<int64_t>(b)), Eigen::all).eval();
              std::vector<const Factor*> model = others;
              model.push_back(&exchanged);
              const double whole = explained(c, basis(model, n));
              as_large[b] = f_of(whole, reduced.sum_of_squares) >= term.f * (1 - kTie);
            });
        sink.check("comparing");
        term.p = (1 + static_cast<double>(std::count(as_large.begin(), as_large.end(), 1))) /
                 (1 + static_cast<double>(permutations));
      }
    }
    out.push_back(term);
  }
  out.push_back({"residual", n - 1 - full.degrees, residual, residual / total});
  out.push_back({"total", n - 1, total, 1});
  return out;
}

Dispersion permdisp(const Coordinates& points, std::span<const int64_t> labels, int64_t groups,
                    int64_t permutations, const std::function<std::vector<int64_t>(int64_t)>& permuted) {
  const Residuals observed = residuals(points, labels, groups);
  Dispersion out;
  out.mean_distance.assign(groups, 0);
  std::vector<double> counts(groups);
  for (size_t i = 0; i < labels.size(); ++i) {
    out.mean_distance[labels[i]] += observed.distance[i];
    counts[labels[i]] += 1;
  }
  for (int64_t g = 0; g < groups; ++g)
    out.mean_distance[g] = counts[g] > 0 ? out.mean_distance[g] / counts[g] : kUnknown;
  out.f = one_way_f(observed.distance, labels, groups);
  if (!permuted || std::isnan(out.f)) return out;
  double as_large = 0;
  for (int64_t b = 0; b < permutations; ++b) {
    const std::vector<int64_t> exchanged = permuted(b);
    const double f = one_way_f(residuals(observed.points, exchanged, groups).distance, exchanged, groups);
    as_large += std::isnan(f) || f >= out.f * (1 - kTie);
  }
  out.p = (1 + as_large) / (1 + static_cast<double>(permutations));
  return out;
}

VariationPartition partition_variation(const Coordinates& points, const Factor& group, const Factor& other) {
  const double total = total_sum_of_squares(points), n = static_cast<double>(points.real.rows());
  const Factor* both[] = {&group, &other};
  const Factor* a[] = {&group};
  const Factor* b[] = {&other};
  const double whole = adjusted_r2(fit(points, both), total, n);
  const double of_group = adjusted_r2(fit(points, a), total, n);
  const double of_other = adjusted_r2(fit(points, b), total, n);
  VariationPartition out;
  out.other = other.name;
  out.group = whole - of_other;
  out.other_alone = whole - of_group;
  out.shared = of_group + of_other - whole;
  out.residual = 1 - whole;
  out.is_separable = out.group > out.shared;
  return out;
}

void explain_variation(const Prepared& prepared, Study& study, EventSink& sink) {
  if (study.core.empty()) return;
  const CompareSettings& settings = study.settings;
  std::vector<int64_t> units;
  const Design design = sampled(prepared.design, settings, units);
  if (units.size() < prepared.design.units.size())
    study.warnings.push_back(StudyWarning{
        .code = "sampled_units",
        .text =
            fmt::format("{} of {} works, drawn by lot, take part in what needs all distances (--max-units).",
                        units.size(), prepared.design.units.size()),
        .values = {{"used", std::to_string(units.size())},
                   {"units", std::to_string(prepared.design.units.size())}}});
  const Lots lots(design, all_groups(study));
  const Coordinates points{robust_scale(prepared.values, study.core, units), {}};
  std::vector<Factor> factors{make_factor("group", lots.labels())};
  for (size_t c = 0; c < prepared.covariates.size(); ++c) {
    std::vector<int64_t> levels;
    levels.reserve(units.size());
    for (int64_t u : units) levels.push_back(prepared.covariate_levels[c][u]);
    Factor factor = make_factor(prepared.covariates[c], levels);
    // A covariate that the groups determine, or that determines them, leaves nothing to test.
    std::vector<const Factor*> with;
    with.reserve(factors.size() + 1);
    for (const Factor& f : factors) with.push_back(&f);
    const int64_t before = fit(points, with).degrees;
    with.push_back(&factor);
    const int64_t after = fit(points, with).degrees;
    const Factor* only_factor[] = {&factor};
    const Factor* with_group[] = {&factors[0], &factor};
    const bool hides_group = fit(points, with_group).degrees == fit(points, only_factor).degrees;
    study.partitions.push_back(partition_variation(points, factors[0], factor));
    if (factor.columns.cols() == 0 || after == before || hides_group ||
        after > static_cast<int64_t>(units.size()) / 2) {
      study.permanova_left_out.push_back(factor.name);
      continue;
    }
    factors.push_back(std::move(factor));
  }
  std::vector<int64_t> nuisance;
  for (size_t d = 0; d < study.table.columns.descriptors.size(); ++d) {
    if (!study.table.columns.descriptors[d].is_nuisance) continue;
    const auto known = [](double v) { return !std::isnan(v); };
    if (std::any_of(prepared.values[d].begin(), prepared.values[d].end(), known))
      nuisance.push_back(static_cast<int64_t>(d));
  }
  if (!nuisance.empty())
    study.partitions.push_back(partition_variation(
        points, factors[0], {"nuisance descriptors", robust_scale(prepared.values, nuisance, units)}));

  const auto labels_of = [&](uint64_t stream, int64_t b) {
    std::vector<int64_t> labels(lots.size());
    Random random(settings.seed, mix(stream, b));
    lots.permute(random, labels);
    return labels;
  };
  // The first unit of every label stands for it: the group's columns are the same for all of its units.
  std::vector<int64_t> representative(study.groups.size(), 0);
  for (size_t i = lots.size(); i-- > 0;) representative[lots.labels()[i]] = static_cast<int64_t>(i);
  study.permanova = permanova(
      points, factors, settings.multivariate_permutations,
      [&](int64_t b) {
        std::vector<int64_t> rows = labels_of(kPermutation, b);
        for (int64_t& r : rows) r = representative[r];
        return rows;
      },
      static_cast<int>(settings.threads), sink);
  study.dispersion =
      permdisp(points, lots.labels(), static_cast<int64_t>(study.groups.size()),
               settings.multivariate_permutations, [&](int64_t b) { return labels_of(kDispersion, b); });
}

}  // namespace linmo::culture
