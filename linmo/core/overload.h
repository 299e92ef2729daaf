// SPDX-License-Identifier: Apache-2.0
// One lambda a type, for std::visit.
#pragma once

namespace linmo {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>  // clang 14 does not deduce it by itself
Overload(F...)->Overload<F...>;

}  // namespace linmo
