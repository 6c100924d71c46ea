// Reads for what is not the program's: the state folder, whose path is the argument, and the supervisor's memory and descriptors.
#include <dirent.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "common.h"

static int got;

#define MUST_FAIL(call)                                                      \
  do {                                                                       \
    if ((long)(call) >= 0) {                                                 \
      printf("%s works\n", #call);                                           \
      got = 1;                                                               \
    }                                                                        \
  } while (0)

static const char *folder;

static void must_not_open(const char *path) {
  int fd = open(path, O_RDONLY);
  if (fd >= 0) {
    printf("open %s works\n", path);
    got = 1;
    close(fd);
  }
  fd = openat(AT_FDCWD, path, O_PATH);
  if (fd >= 0) {
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    if (open(name, O_RDONLY) >= 0) {
      printf("open %s works by O_PATH\n", path);
      got = 1;
    }
    close(fd);
  }
}

static void the_folder(void) {
  char path[4096];
  must_not_open(folder);
  MUST_FAIL(opendir(folder) == NULL ? -1 : 0);
  snprintf(path, sizeof path, "%s/.", folder);
  must_not_open(path);
  snprintf(path, sizeof path, "//%s", folder);
  must_not_open(path);
  snprintf(path, sizeof path, "/proc/self/root%s", folder);
  must_not_open(path);
  snprintf(path, sizeof path, "/proc/%d/root%s", getpid(), folder);
  must_not_open(path);
  snprintf(path, sizeof path, "/proc/self/cwd/../../../../../../..%s", folder);
  must_not_open(path);

  char made[] = "/tmp/hostile-XXXXXX", link[64];
  if (mkdtemp(made) == NULL) {
    fail("mkdtemp");
  }
  snprintf(link, sizeof link, "%s/link", made);
  int linked = symlink(folder, link);
  int opened = open(link, O_RDONLY);
  unlink(link);
  int moved = rename(folder, link);
  if (moved == 0) {
    rename(link, folder);
  }
  rmdir(made);
  MUST_FAIL(linked == 0 ? opened : -1);
  MUST_FAIL(moved);

  // By its parent: relative to a descriptor, and by going there.
  char parent[4096];
  snprintf(parent, sizeof parent, "%s", folder);
  char *slash = strrchr(parent, '/');
  *slash = 0;
  int dir = open(parent, O_RDONLY | O_DIRECTORY);
  if (dir >= 0) {
    MUST_FAIL(openat(dir, slash + 1, O_RDONLY));
    if (fchdir(dir) == 0) {
      MUST_FAIL(open(slash + 1, O_RDONLY));
    }
    struct {
      uint64_t flags, mode, resolve;
    } how = {O_RDONLY, 0, 0};
    MUST_FAIL(syscall(SYS_openat2, dir, slash + 1, &how, sizeof how));
  }
  if (chdir(folder) == 0) {
    MUST_FAIL(open(".", O_RDONLY));
  }
  fflush(stdout);
  if (got) {
    _exit(1);
  }
  execl("/bin/sh", "sh", "-c", "cat \"$0\"/* \"$0\"/*/* 2>/dev/null | wc -c | grep -qx 0", folder, NULL);
  _exit(1);
}

static pid_t supervisor;

static void the_supervisor(void) {
  const char *names[] = {"mem", "maps", "environ", "fd", "fd/3", "fdinfo", "map_files", "root", "cwd", "task", "auxv", "smaps", "stack"};
  char path[64];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(names[i], "root") == 0 || strcmp(names[i], "cwd") == 0 || strcmp(names[i], "task") == 0) {
      continue; // folders of everybody's
    }
    snprintf(path, sizeof path, "/proc/%d/%s", supervisor, names[i]);
    must_not_open(path);
    snprintf(path, sizeof path, "/proc/%d/task/%d/%s", supervisor, supervisor, names[i]);
    must_not_open(path);
    snprintf(path, sizeof path, "/proc/./%d/%s", supervisor, names[i]);
    must_not_open(path);
  }
  for (int fd = 0; fd < 300; fd++) {
    snprintf(path, sizeof path, "/proc/%d/fd/%d", supervisor, fd);
    must_not_open(path);
  }
  char bytes[64];
  struct iovec here = {bytes, 64}, there = {(void *)0x6a7367780000, 64};
  MUST_FAIL(syscall(SYS_process_vm_readv, supervisor, &here, 1, &there, 1, 0));
  MUST_FAIL(syscall(SYS_process_vm_writev, supervisor, &here, 1, &there, 1, 0));
  MUST_FAIL(ptrace(PTRACE_ATTACH, supervisor, NULL, NULL));
  MUST_FAIL(ptrace(PTRACE_SEIZE, supervisor, NULL, NULL));
  long pidfd = syscall(SYS_pidfd_open, supervisor, 0);
  if (pidfd >= 0) {
    for (int fd = 0; fd < 300; fd++) {
      MUST_FAIL(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
    }
  }
  works();
  fflush(stdout);
  _exit(got);
}

static void inherited_descriptors(void) {
  DIR *fds = opendir("/proc/self/fd");
  for (struct dirent *entry; (entry = readdir(fds)) != NULL;) {
    int fd = atoi(entry->d_name);
    if (fd > 2 && fd != dirfd(fds)) {
      char link[256] = "", name[64];
      snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
      readlink(name, link, sizeof link - 1);
      printf("the program was born with descriptor %d: %s\n", fd, link);
      failed = 1;
    }
  }
}

int main(int argc, char **argv) {
  folder = argc > 1 ? argv[1] : "";
  supervisor = getppid();
  inherited_descriptors();
  expect("the state folder", 0, the_folder);
  expect("the supervisor", 0, the_supervisor);
  works();
  return failed;
}
