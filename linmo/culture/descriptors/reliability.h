// SPDX-License-Identifier: Apache-2.0
// How far each descriptor moves when a picture is changed in a way that no viewer would call another style,
// as bench/reliability measured it.
#pragma once

#include <span>

#include "linmo/culture/features.h"

namespace linmo::culture {

struct KnownReliability {
  const char* name;
  Reliability reliability;
};
// Written by bench/reliability into reliability_table.cc.
std::span<const KnownReliability> known_reliability();

}  // namespace linmo::culture
