// SPDX-License-Identifier: Apache-2.0
// Takes rights away from the calling process, for good: what decodes strangers' files may not reach the
// network, start programs, or touch files outside its folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace linmo::studio {

struct Sandbox {
  std::vector<std::filesystem::path> read;   // files, and folders with all below them
  std::vector<std::filesystem::path> write;  // the same, read too
  uint64_t memory_bytes = 0;                 // of address space; 0: as much as there is
  // false: only system calls that decoding and computing need (an allow-list). true, for linmo's commands:
  // they may start threads and programs of ours, but no sockets, no tracing, no mounts.
  bool starts_programs = false;
};

// Before any thread is started. By setrlimit, Landlock (Linux 5.13) and seccomp; returns, for people, what
// this system does not have of these. Throws ErrorKind::io when even no_new_privs cannot be set.
std::vector<std::string> enter_sandbox(const Sandbox& sandbox);

}  // namespace linmo::studio
