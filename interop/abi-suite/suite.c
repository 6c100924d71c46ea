// Every rule of Linux's mainline SGX interface that a program can see, for real hardware and for `jsgx run`:
//
//   abi-suite [--jsgx] [PART-OF-A-NAME]...
//
// Prints TAP. With --jsgx a test of what native execution cannot hold may deviate: "not ok ... # TODO native limit: NAME".
#include "suite.h"

#include <cpuid.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, FAILED = 78, DEADLINE = 20 };

static struct test *tests, **end = &tests;

void add_test(struct test *test) {
  *end = test;
  end = &test->next;
}

static void say(const char *format, va_list args, int error) {
  printf("# ");
  vprintf(format, args);
  printf(error != 0 ? ": %s\n" : "\n", strerror(error));
  fflush(stdout);
}

void fail(const char *format, ...) {
  int error = errno;
  va_list args;
  va_start(args, format);
  say(format, args, error);
  _exit(FAILED);
}

void skip(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say(format, args, 0);
  _exit(SKIPPED);
}

void differs(const char *file, int line, const char *what, long expected, long found) {
  int error = errno;
  errno = 0;
  fail("%s:%d: %s: expected %ld (%#lx), found %ld (%#lx); errno %d (%s)", file, line, what, expected, expected, found,
       found, error, strerror(error));
}

static unsigned sgx_features(void) {
  unsigned eax = 0, ebx, ecx, edx;
  __cpuid_count(0x12, 0, eax, ebx, ecx, edx);
  return eax;
}

int has_sgx2(void) {
  return sgx_features() >> 1 & 1;
}

int has_edeccssa(void) {
  return sgx_features() >> 11 & 1;
}

void needs_sgx2(void) {
  if (!has_sgx2()) {
    skip("the processor has no SGX2");
  }
}

void raises(struct enclave *e, struct op *op, int vector, int error_code, uint64_t address) {
  struct run run;
  EQ(vector, call(e, op, &run));
  EQ(ERESUME, run.function);
  EQ(error_code, run.error_code);
  EQ(address, run.address);
}

uint64_t leaf(struct enclave *e, int number, uint64_t rbx, uint64_t rcx, uint64_t rdx) {
  struct op op = {.number = OP_LEAF, .a = {number, rbx, rcx, rdx}};
  struct run run;
  EQ(-1, call(e, &op, &run));
  if (op.result != 0 && number != EMODPE && number != EREPORT && number != EDECCSSA) {
    EQ(0x40, op.rflags & 0x8d5); // ZF alone where there is an error code
  }
  return op.result;
}

void *nothing(void) {
  void *page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  TRUE(page != MAP_FAILED);
  return page;
}

int in_child(void (*f)(void *), void *arg) {
  fflush(stdout);
  pid_t pid = WORKS(fork());
  if (pid == 0) {
    f(arg);
    fflush(stdout);
    _exit(0);
  }
  int status;
  WORKS(waitpid(pid, &status, 0));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

void handle(int signal, void (*handler)(int, siginfo_t *, void *)) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  WORKS(sigaction(signal, &action, NULL));
}

// Exit status, or 256 + signal, or -1 where the deadline ended it.
static int run(struct test *test) {
  pid_t pid = fork();
  if (pid < 0) {
    perror("fork");
    exit(2);
  }
  if (pid == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    test->run();
    fflush(stdout);
    _exit(0);
  }
  setpgid(pid, pid);
  int status = 0;
  for (int waited = 0; waitpid(pid, &status, WNOHANG) == 0; waited++) {
    if (waited == DEADLINE * 500) {
      kill(-pid, SIGKILL);
      waitpid(pid, &status, 0);
      return -1;
    }
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
  }
  kill(-pid, SIGKILL); // whatever it left
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static int wanted(const char *name, char **parts) {
  if (*parts == NULL) {
    return 1;
  }
  for (; *parts != NULL; parts++) {
    if (strstr(name, *parts) != NULL) {
      return 1;
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  (void)argc;
  setvbuf(stdout, NULL, _IOLBF, 0);
  argv++;
  if (*argv != NULL && strcmp(*argv, "--child") == 0) { // what exec'd tests become
    extern int exec_child(char **args);
    return exec_child(argv + 1);
  }
  int under_jsgx = *argv != NULL && strcmp(*argv, "--jsgx") == 0;
  argv += under_jsgx;

  int number = 0, failed = 0, limits = 0, skipped = 0, total = 0;
  for (struct test *test = tests; test != NULL; test = test->next) {
    total += wanted(test->name, argv);
  }
  printf("TAP version 13\n1..%d\n", total);
  struct stat device;
  if (stat("/dev/sgx_enclave", &device) != 0 || !S_ISCHR(device.st_mode)) {
    printf("Bail out! There is no device /dev/sgx_enclave\n");
    return 2;
  }
  signer_key(0);
  signer_key(1);
  for (struct test *test = tests; test != NULL; test = test->next) {
    if (!wanted(test->name, argv)) {
      continue;
    }
    number++;
    int status = run(test);
    if (status == 0) {
      printf("ok %d %s\n", number, test->name);
      continue;
    }
    if (status == SKIPPED) {
      skipped++;
      printf("ok %d %s # SKIP\n", number, test->name);
      continue;
    }
    if (status == -1) {
      printf("# ended by the deadline of %d s\n", DEADLINE);
    } else if (status > 256) {
      printf("# killed by signal %d (%s)\n", status - 256, strsignal(status - 256));
    } else if (status != FAILED) {
      printf("# exit status %d\n", status);
    }
    if (under_jsgx && test->limit != NULL) {
      limits++;
      printf("not ok %d %s # TODO native limit: %s\n", number, test->name, test->limit);
    } else {
      failed++;
      printf("not ok %d %s\n", number, test->name);
    }
  }
  printf("# %d of %d passed, %d native limits, %d skipped, %d failed\n", number - failed - limits - skipped, total, limits,
         skipped, failed);
  return failed == 0 ? 0 : 1;
}
