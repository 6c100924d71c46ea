// Measures SGX under `jsgx run` against limits of the same process and the same run. One line a figure: name, value, unit.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "../lib/enclave.h"

void fail(const char *format, ...) {
  int error = errno;
  va_list args;
  va_start(args, format);
  fprintf(stderr, "bench: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, error != 0 ? ": %s\n" : "\n", strerror(error));
  exit(1);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void line(const char *name, double value, const char *unit) {
  printf("%s %.4g %s\n", name, value, unit);
  fflush(stdout);
}

// The best of several rounds of a tenth of a second: what the machine's other work does not add to.
static double microseconds(void (*once)(void *), void *arg) {
  double best = 1e9;
  for (int round = 0; round < 7; round++) {
    long times = 0;
    double start = seconds(), now;
    do {
      for (int i = 0; i < 100; i++) {
        once(arg);
      }
      times += 100;
      now = seconds();
    } while (now - start < 0.1);
    double each = (now - start) / (double)times * 1e6;
    best = each < best ? each : best;
  }
  return best;
}

static volatile int caught;

static void on_signal(int signal) {
  (void)signal;
  caught++;
}

static pid_t process, thread_id;

// One delivery and return: tgkill of the thread itself.
static void signal_itself(void *arg) {
  (void)arg;
  syscall(SYS_tgkill, process, thread_id, SIGUSR1);
}

// One delivery and return of what ENCLU costs without SGX: a fault.
static void fault_itself(void *arg) {
  (void)arg;
  __asm__ volatile("ud2");
}



static void skip_ud2(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
}

static struct enclave e;

static void through_the_vdso(void *arg) {
  struct run *run = arg;
  static struct op op = {OP_NOP};
  vdso_enter((uint64_t)&op, 0, 0, EENTER, 0, 0, run);
}

static void by_own_enclu(void *arg) {
  static struct op op = {OP_NOP};
  own_enter(EENTER, e.base + TCS0, &op);
  (void)arg;
}

static void signals(void) {
  process = getpid();
  thread_id = (pid_t)syscall(SYS_gettid);
  signal(SIGUSR1, on_signal);
  struct sigaction action = {.sa_sigaction = skip_ud2, .sa_flags = SA_SIGINFO};
  sigaction(SIGILL, &action, NULL);
  line("signal", microseconds(signal_itself, NULL), "us");
  line("fault", microseconds(fault_itself, NULL), "us");
}

// Best of all rounds, for which an enclave is built each.
struct large {
  double add, touch, again;
};

static double least(double a, double b) {
  return a < b ? a : b;
}

// Enters once for each page of a heap of half the enclave's size, and reads it, for the first time and then again.
static void large_enclave(uint64_t size, struct large *best) {
  struct enclave big;
  enclave_prepare(&big, 0);
  munmap((void *)big.base, SIZE);
  big.base = big.secs.base = reserve(size);
  big.secs.size = size;
  big.fd = open("/dev/sgx_enclave", O_RDWR);
  if (big.fd < 0 || (errno = enclave_create(&big)) != 0) {
    fail("a large enclave");
  }
  enclave_add_all(&big);
  uint64_t heap = size / 2;
  char *zeroes = mmap(NULL, heap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(zeroes, 0x5a, heap);
  double start = seconds();
  struct secinfo secinfo = {.flags = SI_REG | SI_R | SI_W};
  struct sgx_add_pages add = {0};
  for (uint64_t done = 0; done < heap; done += add.count) {
    add = (struct sgx_add_pages){(uint64_t)zeroes + done, heap + done, heap - done, (uint64_t)&secinfo, SGX_MEASURE, 0};
    if (ioctl(big.fd, SGX_ADD_PAGES, &add) != 0) {
      fail("ADD_PAGES");
    }
  }
  best->add = least(best->add, (seconds() - start) * 1e3 / ((double)heap / (1 << 20)));
  for (uint64_t at = 0; at < heap; at += PAGE) {
    measure_page(&big, heap + at, secinfo.flags, zeroes, true);
  }
  enclave_sign(&big, 0);
  if ((errno = enclave_init(&big)) != 0) {
    fail("INIT");
  }
  enclave_map(&big, big.fd);
  if (mmap((void *)(big.base + heap), heap, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, big.fd, 0) == MAP_FAILED) {
    fail("mmap");
  }
  for (int round = 0; round < 2; round++) {
    start = seconds();
    for (uint64_t at = big.base + heap; at < big.base + size; at += PAGE) {
      enclave_read8(&big, at);
    }
    double each = (seconds() - start) / ((double)heap / PAGE) * 1e6;
    if (round == 0) {
      best->touch = least(best->touch, each);
    } else {
      best->again = least(best->again, each);
    }
  }
  munmap(zeroes, heap);
  munmap((void *)big.base, size);
  close(big.fd);
}

// The same for ordinary memory.
static void touch_limit(uint64_t size) {
  volatile char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  madvise((void *)memory, size, MADV_NOHUGEPAGE);
  double start = seconds();
  for (uint64_t at = 0; at < size; at += PAGE) {
    memory[at] = 1;
  }
  line("page_fault", (seconds() - start) / ((double)size / PAGE) * 1e6, "us");
}

struct worker {
  uint64_t tcs;
  int calls;
  uint64_t work;
};

static void *works(void *arg) {
  struct worker *worker = arg;
  struct run run = {.tcs = e.base + worker->tcs};
  struct op op = {OP_WORK, {worker->work}};
  for (int i = 0; i < worker->calls; i++) {
    vdso_enter((uint64_t)&op, 0, 0, EENTER, 0, 0, &run);
  }
  return NULL;
}

static double together(int threads, int calls, uint64_t work) {
  pthread_t ids[2];
  struct worker workers[2] = {{TCS0, calls, work}, {TCS1, calls, work}};
  double start = seconds();
  for (int i = 0; i < threads; i++) {
    pthread_create(&ids[i], NULL, works, &workers[i]);
  }
  for (int i = 0; i < threads; i++) {
    pthread_join(ids[i], NULL);
  }
  return threads * calls / (seconds() - start);
}

static void scaling(const char *name, int calls, uint64_t work) {
  double best = 0;
  for (int round = 0; round < 5; round++) {
    double one = together(1, calls, work), two = together(2, calls, work);
    best = two / one > best ? two / one : best;
  }
  line(name, best, "times");
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "signals") == 0) { // natively: the limit
    signals();
    return 0;
  }
  if (argc > 1 && strcmp(argv[1], "touch") == 0) { // an enclave of so many MiB, half of it heap: more than the EPC reclaims
    struct large once = {1e9, 1e9, 1e9};
    double start = seconds();
    large_enclave(strtoul(argv[2], NULL, 10) << 20, &once);
    line("seconds", seconds() - start, "s");
    return 0;
  }
  enclave_build(&e, 0);
  struct op op = {OP_NOP};
  struct run run;
  call(&e, &op, &run);
  run = (struct run){.tcs = e.base + TCS0};
  signals(); // under supervision
  line("vdso", microseconds(through_the_vdso, &run), "us");
  line("own_enclu", microseconds(by_own_enclu, NULL), "us");
  touch_limit(64 << 20);
  struct large best = {1e9, 1e9, 1e9};
  for (int round = 0; round < 5; round++) {
    large_enclave(32 << 20, &best);
    if (round == 0) {
      line("add_pages_first", best.add, "ms/MiB");
    }
  }
  line("add_pages", best.add, "ms/MiB");
  line("first_touch", best.touch - best.again, "us");
  scaling("two_threads_calls", 20000, 1000);
  scaling("two_threads_work", 5, 100000000);
  return 0;
}
