// SPDX-License-Identifier: Apache-2.0
// Styles and scripts of the pages, which the build takes from the files beside this one.
#pragma once

#include <string_view>

namespace linmo::culture {

extern const std::string_view kPageCss, kPageJs, kMapCss, kMapJs;

}  // namespace linmo::culture
