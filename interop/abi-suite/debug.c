// Debug enclaves: read and written through /proc/PID/mem by EDBGRD's and EDBGWR's rules; others not at all.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

static int memory(int flags) {
  return WORKS(open("/proc/self/mem", flags));
}

TEST(a_debug_enclave_can_be_read) {
  struct enclave e;
  enclave_build(&e, ATTR_DEBUG);
  enclave_write8(&e, e.base + SPARE, 0x1122334455667788);
  enclave_write8(&e, e.base + SPARE + 8, 0x99);
  int fd = memory(O_RDONLY);
  uint64_t word;
  EQ(8, WORKS(pread(fd, &word, 8, (off_t)(e.base + SPARE))));
  EQ(0x1122334455667788, word);
  unsigned char bytes[5];
  EQ(5, WORKS(pread(fd, bytes, 5, (off_t)(e.base + SPARE + 6)))); // across two words
  EQ(0x22, bytes[0]);
  EQ(0x11, bytes[1]);
  EQ(0x99, bytes[2]);
  static char code[PAGE];
  EQ(PAGE, WORKS(pread(fd, code, PAGE, (off_t)(e.base + CODE))));
  EQ(0, memcmp(code, enclave_code, PAGE));
}

TEST(a_debug_enclave_can_be_written) {
  struct enclave e;
  enclave_build(&e, ATTR_DEBUG);
  int fd = memory(O_RDWR);
  uint64_t word = 77;
  EQ(8, WORKS(pwrite(fd, &word, 8, (off_t)(e.base + SPARE))));
  EQ(77, enclave_read8(&e, e.base + SPARE));
  EQ(1, WORKS(pwrite(fd, "\x01", 1, (off_t)(e.base + SPARE + 1))));
  EQ(0x14d, enclave_read8(&e, e.base + SPARE));
}

TEST(a_production_enclave_cannot) {
  struct enclave e;
  enclave_build(&e, 0);
  enclave_write8(&e, e.base + SPARE, 5);
  int fd = memory(O_RDWR);
  uint64_t word = 0;
  FAILS(EIO, pread(fd, &word, 8, (off_t)(e.base + SPARE)));
  FAILS(EIO, pread(fd, &word, 8, (off_t)(e.base + CODE)));
  FAILS(EIO, pwrite(fd, &word, 8, (off_t)(e.base + SPARE)));
  EQ(0, word);
  EQ(5, enclave_read8(&e, e.base + SPARE));
}

TEST(a_debug_enclaves_thread_control_structure) {
  struct enclave e;
  enclave_build(&e, ATTR_DEBUG);
  int fd = memory(O_RDWR);
  uint64_t word;
  EQ(8, WORKS(pread(fd, &word, 8, (off_t)(e.base + TCS0 + offsetof(struct tcs, ossa)))));
  EQ(SSA0, word);
  EQ(8, WORKS(pread(fd, &word, 8, (off_t)(e.base + TCS0 + offsetof(struct tcs, flags)))));
  EQ(0, word & 1);
  word |= 1; // DBGOPTIN
  EQ(8, WORKS(pwrite(fd, &word, 8, (off_t)(e.base + TCS0 + offsetof(struct tcs, flags)))));
  EQ(8, WORKS(pread(fd, &word, 8, (off_t)(e.base + TCS0 + offsetof(struct tcs, flags)))));
  EQ(1, word & 1);
  word = SSA1;
  FAILS(EIO, pwrite(fd, &word, 8, (off_t)(e.base + TCS0 + offsetof(struct tcs, ossa))));
}

TEST(memory_around_an_enclave_reads_as_ever) {
  struct enclave e;
  enclave_build(&e, ATTR_DEBUG);
  long here = 4711, found = 0;
  int fd = memory(O_RDWR);
  EQ(8, WORKS(pread(fd, &found, 8, (off_t)&here)));
  EQ(4711, found);
  EQ((long)&here, WORKS(lseek(fd, (off_t)&here, SEEK_SET)));
  found = 12;
  EQ(8, WORKS(write(fd, &found, 8)));
  EQ(12, here);
  FAILS(EIO, pread(fd, &found, 8, 4096));
}

TEST(another_process_reads_a_debug_enclave) {
  struct enclave e;
  enclave_build(&e, ATTR_DEBUG);
  enclave_write8(&e, e.base + SPARE, 31337);
  fflush(stdout);
  pid_t pid = WORKS(fork());
  if (pid == 0) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/mem", getppid());
    int fd = open(name, O_RDONLY);
    if (fd < 0) {
      skip("a child may not read its parent's memory here");
    }
    uint64_t word = 0;
    EQ(8, WORKS(pread(fd, &word, 8, (off_t)(e.base + SPARE))));
    EQ(31337, word);
    _exit(0);
  }
  int status;
  WORKS(waitpid(pid, &status, 0));
  TRUE(WIFEXITED(status));
  _exit(WEXITSTATUS(status));
}

LIMIT_TEST(a_debugger_reads_a_debug_enclave, "refused because it could not be supervised") {
  struct enclave e;
  enclave_build(&e, ATTR_DEBUG);
  enclave_write8(&e, e.base + SPARE, 31337);
  fflush(stdout);
  pid_t pid = WORKS(fork());
  if (pid == 0) {
    WORKS(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    raise(SIGSTOP);
    _exit(0);
  }
  int status;
  WORKS(waitpid(pid, &status, 0));
  TRUE(WIFSTOPPED(status));
  errno = 0;
  EQ(31337, ptrace(PTRACE_PEEKDATA, pid, (void *)(e.base + SPARE), NULL));
  WORKS(ptrace(PTRACE_CONT, pid, NULL, NULL));
  WORKS(waitpid(pid, &status, 0));
  EQ(0, status);
}
