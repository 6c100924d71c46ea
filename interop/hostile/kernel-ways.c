// Ways to the kernel that supervision could miss: io_uring, 32-bit calls, filters and tracers of the program's own, and the like.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <asm/prctl.h>

#include "common.h"

static void io_uring(void) {
  char params[256] = {0};
  long fd = syscall(SYS_io_uring_setup, 8, params);
  if (fd >= 0) {
    errno = 0;
    fail("io_uring_setup gave descriptor %ld: calls through it pass by supervision", fd);
  }
  syscall(SYS_io_uring_enter, 3, 1, 1, 0, NULL, 0);
  syscall(SYS_io_uring_register, 3, 1, NULL, 0);
  works();
}

static long int80(long number, long b, long c, long d) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(b), "c"(c), "d"(d) : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}

static void calls_of_32_bits(void) {
  char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  strcpy(low, "/dev/sgx_enclave");
  int80(5, (long)low, O_RDWR, 0);       // open
  int80(54, 3, (long)SGX_CREATE, (long)low); // ioctl
  int80(90, (long)low, 0, 0);           // old mmap
  int80(125, (long)low, 4096, 7);       // mprotect
  int80(91, (long)low, 4096, 0);        // munmap
  int80(172, PR_SET_DUMPABLE, 0, 0);    // prctl
  works();
}

static void exit_of_32_bits(void) {
  int80(1, 6, 0, 0);
}

static void own_filter(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {4, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 && (syscall(SYS_getppid) != -1 || errno != EXDEV)) {
    errno = 0;
    fail("the program's own filter does nothing");
  }
  works();
}

static void kills_all_calls(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {4, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
  works();
}

static void strict_seccomp(void) {
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
  open("/dev/sgx_enclave", O_RDWR);
  syscall(SYS_exit, 0);
}

static void traces_itself(void) {
  ptrace(PTRACE_TRACEME, 0, NULL, NULL);
  raise(SIGUSR2);
}

static void traces_a_child(void) {
  pid_t pid = fork();
  if (pid == 0) {
    for (;;) {
      usleep(1000);
    }
  }
  if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0) {
    waitpid(pid, NULL, __WALL);
    ptrace(PTRACE_POKEUSER, pid, (void *)(16 * 8), (void *)1);
    ptrace(PTRACE_DETACH, pid, NULL, NULL);
  }
  if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)0xff) == 0) {
    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
    waitpid(pid, NULL, __WALL);
  }
  kill(pid, SIGKILL);
  waitpid(pid, NULL, __WALL);
  works();
}

static volatile char selector = 0;

static void dispatch_of_its_own(void) {
  prctl(59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1, 0, 0, &selector);
  works();
}

static void cpuid_faulting(void) {
  syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1);
  syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
  works();
}

static void not_dumpable(void) {
  if (prctl(PR_SET_DUMPABLE, 0) != 0) {
    fail("prctl");
  }
  works();
}

static void no_timestamps(void) {
  prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
  works();
}

static void odd_personality(void) {
  personality(ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | STICKY_TIMEOUTS);
  works();
}

static void memory_by_other_calls(void) {
  struct enclave e;
  enclave_build(&e, 0);
  char bytes[64];
  struct iovec here = {bytes, 64}, there = {(void *)(e.base + SPARE), 64};
  syscall(SYS_process_vm_readv, getpid(), &here, 1, &there, 1, 0);
  syscall(SYS_process_vm_writev, getpid(), &here, 1, &there, 1, 0);
  madvise((void *)e.base, SIZE, MADV_DONTNEED);
  madvise((void *)e.base, SIZE, MADV_FREE);
  madvise((void *)e.base, SIZE, MADV_REMOVE);
  madvise((void *)e.base, SIZE, MADV_DONTFORK);
  madvise((void *)e.base, SIZE, MADV_MERGEABLE);
  madvise((void *)e.base, SIZE, 21 /* MADV_PAGEOUT */);
  mlock((void *)e.base, SIZE);
  msync((void *)e.base, SIZE, MS_INVALIDATE);
  syscall(SYS_remap_file_pages, e.base, PAGE, 0, 1, 0);
  syscall(462 /* mseal */, e.base + SPARE, PAGE, 0);
  syscall(SYS_pkey_mprotect, e.base + SPARE, PAGE, PROT_READ, -1);
  mremap((void *)(e.base + SPARE), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, e.base + ADDED);
  works();
}

static void rseq_and_robust(void) {
  syscall(SYS_set_robust_list, (void *)0x41414141, 24);
  syscall(SYS_set_tid_address, (void *)0x41414141);
  works();
}

static void no_memory_left(void) {
  // Address space is all taken: what jsgx maps in the program it must have had before.
  for (uint64_t size = 1UL << 46; size >= 4096; size >>= 1) {
    while (mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED) {
    }
  }
  int fd = open("/dev/sgx_enclave", O_RDWR);
  struct secs secs = {0};
  struct sgx_create create = {(uint64_t)&secs};
  ioctl(fd, SGX_CREATE, &create);
  mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
}

static void many_mappings(void) {
  // max_map_count is reached.
  char *area = mmap(NULL, 70000UL * 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  for (int i = 0; i < 70000; i++) {
    if (mprotect(area + i * 8192L, 4096, PROT_NONE) != 0) {
      break;
    }
  }
  int fd = open("/dev/sgx_enclave", O_RDWR);
  for (int i = 0; i < 100; i++) {
    mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
  }
  munmap(area, 70000UL * 8192);
  works();
}

int main(void) {
  expect("io_uring", 0, io_uring);
  survives("calls of 32 bits", calls_of_32_bits);
  survives("exit of 32 bits", exit_of_32_bits);
  expect("a filter of its own", 0, own_filter);
  survives("a filter that kills", kills_all_calls);
  survives("strict seccomp", strict_seccomp);
  survives("traces itself", traces_itself);
  expect("traces a child", 0, traces_a_child);
  survives("a dispatch of its own", dispatch_of_its_own);
  survives("CPUID faulting of its own", cpuid_faulting);
  expect("not dumpable", 0, not_dumpable);
  survives("no timestamps", no_timestamps);
  expect("an odd personality", 0, odd_personality);
  expect("memory by other calls", 0, memory_by_other_calls);
  expect("robust lists", 0, rseq_and_robust);
  survives("no memory left", no_memory_left);
  expect("many mappings", 0, many_mappings);
  works();
  return failed;
}
