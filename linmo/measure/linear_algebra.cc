// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/linear_algebra.h"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>

#include "linmo/core/error.h"

namespace linmo::measure {
namespace {

using Solver = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>;

Solver solved(const Eigen::MatrixXd& symmetric, int what) {
  Solver solver(symmetric, what);
  if (solver.info() != Eigen::Success)
    fail(ErrorKind::numeric, "the eigenvalues of a {} × {} matrix did not converge", symmetric.rows(),
         symmetric.cols());
  return solver;
}

}  // namespace

SymmetricEigen symmetric_eigen(const Eigen::MatrixXd& symmetric) {
  const Solver solver = solved(symmetric, Eigen::ComputeEigenvectors);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

Eigen::VectorXd symmetric_eigenvalues(const Eigen::MatrixXd& symmetric) {
  return solved(symmetric, Eigen::EigenvaluesOnly).eigenvalues();
}

Eigen::MatrixXd nearest_rotation(const Eigen::MatrixXd& square) {
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(square, Eigen::ComputeFullU | Eigen::ComputeFullV);
  return svd.matrixU() * svd.matrixV().transpose();
}

Eigen::MatrixXd column_basis(const Eigen::MatrixXd& columns, double threshold) {
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(columns);
  qr.setThreshold(threshold);
  return qr.householderQ() *
         Eigen::MatrixXd::Identity(columns.rows(), std::min(columns.rows(), static_cast<int64_t>(qr.rank())));
}

}  // namespace linmo::measure
