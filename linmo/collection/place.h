// SPDX-License-Identifier: Apache-2.0
// Many files that can be made again (copies, unpacked and rendered pictures): each appears whole or not at
// all, but, unlike core's AtomicFile, nobody waits for the disk after each. A power cut may cost the last
// seconds' files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace linmo {

// All throw ErrorKind::io.
void make_folder(const std::filesystem::path& folder);
void place_bytes(const std::filesystem::path& target, std::span<const std::byte> bytes);
void place_copy(const std::filesystem::path& target, const std::filesystem::path& source);  // keeps its time
void place_link(const std::filesystem::path& target, const std::filesystem::path& source);  // symbolic

}  // namespace linmo
