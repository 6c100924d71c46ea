// SIGSTOP and SIGCONT in quick succession, while the process builds and enters enclaves.
#include "common.h"

static void works_for_a_while(void) {
  for (double end = seconds() + 2; seconds() < end;) {
    works();
  }
}

// A child that is stopped at its very first steps is stopped, and goes on when it is told to.
static void newborns(void) {
  for (int i = 0; i < 20; i++) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
      usleep(100000);
      _exit(0);
    }
    int status;
    kill(pid, SIGSTOP);
    if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status)) {
      errno = 0;
      fail("child %d was to stop, and waitpid says %#x", i, status);
    }
    kill(pid, SIGCONT);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
      fail("child %d was to go on", i);
    }
  }
}

int main(void) {
  newborns();
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    works_for_a_while();
    _exit(0);
  }
  int status, stops = 0;
  for (;;) {
    kill(pid, SIGSTOP);
    if (waitpid(pid, &status, WUNTRACED) != pid) {
      fail("waitpid");
    }
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      break;
    }
    stops += WIFSTOPPED(status);
    kill(pid, SIGCONT);
    usleep(1000 + random64() % 3000);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || stops < 10) {
    errno = 0;
    fail("the child ended with %#x after %d stops", status, stops);
  }
  raise(SIGCONT);
  works();
  return failed;
}
