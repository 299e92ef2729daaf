// SPDX-License-Identifier: Apache-2.0
#include "app/server/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo::studio {
namespace {

// Of linux/landlock.h's later versions, which the build machine's headers may not have.
constexpr uint64_t kRefer = 1ULL << 13, kTruncate = 1ULL << 14;

constexpr uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr uint64_t kRead = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kFileRights =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | kTruncate;
constexpr uint64_t kFirstVersion = (1ULL << 13) - 1;

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

void allow(int ruleset, const std::filesystem::path& path, uint64_t rights) {
  const Descriptor opened(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (opened.get() < 0) return;  // what is not there needs no right
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) rights &= kFileRights;
  landlock_path_beneath_attr rule = {};
  rule.allowed_access = rights;
  rule.parent_fd = opened.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    fail_io("confine access to", path);
}

// False when the kernel has no Landlock.
bool confine_files(const Sandbox& sandbox) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return false;
  landlock_ruleset_attr attributes = {};
  attributes.handled_access_fs = kFirstVersion;
  if (version >= 2) attributes.handled_access_fs |= kRefer;
  if (version >= 3) attributes.handled_access_fs |= kTruncate;
  const uint64_t all = attributes.handled_access_fs;
  const Descriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0)));
  if (ruleset.get() < 0) return false;
  // What the dynamic linker, the C library and OpenMP look at.
  const uint64_t system = sandbox.starts_programs ? kRead | LANDLOCK_ACCESS_FS_EXECUTE : kRead;
  for (const char* path : {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives"})
    allow(ruleset.get(), path, system);
  for (const char* path : {"/sys/devices/system", "/sys/fs/cgroup", "/proc", "/dev/urandom", "/dev/random"})
    allow(ruleset.get(), path, kRead);
  allow(ruleset.get(), "/dev/null", (kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate) & all);
  if (sandbox.starts_programs)
    allow(ruleset.get(), std::filesystem::read_symlink("/proc/self/exe").parent_path(), system);
  for (const auto& path : sandbox.read) allow(ruleset.get(), path, kRead);
  constexpr uint64_t never = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                             LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                             LANDLOCK_ACCESS_FS_MAKE_FIFO;
  for (const auto& path : sandbox.write) allow(ruleset.get(), path, all & ~never);
  return ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

// What reading, computing with threads and writing files take.
constexpr const char* kNeeded[] = {"access",
                                   "arch_prctl",
                                   "brk",
                                   "chmod",
                                   "clock_getres",
                                   "clock_gettime",
                                   "clock_nanosleep",
                                   "close",
                                   "close_range",
                                   "dup",
                                   "dup2",
                                   "dup3",
                                   "eventfd2",
                                   "exit",
                                   "exit_group",
                                   "faccessat",
                                   "faccessat2",
                                   "fadvise64",
                                   "fallocate",
                                   "fchmod",
                                   "fchmodat",
                                   "fcntl",
                                   "fdatasync",
                                   "flock",
                                   "fstat",
                                   "fstatfs",
                                   "fsync",
                                   "ftruncate",
                                   "futex",
                                   "get_mempolicy",
                                   "get_robust_list",
                                   "getcwd",
                                   "getdents64",
                                   "getegid",
                                   "geteuid",
                                   "getgid",
                                   "getpid",
                                   "getppid",
                                   "getrandom",
                                   "getrlimit",
                                   "getrusage",
                                   "gettid",
                                   "gettimeofday",
                                   "getuid",
                                   "lseek",
                                   "lstat",
                                   "madvise",
                                   "membarrier",
                                   "mincore",
                                   "mkdir",
                                   "mkdirat",
                                   "mlock",
                                   "mmap",
                                   "mprotect",
                                   "mremap",
                                   "munlock",
                                   "munmap",
                                   "nanosleep",
                                   "newfstatat",
                                   "open",
                                   "openat",
                                   "pipe2",
                                   "poll",
                                   "ppoll",
                                   "prctl",
                                   "pread64",
                                   "preadv",
                                   "prlimit64",
                                   "pwrite64",
                                   "pwritev",
                                   "read",
                                   "readlink",
                                   "readlinkat",
                                   "readv",
                                   "rename",
                                   "renameat",
                                   "renameat2",
                                   "restart_syscall",
                                   "rmdir",
                                   "rseq",
                                   "rt_sigaction",
                                   "rt_sigpending",
                                   "rt_sigprocmask",
                                   "rt_sigreturn",
                                   "rt_sigtimedwait",
                                   "sched_get_priority_max",
                                   "sched_get_priority_min",
                                   "sched_getaffinity",
                                   "sched_getparam",
                                   "sched_getscheduler",
                                   "sched_setaffinity",
                                   "sched_yield",
                                   "set_robust_list",
                                   "set_tid_address",
                                   "sigaltstack",
                                   "stat",
                                   "statfs",
                                   "statx",
                                   "sysinfo",
                                   "tgkill",
                                   "umask",
                                   "uname",
                                   "unlink",
                                   "unlinkat",
                                   "utimensat",
                                   "write",
                                   "writev"};

// What no command of linmo takes: the network, other processes' insides, and the system's.
constexpr const char* kForbidden[] = {"accept",
                                      "accept4",
                                      "add_key",
                                      "bind",
                                      "bpf",
                                      "chroot",
                                      "connect",
                                      "delete_module",
                                      "fanotify_init",
                                      "finit_module",
                                      "init_module",
                                      "io_uring_enter",
                                      "io_uring_register",
                                      "io_uring_setup",
                                      "kexec_file_load",
                                      "kexec_load",
                                      "keyctl",
                                      "listen",
                                      "mount",
                                      "move_mount",
                                      "name_to_handle_at",
                                      "open_by_handle_at",
                                      "open_tree",
                                      "perf_event_open",
                                      "pidfd_getfd",
                                      "pivot_root",
                                      "process_vm_readv",
                                      "process_vm_writev",
                                      "ptrace",
                                      "quotactl",
                                      "reboot",
                                      "request_key",
                                      "setns",
                                      "socket",
                                      "socketpair",
                                      "swapon",
                                      "umount2",
                                      "unshare",
                                      "userfaultfd"};

// False when the kernel has no seccomp.
bool confine_calls(bool starts_programs) {
  const std::unique_ptr<void, void (*)(void*)> filter(
      seccomp_init(starts_programs ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM)), seccomp_release);
  if (!filter) return false;
  const auto rule = [&](uint32_t action, const char* name) {
    const int number = seccomp_syscall_resolve_name(name);
    // Not every machine has every call; they are not needed there, nor dangerous.
    if (number != __NR_SCMP_ERROR) seccomp_rule_add(filter.get(), action, number, 0);
  };
  if (starts_programs) {
    for (const char* name : kForbidden) rule(SCMP_ACT_ERRNO(EPERM), name);
  } else {
    for (const char* name : kNeeded) rule(SCMP_ACT_ALLOW, name);
    // Threads, not processes; and the C library falls back from clone3, whose arguments cannot be looked at.
    constexpr uint64_t thread = 0x00010000;  // CLONE_THREAD
    seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                     SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));
    seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  }
  return seccomp_load(filter.get()) == 0;
}

void limit(__rlimit_resource what, uint64_t most) {
  rlimit now = {};
  ::getrlimit(what, &now);
  const rlim_t bound = std::min<rlim_t>(most, now.rlim_max);
  const rlimit wanted = {bound, bound};
  ::setrlimit(what, &wanted);
}

}  // namespace

std::vector<std::string> enter_sandbox(const Sandbox& sandbox) {
  std::vector<std::string> missing;
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 16ULL << 30);
  if (!sandbox.starts_programs) limit(RLIMIT_NOFILE, 256);
#ifndef __SANITIZE_ADDRESS__  // its shadow memory is larger than any bound
  if (sandbox.memory_bytes > 0) limit(RLIMIT_AS, sandbox.memory_bytes);
#endif
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    fail(ErrorKind::io, "this system does not let a process give up its rights (no_new_privs)");
  if (!confine_files(sandbox))
    missing.emplace_back("Landlock (files outside the studio's folders are not hidden)");
  if (!confine_calls(sandbox.starts_programs))
    missing.emplace_back("seccomp (system calls are not filtered)");
  return missing;
}

}  // namespace linmo::studio
