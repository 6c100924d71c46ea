#include "common.h"

#include <stdarg.h>

void fail(const char *format, ...) {
  int error = errno;
  va_list args;
  va_start(args, format);
  fprintf(stderr, "# ");
  vfprintf(stderr, format, args);
  fprintf(stderr, error != 0 ? ": %s\n" : "\n", strerror(error));
  _exit(1);
}

void works(void) {
  struct enclave e;
  enclave_build(&e, 0);
  enclave_write8(&e, e.base + SPARE, 4711);
  if (enclave_read8(&e, e.base + SPARE) != 4711) {
    errno = 0;
    fail("the enclave forgot what it was told");
  }
  struct op op = {OP_INSTRUCTION, {I_UD2}};
  struct run run;
  if (call(&e, &op, &run) != UD) {
    errno = 0;
    fail("UD2 inside did not come back as #UD");
  }
  enclave_destroy(&e);
}

static uint64_t state = 0x9e3779b97f4a7c15;

uint64_t random64(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int in_child(void (*f)(void)) {
  fflush(NULL);
  pid_t pid = fork();
  if (pid < 0) {
    fail("fork");
  }
  if (pid == 0) {
    signal(SIGCHLD, SIG_DFL);
    f();
    _exit(0);
  }
  double end = seconds() + 8;
  int status;
  for (;;) {
    pid_t done = waitpid(pid, &status, WNOHANG);
    if (done == pid) {
      break;
    }
    if (done < 0 && errno != EINTR) {
      fail("waitpid");
    }
    if (seconds() > end) {
      kill(pid, SIGKILL);
      waitpid(pid, &status, 0);
      return -1;
    }
    usleep(2000);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

int failed;
static int hung;

static int wanted(const char *what) { // ONLY=part of a name: for who looks for a fault
  const char *only = getenv("ONLY");
  return only == NULL || strstr(what, only) != NULL;
}

void expect(const char *what, int status, void (*f)(void)) {
  if (!wanted(what)) {
    return;
  }
  double start = seconds();
  int found = in_child(f);
  if (found != status) {
    failed = 1;
    printf("%s: expected %d, found %d%s\n", what, status, found, found == -1 ? ", which is a hang" : "");
  } else {
    printf("%s: %.1f s\n", what, seconds() - start);
  }
}

void ends_when_killed(const char *what, void (*f)(void)) {
  if (!wanted(what)) {
    return;
  }
  int status = in_child(f);
  if (status == -1) {
    hung = 1;
    printf("%s: hung, and was killed\n", what);
  } else {
    printf("%s: %s %d\n", what, status >= 256 ? "signal" : "status", status & 255);
  }
}

void survives(const char *what, void (*f)(void)) {
  hung = 0;
  ends_when_killed(what, f);
  failed |= hung;
}
