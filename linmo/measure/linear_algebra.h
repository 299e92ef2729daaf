// SPDX-License-Identifier: Apache-2.0
// Decompositions of matrices through Eigen, compiled once: whoever includes Eigen's own waits for them.
#pragma once

#include <Eigen/Core>

namespace linmo::measure {

// Ascending, and in each column of `vectors` the unit vector that goes with it.
struct SymmetricEigen {
  Eigen::VectorXd values;
  Eigen::MatrixXd vectors;
};

// Of a symmetric matrix, of which the lower triangle is read. Throw ErrorKind::numeric where they do not
// converge.
SymmetricEigen symmetric_eigen(const Eigen::MatrixXd& symmetric);
Eigen::VectorXd symmetric_eigenvalues(const Eigen::MatrixXd& symmetric);

// U·Vᵀ of the singular value decomposition U·S·Vᵀ of a square matrix: the rotation, with or without a
// reflection, that is nearest to it (orthogonal Procrustes problem, Schönemann 1966).
Eigen::MatrixXd nearest_rotation(const Eigen::MatrixXd& square);

// An orthonormal basis of what the columns span: as many columns as their rank, which is counted by pivots
// above `threshold` times the largest (Householder's QR with column pivoting).
Eigen::MatrixXd column_basis(const Eigen::MatrixXd& columns, double threshold);

}  // namespace linmo::measure
