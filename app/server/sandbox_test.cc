// SPDX-License-Identifier: Apache-2.0
#include "app/server/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <thread>

namespace linmo::studio {
namespace {

namespace fs = std::filesystem;

// The exit code of a child that entered the sandbox and then did this; 99 where this kernel confines nothing.
int confined(const Sandbox& sandbox, const std::function<int()>& act) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!enter_sandbox(sandbox).empty()) ::_exit(99);
    ::_exit(act());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

class SandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "linmo-sandbox-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    for (const char* folder : {"read", "write", "secret"}) {
      fs::create_directories(root_ / folder);
      std::ofstream(root_ / folder / "file") << "x";
    }
    box_.read = {root_ / "read"};
    box_.write = {root_ / "write"};
    if (confined(box_, [] { return 0; }) == 99) GTEST_SKIP() << "this kernel has no Landlock or no seccomp";
  }
  void TearDown() override { fs::remove_all(root_); }

  // errno of opening, 0 where it opened.
  int open_error(const Sandbox& box, const char* file, int flags) const {
    return confined(box, [&] { return ::open((root_ / file).c_str(), flags, 0600) < 0 ? errno : 0; });
  }

  fs::path root_;
  Sandbox box_;
};

TEST_F(SandboxTest, FilesOutsideItsFoldersAreNotThere) {
  for (const bool programs : {false, true}) {
    box_.starts_programs = programs;
    EXPECT_EQ(open_error(box_, "read/file", O_RDONLY), 0);
    EXPECT_EQ(open_error(box_, "read/file", O_WRONLY), EACCES);
    EXPECT_EQ(open_error(box_, "read/new", O_WRONLY | O_CREAT), EACCES);
    EXPECT_EQ(open_error(box_, "write/new", O_RDWR | O_CREAT), 0);
    EXPECT_EQ(open_error(box_, "secret/file", O_RDONLY), EACCES);
    EXPECT_EQ(open_error(box_, "read/../secret/file", O_RDONLY), EACCES);
  }
}

TEST_F(SandboxTest, ThereIsNoNetwork) {
  for (const bool programs : {false, true}) {
    box_.starts_programs = programs;
    for (const int family : {AF_INET, AF_INET6, AF_UNIX})
      EXPECT_EQ(confined(box_, [&] { return ::socket(family, SOCK_STREAM, 0) < 0 ? errno : 0; }), EPERM);
  }
}

TEST_F(SandboxTest, OnlyCommandsStartPrograms) {
  const auto starts = [] {
    ::execl("/usr/bin/true", "true", nullptr);
    return errno;
  };
  EXPECT_EQ(confined(box_, starts), EPERM);
  EXPECT_EQ(confined(box_, [] { return ::fork() < 0 ? errno : 0; }), EPERM);
  box_.starts_programs = true;
  EXPECT_EQ(confined(box_, starts), 0);
}

TEST_F(SandboxTest, ThreadsAndMemoryAreThere) {
  box_.memory_bytes = 8ULL << 30;
  EXPECT_EQ(confined(box_,
                     [] {
                       int sum = 0;
                       std::thread([&] { sum = 7; }).join();
                       return sum;
                     }),
            7);
}

TEST_F(SandboxTest, AMemoryBoundHolds) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's shadow is larger than any bound";
#endif
  box_.memory_bytes = 1ULL << 30;
  EXPECT_EQ(confined(box_, [] { return std::malloc(2ULL << 30) ? 1 : 0; }), 0);
}

}  // namespace
}  // namespace linmo::studio
