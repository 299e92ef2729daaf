// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/distances.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "linmo/collection/parallel.h"
#include "linmo/core/error.h"
#include "linmo/core/random.h"
#include "linmo/measure/linear_algebra.h"

namespace linmo::measure {
namespace {

using Matrix = Eigen::MatrixXd;
using RowMajorF = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FeatureMap = Eigen::Map<const RowMajorF>;

FeatureMap map(const Features& f) {
  return FeatureMap(f.values.data(), f.count, f.dimensions);
}

void check(const Features& f) {
  if (f.count < 2 || f.dimensions < 1) {
    fail(ErrorKind::usage, "a distance between sets needs at least two pictures in each, not {}", f.count);
  }
  if (static_cast<int64_t>(f.values.size()) != f.count * f.dimensions) {
    fail(ErrorKind::usage, "{} numbers are not {} pictures of {} features", f.values.size(), f.count,
         f.dimensions);
  }
  for (const float v : f.values) {
    if (!std::isfinite(v)) {
      fail(ErrorKind::numeric,
           "the feature network gave numbers that are not finite; its weights do not fit");
    }
  }
}

void check(const Features& a, const Features& b) {
  check(a);
  check(b);
  if (a.dimensions != b.dimensions) {
    fail(ErrorKind::usage, "sets of {} and {} features cannot be compared", a.dimensions, b.dimensions);
  }
}

Eigen::VectorXd mean_of(const Features& f) {
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(f.dimensions);
  const FeatureMap x = map(f);
  for (int64_t i = 0; i < f.count; ++i) sum += x.row(i).transpose().cast<double>();
  return sum / static_cast<double>(f.count);
}

Matrix centred(const Features& f, const Eigen::VectorXd& mean) {
  return map(f).cast<double>().rowwise() - mean.transpose();
}

double sum_of_roots(const Matrix& symmetric) {
  return symmetric_eigenvalues(symmetric).cwiseMax(0).cwiseSqrt().sum();
}

// L with L Lᵀ = the covariance: Cholesky's where it is of full rank, else eigenvectors times roots.
Matrix root_of(const Matrix& covariance) {
  const Eigen::LLT<Matrix> cholesky(covariance);
  if (cholesky.info() == Eigen::Success) return cholesky.matrixL();
  const SymmetricEigen e = symmetric_eigen(covariance);
  return e.vectors * e.values.cwiseMax(0).cwiseSqrt().asDiagonal();
}

// Sums of the kernel over pairs, from the kernel's matrix.
struct PairSums {
  double within_a = 0, within_b = 0, across = 0;  // without the diagonal; with all
};

double unbiased(const PairSums& s, double m, double n) {
  return s.within_a / (m * (m - 1)) + s.within_b / (n * (n - 1)) - 2 * s.across / (m * n);
}

// (x·y/d + 1)³ for all pairs of rows; blocks of rows in parallel, each block alike for any number of threads.
RowMajorF kernel(const Features& a, const Features& b, int threads, EventSink& sink) {
  constexpr int64_t kBlock = 128;
  const FeatureMap x = map(a), y = map(b);
  RowMajorF k(a.count, b.count);
  const float scale = 1 / static_cast<float>(a.dimensions);
  const auto blocks = static_cast<size_t>((a.count + kBlock - 1) / kBlock);
  if (!for_each_parallel(blocks, threads, "kernel", sink, [&](size_t block) {
        const int64_t first = static_cast<int64_t>(block) * kBlock;
        const int64_t rows = std::min(kBlock, a.count - first);
        auto part = k.middleRows(first, rows);
        part.noalias() = x.middleRows(first, rows) * y.transpose();
        part = (part.array() * scale + 1).cube().matrix();
      })) {
    fail(ErrorKind::cancelled, "the kernel distance was stopped");
  }
  return k;
}

double sum_over(const RowMajorF& k, const std::vector<int64_t>& rows, const std::vector<int64_t>& columns,
                bool diagonal) {
  double sum = 0;
  for (const int64_t r : rows) {
    const float* row = k.row(r).data();
    for (const int64_t c : columns) sum += static_cast<double>(row[c]);
    if (!diagonal) sum -= static_cast<double>(row[r]);
  }
  return sum;
}

std::vector<int64_t> draw(int64_t n, int64_t wanted, uint64_t seed, uint64_t stream) {
  std::vector<int64_t> all(static_cast<size_t>(n));
  std::iota(all.begin(), all.end(), int64_t{0});
  if (wanted >= n) return all;
  Random random(seed, stream);
  for (int64_t i = 0; i < wanted; ++i) {
    std::swap(all[static_cast<size_t>(i)], all[static_cast<size_t>(i + random.below(n - i))]);
  }
  all.resize(static_cast<size_t>(wanted));
  return all;
}

}  // namespace

Features at_most(const Features& f, int64_t most, uint64_t seed, uint64_t stream) {
  if (f.count <= most) return f;
  std::vector<int64_t> rows = draw(f.count, most, seed, stream);
  std::sort(rows.begin(), rows.end());
  Features out{most, f.dimensions, {}};
  out.values.reserve(static_cast<size_t>(most * f.dimensions));
  for (const int64_t r : rows) out.values.insert(out.values.end(), f.row(r).begin(), f.row(r).end());
  return out;
}

Gaussian gaussian(const Features& features) {
  check(features);
  const Eigen::VectorXd mean = mean_of(features);
  Matrix covariance = Matrix::Zero(features.dimensions, features.dimensions);
  constexpr int64_t kBlock = 512;  // rows that are held in double at a time
  for (int64_t first = 0; first < features.count; first += kBlock) {
    const int64_t rows = std::min(kBlock, features.count - first);
    const Matrix x = map(features).middleRows(first, rows).cast<double>().rowwise() - mean.transpose();
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
  }
  covariance = Matrix(covariance.selfadjointView<Eigen::Lower>()) / static_cast<double>(features.count - 1);
  return {features.dimensions,
          {mean.data(), mean.data() + mean.size()},
          {covariance.data(), covariance.data() + covariance.size()}};
}

double frechet_distance(const Gaussian& a, const Gaussian& b) {
  const int64_t d = a.dimensions;
  if (b.dimensions != d || d < 1 || static_cast<int64_t>(a.mean.size()) != d ||
      static_cast<int64_t>(b.mean.size()) != d || static_cast<int64_t>(a.covariance.size()) != d * d ||
      static_cast<int64_t>(b.covariance.size()) != d * d) {
    fail(ErrorKind::usage, "distributions of {} and {} dimensions cannot be compared", d, b.dimensions);
  }
  const Eigen::Map<const Eigen::VectorXd> ma(a.mean.data(), d), mb(b.mean.data(), d);
  const Eigen::Map<const Matrix> sa(a.covariance.data(), d, d), sb(b.covariance.data(), d, d);
  const Matrix l = root_of(sa);
  const Matrix product = l.transpose() * (sb * l);
  return (ma - mb).squaredNorm() + sa.trace() + sb.trace() - 2 * sum_of_roots(product);
}

double frechet_distance(const Features& a, const Features& b) {
  check(a, b);
  if (std::min(a.count, b.count) > a.dimensions) return frechet_distance(gaussian(a), gaussian(b));
  const Eigen::VectorXd ma = mean_of(a), mb = mean_of(b);
  const bool a_smaller = a.count <= b.count;
  const Matrix small = a_smaller ? centred(a, ma) : centred(b, mb);
  const Matrix large = a_smaller ? centred(b, mb) : centred(a, ma);
  const double ns = static_cast<double>(small.rows() - 1), nl = static_cast<double>(large.rows() - 1);
  const Matrix k = small * large.transpose() / std::sqrt(ns * nl);
  return (ma - mb).squaredNorm() + small.squaredNorm() / ns + large.squaredNorm() / nl -
         2 * sum_of_roots(k * k.transpose());
}

KernelDistance kernel_distance(const Features& all_a, const Features& all_b, const KernelSettings& s,
                               EventSink& sink) {
  check(all_a, all_b);
  if (s.subsets < 1 || s.subset_size < 2 || s.most < 2) {
    fail(ErrorKind::usage, "the kernel distance needs at least one subset of at least two pictures");
  }
  const Features a = at_most(all_a, s.most, s.seed, 0), b = at_most(all_b, s.most, s.seed, 1);
  const RowMajorF aa = kernel(a, a, s.threads, sink), bb = kernel(b, b, s.threads, sink),
                  ab = kernel(a, b, s.threads, sink);
  const auto estimate = [&](const std::vector<int64_t>& i, const std::vector<int64_t>& j) {
    return unbiased({sum_over(aa, i, i, false), sum_over(bb, j, j, false), sum_over(ab, i, j, true)},
                    static_cast<double>(i.size()), static_cast<double>(j.size()));
  };
  KernelDistance result;
  result.all = estimate(draw(a.count, a.count, 0, 0), draw(b.count, b.count, 0, 0));
  const int64_t smaller = std::min(a.count, b.count);
  result.subset_size = smaller > s.subset_size ? s.subset_size : std::max<int64_t>(2, smaller / 2);
  std::vector<double> values(static_cast<size_t>(s.subsets));
  if (!for_each_parallel(values.size(), s.threads, "subsets", sink, [&](size_t i) {
        values[i] = estimate(draw(a.count, result.subset_size, s.seed, 2 + 2 * i),
                             draw(b.count, result.subset_size, s.seed, 3 + 2 * i));
      })) {
    fail(ErrorKind::cancelled, "the kernel distance was stopped");
  }
  double squares = 0;
  for (const double v : values) result.mean += v / static_cast<double>(values.size());
  for (const double v : values) squares += (v - result.mean) * (v - result.mean);
  result.deviation = std::sqrt(squares / static_cast<double>(values.size()));
  return result;
}

}  // namespace linmo::measure
